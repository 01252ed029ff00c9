"""Answers about a column that are given again."""

import threading

import numpy as np
import pyarrow as pa
import pytest

from calltools.model.cells import remembered


def counting():
    asked = []

    @remembered
    def size(cells):
        asked.append(cells)
        return np.full(len(cells), len(cells))

    return size, asked


def test_a_column_is_asked_once_and_an_equal_one_again():
    size, asked = counting()
    column, twin = pa.array(["a", "b"]), pa.array(["a", "b"])

    answers = [size(column), size(column), size(twin)]

    assert [answer.tolist() for answer in answers] == [[2, 2]] * 3
    assert len(asked) == 2


def test_a_shared_answer_cannot_be_written_to():
    size, _ = counting()

    with pytest.raises(ValueError, match="read-only"):
        size(pa.array(["a"]))[0] = 7


def test_old_columns_are_forgotten_and_each_thread_has_its_own_memory():
    size, asked = counting()
    columns = [pa.array([str(number)]) for number in range(100)]

    for column in columns:
        size(column)
    thread = threading.Thread(target=size, args=(columns[-1],))
    thread.start()
    thread.join()
    size(columns[-1])
    size(columns[0])

    assert len(asked) == 102
