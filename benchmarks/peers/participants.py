"""Who takes part, in the order of the table."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Participant:
    """A program that is measured.

    Attributes:
        title: Its name in the table and the plot.
        phones_in_full: It asks whether a phone number is assigned, and not only whether it looks like one.
        color: Of its line, in a light and in a dark page.
    """

    title: str
    phones_in_full: bool = False
    color: tuple[str, str] = ("#59636e", "#9198a1")


#: By the name of the script; the floor is a bare parse without rules.
PARTICIPANTS: Final = {
    "floor": Participant("bare parse (floor)"),
    "calltools": Participant("calltools", True, ("#cf222e", "#ff7b72")),
    "polars_expressions": Participant("polars expressions", False, ("#0969da", "#58a6ff")),
    "dataframely_schema": Participant("dataframely", False, ("#1b7c83", "#39c5cf")),
    "duckdb_sql": Participant("DuckDB SQL", False, ("#9a6700", "#d29922")),
    "pandera_schema": Participant("pandera", False, ("#8250df", "#bc8cff")),
    "pandera_element_wise": Participant("pandera, each phone", True, ("#bf3989", "#f778ba")),
    "csv_loop": Participant("csv loop", False, ("#1a7f37", "#3fb950")),
    "csv_loop_phonenumbers": Participant("csv loop, each phone", True, ("#4d7c0f", "#a3d65c")),
    "frictionless_schema": Participant("frictionless", False, ("#953800", "#f0883e")),
}
