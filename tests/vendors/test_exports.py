"""Exports with the pitfalls of their vendors, through the whole pipeline."""

import pytest

import calltools
from calltools.errors import UsageError, VendorError
from tests.conftest import NOW

HEAD = "Тип;Статус;Время;Откуда;Куда;Длительность звонка;Длительность разговора;Время ответа;ID записи;Новый клиент"


def pbx(tmp_path, *rows):
    path = tmp_path / "export.csv"
    path.write_text("\n".join([HEAD, "", *rows]) + "\n", encoding="utf-8")
    return path


def row(kind="Входящий", status="Отвечен", time="02.03.2026 10:00:00", phone="+74950000001", uid="1772434800.1"):
    return f"{kind};{status};{time};{phone};210;35;30;5;{uid};1"


def convert(path, tmp_path, **options):
    return calltools.convert(path, tmp_path / "out.csv", as_of=NOW, force=True, **{"static_call": "1", **options})


def test_an_unknown_word_is_named_and_not_guessed(tmp_path):
    result = convert(pbx(tmp_path, row(status="Переадресован"), row(uid="")), tmp_path, timezone="Europe/Moscow")

    assert [(one.code, one.line, one.column) for one in result.findings if one.severity == "error"] == [
        ("CT601", 3, "Статус")
    ]
    assert result.summary.adds_up
    assert result.summary.rejected == 1


def test_an_unknown_direction_is_named_and_not_guessed(tmp_path):
    result = convert(pbx(tmp_path, row(kind="Конференция"), row()), tmp_path, timezone="Europe/Moscow")

    assert [(one.code, one.line, one.column) for one in result.findings if one.severity == "error"] == [
        ("CT601", 3, "Тип")
    ]
    assert (result.summary.written, result.summary.rejected, result.summary.skipped) == (1, 1, {})
    assert result.summary.adds_up


def test_times_that_were_twice_or_never_are_named(tmp_path):
    rows = [row(time="26.10.2014 01:30:00", uid=""), row(time="27.03.2011 02:30:00", uid=""), row(uid="")]

    result = convert(pbx(tmp_path, *rows), tmp_path, timezone="Europe/Moscow")

    errors = [(one.code, one.line) for one in result.findings if one.severity == "error"]
    assert errors == [("CT602", 3), ("CT603", 4)]


def test_a_single_contradiction_is_named_and_a_general_one_refused(tmp_path):
    good = [row(uid=f"1772434800.{number}") for number in range(20)]
    one = convert(pbx(tmp_path, *good, row(uid="1772424000.9")), tmp_path, timezone="Europe/Moscow")

    assert [(found.code, found.line) for found in one.findings if found.code == "CT604"] == [("CT604", 23)]
    with pytest.raises(UsageError, match="Europe/Moscow"):
        convert(pbx(tmp_path, *good), tmp_path, timezone="Asia/Yekaterinburg")
    with pytest.raises(UsageError, match="agree on --timezone Europe/Moscow"):
        convert(pbx(tmp_path, *good), tmp_path)
    with pytest.raises(UsageError, match="Give it by --timezone: Europe/Moscow, Europe/Kaliningrad, "):
        convert(pbx(tmp_path, row(uid="")), tmp_path)


@pytest.mark.parametrize(
    ("word", "phone"),
    [("anonymous", ""), ("sip:nobody@example.com", ""), ("sip:+74950000009@x.example", "+74950000009")],
)
def test_withheld_numbers_are_empty_and_counted(tmp_path, word, phone):
    result = convert(pbx(tmp_path, row(phone=word)), tmp_path, timezone="Europe/Moscow")

    assert result.summary.withheld == (0 if phone else 1)
    assert phone in (tmp_path / "out.csv").read_text(encoding="utf-8")
    assert result.summary.written == 1


@pytest.mark.parametrize("phone", ["123456", "+7965123", "абв"])
def test_damaged_numbers_reject_the_record(tmp_path, phone):
    result = convert(pbx(tmp_path, row(phone=phone)), tmp_path, timezone="Europe/Moscow")

    assert result.summary.rejected == 1


@pytest.mark.parametrize(("choice", "written"), [(None, 0), ("0", 0), ("1", 1), ("auto", 1)])
def test_a_call_without_identifier_is_written_only_as_a_static_one(tmp_path, choice, written):
    result = convert(pbx(tmp_path, row()), tmp_path, timezone="Europe/Moscow", static_call=choice)

    assert result.summary.written == written


def test_identifiers_are_matched_and_counted(tmp_path):
    crm = tmp_path / "crm.csv"
    crm.write_text(
        "Телефон;Дата;ym_client_id\n"
        "8 (495) 000-00-01;02.03.2026 09:00:00;1604591025698235234\n"
        "8 (495) 000-00-02;02.03.2026 09:00:00;1604591025698235235\n"
        "8 (495) 000-00-02;02.03.2026 09:00:00;1604591025698235236\n",
        encoding="utf-8",
    )
    rows = [row(), row(phone="+74950000002"), row(phone="+74950000003")]

    result = convert(
        pbx(tmp_path, *rows), tmp_path, timezone="Europe/Moscow", region="RU", identifiers=crm, static_call="auto"
    )

    assert [(one.code, one.record) for one in result.findings if one.code in {"CT606", "CT607"}] == [
        ("CT607", 2),
        ("CT606", 3),
    ]
    assert dict(result.summary.joined) == {"joined": 1, "unjoined": 1, "ambiguous": 1}
    lines = (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()
    assert lines[1].startswith("1604591025698235234,1772434800,0,")
    assert lines[2].startswith(",1772434800,1,")


def test_money_is_taken_only_with_a_currency(tmp_path):
    path = tmp_path / "uis.csv"
    path.write_text(
        "start_time,direction,is_lost,contact_phone_number,virtual_phone_number,sale_cost,ym_client_id\n"
        "2026-03-02 10:00:00,in,false,74950000001,74950000000,1500.50,1604591025698235234\n",
        encoding="utf-8",
    )

    without = convert(path, tmp_path, timezone="Europe/Moscow", static_call=None)
    plain = (tmp_path / "out.csv").read_text(encoding="utf-8")
    convert(path, tmp_path, timezone="Europe/Moscow", currency="RUB", static_call=None)

    assert without.summary.not_taken == ("sale_cost",)
    assert "1500.50" not in plain
    assert ",1500.50,RUB," in (tmp_path / "out.csv").read_text(encoding="utf-8")


def test_a_wrong_vendor_is_refused_and_the_right_one_named(tmp_path):
    with pytest.raises(VendorError, match="--vendor sipuni"):
        convert(pbx(tmp_path, row()), tmp_path, vendor="uis", timezone="Europe/Moscow")


def test_a_vendor_file_is_checked_without_being_written(tmp_path):
    result = calltools.validate(
        pbx(tmp_path, row(phone="+7965123")), as_of=NOW, timezone="Europe/Moscow", static_call="1"
    )

    assert [one.column for one in result.findings if one.code == "CT243"] == ["Откуда"]
