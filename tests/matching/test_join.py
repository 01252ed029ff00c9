"""The same phone, the nearest earlier time, ties take none."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltools.matching.join import build_index, join_identifiers
from tests.matching.identifier_files import COLUMNS, HERE, NOON, TITLES, WINDOW, calls, index

ANNA, BORIS, VERA = "1604591025698235234", "1604591025698235235", "1604591025698235236"
PHONE, OTHER = "+74950000001", "+74950000002"


def call(at=NOON, phone=PHONE, client="", yclid=""):
    return client, yclid, str(at), phone


def outcome(found):
    """For each call its ClientId, "tie" or "none"; a call is never two of them."""
    masks = zip(found.joined_mask, found.ambiguous_mask, found.unjoined_mask, strict=True)
    words = []
    for client, (joined, tie, none) in zip(found.columns["ClientId"].to_pylist(), masks, strict=True):
        assert [joined, tie, none].count(True) == 1
        words.append(client if joined else "tie" if tie else "none")
    return words


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([(PHONE, NOON - 60, ANNA)], ANNA, id="earlier"),
        pytest.param([(PHONE, NOON, ANNA)], ANNA, id="the same second"),
        pytest.param([(PHONE, NOON + 1, ANNA)], "none", id="later"),
        pytest.param([(OTHER, NOON - 60, ANNA)], "none", id="another phone"),
        pytest.param([(PHONE, NOON - WINDOW, ANNA)], ANNA, id="at the edge of the window"),
        pytest.param([(PHONE, NOON - WINDOW - 1, ANNA)], "none", id="outside the window"),
        pytest.param([(PHONE, NOON - 60, ANNA), (PHONE, NOON - 30, BORIS)], BORIS, id="the nearest"),
        pytest.param([(PHONE, NOON - 30, BORIS), (PHONE, NOON - 60, ANNA)], BORIS, id="the nearest, in any order"),
        pytest.param([(PHONE, NOON - 60, ANNA), (PHONE, NOON + 5, BORIS)], ANNA, id="nearer but later"),
        pytest.param([(PHONE, NOON - 60, ANNA), (PHONE, NOON - 60, BORIS)], "tie", id="a tie"),
        pytest.param([(PHONE, NOON - 60, ANNA), (PHONE, NOON - 60, ANNA)], ANNA, id="equal times with one id"),
        pytest.param(
            [(PHONE, NOON - 60, ANNA), (PHONE, NOON - 60, BORIS), (PHONE, NOON - 30, VERA)], VERA, id="an older tie"
        ),
    ],
)
def test_a_call_takes_its_nearest_earlier_partner(rows, expected):
    second = index(*((phone, str(at), client) for phone, at, client in rows))

    assert outcome(join_identifiers(calls(call()), second, WINDOW)) == [expected]


@pytest.mark.parametrize("given_id", [{"client": VERA}, {"yclid": "77"}])
def test_a_call_with_an_identifier_keeps_it(given_id):
    table = calls(call(**given_id))

    found = join_identifiers(table, index((PHONE, str(NOON), ANNA)), WINDOW)

    assert found.columns.equals(table)
    assert not (found.joined_mask | found.ambiguous_mask | found.unjoined_mask).any()


def test_a_placeholder_is_no_identifier_and_goes():
    found = join_identifiers(calls(call(client="(not set)", yclid="-")), index((PHONE, str(NOON), "", "77")), WINDOW)

    assert found.columns.to_pylist() == [{"ClientId": "", "Yclid": "77", "DateTime": str(NOON), "PhoneNumber": PHONE}]


def test_all_identifiers_of_the_partner_are_taken():
    found = join_identifiers(calls(call()), index((PHONE, str(NOON), ANNA, "77")), WINDOW)

    assert (found.columns["ClientId"].to_pylist(), found.columns["Yclid"].to_pylist()) == ([ANNA], ["77"])


def test_a_column_that_the_calls_lack_is_added():
    names = ("DateTime", "PhoneNumber")
    table = calls((str(NOON), PHONE), (str(NOON), OTHER), names=names)

    found = join_identifiers(table, index((PHONE, str(NOON), ANNA)), WINDOW)

    assert found.columns["ClientId"].to_pylist() == [ANNA, ""]
    assert found.columns.column_names == [*names, "ClientId"]


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(calls(("", str(NOON)), names=("ClientId", "DateTime")), id="no phone column"),
        pytest.param(calls(("", PHONE), names=("ClientId", "PhoneNumber")), id="no time column"),
        pytest.param(calls(call(phone="")), id="no phone"),
        pytest.param(calls(call(phone="anonymous")), id="a withheld number"),
        pytest.param(calls(call(at="soon")), id="an unread time"),
    ],
)
def test_a_call_that_cannot_be_searched_has_no_partner(table):
    found = join_identifiers(table, index((PHONE, str(NOON), ANNA)), WINDOW)

    assert found.unjoined_mask.tolist() == [True]
    assert found.columns.equals(table)


def test_an_empty_index_joins_nothing():
    found = join_identifiers(calls(call(), call(client=ANNA)), build_index([], TITLES, COLUMNS, HERE), WINDOW)

    assert found.unjoined_mask.tolist() == [True, False]


def test_no_calls_are_no_trouble():
    found = join_identifiers(calls(), index((PHONE, str(NOON), ANNA)), WINDOW)

    assert found.columns.num_rows == len(found.joined_mask) == 0


MOMENTS = st.integers(0, 12)
RECORDS = st.lists(st.tuples(st.sampled_from([PHONE, OTHER, "+12025550123"]), MOMENTS, st.sampled_from([ANNA, BORIS])))


def plainly(records, phone, at, window):
    """The matches by the definition, record by record."""
    near = [(moment, client) for whose, moment, client in records if whose == phone and at - window <= moment <= at]
    best = {client for moment, client in near if moment == max(near)[0]}
    return "none" if not best else "tie" if len(best) > 1 else best.pop()


@given(
    records=RECORDS.filter(bool),
    moments=st.lists(st.tuples(st.sampled_from([PHONE, OTHER, "+442079460001"]), MOMENTS), min_size=1),
    window=st.integers(0, 8),
)
def test_the_search_finds_what_a_linear_scan_finds(records, moments, window):
    second = index(*((phone, str(NOON + at), client) for phone, at, client in records))
    table = calls(*(call(at=NOON + at, phone=phone) for phone, at in moments))

    assert outcome(join_identifiers(table, second, window)) == [
        plainly(records, phone, at, window) for phone, at in moments
    ]


@given(records=RECORDS.filter(bool), moments=st.lists(MOMENTS, min_size=2, max_size=6), cut=st.integers(1, 5))
def test_batches_of_calls_do_not_change_the_answer(records, moments, cut):
    second = index(*((phone, str(NOON + at), client) for phone, at, client in records))
    table = calls(*(call(at=NOON + at) for at in moments))

    parts = [join_identifiers(part, second, WINDOW).columns for part in (table.slice(0, cut), table.slice(cut))]

    assert pa.concat_tables(parts).equals(join_identifiers(table, second, WINDOW).columns)
