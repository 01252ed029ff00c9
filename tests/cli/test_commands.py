"""The commands as a person runs them: arguments, streams, exit codes."""

import itertools
import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.rules.catalog import RULES
from tests.processes import AGES_S, start_process, wait_for
from tests.test_pipeline import GOOD, as_csv, some_rows

NOW = "1773100800"


@pytest.fixture
def calls(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text(as_csv([GOOD | {"DateTime": str(int(NOW) - n)} for n in range(5)]), encoding="utf-8")
    return path


@pytest.fixture
def broken(tmp_path):
    path = tmp_path / "broken.csv"
    rows = [GOOD | {"DateTime": str(int(NOW) - n)} for n in range(5)]
    rows[2] |= {"PhoneNumber": "8 (495) 000-12-34", "ClientId": "1.60459E+18"}
    path.write_text(as_csv(rows), encoding="utf-8")
    return path


def run(*arguments, **more):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], **more)


def spawn(*arguments, **more):
    command = [sys.executable, "-m", "calltools", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, timeout=120, **more)


def test_a_clean_file_ends_with_0(calls):
    assert run("validate", calls, "--as-of", NOW).exit_code == 0


def test_findings_end_with_1_and_name_line_rule_and_remedy(broken):
    result = run("validate", broken, "--as-of", NOW, "--lang", "en")

    assert result.exit_code == 1
    assert "CT241" in result.stdout
    assert "CT203" in result.stdout
    assert "broken.csv:4" in result.stdout
    assert "000-12-34" not in result.output


def test_findings_are_worded_in_russian(broken):
    result = run("validate", broken, "--as-of", NOW, "--lang", "ru")

    assert "номер" in result.stdout.lower()


@pytest.mark.parametrize(("level", "code"), [("error", 0), ("warning", 1)])
def test_fail_on_decides_what_counts(tmp_path, level, code):
    path = tmp_path / "calls.csv"
    path.write_text(as_csv([GOOD | {"Tag": "(not set)", "DateTime": str(int(NOW) - 9)}]), encoding="utf-8")

    assert run("validate", path, "--as-of", NOW, "--fail-on", level).exit_code == code


def test_exit_zero_reports_and_ends_with_0(broken):
    result = run("validate", broken, "--as-of", NOW, "--exit-zero")

    assert result.exit_code == 0
    assert "CT241" in result.stdout


def test_values_are_shown_only_on_request(broken):
    assert "000-12-34" in run("validate", broken, "--as-of", NOW, "--show-values").stdout


def test_the_json_report_has_the_promised_shape(broken):
    report = json.loads(run("validate", broken, "--as-of", NOW, "--output-format", "json").stdout)

    assert report["schema_version"] == 1
    assert report["counts"] == {"CT203": 1, "CT241": 1}
    assert report["files"][0]["records"] == 5
    assert report["files"][0]["rejected"] == 1
    assert {(one["code"], one["line"], one["record"]) for one in report["findings"]} == {
        ("CT203", 4, 3),
        ("CT241", 4, 3),
    }


def test_conversion_accounts_for_every_record(broken, tmp_path):
    output, rejects = tmp_path / "out.csv", tmp_path / "rejects.csv"

    result = run(
        "convert", broken, "-o", output, "--rejects", rejects, "--region", "RU", "--as-of", NOW, "--lang", "en"
    )

    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "read 5 = written 4 + rejected 1"
    assert len(output.read_text(encoding="utf-8").splitlines()) == 5
    assert rejects.read_text(encoding="utf-8").splitlines()[1].startswith("CT203,4,1.60459E+18,")


def test_without_output_the_csv_goes_to_standard_output(calls):
    result = spawn("convert", calls, "--as-of", NOW, "--lang", "en")

    assert result.returncode == 0
    assert result.stdout.decode().splitlines()[0].startswith("ClientId,DateTime")
    assert result.stderr.decode().splitlines()[-1] == "read 5 = written 5 + rejected 0"


def test_on_error_fail_writes_nothing(broken, tmp_path):
    output = tmp_path / "out.csv"

    result = run("convert", broken, "-o", output, "--on-error", "fail", "--as-of", NOW)

    assert result.exit_code == 1
    assert not output.exists()


def test_standard_input_has_the_name_it_is_given(broken):
    result = spawn("validate", "-", "--stdin-name", "piped.csv", "--as-of", NOW, input=broken.read_bytes())

    assert result.returncode == 1
    assert "piped.csv:4" in result.stdout.decode()


def test_a_folder_means_its_tables_and_an_unreadable_one_does_not_stop_the_others(calls, broken, tmp_path):
    (tmp_path / "page.xlsx").write_text("<html><body>no</body></html>", encoding="utf-8")

    result = run("validate", tmp_path, "--as-of", NOW, "--output-format", "json")

    report = json.loads(result.stdout)
    assert result.exit_code == 3
    assert [bool(one.get("error")) for one in report["files"]] == [False, False, True]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        pytest.param(["{dir}/none.csv"], 3, "none.csv", id="missing file"),
        pytest.param(["{calls}", "--timezone", "Europe/Moskow"], 2, "Europe/Moskow", id="unknown zone"),
        pytest.param(["{calls}", "--vendor", "nobody"], 2, "nobody", id="unknown vendor"),
        pytest.param(["{calls}", "--select", "phone-imposible"], 2, "phone-impossible", id="unknown rule"),
        pytest.param(["{calls}", "--as-of", "yesterday"], 2, "yesterday", id="unreadable now"),
        pytest.param(["{calls}", "--as-of", "2026-03-10T00:00:00"], 2, "offset", id="now without its zone"),
        pytest.param(["{calls}", "--delimiter", "x"], 2, "--delimiter", id="unknown delimiter"),
        pytest.param(["{calls}", "--encoding", "cp9999"], 2, "cp9999", id="unknown encoding"),
        pytest.param(["{calls}", "--encoding", "undefined"], 2, "undefined", id="encoding of nothing"),
        pytest.param(["{calls}", "--encoding", "utf-16"], 3, "no text in utf-16", id="UTF-16 without its mark"),
        pytest.param(["{calls}", "--encoding", "utf-32"], 3, "no text in utf-32", id="UTF-32 without its mark"),
        pytest.param(["{calls}", "--outputformat", "json"], 2, "--output-format", id="misspelled option"),
        pytest.param(["{other}"], 2, "none", id="no vendor fits"),
    ],
)
def test_a_wrong_call_is_one_clear_sentence(calls, tmp_path, arguments, code, sentence):
    other = tmp_path / "other.csv"
    other.write_text("a,b,c\n1,2,3\n4,5,6\n", encoding="utf-8")
    filled = [argument.format(dir=tmp_path, calls=calls, other=other) for argument in arguments]

    result = run("validate", *filled, "--lang", "en") if "--lang" not in filled else run("validate", *filled)

    assert result.exit_code == code
    assert sentence in result.stderr
    assert "Traceback" not in result.output


def _bad(name):
    def bom_zip(path):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme.md", "no table")
            archive.writestr("letter.docx", "no table either")

    makers = {
        "text.xls": lambda path: path.write_text("a,b\n1,2\n", encoding="utf-8"),
        "html.xls": lambda path: path.write_text("<html><table></table></html>", encoding="utf-8"),
        "truncated.xlsx": lambda path: path.write_bytes(b"PK\x03\x04" + b"\x00" * 40),
        "plain.zip": bom_zip,
        "nul.csv": lambda path: path.write_bytes(b"\x00" * 5000),
        "picture.csv": lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20),
        "report.pdf": lambda path: path.write_bytes(b"%PDF-1.7\n" + b"x" * 200),
    }
    return makers[name]


@pytest.mark.parametrize("name", ["html.xls", "truncated.xlsx", "plain.zip", "nul.csv", "picture.csv", "report.pdf"])
def test_what_is_not_a_table_ends_with_3_and_a_sentence(tmp_path, name):
    path = tmp_path / name
    _bad(name)(path)
    before = path.read_bytes()

    result = run("validate", path, "--vendor", "none", "--lang", "en")

    assert result.exit_code == 3, result.output
    assert name in result.stderr
    assert path.read_bytes() == before


def test_output_that_exists_is_not_overwritten(calls, tmp_path):
    output = tmp_path / "out.csv"
    output.write_text("mine", encoding="utf-8")

    refused = run("convert", calls, "-o", output, "--as-of", NOW)

    assert refused.exit_code == 2
    assert output.read_text(encoding="utf-8") == "mine"
    assert run("convert", calls, "-o", output, "--as-of", NOW, "--force").exit_code == 0
    assert output.read_text(encoding="utf-8").startswith("ClientId")


def test_output_that_is_the_input_is_refused_even_by_another_name(calls, tmp_path):
    link = tmp_path / "link.csv"
    link.hardlink_to(calls)
    before = calls.read_bytes()

    for name in (calls, link):
        assert run("convert", calls, "-o", name, "--force", "--as-of", NOW).exit_code == 2

    assert calls.read_bytes() == before


def test_a_closed_pipe_ends_quietly(tmp_path):
    path = tmp_path / "many.csv"
    path.write_text(as_csv(some_rows(20_000)), encoding="utf-8")
    command = [sys.executable, "-m", "calltools", "validate", str(path), "--as-of", NOW]

    with start_process(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        errors = process.stderr.read()
        process.wait(AGES_S)

    assert b"Traceback" not in errors
    assert b"BrokenPipe" not in errors


@pytest.fixture
def unread():
    """A pipe without a reader."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_files_and_exit_code_are_right_when_nobody_reads_the_output(tmp_path, unread, stream):
    path = tmp_path / "many.csv"
    path.write_text(as_csv(some_rows(2000)), encoding="utf-8")
    options = ["--as-of", NOW, "--verbose", "-o", "out.csv", "--rejects", "bad.csv", "--report", "found.html"]
    command = [sys.executable, "-m", "calltools", "convert", str(path), *options]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    files = []
    for name, streams in (("read", silent), ("unread", {**silent, stream: unread})):
        folder = tmp_path / name
        folder.mkdir()
        assert subprocess.run(command, cwd=folder, check=False, **streams).returncode == 1
        files.append({one.name: one.read_bytes() for one in folder.iterdir()})

    assert sorted(files[0]) == ["bad.csv", "found.html", "out.csv"]
    assert files[1] == files[0]


def test_a_file_without_faults_has_none_whoever_reads(calls, unread):
    command = [sys.executable, "-m", "calltools", "validate", str(calls), "--as-of", NOW]

    done = subprocess.run(command, stdout=unread, stderr=subprocess.PIPE, check=False)

    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.usefixtures("default_signals")
def test_an_interrupted_conversion_ends_with_130_and_leaves_nothing(tmp_path):
    path, output = tmp_path / "many.csv", tmp_path / "out.csv"
    lines = as_csv(some_rows(2000)).split("\n", 1)
    path.write_text(lines[0] + "\n" + lines[1] * 300, encoding="utf-8")
    command = [sys.executable, "-m", "calltools", "convert", str(path), "-o", str(output), "--no-fast-path"]

    with start_process(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        # The output is being written, beside its name.
        wait_for(lambda: len(list(tmp_path.iterdir())) > 1)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=AGES_S)

    assert process.returncode == 130
    assert b"Traceback" not in errors
    assert sorted(one.name for one in tmp_path.iterdir()) == ["many.csv"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_a_sentence(calls):
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "calltools", "convert", str(calls), "--as-of", NOW],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert result.returncode == 2
    assert b"Traceback" not in result.stderr


@pytest.mark.parametrize("command", ["validate", "convert", "rules", "schema", "template"])
def test_help_shows_three_examples(command):
    text = run(command, "--help").stdout

    assert text.count(f"calltools {command}") >= 3


def test_a_limit_that_stops_a_run_is_named_and_can_be_raised(tmp_path):
    path = tmp_path / "wide.csv"
    titles = ",".join(["ClientId", "DateTime", *(f"c{n}" for n in range(20))])
    path.write_text(f"{titles}\n" + "1604591025698235234,1772434800" + "," * 20 + "\n", encoding="utf-8")

    stopped = run("validate", str(path), "--limit", "columns=10", "--lang", "en")
    went_on = run("validate", str(path), "--limit", "columns=30", "--as-of", "1772500000")

    assert stopped.exit_code == 3
    assert "--limit columns=" in stopped.output
    assert went_on.exit_code != 3


@pytest.mark.parametrize("limit", ["columns", "column=3", "columns=-3", "columns=many", "columns=0"])
def test_a_limit_that_cannot_be_read_is_refused(tmp_path, limit):
    path = tmp_path / "calls.csv"
    path.write_text("ClientId,DateTime\n", encoding="utf-8")

    result = run("validate", str(path), "--limit", limit, "--lang", "en")

    assert result.exit_code == 2
    assert "record-bytes" in result.output


def test_quiet_shows_errors_only_and_reports_stay_whole(tmp_path):
    report = tmp_path / "report.jsonl"

    result = run(
        "validate", "samples/broken/whole-file.csv", "-q", "--as-of", "2026-03-12T00:00:00Z", "--report", str(report)
    )

    assert [line for line in result.stdout.splitlines() if "CT" in line] == [
        line for line in result.stdout.splitlines() if "error" in line
    ]
    assert "CT301" in result.stdout
    assert "CT401" not in result.stdout
    assert "CT401" in report.read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["validate", "convert"])
def test_a_first_record_taken_for_a_header_is_not_shown(tmp_path, command):
    path = tmp_path / "raw.csv"
    path.write_text("2026-03-02;+74950001234;1604591025698235234;anna@example.com;Входящий\n" * 3, encoding="utf-8")

    result = run(command, str(path), "--lang", "en")

    assert result.exit_code == 2
    assert "a record and not a header" in result.output
    for secret in ("Входящий", "0001234", "1604591025698235234", "anna@"):
        assert secret not in result.output


def test_verbose_lists_assumptions_columns_and_rules(calls):
    arguments = ("validate", calls, "--as-of", NOW, "--lang", "en", "--timezone", "Europe/Moscow", "--ignore", "CT3")

    result = run(*arguments, "-v")

    ignored = sum(rule.code.startswith("CT3") for rule in RULES)
    assert "time zone: Europe/Moscow; country: not said" in result.stderr
    assert "now: 2026-03-10 00:00:00+00:00" in result.stderr
    assert "columns taken: ClientId = ClientId, DateTime = DateTime" in result.stderr
    assert f"rules applied: {len(RULES) - ignored} of {len(RULES)}" in result.stderr
    assert result.stdout == run(*arguments).stdout


def test_debug_shows_where_a_run_stopped(tmp_path):
    result = run("validate", tmp_path / "none.csv", "--debug", "--lang", "en")

    assert result.exit_code == 3
    assert "opening.py" in result.stderr
    assert "opening.py" not in run("validate", tmp_path / "none.csv", "--lang", "en").stderr


@pytest.mark.parametrize(
    ("option", "name"),
    [
        *itertools.product(
            ("-o", "--rejects"), ("calls.xlsx", "calls.csv.bz2", "calls.gz", "calls.tsv", "calls.txt", "CALLS.XLS")
        ),
        ("--rejects", "calls.parquet"),
    ],
)
def test_convert_does_not_write_csv_under_another_name(tmp_path, name, option):
    export = Path(__file__).parent.parent.parent / "samples" / "sipuni" / "export.csv"
    outputs = {"-o": tmp_path / "out.csv", option: tmp_path / name}

    run = CliRunner().invoke(
        app,
        [
            "convert",
            str(export),
            "--timezone",
            "Europe/Moscow",
            *(str(word) for pair in outputs.items() for word in pair),
        ],
    )

    assert run.exit_code == 2
    assert str(tmp_path / name) in run.stderr
    assert ".csv" in run.stderr
    assert list(tmp_path.iterdir()) == []


def test_convert_shows_and_lists_what_it_rewrote(tmp_path):
    export = Path(__file__).parent.parent.parent / "samples" / "sipuni" / "export.csv"
    changes = tmp_path / "changes.csv"
    given = ["--timezone", "Europe/Moscow", "--static-call", "1", "--force"]
    arguments = ["convert", str(export), *given, "-o", str(tmp_path / "calls.csv")]

    done = CliRunner().invoke(app, [*arguments, "--diff", "--changes", str(changes), "--as-of", "2026-03-12T00:00:00Z"])

    assert "PhoneNumber, phone-not-international: 2; the first in" in done.stderr
    assert "8495***01** -> +7495***01**" in done.stderr
    assert ",phone-not-international" in changes.read_text("utf-8").replace("\n", "")
    refused = CliRunner().invoke(app, [*arguments, "--changes", str(tmp_path / "changes.txt")])
    assert refused.exit_code == 2


def test_convert_writes_to_a_name_without_an_ending(tmp_path):
    export = Path(__file__).parent.parent.parent / "samples" / "sipuni" / "export.csv"

    CliRunner().invoke(app, ["convert", str(export), "--timezone", "Europe/Moscow", "-o", str(tmp_path / "calls")])

    assert (tmp_path / "calls").read_text("utf-8").startswith("ClientId,")
