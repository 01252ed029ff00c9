"""The vendor's own sample: its form, and those of its records that are calls without a fault."""

import re
import shlex
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from calltools.errors import UsageError
from calltools.fields.table import FIELD_NAMES, IDENTIFIER_FIELDS
from calltools.model.batch import Batch
from calltools.model.cells import Mask
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.run.context import RunOptions, resolve
from calltools.run.planned_file import PlannedFile
from calltools.run.sample.forms import CsvSeed, JsonSeed, Seed, WorkbookSeed
from calltools.run.sample.values import has_dates_alone
from calltools.run.session import InputFile, Session
from calltools.run.sinks import SessionSink
from calltools.vendors import profile_library
from calltools.vendors.profile import Profile

CANONICAL: Final = "canonical"
#: "Now" where samples are looked at: a few days after their calls. Rules of the window are left out.
_NOW: Final = 1_774_569_600
_BY_NOW: Final = ("CT501", "CT502")
#: Faults of a record that are none here: they say what the vendor does not record, or are of the whole file.
HARMLESS: Final = ("CT301", "CT302", "CT303", "CT304", "CT306", "CT401", "CT402", "CT403", "CT405", "CT244")
#: What an id of a record looks like: no address, no time and no phone.
_ID: Final = re.compile(r"(?=.*[0-9]{4})(?!17[6-9][0-9]{7})[0-9A-Za-z_.@=-]+")
_ID_TITLE: Final = re.compile(r"id$|(?i:(?:^|[^a-z])id(?:$|[^a-z]))|Id$|ID$")
_FEWEST_IDS: Final = 2
_LONG_ID_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class Template:
    """A record of the seed that is a call without a fault."""

    record: int
    time: int
    phone: str
    missed: bool
    whole_days: bool
    filled: frozenset[str]
    identifiers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VendorSample:
    """What is known of the export that is invented.

    Attributes:
        seed: A file of it, taken apart.
        suffix: Of its name.
        arguments: The options with which it is converted.
        options: The same as values.
        templates: Its good calls.
        layout: Canonical field -> title of its column.
        unique: Titles of ids that differ from call to call.
        month_first: Whether its dates have the month before the day.
    """

    seed: Seed
    suffix: str
    arguments: str
    options: RunOptions
    templates: tuple[Template, ...]
    layout: Mapping[str, str]
    unique: frozenset[str]
    month_first: bool

    def templates_with(self, title: str | None) -> tuple[Template, ...]:
        """Good calls with something in a column; if there are none, all."""
        return tuple(one for one in self.templates if title is None or title in one.filled) or self.templates


def samples_folder() -> Path:
    """The folder of samples: inside an installed package, beside the package in a checkout."""
    return profile_library.schemas_folder().parent / "samples"


def open_vendor(name: str, suffix: str) -> VendorSample:
    """The sample of a vendor, or a canonical one.

    Args:
        name: A built-in profile, or ``canonical``.
        suffix: Of the file that is wanted: a canonical one may be a workbook.

    Raises:
        UsageError: There is no such profile, or it has no sample.
    """
    if name == CANONICAL:
        path = samples_folder() / CANONICAL / ("good.xlsx" if suffix == ".xlsx" else "good.csv")
        return _describe(path, "", None)
    profile = profile_library.find_profile(name)
    folder = samples_folder() / profile.name
    paths = sorted(folder.glob("export.*"))
    if not paths:
        raise UsageError("sample-none", name=name)
    arguments = " ".join((folder / "options").read_text(encoding="utf-8").split())
    return _describe(paths[0], arguments, profile)


def _describe(path: Path, arguments: str, profile: Profile | None) -> VendorSample:
    options = _parse_arguments(arguments, "none" if profile is None else profile.name)
    seen, summary = look_at(path, options)
    assert seen.planned is not None and summary.source is not None  # noqa: S101, PT018 - a sample can be read
    seed = _take_apart(path, seen.planned, profile, summary.read)
    good = [
        number
        for number in seen.calls
        if number not in seen.in_legs | seen.wrong and set(seen.codes.get(number, ())) <= set(HARMLESS)
    ]
    with_phone = [number for number in good if seen.calls[number].get("PhoneNumber")]
    chosen = with_phone or good
    formats = (
        () if profile is None else [one for steps in profile.fields.values() for step in steps for one in step.format]
    )
    return VendorSample(
        seed,
        path.suffix,
        arguments,
        options,
        tuple(_as_template(number, seen.calls[number], seed) for number in chosen),
        {name: title for name, (title, _) in seen.planned.plan.layout.items()},
        _titles_of_legs(seen.planned, profile) | _titles_of_ids(seed, summary.read, profile),
        any(one.startswith("%m/%d") for one in formats),
    )


def _as_template(number: int, call: Mapping[str, str], seed: Seed) -> Template:
    cells = [*seed.cells(number)]
    ids = tuple(call[name] for name in IDENTIFIER_FIELDS if call.get(name, "").isdecimal())
    return Template(
        number,
        int(call["DateTime"]),
        call.get("PhoneNumber", ""),
        call.get("CallMissed", "") == "1",
        any(has_dates_alone(text) for _, text in cells),
        frozenset(title for title, text in cells if text),
        tuple(one for one in ids if len(one) >= _LONG_ID_DIGITS),
    )


def _take_apart(path: Path, planned: PlannedFile, profile: Profile | None, count: int) -> Seed:
    table = planned.table
    if path.suffix == ".json":
        return JsonSeed(path.read_bytes(), count)
    if path.suffix == ".xlsx":
        return WorkbookSeed(path, table.titles, table.source.sheet or "", table.source.header_row or 1)
    undoubled = profile is not None and profile.quotes == "undoubled"
    return CsvSeed(
        path.read_bytes(), table.titles, table.source.delimiter or ",", table.source.header_row, undoubled=undoubled
    )


def _titles_of_ids(seed: Seed, count: int, profile: Profile | None) -> frozenset[str]:
    """Columns of ids that no field is read from, with another long number in each record that fills them."""
    fields = () if profile is None else profile.fields.values()
    read = {title.casefold() for steps in fields for step in steps for title in step.titles} | {
        name.casefold() for name in FIELD_NAMES
    }
    columns: dict[str, list[str]] = {}
    for number in range(1, count + 1):
        for title, text in seed.cells(number):
            if text and title.casefold() not in read and _ID_TITLE.search(title):
                columns.setdefault(title, []).append(text)
    return frozenset(
        title
        for title, texts in columns.items()
        if len(set(texts)) == len(texts) > _FEWEST_IDS and all(map(_ID.fullmatch, texts))
    )


def _titles_of_legs(planned: PlannedFile, profile: Profile | None) -> frozenset[str]:
    """Ids by which legs are told apart: they must differ, or several calls become one."""
    if profile is None:
        return frozenset()
    named = {
        *profile.rows.one_call_by,
        *profile.rows.one_call_by_all,
        *((profile.epoch_id,) if profile.epoch_id else ()),
    }
    folded = {title.casefold() for title in named}
    return frozenset(title for title in (*planned.table.titles, *named) if title.casefold() in folded)


def _parse_arguments(arguments: str, vendor: str) -> RunOptions:
    words = shlex.split(arguments)
    given: dict[str, Any] = {"vendor": vendor, "own_numbers": (), "inbound_contexts": ()}
    for option, value in zip(words[::2], words[1::2], strict=True):
        name = {"own_number": "own_numbers", "inbound_context": "inbound_contexts"}.get(
            key := option.removeprefix("--").replace("-", "_"), key
        )
        given[name] = (*given[name], value) if name in {"own_numbers", "inbound_contexts"} else value
    return RunOptions(**given)


@dataclass(slots=True)
class _SeenRecords(SessionSink):
    """The records of a small file as they are mapped, and the rules that speak of each."""

    calls: dict[int, dict[str, str]] = field(default_factory=dict)
    codes: dict[int | None, Counter[str]] = field(default_factory=dict)
    wrong: set[int] = field(default_factory=set)
    in_legs: set[int] = field(default_factory=set)
    planned: PlannedFile | None = None

    def wants_records(self, _path: Path) -> bool:
        return True

    def start_file(self, _name: str, planned: PlannedFile | None) -> None:
        self.planned = planned

    def take(self, batch: Batch, findings: Findings, _bad: Mask) -> None:
        for number, row in zip(batch.records.tolist(), batch.columns.to_pylist(), strict=False):
            self.calls[number] = row
        if batch.legs is not None:
            self.in_legs.update(batch.legs.records.tolist())
        for row in findings.to_rows():
            self.codes.setdefault(row["record"], Counter())[row["code"]] += 1
            if row["severity"] == "error":
                self.wrong.add(row["record"])


def look_at(path: Path, options: RunOptions) -> tuple[_SeenRecords, Summary]:
    """What the tool makes of a small file, and finds in it."""
    seen = _SeenRecords()
    given = replace(options, as_of=_NOW, ignore=_BY_NOW)
    # A vendor's export is normalized before it is judged, and a canonical file is judged as it is.
    [summary] = Session([InputFile(path, path.name, resolve(given))], [seen], stop_on_error=True).run()
    return seen, summary
