"""Inventing an export: records of the vendor's own sample, each with another time, caller and id."""

import random
import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from calltools.errors import UsageError, nearest_word
from calltools.fields.table import FIELD_NAMES, IDENTIFIER_FIELDS
from calltools.files.atomic import AtomicFile
from calltools.model.batch import Batch
from calltools.model.cells import Mask
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.rules.catalog import RULES_BY_CODE, RULES_BY_NAME
from calltools.run.context import RunOptions, resolve
from calltools.run.job import Job
from calltools.run.sample.faults import DAMAGES, Damage
from calltools.run.sample.forms import CsvSeed, JsonSeed, Seed, WorkbookSeed
from calltools.run.sample.values import PhoneChange, TimeShift, change_phone, has_dates_alone, number_id
from calltools.run.session import InputFile, Session
from calltools.run.sinks import SessionSink
from calltools.texts.keys import MessageKey
from calltools.vendors import profile_library
from calltools.vendors.profile import Profile

CANONICAL: Final = "canonical"
#: "Now" where samples are looked at: a few days after their calls. Rules of the window are left out.
_NOW: Final = 1_774_569_600
_BY_NOW: Final = ("CT501", "CT502")
#: Faults of a record that are none here: they say what the vendor does not record, or are of the whole file.
_HARMLESS: Final = ("CT301", "CT302", "CT303", "CT304", "CT306", "CT401", "CT402", "CT403", "CT405", "CT244")
#: What may come with a repeated record.
_BESIDE: Final = ("CT405",)
_TRIED_RECORDS: Final = 6
#: What an id of a record looks like: no address, no time and no phone.
_ID: Final = re.compile(r"(?=.*[0-9]{4})(?!17[6-9][0-9]{7})[0-9A-Za-z_.@=-]+")
_ID_TITLE: Final = re.compile(r"id$|(?i:(?:^|[^a-z])id(?:$|[^a-z]))|Id$|ID$")
_FEWEST_IDS: Final = 2
_SPAN_DAYS: Final = 12
_DAY_S: Final = 86_400
_WITHIN_DAY_S: Final = 7200
#: When clocks were set forward in America: calls do not move over that moment.
_CLOCK_CHANGE: Final = range(1_772_949_600, 1_772_971_200)
_MANY: Final = 1_000_003
#: Draws for a call that no earlier record is.
_MAX_DRAWS: Final = 200
_LONG_ID_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class SampleOptions:
    """What is invented.

    Attributes:
        records: Calls.
        seed: The same number gives the same file.
        missed: Share of missed calls in percent; ``None``: as in the vendor's own sample.
        faults: Code of a rule -> records with this fault.
    """

    records: int = 100
    seed: int = 1
    missed: float | None = None
    faults: Mapping[str, int] = field(default_factory=dict)


def parse_faults(text: str) -> dict[str, int]:
    """Faults as they are written on the command line: ``CT241=3,phone-impossible=1``.

    Raises:
        UsageError: A rule is unknown, or a number is none.
    """
    faults: Counter[str] = Counter()
    for pair in filter(None, (word.strip() for word in text.split(","))):
        word, _, count = pair.partition("=")
        rule = RULES_BY_CODE.get(word.strip().upper()) or RULES_BY_NAME.get(word.strip().lower())
        if rule is None:
            near = nearest_word(word.strip().lower(), [*RULES_BY_NAME, *(code.lower() for code in RULES_BY_CODE)])
            key: MessageKey = "rule-unknown-near" if near else "rule-unknown"
            raise UsageError(key, word=word, nearest=near.upper() if near.startswith("ct") else near)
        if not (count or "1").strip().isdecimal():
            raise UsageError("sample-fault-count", given=pair)
        faults[rule.code] += int(count or 1)
    return dict(faults)


@dataclass(slots=True)
class _SeenRecords(SessionSink):
    """The records of a small file as they are mapped, and the rules that speak of each."""

    calls: dict[int, dict[str, str]] = field(default_factory=dict)
    codes: dict[int | None, Counter[str]] = field(default_factory=dict)
    wrong: set[int] = field(default_factory=set)
    in_legs: set[int] = field(default_factory=set)
    job: Job | None = None

    def wants_records(self, _path: Path) -> bool:
        return True

    def start_file(self, _name: str, job: Job | None) -> None:
        self.job = job

    def take(self, batch: Batch, findings: Findings, _bad: Mask) -> None:
        for number, row in zip(batch.records.tolist(), batch.columns.to_pylist(), strict=False):
            self.calls[number] = row
        if batch.legs is not None:
            self.in_legs.update(batch.legs.records.tolist())
        for row in findings.to_rows():
            self.codes.setdefault(row["record"], Counter())[row["code"]] += 1
            if row["severity"] == "error":
                self.wrong.add(row["record"])


def _look_at(path: Path, options: RunOptions) -> tuple[_SeenRecords, Summary]:
    seen = _SeenRecords()
    given = replace(options, as_of=_NOW, ignore=_BY_NOW)
    # A vendor's export is normalized before it is judged, and a canonical file is judged as it is.
    [summary] = Session([InputFile(path, path.name, resolve(given))], [seen], stop_on_error=True).run()
    return seen, summary


@dataclass(frozen=True, slots=True)
class _Template:
    """A record of the seed that is a call without a fault."""

    record: int
    time: int
    phone: str
    missed: bool
    whole_days: bool
    filled: frozenset[str]
    identifiers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Vendor:
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
    templates: tuple[_Template, ...]
    layout: Mapping[str, str]
    unique: frozenset[str]
    month_first: bool

    def templates_with(self, title: str | None) -> tuple[_Template, ...]:
        """Good calls with something in a column; if there are none, all."""
        return tuple(one for one in self.templates if title is None or title in one.filled) or self.templates


def write_sample(name: str, output: Path, options: SampleOptions, *, force: bool = False) -> str:
    """Write an invented export; gives the options with which it converts without an error.

    The same options give the same bytes.

    Args:
        name: A built-in profile, or ``canonical``.
        output: Its ending is that of the vendor's exports; a canonical file may be ``.csv`` or ``.xlsx``.
        options: What is invented.
        force: Overwrite an existing file.

    Raises:
        UsageError: There is no such export, it has another ending, or a fault cannot be in it.
        OutputError: The file is there, or cannot be written.
    """
    vendor = _open_vendor(name, output.suffix.lower())
    if output.suffix.lower() != vendor.suffix:
        raise UsageError("sample-ending", name=name, ending=vendor.suffix, path=output)
    if sum(options.faults.values()) > max(options.records - 1, 0):
        raise UsageError("sample-faults-many", count=sum(options.faults.values()), records=options.records)
    wanted = [code for code, count in options.faults.items() if count]
    usual = _codes_with(None, vendor) if wanted else Counter()
    damages = {code: _find_damage(code, vendor, name, usual) for code in wanted}
    with AtomicFile(output, force=force) as stream:
        vendor.seed.write(_invent(vendor, options, damages), stream)
    return vendor.arguments


def samples_folder() -> Path:
    """The folder of samples: inside an installed package, beside the package in a checkout."""
    return profile_library.schemas_folder().parent / "samples"


def _open_vendor(name: str, suffix: str) -> _Vendor:
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


def _describe(path: Path, arguments: str, profile: Profile | None) -> _Vendor:
    options = _parse_arguments(arguments, "none" if profile is None else profile.name)
    seen, summary = _look_at(path, options)
    assert seen.job is not None and summary.source is not None  # noqa: S101, PT018 - a sample can be read
    seed = _take_apart(path, seen.job, profile, summary.read)
    good = [
        number
        for number in seen.calls
        if number not in seen.in_legs | seen.wrong and set(seen.codes.get(number, ())) <= set(_HARMLESS)
    ]
    with_phone = [number for number in good if seen.calls[number].get("PhoneNumber")]
    chosen = with_phone or good
    formats = (
        () if profile is None else [one for steps in profile.fields.values() for step in steps for one in step.format]
    )
    return _Vendor(
        seed,
        path.suffix,
        arguments,
        options,
        tuple(_as_template(number, seen.calls[number], seed) for number in chosen),
        {name: title for name, (title, _) in seen.job.plan.layout.items()},
        _titles_of_legs(seen.job, profile) | _titles_of_ids(seed, summary.read, profile),
        any(one.startswith("%m/%d") for one in formats),
    )


def _as_template(number: int, call: Mapping[str, str], seed: Seed) -> _Template:
    cells = [*seed.cells(number)]
    ids = tuple(call[name] for name in IDENTIFIER_FIELDS if call.get(name, "").isdecimal())
    return _Template(
        number,
        int(call["DateTime"]),
        call.get("PhoneNumber", ""),
        call.get("CallMissed", "") == "1",
        any(has_dates_alone(text) for _, text in cells),
        frozenset(title for title, text in cells if text),
        tuple(one for one in ids if len(one) >= _LONG_ID_DIGITS),
    )


def _take_apart(path: Path, job: Job, profile: Profile | None, count: int) -> Seed:
    table = job.table
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


def _titles_of_legs(job: Job, profile: Profile | None) -> frozenset[str]:
    """Ids by which legs are told apart: they must differ, or several calls become one."""
    if profile is None:
        return frozenset()
    named = {
        *profile.rows.one_call_by,
        *profile.rows.one_call_by_all,
        *((profile.epoch_id,) if profile.epoch_id else ()),
    }
    folded = {title.casefold() for title in named}
    return frozenset(title for title in (*job.table.titles, *named) if title.casefold() in folded)


def _parse_arguments(arguments: str, vendor: str) -> RunOptions:
    words = shlex.split(arguments)
    given: dict[str, Any] = {"vendor": vendor, "own_numbers": (), "inbound_contexts": ()}
    for option, value in zip(words[::2], words[1::2], strict=True):
        name = {"own_number": "own_numbers", "inbound_context": "inbound_contexts"}.get(
            key := option.removeprefix("--").replace("-", "_"), key
        )
        given[name] = (*given[name], value) if name in {"own_numbers", "inbound_contexts"} else value
    return RunOptions(**given)


def _invent(vendor: _Vendor, options: SampleOptions, damages: Mapping[str, Damage]) -> Iterator[Any]:
    """The records, one after the other."""
    draw = random.Random(options.seed)  # noqa: S311 - invented calls
    places = draw.sample(range(1, max(options.records, 1)), sum(options.faults.values()))
    faulty = dict(zip(places, (code for code, count in options.faults.items() for _ in range(count)), strict=True))
    known: set[tuple[str, int]] = set()
    sound: Any = None
    for number in range(options.records):
        damage = damages[faulty[number]] if number in faulty else None
        # A record does not depend on the draws of those before it, so that a fault changes one record only.
        chance = random.Random(options.seed * _MANY + number)  # noqa: S311 - as above
        title = vendor.layout.get(damage.field) if damage is not None else None
        call = _draw_call(vendor.templates_with(title), chance, options.missed, known)
        record = _write_record(vendor, call, chance, number, damage)
        sound = record if damage is None else sound
        yield sound if damage is not None and damage.repeats else record


@dataclass(frozen=True, slots=True)
class _Call:
    """What is different in a record from its template."""

    template: _Template
    shift_s: int
    phone: PhoneChange | None


def _draw_call(
    templates: tuple[_Template, ...], chance: random.Random, missed: float | None, known: set[tuple[str, int]]
) -> _Call:
    """A call that no earlier record is."""
    template = _choose(templates, chance, missed)
    call, key = _Call(template, 0, None), (template.phone, template.time)
    for _ in range(_MAX_DRAWS):
        template = _choose(templates, chance, missed)
        shift_s = chance.randrange(_SPAN_DAYS) * _DAY_S
        if not template.whole_days:
            shift_s += chance.randrange(_WITHIN_DAY_S)
        moment = template.time + shift_s
        if moment in _CLOCK_CHANGE or (template.time < _CLOCK_CHANGE.start) != (moment < _CLOCK_CHANGE.start):
            continue
        phone = change_phone(template.phone, chance.randrange)
        call = _Call(template, shift_s, phone)
        key = template.phone if phone is None else f"{template.phone} {phone.digits}", moment
        if key not in known:
            break
    known.add(key)
    return call


def _write_record(vendor: _Vendor, call: _Call, chance: random.Random, number: int, damage: Damage | None) -> Any:
    shift = TimeShift(call.shift_s + (damage.shift_s if damage else 0), vendor.month_first)
    ids = {one: _another_id(one, chance) for one in call.template.identifiers}
    title_of_damage = vendor.layout.get(damage.field) if damage and damage.field else None

    def change(title: str, text: str) -> str | int:
        if title == title_of_damage and damage is not None:
            return damage.cell
        return _change_cell(title, text, vendor, shift, call.phone, ids, number)

    return vendor.seed.vary(call.template.record, change)


def _change_cell(  # noqa: PLR0913, PLR0917 - what is different in this record
    title: str,
    text: str,
    vendor: _Vendor,
    shift: TimeShift,
    phone: PhoneChange | None,
    ids: Mapping[str, str],
    number: int,
) -> str:
    for before, after in ids.items():
        text = text.replace(before, after)
    text = shift.apply(text)
    if title in vendor.unique and text:
        return number_id(text, number + 1)
    return text if phone is None else phone.apply(text)


def _another_id(before: str, chance: random.Random) -> str:
    """An id with other last digits: its first ten may be the second of the first visit."""
    kept = before[:10]
    return kept + "".join(str(chance.randrange(10)) for _ in before[10:-1]) + str(chance.randrange(1, 10))


def _choose(templates: tuple[_Template, ...], chance: random.Random, missed: float | None) -> _Template:
    if missed is None:
        return chance.choice(templates)
    wanted = chance.random() * 100 < missed
    fitting = [one for one in templates if one.missed is wanted]
    return chance.choice(fitting or templates)


def _find_damage(code: str, vendor: _Vendor, name: str, usual: Counter[str]) -> Damage:
    """The first way to get the fault that gives it, and no other one, in a file of this vendor.

    Args:
        code: Of the rule.
        vendor: Whose export it is.
        name: Of the vendor.
        usual: What is found in such a file without a damage.

    Raises:
        UsageError: No way does; the rules are named that may be asked for.
    """
    for damage in DAMAGES.get(code, ()):
        if _may_have(damage, vendor) and _codes_more(_codes_with(damage, vendor), usual) == Counter({code: 1}):
            return damage
    others = [other for other, ways in DAMAGES.items() if other != code and any(_may_have(one, vendor) for one in ways)]
    raise UsageError("sample-fault-impossible", code=code, name=name, possible=", ".join(others))


def _may_have(damage: Damage, vendor: _Vendor) -> bool:
    return not damage.field or damage.field in vendor.layout


def _codes_more(found: Counter[str], usual: Counter[str]) -> Counter[str]:
    """What is found more than usual; what a damaged record no longer has of the vendor's own gaps does not count."""
    more = Counter({code: count for code, count in (found - usual).items() if code not in _BESIDE})
    return more + Counter({code: count for code, count in (usual - found).items() if code not in _HARMLESS})


def _codes_with(damage: Damage | None, vendor: _Vendor) -> Counter[str]:
    """What is found in a few records, of which one is damaged."""
    with TemporaryDirectory(prefix="calltools-") as folder:
        path = Path(folder) / f"sample{vendor.suffix}"
        stream = BytesIO()
        faults = {} if damage is None else {"": 1}
        damages = {} if damage is None else {"": damage}
        vendor.seed.write(_invent(vendor, SampleOptions(_TRIED_RECORDS, faults=faults), damages), stream)
        path.write_bytes(stream.getvalue())
        return _look_at(path, vendor.options)[1].by_code
