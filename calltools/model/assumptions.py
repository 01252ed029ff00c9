"""Assumptions: what the user says about a file and the file itself does not."""

from dataclasses import dataclass
from typing import Literal

DateOrder = Literal["dmy", "mdy", "ymd"]


@dataclass(frozen=True, slots=True)
class Assumptions:
    """All that the meaning of a cell may depend on beside the cell itself.

    Attributes:
        now: Unix seconds; for the time rules later times are in the future.
        timezone: IANA name for wall-clock times; ``None``: unknown, so these are not normalized.
        region: ISO 3166 country for phone numbers without a country code; ``None``: unknown, so these are not
            normalized.
        currency: ISO 4217 code for amounts without a currency.
        date_order: Which number of an ambiguous date is the day.
    """

    now: int
    timezone: str | None = None
    region: str | None = None
    currency: str | None = None
    date_order: DateOrder | None = None
