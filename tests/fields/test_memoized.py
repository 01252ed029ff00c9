"""Results of a column that are computed once."""

import threading
import weakref

import numpy as np
import pyarrow as pa
import pytest

from calltools.fields.kernels.byte_kernels import forget_columns, memoized


def counting():
    computed = []

    @memoized
    def size(cells):
        computed.append(cells)
        return np.full(len(cells), len(cells))

    return size, computed


def test_a_column_is_computed_once_and_an_equal_one_again():
    size, computed = counting()
    column, twin = pa.array(["a", "b"]), pa.array(["a", "b"])

    answers = [size(column), size(column), size(twin)]

    assert [answer.tolist() for answer in answers] == [[2, 2]] * 3
    assert len(computed) == 2


def test_a_column_of_a_table_is_computed_once_and_a_slice_of_it_again():
    size, computed = counting()
    table = pa.table({"Tag": ["a", "b", "c"]})

    sizes = [size(table["Tag"].chunk(0)), size(table["Tag"].chunk(0)), size(table["Tag"].chunk(0)[1:])]

    assert [len(answer) for answer in sizes] == [3, 3, 2]
    assert len(computed) == 2


def test_another_function_of_the_same_column_is_computed():
    computed = []

    @memoized
    def begins(cells, sign, *, count=1):
        computed.append(sign)
        return np.array([text.startswith(sign * count) for text in cells.to_pylist()]), sign

    column = pa.array(["aa", "b"])

    assert [begins(column, "a")[0].tolist(), begins(column, "b")[0].tolist()] == [[True, False], [False, True]]
    assert begins(column, "a", count=3)[0].tolist() == [False, False]
    assert begins(column, "a")[0].tolist() == [True, False]
    assert computed == ["a", "b", "a"]
    with pytest.raises(ValueError, match="read-only"):
        begins(column, "a")[0][0] = True


def test_a_shared_answer_cannot_be_written_to():
    size, _ = counting()

    with pytest.raises(ValueError, match="read-only"):
        size(pa.array(["a"]))[0] = 7


def test_old_columns_are_forgotten_and_each_thread_has_its_own_memory():
    size, computed = counting()
    columns = [pa.array([str(number)]) for number in range(100)]

    for column in columns:
        size(column)
    thread = threading.Thread(target=size, args=(columns[-1],))
    thread.start()
    thread.join()
    size(columns[-1])
    size(columns[0])

    assert len(computed) == 102


def test_a_thread_that_has_done_with_its_columns_keeps_none_of_them():
    size, computed = counting()
    column = pa.array(["a"])
    held = weakref.ref(size(column))

    forget_columns()

    assert held() is None
    size(column)
    assert len(computed) == 2
