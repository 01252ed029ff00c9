"""A form of input is one module and one line in ``INPUTS``: SQLite is added to a copy of the package."""

import csv
import json
import re
import sqlite3
import zipfile
from contextlib import closing

import pytest

from calltools.cli.options import OutputFormat
from calltools.reports import endings
from tests.extended_package import extend_package

MODULE = '''
"""SQLite: the table of a database, records by their numbers."""

import sqlite3
from contextlib import closing
from functools import partial

import numpy as np
import pyarrow as pa

from calltools.files.inputs import INPUTS
from calltools.model.batch import Batch, Source, Table, unique_titles

RECORDS = 3


def open_sqlite(request):
    with closing(sqlite3.connect(f"file:{request.path}?mode=ro", uri=True)) as database:
        found = database.execute("SELECT * FROM calls")
        titles = tuple(one[0] for one in found.description)
        records = found.fetchall()
    return Table(
        Source(request.path, request.name, INPUTS["sqlite"].format), titles, partial(tasks, records, titles)
    )


def tasks(records, titles):
    for start in range(0, len(records), RECORDS):
        yield partial(batch, records[start : start + RECORDS], titles, start)


def batch(records, titles, start):
    texts = [pa.array([one or "" for one in column], pa.string()) for column in zip(*records)]
    numbers = np.arange(1, len(records) + 1, dtype=np.int64)
    return Batch(pa.table(texts, names=unique_titles(titles)), numbers, numbers + start, read=len(records))
'''
LINE = (
    '"sqlite": Input("sqlite_file:open_sqlite", SourceFormat(("{name}: SQLite", "{name}: база SQLite"), '
    'titles=("columns of its table", "столбцы — из таблицы"), address="record"), (".sqlite",), (b"SQLite format 3",)),'
)
CALLS = {
    "DateTime": ["1772434800", "1772438400", "1772434800", "1772442000"],
    "PhoneNumber": ["+74950001234", "8 (495) 000-12-35", "+74950001234", "+74950001236"],
    "ClientId": ["133591247640966458", "133591247640966459", "133591247640966458", "1.33591E+17"],
}
AS_OF = ("--as-of", "2026-03-03T00:00:00Z")
#: Faults of the records above: a phone with punctuation, a third record equal to the first, a rounded id.
FAULTS = {("CT241", 2), ("CT401", 3), ("CT203", 4)}
#: Words for places that this form does not have.
WRONG = {"en": re.compile(r"\b(?:line|row) \d", re.IGNORECASE), "ru": re.compile(r"\bстрок\w* \d", re.IGNORECASE)}


def write_database(path, columns):
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"CREATE TABLE calls ({', '.join(columns)})")
        marks = ", ".join("?" for _ in columns)
        database.executemany(f"INSERT INTO calls VALUES ({marks})", zip(*columns.values(), strict=True))  # noqa: S608


@pytest.fixture(scope="module")
def calltools(tmp_path_factory):
    folder = tmp_path_factory.mktemp("input")
    write_database(folder / "calls.sqlite", CALLS)
    return extend_package(folder, "files/sqlite_file.py", MODULE, "files/inputs.py:INPUTS", LINE)


def test_sqlite_is_validated_by_its_content(calltools):
    (calltools.folder / "other").mkdir()
    (calltools.folder / "other" / "calls.csv").write_bytes((calltools.folder / "calls.sqlite").read_bytes())
    for name in ("calls.sqlite", "other/calls.csv"):
        report = json.loads(calltools("validate", name, *AS_OF, "--exit-zero", "--output-format", "json"))

        found = {(one["code"], one["record"], one["line"], one["row"], one["cell"]) for one in report["findings"]}
        assert {(code, record, None, None, None) for code, record in FAULTS} <= found
        assert report["files"][0]["records"] == 4


def test_sqlite_is_found_in_a_folder_and_converted(calltools):
    (calltools.folder / "exports").mkdir()
    (calltools.folder / "exports" / "calls.sqlite").write_bytes((calltools.folder / "calls.sqlite").read_bytes())

    calltools("convert", "exports", *AS_OF, "--region", "RU", "-o", "converted.csv", code=1)

    with (calltools.folder / "converted.csv").open(encoding="utf-8") as stream:
        phones = [row["PhoneNumber"] for row in csv.DictReader(stream)]
    assert phones[:2] == ["+74950001234", "+74950001235"]
    assert "+74950001236" not in phones


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("form", [one.value for one in OutputFormat])
def test_sqlite_is_reported_on_the_screen_without_a_wrong_word(calltools, form, language):
    output = calltools("validate", "calls.sqlite", *AS_OF, "--exit-zero", "--output-format", form, "--lang", language)

    results = results_of(output) if form == "sarif" else output
    assert "CT241" in results
    assert WRONG[language].findall(results) == []


@pytest.mark.parametrize("language", ["en", "ru"])
def test_sqlite_is_reported_in_files_without_a_wrong_word(calltools, language):
    reports = [calltools.folder / f"{language}{ending}" for ending in endings()]
    arguments = [word for path in reports for word in ("--report", path)]

    output = calltools("validate", "calls.sqlite", *AS_OF, "--exit-zero", "--lang", language, *arguments)

    assert {"en": "calls.sqlite: SQLite; columns of its table", "ru": "calls.sqlite: база SQLite"}[language] in output
    for path in reports:
        text = text_of(path)
        assert "CT241" in text, path
        assert WRONG[language].findall(text) == [], path
    for ending in (".html", ".xlsx"):
        assert {"en": "record 2", "ru": "запись 2"}[language] in text_of(calltools.folder / f"{language}{ending}")


def results_of(text):
    """The findings of a SARIF report, without the manuals of all rules."""
    return json.dumps(json.loads(text)["runs"][0]["results"], ensure_ascii=False)


def text_of(path):
    """What people read of a report: of a workbook its parts, of a page its body."""
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as parts:
            return "\n".join(parts.read(name).decode() for name in parts.namelist() if name.endswith(".xml"))
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".sarif":
        return results_of(text)
    return re.sub(r"<(style|script).*?</\1>", "", text, flags=re.DOTALL) if path.suffix == ".html" else text


def test_nothing_advises_to_upload_sqlite_as_it_is(calltools):
    clean = {title: cells[:1] for title, cells in CALLS.items()}
    write_database(calltools.folder / "clean.sqlite", clean)

    output = calltools("validate", "clean.sqlite", *AS_OF, "--exit-zero")

    assert "calltools upload" not in output
