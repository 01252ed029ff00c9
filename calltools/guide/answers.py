"""Answers as options of a run, and as the words of the one command that gives the same."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from calltools.errors import UsageError, nearest_word
from calltools.files.inputs import INPUTS
from calltools.files.remote_path import as_path
from calltools.run.context import (
    RunOptions,
    build_hints,
    list_given,
    parse_as_of,
    parse_identifier_columns,
    parse_window,
)

#: Key of a question -> answer, as the option takes it; ``""``: left open.
Answers: TypeAlias = Mapping[str, str]

#: Begin of the key of a question about the column of a field, and about a word of the vendor.
COLUMN: Final = "column."
WORD: Final = "word."
TIME_FORMAT: Final = "time-format"
#: Between the path of a workbook and the title of its sheet, in an answer.
_SHEET_SIGN: Final = "::"
_MAX_ROW_DIGITS: Final = 7
_FORM_KEYS: Final = ("encoding", "delimiter", "sheet", "header-row", "records")


def apply_answers(options: RunOptions, answers: Answers) -> RunOptions:
    """The options of a run with the answers; an answer goes before the option.

    Answers with other keys are none of its business: counter, goal, the columns of an export that nobody knows.

    Raises:
        UsageError: An answer cannot be read.
    """
    given = {key: text for key, text in answers.items() if text}
    hints = options.hints
    if named := {key.replace("-", "_"): given[key] for key in _FORM_KEYS if key in given}:
        row = named.pop("header_row", None)
        if row is not None and not (row.isdecimal() and len(row) <= _MAX_ROW_DIGITS):
            raise UsageError("option-value-wrong", option="header-row", value=row, choices="0, 1, 2 …")
        known = {name: getattr(hints, name) for name in ("encoding", "delimiter", "sheet", "header_row", "records")}
        read = build_hints(**{**known, **named, **({} if row is None else {"header_row": int(row)})})
        hints = replace(read, quotes=hints.quotes)
    if "identifiers" in given:
        given |= split_second_file(given["identifiers"])
    changed = {_FIELDS[key][0]: _FIELDS[key][1](text) for key, text in given.items() if key in _FIELDS}
    return replace(options, hints=hints, **changed)  # type: ignore[arg-type]  # each reader gives what its field takes


def refuse_unknown_answers(answers: Answers) -> None:
    """Refuse answers that no question ever takes.

    Raises:
        UsageError: The first such answer, with the question that is probably meant.
    """
    for key in answers:
        if key not in _KEYS and not key.startswith((COLUMN, WORD)):
            near = nearest_word(key, _KEYS)
            raise UsageError("answer-unknown-near" if near else "answer-unknown", word=key, near=near)


def override_options(answered: RunOptions, base: RunOptions, own: RunOptions) -> RunOptions:
    """The options of a file with options of its own, which go before the answers that hold for all files.

    Args:
        answered: The options of all files, with the answers.
        base: The options of all files.
        own: Those of the file, without answers.
    """
    hints = replace(answered.hints, **_differences(base.hints, own.hints))
    return replace(answered, **{**_differences(base, own), "hints": hints})


def common_options(listed: Sequence[RunOptions]) -> RunOptions:
    """What several options have in common; what differs among them is as without an option."""
    usual, common = RunOptions(), listed[0]
    for one in listed[1:]:
        differing = _differences(common, one).keys() - {"hints"}
        hints = {name: getattr(usual.hints, name) for name in _differences(common.hints, one.hints)}
        changed = {name: getattr(usual, name) for name in differing}
        common = replace(common, **{**changed, "hints": replace(common.hints, **hints)})
    return common


def _differences(base: Any, own: Any) -> dict[str, Any]:
    return {
        one.name: getattr(own, one.name) for one in fields(base) if getattr(own, one.name) != getattr(base, one.name)
    }


def join_second_file(path: str, sheet: str | None) -> str:
    """A second file as one answer: its path, and behind a sign the title of its sheet."""
    return f"{path}{_SHEET_SIGN}{sheet}" if sheet else path


def split_second_file(text: str) -> dict[str, str]:
    """A second file as the options that name it: the file, and of a workbook the sheet."""
    path, sign, sheet = text.rpartition(_SHEET_SIGN)
    if sign and path.lower().endswith(INPUTS["workbook"].endings):
        return {"identifiers": path, "identifiers-sheet": sheet}
    return {"identifiers": text}


def option_words(options: RunOptions) -> list[str]:
    """The options of a run as words of a command, those only that differ from the usual ones."""
    words: list[str] = []
    for one in list_given(options):
        if one.option != "own-number":
            words += _pair(one.option, one.value)
    for number in options.own_numbers:
        words += _pair("own-number", number)
    return words


def _pair(option: str, value: str) -> list[str]:
    # A value that begins with a hyphen would be taken for an option.
    return [f"--{option}={value}"] if value.startswith("-") else [f"--{option}", value]


def split_words(text: str | None) -> tuple[str, ...]:
    """The words of a text, separated by commas or semicolons."""
    return tuple(word.strip() for word in re.split("[,;]", text or "") if word.strip())


def _one_of(option: str, *words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise UsageError("option-value-wrong", option=option, value=text, choices=", ".join(words))
        return text

    return read


#: Key of a question -> field of ``RunOptions``, and what makes its value of an answer.
_FIELDS: Final[Mapping[str, tuple[str, Callable[[str], object]]]] = MappingProxyType(
    {
        "vendor": ("vendor", str),
        "timezone": ("timezone", str),
        "region": ("region", str.upper),
        "currency": ("currency", str.upper),
        "static-call": ("static_call", _one_of("static-call", "0", "1", "auto")),
        "date-order": ("date_order", _one_of("date-order", "dmy", "mdy", "ymd")),
        "duration-format": ("duration_format", _one_of("duration-format", "mm:ss", "h:mm")),
        "identifiers": ("identifiers", as_path),
        "identifiers-sheet": ("identifiers_sheet", str),
        "outcomes-sheet": ("outcomes_sheet", str),
        "outcome-columns": ("outcome_columns", lambda text: parse_identifier_columns(text, "outcome-columns")),
        "identifier-columns": ("identifier_columns", parse_identifier_columns),
        "identifier-window": ("identifier_window_s", parse_window),
        "outcome-window": ("outcome_window_s", lambda text: parse_window(text, "outcome-window")),
        "as-of": ("as_of", parse_as_of),
        "own-number": ("own_numbers", split_words),
        "inbound-context": ("inbound_contexts", split_words),
    }
)
#: Keys of all questions but those about one column or word.
_KEYS: Final = (*_FORM_KEYS, *_FIELDS, TIME_FORMAT, "counter", "goal")
