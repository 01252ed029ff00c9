"""A profile for a sample: what its columns look like, as commented TOML to be edited."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from calltools.fields.shapes import digits_only, matches
from calltools.fields.table import NAMES
from calltools.model.batch import Batch, Table, unique_titles
from calltools.model.cells import Cells, Mask, filled

#: Layouts of times that exports use.
_LAYOUTS: Final = (
    ("%d.%m.%Y %H:%M:%S", r"[0-9]{2}[.][0-9]{2}[.][0-9]{4} [0-9]{1,2}:[0-9]{2}:[0-9]{2}"),
    ("%d.%m.%Y %H:%M", r"[0-9]{2}[.][0-9]{2}[.][0-9]{4} [0-9]{1,2}:[0-9]{2}"),
    ("%Y-%m-%d %H:%M:%S", r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"),
    ("iso", r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:?[0-9]{2})"),
    ("unix", r"1[0-9]{9}"),
)
_NAMES: Final[Mapping[str, str]] = {
    "PhoneNumber": r"phone|caller|from|src|откуда|номер|телефон|звонивший|клиент",
    "TalkDuration": r"talk|billsec|in call|разговор",
    "HoldDuration": r"wait|hold|ring|ожидан|ответа",
    "CallMissed": r"status|missed|disposition|answered|статус|пропущен|результат",
    "ClientId": r"ym_client|yaclient|metrika_client|clientid",
    "Yclid": r"yclid",
    "Tag": r"tag|метк|тег",
    "URL": r"landing|page|url|страниц",
}
_DIRECTION: Final = r"direction|type|тип|направление"
_ENOUGH: Final = 0.6
_FEW_WORDS: Final = 12


@dataclass(frozen=True, slots=True)
class Guess:
    """What a sample looks like, or what somebody says it is.

    Attributes:
        columns: Canonical field, or ``direction``, -> title of the column; a field that no column fills is left out.
        time_format: Layout of the times, ``iso`` or ``unix``.
        words: Word of the direction or status column -> ``incoming``, ``outgoing``, ``internal``, ``answered``,
            ``missed``; ``""`` where nobody knows.
        timezone: Of the example.
        region: Country of phones without a country code.
    """

    columns: Mapping[str, str]
    time_format: str | None
    words: Mapping[str, str]
    timezone: str = "Europe/Moscow"
    region: str = "RU"


def guess(table: Table, sample: Batch | None) -> Guess:
    """What the columns of a sample look like."""
    columns = columns_of(table, sample)
    found: dict[str, str] = {}
    time = _time(columns)
    if time is not None:
        found["DateTime"] = time[0]
    for field, pattern in _NAMES.items():
        title = _named(columns, pattern, partial(_plausible, field))
        if title is not None:
            found[field] = title
    direction = _named(columns, _DIRECTION, lambda cells: len(cells.unique()) <= _FEW_WORDS)
    if direction is not None:
        found["direction"] = direction
    words = {word: _direction(word) for word in words_of(columns, direction)}
    words |= {word: _status(word) for word in words_of(columns, found.get("CallMissed"))}
    return Guess(found, None if time is None else time[1], words)


def words_of(columns: Mapping[str, Cells | None], title: str | None) -> list[str]:
    """The distinct words of a column, if they are few."""
    cells = None if title is None else columns.get(title)
    if cells is None:
        return []
    words = sorted(word for word in cells.unique().to_pylist() if word)
    return words if len(words) <= _FEW_WORDS else []


def propose(name: str, table: Table, sample: Batch | None, known: Guess, expect: Mapping[str, str]) -> str:
    """A profile in TOML, with comments on what must be looked at.

    Numbers in its example are invented: only the length of those of the sample is kept.

    Args:
        name: For the profile; made into a plain word.
        table: The sample's header.
        sample: Its first records, if there are any.
        known: What the columns are.
        expect: What comes out of the example.
    """
    columns = columns_of(table, sample)
    plain = re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-") or "my-vendor"
    head = [
        "# Proposed from a sample. Look at each line marked with LOOK, then run:",
        f"#   calltools vendors test {plain}.toml",
        f"name = {_toml(plain)}",
        f"title = {_toml(name)}",
        'confidence = "real-file"',
        'link = ""',
        "# LOOK: columns that stand together in this export only.",
        f"recognize = [{', '.join(_toml(title) for title in list(columns)[:4])}]",
        f"region = {_toml(known.region)}",
        "",
        "[description]",
        'en = "Calls"',
        'ru = "Звонки"',
        *_rows(columns, known),
    ]
    return "\n".join([*head, *_fields(columns, known), *_example(columns, known, expect)]) + "\n"


def columns_of(table: Table, sample: Batch | None) -> dict[str, Cells | None]:
    """Title -> cells of the sample; columns without a title are left out."""
    names = unique_titles(table.titles)
    return {
        title: None if sample is None else sample.cells(name)
        for title, name in zip(table.titles, names, strict=True)
        if title.strip()
    }


def _share(mask: Mask, cells: Cells) -> float:
    there = filled(cells)
    return float((mask & there).sum() / max(int(there.sum()), 1))


def _fields(columns: Mapping[str, Cells | None], known: Guess) -> list[str]:
    lines = ["", "[fields.DateTime]"]
    if "DateTime" not in known.columns:
        lines += ["# LOOK: no column looks like a time.", f"from = {_toml(next(iter(columns)))}"]
    else:
        lines += [f"from = {_toml(known.columns['DateTime'])}", f"format = {_toml(known.time_format or 'iso')}"]
    for field in NAMES:
        if field in known.columns and field != "DateTime":
            title = known.columns[field]
            lines += ["", f"[fields.{field}]", f"from = {_toml(title)}", *_words(field, columns, known)]
    return lines


def _time(columns: Mapping[str, Cells | None]) -> tuple[str, str] | None:
    for title, cells in columns.items():
        for layout, pattern in _LAYOUTS if cells is not None else ():
            if cells is not None and _share(matches(cells, pattern), cells) > _ENOUGH:
                return title, layout
    return None


def _named(columns: Mapping[str, Cells | None], pattern: str, fits: Callable[[Cells], bool]) -> str | None:
    named = [title for title in columns if re.search(pattern, title.lower())]
    return next((title for title in named if (cells := columns[title]) is None or fits(cells)), None)


def _plausible(field: str, cells: Cells) -> bool:
    """Whether a column whose title fits holds such cells as well."""
    if not filled(cells).any():
        return True
    if field == "PhoneNumber":
        return _share(matches(cells, r"[+]?[0-9 ()-]{7,20}"), cells) > _ENOUGH
    if field in {"TalkDuration", "HoldDuration"}:
        return _share(matches(cells, r"[0-9]+|[0-9]+:[0-9]{2}:[0-9]{2}"), cells) > _ENOUGH
    if field in {"ClientId", "Yclid"}:
        return _share(digits_only(cells), cells) > _ENOUGH
    return field != "CallMissed" or len(cells.unique()) <= _FEW_WORDS


def _words(field: str, columns: Mapping[str, Cells | None], known: Guess) -> list[str]:
    if field != "CallMissed":
        return []
    flags = {"missed": "1", "answered": "0"}
    words = words_of(columns, known.columns[field])
    pairs = ", ".join(
        f"{_toml(word)} = {_toml(flags[said])}" for word in words if (said := known.words.get(word)) in flags
    )
    unknown = [word for word in words if known.words.get(word) not in flags]
    look = [f"# LOOK: is it missed (1) or answered (0)? {', '.join(map(_toml, unknown))}"] if unknown else []
    return [*look, f"values = {{ {pairs} }}"] if pairs or look else []


def _rows(columns: Mapping[str, Cells | None], known: Guess) -> list[str]:
    title = known.columns.get("direction")
    words = words_of(columns, title)
    if title is None or not words:
        return []
    pairs = ", ".join(f"{_toml(word)} = {_toml(known.words.get(word) or 'unknown')}" for word in words)
    look = "# Incoming counts; any other word here is the reason for which a row is left out."
    unsure = ["# LOOK: what is unknown?"] if "unknown" in pairs else []
    return ["", look, *unsure, "[rows.direction]", f"from = {_toml(title)}", f"values = {{ {pairs} }}"]


def _direction(word: str) -> str:
    small = word.lower()
    if re.search(r"intern|внутр", small):
        return "internal"
    if re.search(r"^in|вход", small):
        return "incoming"
    return "outgoing" if re.search(r"^out|исх", small) else ""


def _status(word: str) -> str:
    small = word.lower()
    if re.search(r"miss|no.?answer|busy|cancel|пропущ|не ?отв|неотв|занят|потер", small):
        return "missed"
    return "answered" if re.search(r"answer|success|принят|отвеч|успеш|разговор", small) else ""


def example_of(columns: Mapping[str, Cells | None]) -> dict[str, str]:
    """The first record of a sample with its long numbers invented: column -> cell."""
    cells = {title: column[0].as_py() for title, column in columns.items() if column is not None and len(column)}
    return {title: _invented(text) for title, text in cells.items() if text}


def _example(columns: Mapping[str, Cells | None], known: Guess, expect: Mapping[str, str]) -> list[str]:
    example = example_of(columns)
    if not example:
        return []
    source = ", ".join(f"{_toml(title)} = {_toml(text)}" for title, text in example.items())
    look = "# LOOK: is this what should come out? Digits of long numbers are invented; free text is not, so read it."
    assume = f"assume = {{ timezone = {_toml(known.timezone)}, region = {_toml(known.region)} }}"
    lines = ["", look, "[[examples]]", 'why = "the first record of the sample"', f"source = {{ {source} }}", assume]
    if "skipped" in expect:
        return [*lines, f"skipped = {_toml(expect['skipped'])}"]
    pairs = ", ".join(f"{name} = {_toml(text)}" for name, text in expect.items())
    return [*lines, f"expect = {{ {pairs} }}"]


def _invented(text: str) -> str:
    """The text with runs of seven digits and more made zeros behind the first four."""
    return re.sub(r"[0-9]{7,}", lambda run: run[0][:4] + "0" * (len(run[0]) - 4), text)


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
