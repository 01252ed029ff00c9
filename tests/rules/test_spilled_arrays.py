"""Numbers that are put on the disk come back as they were."""

import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from calltools.rules.repeated_keys import SpilledArrays

PARTS = [np.arange(n * 1000, n * 1000 + 10 * n, dtype=np.uint64) for n in range(20)]


def filled(room):
    spilled = SpilledArrays(room)
    for part in PARTS:
        spilled.append(part)
    return spilled


def lists(spilled):
    return [part.tolist() for part in spilled]


@pytest.mark.parametrize("room", [0, 800, 1 << 20])
def test_they_come_in_their_order(room):
    spilled = filled(room)

    assert len(spilled) == len(PARTS)
    assert lists(spilled) == lists(PARTS)
    assert lists(spilled) == lists(PARTS)


def test_several_threads_read_at_once():
    spilled = filled(0)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: lists(spilled), range(40))) == [lists(PARTS)] * 40


def test_without_a_disk_they_stay_in_memory(monkeypatch):
    def full(*_, **__):
        raise OSError(28, "full")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)

    assert lists(filled(0)) == lists(PARTS)


def test_a_disk_that_is_full_half_way_takes_no_more(monkeypatch):
    spilled = filled(0)
    file = spilled._file

    class Full:
        def write(self, data):
            return file.write(data[: len(data) // 2])

        def __getattr__(self, name):
            return getattr(file, name)

    spilled._file = Full()
    for part in PARTS:
        spilled.append(part)

    assert lists(spilled) == lists(PARTS) * 2


def test_a_truncated_spill_file_is_an_error():
    spilled = filled(0)
    spilled._file.truncate(8)

    with pytest.raises(OSError, match="shorter"):
        list(spilled)


def test_nothing_is_left_open():
    spilled = filled(0)
    file = spilled._file

    del spilled

    assert file.closed
