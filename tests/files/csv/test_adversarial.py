"""Damage in every line, and cells of megabytes: the work grows with the bytes, and both roads and all blocks agree."""

import sys

import pytest

from calltools.files.csv import reader
from tests.files.csv.test_reader import in_order, read

HEADER = "UserId,DateTime,Price,PhoneNumber,Tag"
#: The end of a line, by its number; the line is the number of the record, and what stands here.
SHAPES = {
    "bare quote": lambda _: ',2,3,4,a"b\n',
    "inches": lambda _: ',2,3,4,TV 32"\n',
    "quote opens every cell": lambda _: ',"2,"3,"4,"ab\n',
    "quote opens every line": lambda number: ',"2,3,4,5\n' if number else ',2,3,4,"\n',
    "opened every 50 lines": lambda number: f",2,3,4,{'' if number % 50 else chr(34)}ab\n",
    "quote at the end every 50 lines": lambda number: f",2,3,4,{'' if number % 50 else chr(34)}\n",
    "opened every 700 lines, bare between": lambda number: f',2,3,4,{"a" if number % 700 else ""}"b\n',
    "bare and opening in turns": lambda number: ',2,3,4,a"b\n' if number % 2 else ',2,3,4,"ab\n',
    "CR alone": lambda _: ',2,3,4,a"b\r',
    "CRLF": lambda _: ',2,3,4,a"b\r\n',
    "several lines and text behind": lambda _: ',2,3,4,"a\nb"c\n',
    "several lines, ragged": lambda _: ',2,3,"a\nb"\n',
    "two bare quotes": lambda _: ',2,3,4,a"b"c\n',
    "ragged with a quote at the end": lambda _: ',2,"x"\n',
    "torn every 900 lines": lambda number: ',2,"x\n' if number % 900 else ',2,3,"x"\n',
    "only a quote": lambda _: '"\n',
    "quote, delimiter": lambda _: '",\n',
}
#: Calls of functions, those in C too, for each line of the file. A sound line with a quote takes about 20.
MOST_CALLS = 250


def write(path, end_of, count, header=HEADER):
    lines = [(str(number) if end_of(number)[0] == "," else "") + end_of(number) for number in range(count)]
    path.write_bytes((header + "\n" + "".join(lines)).encode())
    return path


def count_calls(function, *arguments, **named):
    """The result of a function, and the calls that it made: work, whatever the machine."""
    calls = 0

    def profile(_frame, event, _argument):
        nonlocal calls
        calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        return function(*arguments, **named), calls
    finally:
        sys.setprofile(before)


@pytest.mark.parametrize("exact_only", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_damage_in_every_line_takes_work_by_the_line(tmp_path, shape, exact_only):
    # More lines than are searched for a complete record after a malformed one.
    path = write(tmp_path / "calls.csv", SHAPES[shape], 3000)

    _, calls = count_calls(read, path, exact_only=exact_only)

    assert calls < MOST_CALLS * len(path.read_bytes().splitlines())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("block_size", [700, 5000])
def test_damage_in_every_line_is_read_alike_on_both_roads_and_in_any_blocks(tmp_path, monkeypatch, shape, block_size):
    path = write(tmp_path / "calls.csv", SHAPES[shape], 1500)
    whole = read(path)
    monkeypatch.setattr(reader, "BLOCK_SIZE", block_size)

    for exact_only in (False, True):
        parts = read(path, exact_only=exact_only)
        assert parts[1] == whole[1]
        assert parts[3] == whole[3]
        assert in_order(parts[2]) == in_order(whole[2])


@pytest.mark.parametrize(
    "line", ["words of a comment\n", "\n", "one, two, three, four, five\n", 'say ""yes"" now\n', '""\n', "word\r\n"]
)
@pytest.mark.parametrize("exact_only", [False, True])
def test_a_cell_of_many_lines_takes_no_work_for_each_of_them(tmp_path, line, exact_only):
    path = tmp_path / "calls.csv"

    def calls_of(count):
        path.write_bytes(f'{HEADER}\n1,2,3,4,a\n2,2,3,4,"{line * count}"\n3,2,3,4,b\n'.encode())
        (_, rows, findings, _), calls = count_calls(read, path, exact_only=exact_only)
        assert len(rows) == 3
        assert {row["code"] for row in findings} <= {"CT010", "CT018"}
        return calls

    calls_of(10)  # imports what it needs
    assert calls_of(100_000) < calls_of(10) + 10_000


@pytest.mark.parametrize("exact_only", [False, True])
@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("ClientId,Tag", "first\n2,looks like a record\nlast"),
        ("ClientId,Tag", "1772434800\n1772434860,1772434860"),
        ("ClientId,DateTime,Tag", "note:\n2,1772434860,b\nend"),
        ("ClientId,DateTime,Tag", "red, green, blue\ngreen, red, blue\n"),
        ("ClientId,DateTime,Tag", "\n,,\n,,"),
    ],
)
def test_a_quoted_cell_that_closes_is_sound_whatever_it_holds(tmp_path, header, cell, exact_only):
    before = ["1604591025698235234", "1772434800"][: header.count(",")]
    path = tmp_path / "calls.csv"
    path.write_text(f'{header}\n{",".join([*before, "x"])}\n{",".join(before)},"{cell}"\n', encoding="utf-8")

    _, rows, findings, _ = read(path, exact_only=exact_only)

    assert [row["code"] for row in findings] == ["CT010"]
    assert [cells for _, _, cells in rows] == [(*before, "x"), (*before, cell)]


@pytest.mark.parametrize("exact_only", [False, True])
def test_calls_between_two_stray_quotes_are_no_text(tmp_path, exact_only):
    """Read by RFC 4180 alone, a lone quote in each of two records makes one record of all between them."""
    lines = [f"{number},{1772434800 + number},{chr(34) if number in {2, 6} else 'a'}" for number in range(10)]
    path = tmp_path / "calls.csv"
    path.write_text("\n".join(["ClientId,DateTime,Tag", *lines]) + "\n", encoding="utf-8")

    _, rows, findings, _ = read(path, exact_only=exact_only)

    assert [row["place"] for row in findings if row["code"] == "CT006"] == [4, 8]
    assert [number for number, _, _ in rows] == [1, 2, 4, 5, 6, 8, 9, 10]


@pytest.mark.parametrize("exact_only", [False, True])
@pytest.mark.parametrize(
    ("header", "behind"),
    [
        ('ClientId,DateTime,"Tag', ""),
        ('"ClientId,DateTime,Tag', ""),
        ('ClientId,"DateTime,Tag', '9,10,"x, y"\n'),
        ('"ClientId",DateTime,"Tag', '9,10,x"\n'),
        ('ClientId,DateTime,"Tag', '9,10,"\n'),
    ],
)
def test_a_quote_left_open_in_the_header_is_named_and_eats_nothing(tmp_path, header, behind, exact_only):
    path = tmp_path / "calls.csv"
    path.write_text(header + "\n" + "".join(f"{n},{n},t{n}\n" for n in range(2000)) + behind, encoding="utf-8")

    table, rows, findings, _ = read(path, exact_only=exact_only)

    assert table.titles == ("ClientId", "DateTime", "Tag")
    assert [(row["code"], row["place"], row["record"]) for row in findings][:1] == [("CT006", 1, None)]
    assert [cells for _, _, cells in rows[:2000]] == [(str(n), str(n), f"t{n}") for n in range(2000)]


def test_a_quote_left_open_above_the_header_eats_nothing(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text('"Отчёт за март\nClientId,DateTime,Tag\n1,2,a\n', encoding="utf-8")

    table, rows, findings, _ = read(path)

    assert (table.titles, len(rows)) == (("ClientId", "DateTime", "Tag"), 1)
    assert [row["code"] for row in findings] == ["CT016"]


def test_a_title_of_two_lines_is_a_title(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text('"Client\nId",DateTime,"Tag\nof the call"\n1,2,a\n', encoding="utf-8")

    table, rows, findings, _ = read(path)

    assert table.titles == ("Client\nId", "DateTime", "Tag\nof the call")
    assert [(place, cells) for _, place, cells in rows] == [(4, ("1", "2", "a"))]
    assert findings == []
