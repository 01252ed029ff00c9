"""Findings on the whole file do not depend on how its records are cut into batches."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltools.fields.table import FIELD_NAMES
from calltools.model.assumptions import Assumptions
from calltools.model.batch import Batch
from calltools.model.finding import Findings
from calltools.rules import service
from calltools.rules.catalog import RULES
from calltools.validation.observers import Observers
from calltools.validation.ruleset import select_rules
from tests.conftest import NOW

ASSUMPTIONS = Assumptions(NOW)
#: Rules with a memory.
REMEMBERING = [rule.code for rule in RULES if rule.observer is not None]
ROUNDED = ["1604591025698235136", "1604591031177021952", "1604602233445566720", "1604591025698240000"]
#: Cells with few distinct values, so that records repeat.
CELLS = {
    "UserId": ["", "", "client-1042", "клиент", "(not set)"],
    "ClientId": ["", "1604591025698235234", "1604591031177021911", *ROUNDED, "-"],
    "Yclid": ["", "", "5871026893748593412"],
    "DateTime": ["", str(NOW - 60), str(NOW - 3600), str(NOW - 20 * 86_400), str(NOW - 22 * 86_400), "yesterday"],
    "StaticCall": ["1", "1", "1", "0", ""],
    "PhoneNumber": ["", "+74950000000", "+74950000001", "anonymous"],
    "TalkDuration": ["", "0", "60", "3600", "02:00:00", "75"],
    "FirstTimeCaller": ["1", "0", ""],
}
RECORDS = st.lists(st.fixed_dictionaries({name: st.sampled_from(cells) for name, cells in CELLS.items()}), max_size=14)
COLUMNS = st.sets(st.sampled_from(sorted(CELLS)), min_size=1)


def batch(records, columns, first):
    """Records as a batch, with the numbers and lines of their places in the file."""
    table = pa.table(
        {name: pa.array([one[name] for one in records], pa.string()) for name in FIELD_NAMES if name in columns}
    )
    numbers = np.arange(first + 1, first + 1 + len(records))
    return Batch(table, numbers, numbers + 1, read=len(records))


def columns_of(one):
    """The columns by name."""
    return {name: one.cells(name) for name in one.columns.column_names}


def findings_of(records, columns, cuts, codes=()):
    """The findings of the rules that remember records, batch by batch."""
    observers = Observers(select_rules(codes or REMEMBERING), ASSUMPTIONS)
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(records)], strict=True):
        one = batch(records[start:end], columns, start)
        found.append(observers.add(observers.digest(columns_of(one)), one.records, one.places))
    return sorted(map(str, Findings.concat([*found, observers.close()]).to_rows()))


def test_the_rules_that_remember_are_those_of_the_catalog():
    assert REMEMBERING == ["CT102", "CT264", "CT401", "CT402", "CT403", "CT404", "CT405", "CT502"]


@given(records=RECORDS, columns=COLUMNS, data=st.data())
def test_findings_do_not_depend_on_the_cuts(records, columns, data):
    cuts = sorted(data.draw(st.sets(st.integers(0, len(records)))))

    assert findings_of(records, columns, cuts) == findings_of(records, columns, [])


@given(records=RECORDS, columns=COLUMNS, data=st.data())
def test_a_rule_gives_the_same_findings_alone_and_beside_others(records, columns, data):
    code = data.draw(st.sampled_from(REMEMBERING))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(records)))))

    together = [row for row in findings_of(records, columns, cuts) if f"'code': '{code}'" in row]

    assert findings_of(records, columns, cuts, [code]) == together


@given(records=RECORDS, data=st.data())
def test_digests_may_be_made_in_any_order(records, data):
    cuts = sorted(data.draw(st.sets(st.integers(0, len(records)))))
    batches = [
        batch(records[start:end], CELLS, start) for start, end in zip([0, *cuts], [*cuts, len(records)], strict=True)
    ]
    order = data.draw(st.permutations(range(len(batches))))
    observers = Observers(select_rules(REMEMBERING), ASSUMPTIONS)

    digests = {number: observers.digest(columns_of(batches[number])) for number in order}

    added = [observers.add(digests[number], one.records, one.places) for number, one in enumerate(batches)]
    assert sorted(map(str, Findings.concat([*added, observers.close()]).to_rows())) == findings_of(records, CELLS, [])


@given(records=RECORDS, columns=COLUMNS, data=st.data())
def test_batches_that_are_digested_together_give_what_each_gives_alone(records, columns, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(records)), max_size=4)))
    spans = list(zip([0, *cuts], [*cuts, len(records)], strict=True))
    whole = columns_of(batch(records, columns, 0))

    digests = Observers(select_rules(REMEMBERING), ASSUMPTIONS).digest_each(
        whole, [end - start for start, end in spans]
    )

    for (start, end), together in zip(spans, digests, strict=True):
        one = batch(records[start:end], columns, start)
        found = []
        for given_digests in (together, None):
            observers = Observers(select_rules(REMEMBERING), ASSUMPTIONS)
            own = observers.digest(columns_of(one)) if given_digests is None else given_digests
            added = observers.add(own, one.records, one.places)
            found.append(Findings.concat([added, observers.close()]).to_rows())
        assert found[0] == found[1]


@given(records=RECORDS.filter(bool), data=st.data())
def test_the_window_is_tested_for_each_record_alone(records, data):
    cut = data.draw(st.integers(0, len(records)))
    times = [one["DateTime"] for one in records]

    parts = [
        service.outside_window({"DateTime": pa.array(part, pa.string())}, ASSUMPTIONS)
        for part in (times[:cut], times[cut:])
    ]

    assert np.concatenate(parts).tolist() == [text == str(NOW - 22 * 86_400) for text in times]


@pytest.mark.parametrize("cut", range(7))
def test_each_rule_finds_repeats_across_a_cut(cut):
    same = {
        "UserId": "",
        "Yclid": "",
        "DateTime": str(NOW - 20 * 86_400),
        "StaticCall": "1",
        "PhoneNumber": "+74950000000",
        "TalkDuration": "3600",
        "FirstTimeCaller": "1",
    }
    records = [same | {"ClientId": text} for text in [*ROUNDED[:3], ROUNDED[0]]]
    records += [same | {"ClientId": "", "Yclid": "5871026893748593412"}, same | {"ClientId": ROUNDED[1]}]

    found = findings_of(records, CELLS, [cut] if cut <= len(records) else [])

    codes = [code for code in REMEMBERING for row in found if f"'code': '{code}'" in row]
    assert codes == ["CT264", "CT401", "CT401", "CT402", "CT403", "CT404", *["CT405"] * 5, "CT502"]
