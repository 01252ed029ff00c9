"""Files of the kinds seen in the field, with the command and the right values for each (`cases.toml`)."""

import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
FILES = FOLDER / "files"
AS_OF = "2026-11-25T00:00:00Z"  # The calls of the files are of November 2026.
CASES: list[dict[str, Any]] = tomllib.loads((FOLDER / "cases.toml").read_text("utf-8"))["case"]


def _run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    arguments = shlex.split(command.replace("{tmp}", str(folder)))
    if arguments[0] in ("validate", "convert") and "--as-of" not in arguments:
        arguments += ["--as-of", AS_OF]
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("CALLTOOLS_", "GITHUB_", "LC_", "LANG"))
    } | {"CALLTOOLS_STATE_DIR": str(folder / "state"), "PYTHONIOENCODING": "utf-8", "LANG": "C.UTF-8"}
    return subprocess.run(
        [sys.executable, "-m", "calltools", *arguments],
        cwd=FILES,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        encoding="utf-8",
    )


def test_every_file_is_in_the_table() -> None:
    commands = " ".join(command for case in CASES for command in case["commands"])
    assert not [path.name for path in sorted(FILES.iterdir()) if path.name not in commands]


def test_no_name_stands_twice() -> None:
    names = [case["name"] for case in CASES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_file_of_the_field_is_read_right(case: dict[str, Any], tmp_path: Path) -> None:
    *before, last = case["commands"]
    for command in before:
        first = _run(command, tmp_path)
        assert first.returncode == 0, first.stderr
    run = _run(last, tmp_path)
    everything = " ".join((run.stdout + run.stderr).split())
    assert run.returncode == case["exit"], run.stderr
    if "stdout" in case:
        assert run.stdout == case["stdout"], run.stderr
    for text in case.get("says", []):
        assert text in everything
    for text in case.get("never", []):
        assert text not in everything
