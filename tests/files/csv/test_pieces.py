"""Records that are parsed one by one become columns by the thousand, and runs of empty lines one finding."""

import json

import numpy as np
import pytest

import calltools
from calltools.files.csv.pieces import PIECE_ITEMS, Pieces
from calltools.files.csv.strict import StrictParser
from calltools.files.limits import Limits
from calltools.files.opening import open_table
from calltools.model.batch import Hints, MalformedRecord, MalformedRecords, find_runs, join_runs
from calltools.model.finding import Findings
from calltools.pipeline import _ResultStage
from calltools.reports.reporter import FindingBuffer, ReportOptions
from calltools.vendors.recognize import create_header_finder
from tests.conftest import NOW
from tests.reports.sample_findings import CSV, WORKBOOK, render_in_form

GOOD = "1604591025698235234,1773014400,a\n"
HEADER = "ClientId,DateTime,Tag\n"


def test_few_items_are_python_objects_at_a_time():
    held = []
    pieces = Pieces(lambda items: held.append(len(items)) or sum(items))

    for number in range(2 * PIECE_ITEMS + 1):
        pieces.append(number)

    assert (len(pieces), held) == (2 * PIECE_ITEMS + 1, [PIECE_ITEMS, PIECE_ITEMS])
    assert sum(pieces.finish()) == sum(range(2 * PIECE_ITEMS + 1))
    assert held == [PIECE_ITEMS, PIECE_ITEMS, 1]
    assert Pieces(list).finish() == []


@pytest.mark.parametrize(
    ("places", "runs"),
    [([], []), ([5], [[5, 5]]), ([5, 6, 7], [[5, 7]]), ([1, 3, 4, 9], [[1, 1], [3, 4], [9, 9]])],
)
def test_places_that_follow_one_another_are_a_run(places, runs):
    assert find_runs(np.array(places, np.int64)).tolist() == runs


def test_runs_that_touch_are_one():
    assert join_runs(np.array([[1, 2], [3, 3], [4, 9], [11, 12]])).tolist() == [[1, 9], [11, 12]]


def test_malformed_records_are_read_like_a_list():
    listed = [MalformedRecord(1, 2, ("a", "b")), MalformedRecord(4, 6, ())]

    assert list(MalformedRecords.from_list(listed)) == listed
    assert list(MalformedRecords.concat([MalformedRecords.from_list([one]) for one in listed])) == listed
    assert not MalformedRecords.concat([])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_million_empty_lines_are_parsed_in_one_step(end):
    parser = StrictParser(f"a,b{end}{end * 1_000_000}c,d{end}", ",", 2)

    assert [(record.line, record.cells, record.blank_lines) for record in parser.parse_records()] == [
        (0, ("a", "b"), 1),
        (1, ("",), 1_000_000),
        (1_000_001, ("c", "d"), 1),
    ]


@pytest.mark.parametrize("line", ["\n", "\r\n", ",,\n"])
def test_a_run_of_blank_records_is_one_finding_over_blocks(line, tmp_path, monkeypatch):
    monkeypatch.setattr("calltools.files.csv.reader.BLOCK_SIZE", 2_000)
    path = tmp_path / "calls.csv"
    path.write_bytes(
        (HEADER + GOOD + line * 50_000 + GOOD.replace("400", "401") + line + GOOD.replace("400", "402")).encode()
    )

    result = calltools.validate(path, as_of=NOW, ignore=["CT018"])

    blank = [one for one in result.findings if one.code == "CT009"]
    assert [(one.line, one.last_line) for one in blank] == [(3, 50_002), (50_004, None)]
    assert "50000" in blank[0].message
    assert (result.summary.by_code["CT009"], result.summary.read) == (2, 3)


FOUND = [
    {"code": "CT009", "severity": "warning", "place": 3, "detail": "42\x1f3\x1f44"},
    {"code": "CT009", "severity": "warning", "place": 50},
]


def test_machine_forms_name_the_last_line():
    report = json.loads(render_in_form("json", sources=(CSV,), rows=FOUND))["findings"]
    sarif = json.loads(render_in_form("sarif", sources=(CSV,), rows=FOUND))["runs"][0]["results"]
    gitlab = json.loads(render_in_form("gitlab", sources=(CSV,), rows=FOUND))
    diagnostics = json.loads(render_in_form("rdjson", sources=(CSV,), rows=FOUND))["diagnostics"]
    rows = json.loads(render_in_form("json", sources=(WORKBOOK,), rows=FOUND))["findings"]

    assert [(one["line"], one.get("last_line")) for one in report] == [(3, 44), (50, None)]
    assert [(one["row"], one.get("last_row")) for one in rows] == [(3, 44), (50, None)]
    assert [one["locations"][0]["physicalLocation"]["region"] for one in sarif] == [
        {"startLine": 3, "endLine": 44},
        {"startLine": 50},
    ]
    assert [one["location"]["lines"] for one in gitlab] == [{"begin": 3, "end": 44}, {"begin": 50}]
    assert [one["location"]["range"] for one in diagnostics] == [
        {"start": {"line": 3}, "end": {"line": 44}},
        {"start": {"line": 50}},
    ]


@pytest.mark.parametrize("form", ["text", "concise", "github", "markdown", "junit", "csv", "jsonl", "gitlab", "html"])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_form_says_count_and_range(form, language):
    text = render_in_form(form, sources=(CSV,), rows=FOUND, options=ReportOptions(language))

    assert "are 42 empty lines, 3 to 44," in text or "пустые строки: 42, с 3 по 44" in text


def test_blocks_have_so_many_lines_at_most_whatever_a_line_holds(tmp_path, monkeypatch):
    monkeypatch.setattr("calltools.files.csv.blocks.MAX_LINES", 100)
    path = tmp_path / "calls.csv"
    path.write_text(HEADER + '1,2,"one\n' + "\n" * 150 + 'cell"\n' + "a\n" * 1_000 + GOOD * 99, encoding="utf-8")

    batches = [task() for task in open_table(path, path.name, Hints(), create_header_finder(())).tasks()]

    # A record of more lines than that still is one.
    assert max(batch.read for batch in batches) <= 200
    assert sum(batch.read for batch in batches) == 1 + 1_000 + 99
    assert sum(len(batch.malformed) for batch in batches) == 1_000


@pytest.mark.parametrize("longest", [3_000, 1_000_000])
@pytest.mark.parametrize("lines", [GOOD * 200, "text\n" * 200, GOOD * 20 + 'x,"y""z,"\n' + "text\n" * 200])
def test_of_a_quote_that_nothing_closes_few_bytes_behind_it_are_read(tmp_path, monkeypatch, longest, lines):
    """The same records as with all bytes; but no block holds the rest of the file."""
    path = tmp_path / "calls.csv"
    path.write_text(HEADER + GOOD * 3 + '1,2,"three\n' + lines, encoding="utf-8")

    def read():
        opened = open_table(path, path.name, Hints(), create_header_finder(()), Limits(quoted_bytes=longest))
        batches = [task() for task in opened.tasks()]
        places = [place for batch in batches for place in batch.places.tolist()]
        found = [(row["code"], row["place"]) for batch in batches for row in batch.findings.to_rows()]
        return sorted(places), sorted(found)

    expected = read()
    monkeypatch.setattr("calltools.files.csv.blocks.MAX_LINES", 10)
    monkeypatch.setattr("calltools.files.csv.blocks.TEXT_BEHIND_QUOTE", 300)
    monkeypatch.setattr("calltools.files.csv.reader.BLOCK_SIZE", 500)

    assert read() == expected
    assert expected[1][0][0] in {"CT006", "CT007"}


def test_findings_are_worded_some_thousands_at_a_time():
    """A batch may bring a hundred thousand of them, and one that is worded takes a kilobyte."""
    buffer = FindingBuffer(ReportOptions(buffer_rows=10))
    many = Findings.for_rule("CT008", records=np.arange(1, 96), places=np.arange(2, 97))

    parts = list(buffer.add(many))

    assert [len(part) for part in parts] == [20, 20, 20, 20, 15]
    assert [row["record"] for part in parts for row in part.to_rows()] == list(range(1, 96))


def test_groups_are_handed_over_though_all_records_are_malformed(tmp_path, monkeypatch):
    monkeypatch.setattr("calltools.files.csv.blocks.MAX_LINES", 100)
    monkeypatch.setattr("calltools.run.session.SMALL_FILE_BYTES", 0)
    monkeypatch.setattr("calltools.workers.groups._MAX_RECORDS_PER_GROUP", 300)
    monkeypatch.setattr("calltools.workers.groups._IDLE_GROUP_RECORDS", 300)
    groups = []
    finish = _ResultStage.finish_group
    monkeypatch.setattr(
        _ResultStage, "finish_group", lambda self, group: groups.append(len(group)) or finish(self, group)
    )
    path = tmp_path / "calls.csv"
    path.write_text(HEADER + "a\n" * 2_000, encoding="utf-8")

    result = calltools.validate(path, as_of=NOW)

    assert (result.summary.read, result.summary.rejected) == (2_000, 2_000)
    assert max(groups) <= 3
