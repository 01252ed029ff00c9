"""The second file: read like the first; records that cannot be used are counted."""

import re

import pytest

from calltools.errors import UsageError
from calltools.matching.join import build_index
from calltools.model.assumptions import Assumptions
from calltools.model.batch import MalformedRecord
from calltools.model.finding import Findings
from tests.matching.identifier_files import COLUMNS, DAY, HERE, NOON, TITLES, batch, index

ANNA, BORIS = "1604591025698235234", "1604591025698235235"
PHONE, OTHER = "+74950000001", "+74950000002"


def test_records_are_sorted_by_phone_and_time():
    found = index((OTHER, str(NOON), BORIS), (PHONE, str(NOON + 60), ANNA), (PHONE, str(NOON), BORIS))

    assert found.phones.tolist() == [74950000001, 74950000002]
    assert found.starts.tolist() == [0, 2, 3]
    assert found.times.tolist() == [NOON, NOON + 60, NOON]
    assert found.identifiers["ClientId"].to_pylist() == [BORIS, ANNA, BORIS]
    assert not found.tied_mask.any()


@pytest.mark.parametrize("phone", ["8 (495) 000-00-01", "+7 495 000-00-01", "74950000001", "+74950000001"])
def test_phones_are_normalized_as_those_of_the_calls(phone):
    assert index((phone, str(NOON), ANNA)).phones.tolist() == [74950000001]


@pytest.mark.parametrize("time", ["02.03.2026 10:00:00", "2026-03-02T07:00:00Z", "2026-03-02 10:00", "1772434800"])
def test_times_are_normalized_as_those_of_the_calls(time):
    assert index((PHONE, time, ANNA)).times.tolist() == [NOON]


def test_equal_records_are_one_and_unequal_ones_a_tie():
    found = index(
        (PHONE, str(NOON), ANNA),
        (PHONE, str(NOON), ANNA),
        (OTHER, str(NOON), ANNA),
        (OTHER, str(NOON), BORIS),
        (OTHER, str(NOON + DAY), ANNA),
    )

    assert found.times.tolist() == [NOON, NOON, NOON + DAY]
    assert found.tied_mask.tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        pytest.param(("anonymous", str(NOON), ANNA), "phone", id="a word for a phone"),
        pytest.param(("", str(NOON), ANNA), "no-phone", id="no phone"),
        pytest.param((PHONE, "", ANNA), "time", id="no time"),
        pytest.param((PHONE, "31.02.2026 10:00:00", ANNA), "time", id="no such day"),
        pytest.param((PHONE, "1772434800000", ANNA), "time", id="milliseconds"),
        pytest.param((PHONE, str(NOON)), "identifier", id="no identifier"),
        pytest.param((PHONE, str(NOON), "(not set)"), "identifier", id="a placeholder"),
        pytest.param((PHONE, str(NOON), "1.60459E+18"), "identifier", id="a rounded id"),
        pytest.param((PHONE, str(NOON), "1234567890.1604591025"), "identifier", id="Google's id"),
        pytest.param((PHONE, str(NOON), "0"), "identifier", id="nobody"),
    ],
)
def test_records_that_cannot_be_used_are_counted(row, why):
    found = index(row, (PHONE, str(NOON), ANNA))

    assert len(found) == 1
    assert found.unusable == {why: 1, "damaged": 0}


def test_a_sound_id_stays_when_the_other_is_damaged():
    found = index((PHONE, str(NOON), "1.60459E+18", "7654321"))

    assert found.identifiers.to_pylist() == [{"UserId": "", "ClientId": "", "Yclid": "7654321"}]


def test_ids_that_a_workbook_has_rounded_are_counted_and_not_matched():
    damage = Findings.from_rows(
        [
            {"code": "CT209", "place": 6, "position": 2, "value": "1604591025698235000"},
            {"code": "CT209", "place": 5, "position": 7, "value": "1604591025698235000"},
            {"code": "CT015", "place": 5, "position": 1, "value": "#N/A"},
        ]
    )
    rows = [(PHONE, str(NOON), ANNA), (PHONE, str(NOON + 1), "1604591025698235000")]

    found = build_index([batch(*rows, findings=damage, first=5)], TITLES, COLUMNS, HERE)

    assert found.identifiers["ClientId"].to_pylist() == [ANNA]
    (finding,) = found.findings.to_rows()
    assert (finding["code"], finding["place"], finding["column"], finding["field"]) == (
        "CT209",
        6,
        "ClientId",
        "ClientId",
    )
    assert found.unusable["identifier"] == 1


def test_ids_keep_every_digit():
    found = index((PHONE, str(NOON), "18446744073709551615"))

    assert found.identifiers["ClientId"].to_pylist() == ["18446744073709551615"]


def test_wall_clock_times_need_a_zone():
    with pytest.raises(UsageError, match="--timezone") as caught:
        index(
            (PHONE, str(NOON), ANNA),
            (PHONE, "02.03.2026 10:00:00", BORIS),
            assumptions=Assumptions(now=HERE.now, region="RU"),
        )

    assert caught.value.facts == {"column": "time"}


def test_times_that_prove_their_zone_need_none():
    bare = Assumptions(now=HERE.now)

    assert len(index((PHONE, "2026-03-02T10:00:00+03:00", ANNA), (PHONE, "soon", ANNA), assumptions=bare)) == 1


def test_a_file_without_a_usable_record_is_refused_with_the_reasons():
    rows = batch(
        ("8 (495) 000-00-01", str(NOON), ANNA), (PHONE, "soon", ANNA), damaged=(MalformedRecord(3, 4, ("x",)),)
    )

    with pytest.raises(UsageError) as caught:
        build_index([rows], TITLES, COLUMNS, Assumptions(now=HERE.now))

    assert caught.value.key == "identifier-records-unusable"
    lacking = {name: count for name, count in caught.value.facts.items() if name != "read" and count}
    assert lacking
    for language in ("en", "ru"):
        said = caught.value.say(language)
        assert not re.search(r"\b0\b", said)
        assert all(str(count) in said for count in lacking.values())
    assert caught.value.facts == {"read": 3, "damaged": 1, "no_phone": 0, "phone": 1, "time": 1, "identifier": 0}
    assert "--region" in caught.value.say("en")
    assert "--region" in caught.value.say("ru")


def test_a_file_without_records_is_an_empty_index():
    found = build_index([], TITLES, COLUMNS, HERE)

    assert len(found) == 0
    assert found.starts.tolist() == [0]


def test_batches_are_one_file():
    rows = [(PHONE, str(NOON), ANNA), (PHONE, str(NOON), BORIS)]

    found = build_index([batch(one) for one in rows], TITLES, COLUMNS, HERE)

    assert found.tied_mask.tolist() == [True]
