"""The GitHub Action: its shell steps as the runner runs them, installation included."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = {step["id"]: step for step in ACTION["runs"]["steps"]}
EXPRESSION = re.compile(r"\$\{\{ *([a-z.-]+) *\}\}")
BROKEN = ROOT / "samples" / "broken"
HOSTILE = ["$(touch seen)", "x; touch seen", "'; touch seen; '", '"; touch seen; "', "x\ntouch seen"]
AS_OF = "--as-of 2026-03-12T00:00:00Z"


@dataclass(frozen=True)
class Told:
    """The results of a step."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str


def run(step, place, values):
    """A shell step the way the runner starts it, with the variables that it has and no others of a runner."""
    output, summary = place / "output", place / "summary.md"
    output.write_text("", encoding="utf-8")
    summary.write_text("# Before\n", encoding="utf-8")
    own = {name: EXPRESSION.sub(lambda found: values[found[1]], text) for name, text in step["env"].items()}
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(("CALLTOOLS_", "GITHUB_"))}
    runner = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_ACTION_PATH": str(ROOT),
        "GITHUB_OUTPUT": str(output),
        "GITHUB_STEP_SUMMARY": str(summary),
        "RUNNER_TEMP": str(place),
        "LANG": "C.UTF-8",
    }
    script = place / "script.sh"
    script.write_text(step["run"], encoding="utf-8")
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
        cwd=place, env=inherited | runner | own, capture_output=True, text=True, check=False,
    )  # fmt: skip
    outputs = dict(line.split("=", 1) for line in output.read_text(encoding="utf-8").splitlines())
    return Told(done.returncode, done.stdout + done.stderr, outputs, summary.read_text(encoding="utf-8"))


@pytest.fixture
def check(tmp_path):
    """Runs the last step with some inputs; the others are as the action declares them."""

    def checked(programs=Path(sys.executable).parent, **inputs):
        usual = {f"inputs.{name}": action_input.get("default", "") for name, action_input in ACTION["inputs"].items()}
        passed = {f"inputs.{name.replace('_', '-')}": text for name, text in inputs.items()}
        return run(STEPS["check"], tmp_path, usual | passed | {"steps.install.outputs.bin": str(programs)})

    return checked


def test_what_is_installed_runs(check, tmp_path):
    installed = run(STEPS["install"], tmp_path, {"steps.python.outputs.python-path": sys.executable})

    assert installed.code == 0, installed.log
    programs = Path(installed.outputs["bin"])
    assert programs.is_relative_to(tmp_path)
    assert check(programs, files=str(BROKEN / "whole-file.csv"), args=AS_OF).outputs == {"exit-code": "1"}
    shutil.rmtree(programs.parent)


def test_broken_files_are_annotated_summed_up_and_fail(check):
    result = check(files=str(BROKEN / "whole-file.csv"), args=AS_OF)

    assert result.code == 1
    assert result.outputs == {"exit-code": "1"}
    assert re.search(
        r"^::error file=.*whole-file\.csv,line=9,title=CT301 identifier-missing::", result.log, re.MULTILINE
    )
    assert result.summary.startswith("# Before\n### ")
    assert "| error: **CT301** identifier-missing | 1 |" in result.summary


def test_clean_files_pass(check, tmp_path):
    (tmp_path / "a b.csv").write_text("ClientId,DateTime\n1604591025698235234,1773014400\n", encoding="utf-8")

    result = check(files="a b.csv\n", args=AS_OF)

    assert (result.code, result.outputs) == (0, {"exit-code": "0"})
    assert "::" not in result.log


def test_patterns_folders_and_names_with_spaces_are_files(check, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("one.csv", "two words.csv", "in/three.csv"):
        shutil.copy(BROKEN / "header.csv", tmp_path / name)

    result = check(files="*.csv\nin\n", args=AS_OF)

    assert [line for line in result.summary.splitlines() if line.startswith("### ")] == [
        "### one.csv", "### two words.csv", "### in/three.csv",
    ]  # fmt: skip


def test_inputs_become_options(check, tmp_path):
    shutil.copy(BROKEN / "whole-file.csv", tmp_path / "calls.csv")

    result = check(files="calls.csv", lang="ru", sarif="calls.sarif", fail_on="note", args=f"{AS_OF}\n--select CT304")
    again = check(files="calls.csv", sarif="calls.sarif", baseline="nowhere.json")

    assert result.code == 1
    assert "::notice file=calls.csv,line=5,title=CT304" in result.log
    assert "что делать:" in result.log
    assert '"ruleId": "CT304"' in (tmp_path / "calls.sarif").read_text(encoding="utf-8")
    assert again.code == 2
    assert "nowhere.json" in again.log


def test_exports_are_checked_as_they_would_be_converted(check):
    export = str(ROOT / "samples" / "sipuni" / "export.csv")

    result = check(files=export, command="convert-check", vendor="sipuni", timezone="Europe/Moscow", args=AS_OF)

    assert result.code == 1
    assert "CT301 identifier-missing" in result.summary
    assert check(files=export, command="convert-check", vendor="sipuni", args=AS_OF).code == 2


@pytest.fixture
def recorder(tmp_path):
    """A folder with a program in the place of calltools that writes down its arguments."""
    program = tmp_path / "programs" / "calltools"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nprintf '%s\\0' \"$@\" >arguments\n", encoding="utf-8")
    program.chmod(0o755)
    return program.parent


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "name", ["files", "command", "vendor", "timezone", "fail-on", "baseline", "lang", "sarif", "args"]
)
def test_an_input_reaches_calltools_as_it_stands_and_is_not_obeyed(check, recorder, tmp_path, name, text):
    # Only these hold several words.
    words = {"files": text.split("\n"), "args": text.split()}.get(name, [text])

    result = check(recorder, **{"files": "calls.csv", name: text})

    assert not (tmp_path / "seen").exists()
    if name == "command":
        assert (result.code, (tmp_path / "arguments").exists()) == (2, False)
        return
    arguments = (tmp_path / "arguments").read_text(encoding="utf-8").split("\0")[:-1]
    begin = arguments.index(words[0])
    assert arguments[begin : begin + len(words)] == words


def test_scripts_hold_no_expression():
    scripts = [step["run"] for step in STEPS.values() if "run" in step]

    assert len(scripts) == 2
    assert not any("${{" in script for script in scripts)


def test_every_input_is_used():
    used = set(re.findall(r"inputs\.([a-z-]+)", str(STEPS)))

    assert used == set(ACTION["inputs"])


@pytest.mark.parametrize(
    ("schema", "path"), [("vendor.github-actions", "action.yml"), ("vendor.gitlab-ci", ".gitlab/calltools.yml")]
)
def test_the_files_are_as_the_services_publish(schema, path):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(ROOT / path)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
