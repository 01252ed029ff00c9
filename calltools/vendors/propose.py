"""Proposing a profile for a sample: commented TOML to be edited, with one example whose personal data is anonymized."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

import pyarrow.compute as pc

from calltools.fields.table import FIELD_NAMES
from calltools.model.batch import Batch, Table, unique_titles
from calltools.model.cells import Cells
from calltools.model.titles import plain_title
from calltools.texts import MessageKey, say
from calltools.texts.keys import LANGUAGES
from calltools.vendors.call_words import FULL_NAME, direction_of, distinct_words, missed_flag
from calltools.vendors.infer import InferredColumns, SampleColumns, title_says_milliseconds
from calltools.vendors.time_columns import layout_pattern

_KEPT_DIGITS: Final = 4
_NUMBER_PATTERN: Final = re.compile(r"[0-9](?:[0-9 ()./-]*[0-9])?")
_MIN_DIGITS: Final = 7
#: A longer cell is a text about somebody, not a value that shows what a column holds.
_MAX_EXAMPLE_CHARACTERS: Final = 100
_FULL_NAME: Final = re.compile(FULL_NAME)
_QUERY_VALUE: Final = re.compile(r"([?&#;][^=&#;]+=)([^&#;]*)")
_URL_USER: Final = re.compile(r"//[^/@]*@")
_MAIL_ADDRESS: Final = re.compile(r"[^\s@<>;,]+@[^\s@<>;,]+")


def anonymize(text: str) -> str:
    """The text with made-up long numbers, full names, mail addresses, and query values of URLs; ``""`` for JSON."""
    if re.match(r"[a-z]+://", text):
        plain = _QUERY_VALUE.sub(_anonymize_query_value, _URL_USER.sub("//", text))
        return _NUMBER_PATTERN.sub(lambda run: _anonymize_number(run[0]), plain)
    if text.lstrip()[:1] in {"{", "["} or len(text) > _MAX_EXAMPLE_CHARACTERS:
        return ""
    without_names = _FULL_NAME.sub("Somebody", _MAIL_ADDRESS.sub("somebody@example.com", text))
    return _NUMBER_PATTERN.sub(lambda run: _anonymize_number(run[0]), without_names)


def _anonymize_query_value(part: re.Match[str]) -> str:
    """A query value: a number stays a number; other text may say anything about a person, so it is dropped."""
    return part[1] + (_anonymize_number(part[2]) if part[2].isdigit() else "x")


def _anonymize_number(run: str) -> str:
    """A long number in the same notation: its first digits, then zeros, and 01 at the end."""
    digits = len(re.sub("[^0-9]", "", run))
    if digits < _MIN_DIGITS:
        return run
    seen = 0

    def other(digit: re.Match[str]) -> str:
        nonlocal seen
        seen += 1
        return digit[0] if seen <= _KEPT_DIGITS else "1" if seen == digits else "0"

    return re.sub("[0-9]", other, run)


_RECOGNITION_FIELDS: Final = ("DateTime", "PhoneNumber", "direction", "CallMissed", "TalkDuration", "HoldDuration")
_MIN_RECOGNITION_COLUMNS: Final = 3


def propose_profile(  # noqa: PLR0913 - the sample, what is known of it, and what the profile is called
    name: str, table: Table, sample: Batch, inferred: InferredColumns, expect: Mapping[str, str], *, command: str
) -> str:
    """A profile in TOML, with comments on what the user must check.

    Its example is the first record, with only those cells that the profile reads, anonymized.

    Args:
        name: Name of the profile.
        table: The sample: its header, or titles for its columns.
        sample: The first records of the sample.
        inferred: What the columns hold.
        expect: Canonical field -> cell of the example, or ``skipped`` -> the reason.
        command: Runs its examples.
    """
    columns = sample_columns(table, sample)
    head = [
        _comment("propose-head", inferred),
        f"#   {command}",
        f"name = {_quote_toml(name)}",
        f"title = {_quote_toml(name)}",
        'confidence = "real-file"',
        'link = ""',
        _comment("propose-recognize", inferred),
        f"recognize = [{', '.join(map(_quote_toml, _choose_recognition_columns(columns, inferred)))}]",
        *_region_lines(inferred),
        *_epoch_lines(inferred),
        "",
        "[description]",
        *(f"{language} = {_quote_toml(say('template-calls', language))}" for language in LANGUAGES),
        *(
            _shape_lines(table, columns, inferred)
            if table.source.header_row is None and table.source.format.headerless
            else []
        ),
        *_rows_lines(columns, inferred),
        *_fields_lines(columns, inferred),
        *_unused_columns_lines(columns, inferred),
    ]
    return "\n".join([*head, *_example_lines(columns, inferred, expect)]) + "\n"


def suggest_profile_name(stem: str, taken: Collection[str]) -> str:
    """A name for a profile, made from the name of a file; different from the taken ones."""
    plain = re.sub(r"[^a-z0-9-]+", "-", stem.lower()).strip("-") or "my-vendor"
    return f"my-{plain}" if plain in taken else plain


def sample_columns(table: Table, sample: Batch) -> SampleColumns:
    """Title -> cells of the sample; columns without a title are left out."""
    names = unique_titles(table.titles)
    return {title: sample.cells(name) for title, name in zip(table.titles, names, strict=True) if title.strip()}


def _choose_recognition_columns(columns: SampleColumns, inferred: InferredColumns) -> list[str]:
    """Titles to recognize the export by: the columns that are read, and if they are few the first other ones."""
    # If no column holds a time, the draft reads the first one, so it must be there.
    times = [] if "DateTime" in inferred.columns else list(columns)[:1]
    named = times + [title for field in _RECOGNITION_FIELDS for title in inferred.columns.get(field, ())]
    more = [title for title in columns if title not in named]
    return list(dict.fromkeys([*named, *more[: max(_MIN_RECOGNITION_COLUMNS - len(named), 0)]]))


def _region_lines(inferred: InferredColumns) -> list[str]:
    if inferred.region:
        return [
            _comment("propose-region-found", inferred, region=inferred.region),
            f"region = {_quote_toml(inferred.region)}",
        ]
    return [_comment("propose-region", inferred), '# region = "RU"']


def _epoch_lines(inferred: InferredColumns) -> list[str]:
    if inferred.epoch_id is None:
        return []
    return [_comment("propose-epoch", inferred), f"epoch_id = {_quote_toml(inferred.epoch_id)}"]


def _shape_lines(table: Table, columns: SampleColumns, inferred: InferredColumns) -> Iterator[str]:
    """The shape of a file without a header: titles for its columns, and patterns of their cells."""
    yield from ("", _comment("propose-shape", inferred), "[[shapes]]")
    yield f"columns = [{', '.join(map(_quote_toml, table.titles))}]"
    yield from ("", _comment("propose-patterns", inferred), "[patterns]")
    for place, title in enumerate(inferred.columns.get("DateTime", ())):
        pattern = layout_pattern(inferred.time_format or "iso", place, len(inferred.columns["DateTime"]))
        yield f"{_quote_toml(title)} = {_quote_toml(pattern)}"
    for title in inferred.columns.get("PhoneNumber", ()):
        yield f"{_quote_toml(title)} = {_quote_toml('[^,;]*')}"
    for title in inferred.columns.get("direction", ()):
        yield f"{_quote_toml(title)} = {_quote_toml('|'.join(map(re.escape, distinct_words(columns, title))))}"


def _rows_lines(columns: SampleColumns, inferred: InferredColumns) -> list[str]:
    title = _first_title(inferred, "direction")
    words = distinct_words(columns, title)
    if title is None:
        return ["", _comment("propose-all-incoming", inferred)]
    meanings = {word: direction_of(inferred.word_meanings.get(word, "")) for word in words}
    unsure = [word for word in words if not meanings[word]]
    if len(unsure) == len(words):
        meanings = dict.fromkeys(words, "unknown")
    pairs = ", ".join(f"{_quote_toml(word)} = {_quote_toml(meaning)}" for word, meaning in meanings.items() if meaning)
    comments = [_comment("propose-direction", inferred, words=", ".join(map(_quote_toml, unsure)))] if unsure else []
    comment = _comment("propose-incoming", inferred)
    return ["", comment, *comments, "[rows.direction]", f"from = {_quote_toml(title)}", f"values = {{ {pairs} }}"]


def _fields_lines(columns: SampleColumns, inferred: InferredColumns) -> Iterator[str]:
    yield from _time_lines(columns, inferred)
    for field in FIELD_NAMES:
        if field == "TalkDuration" and field in inferred.columns:
            yield from _talk_lines(columns, inferred)
        elif field == "CallMissed" and field in inferred.columns:
            yield from _status_lines(columns, inferred)
        elif field in inferred.columns and field != "DateTime":
            yield from ("", f"[fields.{field}]", *_from_lines(inferred.columns[field]))
        elif field == "Yclid" and (title := _first_title(inferred, "URL")) and _contains_yclid(columns[title]):
            yield from ("", _comment("propose-click", inferred), "[fields.Yclid]", *_from_lines((title,)))
            yield 'url_parameter = "yclid"'


def _unused_columns_lines(columns: SampleColumns, inferred: InferredColumns) -> list[str]:
    taken = {title for titles in inferred.columns.values() for title in titles} | {inferred.epoch_id}
    left = ", ".join(title for title in columns if title not in taken)
    return ["", _comment("propose-left", inferred, titles=left)] if left else []


def _time_lines(columns: SampleColumns, inferred: InferredColumns) -> Iterator[str]:
    yield from ("", "[fields.DateTime]")
    if "DateTime" not in inferred.columns:
        yield from (_comment("propose-no-time", inferred), f"from = {_quote_toml(next(iter(columns)))}")
        return
    if inferred.date_order_unknown:
        yield _comment("propose-day-first", inferred)
    if inferred.time_of_day_missing:
        yield _comment("propose-no-clock", inferred)
    yield from _from_lines(inferred.columns["DateTime"])
    yield (
        'scale = "0.001"'
        if inferred.time_format == "unix-ms"
        else f"format = {_quote_toml(inferred.time_format or 'iso')}"
    )


def _talk_lines(columns: SampleColumns, inferred: InferredColumns) -> Iterator[str]:
    """The steps of TalkDuration: 0 for a missed call, whose length is all waiting."""
    missed = [
        word
        for word in distinct_words(columns, _first_title(inferred, "CallMissed"))
        if inferred.word_meanings.get(word) == "missed"
    ]
    status = _first_title(inferred, "CallMissed")
    if status and missed:
        words = ", ".join(map(_quote_toml, missed))
        yield from ("", "[[fields.TalkDuration]]", 'constant = "0"', f"when = {{ {_quote_toml(status)} = [{words}] }}")
    comments = [_comment("propose-whole-call", inferred)] if inferred.may_be_whole_call else []
    head = "[[fields.TalkDuration]]" if status and missed else "[fields.TalkDuration]"
    yield from ("", *comments, head, *_from_lines(inferred.columns["TalkDuration"]))


def _contains_yclid(cells: Cells) -> bool:
    return bool(pc.any(pc.match_substring_regex(cells, r"[?&#]yclid=[0-9]")).as_py())


def _from_lines(titles: tuple[str, ...]) -> list[str]:
    listed = ", ".join(map(_quote_toml, titles))
    scaled = ['scale = "0.001"'] if len(titles) == 1 and title_says_milliseconds(titles[0]) else []
    return [f"from = {listed}" if len(titles) == 1 else f"from = [{listed}]", *scaled]


def _status_lines(columns: SampleColumns, inferred: InferredColumns) -> Iterator[str]:
    titles = inferred.columns["CallMissed"]
    of_directions = distinct_words(columns, _first_title(inferred, "direction"))
    flags = {
        word: missed_flag(inferred.word_meanings.get(word, ""), shared=word in of_directions)
        for word in distinct_words(columns, titles[0])
    }
    pairs = ", ".join(f"{_quote_toml(word)} = {_quote_toml(flag)}" for word, flag in flags.items() if flag)
    if inferred.tells_both:
        if "1" not in flags.values():
            # Incoming calls are known as answered only beside a word for those that were missed.
            yield from ("", _comment("propose-none-missed", inferred, title=titles[0]))
            return
        # A word that nobody knows is told by the direction, and one of an outgoing call says nothing here.
        yield from ("", _comment("propose-both", inferred), "[fields.CallMissed]", *_from_lines(titles))
        yield from (f"values = {{ {pairs} }}", 'otherwise = ""')
        return
    yield from ("", "[fields.CallMissed]", *_from_lines(titles))
    unknown = ", ".join(_quote_toml(word) for word, flag in flags.items() if not flag)
    if unknown:
        yield _comment("propose-status", inferred, words=unknown)
    if flags:
        yield f"values = {{ {pairs} }}"


def _first_title(inferred: InferredColumns, field: str) -> str | None:
    titles = inferred.columns.get(field)
    return titles[0] if titles else None


def _example_cells(columns: SampleColumns, inferred: InferredColumns) -> dict[str, str]:
    """Title -> cell of the first record, as far as the profile reads it, anonymized."""
    times = inferred.columns.get("DateTime", ())
    read = {
        *_choose_recognition_columns(columns, inferred),
        *(title for titles in inferred.columns.values() for title in titles),
    }
    cells = {title: column[0].as_py() for title, column in columns.items() if title in read and len(column)}
    made_up = {title: text if title in times else anonymize(text) for title, text in cells.items()}
    return {title: text for title, text in made_up.items() if text}


def _example_lines(columns: SampleColumns, inferred: InferredColumns, expect: Mapping[str, str]) -> list[str]:
    example = _example_cells(columns, inferred)
    if not example:
        return []
    source = ", ".join(f"{_quote_toml(title)} = {_quote_toml(text)}" for title, text in example.items())
    comment = _comment("propose-example", inferred)
    assume = f"assume = {{ timezone = {_quote_toml(inferred.timezone)} }}"
    lines = ["", comment, "[[examples]]", 'why = "the first record of the sample"', f"source = {{ {source} }}", assume]
    if "skipped" in expect:
        return [*lines, f"skipped = {_quote_toml(expect['skipped'])}"]
    pairs = ", ".join(f"{name} = {_quote_toml(text)}" for name, text in expect.items())
    return [*lines, f"expect = {{ {pairs} }}"]


def _comment(key: MessageKey, inferred: InferredColumns, **facts: object) -> str:
    # A title may have a line break in it, behind which the comment would end.
    return f"# {plain_title(say(key, inferred.language, **facts))}"


def _quote_toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
