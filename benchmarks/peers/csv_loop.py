"""A loop over the `csv` module with compiled patterns: the program that most people write first."""

import csv
import re
import sys
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from rules import CURRENCIES, FORMS, LONGEST, NEWEST, OLDEST

MATCHERS = {column: re.compile(pattern).fullmatch for column, pattern in FORMS.items()}


def cell_faults(call: dict[str, str], sound: dict[str, bool]) -> Iterator[tuple[str, str]]:
    """Columns and rules that say something about one cell."""
    yield from ((column, "form") for column, is_sound in sound.items() if not is_sound)
    if not call["DateTime"]:
        yield "DateTime", "missing"
    elif sound["DateTime"] and not OLDEST <= int(call["DateTime"]) <= NEWEST:
        yield "DateTime", "window"
    for column in ("TalkDuration", "HoldDuration"):
        if call[column] and sound[column] and int(call[column]) > LONGEST:
            yield column, "day"
    if call["Currency"] and call["Currency"] not in CURRENCIES:
        yield "Currency", "ISO 4217"


def record_faults(call: dict[str, str], sound: dict[str, bool]) -> Iterator[tuple[str, str]]:
    """Columns and rules that say something about several cells."""
    if not (call["UserId"] or call["ClientId"] or call["Yclid"]) and call["StaticCall"] != "1":
        yield "ClientId", "identifier"
    if call["Price"] and not call["Currency"] and sound["Price"] and float(call["Price"]) > 0:
        yield "Currency", "price without currency"
    if call["Currency"] and not call["Price"]:
        yield "Price", "currency without price"
    if call["CallMissed"] == "1" and call["TalkDuration"] and sound["TalkDuration"] and int(call["TalkDuration"]) > 0:
        yield "TalkDuration", "missed call with talk"


def main(is_phone: Callable[[str], object] = lambda _phone: True) -> None:
    """Read the file, write the report; ``is_phone`` is asked about numbers that have the form of one."""
    with (
        Path(sys.argv[1]).open(encoding="utf-8", newline="") as source,
        Path(sys.argv[2]).open("w", encoding="utf-8", newline="") as report,
    ):
        out = csv.writer(report)
        out.writerow(("record", "column", "rule"))
        for record, call in enumerate(csv.DictReader(source), start=1):
            sound = {column: not call[column] or bool(matches(call[column])) for column, matches in MATCHERS.items()}
            if call["PhoneNumber"] and sound["PhoneNumber"]:
                sound["PhoneNumber"] = bool(is_phone(call["PhoneNumber"]))
            for column, rule in chain(cell_faults(call, sound), record_faults(call, sound)):
                out.writerow((record, column, rule))


if __name__ == "__main__":
    main()
