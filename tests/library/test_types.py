"""The public names, their types for a user under mypy strict, and files given as text."""

import subprocess
import sys
from dataclasses import fields

import pytest

import calltools
from calltools.run import OptionArguments, RunOptions

CALLS = "DateTime,PhoneNumber\n1773014400,+74950000001\n1773018000,+74950000002\n"
CRM = "phone,time,ClientId\n+74950000001,1773014000,1604591025698235234\n"

USER = """
from pathlib import Path

import calltools


def faults(path: Path) -> list[str]:
    result = calltools.validate(path, hints=calltools.Hints(encoding="cp866"), limits=calltools.Limits(columns=30))
    return [f"{finding.line or 0} {finding.column or ''} {finding.code} {finding.message}" for finding in result.findings]


def written(path: str) -> int:
    try:
        result = calltools.convert(path, "out.csv", identifiers="crm.csv", timezone="Europe/Moscow", static_call="auto")
    except calltools.CalltoolsError as fault:
        raise SystemExit(fault.exit_code) from None
    return result.summary.written or 0


def good_rows(frame: calltools.ArrowTable) -> int:
    checked = calltools.check(frame, static_call="auto", as_of="2026-03-12T00:00:00Z", encoding=None).raise_for_errors()
    with calltools.stream(frame) as batches:
        counts = [batch.good.num_rows for batch in batches]
    total: int = len(checked.good) + sum(counts) + calltools.plan("calls.csv", 12345678, again="all").to_send
    return total
"""


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "calls.csv").write_text(CALLS, encoding="utf-8")
    (tmp_path / "crm.csv").write_text(CRM, encoding="utf-8")
    return tmp_path


def test_a_program_of_a_user_is_typed_strictly(files):
    (files / "user.py").write_text(USER, encoding="utf-8")

    result = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(files / "cache"), "user.py"],
        capture_output=True,
        check=False,
        timeout=300,
    )

    assert result.returncode == 0, result.stdout.decode()


def test_a_wrong_option_is_found_by_its_type(files):
    (files / "user.py").write_text(USER.replace("timezone=", "time_zone="), encoding="utf-8")

    result = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(files / "cache"), "user.py"],
        capture_output=True,
        check=False,
        timeout=300,
    )

    assert "time_zone" in result.stdout.decode()


def test_keyword_arguments_are_the_options_of_a_run():
    assert [*OptionArguments.__annotations__] == [field.name for field in fields(RunOptions)]


def test_the_second_file_may_be_text_and_is_never_the_output(files):
    options = {"identifiers": "crm.csv", "as_of": 1773100800, "force": True}

    result = calltools.convert("calls.csv", "out.csv", **options)

    assert (result.summary.read, result.summary.written, result.summary.rejected) == (2, 1, 1)
    with pytest.raises(calltools.CalltoolsError, match="one of the inputs"):
        calltools.convert("calls.csv", "crm.csv", **options)
    assert (files / "crm.csv").read_text(encoding="utf-8") == CRM


def test_records_of_the_second_file_without_identifiers_are_counted(files):
    (files / "crm.csv").write_text(CRM + "8 495 000-00-02,1773014000,5\n+74950000002,soon,6\n", encoding="utf-8")

    result = calltools.validate("calls.csv", identifiers="crm.csv", as_of=1773100800)

    assert dict(result.summary.unusable) == {"damaged": 0, "phone": 1, "time": 1}
