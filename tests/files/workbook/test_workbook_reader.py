"""Workbooks as people and programs write them."""

import io
import json
import sys
import zipfile
from datetime import date, datetime, time, timedelta

import openpyxl
import pyarrow as pa
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from calltools.errors import SourceError, UsageError
from calltools.files.limits import Limits
from calltools.files.opening import open_table
from calltools.files.workbook import child, stream
from calltools.files.workbook.package import find_sparse_sheets
from calltools.files.workbook.sheets import looks_like_identifier_title
from calltools.model.batch import HeaderGuess, Hints

KNOWN = {"DateTime", "ClientId", "PhoneNumber", "Price", "Tag"}


moment = datetime.fromisoformat


def judge(rows):
    scores = [len(KNOWN & set(row)) for row in rows]
    best = max(scores, default=0)
    return HeaderGuess(scores.index(best) if best else None, best)


@pytest.fixture
def write_workbook(tmp_path):
    """A workbook from rows of cells by sheet; ``None`` leaves a cell out."""

    def make(**sheets):
        path = tmp_path / "calls.xlsx"
        with xlsxwriter.Workbook(path, {"strings_to_urls": False, "default_date_format": "dd.mm.yyyy hh:mm"}) as made:
            for title, rows in sheets.items():
                sheet = made.add_worksheet(title)
                for number, row in enumerate(rows):
                    for position, cell in enumerate(row):
                        if cell is not None:
                            sheet.write(number, position, cell)
        return path

    return make


def write_raw_workbook(path, cells, *, before="", parts=()):
    """A workbook whose sheet XML is written by hand."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    files = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{relations}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}"><Relationship Id="r1" '
        f'Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}">{before}<sheetData>{cells}</sheetData></worksheet>',
        **dict(parts),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in files.items():
            made.writestr(name, text)
    return path


NO_HINTS = Hints()


def read(path, hints=NO_HINTS, limits=Limits()):  # noqa: B008 - frozen
    return open_table(path, path.name, hints, judge, limits)


def rows(table):
    return [row for task in table.tasks() for row in task().columns.to_pylist()]


def found(table):
    every = [*table.findings.to_rows(), *(one for task in table.tasks() for one in task().findings.to_rows())]
    return [(one["code"], one["record"], one["place"], one["column"], one["value"]) for one in every]


def test_a_table_is_read_with_its_addresses(write_workbook):
    table = read(write_workbook(Calls=[["DateTime", "Tag"], [1772434800, "a"], [], ["", ""], [1772434801, "b"], []]))

    batches = [task() for task in table.tasks()]

    assert (table.titles, table.source.sheet, table.source.header_row) == (("DateTime", "Tag"), "Calls", 1)
    assert [batch.columns.to_pylist() for batch in batches] == [
        [{"DateTime": "1772434800", "Tag": "a"}, {"DateTime": "1772434801", "Tag": "b"}]
    ]
    assert (batches[0].places.tolist(), batches[0].records.tolist(), batches[0].blanks.tolist()) == (
        [2, 5],
        [1, 2],
        [[3, 4]],
    )
    assert found(table) == []


def test_tasks_can_be_read_twice(write_workbook):
    table = read(write_workbook(Calls=[["DateTime"], [1]]))

    assert rows(table) == rows(table) == [{"DateTime": "1"}]


def test_each_type_of_cell_becomes_text(write_workbook):
    cells = [79161234567, 0.5, True, moment("2026-03-02 10:00:00"), date(2026, 3, 2), time(0, 3, 15), "x"]
    table = read(write_workbook(Calls=[["Tag"], *([cell] for cell in cells)]))

    texts = [row["Tag"] for row in rows(table)]

    assert texts == [
        "79161234567",
        "0.5",
        "true",
        "2026-03-02 10:00:00",
        "2026-03-02 00:00:00",
        "00:03:15",
        "x",
    ]


def test_a_duration_beyond_a_day_keeps_its_hours(tmp_path):
    path = tmp_path / "calls.xlsx"
    with xlsxwriter.Workbook(path) as made:
        sheet = made.add_worksheet()
        sheet.write(0, 0, "Tag")
        sheet.write_datetime(1, 0, timedelta(hours=30, seconds=5), made.add_format({"num_format": "[h]:mm:ss"}))

    assert rows(read(path)) == [{"Tag": "30:00:05"}]


#: Formats of numbers whose brackets hold the letters of days, hours, minutes, seconds and years.
BRACKETED = (
    "[Red][>100]#,##0;[Blue][<0]0;[Green]General",
    "[$-419][Red][>=50]0",
    "[Red][$-419][>=50]0;[Yellow][<10]0;[Cyan]General;[Magenta]@",
    "[Magenta]0;[Cyan]-0;[Yellow]0;@",
    "[DBNum1][$-804][>5]0;[DBNum2][<0]0;[DBNum3]0",
    "[$руб-419]#,##0;[Red][$руб-419]-#,##0;[Black][$руб-419]0",
    "[Red][Yellow][Cyan]0",
    "[$-F800][$-x-sysdate][Red]0",
    "[$Sh-409]#,##0;[Red][$Sh-409]-0;[Black][$Sh-409]0",
    '[Red][=1]"h";[Blue][=2]"m";[Green]0',
    "[Color10][>=100]0\\ \\d;[Color3][<50]0_s;[Color 5]0",
)


def test_a_number_under_a_format_with_brackets_is_no_date(tmp_path):
    path = tmp_path / "calls.xlsx"
    with xlsxwriter.Workbook(path) as made:
        sheet = made.add_worksheet()
        sheet.write(0, 0, "Price")
        for row, code in enumerate(BRACKETED, 1):
            sheet.write_number(row, 0, 50, made.add_format({"num_format": code}))

    # The second reader, for what calamine cannot open, is openpyxl.
    with path.open("rb") as file:
        _, *values = openpyxl.load_workbook(file, read_only=True, data_only=True).active.iter_rows(values_only=True)

    assert rows(read(path)) == [{"Price": "50"}] * len(BRACKETED)
    assert values == [(50,)] * len(BRACKETED)


def test_dates_of_a_1904_workbook_are_the_same_days(tmp_path):
    path = tmp_path / "calls.xlsx"
    with xlsxwriter.Workbook(path, {"date_1904": True, "default_date_format": "yyyy-mm-dd hh:mm"}) as made:
        sheet = made.add_worksheet()
        sheet.write(0, 0, "DateTime")
        sheet.write(1, 0, moment("2026-03-02 10:00:00"))

    assert rows(read(path)) == [{"DateTime": "2026-03-02 10:00:00"}]


def test_ids_in_number_cells_are_named_and_kept_as_text(write_workbook):
    table = read(
        write_workbook(
            Calls=[["ClientId", "Price"], ["1604591025698235234", 1e15], [1604591025698235234, 1], [999999999999999, 2]]
        )
    )

    assert found(table) == [("CT209", 2, 3, "ClientId", "1604591025698235000")]
    assert [row["ClientId"] for row in rows(table)] == [
        "1604591025698235234",
        "1604591025698235000",
        "999999999999999",
    ]


@pytest.mark.parametrize(
    ("title", "holds"),
    [
        ("UserId", True),
        ("ClientId", True),
        ("Yclid", True),
        ("ym_client_id", True),
        ("yaClientId", True),
        ("metrika client-ID", True),
        ("_ym_uid", True),
        ("google_client_id", False),
        ("ga_client_id", False),
        ("PhoneNumber", False),
        ("", False),
    ],
)
def test_titles_of_id_columns_are_recognized_in_many_spellings(title, holds):
    assert looks_like_identifier_title(title) is holds


def test_the_caller_may_name_the_columns_of_ids(write_workbook):
    path = write_workbook(Calls=[["Tag", "ClientId"], [1604591025698235234, 1604591025698235234]])

    table = open_table(path, "x", Hints(), judge, is_identifier=lambda title: title == "Tag")

    assert [code for code, *_ in found(table)] == ["CT209"]
    assert found(table)[0][3] == "Tag"


def test_error_cells_and_formulas_without_a_value_are_named(tmp_path):
    path = write_raw_workbook(
        tmp_path / "calls.xlsx",
        '<row r="1"><c r="A1" t="inlineStr"><is><t>Price</t></is></c>'
        '<c r="B1" t="inlineStr"><is><t>Tag</t></is></c></row>'
        '<row r="2"><c r="A2" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="B2"><v>1</v></c></row>'
        '<row r="4"><c r="A4"><f>A1</f></c><c r="B4"><f>A1</f><v></v></c></row>'
        '<row r="5"><c r="A5"><f>1+1</f><v>2</v></c><c r="B5" t="str"><f>""</f><v></v></c></row>'
        '<row><c><f>A1</f></c><c t="e"><v>#N/A</v></c></row>',
    )
    table = read(path)

    assert sorted(found(table)) == [
        ("CT014", 2, 4, "Price", ""),
        ("CT014", 2, 4, "Tag", ""),
        ("CT014", 4, 6, "Price", ""),
        ("CT015", 1, 2, "Price", "#DIV/0!"),
        ("CT015", 4, 6, "Tag", "#N/A"),
    ]
    assert rows(table) == [
        {"Price": "#DIV/0!", "Tag": "1"},
        {"Price": "", "Tag": ""},
        {"Price": "2", "Tag": ""},
        {"Price": "", "Tag": "#N/A"},
    ]
    assert next(table.tasks())().blanks.tolist() == [[3, 3]]


def test_a_sheet_of_nothing_but_formulas_without_values_is_not_empty(tmp_path):
    made = openpyxl.Workbook()
    made.active.append(["DateTime", "Tag"])
    for _ in range(3):
        made.active.append(["=1+1", "=2+2"])
    made.save(tmp_path / "calls.xlsx")

    table = read(tmp_path / "calls.xlsx")

    assert [(code, place) for code, _, place, *_ in found(table)] == [
        ("CT014", 2), ("CT014", 2), ("CT014", 3), ("CT014", 3), ("CT014", 4), ("CT014", 4)
    ]  # fmt: skip


def test_a_header_under_title_rows_is_found_and_named(write_workbook):
    table = read(write_workbook(Calls=[["Отчёт за март"], [], ["DateTime", "Tag"], [1, "a"]]))

    assert table.findings.to_rows()[0]["code"] == "CT016"
    assert table.source.header_row == 3
    assert next(table.tasks())().places.tolist() == [4]


def test_a_table_away_from_the_left_edge_keeps_its_address(write_workbook):
    table = read(write_workbook(Calls=[["Отчёт"], [None, None, "DateTime", "Tag"], [None, None, 1, "a"]]))

    assert (table.titles, table.source.first_column) == (("DateTime", "Tag"), 2)
    assert rows(table) == [{"DateTime": "1", "Tag": "a"}]


def test_a_sheet_that_begins_right_of_column_a_and_below_row_1(write_workbook):
    table = read(write_workbook(Calls=[[], [], [None, "DateTime", "ClientId"], [None, 1, 1604591025698235234]]))

    assert (table.titles, table.source.first_column) == (("DateTime", "ClientId"), 1)
    assert found(table)[1] == ("CT209", 1, 4, "ClientId", "1604591025698235000")
    assert table.findings.to_rows()[0]["place"] == 3


def test_a_column_without_title_stays_when_it_holds_anything(write_workbook):
    table = read(write_workbook(Calls=[["", "DateTime", "", "Tag", ""], [1, 2, "", 3, ""], ["", 2, "", "", ""]]))

    assert table.titles == ("", "DateTime", "", "Tag")
    assert list(rows(table)[0].values()) == ["1", "2", "", "3"]


def test_the_header_again_among_the_records_is_named(write_workbook):
    table = read(write_workbook(Calls=[["DateTime", "Tag"], [1, "a"], ["DateTime", "Tag"], ["DateTime", "x"]]))

    assert [(code, record, place) for code, record, place, *_ in found(table)] == [("CT019", 2, 3)]


def test_the_sheet_whose_header_fits_is_read_and_the_others_are_named(write_workbook):
    table = read(write_workbook(Notes=[["hello"]], Empty=[], Calls=[["DateTime", "Tag"], [1, "a"]], More=[["x"]]))

    assert table.source.sheet == "Calls"
    assert [(one["code"], one["detail"]) for one in table.findings.to_rows()] == [("CT017", "Calls\x1fNotes, More")]


def test_the_only_sheet_with_cells_is_read_without_a_recognized_title(write_workbook):
    table = read(write_workbook(Empty=[], Data=[[], ["foo", "bar"], ["1", "2"]]))

    assert (table.source.sheet, table.source.header_row, table.titles) == ("Data", 2, ("foo", "bar"))


@pytest.mark.parametrize(
    ("second", "sheet"),
    [
        pytest.param(["DateTime", "Tag"], None, id="fit alike"),
        pytest.param(["DateTime"], "First", id="the better one wins"),
    ],
)
def test_sheets_that_fit_alike_are_not_chosen_between(write_workbook, second, sheet):
    path = write_workbook(First=[["DateTime", "Tag"], [1, 2]], Second=[second, [3, 4]])

    if sheet:
        assert read(path).source.sheet == sheet
        return
    with pytest.raises(UsageError) as fault:
        read(path)

    assert fault.value.key == "sheets-several"
    assert "First, Second" in fault.value.say("ru")
    assert rows(read(path, Hints(sheet="Second"))) == [{"DateTime": "3", "Tag": "4"}]


def test_a_hidden_sheet_is_read_only_by_its_name(tmp_path):
    made = openpyxl.Workbook()
    made.active.title = "Shown"
    made.active.append(["DateTime"])
    made.active.append(["1"])
    hidden = made.create_sheet("Secret")
    hidden.append(["DateTime", "Tag"])
    hidden.append(["2", "x"])
    hidden.sheet_state = "veryHidden"
    made.create_chartsheet("Chart")
    made.save(tmp_path / "calls.xlsx")

    shown, named = read(tmp_path / "calls.xlsx"), read(tmp_path / "calls.xlsx", Hints(sheet="secret "))

    assert (shown.source.sheet, found(shown)) == ("Shown", [])
    assert (named.source.sheet, rows(named)) == ("Secret", [{"DateTime": "2", "Tag": "x"}])


def test_a_sheet_that_is_not_there_is_refused_with_those_that_are(write_workbook):
    with pytest.raises(UsageError) as fault:
        read(write_workbook(One=[["DateTime"]], Two=[["x"]]), Hints(sheet="Three"))

    assert fault.value.key == "sheet-unknown"
    assert "One, Two" in str(fault.value)


@pytest.mark.parametrize("hints", [Hints(), Hints(sheet="B")])
def test_an_empty_workbook_is_a_finding(write_workbook, hints):
    table = read(write_workbook(A=[], B=[]), hints)

    assert ([code for code, *_ in found(table)], rows(table), table.titles) == (["CT001"], [], ())


def test_a_header_row_may_be_given(write_workbook):
    path = write_workbook(Calls=[["DateTime", "x"], ["a", "b"], ["1", "2"]])

    given, none = read(path, Hints(header_row=2)), read(path, Hints(header_row=0))

    assert (given.titles, rows(given)) == (("a", "b"), [{"a": "1", "b": "2"}])
    assert (none.titles, none.source.header_row, len(rows(none))) == (("1", "2"), None, 3)
    with pytest.raises(SourceError) as fault:
        read(path, Hints(header_row=9))
    assert fault.value.key == "header-row-beyond"


def test_a_given_header_row_beyond_the_first_fifty_is_found(write_workbook):
    table = read(write_workbook(Calls=[*([["x"]] * 60), ["DateTime"], ["1"]]), Hints(header_row=61))

    assert rows(table) == [{"DateTime": "1"}]


def test_a_profile_may_name_the_columns_of_a_sheet_without_header(write_workbook):
    path = write_workbook(Calls=[["1", "a", "z"], ["2", "b", "y"]])

    table = open_table(path, "x", Hints(), lambda _: HeaderGuess(None, 2, ("DateTime", "Tag")))

    assert (table.titles, table.source.header_row) == (("DateTime", "Tag", "3"), None)
    assert rows(table)[0] == {"DateTime": "1", "Tag": "a", "3": "z"}


def test_merged_and_hidden_rows_keep_their_addresses(tmp_path):
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.append(["March"])
    sheet.merge_cells("A1:B1")
    for row in (["DateTime", "Tag"], ["1", "a"], ["2", "b"], ["3", "c"]):
        sheet.append(row)
    sheet.row_dimensions[4].hidden = True
    made.save(tmp_path / "calls.xlsx")

    batch = next(read(tmp_path / "calls.xlsx").tasks())()

    assert (batch.places.tolist(), batch.columns["Tag"].to_pylist()) == ([3, 4, 5], ["a", "b", "c"])


@pytest.mark.parametrize("declared", ["A1:XFD1048576", "A1"])
def test_a_false_dimension_changes_nothing(tmp_path, declared):
    cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>'
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<worksheet xmlns="{main}"><dimension ref="{declared}"/><sheetData>{cells}</sheetData></worksheet>'
    path = write_raw_workbook(tmp_path / "calls.xlsx", "", parts={"xl/worksheets/sheet1.xml": sheet})

    assert rows(read(path)) == [{"1": "2"}]


def test_long_text_and_rich_text_come_whole(tmp_path):
    path = tmp_path / "calls.xlsx"
    with xlsxwriter.Workbook(path) as made:
        sheet = made.add_worksheet()
        sheet.write_column(0, 0, ["Tag", "ы" * 32_767, "line\nbreak", " outer "])
        sheet.write_rich_string(4, 0, "a ", made.add_format({"bold": True}), "b", " c")

    assert [row["Tag"] for row in rows(read(path))] == ["ы" * 32_767, "line\nbreak", " outer ", "a b c"]


def test_slices_do_not_show(write_workbook, monkeypatch):
    path = write_workbook(
        Calls=[
            ["DateTime", "ClientId"], [date(2026, 3, 2), "a"], [], [moment("2026-03-02 01:00:00"), "b"],
            [1, 1604591025698235234], [], [], [], ["DateTime", "ClientId"],
        ]
    )  # fmt: skip
    opened = child.OpenedWorkbook(
        {"path": str(path), "name": "x", "package": "xlsx", "sheet": None, "filled_cells": 1000},
    )
    sheet = opened.sheets["Calls"]
    chosen = {"sheet": "Calls", "header": ["DateTime", "ClientId"], "first_row": 1, "identifiers": [1],
              "package": "xlsx", "marked": []}  # fmt: skip

    def sent(size):
        monkeypatch.setattr(stream, "ROWS_PER_BATCH", size)
        answers = io.BytesIO()
        stream.send_sheet(sheet, chosen, path, answers)
        answers.seek(0)
        assert json.loads(answers.readline()) == {"first": 0, "last": 2}
        start, cells, findings = 0, [], []
        for batch, side in pa.ipc.open_stream(answers).iter_batches_with_custom_metadata():
            cells += [(start + row["row"], row["0"], row["1"]) for row in batch.to_pylist()]
            findings += [(code, start + row, *rest) for code, row, *rest in json.loads(side[b"findings"])]
            start += int(side[b"rows"])
        return cells, findings

    assert sent(1) == sent(3) == sent(50_000)
    assert sent(2)[0][0] == (0, "2026-03-02 00:00:00", "a")
    assert sent(2)[1] == [("CT209", 3, 1, "1604591025698235000")]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the address space is not limited alike")
@pytest.mark.parametrize("stray", ["AD1048576", "AU1048576", "B1048576", "XFD3000"])
def test_a_stray_cell_costs_little_memory_and_is_read_where_it_is(write_workbook, stray):
    # Ids, dates, times of day, numbers, flags, texts: as in the same workbook without the stray cell.
    calls = [
        ["DateTime", "ClientId", "PhoneNumber", "Price", "Tag"],
        [moment("2026-03-02 10:20:30"), "1604591025698235234", "+74950000001", 12.5, True],
        [],
        [moment("2026-03-02 00:00:00"), 1604591025698235234, "+74950000002", 100, time(1, 2, 3)],
        [date(2026, 3, 3), "", "'+74950000003", -1e-7, timedelta(hours=30)],
    ]
    plain = read(write_workbook(Calls=calls))
    path = write_workbook(Calls=calls)
    book = openpyxl.load_workbook(path)
    book.active[stray] = "x"
    book.save(path)

    table = read(path, limits=Limits(child_memory=700 << 20))

    found, alone = rows(table), rows(plain)
    last = found.pop()
    assert [{title: row[title] for title in plain.titles} for row in found] == alone
    assert {cell for cell in last.values() if cell} == {"x"}
    batches = [task() for task in table.tasks()]
    assert batches[-1].places[-1] == int(stray.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    assert {code for batch in batches for code in batch.findings.table["code"].to_pylist()} == {"CT209"}


def test_a_sheet_is_sparse_by_its_cells_whatever_it_says_of_its_size(tmp_path):
    few = '<row r="1"><c r="A1"/></row><row r="1048576"><c r="AD1048576"><v>1</v></c></row>'
    near = '<row r="1"><c r="A1"><v>1</v></c></row><row r="9"><c r="E9"><v>1</v></c></row>'
    full = "".join(f'<row r="{n}">' + '<c r="A1"><v>1</v></c>' * 6 + "</row>" for n in range(1, 200_001))
    said = '<dimension ref="A1:{}"/>'
    cases = {
        few: True, said.format("AD1048576") + few: True, '<dimension ref="A1"/>' + few: True,
        near: False, said.format("E9") + near: False, said.format("T200000") + full: False,
    }  # fmt: skip
    for number, (cells, sparse) in enumerate(cases.items()):
        path = tmp_path / f"{number}.xlsx"
        before, dot, after = cells.partition("/>") if cells.startswith("<dimension") else ("", "", cells)
        write_raw_workbook(path, after, before=before + dot)
        assert bool(find_sparse_sheets(path)) is sparse, number


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)


@settings(max_examples=12)
@given(st.lists(st.tuples(TEXT, st.floats(-1e15, 1e15, allow_nan=False)), min_size=1, max_size=30))
def test_any_text_and_number_comes_back_as_it_was(tmp_path_factory, cells):
    path = tmp_path_factory.getbasetemp() / "any.xlsx"
    with xlsxwriter.Workbook(path, {"strings_to_urls": False}) as made:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, ["Tag", "Price"])
        for number, (text, price) in enumerate(cells, 1):
            sheet.write_string(number, 0, text)
            sheet.write_number(number, 1, price)

    got = rows(read(path))

    assert [row["Tag"] for row in got] == [text for text, _ in cells]
    # XlsxWriter itself writes 16 digits.
    assert [float(row["Price"]) for row in got] == [float(f"{price:.16G}") for _, price in cells]
