"""The hooks, as pre-commit installs and runs them in a user's repository."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
#: What the wheel is made of, and the hooks.
PROJECT = ["calltools", "schemas", "samples", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"]
HEADER = "ClientId,DateTime,PhoneNumber\n"
CALLS = {
    "clean.csv": f"{HEADER}1604591025698235234,1773014400,+74950001234\n",
    "untidy.csv": f"{HEADER}1604591025698235234,1773018000,8 (495) 000-12-34\n",
    "notes.txt": "not a table\n",
    "calltools.toml": 'as-of = "2026-03-12T00:00:00Z"\nregion = "RU"\n',
}


def environment(place):
    """The environment without variables that change git, pre-commit or calltools."""
    config = place / "gitconfig"
    config.write_text("", encoding="utf-8")
    inherited = {key: text for key, text in os.environ.items() if not key.startswith(("CALLTOOLS_", "GIT_", "GITHUB_"))}
    nobody = {"NAME": "nobody", "EMAIL": "nobody@example.com"}
    who = {f"GIT_{role}_{key}": text for role in ("AUTHOR", "COMMITTER") for key, text in nobody.items()}
    return (
        inherited | who | {"GIT_CONFIG_GLOBAL": str(config), "PRE_COMMIT_HOME": str(place / "home"), "LANG": "C.UTF-8"}
    )


def repository(folder, environ):
    """Make a repository of the files in the folder."""
    for arguments in (["init"], ["add", "--force", "."], ["commit", "--message", "all"]):
        done = subprocess.run(["git", *arguments], cwd=folder, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def project(folder):
    """The project as it is here, committed or not."""
    folder.mkdir()
    for name in PROJECT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)


def run_hooks(place):
    """The output of each hook on the same repository, from the line with its outcome on."""
    environ, calls = environment(place), place / "calls"
    calls.mkdir()
    for name, text in CALLS.items():
        (calls / name).write_text(text, encoding="utf-8")
    project(place / "project")
    for folder in (place / "project", calls):
        repository(folder, environ)
    arguments = ["try-repo", "--verbose", "--color", "never", "--all-files", str(place / "project")]
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", *arguments],
        cwd=calls,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    parts = re.split(r"^(calltools [a-z -]+[a-z])\.{3,}", done.stdout, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True)) or pytest.fail(done.stdout + done.stderr)


def test_hooks_fail_for_errors_and_pass_what_convert_repairs(tmp_path):
    reports = run_hooks(tmp_path)

    assert sorted(reports) == sorted(hook["name"] for hook in HOOKS)
    assert reports["calltools validate"].startswith("Failed")
    assert "exit code: 1" in reports["calltools validate"]
    assert "untidy.csv:2 PhoneNumber CT241 error" in reports["calltools validate"]
    assert "clean.csv: nothing is wrong" in reports["calltools validate"]
    assert reports["calltools convert --check"].startswith("Passed")
    assert "untidy.csv: nothing is wrong" in reports["calltools convert --check"]
    assert not any("notes.txt" in report for report in reports.values())


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_hooks_look_at_tables_only(hook):
    names = ["a.csv", "in/Отчёт.xlsx", "a.tsv", "a.ods", "a.xls", "a.xlsm", "csv", "a.csv.txt", "package.json", "a.py"]

    taken = [name for name in names if re.search(hook["files"], name)]

    assert taken == ["a.csv", "in/Отчёт.xlsx", "a.tsv", "a.ods", "a.xls", "a.xlsm"]
