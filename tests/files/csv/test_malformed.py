"""One damaged place in a good file of 30 records: exactly that record is named, the other 29 are unchanged.

A damage that leaves a record which RFC 4180 allows cannot be told from intended data. These damages are listed
here exactly: a delimiter more or less inside a quoted cell, two quotes more inside a quoted cell or beside its own,
and a pair of quotes in place of an empty cell.
"""

import csv
import io
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from calltools.fields.table import FIELD_NAMES
from calltools.files.csv import reader
from calltools.files.inputs import OpenRequest
from calltools.model.batch import HeaderGuess, Hints

COUNT = 30
#: Records are of five kinds: each of them takes both paths at the beginning, later ones take one or the other.
#: They run the same code, which is traced for the first ones only: tracing takes half as long again.
BOTH_ROADS = [
    pytest.param(number, exact, marks=[] if number < 5 else pytest.mark.untraced)
    for number in range(COUNT)
    for exact in (False, True)
    if number < 5 or number % 2 == exact
]
ROADS = pytest.mark.parametrize("exact_only", [False, True])


def cells_of(number):
    tag = ["заявка", "целевой, повтор", 'обед "у Анны"', "первая\nвторая", ""][number % 5]
    return [
        f"u-{number}",
        str(16045 + number),
        "",
        str(177243 + number),
        "0",
        f"{100 + number}.50",
        "RUB",
        f"+749{number:02}",
        str(30 + number),
        "5",
        "0",
        tag,
        "1",
        f"https://e.com/{number}",
        "",
    ]


def as_line(cells):
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow(cells)
    return stream.getvalue()[:-1]


RECORDS = [cells_of(number) for number in range(COUNT)]
LINES = [as_line(cells) for cells in RECORDS]
#: As many columns as the records have; how many the service knows does not matter here.
TITLES = FIELD_NAMES[: len(RECORDS[0])]
HEADER = ",".join(TITLES)
CELL = r'(?:"(?:[^"]|"")*"|[^",\r\n]*)'
#: A whole record, strictly by RFC 4180.
WHOLE = re.compile(rf"{CELL}(?:,{CELL}){{{len(TITLES) - 1}}}")


def places(lines):
    found, line = [], 2
    for text in lines:
        found.append(line)
        line += text.count("\n") + 1
    return found


def read(path, lines, *, exact_only=False):
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    hints = Hints(encoding="utf-8", delimiter=",", header_row=1)
    request = OpenRequest(path, "calls.csv", hints, lambda _: HeaderGuess(0, len(TITLES)), exact_only=exact_only)
    table = reader.open_csv(request)
    records, errors, count = {}, [], 0
    for task in table.tasks():
        batch = task().shift_records(count)
        count += batch.read
        rows = zip(*(column.to_pylist() for column in batch.columns.columns), strict=True)
        for number, place, row in zip(batch.records.tolist(), batch.places.tolist(), rows, strict=True):
            records[number] = (place, list(row))
        assert {one.record for one in batch.malformed} == {
            row["record"] for row in batch.findings.to_rows() if row["code"] != "CT010"
        }
        errors += [
            (row["code"], row["record"], row["place"]) for row in batch.findings.to_rows() if row["code"] != "CT010"
        ]
    return records, errors, count


def put(line, position, sign):
    return line[:position] + sign + line[position:]


def delimiters_removed(line):
    return [(at, line[:at] + line[at + 1 :]) for at, sign in enumerate(line) if sign == ","]


def delimiters_added(line):
    return [(at, put(line, at, ",")) for at in range(len(line) + 1)]


def stray_quotes(line):
    return [(at, put(line, at, '"')) for at in range(len(line) + 1)]


def pairs_of_quotes(line):
    return [(at, put(line, at, '""')) for at in range(len(line) + 1)]


def opened_cells(line):
    """An opening quote without a close at the start of each cell."""
    return [
        (at, put(line, at, '"'))
        for at in range(len(line) + 1)
        if (at == 0 or line[at - 1] == ",") and not inside(line, at)
    ]


def other_delimiter(line):
    return [(0, "".join(";" if sign == "," and not inside(line, at) else sign for at, sign in enumerate(line)))]


def inside(line, at):
    """Whether a place lies in a quoted cell."""
    return line.count('"', 0, at) % 2 == 1


def may_stay_whole(kind, line, at):
    """Whether a damage leaves a record that RFC 4180 allows."""
    if kind in {delimiters_removed, delimiters_added}:
        return inside(line, at)
    if kind is pairs_of_quotes:
        empty = (at == 0 or line[at - 1] == ",") and (at == len(line) or line[at] == ",")
        beside = '"' in line[max(at - 1, 0) : at + 1]
        return inside(line, at) or beside or empty
    return False


KINDS = [delimiters_removed, delimiters_added, stray_quotes, pairs_of_quotes, opened_cells, other_delimiter]


def check(path, number, text, *, whole, exact_only):
    lines = [*LINES[:number], text, *LINES[number + 1 :]]
    records, errors, count = read(path, lines, exact_only=exact_only)
    where = places(lines)
    others = {n + 1: (where[n], RECORDS[n]) for n in range(COUNT) if n != number}
    assert count == COUNT
    if whole:
        assert errors == []
        assert records.pop(number + 1)[0] == where[number]
    else:
        assert [one[1:] for one in errors] == [(number + 1, where[number])]
        assert errors[0][0] in {"CT006", "CT007", "CT008"}
    assert records == others


@pytest.mark.parametrize(("number", "exact_only"), BOTH_ROADS)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_single_damage_is_named_and_hurts_nobody_else(tmp_path, kind, number, exact_only):
    line = LINES[number]
    for at, text in kind(line):
        whole = may_stay_whole(kind, line, at)
        assert whole == bool(WHOLE.fullmatch(text)), (at, text)
        try:
            check(tmp_path / "calls.csv", number, text, whole=whole, exact_only=exact_only)
        except AssertionError as fault:
            fault.add_note(f"at {at}: {text!r}")
            raise


@ROADS
@pytest.mark.parametrize("block_size", [16, 61, 300])
@pytest.mark.parametrize("number", [0, 2, 3, 29])
def test_blocks_of_any_size_change_nothing(tmp_path, monkeypatch, number, block_size, exact_only):
    monkeypatch.setattr(reader, "BLOCK_SIZE", block_size)
    line = LINES[number]
    for kind in KINDS:
        for at, text in kind(line)[number % 5 :: 11]:
            check(tmp_path / "calls.csv", number, text, whole=may_stay_whole(kind, line, at), exact_only=exact_only)


@ROADS
@pytest.mark.parametrize("block_size", [16, 300, 4 << 20])
def test_the_good_file_is_read_as_it_is(tmp_path, monkeypatch, block_size, exact_only):
    monkeypatch.setattr(reader, "BLOCK_SIZE", block_size)
    records, errors, count = read(tmp_path / "calls.csv", LINES, exact_only=exact_only)

    assert errors == []
    assert count == COUNT
    assert records == {n + 1: (places(LINES)[n], RECORDS[n]) for n in range(COUNT)}


def single_lines(number):
    """A call in one line; every fourth one has a quoted cell with a delimiter and quotes."""
    tag = 'обед, "у Анны"' if number % 4 == 3 else "заявка"
    return as_line([f"u{number}-", str(1772434800 + number), "", f"+7495000{1000 + number}", tag, "5"])


@st.composite
def damaged_lines(draw):
    """Up to 25 calls in a line each; some consecutive ones have a quote more, at the same or at any place."""
    lines = [single_lines(number) for number in range(draw(st.integers(1, 25)))]
    for _ in range(draw(st.integers(1, 3))):
        first = draw(st.integers(0, len(lines) - 1))
        last = draw(st.integers(first, min(first + 6, len(lines) - 1)))
        same = draw(st.one_of(st.none(), st.integers(0, 5)))
        for number in range(first, last + 1):
            if same is None:
                at = draw(st.integers(0, len(lines[number])))
            else:  # the edges of cells, where a quote may be right by chance
                edges = [match.start() for match in re.finditer(",|$", lines[number])]
                at = edges[same] + draw(st.integers(0, 1))
            lines[number] = put(lines[number], min(at, len(lines[number])), '"')
    return lines


def places_of(batches):
    """The line of each written, rejected and blank record, and the text of all cells."""
    found, cells = [], []
    for batch in batches:
        found += batch.places.tolist() + [one.place for one in batch.malformed]
        cells += [row for column in batch.columns.columns for row in column.to_pylist()]
        cells += [cell for one in batch.malformed for cell in one.cells]
    return sorted(found), "\n".join(cells)


def read_narrow(path, lines, *, exact_only):
    path.write_text("\n".join([NARROW_HEADER, *lines]) + "\n", encoding="utf-8")
    hints = Hints(encoding="utf-8", delimiter=",", header_row=1)
    request = OpenRequest(path, "calls.csv", hints, lambda _: HeaderGuess(0, 6), exact_only=exact_only)
    return [task() for task in reader.open_csv(request).tasks()]


NARROW_HEADER = "UserId,DateTime,Price,PhoneNumber,Tag,TalkDuration"
INCHES = [single_lines(number).replace("заявка", '24"') for number in range(9)]
#: Two calls of which the first opens a quoted cell, and the second closes it at the same column.
TWO_STRAY = [single_lines(0), single_lines(1).replace("+", '"+'), single_lines(2).replace(",заявка", '",заявка')]
#: The same; the second call has a sound quoted cell with a delimiter behind.
BESIDE_SOUND = [*TWO_STRAY[:2], single_lines(3).replace(',"обед', '","обед')]


@given(damaged_lines(), st.sampled_from([40, 300, 1 << 20]), st.booleans())
@example(INCHES, 1 << 20, False)
@example(TWO_STRAY, 1 << 20, False)
@example(BESIDE_SOUND, 1 << 20, False)
@example([*TWO_STRAY[:2], "", TWO_STRAY[2]], 1 << 20, False)
def test_each_call_is_written_or_rejected_whatever_quotes_stray(tmp_path_factory, lines, size, exact_only):
    path = tmp_path_factory.mktemp("csv") / "calls.csv"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "BLOCK_SIZE", size)
        batches = read_narrow(path, lines, exact_only=exact_only)

    found, text = places_of(batches)

    assert found == [number for number, line in enumerate(lines, 2) if line]
    assert sum(batch.read for batch in batches) == len(found)
    assert [text.count(f"u{number}-") for number in range(30)] == [
        sum(f"u{number}-" in line for line in lines) for number in range(30)
    ]


@ROADS
def test_the_rest_of_a_malformed_record_stands_in_its_cells(tmp_path, exact_only):
    """No line is nowhere: whoever mends the rejects finds all of them."""
    torn = ['u1-,1772434801,,+74950001001,"первая "вторая', 'третья", 15', '",5']
    batches = read_narrow(tmp_path / "calls.csv", [single_lines(0), *torn, single_lines(2)], exact_only=exact_only)

    assert [list(one.cells) for batch in batches for one in batch.malformed] == ["\n".join(torn).split(",")]
    assert places_of(batches)[0] == [2, 3, 6]


@ROADS
def test_a_sound_cell_of_several_lines_behind_damage_is_read(tmp_path, exact_only):
    sound = as_line(["u2-", "1772434802", "", "+74950001002", 'строка, "вторая"\nu9-,1,2,3,4,5\n\nтретья', "5"])
    batches = read_narrow(tmp_path / "calls.csv", [*INCHES[:2], sound, *INCHES[3:]], exact_only=exact_only)

    assert next(row for batch in batches for row in batch.columns.column(4).to_pylist()).count("\n") == 3
    assert places_of(batches)[0] == [2, 3, 4, 8, 9, 10, 11, 12, 13]
