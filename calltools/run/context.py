"""The options of a run as values, and what they mean, resolved once for all files."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, TypedDict

from calltools.errors import UsageError
from calltools.fields import check_assumptions
from calltools.fields.table import FIELD_NAMES
from calltools.files.limits import Limits
from calltools.files.packed import Packed, Unpacker
from calltools.files.remote_path import RemotePath
from calltools.model.assumptions import Assumptions, DateOrder, DurationFormat
from calltools.model.batch import Given, Hints
from calltools.run.second_files import IdentifierFile, OutcomeFile, open_identifiers, open_outcomes
from calltools.validation.baseline import Baseline, read_baseline
from calltools.validation.ruleset import RuleSet, select_rules
from calltools.vendors import profile_library
from calltools.vendors.profile import Profile

StaticCall = Literal["0", "1", "auto"]
#: Seconds of the units of a span of time, the longest first.
_UNITS: Final[Mapping[str, int]] = MappingProxyType({"d": 86_400, "h": 3_600, "m": 60, "s": 1})
_DELIMITERS: Final[Mapping[str, str]] = MappingProxyType(
    {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of a run.

    Attributes:
        vendor: ``auto``, ``none``, a profile's name, or the path of one.
        hints: How the file is read, as far as the user says.
        timezone: IANA name of the zone of wall-clock times.
        region: ISO 3166 country of phone numbers without a country code.
        currency: Of a price column that has none.
        static_call: For records whose export does not say.
        date_order: How dates are read that can be read two ways.
        duration_format: How durations such as 3:15 are read, which can be read two ways.
        identifiers: A second file with identifiers.
        identifiers_sheet: Its sheet, if it is a workbook; ``None``: the one whose titles fit best.
        identifier_window_s: Age of its records before the call that are still joined, in seconds.
        identifier_columns: Titles of its columns by field, ``phone`` or ``time``, where they are not found by name.
        outcomes: Files that say what became of the calls: price, currency, tag.
        outcomes_sheet: Their sheet, where they are workbooks; ``None``: the one whose titles fit best.
        outcome_window_s: Age of the call before its outcome at most, in seconds.
        outcome_columns: Titles of their columns by field, ``phone`` or ``time``, where they are not found by name.
        own_numbers: Our numbers: a call to one is incoming.
        inbound_contexts: Dialplan contexts of incoming calls.
        as_of: "Now" for the time rules, Unix seconds; ``None``: the clock.
        select: Rules to apply; nothing: all.
        ignore: Rules not to apply.
        baseline: A file of known findings, which do not count.
        exact_only: Read by the strict path only, and let pandera judge each record; slower, with the same result.
        limits: What reading a file may cost.
    """

    vendor: str = "auto"
    hints: Hints = field(default_factory=Hints)
    timezone: str | None = None
    region: str | None = None
    currency: str | None = None
    static_call: StaticCall | None = None
    date_order: DateOrder | None = None
    duration_format: DurationFormat | None = None
    identifiers: Path | None = None
    identifiers_sheet: str | None = None
    identifier_window_s: int = 21 * 86_400
    identifier_columns: Mapping[str, str] = field(default_factory=dict)
    outcomes: tuple[Path, ...] = ()
    outcomes_sheet: str | None = None
    outcome_window_s: int = 90 * 86_400
    outcome_columns: Mapping[str, str] = field(default_factory=dict)
    own_numbers: tuple[str, ...] = ()
    inbound_contexts: tuple[str, ...] = ()
    as_of: int | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    baseline: Path | None = None
    exact_only: bool = False
    limits: Limits = field(default_factory=Limits)


def list_given(options: RunOptions) -> tuple[Given, ...]:
    """The options that a user gave, as they are written on the command line; own numbers are not told again."""
    hints, usual = options.hints, RunOptions()
    said: list[tuple[str, str | int | Path | None]] = [
        ("vendor", None if options.vendor == usual.vendor else options.vendor),
        ("timezone", options.timezone),
        ("region", options.region),
        ("currency", options.currency),
        ("static-call", options.static_call),
        ("date-order", options.date_order),
        ("duration-format", options.duration_format),
        ("identifiers", options.identifiers),
        ("identifiers-sheet", options.identifiers_sheet),
        ("identifier-window", _format_window(options.identifier_window_s, usual.identifier_window_s)),
        ("identifier-columns", _format_columns(options.identifier_columns)),
        *(("outcomes", path) for path in options.outcomes),
        ("outcomes-sheet", options.outcomes_sheet),
        ("outcome-window", _format_window(options.outcome_window_s, usual.outcome_window_s)),
        ("outcome-columns", _format_columns(options.outcome_columns)),
        ("encoding", hints.encoding),
        ("delimiter", "tab" if hints.delimiter == "\t" else hints.delimiter),
        ("sheet", hints.sheet),
        ("header-row", hints.header_row),
        ("records", hints.records),
        ("as-of", None if options.as_of is None else _format_moment(options.as_of)),
        *(("inbound-context", word) for word in options.inbound_contexts),
        *(("own-number", "…") for _ in options.own_numbers),
        ("select", ",".join(options.select)),
        ("ignore", ",".join(options.ignore)),
        ("baseline", options.baseline),
        *(("limit", text) for text in _format_limits(options.limits)),
    ]
    return tuple(Given(name, str(value)) for name, value in said if value not in {None, ""})


def _format_moment(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _format_limits(limits: Limits) -> list[str]:
    """Those that the user has raised, each as ``NAME=VALUE``."""
    given = {one.name: getattr(limits, one.name) for one in fields(Limits) if getattr(limits, one.name) != one.default}
    return [f"{name.replace('_', '-')}={value}" for name, value in given.items()]


def _format_columns(columns: Mapping[str, str]) -> str:
    return ",".join(f"{name}={title}" for name, title in columns.items())


def _format_window(seconds: int, usual: int) -> str:
    """A window as its option takes it; empty: the usual one."""
    if seconds == usual:
        return ""
    unit, size = next((unit, size) for unit, size in _UNITS.items() if not seconds % size)
    return f"{seconds // size}{unit}"


def parse_window(text: str, option: str = "identifier-window") -> int:
    """A span of time in seconds, from a number and its unit, such as ``21d``, ``12h``, ``90m`` or ``30s``.

    Raises:
        UsageError: It is none.
    """
    span = re.fullmatch(r"([0-9]{1,6})([dhms])", text.strip().lower())
    if not span:
        raise UsageError("window-unreadable", option=option, given=text)
    return int(span[1]) * _UNITS[span[2]]


def build_hints(
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    header_row: int | None = None,
    records: str | None = None,
) -> Hints:
    """What the user says about the form of a file; a delimiter may be named by a word.

    Raises:
        UsageError: There is no such encoding, or the delimiter is not one of four.
    """
    sign = delimiter and _DELIMITERS.get(delimiter.lower(), delimiter)
    if sign is not None and sign not in _DELIMITERS.values():
        raise UsageError("delimiter-unknown", given=delimiter)
    if encoding is not None:
        try:
            "".encode(encoding)
        except (LookupError, UnicodeError):
            raise UsageError("encoding-unknown", given=encoding) from None
    return Hints(encoding, sign, sheet, header_row, records=records)


def parse_as_of(text: str) -> int:
    """A moment in Unix seconds, from its digits or from ISO 8601 with an offset.

    Raises:
        UsageError: It is neither, or lies outside of the calendar.
    """
    if re.fullmatch(r"[0-9]{9,11}", text):
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError("as-of-unreadable", given=text) from None
    if moment.tzinfo is None:
        raise UsageError("as-of-without-offset", given=text)
    # One zone further the first and the last day of the calendar have no date.
    if moment.year in {MINYEAR, MAXYEAR}:
        raise UsageError("as-of-unreadable", given=text)
    return int(moment.timestamp())


def parse_identifier_columns(text: str | None, option: str = "identifier-columns") -> dict[str, str]:
    """``phone=…,time=…,ClientId=…`` of an option as role -> title.

    Raises:
        UsageError: A part names no role or no title.
    """
    words = [word.strip() for word in (text or "").split(",") if word.strip()]
    pairs = [[part.strip() for part in word.partition("=")] for word in words]
    wrong = [word for word, _, title in pairs if not title or word not in {*FIELD_NAMES, "phone", "time"}]
    if wrong:
        raise UsageError("identifier-columns-unreadable", option=option, given=", ".join(wrong))
    return {word: title for word, _, title in pairs}


class OptionArguments(TypedDict, total=False):
    """The fields of ``RunOptions`` as keyword arguments of the library; paths, times and single words may be text."""

    vendor: str
    hints: Hints
    timezone: str | None
    region: str | None
    currency: str | None
    static_call: StaticCall | None
    date_order: DateOrder | None
    duration_format: DurationFormat | None
    identifiers: str | Path | None
    identifiers_sheet: str | None
    identifier_window_s: int
    identifier_columns: Mapping[str, str]
    outcomes: str | Path | Sequence[str | Path] | None
    outcomes_sheet: str | None
    outcome_window_s: int
    outcome_columns: Mapping[str, str]
    own_numbers: str | Sequence[str]
    inbound_contexts: str | Sequence[str]
    as_of: int | str | datetime | None
    select: str | Sequence[str]
    ignore: str | Sequence[str]
    baseline: str | Path | None
    exact_only: bool
    limits: Limits


@dataclass(frozen=True, slots=True)
class RunContext:
    """What all files with the same options share.

    Attributes:
        options: The options.
        ruleset: The rules that count.
        assumptions: What the user says and the files do not.
        profiles: Loads the profiles that may fit, or the one that was named. Not called for a canonical file.
        identifiers: The second file with identifiers.
        outcomes: Files of outcomes; those of the first input hold for all inputs of a run.
        baseline: Findings that are known.
        given: The options that advice speaks of and repeats.
    """

    options: RunOptions
    ruleset: RuleSet
    assumptions: Assumptions
    profiles: Callable[[], tuple[Profile, ...]]
    identifiers: IdentifierFile | None
    outcomes: tuple[OutcomeFile, ...] = ()
    baseline: Baseline = field(default_factory=Baseline)
    given: tuple[Given, ...] = ()


def resolve(options: RunOptions, *, told: RunOptions | None = None) -> RunContext:
    """Resolve what does not depend on a file: rules, profiles, second files, the baseline, "now".

    Args:
        options: The options.
        told: Those of them that a person knows of, where others are our own; ``None``: all.

    Raises:
        UsageError: An unknown rule, zone or profile; a file that is no baseline.
        SourceError: The file of identifiers, or one of outcomes, cannot be read.
    """
    check_assumptions.check_assumptions(options.timezone, options.region, options.currency)
    now = int(time.time()) if options.as_of is None else options.as_of
    assumptions = Assumptions(
        now,
        options.timezone,
        options.region,
        options.currency,
        options.date_order,
        duration_format=options.duration_format,
    )
    profiles = (
        # Once a run: every file asks for them.
        lru_cache(maxsize=1)(profile_library.load_profiles)
        if options.vendor in {"auto", "none"}
        else _always(profile_library.find_profile(options.vendor))
    )
    identifiers = None
    if options.identifiers is not None:
        identifiers = open_identifiers(
            options.identifiers, options.identifier_columns, options.limits, options.identifiers_sheet
        )
    outcomes = [
        open_outcomes(path, options.outcome_columns, options.limits, options.outcomes_sheet)
        for path in options.outcomes
    ]
    ruleset = select_rules(options.select, options.ignore)
    baseline = Baseline() if options.baseline is None else _read_baseline(options.baseline, options)
    given = list_given(told or options)
    return RunContext(options, ruleset, assumptions, profiles, identifiers, tuple(outcomes), baseline, given)


@dataclass(slots=True)
class RunContexts:
    """What the options of files mean, resolved once for all that have the same.

    Attributes:
        now: Of the run, Unix seconds: one for all of its files.
    """

    now: int
    _known: list[tuple[RunOptions, RunContext]] = field(default_factory=list)

    def find(self, options: RunOptions, told: RunOptions | None = None) -> RunContext:
        """The context of some options; the rest is as for ``resolve``, which it calls at most once for the same ones.

        Args:
            options: The options.
            told: See there.
        """
        known = next((context for other, context in self._known if other == options), None)
        if known is None:
            known = resolve(replace(options, as_of=options.as_of or self.now), told=told or options)
            self._known.append((options, known))
        return known


def _always(profile: Profile) -> Callable[[], tuple[Profile, ...]]:
    profiles = (profile,)
    return lambda: profiles


def _read_baseline(path: Path, options: RunOptions) -> Baseline:
    if not isinstance(path, RemotePath):
        return read_baseline(path)
    with Unpacker() as unpacker:
        return read_baseline(unpacker.plain_path(Packed(path), str(path), options.limits), path)
