"""Case files: what a rule passes and what it finds, run through the public library.

``cases/CT###.toml`` has blocks ``[[pass]]`` and ``[[fail]]``. A block is one file, given in one of these ways:

- ``cells`` of a ``column``, each in a record of its own (``beside``: other cells of these records). A fail cell with
  a repair is a pair: the cell, and what it should be.
- ``records``, each a table of cells; the header is what they hold. ``column``: the column of the finding.
- a whole file: ``text`` (in ``encoding``; ``undecodable``: the bytes that replace ``¿``) or ``hex``, called
  ``name``; ``sheets`` of a workbook; or ``text`` with ``size``, the beginning of a large file of which no more is read.

What is expected:

- ``fix``: the kind of repair of each pair. ``severity``: where it is not the rule's own.
- ``other_codes``: other rules with a finding, for each cell or record, or for the file. No others may have one.
- ``found``: of a whole file, each finding of the rule: its address, and if they are given ``after`` and ``sentence``
  (a part of it). ``refused``: the key of the usage error that stops the run.

How it is run: ``options`` (of ``Options``), ``hints``, ``convert``, ``profile`` (text of a vendor profile),
``identifiers`` and ``outcomes`` (texts of second files).
"""

import csv
import io
import tomllib
from pathlib import Path
from typing import Any

from openpyxl import Workbook

import calltools
from calltools.fields.table import FIELD_NAMES
from calltools.model.batch import Hints
from calltools.reports.reporter import ReportOptions
from calltools.reports.rows import render_findings
from calltools.run import RunOptions, plan_file, resolve
from tests.conftest import NOW

#: Bytes that a run may look at before the first record.
BEGINNING = 6 << 20

CASES = Path(__file__).parent / "cases"
ID = "1604591025698235234"
YESTERDAY = NOW - 86_400


def read(code):
    """The case file of a rule."""
    return tomllib.loads((CASES / f"{code}.toml").read_text(encoding="utf-8"))


def run(block, folder):
    """The findings on a block's file."""
    path = write_file(block, folder)
    options = {"as_of": NOW, "hints": Hints(**block.get("hints", {}))} | block.get("options", {})
    if "profile" in block:
        options["vendor"] = str(write_text(folder / "profile.toml", block["profile"]))
    if "identifiers" in block:
        options["identifiers"] = write_text(folder / "identifiers.csv", block["identifiers"])
    if "outcomes" in block:
        options["outcomes"] = (write_text(folder / "outcomes.csv", block["outcomes"]),)
    if "size" in block:
        return look_ahead(path, options, block["size"], converting="convert" in block)
    if block.get("convert"):
        return calltools.convert(path, folder / "out.csv", show_values=True, **options).findings
    return calltools.validate(path, show_values=True, **options).findings


def look_ahead(path, options, size, *, converting):
    """The findings on a large file before its records are read: some megabytes of the last line, then a hole."""
    last = path.read_bytes().splitlines(keepends=True)[-1]
    with path.open("ab") as stream:
        stream.write(last * (BEGINNING // len(last)))
        stream.truncate(size)
    planned = plan_file(path, path.name, resolve(RunOptions(**options)), converting=converting, keep_records=False)
    findings = planned.plan.ruleset.apply_severities(planned.plan.preflight_findings)
    return tuple(render_findings(findings, planned.table.source, path.name, ReportOptions()))


def write_file(block, folder):
    """The file of a block."""
    if "sheets" in block:
        return write_workbook(folder / "calls.xlsx", block["sheets"])
    path = folder / block.get("name", "calls.csv")
    if "hex" in block:
        path.write_bytes(bytes.fromhex(block["hex"]))
        return path
    text = block["text"] if "text" in block else as_csv(records_of(block))
    # Every encoding has DEL, and no text.
    write_text(path, text.replace("¿", "\x7f") if "undecodable" in block else text, block.get("encoding", "utf-8"))
    if "undecodable" in block:
        path.write_bytes(path.read_bytes().replace(b"\x7f", bytes.fromhex(block["undecodable"])))
    return path


def write_text(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def records_of(block):
    """The records of a block of cells or of records."""
    if "records" in block:
        return [{"DateTime": str(YESTERDAY + n)} | record for n, record in enumerate(block["records"])]
    around = {"ClientId": ID, "DateTime": str(YESTERDAY)} | block.get("beside", {})
    return [around | {block["column"]: cell} for cell, _ in pairs(block)]


def pairs(block):
    """Each cell, and its repair or ``None``."""
    return [tuple(cell) if isinstance(cell, list) else (cell, None) for cell in block["cells"]]


def as_csv(records):
    stream = io.StringIO(newline="")
    header = [name for name in FIELD_NAMES if any(name in record for record in records)]
    writer = csv.DictWriter(stream, header, restval="", lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(records)
    return stream.getvalue()


def write_workbook(path, sheets):
    workbook = Workbook()
    workbook.remove(workbook.active)
    for content in sheets:
        sheet = workbook.create_sheet(content["title"])
        sheet.sheet_state = "hidden" if content.get("hidden") else "visible"
        for row in content["rows"]:
            sheet.append([None if cell == "" else cell for cell in row])
    workbook.save(path)
    return path


def expected(block, severity) -> list[dict[str, Any]]:
    """The findings of the rule on a fail block."""
    severity = block.get("severity", severity)
    if "found" in block:
        found = block["found"]
    elif "cells" in block:
        found = [
            {"record": number, "line": number + 1, "column": block["column"], "after": after}
            for number, (_, after) in enumerate(pairs(block), 1)
        ]
    else:
        found = [
            {"record": number, "line": number + 1, "column": block.get("column")}
            for number in range(1, len(block["records"]) + 1)
        ]
    return [
        {name: finding.get(name) for name in ("record", "line", "row", "column", "cell")}
        | {"severity": severity, "fix": repair(block, finding), "sentence": finding.get("sentence", "")}
        for finding in found
    ]


def repair(block, finding):
    return None if finding.get("after") is None else {"kind": block["fix"], "after": finding["after"]}


def comparable(finding, sentence) -> dict[str, Any]:
    """A finding as ``expected`` has it; of its sentence only the expected part, if it holds it."""
    return {name: getattr(finding, name) for name in ("record", "line", "row", "column", "cell", "severity", "fix")} | {
        "sentence": sentence if sentence in finding.message else finding.message
    }


def other_codes(block, findings, code):
    """The codes of the other findings: for each cell or record, or for the file."""
    rest = [finding for finding in findings if finding.code != code]
    rows = block.get("cells", block.get("records"))
    if rows is None:
        return sorted({finding.code for finding in rest})
    column = block["column"] if "cells" in block else None
    return [
        sorted(finding.code for finding in rest if finding.record == number and column in {None, finding.column})
        for number in range(1, len(rows) + 1)
    ]


def expected_other_codes(block):
    codes = sorted(block.get("other_codes", []))
    rows = block.get("cells", block.get("records"))
    return codes if rows is None else [codes] * len(rows)
