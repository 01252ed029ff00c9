"""Rules that need the whole table: duplicates, mixed or rounded identifiers, static calls only, hours of minutes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import byte_lengths, digits_only, is_single_character, last_bytes
from calltools.fields.kinds import seconds
from calltools.fields.table import IDENTIFIER_FIELDS, caller_fields, identity_fields, of_kind
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, Numbers, constant_cells, count_in_each, non_empty
from calltools.model.finding import Findings
from calltools.rules.repeated_keys import RecordKeys, hash_rows

#: If a record has several identifiers, the upload sends it with the first of these.
_UPLOAD_ORDER: Final = ("ClientId", "Yclid", *(name for name in IDENTIFIER_FIELDS if name not in {"ClientId", "Yclid"}))


def duplicate_records(columns: Mapping[str, Cells]) -> RecordKeys | None:
    """The record has the same identifiers, time and phone as an earlier one; without identifiers and phone, all cells.

    Why:
        It is the same call twice: the export overlaps another one, or holds a line for each leg. Metrica counts it
        twice, and nothing can take a call back. Where neither an identifier nor a phone tells the caller, several
        people may call in one second, so that only a record with the very same cells counts as the same call.

    Example:
        bad: two records with ClientId 1604591025698235234, DateTime 1772434800, PhoneNumber +74951234567
        good: one of them

    Fix:
        Remove the later record; the finding names the earlier one. `calltools upload` sends such a call once. In a
        profile `one_call_by` merges the legs of a call.

    Source:
        Yandex Metrica, FAQ: a call sent again is stored again or overwritten; no method deletes calls.
    """
    if "DateTime" not in columns:
        return None
    # A file without a column has the same calls as one in which that column is empty.
    empty = constant_cells("", len(columns["DateTime"]))
    told_by = identity_fields(caller_fields())
    cells_of = {name: _without_placeholders(columns.get(name, empty)) for name in told_by}
    dated = non_empty(cells_of["DateTime"])
    told: Mask = dated & np.logical_or.reduce([non_empty(cells_of[name]) for name in caller_fields()])
    if told.all():
        return hash_rows([*cells_of.values()]), slice(None)
    hashes = np.zeros(len(dated), np.uint64)
    hashes[told] = hash_rows([cells.filter(pa.array(told)) for cells in cells_of.values()])
    untold = dated & ~told
    picked = (columns.get(name, empty).filter(pa.array(untold)) for name in identity_fields(()))
    hashes[untold] = hash_rows([_without_placeholders(cells) for cells in picked])
    return hashes[dated], dated


def _without_placeholders(cells: Cells) -> Cells:
    """The cells as an upload sends them."""
    return cell_kernels.clear_where(cells, cell_kernels.placeholder(cells))


def repeated_first_time_callers(columns: Mapping[str, Cells]) -> RecordKeys | None:
    """One phone number is a first-time caller more than once.

    Why:
        A caller calls for the first time once. Usually the export says "first" for each day or each campaign, and the
        share of new callers in the report is too high.

    Example:
        bad: FirstTimeCaller 1 in two records of +74951234567
        good: FirstTimeCaller 1 in the first, 0 in the second

    Fix:
        Keep 1 in the earliest record only, or leave the column out if the export cannot know.

    Source:
        Yandex Metrica, Passing call data, FirstTimeCaller.
    """
    if "FirstTimeCaller" not in columns or "PhoneNumber" not in columns:
        return None
    first = is_single_character(columns["FirstTimeCaller"], "1") & ~cell_kernels.absent(columns["PhoneNumber"])
    return hash_rows([columns["PhoneNumber"].filter(pa.array(first))]), first


class MixedIdentifierColumns:
    """Records of one file use different identifier columns.

    Why:
        An upload is matched by one kind of identifier. What happens to the records of another kind is not documented:
        they may stay without a visit.

    Example:
        bad: some records with ClientId only, others with Yclid only
        good: a file for each

    Fix:
        Nothing for `calltools upload`, which sends each kind by itself. By hand: split the file.

    Source:
        Yandex Metrica, upload_calls: client_id_type of an uploading.
    """

    def __init__(self) -> None:
        self._used: set[str] = set()

    def digest(self, columns: Mapping[str, Cells], ends: Numbers, _assumptions: Assumptions) -> Sequence[Any]:
        """The identifier columns by which records of each batch would be uploaded."""
        used: list[set[str]] = [set() for _ in ends[1:]]
        # Records without an identifier in the columns before.
        rest: Mask | None = None
        for name in _UPLOAD_ORDER:
            if name in columns:
                given = ~cell_kernels.absent(columns[name])
                counts = count_in_each(given if rest is None else given & rest, ends)
                for batch in np.flatnonzero(counts).tolist():
                    used[batch].add(name)
                rest = ~given if rest is None else rest & ~given
        return used

    def add(self, digest: Any, _records: Numbers, _places: Numbers) -> Findings:
        """Add the columns of a batch; the finding comes at the end of the table."""
        self._used |= digest
        return Findings.empty()

    def close(self) -> Findings:
        """One finding for the file if it has several kinds of identifiers."""
        several = len(self._used) > 1
        return Findings.from_rows([{"code": "", "detail": ", ".join(sorted(self._used))}] if several else [])


class AllCallsStatic:
    """Every call of the file is static.

    Why:
        Static calls are never linked to visits. Metrica then answers LINKAGE_FAILURE for the file; the calls are
        shown in the reports all the same, so this is no failure.

    Example:
        bad: StaticCall 1 in each record, though the numbers are tied to visits
        good: StaticCall 1 in each record of a tracker without dynamic numbers

    Fix:
        Nothing, if that is so. Otherwise look how StaticCall was filled: --static-call auto tells calls with and
        without an identifier apart.

    Source:
        Yandex Metrica, FAQ: LINKAGE_FAILURE of static calls.
    """

    def __init__(self) -> None:
        self._static = 0
        self._count = 0

    def digest(self, columns: Mapping[str, Cells], ends: Numbers, _assumptions: Assumptions) -> Sequence[Any]:
        """The count of records of each batch, and of those that are static calls."""
        counts = np.diff(ends)
        has_column = "StaticCall" in columns
        static = count_in_each(is_single_character(columns["StaticCall"], "1"), ends) if has_column else 0 * counts
        return list(zip(counts.tolist(), static.tolist(), strict=True))

    def add(self, digest: Any, _records: Numbers, _places: Numbers) -> Findings:
        """Add the counts of a batch; the finding comes at the end of the table."""
        self._count += digest[0]
        self._static += digest[1]
        return Findings.empty()

    def close(self) -> Findings:
        """One finding for the file if it has records, and all of them are static."""
        every = bool(self._count) and self._static == self._count
        return Findings.from_rows([{"code": "", "field": "StaticCall", "detail": str(self._count)}] if every else [])


class IdentifierPrecisionLost:
    """All identifiers of a column bear the mark of a rounding.

    Why:
        A program kept the ids as numbers. Ids of 17 digits and more do not fit: each lost its last digits, and none of
        these calls will find its visitor, though every id looks right.

    Example:
        bad: 1604591025698235136, 1604591025698240000 and so on, all divisible by 256 or all ending in zeros
        good: 1604591025698235234, 1604591031177021911

    Fix:
        Export again with the column as text: in Excel import it as Text, in pandas read it with dtype=str. The lost
        digits cannot be computed.

    Source:
        IEEE 754 double precision (53 bits); Microsoft Support: Excel keeps 15 significant digits.
    """

    def __init__(self) -> None:
        self._rounded: dict[tuple[str, str], set[str]] = {}
        self._exact: set[tuple[str, str]] = set()

    def digest(self, columns: Mapping[str, Cells], ends: Numbers, _assumptions: Assumptions) -> Sequence[Any]:
        """For each column of ids and each mark of rounding: whether all long ids have it, and some distinct ids."""
        found = {
            (name, mark): _find_rounding(columns[name], ends, mark)
            for name in of_kind("client-id", "click-id")
            if name in columns
            for mark in ("binary", "decimal")
        }
        return [{key: of_batches[number] for key, of_batches in found.items()} for number in range(len(ends) - 1)]

    def add(self, digest: Any, _records: Numbers, _places: Numbers) -> Findings:
        """Add the ids of a batch. One long id without the mark proves that the column was not rounded."""
        for key, (all_marked, ids) in digest.items():
            if not all_marked:
                self._exact.add(key)
            elif len(self._rounded.get(key, ())) < _MIN_DISTINCT_IDS:
                self._rounded.setdefault(key, set()).update(ids)
        return Findings.empty()

    def close(self) -> Findings:
        """One finding for each rounded column."""
        rounded = {
            name: mark
            for (name, mark), ids in self._rounded.items()
            if (name, mark) not in self._exact and len(ids) >= _MIN_DISTINCT_IDS
        }
        return Findings.from_rows({"code": "", "field": name, "detail": mark} for name, mark in rounded.items())


class MinutesReadAsHours:
    """All durations of a column are whole minutes, and many are an hour or longer.

    Why:
        A spreadsheet takes 1:15 for an hour and a quarter. If the export meant a minute and 15 seconds, each duration
        is now sixty times too long: whole minutes without exception, which calls never are.

    Example:
        bad: talks of 1:00:00, 2:15:00 and 0:45:00 and no other second than 0
        good: talks of 60, 135 and 45 seconds

    Fix:
        Compare one call with the call log. If its minutes became hours, export again and give calltools the file as it
        came (`--duration-format mm:ss`); in the spreadsheet divide the column by 60. Otherwise nothing.

    Source:
        Microsoft Support, TIMEVALUE: a time of two parts is hours and minutes.
    """

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}

    def digest(self, columns: Mapping[str, Cells], ends: Numbers, assumptions: Assumptions) -> Sequence[Any]:
        """For each column of durations the counts of those above zero, of those with seconds, and of long ones."""
        # Who says that they are hours and minutes knows it.
        names = () if assumptions.duration_format == "h:mm" else of_kind("seconds")
        found = {name: _count_durations(columns[name], ends, assumptions) for name in names if name in columns}
        return [{name: of_batches[number] for name, of_batches in found.items()} for number in range(len(ends) - 1)]

    def add(self, digest: Any, _records: Numbers, _places: Numbers) -> Findings:
        """Add the counts of a batch; the finding comes at the end of the table."""
        for name, counts in digest.items():
            self._counts[name] = self._counts.get(name, Counter()) + counts
        return Findings.empty()

    def close(self) -> Findings:
        """One finding for each column of whole minutes with enough long durations."""
        odd = {
            name: counts["all"]
            for name, counts in self._counts.items()
            if not counts["with seconds"]
            and counts["long"] >= max(_MIN_LONG_DURATIONS, _MIN_LONG_SHARE * counts["all"])
        }
        return Findings.from_rows({"code": "", "field": name, "detail": str(count)} for name, count in odd.items())


_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
#: One call of exactly an hour is nothing odd: some exchanges end a call there.
_MIN_LONG_DURATIONS: Final = 2
#: Of calls in seconds hardly one in a hundred takes an hour; of minutes that were read as hours most do.
_MIN_LONG_SHARE: Final = 0.25
#: Longer numbers are no durations.
_MAX_DURATION_DIGITS: Final = 9


def _count_durations(cells: Cells, ends: Numbers, assumptions: Assumptions) -> list[Counter[str]]:
    # A multiple of 60 ends in 0. Nearly every batch has another duration that needs no rewriting, so few are read.
    with_seconds = count_in_each(_are_short_numbers(cells) & (last_bytes(cells) != ord("0")), ends)
    return [
        Counter({"with seconds": 1})
        if count
        else _count_written_durations(cells.slice(first, last - first), assumptions)
        for count, (first, last) in zip(with_seconds.tolist(), pairwise(ends.tolist()), strict=True)
    ]


def _count_written_durations(cells: Cells, assumptions: Assumptions) -> Counter[str]:
    written = seconds.KIND.normalize(cells, assumptions)
    readable = _are_short_numbers(written)
    if (readable & (last_bytes(written) != ord("0"))).any():
        return Counter({"with seconds": 1})
    numbers = pc.cast(written.filter(pa.array(readable)), pa.int64()).to_numpy()
    return Counter(
        {
            "all": int((numbers > 0).sum()),
            "with seconds": int((numbers % _MINUTE_S > 0).any()),
            "long": int((numbers >= _HOUR_S).sum()),
        }
    )


def _are_short_numbers(cells: Cells) -> Mask:
    sizes = byte_lengths(cells)
    mask: Mask = digits_only(cells) & (sizes > 0) & (sizes <= _MAX_DURATION_DIGITS)
    return mask


#: Fewer distinct ids may have the mark by chance.
_MIN_DISTINCT_IDS: Final = 3
#: All ids of so many digits exceed 53 bits; some shorter ones do not.
_MIN_LONG_ID_DIGITS: Final = 17
#: Significant digits that a spreadsheet keeps.
_KEPT_DIGITS: Final = 15


def _find_rounding(cells: Cells, ends: Numbers, mark: str) -> list[tuple[bool, tuple[str, ...]]]:
    """Whether all long ids of each batch have a mark (``binary`` or ``decimal``), and up to three distinct ids."""
    long = byte_lengths(cells) >= _MIN_LONG_ID_DIGITS
    if not long.any():
        return [(True, ())] * (len(ends) - 1)
    # A double of this size is even, and a decimal rounding ends in 0. One id with another last digit is enough to see
    # that nothing was rounded, and nearly every column has one.
    last = last_bytes(cells) - np.uint8(0x30)
    exact = long & (last <= 9) & ((last % 2 == 1) if mark == "binary" else (last != 0))
    if exact.any():
        exact &= digits_only(cells)
    return [
        (False, ()) if count else _find_marked_ids(cells.slice(first, end - first), mark)
        for count, (first, end) in zip(count_in_each(exact, ends).tolist(), pairwise(ends.tolist()), strict=True)
    ]


def _find_marked_ids(cells: Cells, mark: str) -> tuple[bool, tuple[str, ...]]:
    ids = cells.filter(pa.array((byte_lengths(cells) >= _MIN_LONG_ID_DIGITS) & digits_only(cells)))
    distinct = pc.unique(ids).to_pylist()
    has_mark = _is_exact_double if mark == "binary" else _ends_in_zeros
    if not all(has_mark(text) for text in distinct):
        return False, ()
    return True, tuple(distinct[:_MIN_DISTINCT_IDS])


def _is_exact_double(text: str) -> bool:
    # The number is only compared here. Ids are never written from a number.
    return int(float(text)) == int(text)


def _ends_in_zeros(text: str) -> bool:
    return not text[_KEPT_DIGITS:].strip("0")
