"""A profile for a sample, as commented TOML to be edited."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

import pyarrow.compute as pc

from calltools.fields.table import NAMES
from calltools.messages import say
from calltools.model.batch import Batch, Table, unique_titles
from calltools.model.cells import Cells
from calltools.vendors.guessing import Columns, Guess, is_milliseconds, words_of
from calltools.vendors.invented import invented
from calltools.vendors.time_layouts import pattern_of

_RECOGNIZED_BY: Final = ("DateTime", "PhoneNumber", "direction", "CallMissed", "TalkDuration", "HoldDuration")
_FEWEST: Final = 3
_FLAGS: Final = {"missed": "1", "answered": "0"}


def propose(name: str, table: Table, sample: Batch, known: Guess, expect: Mapping[str, str]) -> str:
    """A profile in TOML, with comments on what must be looked at.

    Its example is the first record, of which only those cells are kept that the profile reads. Long numbers in them are
    invented.

    Args:
        name: For the profile.
        table: The sample's header, or names for its columns.
        sample: Its first records.
        known: What the columns are.
        expect: What comes out of the example.
    """
    columns = columns_of(table, sample)
    head = [
        _comment("propose-head", known),
        f"#   calltools vendors test {name}.toml",
        f"name = {_toml(name)}",
        f"title = {_toml(name)}",
        'confidence = "real-file"',
        'link = ""',
        _comment("propose-recognize", known),
        f"recognize = [{', '.join(map(_toml, _recognized_by(columns, known)))}]",
        *_region(known),
        "",
        "[description]",
        'en = "Calls"',
        'ru = "Звонки"',
        *(_shape(table, columns, known) if table.source.header_row is None and table.source.format.headerless else []),
        *_rows(columns, known),
        *_fields(columns, known),
        *_not_taken(columns, known),
    ]
    return "\n".join([*head, *_example(columns, known, expect)]) + "\n"


def plain_name(stem: str, taken: Collection[str]) -> str:
    """A name for a profile made of that of a file; not one that is taken."""
    plain = re.sub(r"[^a-z0-9-]+", "-", stem.lower()).strip("-") or "my-vendor"
    return f"my-{plain}" if plain in taken else plain


def columns_of(table: Table, sample: Batch) -> Columns:
    """Title -> cells of the sample; columns without a title are left out."""
    names = unique_titles(table.titles)
    return {title: sample.cells(name) for title, name in zip(table.titles, names, strict=True) if title.strip()}


def _recognized_by(columns: Columns, known: Guess) -> list[str]:
    """The columns that are read; with few of them, the first others as well."""
    # Where no column looks like a time the first one stands in its place.
    times = [] if "DateTime" in known.columns else list(columns)[:1]
    named = times + [title for field in _RECOGNIZED_BY for title in known.columns.get(field, ())]
    more = [title for title in columns if title not in named]
    return list(dict.fromkeys([*named, *more[: max(_FEWEST - len(named), 0)]]))


def _region(known: Guess) -> list[str]:
    if known.region:
        return [f"region = {_toml(known.region)}"]
    return [_comment("propose-region", known), '# region = "RU"']


def _shape(table: Table, columns: Columns, known: Guess) -> Iterator[str]:
    """The columns of a file without a header, and how they look."""
    yield from ("", _comment("propose-shape", known), "[[shapes]]")
    yield f"columns = [{', '.join(map(_toml, table.titles))}]"
    yield from ("", _comment("propose-patterns", known), "[patterns]")
    for place, title in enumerate(known.columns.get("DateTime", ())):
        yield f"{_toml(title)} = {_toml(pattern_of(known.time_format or 'iso', place, len(known.columns['DateTime'])))}"
    for title in known.columns.get("PhoneNumber", ()):
        yield f"{_toml(title)} = {_toml('[^,;]*')}"
    for title in known.columns.get("direction", ()):
        yield f"{_toml(title)} = {_toml('|'.join(map(re.escape, words_of(columns, title))))}"


def _rows(columns: Columns, known: Guess) -> list[str]:
    title = _only(known, "direction")
    words = words_of(columns, title)
    if title is None:
        return ["", _comment("propose-all-incoming", known)]
    told = {word: known.words.get(word) or "" for word in words}
    unsure = [word for word in words if not told[word]]
    if len(unsure) == len(words):
        told = dict.fromkeys(words, "unknown")
    pairs = ", ".join(f"{_toml(word)} = {_toml(meaning)}" for word, meaning in told.items() if meaning)
    look = [_comment("propose-direction", known, words=", ".join(map(_toml, unsure)))] if unsure else []
    comment = _comment("propose-incoming", known)
    return ["", comment, *look, "[rows.direction]", f"from = {_toml(title)}", f"values = {{ {pairs} }}"]


def _fields(columns: Columns, known: Guess) -> Iterator[str]:
    yield from _time(columns, known)
    for field in NAMES:
        if field == "TalkDuration" and field in known.columns:
            yield from _talk(columns, known)
        elif field in known.columns and field != "DateTime":
            yield from ("", f"[fields.{field}]", *_from(known.columns[field]), *_words(field, columns, known))
        elif field == "Yclid" and (title := _only(known, "URL")) and _holds_clicks(columns[title]):
            yield from ("", _comment("propose-click", known), "[fields.Yclid]", *_from((title,)))
            yield 'url_parameter = "yclid"'


def _not_taken(columns: Columns, known: Guess) -> list[str]:
    taken = {title for titles in known.columns.values() for title in titles}
    left = ", ".join(title for title in columns if title not in taken)
    return ["", _comment("propose-left", known, titles=left)] if left else []


def _time(columns: Columns, known: Guess) -> Iterator[str]:
    yield from ("", "[fields.DateTime]")
    if "DateTime" not in known.columns:
        yield from (_comment("propose-no-time", known), f"from = {_toml(next(iter(columns)))}")
        return
    if known.unsure_order:
        yield _comment("propose-day-first", known)
    yield from _from(known.columns["DateTime"])
    yield 'scale = "0.001"' if known.time_format == "unix-ms" else f"format = {_toml(known.time_format or 'iso')}"


def _talk(columns: Columns, known: Guess) -> Iterator[str]:
    """Of a missed call nothing is talk."""
    missed = [word for word in words_of(columns, _only(known, "CallMissed")) if known.words.get(word) == "missed"]
    status = _only(known, "CallMissed")
    if status and missed:
        words = ", ".join(map(_toml, missed))
        yield from ("", "[[fields.TalkDuration]]", 'constant = "0"', f"when = {{ {_toml(status)} = [{words}] }}")
    look = [_comment("propose-whole-call", known)] if known.whole_call else []
    head = "[[fields.TalkDuration]]" if status and missed else "[fields.TalkDuration]"
    yield from ("", *look, head, *_from(known.columns["TalkDuration"]))


def _holds_clicks(cells: Cells) -> bool:
    return bool(pc.any(pc.match_substring_regex(cells, r"[?&#]yclid=[0-9]")).as_py())


def _from(titles: tuple[str, ...]) -> list[str]:
    listed = ", ".join(map(_toml, titles))
    scaled = ['scale = "0.001"'] if len(titles) == 1 and is_milliseconds(titles[0]) else []
    return [f"from = {listed}" if len(titles) == 1 else f"from = [{listed}]", *scaled]


def _words(field: str, columns: Columns, known: Guess) -> list[str]:
    if field != "CallMissed":
        return []
    words = words_of(columns, _only(known, field))
    pairs = ", ".join(f"{_toml(word)} = {_toml(_FLAGS[known.words[word]])}" for word in words if _is_flag(known, word))
    unknown = ", ".join(_toml(word) for word in words if not _is_flag(known, word))
    look = [_comment("propose-status", known, words=unknown)] if unknown else []
    return [*look, f"values = {{ {pairs} }}"] if pairs or look else []


def _is_flag(known: Guess, word: str) -> bool:
    return known.words.get(word) in _FLAGS


def _only(known: Guess, field: str) -> str | None:
    titles = known.columns.get(field)
    return titles[0] if titles else None


def example_of(columns: Columns, known: Guess) -> dict[str, str]:
    """The first record of a sample as far as the profile reads it: column -> cell, long numbers invented."""
    times = known.columns.get("DateTime", ())
    read = {*_recognized_by(columns, known), *(title for titles in known.columns.values() for title in titles)}
    cells = {title: column[0].as_py() for title, column in columns.items() if title in read and len(column)}
    return {title: text if title in times else invented(text) for title, text in cells.items() if text}


def _example(columns: Columns, known: Guess, expect: Mapping[str, str]) -> list[str]:
    example = example_of(columns, known)
    if not example:
        return []
    source = ", ".join(f"{_toml(title)} = {_toml(text)}" for title, text in example.items())
    look = _comment("propose-example", known)
    assume = f"assume = {{ timezone = {_toml(known.timezone)} }}"
    lines = ["", look, "[[examples]]", 'why = "the first record of the sample"', f"source = {{ {source} }}", assume]
    if "skipped" in expect:
        return [*lines, f"skipped = {_toml(expect['skipped'])}"]
    pairs = ", ".join(f"{name} = {_toml(text)}" for name, text in expect.items())
    return [*lines, f"expect = {{ {pairs} }}"]


def _comment(key: str, known: Guess, **facts: object) -> str:
    return f"# {say(key, known.language, **facts)}"


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
