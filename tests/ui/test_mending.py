"""Cells mended by hand: judged at once by the same rules, in the output and in the log, never in the file."""

import csv
import io
import re

import numpy as np
import pyarrow as pa
import pytest
from openpyxl import Workbook

from calltools.model.batch import Batch
from calltools.run import CellEdits, RunOptions
from tests.ui.pages import visited

NOW = 1773273600
HEADER = "ClientId,DateTime,PhoneNumber,Price,Currency"


def call(number, phone="+74950000101", price="", currency=""):
    return f"{1604591025698235000 + number},1773000000,{phone},{price},{currency}"


@pytest.fixture
def source(tmp_path):
    lines = [
        HEADER,
        call(1),
        call(2, phone="12"),
        call(3, phone="12"),
        call(4, phone="+749500001", price="5", currency=""),
    ]
    path = tmp_path / "calls.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def rows(answer):
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_a_mended_record_is_good_at_once_and_goes_into_output_and_log(source):
    before = source.read_bytes()
    with visited([source], RunOptions(as_of=NOW)) as (visitor, _):
        visitor.get("findings")
        record = visitor.post("mend", {"file": "1", "place": "3", "cell-2": "+7 495 000-01-02"})
        findings = visitor.get("findings")
        visitor.get("results")
        calls, changes, rejects = (
            visitor.get(f"download/{name}") for name in ("calls.csv", "changes.csv", "rejects.csv")
        )

    assert "Nothing keeps this record back any more" in record.said
    assert "Cells mended by hand: 1" in findings.said
    assert "+74950000102" in calls.text
    assert len(rows(calls)) == 2
    assert len(rows(rejects)) == 2
    [by_hand] = [row for row in rows(changes) if row["why"] == "by-hand"]
    assert (by_hand["record"], by_hand["place"], by_hand["column"], by_hand["before"], by_hand["after"]) == (
        "2", "3", "PhoneNumber", "12", "+7 495 000-01-02",
    )  # fmt: skip
    assert source.read_bytes() == before


def test_a_record_that_is_still_wrong_says_why_and_is_not_written(source):
    with visited([source], RunOptions(as_of=NOW)) as (visitor, _):
        visitor.get("findings")
        row = visitor.send(
            "mend",
            [
                ("token", visitor.token),
                ("reading", visitor.reading),
                ("file", "1"),
                ("place", "3"),
                ("cell-2", "+7495"),
            ],
            **{"X-Row": "1"},
        )
        visitor.get("results")
        calls = visitor.get("download/calls.csv")

    assert row.status == 200
    assert "CT245" in row.text
    assert "good now" not in row.text
    assert len(rows(calls)) == 1


def test_the_verdict_on_a_mended_record_is_that_of_a_run_over_the_mended_file(source, tmp_path):
    other = tmp_path / "mended" / "calls.csv"
    other.parent.mkdir()
    other.write_text(source.read_text(encoding="utf-8").replace("12,", "8~10,", 1), encoding="utf-8")
    with visited([source], RunOptions(as_of=NOW)) as (visitor, page):
        visitor.get("findings")
        visitor.post("mend", {"file": "1", "place": "3", "cell-2": "8~10"})
        visitor.get("results")
        mended = page.visit.conversion
    with visited([other], RunOptions(as_of=NOW)) as (visitor, page):
        visitor.get("results")
        whole = page.visit.conversion

    assert mended.summaries[0].by_code == whole.summaries[0].by_code


def test_undo_brings_the_cell_back(source):
    with visited([source], RunOptions(as_of=NOW)) as (visitor, page):
        visitor.get("findings")
        visitor.post("mend", {"file": "1", "place": "3", "cell-2": "+74950000102"})
        visitor.post("mend", {"file": "1", "place": "3", "cell-2": "x"})
        once = visitor.post("undo").said
        twice = visitor.post("undo").said
        count = page.visit.mending.count
        visitor.get("results")
        calls = visitor.get("download/calls.csv")

    assert "Cells mended by hand: 1" in once
    assert "Undone" in twice
    assert count == 0
    assert len(rows(calls)) == 1


def test_empty_cells_of_a_column_are_filled(tmp_path):
    source = tmp_path / "calls.csv"
    lines = [HEADER, *(call(number, price="5" if number % 2 else "", currency="") for number in range(20))]
    source.write_text("\n".join(lines).replace("1773000000,+", "x,+", 3) + "\n", encoding="utf-8")
    with visited([source], RunOptions(as_of=NOW)) as (visitor, page):
        visitor.get("findings")
        visitor.post("fill", {"column": "1-4", "text": "RUB", "rule": ""})
        edits = page.visit.mending.count

    assert edits == 3


def test_cells_mended_by_hand_are_not_filled(tmp_path):
    source = tmp_path / "calls.csv"
    lines = [HEADER, *(call(number, phone="12") for number in range(2))]
    source.write_text("\n".join(lines).replace("1773000000", "") + "\n", encoding="utf-8")
    with visited([source], RunOptions(as_of=NOW)) as (visitor, page):
        visitor.get("findings")
        visitor.post("mend", {"file": "1", "place": "2", "cell-1": "1773000200"})
        visitor.post("fill", {"column": "1-1", "text": "1772999999", "rule": ""})
        # Their phones are wrong still, so they are among the rejected records of this run, too.
        visitor.post("fill", {"column": "1-1", "text": "1772999998", "rule": ""})
        times = [page.visit.mending.text(1, place, 1, "") for place in (2, 3)]

    assert times == ["1773000200", "1772999999"]


def test_a_fix_of_all_cells_leaves_those_mended_by_hand(tmp_path):
    source = tmp_path / "calls.csv"
    source.write_text(
        "\n".join([HEADER, *(call(n, price="5", currency="RUR") for n in range(3))]) + "\n", encoding="utf-8"
    )
    fix = {"code": "CT233", "column": "Currency", "assumed": "1"}
    with visited([source], RunOptions(as_of=NOW)) as (visitor, page):
        visitor.get("findings")
        visitor.post("mend", {"file": "1", "place": "2", "cell-4": "USD"})
        visitor.post("fix", fix)
        currencies = [page.visit.mending.text(1, place, 4, "") for place in (2, 3, 4)]

    assert currencies == ["USD", "RUB", "RUB"]


def test_all_cells_that_a_rule_repairs_only_with_its_assumption(tmp_path):
    source = tmp_path / "calls.csv"
    source.write_text(
        "\n".join([HEADER, *(call(n, price="5", currency="RUR") for n in range(6))]) + "\n", encoding="utf-8"
    )
    with visited([source], RunOptions(as_of=NOW)) as (visitor, page):
        shown = visitor.get("findings").said
        refused = visitor.post("fix", {"code": "CT233", "column": "Currency"}).said
        nothing = page.visit.mending.count
        applied = visitor.post("fix", {"code": "CT233", "column": "Currency", "assumed": "1"}).said

    assert "Apply this fix to all 6 cells" in shown
    assert "rests on an assumption" in refused
    assert nothing == 0
    assert "Every call can go to Metrica" in applied


def test_downloads_are_never_older_than_what_was_mended(source):
    with visited([source], RunOptions(as_of=NOW)) as (visitor, _):
        visitor.get("results")
        visitor.post("mend", {"file": "1", "place": "3", "cell-2": "+74950000102"})

        assert visitor.get("download/calls.csv").status == 404


@pytest.mark.parametrize("fields", [
    {"file": "9", "place": "3", "cell-2": "x"}, {"file": "1", "place": "99", "cell-2": "x"}, {"file": "", "place": "-1"},
    {"file": "1", "place": "3", "cell-99": "x"}, {"file": "1", "place": "3", "cell-x": "12"}, {"file": "٣", "place": "3"},
])  # fmt: skip
def test_no_other_cell_than_one_of_a_rejected_record_is_mended(source, fields):
    with visited([source], RunOptions(as_of=NOW)) as (visitor, page):
        visitor.get("findings")
        visitor.post("mend", fields)

        assert page.visit.mending.count == (1 if fields.get("cell-x") else 0)


def test_edits_replace_cells_by_the_place_of_their_record():
    columns = pa.table({"a": ["1", "2", "3"], "b": ["x", "y", "z"]})
    batch = Batch(columns, np.array([1, 2, 3]), np.array([2, 4, 9]), read=3)

    edited = CellEdits({9: {0: "new"}, 2: {0: "", 1: "ж"}, 5: {0: "nobody"}}).apply(batch)

    assert edited.columns.to_pydict() == {"a": ["", "2", "new"], "b": ["ж", "y", "z"]}
    assert batch.columns.to_pydict() == {"a": ["1", "2", "3"], "b": ["x", "y", "z"]}


def test_a_large_file_is_mended_in_the_right_record(tmp_path):
    source = tmp_path / "calls.csv"
    with source.open("w", encoding="utf-8") as file:
        file.write(HEADER + "\n")
        file.writelines(
            call(number, phone="12" if number == 90_000 else "+74950000101") + "\n" for number in range(100_000)
        )
    with visited([source], RunOptions(as_of=NOW)) as (visitor, _):
        visitor.get("findings")
        visitor.post("mend", {"file": "1", "place": "90002", "cell-2": "+74950000102"})
        visitor.get("results")
        lines = visitor.get("download/calls.csv").text.splitlines()

    assert len(lines) == 100_001
    assert [number for number, line in enumerate(lines) if "+74950000102" in line] == [90_001]


@pytest.mark.parametrize(
    ("page", "fields"),
    [
        ("mend", {"file": "1", "place": "3", "cell-0": "1604591025698235002", "cell-2": "+74950000102"}),
        ("fill", {"column": "1-4", "text": "RUB", "rule": ""}),
        ("fix", {"code": "CT233", "column": "Currency", "assumed": "1"}),
    ],
)
def test_a_form_that_was_shown_for_other_files_mends_nothing(page, fields, source, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("\n".join([HEADER, call(11), call(12, phone="12", price="5"), call(13)]) + "\n")
    with visited([source, other], RunOptions(as_of=NOW)) as (visitor, opened):
        shown = visitor.reading
        # In another tab: from now on the first file is the other one.
        visitor.post("remove", {"number": opened.visit.files[0].number})
        refused = visitor.post(page, {**fields, "reading": shown})
        visitor.get("results")
        calls = visitor.get("download/calls.csv")

    assert "nothing was changed" in refused.said
    assert opened.visit.mending.count == 0
    assert [row["ClientId"] for row in rows(calls)] == [f"{1604591025698235000 + number}" for number in (11, 13)]


def test_mended_cells_of_a_sheet_go_into_no_other_sheet(tmp_path):
    book = Workbook()
    for start, sheet in ((0, book.active), (100, book.create_sheet("Two"))):
        sheet.append(HEADER.split(","))
        for number in range(3):
            sheet.append(call(start + number, phone="12" if number == 1 else "+74950000101").split(","))
    book.active.title = "One"
    book.save(tmp_path / "calls.xlsx")
    with visited([tmp_path / "calls.xlsx"], RunOptions(as_of=NOW)) as (visitor, _):
        visitor.post("questions", {"answer-sheet": "One"})
        visitor.post("mend", {"file": "1", "place": "3", "cell-2": "+74950000102"})
        visitor.post("questions/forget", {"key": "sheet"})
        told = visitor.post("questions", {"answer-sheet": "Two"})
        visitor.get("results")
        calls, changes = (visitor.get(f"download/{name}") for name in ("calls.csv", "changes.csv"))

    assert "is read in another way now" in told.said
    assert [row["ClientId"] for row in rows(calls)] == ["1604591025698235100", "1604591025698235102"]
    assert "by-hand" not in changes.text


def test_what_was_filled_in_over_older_cells_is_refused_and_the_newer_ones_are_shown(source):
    with visited([source], RunOptions(as_of=NOW)) as (visitor, page):
        first_tab = visitor.get("record/1/3").text
        seen = re.search(r'name="seen" value="([^"]+)"', first_tab)[1]
        visitor.post("mend", {"file": "1", "place": "3", "seen": seen, "cell-2": "+74950000102"})
        cells = {"file": "1", "place": "3", "seen": seen, "cell-1": "1773000009", "cell-2": "12"}
        refused = visitor.post("mend", cells)
        by_script = visitor.send(
            "mend", [("token", visitor.token), ("reading", visitor.reading), *cells.items()], **{"X-Row": "1"}
        )
        kept = page.visit.mending.count
        anew = re.search(r'name="seen" value="([^"]+)"', refused.text)[1]
        visitor.post("mend", cells | {"seen": anew, "cell-2": "+74950000103"})
        count = page.visit.mending.count

    assert "changed in another tab" in refused.said
    assert "+74950000102" in refused.text
    assert by_script.status == 409
    assert (kept, count) == (1, 2)


def test_of_records_that_cannot_be_split_it_is_said_what_to_do(tmp_path):
    source = tmp_path / "calls.csv"
    source.write_text("\n".join([HEADER, call(1), call(2) + ",one,too,many"]) + "\n", encoding="utf-8")
    with visited([source], RunOptions(as_of=NOW)) as (visitor, _):
        said = visitor.get("findings").said
        visitor.get("results")
        rejects = visitor.get("download/rejects.csv").text

    assert "cannot be mended here. Download rejects.csv" in said
    assert "many" in rejects
