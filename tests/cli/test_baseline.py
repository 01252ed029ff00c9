"""Known findings: written, accepted, lowered."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import calltools
from calltools.cli.app import app
from tests.conftest import NOW
from tests.test_pipeline import GOOD, as_csv, some_rows

WRONG = {"Price": "12,50", "Currency": "RUB"}


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in (*arguments, "--as-of", NOW, "--lang", "en")])


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder of our own as the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def calls(folder, wrong, right=2, name="calls.csv"):
    rows = [GOOD | {"DateTime": str(NOW - 100 - n), "ClientId": str(10**9 + n)} for n in range(wrong + right)]
    rows = [row | (WRONG if n < wrong else {"Price": "12", "Currency": "RUB"}) for n, row in enumerate(rows)]
    (folder / name).write_text(as_csv(rows, [*GOOD, "Price", "Currency"]), encoding="utf-8")
    return name


def read_counts(folder, name="known.json"):
    return json.loads((folder / name).read_text(encoding="utf-8"))["files"]


def test_writing_ends_with_0_and_counts_by_file_rule_and_column(folder):
    result = run("validate", calls(folder, 3), "--write-baseline", "known.json")

    assert result.exit_code == 0
    assert read_counts(folder) == {"calls.csv": {"CT221": {"Price": 3}}}
    assert "Known findings written to known.json: 3" in result.stderr


def test_the_same_findings_give_the_same_bytes(folder):
    name = calls(folder, 3)

    run("validate", name, "--write-baseline", "one.json")
    run("validate", name, "--write-baseline", "two.json", "--no-fast-path")

    assert (folder / "one.json").read_bytes() == (folder / "two.json").read_bytes()


def test_no_value_of_a_person_is_in_a_baseline(folder):
    phone, client = "+74950001234", "1604591025698235234"
    (folder / "headless.csv").write_text(f"ClientId,DateTime,{phone}\n{client},x,5\n", encoding="utf-8")

    result = run("validate", "headless.csv", "--write-baseline", "known.json")

    text = (folder / "known.json").read_text(encoding="utf-8")
    assert result.exit_code == 0
    assert read_counts(folder)["headless.csv"]["CT103"] == {"***": 1}
    assert phone[2:] not in text
    assert client not in text
    assert run("validate", "headless.csv", "--baseline", "known.json").exit_code == 0


def test_known_findings_are_not_reported_and_end_with_0(folder):
    name = calls(folder, 3)
    run("validate", name, "--write-baseline", "known.json")

    result = run("validate", name, "--baseline", "known.json", "--output-format", "json")

    report = json.loads(result.stdout)
    assert result.exit_code == 0
    assert report["findings"] == []
    assert report["counts"] == {}
    assert report["files"][0]["rejected"] == 0
    assert "knows: 3" in result.stderr


def test_findings_beyond_the_baseline_are_new_and_fail(folder):
    run("validate", calls(folder, 3), "--write-baseline", "known.json")

    result = run("validate", calls(folder, 5), "--baseline", "known.json", "--output-format", "json")

    report = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [(one["code"], one["record"]) for one in report["findings"]] == [("CT221", 4), ("CT221", 5)]


def test_findings_of_another_file_are_new(folder):
    run("validate", calls(folder, 1), "--write-baseline", "known.json")

    result = run("validate", calls(folder, 1, name="other.csv"), "--baseline", "known.json")

    assert result.exit_code == 1


def test_every_finding_of_odd_records_fits_into_a_baseline(folder):
    (folder / "odd.csv").write_text(as_csv(some_rows(300)), encoding="utf-8")
    assert run("validate", "odd.csv", "--fail-on", "note").exit_code == 1
    run("validate", "odd.csv", "--write-baseline", "known.json")

    result = run("validate", "odd.csv", "--baseline", "known.json", "--fail-on", "note")

    assert result.exit_code == 0
    assert "more than are found" not in result.stderr


@pytest.mark.parametrize("text", ["", "DateTime,PhoneNumber\n", "DateTime,Price\n1773000000,12\n1773000001,13\n"])
def test_a_file_without_records_or_identifiers_fits_into_a_baseline(folder, text):
    (folder / "poor.csv").write_text(text, encoding="utf-8")
    assert run("validate", "poor.csv").exit_code == 1
    run("validate", "poor.csv", "--write-baseline", "known.json")

    result = run("validate", "poor.csv", "--baseline", "known.json", "--fail-on", "note", "--output-format", "json")

    report = json.loads(result.stdout)
    assert result.exit_code == 0
    assert report["files"][0]["rejected"] == 0


def test_fewer_findings_than_in_the_baseline_print_the_command_that_lowers_it(folder):
    run("validate", calls(folder, 3), "--write-baseline", "known.json")

    result = run("validate", calls(folder, 1), "--baseline", "known.json")

    assert result.exit_code == 0
    assert "2 more than are found" in result.stderr
    assert "--write-baseline known.json --force" in result.stderr


def test_lowering_a_baseline_removes_fixed_findings_and_adds_none(folder):
    calls(folder, 2, name="other.csv")
    run("validate", calls(folder, 3), "other.csv", "--write-baseline", "known.json")
    calls(folder, 1)
    (folder / "calls.csv").write_text(
        (folder / "calls.csv").read_text(encoding="utf-8").replace("+442079460000", "8 (495) 000-00-00"),
        encoding="utf-8",
    )

    result = run("validate", "calls.csv", "--baseline", "known.json", "--write-baseline", "known.json", "--force")

    assert result.exit_code == 0
    assert read_counts(folder) == {"calls.csv": {"CT221": {"Price": 1}}, "other.csv": {"CT221": {"Price": 2}}}


def test_lowering_a_baseline_keeps_findings_of_ignored_rules(folder):
    run("validate", calls(folder, 3), "--write-baseline", "known.json")

    result = run(
        *("validate", "calls.csv", "--ignore", "CT221", "--baseline", "known.json"),
        *("--write-baseline", "known.json", "--force"),
    )

    assert result.exit_code == 0
    assert read_counts(folder) == {"calls.csv": {"CT221": {"Price": 3}}}


def test_findings_of_ignored_rules_do_not_count_as_fixed(folder):
    run("validate", calls(folder, 3), "--write-baseline", "known.json")

    result = run("validate", "calls.csv", "--ignore", "CT221", "--baseline", "known.json")

    assert "more than are found" not in result.stderr


def test_a_file_that_is_named_twice_has_its_findings_once(folder):
    name = calls(folder, 3)

    run("validate", name, name, "--write-baseline", "known.json")

    assert read_counts(folder) == {"calls.csv": {"CT221": {"Price": 3}}}
    assert run("validate", name, name, "--baseline", "known.json").exit_code == 0


def test_records_whose_errors_are_in_the_baseline_are_converted(folder):
    rows = [GOOD | {"DateTime": str(NOW - n), "TalkDuration": "-1" if n < 2 else "30"} for n in range(4)]
    (folder / "calls.csv").write_text(as_csv(rows), encoding="utf-8")
    run("convert", "calls.csv", "-o", "first.csv", "--write-baseline", "known.json")

    result = run("convert", "calls.csv", "-o", "second.csv", "--baseline", "known.json")

    written = [(folder / name).read_text(encoding="utf-8").count("\n") - 1 for name in ("first.csv", "second.csv")]
    assert result.exit_code == 0
    assert written == [2, 4]
    assert "read 4 = written 4 + rejected 0" in result.stderr


@pytest.mark.parametrize("text", ["no JSON", '{"version": 2, "files": {}}', '{"version": 1}'])
def test_a_baseline_that_is_none_ends_with_2(folder, text):
    (folder / "known.json").write_text(text, encoding="utf-8")

    result = run("validate", calls(folder, 1), "--baseline", "known.json")

    assert result.exit_code == 2
    assert "known.json" in result.stderr


def test_a_missing_baseline_ends_with_2(folder):
    assert run("validate", calls(folder, 1), "--baseline", "known.json").exit_code == 2


def test_a_baseline_is_not_overwritten_unless_forced(folder):
    name = calls(folder, 1)
    (folder / "known.json").write_text("mine", encoding="utf-8")

    assert run("validate", name, "--write-baseline", "known.json").exit_code == 2
    assert (folder / "known.json").read_text(encoding="utf-8") == "mine"
    assert run("validate", name, "--write-baseline", "known.json", "--force").exit_code == 0


def test_a_baseline_is_never_written_over_an_input(folder):
    name = calls(folder, 1)

    assert run("validate", name, "--write-baseline", name, "--force").exit_code == 2


def test_no_baseline_is_written_when_a_file_cannot_be_read(folder):
    result = run("validate", calls(folder, 1), "missing.csv", "--write-baseline", "known.json")

    assert result.exit_code == 3
    assert not (folder / "known.json").exists()


def test_the_library_takes_baselines_too(folder):
    name = calls(folder, 3)
    run("validate", name, "--write-baseline", "known.json")

    result = calltools.validate(name, as_of=NOW, baseline=folder / "known.json")

    assert result.ok
    assert result.summary.accepted == {("CT221", "Price"): 3}


def test_what_is_accepted_is_not_called_clean(tmp_path):
    baseline = tmp_path / "known.json"
    sample = Path(__file__).parents[2] / "samples" / "broken" / "whole-file.csv"
    arguments = ["validate", str(sample), "--as-of", "2026-03-12T00:00:00Z", "--lang", "en"]
    CliRunner().invoke(app, [*arguments, "--write-baseline", str(baseline)])

    result = CliRunner().invoke(app, [*arguments, "--baseline", str(baseline)])

    assert "nothing new is wrong; accepted by the baseline: " in result.stdout
    assert "nothing is wrong" not in result.stdout
