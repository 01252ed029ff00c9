"""The columns of the canonical file as tables of Markdown, in English and Russian."""

from collections.abc import Iterable
from typing import Final

from calltools.fields.kinds import KINDS
from calltools.fields.table import FIELDS, Field, Requirement
from calltools.texts import Language

_COLUMN_TITLES: Final = {
    "en": ("Column", "What it is", "Needed", "How it is written", "Example", "Pattern"),
    "ru": ("Столбец", "Что это", "Обязателен", "Как пишется", "Пример", "Шаблон"),
}
_NEEDED: Final = {"en": ("yes", "one of these", "no"), "ru": ("да", "один из этих", "нет")}
_TITLES: Final = {"en": "Columns of the canonical file", "ru": "Столбцы канонического файла"}


def render_field_tables() -> str:
    """Both tables as text."""
    return "\n".join([*_table_lines("en"), "", *_table_lines("ru"), ""])


def _table_lines(language: Language) -> Iterable[str]:
    yield f"## {_TITLES[language]}"
    yield ""
    yield _row(_COLUMN_TITLES[language])
    yield _row(["---"] * len(_COLUMN_TITLES[language]))
    yield from (_row(_cells(field, language)) for field in FIELDS)


def _cells(field: Field, language: Language) -> tuple[str, ...]:
    title, description = (
        (field.title_ru, field.description_ru) if language == "ru" else (field.title_en, field.description_en)
    )
    pattern = KINDS[field.kind].pattern
    return (
        f"`{field.name}`", title, _requirement_word(field.requirement, language), description, f"`{field.example}`",
        f"`{pattern}`",
    )  # fmt: skip


def _requirement_word(requirement: Requirement, language: Language) -> str:
    yes, one_of, no = _NEEDED[language]
    return yes if requirement.column else one_of if requirement.group else no


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
