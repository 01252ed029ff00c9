"""The report for a manager tells what the ledger knows of uploads of the file."""

import re


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
    titles, (day, counter, sent, accepted, linked) = table_of_uploads(report)[:5], table_of_uploads(report)[5:]
    assert titles == ["Загружено", "Счётчик", "Отправлено", "Принято", "Связано с визитами"]
    assert re.fullmatch(r"\d\d\.\d\d\.\d{4}", day)
    assert (counter, sent, accepted) == ("12345678", "10", "10")
    assert re.fullmatch(r"\d+ \(\d+,\d %\)", linked)


def test_an_upload_of_another_file_is_not_told(run, upload, calls, tmp_path):
    assert upload(calls, "--wait").exit_code == 0
    other = calls.with_name("other.csv")
    other.write_bytes(calls.read_bytes())

    run("validate", other, "--report", tmp_path / "report.html")

    assert table_of_uploads(tmp_path / "report.html") is None
