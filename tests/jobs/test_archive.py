"""Finished inputs are moved: no file is replaced, none is lost, and one that is not the one that was read stays."""

import os
import tempfile
from pathlib import Path

import pytest

from calltools.errors import OutputError, SourceError
from calltools.files.opening import read_stamp
from calltools.jobs.archive import free_names, prepare_folder, put_away

#: A file system in memory, so another one than that of temporary files; Linux has one.
OTHER = Path("/dev/shm")  # noqa: S108

#: A file that nobody can remove, not even root.
UNREMOVABLE = Path("/sys/devices/system/cpu/online")


@pytest.fixture(params=["same", pytest.param("other", marks=pytest.mark.skipif(not OTHER.is_dir(), reason="Linux"))])
def archive(request, tmp_path):
    """An archive on the file system of the inputs, and on another one."""
    if request.param == "same":
        folder = tmp_path / "archive"
        folder.mkdir()
        yield folder
        return
    assert OTHER.stat().st_dev != tmp_path.stat().st_dev
    with tempfile.TemporaryDirectory(dir=OTHER) as folder:
        yield Path(folder)


@pytest.fixture
def calls(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text("first")
    return path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_moved_with_its_name_and_its_time(calls, archive):
    before = calls.stat().st_mtime_ns

    target = put_away(calls, read_stamp(calls), archive)

    assert target == archive / "calls.csv"
    assert target.read_text() == "first"
    assert target.stat().st_mtime_ns == before
    assert not calls.exists()


def test_nothing_in_the_archive_is_replaced(calls, archive):
    for text in ("first", "second", "third"):
        calls.write_text(text)
        put_away(calls, read_stamp(calls), archive)

    assert names(archive) == ["calls-2.csv", "calls-3.csv", "calls.csv"]
    assert sorted(path.read_text() for path in archive.iterdir()) == ["first", "second", "third"]


@pytest.mark.parametrize("how", ["rewritten", "renamed over"])
def test_a_file_that_is_another_one_by_now_stays(calls, archive, how):
    stamp = read_stamp(calls)
    if how == "rewritten":
        calls.write_text("the next day")
    else:
        (calls.parent / "new").write_text("the next day")
        (calls.parent / "new").replace(calls)

    with pytest.raises(SourceError):
        put_away(calls, stamp, archive)

    assert calls.read_text() == "the next day"
    assert names(archive) == []


def test_a_file_that_is_gone_is_no_defect(calls, archive):
    stamp = read_stamp(calls)
    calls.unlink()

    with pytest.raises(SourceError):
        put_away(calls, stamp, archive)


def test_a_link_is_put_away_as_what_it_leads_to(calls, archive):
    real = calls.with_name("real.csv")
    calls.rename(real)
    calls.symlink_to(real)

    target = put_away(calls, read_stamp(calls), archive)

    assert not target.is_symlink()
    assert target.read_text() == "first"
    assert real.read_text() == "first"
    assert not os.path.lexists(calls)


@pytest.mark.skipif(not UNREMOVABLE.exists(), reason="Linux")
def test_a_file_that_cannot_be_removed_is_not_copied_again_by_each_run(archive):
    for _ in range(2):
        with pytest.raises(OutputError, match="cannot be removed"):
            put_away(UNREMOVABLE, read_stamp(UNREMOVABLE), archive)

    assert names(archive) == []
    assert UNREMOVABLE.exists()


def test_a_run_that_was_killed_between_the_two_names_leaves_one(calls, tmp_path):
    folder = tmp_path / "archive"
    folder.mkdir()
    (folder / "calls.csv").hardlink_to(calls)

    target = put_away(calls, read_stamp(calls), folder)

    assert names(folder) == ["calls.csv"]
    assert target.read_text() == "first"
    assert not calls.exists()


def test_the_only_name_of_a_file_is_never_removed(calls):
    put_away(calls, read_stamp(calls), calls.parent)

    assert [path.read_text() for path in calls.parent.iterdir() if path.is_file()] == ["first"]


def test_a_folder_that_cannot_be_written_is_known_before(tmp_path):
    (tmp_path / "file").write_text("in the place of the folder")

    with pytest.raises(OutputError):
        prepare_folder(tmp_path / "file")
    with pytest.raises(OutputError):
        prepare_folder(tmp_path / "file" / "below")


def test_a_folder_is_made_and_stays_empty(tmp_path):
    prepare_folder(tmp_path / "a" / "b")

    assert names(tmp_path / "a" / "b") == []


@pytest.mark.parametrize(
    ("name", "second"),
    [
        ("calls.csv", "calls-2.csv"),
        ("calls.csv.gz", "calls-2.csv.gz"),
        ("calls", "calls-2"),
        ("журнал 01.02.2026.xlsx", "журнал 01.02.2026-2.xlsx"),
        ("calls.rejects.csv", "calls-2.rejects.csv"),
        (".gz", ".gz-2"),
    ],
)
def test_a_number_stands_before_the_ending(name, second):
    found = free_names(name)

    assert [next(found), next(found)] == [name, second]
