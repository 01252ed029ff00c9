"""Choosing the sheet of a workbook, and its header row."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from calltools.errors import SourceError, UnfitFileError
from calltools.fields.table import IDENTIFIER_FIELDS
from calltools.model.batch import HeaderFinder, HeaderGuess, Hints
from calltools.model.finding import DETAIL_SEPARATOR, Findings
from calltools.model.titles import are_titles, fold_title
from calltools.texts.report_labels import OWN_SHEET_TITLES, ZONE_CELL_LABELS

#: Rows in which the header is searched; few reports have more rows of text above it.
MAX_HEAD_ROWS = 50
#: Ends of titles of columns with ids of visitors: the canonical names, and the name of Metrica's cookie.
_IDENTIFIERS: Final = (*(name.lower() for name in IDENTIFIER_FIELDS), "ymuid")

SheetRows = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class SheetChoice:
    """The chosen sheet.

    Attributes:
        sheet: Title of the sheet.
        header_row: Row of the header, from 1; ``None``: the sheet has none.
        titles: Titles of the columns, from column A on.
        findings: CT016 and CT017.
        zone: The zone that a cell above the header names, as in the template.
    """

    sheet: str
    header_row: int | None
    titles: tuple[str, ...]
    findings: Findings
    zone: str | None = None

    @property
    def first_row(self) -> int:
        """Row of the first record, from 0."""
        return self.header_row or 0


def choose_sheet(
    heads: Mapping[str, SheetRows], unreadable: Sequence[str], hints: Hints, find_header: HeaderFinder, name: str
) -> SheetChoice:
    """The sheet whose header fits best; if no header fits, the only sheet.

    Args:
        heads: Title -> first rows, of each sheet that is not empty; at least one.
        unreadable: Titles of sheets that cannot be read; CT017 names them, too.
        hints: The header row that the user names; a named sheet is the only one in ``heads``.
        find_header: Finds the header among rows, and says how well it fits.
        name: Name of the file in messages.

    Raises:
        UnfitFileError: Several sheets fit equally well.
    """
    # A workbook that calltools marked has its list of findings as a sheet more.
    others = {title: rows for title, rows in heads.items() if title not in OWN_SHEET_TITLES}
    heads = others or heads
    guesses = {title: _guess_header(rows, hints, find_header) for title, rows in heads.items()}
    fitting = [title for title, guess in guesses.items() if guess.score > 0] or list(guesses)
    best = max(guesses[title].score for title in fitting)
    chosen = [title for title in fitting if guesses[title].score == best]
    if len(chosen) > 1:
        raise UnfitFileError("sheets-several", path=name, sheets=", ".join(chosen), choices=tuple(chosen))
    choice = _build_choice(chosen[0], heads[chosen[0]], guesses[chosen[0]], hints, name)
    not_read = [title for title in heads if title != choice.sheet] + [*unreadable]
    if not not_read:
        return choice
    detail = f"{choice.sheet}{DETAIL_SEPARATOR}{', '.join(not_read)}"
    named = Findings.from_rows([{"code": "CT017", "detail": detail}])
    return replace(choice, findings=Findings.concat([named, choice.findings]))


def _guess_header(rows: SheetRows, hints: Hints, find_header: HeaderFinder) -> HeaderGuess:
    if hints.header_row is None:
        guess = find_header(rows)
        return guess if guess.score or guess.titles else HeaderGuess(_first_full_row(rows), 0)
    if hints.header_row == 0:
        guess = find_header(rows)
        return HeaderGuess(None, max(guess.score, 1), guess.titles)
    guess = find_header(rows[hints.header_row - 1 : hints.header_row])
    return HeaderGuess(hints.header_row - 1, guess.score)


def _first_full_row(rows: SheetRows) -> int | None:
    """The first row of words with as many filled cells as most rows have: the header, if no title is known.

    Without a row of words it is the first of the others.
    """
    counts = [sum(map(bool, row)) for row in rows]
    usual, _ = max(
        Counter(count for count in counts if count).items(), key=lambda one: (one[1], one[0]), default=(0, 0)
    )
    full = [number for number, count in enumerate(counts) if count >= max(usual, 1)]
    return next((number for number in full if are_titles(rows[number])), next(iter(full), None))


def _build_choice(sheet: str, rows: SheetRows, guess: HeaderGuess, hints: Hints, name: str) -> SheetChoice:
    index = guess.index
    if index is None and not guess.titles and hints.header_row is None:
        index = next((number for number, row in enumerate(rows) if any(row)), 0)
    if index is not None and index >= len(rows):
        raise SourceError("header-row-beyond", path=name, row=index + 1)
    found: list[dict[str, object]] = []
    zone = None if index is None else _find_zone(rows[:index])
    # Rows above the header that hold nothing but the zone are those of the template.
    above = [row for row in rows[: index or 0] if any(row)]
    if index and not (zone is not None and len(above) == 1):
        found.append({"code": "CT016", "place": index + 1, "detail": str(index + 1)})
    titles = tuple(rows[index]) if index is not None else _pad_titles(guess.titles, max(map(len, rows), default=0))
    return SheetChoice(sheet, None if index is None else index + 1, titles, Findings.from_rows(found), zone or None)


def _find_zone(rows: SheetRows) -> str | None:
    """What stands beside the label of the zone; empty: nothing; ``None``: there is no such label."""
    for row in rows:
        filled = [cell.strip() for cell in row if cell.strip()]
        if filled and filled[0] in ZONE_CELL_LABELS.values():
            return filled[1] if len(filled) > 1 else ""
    return None


def _pad_titles(titles: tuple[str, ...], width: int) -> tuple[str, ...]:
    """Titles for all columns of a sheet without a header: those of the profile, then numbers."""
    return titles + tuple(str(position + 1) for position in range(len(titles), width))


def looks_like_identifier_title(title: str) -> bool:
    """Whether a column with this title holds ids of visitors, in any spelling of the known names."""
    folded = fold_title(title)
    return folded.endswith(_IDENTIFIERS) and not folded.startswith(("google", "ga"))
