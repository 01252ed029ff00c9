"""Names, addresses and fingerprints of findings."""

from dataclasses import replace

import pytest
from openpyxl.utils import get_column_letter

from calltools.model.finding import Findings
from calltools.reports import rows
from calltools.reports.reporter import ReportOptions
from calltools.reports.rows import column_letters, column_position, render_findings
from tests.reports.sample_findings import CSV, FINDINGS, JSON, PHONE, WORKBOOK, cell, finding


def render(rows, source=CSV, name=None, options=None):
    return list(
        render_findings(
            Findings.from_rows(rows),
            source,
            name or (source.name if source else "calls.csv"),
            options or ReportOptions(),
        )
    )


@pytest.mark.parametrize("position", [*range(60), 675, 676, 701, 702, 16_383])
def test_letters_are_those_of_a_spreadsheet(position):
    assert column_letters(position) == get_column_letter(position + 1)
    assert column_position(column_letters(position)) == position


@pytest.mark.parametrize(
    ("source", "address"),
    [
        pytest.param(CSV, {"line": 3, "row": None, "cell": None, "sheet": None}, id="text"),
        pytest.param(None, {"line": 3, "row": None, "cell": None, "sheet": None}, id="unknown"),
        pytest.param(WORKBOOK, {"line": None, "row": 3, "cell": "I3", "sheet": "Звонки"}, id="workbook"),
        pytest.param(
            replace(WORKBOOK, first_column=0), {"line": None, "row": 3, "cell": "H3", "sheet": "Звонки"}, id="from A"
        ),
        pytest.param(JSON, {"line": None, "row": None, "cell": None, "sheet": None}, id="json"),
    ],
)
def test_the_address_is_the_one_that_a_person_would_look_up(source, address):
    one = render([cell("CT241", "PhoneNumber", 7, PHONE, record=2)], source)[0]

    assert {key: getattr(one, key) for key in address} == address
    assert one.record == 2


@pytest.mark.parametrize(
    ("source", "here", "elsewhere"),
    [
        pytest.param(CSV, "record 2 (line 3)", "record 2 (line 3, march.csv)", id="text"),
        pytest.param(WORKBOOK, "record 2 (row 3)", "record 2 (row 3, march.csv)", id="workbook"),
        pytest.param(JSON, "record 2", "record 2 (march.csv)", id="json"),
    ],
)
@pytest.mark.parametrize("code", ["CT401", "CT405"])
def test_the_place_of_another_record_is_in_the_words_of_the_format(code, source, here, elsewhere):
    details = ("2\x1f3", "2\x1f3, march.csv")
    one, other = render([finding(code, record=5, place=6, detail=detail) for detail in details], source)

    assert (here in one.message, "march.csv" in one.message) == (True, False)
    assert elsewhere in other.message


def test_a_finding_on_a_record_has_a_row_and_no_cell():
    one = render([finding("CT301", record=3, place=4)], WORKBOOK)[0]

    assert (one.row, one.cell, one.column) == (4, None, None)


def test_a_finding_on_the_file_has_no_place():
    one = render([finding("CT402")])[0]

    assert (one.record, one.line, one.row, one.cell, one.column, one.value, one.fix) == (None,) * 7


def test_each_finding_keeps_its_own_name_sentence_and_place():
    listed = render(FINDINGS)

    assert [one.code for one in listed] == [row["code"] for row in FINDINGS]
    assert [one.line for one in listed] == [row.get("place") for row in FINDINGS]
    assert listed[2].name == "phone-not-international"
    for row, one in zip(FINDINGS, listed, strict=True):
        assert one == render([row])[0]


def test_the_fix_tells_whether_it_depends_on_an_assumption():
    fixes = {one.code: one.fix for one in render(FINDINGS)}

    assert fixes["CT221"] == {"kind": "safe", "after": "12.50"}
    assert fixes["CT281"] == {"kind": "safe", "after": ""}
    assert fixes["CT241"]["kind"] == "unsafe"
    assert fixes["CT203"] is None


def test_nothing_is_presented_of_nothing():
    assert render([]) == []


def test_fingerprints_differ_between_findings_and_stay_between_runs_and_languages():
    first, second = render(FINDINGS), render(FINDINGS, options=ReportOptions("ru", show_values=True))

    assert len({one.fingerprint for one in first}) == len(FINDINGS)
    assert [one.fingerprint for one in first] == [one.fingerprint for one in second]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"name": "other.csv"}, id="file"),
        pytest.param({"source": WORKBOOK, "name": "calls.csv"}, id="sheet"),
        pytest.param({"rows": [cell("CT241", "PhoneNumber", 7, PHONE, record=3)]}, id="record"),
        pytest.param({"rows": [cell("CT242", "PhoneNumber", 7, PHONE)]}, id="rule"),
        pytest.param({"rows": [cell("CT241", "PhoneNumber", 8, PHONE)]}, id="column"),
    ],
)
def test_a_fingerprint_depends_on_the_place(other):
    arguments = {"rows": [cell("CT241", "PhoneNumber", 7, PHONE)]}

    assert render(**arguments)[0].fingerprint != render(**{**arguments, **other})[0].fingerprint


def test_a_fingerprint_does_not_depend_on_the_cell():
    one = render([cell("CT241", "PhoneNumber", 7, PHONE)])[0]
    another = render([cell("CT241", "PhoneNumber", 7, "8 (912) 000-99-99")])[0]

    assert one.fingerprint == another.fingerprint


@pytest.mark.parametrize("length", [200, 201, 5000])
def test_a_sentence_holds_only_the_beginning_of_a_long_cell_and_the_value_all_of_it(length):
    text = "я" * length

    one = render([cell("CT271", "URL", 13, text)])[0]

    assert one.value == text
    assert one.message.count("я") <= 230


def test_a_sentence_shows_the_repaired_cell_only_where_there_is_one():
    repairs = ["12.50", None, "1500", ""]
    rows = [cell("CT221", "Price", 5, "12,50", after, record=n) for n, after in enumerate(repairs, 1)]

    messages = [one.message for one in render(rows)]

    assert messages[0].endswith("; it should read 12.50")
    assert messages[2].endswith("; it should read 1500")
    assert messages[1] == messages[3] == messages[0].removesuffix("; it should read 12.50")


def many_findings(count):
    """Findings of which few differ: null and empty, by code, by field, by cell."""
    cells = [None, "", "12", "12,", "+79161234567", "maybe"]
    for number in range(count):
        yield {
            "code": ("CT251", "CT221", "CT241")[number % 3],
            "severity": "error",
            "record": number + 1,
            "place": number + 2,
            "column": (None, "", "Price")[number % 7 % 3],
            "field": (None, "Price", "PhoneNumber")[number % 5 % 3],
            "value": cells[number % 11 % 6],
            "after": cells[number % 13 % 6],
            "detail": (None, "", "7")[number % 17 % 3],
        }


@pytest.mark.parametrize("show_values", [False, True])
def test_findings_that_are_alike_have_the_words_that_each_has_alone(show_values):
    options = ReportOptions(show_values=show_values)
    together = rows.word_findings(Findings.from_rows(many_findings(4000)), CSV, options).to_pylist()

    # Fewer are worded as they are.
    alone = [rows.word_findings(Findings.from_rows([one]), CSV, options).to_pylist() for one in many_findings(4000)]

    assert together == [one for [one] in alone]


def test_findings_that_are_alike_are_worded_once(monkeypatch):
    counts, render = [], rows.render_messages

    def counted(table, *given):
        counts.append(table.num_rows)
        return render(table, *given)

    monkeypatch.setattr(rows, "render_messages", counted)
    alike = [one | {"value": "maybe", "after": None, "detail": None, "code": "CT251"} for one in many_findings(20_000)]

    rows.word_findings(Findings.from_rows(alike), CSV, ReportOptions())

    assert sum(counts) <= 9


def test_findings_of_which_each_is_different_are_worded_as_they_are(monkeypatch):
    monkeypatch.setattr(rows, "_MAX_KEY", 1000)  # as of columns with very many different cells
    options = ReportOptions(show_values=True)
    different = [one | {"value": f"maybe {one['record']}"} for one in many_findings(600)]

    worded = rows.word_findings(Findings.from_rows(different), CSV, options)

    assert worded["value"].to_pylist() == [one["value"] for one in different]
