"""Error cells in the formats beside xlsx: workbooks built by hand, a byte at a time."""

import io
import json
import struct
import zipfile

import pytest

from calltools.errors import SourceError
from calltools.files.opening import open_table
from calltools.files.workbook import child
from calltools.files.workbook.error_cells import CellIssues, find_ods_issues, find_xlsx_issues
from calltools.files.workbook.error_cells_binary import find_xls_issues, find_xlsb_issues
from calltools.files.workbook.package import DoctypeError, find_sheet_parts
from calltools.model.batch import HeaderGuess, Hints

TITLES = ["DateTime", "Tag"]


def read(path):
    table = open_table(path, path.name, Hints(), lambda rows: HeaderGuess(0, 1 if "DateTime" in rows[0] else 0))
    batch = next(table.tasks())()
    found = [(one["code"], one["place"], one["column"], one["value"]) for one in batch.findings.to_rows()]
    return batch.columns.to_pylist(), found


# -- xlsb: records of type, size and bytes ----------------------------------------------------------


def record(kind, body=b""):
    kinds = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, sizes = len(body), b""
    while size >= 0x80:
        sizes += bytes([size & 0x7F | 0x80])
        size >>= 7
    return kinds + sizes + bytes([size]) + body


def wide(text):
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb_sheet(*rows):
    cells = b""
    for number, row in enumerate(rows):
        cells += record(0, struct.pack("<IIHBB", number, 0, 300, 0, 0) + struct.pack("<BI", 0, 0))
        for column, (kind, value) in enumerate(row):
            cells += record(kind, struct.pack("<II", column, 0) + value)
    size = record(148, struct.pack("<IIII", 0, len(rows) - 1, 0, 1))
    return record(129) + size + record(145) + cells + record(146) + record(130)


def xlsb(path, **sheets):
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    listed = "".join(
        f'<Relationship Id="r{number}" Type="{relations}/worksheet" Target="worksheets/sheet{number}.bin"/>'
        for number, _ in enumerate(sheets)
    )
    bundle = b"".join(
        record(156, struct.pack("<II", 0, number + 1) + wide(f"r{number}") + wide(title))
        for number, title in enumerate(sheets)
    )
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("[Content_Types].xml", "<Types/>")
        made.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{relations}/officeDocument" '
            'Target="xl/workbook.bin"/></Relationships>',
        )
        made.writestr("xl/workbook.bin", record(131) + record(143) + bundle + record(144) + record(132))
        made.writestr("xl/_rels/workbook.bin.rels", f'<Relationships xmlns="{package}">{listed}</Relationships>')
        for number, sheet in enumerate(sheets.values()):
            made.writestr(f"xl/worksheets/sheet{number}.bin", sheet)
    return path


def test_error_cells_of_an_xlsb_workbook_are_named(tmp_path):
    text = [(6, wide(title)) for title in TITLES]
    first = [(5, struct.pack("<d", 1772434800)), (3, b"\x2a")]
    second = [(6, wide("x" * 300)), (11, b"\x07" + struct.pack("<HII", 0, 0, 0))]
    path = xlsb(tmp_path / "calls.xlsb", Other=xlsb_sheet([(6, wide("x"))]), Calls=xlsb_sheet(text, first, second))

    rows, found = read(path)

    assert rows == [{"DateTime": "1772434800", "Tag": "#N/A"}, {"DateTime": "x" * 300, "Tag": "#DIV/0!"}]
    assert found == [("CT015", 2, "Tag", "#N/A"), ("CT015", 3, "Tag", "#DIV/0!")]


# -- ods ---------------------------------------------------------------------------------------------


def ods(path, *tables, before=""):
    names = "urn:oasis:names:tc:opendocument:xmlns"
    spaces = " ".join(f'xmlns:{name}="{names}:{name}:1.0"' for name in ("office", "table", "text"))
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        made.writestr("META-INF/manifest.xml", "<manifest/>")
        made.writestr(
            "content.xml",
            f'{before}<office:document-content {spaces} xmlns:calcext="urn:calcext"><office:body><office:spreadsheet>'
            f"{''.join(tables)}</office:spreadsheet></office:body></office:document-content>",
        )
    return path


def ods_cell(text, more="", kind="string"):
    return f'<table:table-cell office:value-type="{kind}" {more}><text:p>{text}</text:p></table:table-cell>'


def ods_row(*cells, more=""):
    return f"<table:table-row {more}>{''.join(cells)}</table:table-row>"


ERROR = ods_cell("#DIV/0!", 'table:formula="of:=1/0" office:string-value="" calcext:value-type="error"')
HOLLOW = '<table:table-cell table:formula="of:=[.A1]"/>'
SPACE = '<table:table-cell table:number-columns-repeated="{}"/>'


def test_error_cells_and_hollow_formulas_of_an_ods_workbook_are_named(tmp_path):
    header = ods_row(*map(ods_cell, TITLES))
    path = ods(
        tmp_path / "calls.ods",
        f'<table:table table:name="Other">{ods_row(ERROR)}</table:table>',
        '<table:table table:name="Calls">',
        header,
        ods_row(SPACE.format(1), ERROR),
        ods_row(SPACE.format(2), more='table:number-rows-repeated="2"'),
        ods_row(ods_cell("1"), HOLLOW, more='table:number-rows-repeated="2"'),
        ods_row(SPACE.format(16384), more='table:number-rows-repeated="1048000"'),
        "</table:table>",
    )

    rows, found = read(path)

    assert rows == [
        {"DateTime": "", "Tag": "#DIV/0!"},
        {"DateTime": "1", "Tag": ""},
        {"DateTime": "1", "Tag": ""},
    ]
    assert found == [("CT015", 2, "Tag", "#DIV/0!"), ("CT014", 5, "Tag", ""), ("CT014", 6, "Tag", "")]


@pytest.mark.parametrize(
    ("before", "closing", "key"),
    [
        ("", "</table:nothing>", "workbook-damaged"),
        ("", "", "workbook-damaged"),
        ("<!DOCTYPE x []>", "", "workbook-doctype"),
    ],
)
def test_an_ods_workbook_that_is_not_well_formed_does_not_hang(tmp_path, before, closing, key):
    path = ods(tmp_path / "calls.ods", f'<table:table table:name="L">{ods_row(ods_cell("x"))}{closing}', before=before)

    with pytest.raises(SourceError) as fault:
        read(path)

    assert fault.value.key == key


def test_a_plain_ods_workbook_needs_no_second_look(tmp_path):
    cells = [ods_row(*map(ods_cell, TITLES)), ods_row(ods_cell("1"), ods_cell("целевой"))]
    path = ods(tmp_path / "calls.ods", f'<table:table table:name="Лист">{"".join(cells)}</table:table>')

    assert read(path) == ([{"DateTime": "1", "Tag": "целевой"}], [])


def test_an_error_repeated_over_a_whole_sheet_is_bounded(tmp_path):
    wide_error = ERROR.replace("<table:table-cell", '<table:table-cell table:number-columns-repeated="2"', 1)
    cells = [ods_row(*map(ods_cell, TITLES)), ods_row(wide_error, more='table:number-rows-repeated="20000"')]
    path = ods(tmp_path / "calls.ods", f'<table:table table:name="L">{"".join(cells)}</table:table>')

    _, found = read(path)

    assert 0 < len(found) <= 20_000
    assert found[0] == ("CT015", 2, "DateTime", "#DIV/0!")


# -- xls: records in a stream, the stream in a compound file -----------------------------------------


def biff(kind, body=b""):
    return struct.pack("<HH", kind, len(body)) + body


def short(text):
    return struct.pack("<HB", len(text), 1) + text.encode("utf-16-le")


def xls_stream(*cells, filler=0, before=b""):
    start = struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0)
    sheet = biff(0x809, start) + biff(0x200, struct.pack("<IIHHH", 0, 3, 0, 2, 0)) + b"".join(cells) + biff(0x0A)
    globals_start = biff(0x809, struct.pack("<HHHHII", 0x600, 0x05, 0, 0, 0, 0)) + biff(0x42, struct.pack("<H", 1200))
    globals_start += biff(0x3F, b"\0" * 100) * filler + before
    name = struct.pack("<BB", 1, 0) + b"S"
    place = len(globals_start) + 4 + 6 + len(name) + 4
    return globals_start + biff(0x85, struct.pack("<IBB", place, 0, 0) + name) + biff(0x0A) + sheet


def label(row, column, text):
    return biff(0x204, struct.pack("<HHH", row, column, 0) + short(text))


def number(row, column, value):
    return biff(0x203, struct.pack("<HHHd", row, column, 0, value))


def bool_or_error(row, column, value, is_error):
    return biff(0x205, struct.pack("<HHHBB", row, column, 0, value, is_error))


def formula(row, column, result):
    return biff(0x06, struct.pack("<HHH", row, column, 0) + result + struct.pack("<HIH", 0, 0, 0))


FREE, END, TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def directory_entry(name, kind, first, size):
    raw = name.encode("utf-16-le") + b"\0\0"
    links = struct.pack("<III", FREE, FREE, 1 if kind == 5 else FREE)
    return (
        raw.ljust(64, b"\0")
        + struct.pack("<HBB", len(raw), kind, 1)
        + links
        + b"\0" * 36
        + struct.pack("<IQ", first, size)
    )


def compound(path, stream):
    """Sector 0 the table, 1 the directory, then the stream: whole sectors, or small ones within the root's."""
    small = len(stream) < 4096
    sectors = -(-len(stream) // 512)
    chain = [*range(3, 2 + sectors), END]
    table = [TABLE, END, *chain]
    body = stream.ljust(512 * sectors, b"\0")
    count, small_first = 0, END
    if small:
        pieces = -(-len(stream) // 64)
        small_first, count = 2 + sectors, 1
        table.append(END)
        body += struct.pack(f"<{pieces}I", *range(1, pieces), END).ljust(512, b"\xff")
    directory = directory_entry("Root Entry", 5, 2 if small else END, len(stream) if small else 0)
    directory += directory_entry("Workbook", 2, 0 if small else 2, len(stream))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, small_first, count, END, 0)
    header += struct.pack("<I", 0).ljust(436, b"\xff")
    path.write_bytes(
        header + struct.pack(f"<{len(table)}I", *table).ljust(512, b"\xff") + directory.ljust(512, b"\0") + body
    )
    return path


@pytest.mark.parametrize("filler", [0, 50], ids=["small stream", "whole sectors"])
def test_error_cells_of_an_xls_workbook_are_named(tmp_path, filler):
    stream = xls_stream(
        *(label(0, column, title) for column, title in enumerate(TITLES)),
        number(1, 0, 1772434800.0),
        bool_or_error(1, 1, 0x2A, 1),
        bool_or_error(2, 0, 1, 0),
        formula(2, 1, b"\x02\0\x17\0\0\0\xff\xff"),
        number(3, 0, 1604591025698235234.0),
        formula(3, 1, struct.pack("<d", 2.5)),
        filler=filler,
    )

    rows, found = read(compound(tmp_path / "calls.xls", stream))

    assert rows == [
        {"DateTime": "1772434800", "Tag": "#N/A"},
        {"DateTime": "true", "Tag": "#REF!"},
        {"DateTime": "1604591025698235100", "Tag": "2.5"},
    ]
    assert found == [("CT015", 2, "Tag", "#N/A"), ("CT015", 3, "Tag", "#REF!")]


def test_a_list_of_sectors_may_go_on_in_a_chain_that_turns_in_a_circle(tmp_path):
    path = compound(tmp_path / "calls.xls", xls_stream(bool_or_error(4, 1, 0x07, 1), filler=50))
    raw = bytearray(path.read_bytes())
    # The table's own sector number moves from the header into a list that names itself as its next.
    extra = (len(raw) - 512) // 512
    raw[76:80] = struct.pack("<I", FREE)
    raw[68:76] = struct.pack("<II", extra, 1)
    raw += struct.pack("<I", 0) + b"\xff" * 504 + struct.pack("<I", extra)
    path.write_bytes(raw)

    assert find_xls_issues(path, 0) == CellIssues(errors={4: {1: "#DIV/0!"}})


def test_a_compound_file_without_the_stream_is_a_fault(tmp_path):
    path = compound(tmp_path / "calls.xls", xls_stream(filler=50))
    path.write_bytes(path.read_bytes().replace("Workbook".encode("utf-16-le"), "Workbonk".encode("utf-16-le")))

    with pytest.raises(KeyError):
        find_xls_issues(path, 0)


def test_errors_without_a_known_name_still_show():
    odd = CellIssues()

    odd.add_error(0, 0, 0x99)
    odd.add_error(1, 0, "")
    odd.add_error(1 << 20, 0, 0)
    odd.add_uncached_formula(0, 1 << 14)

    assert odd == CellIssues(errors={0: {0: "#ERROR"}, 1: {0: "#ERROR"}})
    assert odd.row_count() == 2


# -- the same, without a process ---------------------------------------------------------------------


def test_the_second_look_finds_the_sheet_by_its_title(tmp_path):
    text, error = [(6, wide("x"))], [(3, b"\x2a")]
    path = xlsb(tmp_path / "calls.xlsb", A=xlsb_sheet(error, text), B=xlsb_sheet(text, error))

    assert find_xlsb_issues(path, "A") == CellIssues(errors={0: {0: "#N/A"}})
    assert find_xlsb_issues(path, "B") == CellIssues(errors={1: {0: "#N/A"}})
    with pytest.raises(KeyError):
        find_xlsb_issues(path, "C")


def test_the_second_look_at_ods_minds_repetition(tmp_path):
    rows = ods_row(SPACE.format(3), ERROR, more='table:number-rows-repeated="2"') + ods_row(HOLLOW, ods_cell("x"))
    path = ods(
        tmp_path / "calls.ods",
        f'<table:table table:name="A">{rows}</table:table>',
        f'<table:table table:name="B">{ods_row(ods_cell("x"))}{rows}</table:table>',
    )

    assert find_ods_issues(path, "A") == CellIssues({0: {3: "#DIV/0!"}, 1: {3: "#DIV/0!"}}, {2: {0}})
    assert find_ods_issues(path, "B") == CellIssues({1: {3: "#DIV/0!"}, 2: {3: "#DIV/0!"}}, {3: {0}})


def xlsx(path, sheet, *, strict=False, prefix="", before=""):
    kind = "http://purl.oclc.org/ooxml/officeDocument/relationships" if strict else (
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships")  # fmt: skip
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    space = f'xmlns{":" * bool(prefix)}{prefix.rstrip(":")}="{main}"'
    files = {
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="r" Type="{kind}/officeDocument" '
        'Target="/XL/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{kind}"><sheets><sheet name="S" r:id="r"/>'
        '<sheet name="lost" r:id="none"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}"><Relationship Id="r" Type="{kind}/worksheet" '
        'Target="./sheets/../worksheets/one.xml"/></Relationships>',
        "xl/worksheets/one.xml": f"{before}<{prefix}worksheet {space}>{sheet}</{prefix}worksheet>",
    }
    with zipfile.ZipFile(path, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    return path


@pytest.mark.parametrize("strict", [False, True])
def test_the_part_of_a_sheet_is_found_through_the_relations(tmp_path, strict):
    assert find_sheet_parts(xlsx(tmp_path / "a.xlsx", "", strict=strict)) == {"S": "XL/worksheets/one.xml"}


@pytest.mark.parametrize("prefix", ["", "x:"])
def test_the_second_look_at_xlsx_knows_prefixes_and_cells_without_address(tmp_path, prefix):
    sheet = (
        "<row r='2'><c t='e'><v> #N/A </v></c><c/><c><f>1</f></c></row><row><c r='B3' t='e'><f>1</f><v/></c>"
        "<c t='n'><f>1</f><v>1</v></c><c t='str'><f>1</f><v></v></c><c><f>1</f> <v> </v></c></row>"
    ).replace("</", f"</{prefix}")
    for name in ("row", "c", "v", "f"):
        sheet = sheet.replace(f"<{name} ", f"<{prefix}{name} ").replace(f"<{name}>", f"<{prefix}{name}>")
        sheet = sheet.replace(f"<{name}/>", f"<{prefix}{name}/>")
    path = xlsx(tmp_path / "a.xlsx", sheet, prefix=prefix)

    odd = find_xlsx_issues(path, "xl/worksheets/one.xml")

    assert odd == CellIssues(errors={1: {0: "#N/A"}, 2: {1: "#ERROR"}}, uncached_formulas={1: {2}, 2: {4}})


def test_the_second_look_refuses_a_document_type(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", "", before="<!DOCTYPE x []>")

    with pytest.raises(DoctypeError):
        find_xlsx_issues(path, "xl/worksheets/one.xml")


def serve(path, package, marked=()):
    """The answer of the reading process, computed in this process."""
    wanted = {
        "path": str(path),
        "name": "x",
        "package": package,
        "sheet": None,
        "head_rows": 50,
        "filled_cells": 1 << 25,
    }
    chosen = {"sheet": "Calls", "header": TITLES, "first_row": 1, "identifiers": [], "package": package}
    request = f"{json.dumps(wanted)}\n{json.dumps(chosen | {'marked': marked})}\n".encode()
    answers = io.BytesIO()
    code = child.serve(io.BytesIO(request), answers)
    return code, answers.getvalue()


def test_the_reading_process_takes_the_second_look_of_each_format(tmp_path):
    binary = xlsb(
        tmp_path / "calls.xlsb",
        Calls=xlsb_sheet([(6, wide(title)) for title in TITLES], [(6, wide("x")), (3, b"\x2a")]),
    )
    rows = ods_row(*map(ods_cell, TITLES)) + ods_row(ods_cell("x"), ERROR)
    opened = ods(tmp_path / "calls.ods", f'<table:table table:name="Calls">{rows}</table:table>')

    answers = [serve(binary, "xlsb"), serve(opened, "ods"), serve(opened, "ods", ["content.xml"])]

    assert [code for code, _ in answers] == [0, 0, 0]
    assert [b"CT015" in answer for _, answer in answers] == [True, False, True]
