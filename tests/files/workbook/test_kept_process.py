"""The process that reads workbooks stays for the next one; what it cannot read is read by a new one."""

from pathlib import Path

import pytest

from calltools.errors import LimitError, SourceError
from calltools.files.limits import Limits
from calltools.files.opening import open_table
from calltools.files.workbook import reader
from calltools.files.workbook.kept import keep_workbook_process
from calltools.model.batch import HeaderGuess, Hints

SAMPLE = Path(__file__).parents[3] / "samples/calltouch-xlsx/export.xlsx"


def read(path, limits=Limits()):  # noqa: B008 - frozen
    table = open_table(path, path.name, Hints(), lambda _: HeaderGuess(0, 1), limits)
    return table.titles, [task().columns.to_pylist() for task in table.tasks()]


@pytest.fixture
def damaged(tmp_path):
    path = tmp_path / "damaged.xlsx"
    path.write_bytes(SAMPLE.read_bytes()[:3000])
    return path


def test_small_workbooks_share_a_process():
    alone = read(SAMPLE)

    with keep_workbook_process() as kept:
        assert [read(SAMPLE) for _ in range(3)] == [alone] * 3
        assert kept.started == 1
        process = kept.waiting

    assert process.ending_signal() == "SIGKILL"
    assert kept.waiting is None


def test_a_process_that_died_is_followed_by_another():
    with keep_workbook_process() as kept:
        first = read(SAMPLE)
        kept.waiting.kill()

        assert read(SAMPLE) == first
        assert kept.started == 2


def test_a_workbook_that_cannot_be_read_stops_no_other(damaged):
    with pytest.raises(SourceError) as alone:
        read(damaged)

    with keep_workbook_process():
        read(SAMPLE)
        with pytest.raises(SourceError) as raised:
            read(damaged)
        assert raised.value.key == alone.value.key
        assert read(SAMPLE)[1]


def test_what_fails_in_a_used_process_is_tried_in_a_new_one():
    with keep_workbook_process() as kept:
        read(SAMPLE)
        with pytest.raises(LimitError):
            read(SAMPLE, Limits(filled_cells=1))
        # Other limits, another process.
        assert kept.waiting is None
        assert read(SAMPLE)[1]
        assert kept.started == 3


def test_a_large_workbook_has_a_process_of_its_own(monkeypatch):
    monkeypatch.setattr(reader, "_SMALL_WORKBOOK_BYTES", 1)
    with keep_workbook_process() as kept:
        assert read(SAMPLE)[1]
        assert not kept.started
