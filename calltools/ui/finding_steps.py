"""The step of what is wrong: counts, rules, the rejected records, and what is mended in them."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from calltools.reports.reporter import ReportOptions
from calltools.rules.catalog import RULES_BY_CODE
from calltools.rules.manual import manual_for
from calltools.texts.rule_titles import rule_title
from calltools.ui.conversion import Conversion
from calltools.ui.mending import Edit
from calltools.ui.pages import go_to, reader_language, render
from calltools.ui.receive import ReceivedForm
from calltools.ui.rejected import PAGE_RECORDS, RejectedFile, RejectedRecord
from calltools.ui.steps import need_conversion
from calltools.ui.visit import Visit

#: The field that says for which files, and which reading of them, a form was shown.
READING_FIELD: Final = "reading"
_CELL: Final = "cell-"
_MAX_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class _Group:
    """Records of one file on a page; those that could not be split may be wider than its header."""

    file: RejectedFile
    titles: tuple[str, ...]
    records: list[RejectedRecord]


async def show_findings(visit: Visit, request: Request) -> Response:
    """Counts, rules, and a page of the rejected records."""
    converted = await need_conversion(visit, request, may_be_stale=True)
    if isinstance(converted, Response):
        return converted
    language, rejected = reader_language(visit, request), converted.rejected
    rule = request.query_params.get("rule", "")
    rule = rule if rule in rejected.counts else ""
    pages = max(1, -(-rejected.counts[rule] // PAGE_RECORDS))
    number = min(max(_number(request.query_params.get("page", "1")), 1), pages)
    options = ReportOptions(language, show_values=True)
    records = await asyncio.to_thread(rejected.page, number, options, visit.mended_cells, rule)
    reporter, fixes = converted.reporters[language], rejected.fixes
    return render(
        visit,
        request,
        "findings.html.j2",
        page="findings",
        conversion=converted,
        reporter=reporter,
        sections=reporter.sections,
        groups=_group_by_file(converted, records),
        counts=rejected.counts,
        rule=rule,
        rule_codes=sorted(code for code in rejected.counts if code),
        rule_names={code: rule_title(code, language) for code in rejected.counts if code},
        fixes=fixes,
        sentences={code: manual_for(RULES_BY_CODE[code], language) for code, *_ in fixes},
        columns=_columns(converted),
        page_number=number,
        pages=pages,
    )


def _columns(conversion: Conversion) -> list[tuple[int, int, str]]:
    """File, position and title of each column that can be filled."""
    return [
        (number, position, title)
        for number, file in conversion.rejected.files.items()
        for position, title in enumerate(file.titles)
    ]


def _group_by_file(conversion: Conversion, records: Iterable[RejectedRecord]) -> list[_Group]:
    groups = []
    for number, listed in groupby(records, key=lambda one: one.file):
        file, some = conversion.rejected.files[number], list(listed)
        width = max(len(file.titles), *(len(one.cells) for one in some))
        groups.append(_Group(file, (*file.titles, *("" for _ in range(width - len(file.titles)))), some))
    return groups


async def show_record(visit: Visit, request: Request) -> Response:
    """One record, with a field for each of its cells."""
    converted = await need_conversion(visit, request, may_be_stale=True)
    if isinstance(converted, Response):
        return converted
    where = request.path_params["file"], request.path_params["place"]
    record = await asyncio.to_thread(_find_record, visit, request, converted, *where)
    if record is None or record.malformed:
        return go_to(visit, "findings")
    file = converted.rejected.files[record.file]
    return render(visit, request, "record.html.j2", page="findings", record=record, file=file)


def _find_record(visit: Visit, request: Request, converted: Conversion, file: int, place: int) -> RejectedRecord | None:
    options = ReportOptions(reader_language(visit, request), show_values=True)
    return converted.rejected.record(file, place, options, visit.mended_cells)


async def mend(visit: Visit, request: Request, form: ReceivedForm) -> Response:
    """Cells of one record; a script gets the row as it is now, who has none the record."""
    if _is_of_other_files(visit, form):
        return go_to(visit, "findings")
    converted = visit.conversion
    file, place = _number(form.get("file")), _number(form.get("place"))
    record = (
        None if converted is None else await asyncio.to_thread(_find_record, visit, request, converted, file, place)
    )
    if converted is None or record is None or record.malformed:
        return go_to(visit, "findings")
    if (seen := form.get("seen")) and seen != record.seen:
        visit.notify("record_newer", place=place)
        if request.headers.get("x-row") == "1":
            return Response(status_code=409)
        return go_to(visit, f"record/{file}/{place}")
    given = {
        _number(name.removeprefix(_CELL)): texts[0] for name, texts in form.fields.items() if name.startswith(_CELL)
    }
    # A form sends other line breaks than the file may have.
    edits = [
        _edit(visit, record, position, text)
        for position, text in sorted(given.items())
        if position < len(record.cells) and text != record.cells[position].replace("\r\n", "\n").replace("\n", "\r\n")
    ]
    _keep(visit, edits)
    if request.headers.get("x-row") != "1":
        return go_to(visit, f"record/{file}/{place}")
    record = await asyncio.to_thread(_find_record, visit, request, converted, file, place)
    return render(visit, request, "row.html.j2", record=record)


def _is_of_other_files(visit: Visit, form: ReceivedForm) -> bool:
    """Whether a form was shown before the files or their reading changed, in another tab: it means other cells."""
    is_other = form.get(READING_FIELD) != str(visit.reading)
    if is_other:
        visit.notify("mending_stale")
    return is_other


def _edit(visit: Visit, record: RejectedRecord, position: int, text: str) -> Edit:
    known = visit.mended_cells(record.file, record.place).get(position)
    cell = record.cells[position]
    before = cell if known is None else known.before
    number = visit.files[record.file - 1].number
    return Edit(number, record.record, record.place, position, before, cell, text.replace("\r\n", "\n"))


def _keep(visit: Visit, edits: list[Edit]) -> int:
    """Mend cells; gives how many have changed."""
    changed = [one for one in edits if one.after != one.previous]
    visit.mending.mend(changed)
    if changed:
        visit.is_stale = True
        visit.forget_plan()
    return len(changed)


async def fix_all(visit: Visit, _request: Request, form: ReceivedForm) -> Response:
    """All cells that a rule can repair alike; where that rests on an assumption, only with its mark."""
    if _is_of_other_files(visit, form):
        return go_to(visit, "findings")
    converted, code, column = visit.conversion, form.get("code"), form.get("column")
    if converted is None or code not in RULES_BY_CODE:
        return go_to(visit, "findings")
    if RULES_BY_CODE[code].fix != "safe" and form.get("assumed") != "1":
        visit.notify("assumption_needed")
        return go_to(visit, "findings")
    found = await asyncio.to_thread(lambda: list(converted.rejected.repaired(code, column)))
    return _apply_bulk(visit, found)


def _apply_bulk(visit: Visit, found: Iterable[tuple[int, int, int, int, str, str]]) -> Response:
    edits = [edit for one in found if (edit := _bulk_edit(visit, *one)) is not None]
    return _applied(visit, _keep(visit, edits))


async def fill(visit: Visit, _request: Request, form: ReceivedForm) -> Response:
    """The empty cells of a column, in the rejected records or in those with an error of one rule."""
    if _is_of_other_files(visit, form):
        return go_to(visit, "findings")
    converted, text = visit.conversion, form.get("text")
    file, _, position = form.get("column").partition("-")
    where = _number(file), _number(position)
    if converted is None or (*where, "") not in {(*one[:2], "") for one in _columns(converted)} or not text.strip():
        visit.notify("fill_nothing")
        return go_to(visit, "findings")
    empty = await asyncio.to_thread(lambda: list(converted.rejected.empty_cells(*where, form.get("rule"))))
    return _apply_bulk(visit, ((where[0], record, place, where[1], cell, text) for record, place, cell in empty))


def _bulk_edit(  # noqa: PLR0913, PLR0917 - where a cell is, and what becomes of it
    visit: Visit, file: int, record: int, place: int, position: int, cell: str, after: str
) -> Edit | None:
    """The edit of one of many cells; ``None``: a person has mended it since it was judged, and that counts."""
    known = visit.mended_cells(file, place).get(position)
    number = visit.files[file - 1].number
    if known is None:
        return Edit(number, record, place, position, cell, cell, after)
    if known.after != cell:
        return None
    return Edit(number, record, place, position, known.before, known.after, after)


def _applied(visit: Visit, count: int) -> Response:
    """All records are judged again: too many were mended to look at them one by one."""
    if count:
        visit.forget_conversion()
        visit.notify("mended", count=count)
    return go_to(visit, "findings")


async def undo(visit: Visit, request: Request, _form: ReceivedForm) -> Response:
    """Take back the last step."""
    undone = visit.mending.undo()
    if undone:
        visit.is_stale = True
        visit.forget_plan()
        visit.notify("undone", count=len(undone))
    if len(undone) > 1 or (visit.conversion is not None and visit.conversion.is_mended):
        # The records of the last run may have the cells that count no more.
        visit.forget_conversion()
    _, base, page = request.headers.get("referer", "").partition(f"{visit.door.base}/")
    return go_to(visit, page if base and page.startswith(("findings", "record/")) else "findings")


async def check_again(visit: Visit, _request: Request, _form: ReceivedForm) -> Response:
    """Judge all records with what was mended."""
    visit.forget_conversion()
    return go_to(visit, "findings")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS else 0
