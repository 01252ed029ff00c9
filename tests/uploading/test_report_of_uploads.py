"""The report for a manager tells what the ledger knows of uploads of the file."""

import re

from tests.sample_workbooks import SAMPLES
from tests.uploading.conftest import call_line, write_csv


def table_of_uploads(page):
    text = page.read_text(encoding="utf-8")
    found = re.search(r'<table class="uploads.*?</table>', text, re.DOTALL)
    return None if found is None else re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", found[0])


def test_the_report_tells_when_the_file_was_uploaded_and_what_was_linked(run, upload, calls, tmp_path):
    report = tmp_path / "report.html"
    run("validate", calls, "--report", report, "--lang", "ru")
    before = table_of_uploads(report)
    assert upload(calls, "--wait").exit_code == 0

    run("validate", calls, "--report", report, "--force", "--lang", "ru")

    assert before is None
    titles, (day, counter, own, sent, accepted, linked) = table_of_uploads(report)[:6], table_of_uploads(report)[6:]
    assert titles == ["Загружено", "Счётчик", "Звонков этого файла", "Отправлено", "Принято", "Связано с визитами"]
    assert re.fullmatch(r"\d\d\.\d\d\.\d{4}", day)
    assert (counter, own, sent, accepted) == ("12345678", "10", "10", "10")
    assert re.fullmatch(r"\d+ \(\d+,\d %\)", linked)


def test_calls_are_known_whatever_their_file_is_called(run, upload, calls, tmp_path):
    assert upload(calls, "--wait").exit_code == 0
    other = tmp_path / "week" / "other.csv"
    other.parent.mkdir()
    write_csv(other, [call_line(number) for number in (8, 9, 50)])

    run("validate", other, "--report", tmp_path / "report.html")

    _day, _counter, own, sent, accepted, _linked = table_of_uploads(tmp_path / "report.html")[6:]
    assert (own, sent, accepted) == ("2", "10", "10")


def test_an_upload_of_other_calls_is_not_told_though_its_file_had_the_same_name(run, upload, calls, tmp_path):
    assert upload(calls, "--wait").exit_code == 0
    write_csv(calls, [call_line(number) for number in range(20, 30)])

    run("validate", calls, "--report", tmp_path / "report.html")

    assert table_of_uploads(tmp_path / "report.html") is None


def test_an_export_is_known_by_the_calls_that_it_becomes(run, upload, tmp_path):
    export, converted = SAMPLES / "sipuni" / "export.csv", tmp_path / "calls.csv"
    options = ("--timezone", "Europe/Moscow", "--static-call", "1")
    assert run("convert", export, "-o", converted, *options).exit_code == 0
    assert upload(converted, "--wait").exit_code == 0

    for command in ("validate", "convert"):
        more = () if command == "validate" else ("-o", tmp_path / "again.csv")
        run(command, export, *options, *more, "--report", tmp_path / "report.html", "--force")

        own, sent = table_of_uploads(tmp_path / "report.html")[8:10]
        assert own == sent != "0"
