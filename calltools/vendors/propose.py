"""A profile for a sample: what its columns look like, as commented TOML to be edited."""

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from calltools.fields.shapes import digits_only, matches
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


def propose(name: str, table: Table, sample: Batch | None) -> str:
    """A profile in TOML, with comments on what must be looked at.

    Numbers in its example are invented: only the length of those of the sample is kept.

    Args:
        name: For the profile; made into a plain word.
        table: The sample's header.
        sample: Its first records, if there are any.
    """
    columns = _columns(table, sample)
    fields = _fields(columns)
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
        "",
        "[description]",
        'en = "Calls"',
        'ru = "Звонки"',
        *_rows(columns),
    ]
    return "\n".join([*head, *fields, *_example(columns)]) + "\n"


def _columns(table: Table, sample: Batch | None) -> dict[str, Cells | None]:
    names = unique_titles(table.titles)
    return {
        title: None if sample is None else sample.cells(name)
        for title, name in zip(table.titles, names, strict=True)
        if title.strip()
    }


def _share(mask: Mask, cells: Cells) -> float:
    there = filled(cells)
    return float((mask & there).sum() / max(int(there.sum()), 1))


def _fields(columns: Mapping[str, Cells | None]) -> list[str]:
    lines: list[str] = []
    time = _time(columns)
    lines += ["", "[fields.DateTime]"]
    if time is None:
        lines += ["# LOOK: no column looks like a time.", f"from = {_toml(next(iter(columns)))}"]
    else:
        lines += [f"from = {_toml(time[0])}", f"format = {_toml(time[1])}"]
    for field, pattern in _NAMES.items():
        title = _named(columns, pattern, partial(_plausible, field))
        if title is not None:
            lines += ["", f"[fields.{field}]", f"from = {_toml(title)}", *_words(field, columns[title])]
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


def _words(field: str, cells: Cells | None) -> list[str]:
    if field != "CallMissed" or cells is None:
        return []
    words = sorted(word for word in cells.unique().to_pylist() if word)
    pairs = ", ".join(f"{_toml(word)} = {_toml('0')}" for word in words)
    return ["# LOOK: 1 is missed, 0 is answered; these are the words of the sample.", f"values = {{ {pairs} }}"]


def _rows(columns: Mapping[str, Cells | None]) -> list[str]:
    title = _named(columns, _DIRECTION, lambda cells: len(cells.unique()) <= _FEW_WORDS)
    cells = None if title is None else columns[title]
    if title is None or cells is None:
        return []
    words = sorted(word for word in cells.unique().to_pylist() if word)
    pairs = ", ".join(f"{_toml(word)} = {_toml(_direction(word))}" for word in words)
    look = "# LOOK: incoming counts; any other word here is the reason for which a row is left out."
    return ["", look, "[rows.direction]", f"from = {_toml(title)}", f"values = {{ {pairs} }}"]


def _direction(word: str) -> str:
    small = word.lower()
    if re.search(r"^in|вход", small):
        return "internal" if "intern" in small else "incoming"
    return "internal" if "внутр" in small else "outgoing"


def _example(columns: Mapping[str, Cells | None]) -> list[str]:
    cells = {title: column[0].as_py() for title, column in columns.items() if column is not None and len(column)}
    if not cells:
        return []
    source = ", ".join(f"{_toml(title)} = {_toml(_invented(text))}" for title, text in cells.items() if text)
    look = "# LOOK: say what should come out. Digits of long numbers are invented; free text is not, so read it."
    assume = 'assume = { timezone = "Europe/Moscow", region = "RU" }'
    lines = ["", look, "[[examples]]", 'why = "the first record of the sample"', f"source = {{ {source} }}"]
    return [*lines, assume, "expect = { }"]


def _invented(text: str) -> str:
    """The text with runs of seven digits and more made zeros behind the first four."""
    return re.sub(r"[0-9]{7,}", lambda run: run[0][:4] + "0" * (len(run[0]) - 4), text)


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
