"""The columns of the canonical file as tables of Markdown, in English and Russian."""

from collections.abc import Iterable
from typing import Final

from calltools.fields.kinds import KINDS
from calltools.fields.table import FIELDS, Field, Requirement
from calltools.texts import Language, MessageKey, say
from calltools.texts.keys import LANGUAGES

_COLUMNS: Final[tuple[MessageKey, ...]] = (
    "fields-column",
    "fields-meaning",
    "fields-needed",
    "fields-description",
    "fields-example",
    "fields-pattern",
)


def render_field_tables() -> str:
    """A table for each language as text."""
    return "\n\n".join("\n".join(_table_lines(language)) for language in LANGUAGES) + "\n"


def _table_lines(language: Language) -> Iterable[str]:
    yield f"## {say('fields-title', language)}"
    yield ""
    yield _row(say(key, language) for key in _COLUMNS)
    yield _row("---" for _ in _COLUMNS)
    yield from (_row(_cells(field, language)) for field in FIELDS)


def _cells(field: Field, language: Language) -> tuple[str, ...]:
    return (
        f"`{field.name}`",
        field.title(language),
        say(_need(field.requirement), language),
        field.description(language),
        f"`{field.example}`",
        f"`{KINDS[field.kind].pattern}`",
    )


def _need(requirement: Requirement) -> MessageKey:
    if requirement.column:
        return "needed-yes"
    return "needed-group" if requirement.group else "needed-no"


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
