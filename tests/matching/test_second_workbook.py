"""A CRM's workbook beside the calls, by the whole tool."""

import pytest
import xlsxwriter

import calltools
from calltools.errors import UsageError

CALLS = "ClientId,DateTime,PhoneNumber,CallMissed\n,1772434800,+74950000001,0\n,1772434800,+74950000002,0\n"


@pytest.fixture
def calls(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(CALLS, encoding="utf-8")
    return path


def workbook(path, *rows, titles=("Телефон", "Дата", "ym_client_id")):
    with xlsxwriter.Workbook(path) as opened_workbook:
        sheet = opened_workbook.add_worksheet("CRM")
        sheet.write_row(0, 0, ["Выгрузка"])
        for number, row in enumerate([titles, *rows], start=2):
            for column, value in enumerate(row):
                (sheet.write_number if isinstance(value, int) else sheet.write_string)(number, column, value)
    return path


def test_numeric_ids_are_named_with_their_row_and_not_joined(calls, tmp_path):
    crm = workbook(
        tmp_path / "crm.xlsx",
        ("8 (495) 000-00-01", "02.03.2026 09:00:00", 1604591025698235234),
        ("8 (495) 000-00-02", "02.03.2026 09:00:00", "1604591025698235235"),
    )

    result = calltools.convert(
        calls, tmp_path / "out.csv", identifiers=crm, timezone="Europe/Moscow", region="RU", as_of=1772500000
    )

    assert [(one.code, one.record) for one in result.findings] == [("CT209", None), ("CT301", 1), ("CT606", 1)]
    assert result.findings[0].column == "ym_client_id (crm.xlsx:4)"
    assert "16045910" not in str(result.findings[0])
    assert result.summary.joined == {"joined": 1, "unjoined": 1, "ambiguous": 0}
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()[1:] == [
        "1604591025698235235,1772434800,+74950000002,0"
    ]


def test_ids_of_a_column_that_the_user_names_are_watched_too(calls, tmp_path):
    crm = workbook(
        tmp_path / "crm.xlsx",
        ("+74950000001", "1772434700", 1604591025698235234),
        ("+74950000002", "1772434700", "1604591025698235235"),
        titles=("Телефон", "Дата", "Посетитель"),
    )

    result = calltools.validate(calls, identifiers=crm, identifier_columns={"ClientId": "Посетитель"}, as_of=1772500000)

    assert [one.column for one in result.findings if one.code == "CT209"] == ["Посетитель (crm.xlsx:4)"]


def test_an_ignored_rule_is_silent_and_the_id_is_still_nobody(calls, tmp_path):
    crm = workbook(
        tmp_path / "crm.xlsx", ("+74950000001", "1772434700", 1604591025698235234), ("+74950000001", "1772434600", "7")
    )

    result = calltools.validate(calls, identifiers=crm, ignore=("CT209",), as_of=1772500000)

    assert "CT209" not in {one.code for one in result.findings}
    assert result.summary.joined["joined"] == 1


def test_a_second_file_of_numbers_only_is_refused(calls, tmp_path):
    crm = workbook(tmp_path / "crm.xlsx", ("+74950000001", "1772434700", 1604591025698235234))

    with pytest.raises(UsageError, match="1 no usable identifier"):
        calltools.validate(calls, identifiers=crm)
