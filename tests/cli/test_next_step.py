"""What follows a run: the exact command, which does what is said of it."""

import csv
import shlex
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.cli.next_step import country_of_zone
from calltools.cli.typed_command import TypedCommand
from calltools.model import marks

SAMPLES = Path(__file__).parent.parent.parent / "samples"
NOW = ("--as-of", "2026-03-12T00:00:00Z")
GOOD = "ClientId,DateTime,PhoneNumber\n1604591025698235234,1773014400,+74950001234\n"
STATIC = "ClientId,DateTime,PhoneNumber\n,1773014400,+74950001234\n"
BAD = f"{GOOD}nobody,1773014400,+74950001234\n"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments):
        return CliRunner().invoke(app, [*arguments], env={"LC_ALL": "C.UTF-8", "GITHUB_ACTIONS": ""})

    return invoke


def write(name, text):
    Path(name).write_text(text, encoding="utf-8")
    return name


def commands(done):
    """The commands that a run proposes, each in a line of its own below its sentence."""
    lines = done.stdout.splitlines()
    return [below.strip() for line, below in pairwise(lines) if line.startswith(("Next", "Then", "Дальше", "Затем"))]


def test_good_calls_are_looked_at_before_they_are_sent(run):
    write("calls.csv", GOOD)

    assert commands(run("validate", "calls.csv", *NOW)) == ["calltools upload calls.csv --counter N --plan"]


def test_warnings_and_notes_keep_nobody_from_uploading(run):
    write("old.csv", GOOD)

    done = run("validate", "old.csv", "--as-of", "2026-06-01T00:00:00Z", "--lang", "ru")

    assert "CT501" in done.stdout
    assert commands(done) == ["calltools upload old.csv --counter N --plan --lang ru"]


@pytest.mark.parametrize("more", [(), ("--report", "marked.xlsx")], ids=["text", "workbook"])
def test_of_more_records_than_are_marked_the_wrong_ones_come_into_a_file_that_can_be_marked(run, monkeypatch, more):
    monkeypatch.setattr(marks, "MAX_RECORDS", 1)
    write("calls.csv", BAD)

    done = run("validate", "calls.csv", *NOW, *more)

    assert "can be marked in a workbook (1)" in done.stdout
    (command,) = commands(done)
    assert command == f"calltools convert calls.csv --as-of {NOW[1]} -o clean.csv --rejects rejects.csv"
    assert run(*shlex.split(command)[1:]).exit_code == 1
    assert Path("rejects.csv").read_text(encoding="utf-8").count("nobody") == 1


def test_a_good_conversion_is_followed_by_the_plan_of_its_upload(run):
    export = str(SAMPLES / "sipuni" / "export.csv")

    done = run("convert", export, "--timezone", "Europe/Moscow", "--static-call", "auto", *NOW, "-o", "my calls.csv")

    assert done.exit_code == 0
    assert commands(done) == ['calltools upload "my calls.csv" --counter N --plan']


def test_the_parts_of_an_output_are_what_is_uploaded_next(run):
    write("calls.csv", GOOD)

    done = run("convert", "calls.csv", *NOW, "-o", "out/calls-{part}.csv")

    (command,) = commands(done)
    assert command == 'calltools upload "out/calls-*.csv" --counter N --plan'
    assert run("validate", shlex.split(command)[2], *NOW).stdout.startswith("out/calls-00000.csv: ")


def test_a_good_export_is_converted_next(run):
    export = str(SAMPLES / "sipuni" / "export.csv")
    write("calls.csv", "")

    done = run("validate", export, "--timezone", "Europe/Moscow", "--static-call", "1", *NOW, "--report", "r.csv")

    (command,) = commands(done)
    assert command == (
        f"calltools convert {export} --timezone Europe/Moscow --static-call 1 --as-of {NOW[1]} -o calls-2.csv"
    )
    assert run(*shlex.split(command)[1:]).exit_code == 0


@pytest.mark.parametrize(
    ("text", "typed", "added"),
    [
        (STATIC, (), "--static-call auto"),
        (GOOD.replace("+7", "8"), (), "--region RU"),
        (GOOD.replace("+7", "8"), ("--timezone", "Asia/Almaty"), "--region KZ"),
        (STATIC.replace("+7", "8"), (), "--static-call auto --region RU"),
        (GOOD.replace("1773014400", "02.03.2026 10:00:00"), ("--lang", "ru"), "--timezone ПОЯС"),
    ],
    ids=["no identifier", "no country", "the country of the zone", "both", "no zone"],
)
def test_what_the_file_does_not_say_is_added_to_the_same_command(run, text, typed, added):
    write("calls.csv", text)

    (checked,) = commands(run("validate", "calls.csv", *NOW, *typed))
    (converted,) = commands(run("convert", "calls.csv", *NOW, *typed, "-o", "out.csv", "--rejects", "bad.csv"))

    assert checked.startswith("calltools validate calls.csv ")
    assert converted.startswith("calltools convert calls.csv ")
    assert {f"--{word}" for word in f" {added}".split(" --")[1:]} <= {
        f"--{word}" for word in f" {checked}".split(" --")[1:]
    }
    for word in ("--force", *typed, *added.split()):
        assert word in converted.split()
    assert "rules" not in checked + converted


def test_the_command_that_is_told_the_rest_is_not_refused(run):
    write("calls.csv", STATIC.replace("+7", "8"))
    first = run("convert", "calls.csv", *NOW, "-o", "out.csv", "--rejects", "bad.csv")

    (command,) = commands(first)
    again = run(*shlex.split(command)[1:])

    assert first.exit_code == 1
    assert again.exit_code == 0
    assert Path("out.csv").read_text(encoding="utf-8").splitlines()[1] == ",1773014400,1,+74950001234"


def test_errors_that_a_conversion_mends_are_mended_by_the_proposed_one(run):
    write("my calls.csv", "ClientId,DateTime,PhoneNumber\n16045910,02.03.2026 10:00:00,8 (495) 000-00-12\n")
    write("clean.csv", "")

    done = run("validate", "my calls.csv", "--region", "RU", "--timezone", "Europe/Moscow", *NOW)

    (command,) = commands(done)
    assert command == (
        f'calltools convert "my calls.csv" --timezone Europe/Moscow --region RU --as-of {NOW[1]} -o clean-2.csv'
    )
    assert "mends 2 of 2 errors" in done.stdout
    assert run(*shlex.split(command)[1:]).exit_code == 0
    assert Path("clean-2.csv").read_text(encoding="utf-8").splitlines()[1] == "16045910,1772434800,+74950000012"


def test_errors_of_a_person_are_marked_in_a_workbook_which_is_checked_then(run):
    write("calls.csv", BAD)

    (command,) = commands(run("validate", "calls.csv", *NOW))
    (checking,) = commands(run(*shlex.split(command)[1:]))

    assert command == f"calltools validate calls.csv --as-of {NOW[1]} --report marked.xlsx"
    assert checking == f"calltools validate marked.xlsx --as-of {NOW[1]}"
    assert "CT201" in run(*shlex.split(checking)[1:]).stdout


def test_rejects_are_kept_then_mended_and_converted_too(run):
    write("calls.csv", BAD)

    first = commands(run("convert", "calls.csv", *NOW, "-o", "out.csv"))
    second = commands(run(*shlex.split(first[0])[1:]))

    assert first == [
        f"calltools convert calls.csv -o out.csv --as-of {NOW[1]} --force --rejects rejects.csv",
        "calltools upload out.csv --counter N --plan",
    ]
    assert second == [
        "calltools upload out.csv --counter N --plan",
        f"calltools convert rejects.csv --as-of {NOW[1]} -o mended.csv",
    ]


def test_mended_calls_get_no_sale_that_a_later_call_has_got(run):
    lines = ["DateTime,StaticCall,PhoneNumber,TalkDuration", "1773000000,1,+74950000101,x"]
    lines += ["1773000600,1,+74950000101,5", "1773000000,1,+74950000102,x"]
    write("calls.csv", "\n".join(lines) + "\n")
    write("deals.csv", "phone,time,Price,Currency\n+74950000101,1773000900,50,RUB\n+74950000102,1773000900,70,RUB\n")
    ran = run("convert", "calls.csv", *NOW, "--outcomes", "deals.csv", "-o", "out.csv", "--rejects", "rejects.csv")

    mending = next(one for one in commands(ran) if "mended.csv" in one)
    Path("rejects.csv").write_text(Path("rejects.csv").read_text().replace(",x\n", ",5\n"))
    run(*shlex.split(mending)[1:])

    made = [row for name in ("out.csv", "mended.csv") for row in csv.DictReader(Path(name).read_text().splitlines())]
    assert "--outcomes deals.rejects.csv" in mending
    assert [(row["PhoneNumber"], row["DateTime"], row["Price"]) for row in made] == [
        ("+74950000101", "1773000600", "50"),
        ("+74950000101", "1773000000", ""),
        ("+74950000102", "1773000000", "70"),
    ]


def test_programs_and_quiet_people_are_told_nothing(run):
    write("calls.csv", GOOD)

    assert "Next" not in run("validate", "calls.csv", *NOW, "--quiet").output
    assert "Next" not in run("validate", "calls.csv", *NOW, "--output-format", "concise").output
    assert "Next" not in run("convert", "calls.csv", *NOW).output
    assert "Next" not in run("validate", "calls.csv", *NOW, "--write-baseline", "known.json").output


def test_what_a_baseline_accepts_is_not_proposed_for_an_upload(run):
    write("calls.csv", BAD)
    run("validate", "calls.csv", *NOW, "--write-baseline", "known.json")

    assert "upload" not in run("validate", "calls.csv", *NOW, "--baseline", "known.json").output


def test_a_zone_that_is_missing_is_added_to_the_command(run):
    export = str(SAMPLES / "sipuni" / "export.csv")

    done = run("validate", export, "--static-call", "1")

    assert done.exit_code == 2
    assert done.stderr.splitlines()[-2:] == [
        "Next:", f"  calltools validate {export} --static-call 1 --timezone Europe/Moscow",
    ]  # fmt: skip


def test_a_plan_is_followed_by_the_upload_and_a_refusal_by_the_conversion(run, tmp_path, monkeypatch):
    monkeypatch.setenv("CALLTOOLS_STATE_DIR", str(tmp_path / "state"))
    write("calls.csv", GOOD)
    write("bad.csv", BAD)

    planned = run("upload", "calls.csv", "--counter", "12", "--goal", "Звонок", "--plan")
    refused = run("upload", "bad.csv", "--counter", "12", "--yes")

    assert planned.stderr.splitlines()[-1] == "  calltools upload calls.csv --counter 12 --goal Звонок"
    assert refused.stderr.splitlines()[-1] == "  calltools convert bad.csv -o clean.csv"


def test_own_numbers_and_secrets_of_addresses_are_not_told_again():
    command = TypedCommand("validate", ("s3://key:secret@bucket/a.csv",)).add(own_number="+74950001234", recursive=None)

    assert "secret" not in str(command)
    assert "+7495" not in str(command)
    assert str(command).endswith("--own-number … --recursive")


def test_a_pipe_of_the_shell_is_not_told_again():
    assert str(TypedCommand("validate", ("/dev/fd/63", "a.csv"))) == "calltools validate FILE a.csv"


def test_a_command_names_all_its_files_as_long_as_one_can_read_it():
    files = [f"{number}.csv" for number in range(20)]

    assert str(TypedCommand("validate", tuple(files))).split() == ["calltools", "validate", *files]
    assert str(TypedCommand("validate", (*files, "20.csv"))).split() == ["calltools", "validate", *files, "…"]


@pytest.mark.parametrize(
    ("zone", "country"), [("Europe/Moscow", "RU"), ("Asia/Almaty", "KZ"), ("UTC", None), ("", None), ("Nowhere", None)]
)
def test_the_country_of_a_zone(zone, country):
    assert country_of_zone(zone) == country


def test_of_a_file_without_records_no_cell_is_marked(run):
    nothing = run("validate", write("empty.csv", ""), *NOW, "--lang", "en")
    damaged = run("validate", write("bad.csv", BAD), *NOW, "--lang", "en")

    assert (nothing.exit_code, commands(nothing)) == (1, [])
    assert len(commands(damaged)) == 1


@pytest.mark.parametrize("text", ["Когда;Кто\n02.03.2026 10:00;84950000100\n", "02.03.2026 10:00;84950000100;вх\n"])
def test_an_unknown_export_is_taken_to_the_guided_run_and_where_nobody_is_asked_to_a_profile(run, text):
    write("week.csv", text)

    refused = [run(command, "week.csv", "--region", "KZ") for command in ("validate", "convert")]
    sent = run("send", "week.csv", "--region", "KZ", "--delimiter", ";", "--counter", "12", "--yes")

    for done in refused:
        sentence, _, command = done.stderr.strip().splitlines()
        assert done.exit_code == 2
        assert 0 < sentence.index("calltools send week.csv") < sentence.index("calltools vendors new week.csv")
        assert command == "  calltools send week.csv --region KZ"
    assert sent.exit_code == 2
    assert sent.stderr.splitlines()[-1] == '  calltools vendors new week.csv --delimiter ";" -o week.toml'


@pytest.mark.parametrize(
    ("content", "command"), [("a,b\n1,2\n", "send"), ("DateTime,PhoneNumber\n1.3.2026,5\n", "convert")]
)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_no_advice_about_standard_input_takes_it_for_a_file(content, command, language, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    done = CliRunner().invoke(app, ["validate", "-", "--lang", language, *NOW], input=content)

    said = done.stdout + done.stderr
    assert f"calltools {command} {'FILE' if language == 'en' else 'ФАЙЛ'}" in said
    assert f"calltools {command} stdin" not in said
