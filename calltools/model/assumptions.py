"""Assumptions: what the user says about a file and the file itself does not."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

DateOrder = Literal["dmy", "mdy", "ymd"]
#: How a duration such as 3:15 is read.
DurationFormat = Literal["mm:ss", "h:mm"]
#: Separator of a date that ends with the year -> whether the day comes first or the month. Dates with any other
#: separator are not read.
Orders: TypeAlias = tuple[tuple[str, DateOrder], ...]


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
        proven_orders: The same as the dates of the file prove it; ``None``: they were not looked at.
        duration_format: How durations such as 3:15 are read; ``None``: unknown, so these are not normalized.
    """

    now: int
    timezone: str | None = None
    region: str | None = None
    currency: str | None = None
    date_order: DateOrder | None = None
    proven_orders: Orders | None = None
    duration_format: DurationFormat | None = None
