"""Records that are alike in all that a rule looks at: one is judged, and the answer is that for each of them."""

import csv
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import calltools
from calltools.files.csv import reader
from calltools.model.batch import Batch
from calltools.rules.catalog import RULES
from calltools.validation import alike
from calltools.validation.ruleset import select_rules
from calltools.validation.validator import PanderaJudge, select_unproven
from tests.conftest import NOW
from tests.test_pipeline import GOOD, facts

STATIC = GOOD | {"ClientId": "", "StaticCall": "1"}
#: Cells that the rules with ``looks_at`` may read in another way, and others beside them.
CELLS = {
    "UserId": ["", "client-7", "NULL"],
    "ClientId": ["", "1604591025698235234", " ", "12"],
    "Yclid": [""],
    "StaticCall": ["1", "0", "", "x"],
    "PhoneNumber": ["+74950000001", "8 495", ""],
    "DateTime": [str(NOW - 100), "soon"],
    "CallMissed": ["0", "1"],
    "TalkDuration": ["30", "0", ""],
}
RULES_THAT_SAY = [rule for rule in RULES if rule.looks_at]


def batch_of(rows, first=1):
    numbers = np.arange(first, first + len(rows))
    return Batch(pa.Table.from_pylist(rows), numbers, numbers + 1)


def unproven(batch, assumptions, **options):
    columns = {name: batch.cells(name) for name in batch.columns.column_names}
    return select_unproven(batch, columns, select_rules(), assumptions, **options)


def found(findings):
    rows = findings.sorted_by_place().to_rows()
    return [(row["code"], row["severity"], row["record"], row["place"], row["field"], row["value"]) for row in rows]


def static_rows(count):
    return [STATIC | {"DateTime": str(NOW - number)} for number in range(count)]


def test_of_static_calls_pandera_gets_one_and_each_has_its_note(assumptions):
    rows = static_rows(1000)
    rows[500] |= {"PhoneNumber": "12345"}
    batch = batch_of(rows)

    some = unproven(batch, assumptions)
    all_ = unproven(batch, assumptions, each=True)
    verdict = PanderaJudge(select_rules(), assumptions).judge([some])

    assert (some.records.tolist(), len(all_.records)) == ([1, 501], 1000)
    assert found(verdict) == found(PanderaJudge(select_rules(), assumptions).judge([all_]))
    assert sum(row[:2] == ("CT301", "note") for row in found(verdict)) == 1000


def test_each_of_several_files_gets_the_verdict_on_its_own_records(assumptions):
    batches = [batch_of(static_rows(count), first) for count, first in ((100, 1), (3, 101), (200, 1))]
    batches[1] = replace(batches[1], columns=pa.Table.from_pylist([STATIC | {"StaticCall": "0"}] * 3))
    parts = [unproven(batch, assumptions) for batch in batches]
    judge = PanderaJudge(select_rules(), assumptions)

    verdicts = judge.judge_each([parts[:2], parts[2:]])

    assert [len(part.records) for part in parts] == [1, 3, 1]
    expected = [found(judge.judge([unproven(batch, assumptions, each=True)])) for batch in batches]
    assert [found(one) for file in verdicts for one in file] == expected


@given(
    st.lists(st.fixed_dictionaries({name: st.sampled_from(cells) for name, cells in CELLS.items()}), max_size=30),
    st.integers(1, 5),
)
def test_the_verdict_is_that_on_each_record(assumptions, rows, least):
    rows = [*rows, *([dict.fromkeys(CELLS, "") | {"StaticCall": "1", "DateTime": str(NOW)}] * 3)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alike, "_MIN_RECORDS", least)
        some = unproven(batch_of(rows), assumptions)
    judge = PanderaJudge(select_rules(), assumptions)

    assert found(judge.judge([some])) == found(judge.judge([unproven(batch_of(rows), assumptions, each=True)]))


@given(
    st.lists(st.fixed_dictionaries({name: st.sampled_from(cells) for name, cells in CELLS.items()}), min_size=1),
    st.data(),
)
def test_a_rule_looks_at_nothing_but_what_it_says(assumptions, rows, data):
    rule = data.draw(st.sampled_from(RULES_THAT_SAY))
    others = [name for name in CELLS if name not in rule.looks_at]
    changed = [row | {name: data.draw(st.sampled_from(CELLS[name])) for name in others} for row in rows]
    answers = [
        [test(columns, assumptions).tolist() for test in (rule.row, rule.note_where) if test is not None]
        for columns in map(columns_of, (rows, changed))
    ]

    assert answers[0] == answers[1]


def columns_of(rows):
    table = pa.Table.from_pylist(rows)
    return {name: table[name].combine_chunks() for name in table.column_names}


def test_what_is_told_of_a_record_that_was_not_judged_stands_in_cells_that_were_compared():
    assert RULES_THAT_SAY
    for rule in RULES_THAT_SAY:
        assert {rule.at, *rule.columns} - {None} <= {*rule.looks_at}, rule.code


@pytest.mark.parametrize("block_size", [4000, 30_000, reader.BLOCK_SIZE])
def test_a_file_of_static_calls_has_the_findings_of_one_that_is_judged_whole(tmp_path, monkeypatch, block_size):
    monkeypatch.setattr(reader, "BLOCK_SIZE", block_size)
    rows = [row | {"StaticCall": "10"[number % 7 == 3]} for number, row in enumerate(static_rows(700))]
    rows[77] |= {"DateTime": "soon"}
    rows[78] |= {"ClientId": "(not set)"}
    path = tmp_path / "calls.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(STATIC))
        writer.writeheader()
        writer.writerows(rows)

    result = calltools.validate(path, as_of=NOW)

    assert facts(result) == facts(calltools.validate(path, as_of=NOW, exact_only=True))
    assert result.summary.by_code["CT301"] == 700


def test_fewer_records_than_it_is_worth_are_judged_each(assumptions):
    rows = static_rows(alike._MIN_RECORDS - 1)

    assert len(unproven(batch_of(rows), assumptions).records) == len(rows)
