"""Laws of marking: exactly the cells that were named change, and only their fill."""

import io
import tempfile
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from calltools.model.rule import Severity
from calltools.reports.workbook.marked_copy import CellMark, WorkbookContent, write_marked_copy
from calltools.reports.workbook.package import UnknownPackageError
from calltools.reports.workbook.sheet_marking import drawing_position
from calltools.reports.workbook.styles import SEVERITY_FILLS

pytestmark = pytest.mark.slow

PLACES = st.tuples(st.integers(0, 12), st.integers(0, 28))
CELLS = st.dictionaries(PLACES, st.text("aя=+<&'\" ", min_size=1, max_size=4), min_size=1, max_size=25)
MARKS = st.dictionaries(PLACES, st.sampled_from(list(Severity)), max_size=25)


def address(place):
    return f"{get_column_letter(place[1] + 1)}{place[0] + 1}"


@given(CELLS, MARKS, st.sets(st.integers(0, 12)), st.sets(PLACES, max_size=4))
@settings(max_examples=60, deadline=None)
def test_only_named_cells_change_and_only_their_fill(cells, marks, high_rows, commented):
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "book.xlsx"
        workbook = xlsxwriter.Workbook(source, {"strings_to_formulas": False, "strings_to_urls": False})
        sheet, style = workbook.add_worksheet("Лист"), workbook.add_format({"bold": True})
        for (row, column), text in cells.items():
            sheet.write_string(row, column, text, style if (row + column) % 3 else None)
        for row in high_rows:
            sheet.set_row(row, 30)
        for row, column in commented:
            sheet.write_comment(row, column, "заметка", {"author": "Анна"})
        workbook.close()
        marked = {address(place): CellMark(severity, "что не так") for place, severity in marks.items()}
        made = io.BytesIO()

        write_marked_copy(source, "Лист", WorkbookContent(["a", "b"], [], 0, [], marked), made)

        before, after = load_workbook(source)["Лист"], load_workbook(made)["Лист"]
    for row in range(1, 15):
        assert before.row_dimensions[row].height == after.row_dimensions[row].height
        for column in range(1, 31):
            old, new = before.cell(row, column), after.cell(row, column)
            place = (row - 1, column - 1)
            assert old.value == new.value
            assert old.font.b == new.font.b
            assert new.fill.fill_type == (None if place not in marks else "solid")
            assert place not in marks or new.fill.fgColor.rgb == f"FF{SEVERITY_FILLS[marks[place]]}"
            theirs, ours = place in commented, place in marks
            assert (new.comment is not None) == (theirs or ours)
            assert not theirs or new.comment.text.startswith("заметка")
            assert not ours or new.comment.text.endswith("— calltools —\nчто не так")


@pytest.mark.parametrize(
    "tail",
    [
        "<mergeCells/>|</worksheet>",
        '<pageMargins left="1"/><drawing r:id="rId1"/>|<tableParts count="1"><tablePart r:id="rId2"/></tableParts></worksheet>',
        '<drawing r:id="rId1"/>|<mc:AlternateContent xmlns:mc="x"><mc:Choice Requires="x14"><controls><control/></controls></mc:Choice></mc:AlternateContent><extLst><ext/></extLst></worksheet>',
        "<conditionalFormatting><cfRule><extLst><ext/></extLst></cfRule></conditionalFormatting><pageMargins/>|<extLst/></worksheet>",
        "<pageMargins/>|<legacyDrawingHF/><tableParts/></worksheet>",
    ],
    ids=["nothing", "a table", "controls", "an inner list of extensions", "a header with a picture"],
)
def test_the_drawing_of_comments_is_where_the_schema_wants_it(tail):
    after_cells, expected = tail.replace("|", ""), len("</sheetData>") + tail.index("|")

    assert drawing_position(f"</sheetData>{after_cells}".encode()) == expected


def test_a_sheet_that_does_not_end_is_refused():
    with pytest.raises(UnknownPackageError):
        drawing_position(b"</sheetData><pageMargins/>")
