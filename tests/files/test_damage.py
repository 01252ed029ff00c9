"""One damaged place in a good file of 30 records: exactly that record is named, the other 29 are unchanged."""

import csv
import io

import pytest

from calltools.fields.table import NAMES
from calltools.files import csv_file
from calltools.model.batch import Hints
from calltools.vendors.recognize import header_judge

COUNT = 30


def cells_of(number):
    tag = ["заявка", "целевой, повтор", 'обед "у Анны"', "первая\nвторая", ""][number % 5]
    return [
        f"user-{number}",
        str(1604591025698235234 + number),
        "",
        str(1772434800 + number),
        "0",
        f"{100 + number}.50",
        "RUB",
        f"+749500000{number:02}",
        str(30 + number),
        "5",
        "0",
        tag,
        "1",
        f"https://example.com/{number}",
        "",
    ]


RECORDS = [cells_of(number) for number in range(COUNT)]


def as_line(cells):
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow(cells)
    return stream.getvalue()[:-1]


LINES = [as_line(cells) for cells in RECORDS]
HEADER = ",".join(NAMES)


def read(tmp_path, lines, *, exact_only=False):
    path = tmp_path / "calls.csv"
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    table = csv_file.open_csv(path, "calls.csv", Hints(), header_judge(()), exact_only=exact_only)
    records, findings, count = {}, [], 0
    for task in table.tasks():
        batch = task().moved(count)
        count += batch.read
        for number, place, row in zip(
            batch.records.tolist(),
            batch.places.tolist(),
            zip(*(c.to_pylist() for c in batch.columns.columns), strict=True),
            strict=True,
        ):
            records[number] = (place, list(row))
        findings += [row for row in batch.findings.rows() if row["code"] != "CT010"]
    return records, findings, count


def places(lines):
    found, line = [], 2
    for text in lines:
        found.append(line)
        line += text.count("\n") + 1
    return found


def outside_quotes(text):
    """Positions of the text that are not inside a quoted cell."""
    inside, found = False, []
    for position, sign in enumerate(text):
        if sign == '"':
            inside = not inside
        elif not inside:
            found.append(position)
    return found


def damages(number):
    """Every damage of one record: a name and the damaged text."""
    line = LINES[number]
    free = outside_quotes(line)
    for position in free:
        if line[position] == ",":
            yield f"delimiter missing at {position}", line[:position] + line[position + 1 :]
            yield f"delimiter too many at {position}", line[:position] + "," + line[position:]
    yield "other delimiter", "".join(";" if at in free and sign == "," else sign for at, sign in enumerate(line))
    for position in free:
        if line[position] != ",":
            yield f"stray quote at {position}", line[:position] + '"' + line[position:]


@pytest.mark.parametrize("number", range(COUNT))
def test_every_single_damage_is_named_and_hurts_nobody_else(tmp_path, number):
    checked = 0
    for what, text in damages(number):
        lines = [*LINES[:number], text, *LINES[number + 1 :]]
        records, findings, count = read(tmp_path, lines)

        assert {row["record"] for row in findings} == {number + 1}, (what, findings)
        assert {row["place"] for row in findings} == {places(LINES)[number]}, what
        assert count == COUNT, what
        others = {n + 1: (places(lines)[n], RECORDS[n]) for n in range(COUNT) if n != number}
        assert records == others, what
        checked += 1
    assert checked > 80


@pytest.mark.parametrize("number", [0, 3, 7, 29])
@pytest.mark.parametrize("block_size", [40, 300, 1 << 20])
def test_the_road_and_the_size_of_blocks_change_nothing(tmp_path, monkeypatch, number, block_size):
    monkeypatch.setattr(csv_file, "BLOCK_SIZE", block_size)
    for what, text in list(damages(number))[::7]:
        lines = [*LINES[:number], text, *LINES[number + 1 :]]

        fast = read(tmp_path, lines)

        assert fast == read(tmp_path, lines, exact_only=True), what
        assert {row["record"] for row in fast[1]} == {number + 1}, what


def test_the_good_file_is_read_as_it_is(tmp_path):
    records, findings, count = read(tmp_path, LINES)

    assert findings == []
    assert count == COUNT
    assert records == {n + 1: (places(LINES)[n], RECORDS[n]) for n in range(COUNT)}
