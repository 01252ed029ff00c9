"""Rejects: what is written beside the cells of a rejected record, and how it is read again.

Text alone does not show every fault: an id that a workbook kept as a number is a good id as text. So the cell of such a
fault is written with the code of the rule in front, and a file with such a mark is refused like the file before it,
until somebody puts the right value in its place.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.errors import UnfitFileError
from calltools.fields.kernels.byte_kernels import first_bytes
from calltools.files.decompression import read_head
from calltools.model.batch import Batch, MalformedRecord, MalformedRecords
from calltools.model.cells import as_mask
from calltools.model.finding import DETAIL_SEPARATOR, Findings
from calltools.model.marks import MARK, MARKED_CODES
from calltools.model.titles import REJECT_TITLES

#: Those of them whose record was not split into cells, though it is written as cells here.
_MALFORMED_CODES: Final = ("CT006", "CT007", "CT008", "CT020")
#: Of these the readers say nothing but the record.
_OF_RECORD: Final = frozenset({"CT008", "CT020"})
_MARK_AND_REST: Final = r"(?s)^\[(?P<code>CT[0-9]{3})\] ?(?P<rest>.*)$"
_HEAD_BYTES: Final = 64


def has_reject_titles(titles: Sequence[str]) -> bool:
    """Whether a header is one of rejects."""
    return REJECT_TITLES[0] in titles


def starts_like_rejects(path: Path) -> bool:
    """Whether a file begins as rejects are written, packed or not: as UTF-8 with commas, whatever the vendor writes."""
    head = read_head(path, _HEAD_BYTES)
    return head.removeprefix(b"\xef\xbb\xbf").lstrip(b'"').startswith(REJECT_TITLES[0].encode())


def restore_faults(batch: Batch, titles: tuple[str, ...], identifiers: Collection[int] = ()) -> Batch:
    """A batch of rejects without the marks, and with the findings for which they stand.

    Args:
        batch: Records as they are in the file.
        titles: The header.
        identifiers: Positions of ids. Only there a mark counts where somebody removed the columns of rejects: a mark is
            no fault of an id of our own, which may be any text.

    Raises:
        UnfitFileError: The rejects of another export follow in the same file.
    """
    rejects = has_reject_titles(titles)
    if rejects:
        _refuse_second_header(batch, titles.index(REJECT_TITLES[0]))
    columns, findings = batch.columns, []
    for position, name in enumerate(columns.column_names):
        if not (rejects or position in identifiers):
            continue
        cells = batch.cells(name)
        if not (first_bytes(cells) == ord("[")).any():
            continue
        parts = pc.extract_regex(cells, _MARK_AND_REST)
        known = as_mask(pc.is_in(pc.struct_field(parts, "code"), pa.array(sorted(MARKED_CODES))))
        rest = pc.struct_field(parts, "rest").filter(pa.array(known))
        codes = np.array(pc.struct_field(parts, "code").filter(pa.array(known)).to_pylist(), object)
        columns = columns.set_column(position, name, pc.replace_with_mask(cells, pa.array(known), rest))
        rows = np.flatnonzero(known)
        for code in sorted(set(codes.tolist())):
            of_code = codes == code
            place: dict[str, object] = {} if code in _OF_RECORD else {"position": position, "column": titles[position]}
            if code == "CT008":
                place["detail"] = f"{len(titles)}{DETAIL_SEPARATOR}{len(titles)}"
            findings.append(
                Findings.for_rule(
                    code,
                    records=batch.records[rows[of_code]],
                    places=batch.places[rows[of_code]],
                    value=rest.filter(pa.array(of_code)),
                    **place,
                )
            )
    if not rejects and not findings:
        return batch
    restored = _restore_malformed(replace(batch, columns=columns), titles)
    return _take_malformed(restored, Findings.concat(findings))


def _take_malformed(batch: Batch, findings: Findings) -> Batch:
    """The batch with findings on its rows; rows that were no rows in the file before are malformed records again."""
    table = findings.table
    records = table.filter(pc.is_in(table["code"], pa.array(_MALFORMED_CODES)))["record"].to_numpy()
    broken = np.isin(batch.records, records)
    if not broken.any():
        return batch.with_findings(findings)
    rows = batch.filter_rows(broken)
    cells = zip(*(column.to_pylist() for column in rows.columns.columns), strict=True)
    numbers = zip(rows.records.tolist(), rows.places.tolist(), cells, strict=True)
    malformed = [*batch.malformed, *(MalformedRecord(*one) for one in numbers)]
    malformed.sort(key=lambda one: one.record)
    return replace(batch.filter_rows(~broken), malformed=MalformedRecords.from_list(malformed)).with_findings(findings)


def _refuse_second_header(batch: Batch, position: int) -> None:
    name = batch.columns.column_names[position]
    again = batch.places[as_mask(pc.equal(batch.cells(name), REJECT_TITLES[0]))].tolist()
    again += [one.place for one in batch.malformed if one.cells[position : position + 1] == (REJECT_TITLES[0],)]
    if again:
        raise UnfitFileError("rejects-of-several", place=min(again))


def _restore_malformed(batch: Batch, titles: tuple[str, ...]) -> Batch:
    """The same for records that cannot be split into cells: their mark says what was wrong first."""
    faults: dict[int, tuple[str, int]] = {}
    malformed = []
    for one in batch.malformed:
        found = [(match[1], at) for at, cell in enumerate(one.cells) if (match := MARK.match(cell))]
        known = [fault for fault in found if fault[0] in MARKED_CODES]
        if known:
            faults[one.record] = known[0]
        malformed.append(_without_marks(one))
    if not faults:
        return batch

    def restore(row: dict[str, object]) -> dict[str, object]:
        fault = faults.get(row["record"])  # type: ignore[call-overload]  # an int or None
        if fault is None:
            return row
        code, position = fault
        known = code not in _OF_RECORD and position < len(titles)
        column = {"position": position, "column": titles[position]} if known else {"position": None, "column": None}
        return {**row, **column, "code": code, "detail": None}

    findings = Findings.from_rows(map(restore, batch.findings.to_rows()))
    return replace(batch, malformed=MalformedRecords.from_list(malformed), findings=findings)


def _without_marks(one: MalformedRecord) -> MalformedRecord:
    return replace(one, cells=tuple(MARK.sub("", cell, 1) if MARK.match(cell) else cell for cell in one.cells))
