"""Work that is spread over forked processes: every piece once, in order, also where a process dies."""

import os
import signal

import pytest

from calltools.workers.spread import SpreadWork
from tests.workers.test_second_process import children_of, out_of_processes

PIECES = range(12)
CHUNKS = [[0, 1, 2], [3, 4], [5, 6, 7, 8], [9], [10, 11]]


def lost(number):
    return -number


def squares(numbers):
    return [number * number for number in numbers]


def dying_at(*bad, parent):
    def work(numbers):
        if os.getpid() != parent and any(number in bad for number in numbers):
            os.kill(os.getpid(), signal.SIGKILL)
        return squares(numbers)

    return work


@pytest.mark.parametrize("processes", [0, 1, 2, 3, 9])
def test_results_come_in_order_whatever_the_number_of_processes(processes):
    with SpreadWork(squares, CHUNKS, processes, lost) as work:
        assert work.processes == min(processes, len(CHUNKS))
        assert [work.take(number) for number in PIECES if number in work] == squares(PIECES)
    assert not children_of(os.getpid())


@pytest.mark.parametrize("bad", [(0,), (6,), (4, 7, 8), (9, 11)])
def test_a_process_that_dies_costs_the_piece_at_which_it_died(bad):
    with SpreadWork(dying_at(*bad, parent=os.getpid()), CHUNKS, 2, lost) as work:
        results = [work.take(number) for number in PIECES]

    assert results == [lost(number) if number in bad else number * number for number in PIECES]
    assert not children_of(os.getpid())


def test_pieces_that_nobody_takes_are_held_up_and_dropped():
    with SpreadWork(lambda numbers: [b"x" * 4_000_000 for _ in numbers], CHUNKS, 2, lost) as work:
        assert len(work.take(0)) == 4_000_000
    assert not children_of(os.getpid())


def test_a_defect_is_raised_where_its_piece_is_taken():
    def work_on(numbers):
        return [1 // (number - 3) for number in numbers]

    with SpreadWork(work_on, CHUNKS, 2, lost) as work:
        assert work.take(0) == -1
        assert (work.take(1), work.take(2)) == (-1, -1)
        with pytest.raises(ZeroDivisionError) as raised:
            work.take(3)
    assert any("work_on" in note for note in raised.value.__notes__)


def test_this_process_works_where_the_system_starts_no_more(monkeypatch):
    monkeypatch.setattr(os, "fork", out_of_processes)
    with SpreadWork(squares, CHUNKS, 3, lost) as work:
        assert not work.processes
        assert [work.take(number) for number in PIECES] == squares(PIECES)


def test_pieces_are_lost_where_no_process_follows_the_dead_one(monkeypatch):
    with SpreadWork(dying_at(3, parent=os.getpid()), CHUNKS, 1, lost) as work:
        first = [work.take(number) for number in (0, 1, 2)]
        monkeypatch.setattr(os, "fork", out_of_processes)
        assert first == squares((0, 1, 2))
        assert [work.take(number) for number in PIECES[3:]] == [lost(number) for number in PIECES[3:]]
