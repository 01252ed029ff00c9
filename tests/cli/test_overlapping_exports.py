"""Overlapping exports that are converted into one file: a call that two of them hold is named."""

import json

import pytest
from typer.testing import CliRunner

from calltools.cli.app import app

HEADER = "ClientId,DateTime,PhoneNumber\n"
FIRST = "1604591025698235234,1772434800,+74950000001\n1604591025698235234,1772434900,+74950000002\n"
SECOND = "1604591025698235234,1772434900,+74950000002\n1604591025698235234,1772435000,+74950000003\n"


@pytest.fixture
def repeats(tmp_path, monkeypatch):
    """The findings of CT401 that a command makes of some files, each given as text."""
    monkeypatch.chdir(tmp_path)

    def found(command, *texts, more=("-o", "out.csv")):
        names = [f"part{number}.csv" for number in range(len(texts))]
        for name, text in zip(names, texts, strict=True):
            (tmp_path / name).write_text(text, encoding="utf-8")
        arguments = [*names, *more, "--as-of", "2026-03-12T00:00:00Z", "--lang", "en", "--output-format", "json"]
        findings = json.loads(CliRunner().invoke(app, [command, *arguments]).stdout)["findings"]
        return [one for one in findings if one["code"] == "CT401"]

    return found


def test_a_call_of_two_files_is_named_in_the_second_with_the_place_in_the_first(repeats):
    found = repeats("convert", HEADER + FIRST, HEADER + SECOND)

    assert [(one["file"], one["record"], one["line"]) for one in found] == [("part1.csv", 1, 2)]
    assert "record 2 (line 3, part0.csv)" in found[0]["message"]


def test_a_column_of_identifiers_that_is_empty_and_one_that_is_not_there_are_alike(repeats):
    without = "DateTime,StaticCall,PhoneNumber\n1772434900,1,+74950000002\n"
    empty = "ClientId,DateTime,StaticCall,PhoneNumber\n,1772434900,1,+74950000002\n"

    assert len(repeats("convert", without, empty)) == 1


def test_a_repetition_within_a_file_names_no_file(repeats):
    found = repeats("convert", HEADER + FIRST + FIRST, HEADER)

    assert [one["record"] for one in found] == [3, 4]
    assert "record 1 (line 2)" in found[0]["message"]


def test_a_check_of_a_conversion_finds_the_same(repeats):
    assert len(repeats("convert", HEADER + FIRST, HEADER + SECOND, more=("--check",))) == 1


def test_files_that_stay_apart_are_not_compared(repeats):
    assert repeats("validate", HEADER + FIRST, HEADER + FIRST, more=()) == []
