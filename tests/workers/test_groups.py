"""The thread that finishes groups: their size, their order, and faults."""

import threading

import pytest

from calltools.workers.groups import GroupThread

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def finished():
    return []


def test_a_thread_without_work_gets_a_small_group_and_the_rest_at_the_end(finished):
    with GroupThread(finished.append) as groups:
        groups.add("a", records=99_999, unproven=0)
        groups.add("b", records=1, unproven=0)
        groups.wait()
        groups.add("c", records=1, unproven=0)
        assert finished == [["a", "b"]]
        groups.flush()
        groups.wait()

    assert finished == [["a", "b"], ["c"]]


def test_a_busy_thread_gets_larger_groups_but_few_unproven_records_at_once(finished):
    free = threading.Event()

    def finish(group):
        free.wait()
        finished.append(group)

    with GroupThread(finish) as groups:
        groups.add("a", records=100_000, unproven=0)
        assert not groups.is_idle()
        groups.add("b", records=249_999, unproven=149_999)
        free_later = threading.Thread(target=lambda: groups.add("c", records=0, unproven=1))
        free_later.start()
        free.set()
        free_later.join()
        groups.wait()
        assert groups.is_idle()

    assert finished == [["a"], ["b", "c"]]


def test_the_reader_waits_while_one_group_waits_for_another(finished):
    free, added = threading.Event(), []

    def finish(group):
        free.wait()
        finished.append((group, list(added)))

    def add_all():
        for name in "abc":
            groups.add(name, records=250_000, unproven=0)
            added.append(name)

    with GroupThread(finish) as groups:
        reader = threading.Thread(target=add_all)
        reader.start()
        while not added:
            pass
        free.set()
        reader.join()
        groups.wait()

    assert [group for group, _ in finished] == [["a"], ["b"], ["c"]]
    assert "b" not in finished[0][1]


def test_something_else_may_be_done_before_the_first_group(finished):
    with GroupThread(finished.append) as groups:
        groups.run(lambda: finished.append("first"))
        groups.add("a", records=1, unproven=0)
        groups.flush()
        groups.wait()

    assert finished == ["first", ["a"]]


def test_a_fault_of_the_thread_is_raised_in_the_main_thread():
    def broken(_group):
        raise OSError("no space left")

    groups = GroupThread(broken)
    groups.add("a", records=100_000, unproven=0)

    with groups, pytest.raises(OSError, match="no space"):
        groups.wait()
