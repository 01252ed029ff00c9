"""A form of input is one module and one line in ``INPUTS``: Parquet is added to a copy of the package."""

import csv
import json
import re
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from calltools.cli.options import OutputFormat
from calltools.reports import endings
from tests.extended_package import extend_package

MODULE = '''
"""Parquet: text columns, records by their numbers."""

from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from calltools.files.inputs import INPUTS
from calltools.model.batch import Batch, Source, Table, unique_titles


def open_parquet(request):
    file = pq.ParquetFile(request.path)
    titles = tuple(file.schema_arrow.names)
    return Table(
        Source(request.path, request.name, INPUTS["parquet"].format), titles, partial(tasks, request.path, titles)
    )


def tasks(path, titles):
    start = 1
    for group in range(pq.ParquetFile(path).num_row_groups):
        yield partial(batch, path, titles, group, start)
        start += pq.ParquetFile(path).metadata.row_group(group).num_rows


def batch(path, titles, group, start):
    read = pq.ParquetFile(path).read_row_group(group).combine_chunks()
    texts = [column.cast(pa.string()).fill_null("").combine_chunks() for column in read.columns]
    records = np.arange(1, read.num_rows + 1, dtype=np.int64)
    return Batch(pa.table(texts, names=unique_titles(titles)), records, records + start - 1, read=read.num_rows)
'''
LINE = (
    '"parquet": Input("parquet_file:open_parquet", SourceFormat(("{name}: Parquet", "{name}: паркет"), '
    'titles=("columns as in its schema", "столбцы — из схемы"), address="record"), (".parquet",), (b"PAR1",)),'
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


@pytest.fixture(scope="module")
def calltools(tmp_path_factory):
    folder = tmp_path_factory.mktemp("input")
    pq.write_table(pa.table(CALLS), folder / "calls.parquet", row_group_size=3)
    return extend_package(folder, "files/parquet_file.py", MODULE, "files/inputs.py:INPUTS", LINE)


def test_parquet_is_validated_by_its_content(calltools):
    (calltools.folder / "other").mkdir()
    (calltools.folder / "other" / "calls.csv").write_bytes((calltools.folder / "calls.parquet").read_bytes())
    for name in ("calls.parquet", "other/calls.csv"):
        report = json.loads(calltools("validate", name, *AS_OF, "--exit-zero", "--output-format", "json"))

        found = {(one["code"], one["record"], one["line"], one["row"], one["cell"]) for one in report["findings"]}
        assert {(code, record, None, None, None) for code, record in FAULTS} <= found
        assert report["files"][0]["records"] == 4


def test_parquet_is_found_in_a_folder_and_converted(calltools):
    (calltools.folder / "exports").mkdir()
    (calltools.folder / "exports" / "calls.parquet").write_bytes((calltools.folder / "calls.parquet").read_bytes())

    calltools("convert", "exports", *AS_OF, "--region", "RU", "-o", "converted.csv", code=1)

    with (calltools.folder / "converted.csv").open(encoding="utf-8") as stream:
        phones = [row["PhoneNumber"] for row in csv.DictReader(stream)]
    assert phones[:2] == ["+74950001234", "+74950001235"]
    assert "+74950001236" not in phones


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("form", [one.value for one in OutputFormat])
def test_parquet_is_reported_on_the_screen_without_a_wrong_word(calltools, form, language):
    output = calltools("validate", "calls.parquet", *AS_OF, "--exit-zero", "--output-format", form, "--lang", language)

    results = results_of(output) if form == "sarif" else output
    assert "CT241" in results
    assert WRONG[language].findall(results) == []


@pytest.mark.parametrize("language", ["en", "ru"])
def test_parquet_is_reported_in_files_without_a_wrong_word(calltools, language):
    reports = [calltools.folder / f"{language}{ending}" for ending in endings()]
    arguments = [word for path in reports for word in ("--report", path)]

    output = calltools("validate", "calls.parquet", *AS_OF, "--exit-zero", "--lang", language, *arguments)

    assert {"en": "calls.parquet: Parquet; columns as in its schema", "ru": "calls.parquet: паркет"}[language] in output
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


def test_nothing_advises_to_upload_parquet_as_it_is(calltools):
    clean = {title: cells[:1] for title, cells in CALLS.items()}
    pq.write_table(pa.table(clean), calltools.folder / "clean.parquet")

    output = calltools("validate", "clean.parquet", *AS_OF, "--exit-zero")

    assert "calltools upload" not in output
