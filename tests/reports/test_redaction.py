"""Nothing of a person in a report."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltools.fields.redaction import redact_findings
from calltools.fields.table import FIELD_NAMES
from calltools.model.finding import Findings
from calltools.reports.reporter import ReportOptions
from tests.reports.sample_findings import CLIENT_ID, PHONE, TEXT_FORMS, cell, render_in_form


def redact(field, value, **more):
    row = redact_findings(
        Findings.from_rows([{"code": "CT281", "field": field, "value": value, **more}]).table, False
    ).to_pylist()[0]
    return row["value"]


@pytest.mark.parametrize(
    ("field", "value", "secret"),
    [
        pytest.param("PhoneNumber", PHONE, "0001234", id="phone"),
        pytest.param("ClientId", CLIENT_ID, CLIENT_ID[4:-2], id="metrica id"),
        pytest.param("UserId", "client-1042-ivanov", "ivanov", id="own id"),
        pytest.param("URL", "https://example.com/?phone=74950001234", "74950001234", id="query"),
        pytest.param("CallTrackerURL", "https://anna:pass@example.com/", "anna", id="user info"),
        pytest.param("Tag", "callback to 8 495 000-12-34", "0001234", id="phone in a tag"),
        pytest.param("Price", "+7 (495) 000-12-34", "0001234", id="phone in the price"),
        pytest.param("TalkDuration", "74950001234", "0001234", id="phone in a duration"),
        pytest.param("CallMissed", CLIENT_ID, CLIENT_ID[4:-2], id="id in a flag"),
        pytest.param("DateTime", "+74950001234", "0001234", id="phone in the time"),
        pytest.param("DateTime", "74950001234", "0001234", id="phone without plus in the time"),
        pytest.param("DateTime", CLIENT_ID, CLIENT_ID[4:-2], id="id in the time"),
        pytest.param(None, "outgoing to 74950001234", "0001234", id="no known field"),
        pytest.param(None, "SIP/100-0000a12345", "12345", id="five digits in no known field"),
        pytest.param("NoSuchField", PHONE, "0001234", id="unknown field"),
    ],
)
def test_personal_cells_are_shortened(field, value, secret):
    digits = "".join(sign for sign in redact(field, value) if sign.isalnum())

    assert secret not in redact(field, value)
    assert secret not in digits


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Price", "12,50"),
        ("Price", "1 234 567,50"),
        ("DateTime", "1772434800000"),
        ("DateTime", "02.03.2026 10:00:00"),
        ("DateTime", "2026-03-02 10:00:00"),
        ("Currency", "rub"),
        ("TalkDuration", "00:01:00"),
        ("CallMissed", "да"),
        ("Tag", "(not set)"),
        ("PhoneNumber", "anonymous"),
        (None, "Переадресован"),
        (None, None),
    ],
)
def test_what_is_nobodys_stays(field, value):
    if field == "PhoneNumber":
        assert redact(field, value) == "***"
    else:
        assert redact(field, value) == value


def test_the_repaired_cell_is_shortened_like_the_cell():
    row = cell("CT241", "PhoneNumber", 7, PHONE, "+74950001234")

    assert "0001234" not in redact_findings(Findings.from_rows([row]).table, False).to_pylist()[0]["after"]


def test_a_title_that_is_a_record_of_a_file_without_header_is_shortened():
    rows = [
        {"code": "CT103", "column": title, "detail": None}
        for title in ("+74950001234", CLIENT_ID, "Comment", "Q3 2026")
    ]

    titles = redact_findings(Findings.from_rows(rows).table, False)["column"].to_pylist()

    assert titles == ["***", "***", "Comment", "Q3 2026"]


def test_details_keep_counts_and_lose_phones():
    rows = [{"code": "CT401", "detail": "1234567\x1f1234568"}, {"code": "CT401", "detail": "+74950001234"}]

    assert redact_findings(Findings.from_rows(rows).table, False)["detail"].to_pylist() == ["1234567\x1f1234568", "***"]


def test_everything_is_shown_on_request():
    table = Findings.from_rows([cell("CT241", "PhoneNumber", 7, PHONE)]).table

    assert redact_findings(table, True) is table


def test_many_fields_come_back_in_their_order():
    rows = [
        cell("CT281", FIELD_NAMES[n % 15], n % 15, f"cell {n}" if n % 3 else None, record=n + 1) for n in range(200)
    ]

    found = redact_findings(Findings.from_rows(rows).table, False)

    for name, value, row in zip(found["field"].to_pylist(), found["value"].to_pylist(), rows, strict=True):
        assert name == row["field"]
        assert value == redact(row["field"], row["value"])


@pytest.mark.parametrize("form", TEXT_FORMS)
@given(
    area=st.sampled_from(["495", "900", "912"]), tail=st.integers(0, 9999), field=st.sampled_from([*FIELD_NAMES, None])
)
def test_no_form_shows_a_phone_in_any_place(form, area, tail, field):
    number = f"+7{area}000{tail:04}"
    row = cell("CT281", field, 3, number, number)

    for language in ("en", "ru"):
        assert f"000{tail:04}" not in render_in_form(form, [row], options=ReportOptions(language))


@pytest.mark.parametrize("form", TEXT_FORMS)
def test_each_form_shows_values_on_request(form):
    row = cell("CT241", "PhoneNumber", 7, PHONE, "+74950001234")

    assert PHONE in render_in_form(form, [row], options=ReportOptions(show_values=True))
