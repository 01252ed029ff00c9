"""A CRM's workbook beside the calls, by the whole tool."""

from collections import Counter

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

    with pytest.raises(UsageError, match="Of 1: 1 have no usable identifier"):
        calltools.validate(calls, identifiers=crm)


def joined_ids(tmp_path, calls, second, **options):
    path = tmp_path / "crm.csv"
    path.write_text(second, encoding="utf-8")
    result = calltools.convert(calls, tmp_path / "out.csv", identifiers=path, as_of=1772500000, **options)
    return result, [line.split(",")[0] for line in (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()[1:]]


FLOATS = """\
phone,time,ClientId
+74950000001,1772434700,1604591025698235136
+74950000002,1772434700,1604591031177021952
+74950000003,1772434700,1604602233445566720
"""
CUT = FLOATS.replace("5136", "0000").replace("1952", "0000").replace("6720", "0000")


@pytest.mark.parametrize(
    ("second", "codes"),
    [
        pytest.param(FLOATS, {"CT404": 1}, id="a column that was kept as floats"),
        pytest.param(CUT + "+74950000009,1772434700,77\n", {"CT404": 1, "CT208": 3}, id="a column of 15 digits"),
        pytest.param(
            "phone,time,ClientId\n+74950000001,1772434700,1604591025698230000\n+74950000002,1772434700,1.60459E+18\n"
            "+74950000009,1772434700,1604591025698235234\n",
            {"CT208": 1, "CT203": 1},
            id="single ids",
        ),
    ],
)
def test_each_damaged_id_of_the_second_file_is_counted_once_and_none_is_given_to_a_call(second, codes, calls, tmp_path):
    second += "+74950000008,1772434700,77\n"

    result, written = joined_ids(tmp_path, calls, second, static_call="1")

    told = [one.code for one in result.findings if one.record is None and one.column and "crm.csv" in one.column]
    assert Counter(told) == codes
    assert [one.record for one in result.findings if one.code == "CT606"] == [1, 2]
    assert written == ["", ""]


def test_short_ids_of_a_rounded_column_are_exact(calls, tmp_path):
    _, written = joined_ids(
        tmp_path, calls, FLOATS.replace("1604591025698235136", "1042") + "+7495,1,1604591025698235392\n"
    )

    assert written == ["1042"]


def test_the_region_of_the_profile_holds_for_the_second_file(tmp_path):
    profile = tmp_path / "pbx.toml"
    profile.write_text(
        'name = "pbx"\ntitle = "PBX"\nconfidence = "code-seen"\nregion = "RU"\nrecognize = ["When", "Who"]\n'
        'fields = { DateTime = { from = "When", format = "unix" }, PhoneNumber = { from = "Who" } }\n',
        encoding="utf-8",
    )
    export = tmp_path / "export.csv"
    export.write_text("When,Who\n1772434800,84950000001\n1772434800,84950000002\n", encoding="utf-8")
    second = "phone,time,ClientId\n8 (495) 000-00-01,1772434700,77\n7495 000 00 02,1772434700,78\n"

    _, written = joined_ids(tmp_path, export, second, vendor=str(profile))

    assert written == ["77", "78"]


@pytest.mark.parametrize(
    "cell",
    [
        '"+7 495 000-00-09, +7 495 000-00-02"',
        "+7 495 000-00-02; +74950000009",
        '"office\n+74950000002"',
        "+7 495 000/00/02",
    ],
)
def test_each_phone_of_a_cell_is_a_partner(cell, calls, tmp_path):
    result, written = joined_ids(tmp_path, calls, f"phone,time,ClientId\n{cell},1772434700,77\n", static_call="1")

    assert written == ["", "77"]
    assert not sum(result.summary.unusable.values())


def test_dates_with_slashes_prove_their_order_in_the_second_file(calls, tmp_path):
    second = "phone,time,ClientId\n+74950000001,02/03/2026 09:00:00,77\n+74950000009,27/02/2026 09:00:00,78\n"

    _, written = joined_ids(tmp_path, calls, second, timezone="Europe/Moscow")

    assert written == ["77"]
