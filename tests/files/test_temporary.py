"""Temporary files on a full disk: a sentence that says where room is needed, and nothing half-written."""

import sys
import tempfile
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

import calltools
from calltools.cli.app import app
from calltools.errors import OutputError
from calltools.files.temporary import open_temporary, temporary_path
from tests.conftest import NOW

resource = pytest.importorskip("resource", reason="limits of a process are those of POSIX")

CALLS = "DateTime,ClientId\n" + "1773014400,5\n" * 50


@contextmanager
def full_disk(size):
    """No file of this process may become larger; Python ignores the signal, so that writing fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with pytest.MonkeyPatch.context() as patch:
        # Half a module must not be kept for the next test.
        patch.setattr(sys, "dont_write_bytecode", True)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("output", ["calls.csv", "calls.csv.gz", "calls.parquet", "-"])
def test_records_that_find_no_room_say_where(output, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.csv").write_text(CALLS)
    temporary_path("known")

    with full_disk(1):
        done = CliRunner().invoke(app, ["convert", "in.csv", "-o", output, "--as-of", str(NOW), "--lang", "en"])

    assert done.exit_code == 2, done.exception
    assert f"The disk is full: {temporary_path('records')} was not written" in done.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["in.csv"]


def test_standard_input_that_finds_no_room_says_where():
    with full_disk(1):
        done = CliRunner().invoke(app, ["validate", "-", "--lang", "en"], input=CALLS)

    assert (done.exit_code, str(temporary_path("stdin")) in done.stderr) == (2, True)


def test_a_disk_that_is_full_from_the_start_is_no_fault_of_the_program(monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", None)

    with full_disk(0), pytest.raises(OutputError, match="TMPDIR"):
        calltools.convert(CALLS.encode(), as_of=NOW)


def test_what_cannot_be_flushed_at_the_end_hides_no_other_fault():
    def write():
        with open_temporary() as stream:
            stream.write(b"some bytes")
            raise KeyError

    with full_disk(1), pytest.raises(KeyError):
        write()
