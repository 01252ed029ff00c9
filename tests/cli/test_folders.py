"""Folders and several files, as people keep their exports: one thing that is none of them stops nothing."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from tests.test_pipeline import GOOD, as_csv

pytestmark = pytest.mark.slow

SIPUNI = Path(__file__).parents[2] / "samples/sipuni/export.csv"
OPTIONS = ("--timezone", "Europe/Moscow", "--static-call", "1", "--as-of", "2026-03-12T00:00:00Z", "--lang", "en")
#: Of the sample: as ``samples/sipuni/expected.csv`` has them.
WRITTEN = 21


def run(folder, *arguments, code):
    environment = {key: text for key, text in os.environ.items() if not key.startswith(("CALLTOOLS_", "GITHUB_"))}
    environment |= {"CALLTOOLS_STATE_DIR": str(folder.parent / "state"), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "calltools", *map(str, arguments)]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, check=False, timeout=120, encoding="utf-8"
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.fixture
def exports(tmp_path):
    """A folder of exports as it looks after some months, and the working directory around it."""
    folder = tmp_path / "work" / "exports"
    folder.mkdir(parents=True)
    shutil.copy(SIPUNI, folder / "january.csv")
    shutil.copy(SIPUNI, folder / "february.csv")
    (folder / "._january.csv").write_bytes(b"\0\5\x16\7 of macOS")
    (folder / ".hidden.csv").write_text("what,ever\n1,2\n", encoding="utf-8")
    (folder / "~$march.xlsx").write_bytes(b"\0" * 165)
    (folder / "readme.pdf").write_bytes(b"%PDF-1.7")
    (folder / "old").mkdir()
    return folder


def test_hidden_files_locks_and_folders_are_not_taken_and_are_said(exports):
    done = run(exports.parent, "convert", "exports", *OPTIONS, code=0)

    assert len(done.stdout.splitlines()) == 1 + 2 * WRITTEN
    assert (
        "exports: files taken: 2; not taken: 5 (hidden: 2, lock files: 1, no tables by their ending: 1, folders: 1)"
        in (done.stderr)
    )
    assert done.stderr.splitlines()[-3:] == [
        "exports/february.csv: read 30 = written 21 + skipped 9 (outgoing 6, internal 3) + rejected 0",
        "exports/january.csv: read 30 = written 21 + skipped 9 (outgoing 6, internal 3) + rejected 0",
        "total of 2 files: read 60 = written 42 + skipped 18 (outgoing 12, internal 6) + rejected 0",
    ]
    quiet = run(exports.parent, "validate", "exports", *OPTIONS, "--quiet", code=0)
    assert "not taken" not in quiet.stderr


def test_what_calltools_wrote_into_the_folder_is_not_taken_again(exports):
    bad = as_csv([GOOD | {"DateTime": "1773100800", "PhoneNumber": "12"}])
    (exports.parent / "bad.csv").write_text(bad, encoding="utf-8")
    book = openpyxl.Workbook()
    for line in bad.splitlines():
        book.active.append(line.split(","))
    book.save(exports.parent / "bad.xlsx")
    names = ("a.json", "b.jsonl", "c.csv", "d.gitlab.json", "e.xlsx", "f.html", "g.sarif")
    reports = [word for name in names for word in ("--report", f"exports/report-{name}")]
    written = ("--rejects", "exports/rejects.csv", "--changes", "exports/changes.csv")
    run(exports.parent, "convert", "bad.csv", *OPTIONS, *reports, *written, code=1)
    run(exports.parent, "validate", "bad.xlsx", *OPTIONS, "--report", "exports/marked.xlsx", code=1)
    run(exports.parent, "validate", "bad.csv", *OPTIONS, "--write-baseline", "exports/known.json", code=0)

    done = run(exports.parent, "validate", "exports", *OPTIONS, code=0)

    own = len(names) - 2 + 4  # no table file ends with .html or .sarif
    assert f"reports, rejects, changes and baselines of calltools: {own}" in done.stderr
    assert "total of 2 files: read 60" in done.stdout
    # Who names a file means it.
    assert "CT" in run(exports.parent, "validate", "exports/rejects.csv", *OPTIONS, code=1).stdout


def test_the_outputs_and_the_second_file_of_a_run_are_no_input_of_it(exports):
    (exports / "crm.csv").write_text("phone,time,ClientId\n+74950000000,2026-03-01T10:00:00Z,1604591025698235234\n")
    options = [*OPTIONS, "--identifiers", "exports/crm.csv", "-o", "exports/calls.csv", "--force"]
    first = run(exports.parent, "convert", "exports", *options, code=0)
    written = (exports / "calls.csv").read_bytes()

    again = run(exports.parent, "convert", "exports", *options, code=0)

    assert "named in this command for something else: 1" in first.stderr
    assert "named in this command for something else: 2" in again.stderr
    assert (exports / "calls.csv").read_bytes() == written


def test_a_folder_with_nothing_to_take_says_what_it_holds(tmp_path):
    (tmp_path / "only").mkdir()
    (tmp_path / "only" / "._a.csv").write_text("x")

    done = run(tmp_path, "validate", "only", "--lang", "en", code=3)

    assert "only: files taken: 0; not taken: 1 (hidden: 1)" in done.stderr
    assert "only is a folder without table files" in done.stderr


@pytest.mark.parametrize("command", ["convert", "validate"])
def test_a_file_that_is_something_else_is_its_own_failure(exports, command):
    (exports / "unknown.csv").write_text("what,ever\n1,2\n", encoding="utf-8")
    (exports / "web.csv").write_text("<html><body>Sign in</body></html>", encoding="utf-8")
    conversions = "ClientId,Target,DateTime\n1604591025698235234,order,1773100800\n"
    (exports / "conversions.csv").write_text(conversions, encoding="utf-8")
    book = openpyxl.Workbook()
    for sheet in (book.active, book.create_sheet("Other")):
        sheet.append(list(GOOD))
        sheet.append(list(GOOD.values()))
    book.save(exports / "sheets.xlsx")
    (exports / "lists.json").write_text('{"a": [{"DateTime": "1"}], "b": [{"DateTime": "2"}]}', encoding="utf-8")

    done = run(exports.parent, command, "exports", *OPTIONS, "--report", "report.json", code=3)

    for name in ("unknown.csv", "web.csv", "conversions.csv", "sheets.xlsx", "lists.json"):
        assert [f"exports/{name}" in line for line in done.stderr.splitlines()].count(True) == 1, done.stderr
    assert "total of 7 files, 5 of them not read: read 60" in done.stdout + done.stderr
    report = json.loads((exports.parent / "report.json").read_text(encoding="utf-8"))
    assert [("error" in one, one["records"]) for one in report["files"]].count((True, 0)) == 5
    assert (report["total"]["files"], report["total"]["unread"], report["total"]["records"]) == (7, 5, 60)
    if command == "convert":
        assert len(done.stdout.splitlines()) == 1 + 2 * WRITTEN


def test_another_vendors_file_beside_those_of_the_named_one(exports):
    shutil.copy(SIPUNI.parents[1] / "zadarma" / "export.csv", exports / "other.csv")

    done = run(exports.parent, "convert", "exports", "--vendor", "sipuni", *OPTIONS, code=3)

    assert len(done.stdout.splitlines()) == 1 + 2 * WRITTEN
    assert "exports/other.csv: " in done.stderr
    run(exports.parent, "convert", "exports/other.csv", "--vendor", "sipuni", *OPTIONS, code=2)


def test_a_missing_option_is_refused_before_the_first_file(exports):
    done = run(exports.parent, "convert", "exports", "--static-call", "1", "-o", "out.csv", code=2)

    assert "exports/february.csv: " in done.stderr
    assert not (exports.parent / "out.csv").exists()


@pytest.mark.parametrize("names", [["missing.csv"], ["missing.csv", "web.csv"]])
def test_nothing_is_left_of_an_output_that_holds_nothing(tmp_path, names):
    (tmp_path / "web.csv").write_text("<html><body>Sign in</body></html>", encoding="utf-8")

    piped = run(tmp_path, "convert", *names, "--lang", "en", code=3)
    written = run(tmp_path, "convert", *names, "--lang", "en", "-o", "out.csv", "--rejects", "rejects.csv", code=3)

    assert piped.stdout == ""
    assert "out.csv is not written" in written.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["web.csv"]
    (tmp_path / "out.csv").write_text("before")
    run(tmp_path, "convert", *names, "--lang", "en", "-o", "out.csv", "--force", code=3)
    assert (tmp_path / "out.csv").read_text() == "before"


def test_a_file_of_which_every_record_is_bad_was_read_and_gives_a_table_without_records(tmp_path):
    (tmp_path / "bad.csv").write_text(as_csv([GOOD | {"DateTime": "never"}]), encoding="utf-8")

    done = run(tmp_path, "convert", "bad.csv", "--lang", "en", code=1)

    assert done.stdout == "ClientId,DateTime\n"
    assert done.stderr.splitlines()[-1] == "read 1 = written 0 + rejected 1"


def test_each_count_of_several_files_names_its_file_in_every_form(exports):
    reports = {name: exports.parent / f"report.{name}" for name in ("md", "html", "xlsx", "json")}
    options = [word for path in reports.values() for word in ("--report", path.name)]

    done = run(exports.parent, "validate", "exports", "missing.csv", *OPTIONS, *options, code=3)

    counts = "read 30, skipped 9 (outgoing 6, internal 3), rejected 0"
    total = "total of 3 files, 1 of them not read: read 60, skipped 18 (outgoing 12, internal 6), rejected 0"
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.endswith("rejected 0")] == [
        f"exports/february.csv: {counts}", f"exports/january.csv: {counts}", total,
    ]  # fmt: skip
    assert total in reports["md"].read_text(encoding="utf-8")
    assert total in reports["html"].read_text(encoding="utf-8")
    sheets = openpyxl.load_workbook(reports["xlsx"]).worksheets
    cells = [cell.value for sheet in sheets for row in sheet.rows for cell in row]
    assert f"january.csv: {counts}" in cells
    assert total in cells
    single = run(exports.parent, "validate", "exports/january.csv", *OPTIONS, code=0)
    assert counts in single.stdout.splitlines()
    assert "total of" not in single.stdout


def test_detect_looks_at_each_file_of_a_folder(exports):
    (exports / "web.csv").write_text("<html><body>Sign in</body></html>", encoding="utf-8")

    done = run(exports.parent, "vendors", "detect", "exports", "--lang", "en", code=3)

    assert "exports/january.csv is an export of sipuni" in done.stdout
    assert "exports/february.csv is an export of sipuni" in done.stdout
    assert "exports/web.csv is a web page" in done.stderr
    (exports / "web.csv").unlink()
    run(exports.parent, "vendors", "detect", "exports", "--lang", "en", code=0)


def test_upload_takes_the_tables_of_a_folder_and_one_that_is_none_stops_no_other(tmp_path):
    (tmp_path / "calls").mkdir()
    for name, client in (("a.csv", "1604591025698235234"), ("b.csv", "1604591025698235235")):
        (tmp_path / "calls" / name).write_text(as_csv([GOOD | {"ClientId": client}]), encoding="utf-8")
    (tmp_path / "calls" / "._a.csv").write_bytes(b"\0")
    (tmp_path / "calls" / "lists.json").write_text('{"a": [{"DateTime": "1"}], "b": [{"DateTime": "2"}]}')

    done = run(tmp_path, "upload", "calls", "--dry-run", "--lang", "en", code=3)

    assert "calls: files taken: 3; not taken: 1 (hidden: 1)" in done.stderr
    assert done.stderr.count("calls/lists.json") == 1
    assert "calls/a.csv" in done.stderr
    assert "calls/b.csv" in done.stderr
