"""The gate of correctness: the cells that a peer reports, compared with the cells that calltools reports."""

import csv
from collections import Counter
from pathlib import Path
from typing import Final

#: The rules of calltools that are the shared ones; what else it finds is left out of the comparison.
SHARED: Final = frozenset(
    f"CT{number:03}"
    for number in (
        11, 12, 201, 202, 203, 204, 205, 207, 211, 212, 213, 214, 215, 221, 222, 231, 232, 233, 241, 242, 243, 245, 246,
        251, 261, 262, 263, 271, 281, 301, 303, 304, 305, 501,
    )
)  # fmt: skip
#: A possible number in no assigned range: what more the peers find that ask phonenumbers.
UNASSIGNED: Final = "CT244"
#: Records that the generator does not make: one or more for each rule on several cells, each bound, and what trips
#: patterns (digits of other scripts, a line break at the end of a cell).
ODD_RECORDS: Final = (
    ",,,1772434800,0,,,+74950001234,30,5,0,,0,,",
    ",,,1772434800,1,,,+74950001234,30,5,0,,0,,",
    ",,,1772434800,,,,+74950001234,30,5,0,,0,,",
    "client-7,,,1772434800,0,,,+74950001235,30,5,0,,0,,",
    ",,0123,1772434801,0,,,+74950001234,30,5,0,,0,,",
    ",1604591025698235234,,,0,,,+74950001236,30,5,0,,0,,",
    ",1604591025698235234,,1771286400,0,,,+74950001234,30,5,0,,0,,",
    ",1604591025698235234,,1771286399,0,,,+74950001234,30,5,0,,0,,",
    ",1604591025698235234,,1773101100,0,,,+74950001234,30,5,0,,0,,",
    ",1604591025698235234,,1773101101,0,,,+74950001234,30,5,0,,0,,",
    ",1604591025698235234,,1000000000,0,,,+74950001234,30,5,0,,0,,",
    ",1604591025698235234,,1772434802,0,100.50,,+74950001234,30,5,0,,0,,",
    ",1604591025698235234,,1772434803,0,0.00,,+74950001234,30,5,0,,0,,",
    ",1604591025698235234,,1772434804,0,,RUB,+74950001234,30,5,0,,0,,",
    ",1604591025698235234,,1772434805,0,.5,RUB,+74950001234,30,5,0,,0,,",
    ",1604591025698235234,,1772434806,0,,,+74950001234,30,5,1,,0,,",
    ",1604591025698235234,,1772434807,0,,,+74950001234,86400,86401,0,,0,,",
    ",１６０４５９,,1772434808,0,,,+7495０００1234,３0,5,0,,0,,",
    ',"1604591025698235234\n",,1772434809,0,,,"+74950001234\n","30\n",5,"0\n",,0,,',
    ",1604591025698235234,,1772434810,0,,,+70123456789,30,5,0,,0,,",
    ",1604591025698235234,,1772434811,0,,,+74950001234,NULL,5,nan,,0,,",
)

Fault = tuple[int, str]


def write_file(generated: Path, path: Path) -> None:
    """The generated file with the odd records behind it."""
    path.write_bytes(generated.read_bytes() + "".join(f"{record}\n" for record in ODD_RECORDS).encode())


def reported_by_peer(report: Path) -> set[Fault]:
    """Number of the record and column of each line."""
    with report.open(encoding="utf-8", newline="") as stream:
        return {(int(line["record"]), line["column"]) for line in csv.DictReader(stream)}


def reported_by_calltools(report: Path, *, phones_in_full: bool) -> set[Fault]:
    """The same of a report of findings, by the shared rules alone.

    A missing identifier has no column there, and of a static call it is a note and no shared rule. NULL is a word like
    others in a tag, and not the form of a cell elsewhere.
    """
    codes = SHARED | {UNASSIGNED} if phones_in_full else SHARED
    with report.open(encoding="utf-8", newline="") as stream:
        return {
            (int(line["record"]), line["column"] or "ClientId")
            for line in csv.DictReader(stream)
            if line["code"] in codes
            and (line["code"], line["severity"]) != ("CT301", "note")
            and (line["code"], line["column"]) != ("CT281", "Tag")
        }


def compare(ours: set[Fault], peers: set[Fault]) -> dict[str, object]:
    """How many cells both report, and of the others how many in each column."""
    return {
        "same": len(ours & peers),
        "missing": dict(sorted(Counter(column for _, column in ours - peers).items())),
        "more": dict(sorted(Counter(column for _, column in peers - ours).items())),
    }
