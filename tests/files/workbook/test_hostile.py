"""Malicious and damaged workbooks: a typed error or a result, soon, and no process is left."""

import io
import json
import os
import re
import resource
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from calltools.errors import CalltoolsError, LimitError, SourceError
from calltools.files.limits import Limits
from calltools.files.opening import open_table
from calltools.files.workbook import child
from calltools.files.workbook.reader import WorkbookProcess
from calltools.model.batch import HeaderGuess, Hints
from calltools.runtime.process import child_environment
from calltools.texts import MESSAGES

pytestmark = pytest.mark.slow

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
SHEET = "xl/worksheets/sheet1.xml"
#: What hostile files may cost in these tests.
SMALL = Limits(seconds=20, child_memory=1 << 30)


def sheet(cells, before=""):
    return f'{before}<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData></worksheet>'


def parts(cells='<row r="1"><c r="A1"><v>1</v></c></row>', sheets=1, **more):
    listed = range(1, sheets + 1)
    made = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" Type="{RELATIONS}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
        + "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"/>' for n in listed)
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">'
        + "".join(
            f'<Relationship Id="r{n}" Type="{RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in listed
        )
        + "</Relationships>",
        **{f"xl/worksheets/sheet{n}.xml": sheet(cells) for n in listed},
    }
    return made | more


def packed(path, files, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as made:
        for name, text in files.items():
            made.writestr(name, text)
    return path


def read(path, limits=SMALL):
    table = open_table(path, path.name, Hints(), lambda _: HeaderGuess(0, 1), limits)
    return [row for task in table.tasks() for row in task().columns.to_pylist()]


def strings(count, *text):
    listed = "".join(f"<si><t>{one}</t></si>" for one in text)
    return {"xl/sharedStrings.xml": f'<sst xmlns="{MAIN}" count="{count}" uniqueCount="{count}">{listed}</sst>'}


TWO_ROWS = '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row><row r="2"><c r="A2"><v>1</v></c></row>'
ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'

ATTACKS = {
    "cell in the last corner": (
        parts('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'), {"workbook-memory", "workbook-cells"}
    ),
    "two far corners": (
        parts('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="ZZ1048576"><v>1</v></c></row>'),
        {"workbook-memory", "workbook-cells"},
    ),
    "row beyond the last": (
        parts('<row r="1000000000"><c r="A1000000000"><v>1</v></c></row>'), {"workbook-cells", "workbook-memory"}
    ),
    "doctype in the sheet": (parts(**{SHEET: sheet(TWO_ROWS, ENTITIES)}), {"workbook-doctype"}),
    "doctype in the workbook": (
        parts(TWO_ROWS) | {"xl/workbook.xml": ENTITIES + parts()["xl/workbook.xml"]}, {"workbook-doctype"}
    ),
    "doctype in the relations": (
        parts(TWO_ROWS) | {"_rels/.rels": ENTITIES + parts()["_rels/.rels"]}, {"workbook-doctype"}
    ),
    "doctype in UTF-16": (
        parts(**{SHEET: ('<?xml version="1.0" encoding="utf-16"?>' + sheet(TWO_ROWS, ENTITIES)).encode("utf-16")}),
        {"workbook-doctype"},
    ),
    "false count of strings": (parts(TWO_ROWS) | strings(4294967295, "x"), {"workbook-memory", None}),
    "string beyond the list": (
        parts('<row r="1"><c r="A1" t="s"><v>99</v></c></row>') | strings(1, "x"), {"workbook-unreadable"}
    ),
    "sheet missing": ({k: v for k, v in parts().items() if k != SHEET}, {"workbook-unreadable"}),
    "workbook missing": ({k: v for k, v in parts().items() if k != "xl/workbook.xml"}, {"workbook-unreadable"}),
    "relations missing": ({k: v for k, v in parts().items() if k != "_rels/.rels"}, None),
    "no XML": (parts(**{SHEET: "not XML at all"}), None),
    "XML cut off": (parts(**{SHEET: sheet(TWO_ROWS)[:-30]}), None),
    "tags that do not match, with an error cell": (
        parts(**{SHEET: sheet('<row r="1"><c r="A1" t="e"><v>#N/A</v></row></c>')}), None
    ),
    "deep XML": (parts(**{SHEET: sheet("<a>" * 10_000 + "</a>" * 10_000)}), None),
    "name that climbs out": (parts() | {"../evil.xml": "<a/>"}, {"workbook-zip-unsafe"}),
    "absolute name": (parts() | {"/etc/evil.xml": "<a/>"}, {"workbook-zip-unsafe"}),
    "two names that differ in case": (parts() | {"XL/workbook.xml": "<a/>"}, {"workbook-zip-unsafe"}),
    "zip bomb": (parts(**{"xl/worksheets/sheet2.xml": " " * (8 << 20)}), {"workbook-ratio"}),
}  # fmt: skip


def cpu_seconds():
    """What this process and its children that have ended took of the processor; other processes are not in it."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


@pytest.mark.parametrize(("files", "keys"), ATTACKS.values(), ids=ATTACKS)
def test_an_attack_costs_a_typed_error_or_gives_a_result(tmp_path, files, keys):
    path = packed(tmp_path / "calls.xlsx", files)
    begun = cpu_seconds()

    try:
        read(path)
        key = None
    except SourceError as fault:
        key = fault.key

    assert key in keys if keys else key in {None, "workbook-damaged", "workbook-unreadable"}
    assert cpu_seconds() - begun < 10


def test_the_bomb_that_stays_under_the_ratio_is_stopped_by_its_size(tmp_path):
    path = packed(tmp_path / "calls.xlsx", parts(TWO_ROWS))

    with pytest.raises(LimitError) as fault:
        read(path, Limits(workbook_unpacked=100))

    assert fault.value.key == "workbook-unpacked"


def test_two_thousand_sheets_are_no_harm(tmp_path):
    path = packed(tmp_path / "calls.xlsx", parts("", sheets=1999) | {"xl/worksheets/sheet7.xml": sheet(TWO_ROWS)})

    assert read(path) == [{"a": "1"}]


def test_too_many_parts_are_a_limit(tmp_path):
    path = packed(tmp_path / "calls.xlsx", parts() | {f"xl/x{n}.xml": "" for n in range(10_001)}, zipfile.ZIP_STORED)

    with pytest.raises(LimitError) as fault:
        read(path)

    assert fault.value.key == "workbook-parts"


def test_more_cells_than_the_limit_are_named(tmp_path):
    path = packed(tmp_path / "calls.xlsx", parts(TWO_ROWS))

    with pytest.raises(LimitError) as fault:
        read(path, Limits(filled_cells=1))

    assert (fault.value.key, fault.value.facts["limit"]) == ("workbook-cells", 1)


@pytest.mark.parametrize("cut_size", [30, 200, 600])
def test_a_workbook_cut_off_is_damaged(tmp_path, cut_size):
    path = packed(tmp_path / "calls.xlsx", parts(TWO_ROWS))
    path.write_bytes(path.read_bytes()[:cut_size])

    with pytest.raises(SourceError) as fault:
        read(path)

    assert fault.value.key == "workbook-damaged"


def entry_of(raw, name):
    """The offset of a part's entry in the directory."""
    place = raw.rindex(name.encode())
    return place - 46


@pytest.mark.parametrize(
    ("offset", "value", "key"),
    [
        pytest.param(16, struct.pack("<I", 0xDEADBEEF), "workbook-damaged", id="wrong checksum"),
        pytest.param(24, struct.pack("<I", 5), "workbook-zip-unsafe", id="smaller than it is"),
        pytest.param(24, struct.pack("<I", 50_000), "workbook-damaged", id="larger than it is"),
        pytest.param(8, struct.pack("<H", 1), "workbook-password", id="encrypted"),
        pytest.param(10, struct.pack("<H", 14), "workbook-damaged", id="packed by another method"),
        pytest.param(42, struct.pack("<I", 0), "workbook-zip-unsafe", id="lies over another part"),
        pytest.param(20, struct.pack("<I", 1 << 20), "workbook-zip-unsafe", id="reaches into the directory"),
    ],
)
def test_a_directory_that_lies_is_found_out(tmp_path, offset, value, key):
    path = packed(tmp_path / "calls.xlsx", parts(TWO_ROWS))
    raw = bytearray(path.read_bytes())
    place = entry_of(raw, SHEET) + offset
    raw[place : place + len(value)] = value
    path.write_bytes(raw)

    with pytest.raises(SourceError) as fault:
        read(path)

    assert fault.value.key == key


@pytest.mark.parametrize("spoil", [4, 31], ids=["local header", "packed bytes"])
def test_bytes_that_contradict_the_directory_are_damage(tmp_path, spoil):
    path = packed(tmp_path / "calls.xlsx", parts(TWO_ROWS))
    raw = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as package:
        start = package.getinfo(SHEET).header_offset
    if spoil == 4:
        raw[start : start + 4] = b"XXXX"
    else:
        raw[start + 30 + len(SHEET) : start + 40 + len(SHEET)] = b"\xff" * 10
    path.write_bytes(raw)

    with pytest.raises(SourceError) as fault:
        read(path)

    assert fault.value.key == "workbook-damaged"


def test_names_with_backslashes_are_read(tmp_path):
    path = packed(tmp_path / "calls.xlsx", {name.replace("/", "\\"): text for name, text in parts(TWO_ROWS).items()})

    assert read(path) == [{"a": "1"}]


def test_a_reader_that_takes_too_long_is_ended(tmp_path):
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(1, 200_000))
    path = packed(tmp_path / "calls.xlsx", parts(rows), zipfile.ZIP_STORED)

    with pytest.raises(LimitError) as fault:
        read(path, Limits(seconds=0))

    assert fault.value.key == "workbook-seconds"
    assert children() == set()


def test_no_child_outlives_an_interrupt(tmp_path):
    path = packed(tmp_path / "calls.xlsx", parts(TWO_ROWS))

    def interrupted(rows):
        assert children() != set()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_table(path, "x", Hints(), interrupted)

    assert children() == set()


def children():
    """Ids of living readers that this process started."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = status.read_text().rpartition(")")[2].split()[1]
            called = status.with_name("cmdline").read_bytes()
        except OSError:
            continue
        if parent == str(os.getpid()) and child.__name__.encode() in called:
            found.add(status.parent.name)
    return found


def test_the_child_gets_no_secret_of_the_environment(monkeypatch):
    monkeypatch.setenv("CALLTOOLS_TOKEN", "canary")
    monkeypatch.setenv("LD_PRELOAD", "")

    assert "canary" not in child_environment().values()
    assert "LD_PRELOAD" not in child_environment()


def test_a_child_that_breaks_off_in_the_records_is_a_typed_error():
    with WorkbookProcess("x", SMALL) as child:
        child.send_request({"path": "/nowhere"})
        with pytest.raises(SourceError):
            child.read_response()
        with pytest.raises(SourceError):
            list(child.read_batches())
        child._process.wait()
        child.send_request({"path": "/nowhere"})
        with pytest.raises(SourceError) as fault:
            child.read_response()

    assert fault.value.key == "workbook-damaged"


class _Panic(BaseException):
    pass


@pytest.mark.parametrize(
    ("fault", "key"),
    [
        (MemoryError(), "workbook-memory"),
        (child.PasswordError(), "workbook-password"),
        (_Panic(), "workbook-damaged"),
        (LimitError("workbook-cells", path="x", limit=1), "workbook-cells"),
    ],
)
def test_the_child_has_one_answer_to_each_fault(fault, key):
    assert child.error_key(fault) == key


def test_the_child_serves_in_its_own_words(tmp_path):
    path = packed(tmp_path / "calls.xlsx", parts(TWO_ROWS))
    wanted = {"path": str(path), "name": "x", "package": "xlsx", "sheet": None, "head_rows": 50, "filled_cells": 100}
    chosen = {"sheet": "S1", "header": ["a"], "first_row": 1, "identifiers": [], "package": "xlsx", "marked": []}
    answers = io.BytesIO()

    code = child.serve(io.BytesIO(f"{json.dumps(wanted)}\n{json.dumps(chosen)}\n".encode()), answers)

    answers.seek(0)
    assert code == 0
    said = {"known": True, "titles": ["S1"], "unreadable": [], "refusal": ""}
    assert json.loads(answers.readline()) == said | {"sheets": {"S1": [["a"], ["1"]]}}
    assert json.loads(answers.readline()) == {"first": 0, "last": 1}


def test_the_child_ends_quietly_when_its_input_ends(tmp_path):
    path = packed(tmp_path / "calls.xlsx", parts(TWO_ROWS))
    wanted = {"path": str(path), "name": "x", "package": "xlsx", "sheet": None, "head_rows": 1, "filled_cells": 100}

    assert child.serve(io.BytesIO(json.dumps(wanted).encode()), io.BytesIO()) == 0


def test_the_child_sends_its_fault(tmp_path):
    answers = io.BytesIO()

    assert child.serve(io.BytesIO(b"{}\n"), answers) == child.EXIT_FAILED

    assert json.loads(answers.getvalue())["error"] == "workbook-damaged"


def test_the_child_bounds_itself():
    child.limit_process(resource.RLIM_INFINITY, resource.RLIM_INFINITY)

    assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
    assert resource.getrlimit(resource.RLIMIT_CPU)[0] == resource.RLIM_INFINITY


def test_the_child_does_not_find_a_sheet_of_another_name(tmp_path):
    path = packed(tmp_path / "calls.xlsx", parts(TWO_ROWS))
    wanted = {"path": str(path), "name": "x", "package": "xlsx", "sheet": "s1 ", "filled_cells": 2}

    assert list(child.OpenedWorkbook(wanted).sheets) == ["S1"]
    assert not child.OpenedWorkbook(wanted | {"sheet": "T"}).has_wanted_sheet
    with pytest.raises(LimitError):
        child.OpenedWorkbook(wanted | {"filled_cells": 1})


def test_every_fault_of_a_workbook_has_its_sentence():
    for key in (key for key in MESSAGES if key.startswith(("workbook-", "sheet", "json-", "source-", "file-"))):
        facts = dict.fromkeys(re.findall(r"\{(\w+)\}", "".join(MESSAGES[key])), "x")
        fault = CalltoolsError(key, **facts)
        assert fault.say("en") != fault.say("ru")


def test_a_part_that_ends_before_its_size_is_damage(tmp_path):
    """The last piece of a deflate stream is missing, and the directory agrees with what is left."""
    path = packed(tmp_path / "calls.xlsx", parts(TWO_ROWS) | {"xl/z.xml": "<a/>" * 50})
    raw = bytearray(path.read_bytes())
    place = entry_of(raw, "xl/z.xml")
    size = struct.unpack_from("<I", raw, place + 20)[0]
    struct.pack_into("<I", raw, place + 20, size - 4)
    struct.pack_into("<I", raw, place + 16, zlib.crc32(b"<a/>" * 50))
    path.write_bytes(raw)

    with pytest.raises(SourceError) as fault:
        read(path)

    assert fault.value.key == "workbook-damaged"


def test_modules_of_the_user_s_folder_are_not_ours(tmp_path, monkeypatch):
    for module in ("csv", "numpy", "json", "struct"):
        (tmp_path / f"{module}.py").write_text("raise SystemExit(99)", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    path = Path(__file__).parents[3] / "samples" / "canonical" / "good.xlsx"

    table = open_table(path, path.name, Hints(), lambda _rows: HeaderGuess(0, 1, certain=True))

    assert sum(task().read for task in table.tasks()) > 0
