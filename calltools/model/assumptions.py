"""What the user says and the file does not."""

from dataclasses import dataclass
from typing import Literal

DateOrder = Literal["dmy", "mdy", "ymd"]


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Everything a cell's reading may rest on beside the cell itself.

    Attributes:
        now: Unix seconds UTC; the end of time for the time rules.
        timezone: IANA name for wall-clock times; ``None``: nobody said, so they stay unread.
        region: ISO 3166 country for phone numbers without a country code; ``None``: they stay unread.
        currency: ISO 4217 code for money without a currency.
        date_order: How ambiguous dates are read.
    """

    now: int
    timezone: str | None = None
    region: str | None = None
    currency: str | None = None
    date_order: DateOrder | None = None
