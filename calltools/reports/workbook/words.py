"""The words of the workbook, English and Russian side by side."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from calltools.messages import Language

WORKBOOK_LABELS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "error": ("error", "ошибка"),
        "warning": ("warning", "предупреждение"),
        "note": ("note", "замечание"),
        "severity": ("Severity", "Важность"),
        "code": ("Code", "Код"),
        "rule": ("Rule", "Правило"),
        "file": ("File", "Файл"),
        "place": ("Place", "Место"),
        "column": ("Column", "Столбец"),
        "value": ("Cell", "Ячейка"),
        "message": ("What is wrong", "Что не так"),
        "advice": ("What to do", "Что делать"),
        "repaired": ("Repaired", "Исправленная"),
        "found": ("Found", "Найдено"),
        "line": ("line {number}", "строка {number}"),
        "record": ("record {number}", "запись {number}"),
        "row": ("row {number}", "строка {number}"),
        "whole": ("the file", "весь файл"),
        "fix": ("What to do: {advice}", "Что делать: {advice}"),
        "after": ("Repaired: {after}", "Правильно: {after}"),
        "more": ("… and {count} more", "… и ещё {count}"),
        "unread": ("could not be read: {error}", "прочитать не удалось: {error}"),
        "headline": ("What is wrong with the calls", "Что не так со звонками"),
        "what": ("What is wrong", "Что не так"),
        "nothing": ("Nothing is wrong.", "Всё в порядке."),
        "listed": (
            "Listed and marked: the first {listed} of {count} findings; the counts here are of all.",
            "В списке и на листе отмечены первые {listed} из {count} находок; счёт здесь — по всем.",
        ),
        "commented": (
            "Marked cells: {marked}. With a comment: the first {commented}; more would make Excel slow.",
            "Отмечено ячеек: {marked}. С примечанием — первые {commented}: с бо́льшим числом Excel замедлится.",
        ),
        "marked": ("Marked cells: {marked}, each with a comment.", "Отмечено ячеек: {marked}, у каждой примечание."),
        "lost": ("Not kept from the original: {parts}.", "Из исходной книги не сохранено: {parts}."),
        "too_large": (
            "The workbook is too large to be marked ({records} records); the findings stand in a sheet of their own.",
            "Книга слишком велика, чтобы отметить ячейки (записей: {records}); находки — на отдельном листе.",
        ),
        "unmarkable": (
            "Only .xlsx workbooks can be marked; the findings stand in a sheet of their own.",
            "Отметить ячейки можно только в книге .xlsx; находки — на отдельном листе.",
        ),
        "charts": ("charts", "диаграммы"),
        "drawings": ("drawings and pictures", "рисунки и фигуры"),
        "macros": ("macros", "макросы"),
        "pivots": ("slicers", "срезы"),
        "controls": ("form controls", "элементы управления"),
        "signature": ("the digital signature", "цифровая подпись"),
        "results": ("stored results of formulas", "сохранённые результаты формул"),
        "threads": ("threads of comments", "обсуждения в примечаниях"),
    }
)


def workbook_label(key: str, language: Language, **facts: object) -> str:
    """A word or sentence of the workbook."""
    english, russian = WORKBOOK_LABELS[key]
    return (russian if language == "ru" else english).format(**facts)
