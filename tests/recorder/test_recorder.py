"""The recorder of the command line: two recordings of one checkout are equal, and changes are printed."""

import json
import subprocess
import sys

import pytest

from tests.recorder.__main__ import main

pytestmark = pytest.mark.slow


def record(folder, only):
    return main(["record", str(folder), "--only", only, "--jobs", "1"])


def records(folder):
    return [json.loads(line) for line in (folder / "commands.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Forks, processes of their own, written reports, a template and an upload to the service."""
    folder = tmp_path_factory.mktemp("recorded")
    record(folder, r"^samples/sipuni/(reports|baseline)|^schema/csvw|^template/t.xlsx-en|^uploads/waited-en")
    return folder


def test_a_recording_of_the_same_checkout_is_equal(recorded, tmp_path, capsys):
    record(tmp_path, r"^samples/sipuni/(reports|baseline)|^schema/csvw|^template/t.xlsx-en|^uploads/waited-en")

    assert main(["compare", str(recorded), str(tmp_path)]) == 0, capsys.readouterr().out


def test_a_record_holds_streams_files_and_what_arrived(recorded):
    by_name = {one["id"]: one for one in records(recorded)}

    converted = by_name["samples/sipuni/reports-en#0"]
    assert converted["real"]
    assert converted["code"] == 0
    assert converted["files"]["run/calls.csv"].startswith("ClientId,DateTime,")
    assert {"run/report.html", "run/report.xlsx", "run/report.sarif"} <= converted["files"].keys()
    assert by_name["schema/csvw#0"]["stdout"].startswith("{")
    uploaded = by_name["uploads/waited-en#0"]
    assert uploaded["stdout"] == "uploading 1000 PROCESSED sent 10 accepted 10 linked 9\n"
    assert len(json.loads(uploaded["files"]["<service>"])["posts"]) == 1


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda one: one.update(code=7), "+7"),
        (lambda one: one.update(stderr="other words\n"), "+other words"),
        (lambda one: one["files"].pop("run/calls.csv"), "file run/calls.csv: no longer written"),
        (lambda one: one["files"].update({"run/more.csv": "a,b\n"}), "+a,b"),
    ],
    ids=["code", "stream", "lost file", "new file"],
)
def test_a_change_is_printed_and_ends_with_1(recorded, tmp_path, capsys, change, expected):
    changed = records(recorded)
    (hurt,) = [one for one in changed if one["id"] == "samples/sipuni/reports-en#0"]
    change(hurt)
    (tmp_path / "commands.jsonl").write_text("\n".join(map(json.dumps, changed)), encoding="utf-8")

    code = main(["compare", str(recorded), str(tmp_path)])

    output = capsys.readouterr().out
    assert code == 1
    assert "samples/sipuni/reports-en#0: calltools convert export.csv" in output
    assert expected in output.splitlines()
    assert output.endswith(" 1 differ\n")


def test_a_command_that_only_one_recording_has_is_printed(recorded, tmp_path):
    lines = (recorded / "commands.jsonl").read_text(encoding="utf-8").splitlines()
    (tmp_path / "commands.jsonl").write_text("\n".join(lines[1:]), encoding="utf-8")

    compared = subprocess.run(
        [sys.executable, "-m", "tests.recorder", "compare", recorded, tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )

    assert compared.returncode == 1
    assert "only in the first recording" in compared.stdout
