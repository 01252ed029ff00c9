"""What the user says, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypedDict

from calltools.files.limits import Limits
from calltools.model.assumptions import DateOrder
from calltools.model.batch import Hints

StaticCall = Literal["0", "1", "auto"]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the user says, as values.

    Attributes:
        vendor: ``auto``, ``none``, a profile's name, or the path of one.
        hints: How the file is read, as far as the user says.
        timezone: IANA name for wall-clock times.
        region: ISO 3166 country of phone numbers without a country code.
        currency: Of a price column without one.
        static_call: For records whose export does not say.
        date_order: Of dates that can be read two ways.
        identifiers: A second file with identifiers.
        identifier_window_s: How far back its records may lie, in seconds.
        identifier_columns: Its columns, where they are not found by their names.
        own_numbers: Our numbers: a call to one is incoming.
        inbound_contexts: Dialplan contexts of incoming calls.
        as_of: "Now" for the time rules, Unix seconds; ``None``: the clock.
        select: Rules to apply; nothing: all.
        ignore: Rules not to apply.
        baseline: Findings that are known and do not count.
        exact_only: Every block over the exact road, every record through pandera.
        limits: What reading a file may cost.
    """

    vendor: str = "auto"
    hints: Hints = field(default_factory=Hints)
    timezone: str | None = None
    region: str | None = None
    currency: str | None = None
    static_call: StaticCall | None = None
    date_order: DateOrder | None = None
    identifiers: Path | None = None
    identifier_window_s: int = 21 * 86_400
    identifier_columns: Mapping[str, str] = field(default_factory=dict)
    own_numbers: tuple[str, ...] = ()
    inbound_contexts: tuple[str, ...] = ()
    as_of: int | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    baseline: Path | None = None
    exact_only: bool = False
    limits: Limits = field(default_factory=Limits)


class OptionArguments(TypedDict, total=False):
    """The fields of ``Options`` as keyword arguments of the library."""

    vendor: str
    hints: Hints
    timezone: str | None
    region: str | None
    currency: str | None
    static_call: StaticCall | None
    date_order: DateOrder | None
    identifiers: str | Path | None
    identifier_window_s: int
    identifier_columns: Mapping[str, str]
    own_numbers: tuple[str, ...]
    inbound_contexts: tuple[str, ...]
    as_of: int | None
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    baseline: str | Path | None
    exact_only: bool
    limits: Limits
