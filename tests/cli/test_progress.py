"""Progress: what is said of one file and of many, in both languages, on a terminal and elsewhere."""

import io

from calltools.cli.progress import Progress


class Clock:
    """A clock that stands until it is set."""

    now = 100.0

    def __call__(self):
        return self.now


def progress(files, language="en", **more):
    clock, stream = Clock(), io.StringIO()
    return Progress(stream, language, files, clock=clock, **more), clock, stream


def test_of_one_file_percent_rate_and_time_left_are_drawn():
    shown, clock, stream = progress(1, drawn=True)
    with shown.reading("calls.csv", 4000) as on_read:
        clock.now += 2
        on_read(24_690, 1000)

    assert stream.getvalue() == (
        "\r\x1b[K[#####---------------] calls.csv: 25 %, 24,690 records, 12,345 a second, 0:06 left\r\x1b[K"
    )


def test_digits_are_those_of_the_language():
    shown, clock, stream = progress(1, "ru", drawn=False)
    with shown.reading("calls.csv", 400_000) as on_read:
        clock.now += 4000
        on_read(12_345, 100_000)

    assert stream.getvalue() == "calls.csv: 25 %, записей: 12\u00a0345, в секунду: 3,1, осталось 3:20:00\n"


def test_where_there_is_no_terminal_a_line_comes_every_ten_seconds():
    shown, clock, stream = progress(1, drawn=False)
    with shown.reading("calls.csv", 100) as on_read:
        for count in range(1, 36):
            clock.now += 1
            on_read(count, count)

    assert [line.split(" %")[0] for line in stream.getvalue().splitlines()] == [
        "calls.csv: 10", "calls.csv: 20", "calls.csv: 30"
    ]  # fmt: skip


def test_of_many_files_the_files_are_counted():
    shown, clock, stream = progress(1200, drawn=False)
    for number in range(600):
        with shown.reading(f"{number}.csv", 100) as on_read:
            on_read(10, 100)
            clock.now += 0.25

    first, *others = stream.getvalue().splitlines()
    assert first == "file 41 of 1,200, 3 %, 4.0 files a second, 4:50 left"
    assert len(others) == 13


def test_without_bytes_the_records_are_told():
    shown, clock, stream = progress(1, drawn=False)
    with shown.reading("calls.json", 100) as on_read:
        clock.now += 10
        on_read(50, 0)

    assert stream.getvalue() == "calls.json: 50 records, 5.0 a second\n"


def test_a_report_on_the_same_screen_begins_a_line():
    shown, clock, stream = progress(2, drawn=True, shares_screen=True)
    clock.now += 1
    with shown.reading("a.csv", 1):
        pass

    assert stream.getvalue().startswith("\r\x1b[K[--------------------] file 1 of 2, 0 %, 0.0 files a second, ? left")
    assert stream.getvalue().endswith("\r\x1b[K")
