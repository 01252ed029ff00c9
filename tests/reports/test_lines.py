"""Findings of several files are worded together: the same bytes as file by file, in few calls."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.files.csv import sniff
from calltools.reports import lines
from tests.test_pipeline import NOW, as_csv, some_rows

SAMPLES = Path(__file__).parents[2] / "samples"


def validate(*arguments):
    words = ["validate", *map(str, arguments), "--as-of", str(NOW), "--lang", "en", "--jobs", "1"]
    return CliRunner().invoke(app, words, env={"GITHUB_ACTIONS": ""}).stdout


@pytest.fixture
def files(tmp_path):
    written = []
    for number in range(20):
        written.append(tmp_path / f"{number:02}.csv")
        written[-1].write_text(as_csv(some_rows(5, seed=number)), encoding="utf-8")
    return written


@pytest.mark.parametrize("form", ["concise", "csv", "github", "json", "jsonl", "text"])
@pytest.mark.parametrize("limit", [(), ("--max-findings", "1")])
def test_the_bytes_are_those_of_file_by_file(form, limit, files, monkeypatch):
    # Records of a workbook are looked up by other addresses; one file cannot be read.
    given = [*files[:3], SAMPLES / "calltouch-xlsx" / "export.xlsx", files[3].parent / "none.csv", *files[3:6]]
    options = ["--output-format", form, "--timezone", "Europe/Moscow", "--static-call", "1", *limit]
    together = validate(*given, *options)
    monkeypatch.setattr(lines, "_MOST_PARTS", 1)

    assert validate(*given, *options) == together
    assert together.count("CT2") > 5


def test_findings_of_many_files_are_worded_in_one_call(files, monkeypatch):
    calls = []
    word = lines.word_findings
    monkeypatch.setattr(lines, "word_findings", lambda *given: calls.append(1) or word(*given))

    said = validate(*files, "--output-format", "jsonl")

    assert len({line.partition('"file": ')[2].partition(",")[0] for line in said.splitlines()}) > 10
    assert len(calls) == 1


def test_of_a_file_with_a_canonical_header_one_row_is_looked_at(files, monkeypatch):
    rows = []
    split = sniff.split_rows
    monkeypatch.setattr(sniff, "split_rows", lambda *given: rows.append(given[2:]) or split(*given))

    validate(files[0])

    assert set(rows) == {(1,)}
