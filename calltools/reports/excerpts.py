"""The first finding of each rule in its record: the offending cell among its neighbors, as the file has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.model.batch import Batch
from calltools.model.cells import one_chunk
from calltools.model.finding import Findings
from calltools.model.rule import Severity
from calltools.reports.masking import masked
from calltools.reports.presenting import one_chunk_of_numbers
from calltools.reports.style import BOLD, COLORS, DIM, PLAIN, Style
from calltools.reports.visible import visible
from calltools.reports.widths import cut, padded, width_of

_INDENT: Final = "    "
_GAP: Final = "  "
_MORE: Final = "..."
#: Columns of a terminal that one cell gets: enough to know it by.
_WIDEST: Final = 24


@dataclass(frozen=True, slots=True)
class _Shown:
    """A cell with its title, both as they may be shown."""

    position: int
    title: str
    text: str

    @property
    def width(self) -> int:
        return max(width_of(self.title), width_of(self.text), 1)


@dataclass(slots=True)
class Excerpts:
    """Looks at records as they pass, and keeps one for each rule and severity.

    Attributes:
        style: For whom.
        layout: Canonical field -> title and position of its column in the file. Other columns of an export are not
            shown: a vendor may write names of people there.
        lines: ``CT221 error`` -> what is shown.
    """

    style: Style
    layout: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    lines: dict[str, Sequence[str]] = field(default_factory=dict)

    def see(self, batch: Batch, findings: Findings) -> None:
        """Some records, as the file has them, and what is wrong with them."""
        if batch.origin is None or not len(batch) or not len(findings):
            return
        table = findings.table
        keys = one_chunk(pc.binary_join_element_wise(table["code"], table["severity"], " "))
        # There may be a million of them: nothing is copied of those whose rule has been shown.
        on_records = pc.if_else(pc.is_valid(one_chunk_of_numbers(table["record"])), keys, None)
        for key in on_records.unique().drop_null().to_pylist():
            if key not in self.lines:
                found = table.slice(on_records.index(key).as_py(), 1)
                self.lines[key] = self._of_record(batch, found, batch.origin)

    def _of_record(self, batch: Batch, found: pa.Table, origin: pa.Table) -> Sequence[str]:
        (finding,) = found.to_pylist()
        row = int(np.searchsorted(batch.records, finding["record"]))
        # A damaged record is in no row.
        if row == len(batch.records) or batch.records[row] != finding["record"]:
            return ()
        cells = self._cells(origin.slice(row, 1))
        at = next((place for place, cell in enumerate(cells) if cell.position == finding["position"]), None)
        if finding["position"] is not None and at is None:
            return ()
        number = str(finding["place"] or finding["record"])
        shown, before, after = self._fitting(cells, at, len(number))
        return self._drawn(number, _hinted(shown, before=before, after=after), finding)

    def _cells(self, record: pa.Table) -> list[_Shown]:
        """The cells of known columns in the order of the file, masked by their fields."""
        named = sorted((position, title, name) for name, (title, position) in self.layout.items())
        rows = [
            {"field": name, "column": title, "value": record.column(position)[0].as_py()}
            for position, title, name in named
            if position < record.num_columns
        ]
        safe = masked(Findings.of(rows).table, self.style.show_values)
        titles, values = (safe[name].to_pylist() for name in ("column", "value"))
        return [
            _Shown(position, cut(visible(title or ""), _WIDEST), cut(visible(value or ""), _WIDEST))
            for (position, _, _), title, value in zip(named, titles, values, strict=False)
        ]

    def _fitting(self, cells: Sequence[_Shown], at: int | None, taken: int) -> tuple[list[_Shown], bool, bool]:
        """As many cells around one as a line has room for, and whether some are left out on either side."""
        room = self.style.width - len(_INDENT) - taken - len(" | ") - 2 * (len(_MORE) + len(_GAP))
        first = last = at or 0
        room -= cells[first].width if cells else 0
        grown = True
        while grown:
            grown = False
            for side in (first - 1, last + 1):
                inside = 0 <= side < len(cells)
                if inside and cells[side].width + len(_GAP) <= room:
                    room -= cells[side].width + len(_GAP)
                    first, last, grown = min(first, side), max(last, side), True
        return list(cells[first : last + 1]), first > 0, last + 1 < len(cells)

    def _drawn(self, number: str, cells: Sequence[_Shown], finding: Mapping[str, object]) -> list[str]:
        at = finding["position"]
        titles = _GAP.join(padded(cell.title, cell.width) for cell in cells)
        texts = _GAP.join(self._colored(cell, finding) for cell in cells)
        margin = " " * len(number)
        lines = [f"{_INDENT}{margin} | {self._dim(titles.rstrip())}", f"{_INDENT}{number} | {texts}".rstrip()]
        for place, cell in enumerate(cells):
            if cell.position == at:
                blank = sum(one.width + len(_GAP) for one in cells[:place])
                lines.append(f"{_INDENT}{margin} | {' ' * blank}{'^' * max(width_of(cell.text), 1)}")
        return lines

    def _colored(self, cell: _Shown, finding: Mapping[str, object]) -> str:
        text = padded(cell.text, cell.width)
        if not self.style.color or cell.position != finding["position"]:
            return text
        return f"{BOLD}{COLORS[Severity(str(finding['severity']))]}{text}{PLAIN}"

    def _dim(self, text: str) -> str:
        return f"{DIM}{text}{PLAIN}" if self.style.color else text


def _hinted(cells: Sequence[_Shown], *, before: bool, after: bool) -> list[_Shown]:
    """The cells, with a hint where more of them stand."""
    hint = _Shown(-1, _MORE, _MORE)
    return [*([hint] if before else []), *cells, *([hint] if after else [])]
