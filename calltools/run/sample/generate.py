"""Inventing an export: records of the vendor's own sample, each with another time, caller and id."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from calltools.errors import UsageError, nearest_word
from calltools.files.atomic import AtomicFile
from calltools.rules.catalog import RULES_BY_CODE, RULES_BY_NAME
from calltools.run.sample.faults import DAMAGES, Damage
from calltools.run.sample.values import PhoneChange, TimeShift, change_phone, number_id
from calltools.run.sample.vendor import HARMLESS, Template, VendorSample, look_at, open_vendor
from calltools.texts.keys import MessageKey

#: What may come with a repeated record.
_BESIDE: Final = ("CT405",)
_TRIED_RECORDS: Final = 6
_SPAN_DAYS: Final = 12
_DAY_S: Final = 86_400
_WITHIN_DAY_S: Final = 7200
#: When clocks were set forward in America: calls do not move over that moment.
_CLOCK_CHANGE: Final = range(1_772_949_600, 1_772_971_200)
_MANY: Final = 1_000_003
#: Draws for a call that no earlier record is.
_MAX_DRAWS: Final = 200


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
    vendor = open_vendor(name, output.suffix.lower())
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


def _invent(vendor: VendorSample, options: SampleOptions, damages: Mapping[str, Damage]) -> Iterator[Any]:
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

    template: Template
    shift_s: int
    phone: PhoneChange | None


def _draw_call(
    templates: tuple[Template, ...], chance: random.Random, missed: float | None, known: set[tuple[str, int]]
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


def _write_record(vendor: VendorSample, call: _Call, chance: random.Random, number: int, damage: Damage | None) -> Any:
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
    vendor: VendorSample,
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


def _choose(templates: tuple[Template, ...], chance: random.Random, missed: float | None) -> Template:
    if missed is None:
        return chance.choice(templates)
    wanted = chance.random() * 100 < missed
    fitting = [one for one in templates if one.missed is wanted]
    return chance.choice(fitting or templates)


def _find_damage(code: str, vendor: VendorSample, name: str, usual: Counter[str]) -> Damage:
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


def _may_have(damage: Damage, vendor: VendorSample) -> bool:
    return not damage.field or damage.field in vendor.layout


def _codes_more(found: Counter[str], usual: Counter[str]) -> Counter[str]:
    """What is found more than usual; what a damaged record no longer has of the vendor's own gaps does not count."""
    more = Counter({code: count for code, count in (found - usual).items() if code not in _BESIDE})
    return more + Counter({code: count for code, count in (usual - found).items() if code not in HARMLESS})


def _codes_with(damage: Damage | None, vendor: VendorSample) -> Counter[str]:
    """What is found in a few records, of which one is damaged."""
    with TemporaryDirectory(prefix="calltools-") as folder:
        path = Path(folder) / f"sample{vendor.suffix}"
        stream = BytesIO()
        faults = {} if damage is None else {"": 1}
        damages = {} if damage is None else {"": damage}
        vendor.seed.write(_invent(vendor, SampleOptions(_TRIED_RECORDS, faults=faults), damages), stream)
        path.write_bytes(stream.getvalue())
        return look_at(path, vendor.options)[1].by_code
