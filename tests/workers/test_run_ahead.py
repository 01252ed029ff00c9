"""One thread that works ahead: results in order, and few of them in memory."""

import threading

import pytest

from calltools.workers.batch_work import BatchWork, run_ahead


def test_results_come_in_order_and_one_is_made_while_another_is_taken():
    made, gate = [], threading.Event()

    def process(number):
        made.append(number)
        if number:
            gate.wait(10)
        return number * 10

    results = run_ahead(BatchWork(lambda run: run(int, range(50)), process))

    assert next(results) == 0
    gate.set()
    taken = [0]
    for result in results:
        taken.append(result)
        assert len(made) <= len(taken) + 1
    assert taken == [number * 10 for number in range(50)]


@pytest.mark.parametrize("results", [None, False, 0])
def test_a_result_that_is_nothing_does_not_end_the_work(results):
    assert list(run_ahead(BatchWork(lambda run: run(int, range(3)), lambda _number: results))) == [results] * 3


def test_a_fault_comes_out_behind_the_results_before_it():
    def process(number):
        if number == 2:
            raise ValueError(number)
        return number

    results = run_ahead(BatchWork(lambda run: run(int, range(9)), process))

    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="2"):
        next(results)
    assert list(results) == []


def test_who_takes_no_more_stops_the_work():
    made = []
    results = run_ahead(BatchWork(lambda run: run(int, range(1000)), made.append))
    next(results)

    results.close()

    assert len(made) <= 3
    assert not [one for one in threading.enumerate() if one.name.startswith("calltools")]
