"""What is mended by hand: the cells, in an order that can be undone, and the verdict on a mended record."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from calltools.model.batch import Batch, unique_titles
from calltools.model.finding import Findings
from calltools.run import CellEdits, FindingsCollector, PlannedFile


@dataclass(frozen=True, slots=True)
class Edit:
    """A cell that was mended.

    Attributes:
        file: Number of the file in the visit.
        record: Number of its record.
        place: Line or row of the record, by which it is found.
        position: Of the column.
        before: The cell as the file has it.
        previous: What counted before this edit.
        after: What counts from now on.
    """

    file: int
    record: int
    place: int
    position: int
    before: str
    previous: str
    after: str


@dataclass(slots=True)
class Mending:
    """The cells of a visit that were mended."""

    _steps: list[tuple[Edit, ...]] = field(default_factory=list)
    _cells: dict[int, dict[int, dict[int, Edit]]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many cells differ from those of their files."""
        return sum(len(cells) for places in self._cells.values() for cells in places.values())

    @property
    def may_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._steps)

    def mend(self, edits: Sequence[Edit]) -> None:
        """Mend some cells in one step."""
        changed = tuple(one for one in edits if one.after != one.previous)
        if changed:
            self._steps.append(changed)
            for one in changed:
                self._set(one, one.after)

    def undo(self) -> tuple[Edit, ...]:
        """Take back the last step; gives its cells."""
        step = self._steps.pop() if self._steps else ()
        for one in reversed(step):
            self._set(one, one.previous)
        return step

    def forget_file(self, file: int) -> int:
        """The file is not wanted any more, or read in another way; gives how many of its cells were mended."""
        count = sum(map(len, self._cells.pop(file, {}).values()))
        kept = (tuple(one for one in step if one.file != file) for step in self._steps)
        self._steps = [step for step in kept if step]
        return count

    def text(self, file: int, place: int, position: int, cell: str) -> str:
        """What counts for a cell."""
        known = self._cells.get(file, {}).get(place, {}).get(position)
        return cell if known is None else known.after

    def of_record(self, file: int, place: int) -> Mapping[int, Edit]:
        """Position -> the edit of a cell, for one record."""
        return self._cells.get(file, {}).get(place, {})

    def of_file(self, file: int) -> CellEdits | None:
        """The cells for a run; ``None``: nothing was mended."""
        places = self._cells.get(file)
        if not places:
            return None
        return CellEdits({place: {at: one.after for at, one in cells.items()} for place, cells in places.items()})

    def listed(self, file: int) -> Iterator[Edit]:
        """Each mended cell of a file, in the order of the file."""
        for _, cells in sorted(self._cells.get(file, {}).items()):
            yield from (cells[position] for position in sorted(cells))

    def _set(self, edit: Edit, text: str) -> None:
        cells = self._cells.setdefault(edit.file, {}).setdefault(edit.place, {})
        if text == edit.before:
            cells.pop(edit.position, None)
        else:
            cells[edit.position] = replace(edit, after=text)
        if not cells:
            del self._cells[edit.file][edit.place]


def judge_records(planned: PlannedFile, rows: Sequence[tuple[int, int, Sequence[str]]]) -> Findings:
    """What is wrong with some records, by the rules and the reading of their file, as a run would find it.

    What only the whole file shows, such as the same call twice, only the next run finds.

    Args:
        planned: Of the file; its plan holds what the whole file has proven, such as the order of its dates.
        rows: Number, place and cells of each record; the legs of a call together.
    """
    names = unique_titles(planned.table.titles)
    columns = pa.table(
        [pa.array([cells[at] for _, _, cells in rows], pa.string()) for at in range(len(names))], names=list(names)
    )
    places = np.array([place for _, place, _ in rows], np.int64)
    batch = Batch(columns, np.arange(1, len(rows) + 1, dtype=np.int64), places, read=len(rows))
    table = replace(
        planned.table,
        tasks=lambda: iter([lambda: batch]),
        findings=Findings.empty(),
        can_cross_processes=False,
        ranges=None,
        text=None,
    )
    plan = replace(
        planned.plan,
        keep_records=False,
        keep_origin=False,
        preflight_findings=Findings.empty(),
        cross_file_observers={},
    )
    collector = FindingsCollector()
    replace(planned, table=table, plan=plan, read_again=None).run(planned.table.source.name, [collector])
    found = collector.findings
    numbers = {at: record for at, (record, _, _) in enumerate(rows, start=1)}
    records = [numbers.get(at) for at in found.table["record"].to_pylist()]
    return found.with_column("record", pa.array(records, pa.int64())).filter(
        pa.array([record is not None for record in records], pa.bool_())
    )
