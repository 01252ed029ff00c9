"""Giving each record of a file of outcomes to one call: the latest one of the same person that is not later.

First all calls of a run are looked at, batch by batch (``OutcomeAssignment.add``). Then each file of calls gets what
belongs to its calls, by their places (``CallOutcomes``), so that its records can be read in any order, anywhere.
Overlapping exports have copies of one call. Each copy gets what belongs to the call, so that it is no changed call,
whichever of them is sent first; it is counted at the first of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import full_match
from calltools.matching.columns import RESULT_FIELDS
from calltools.matching.join import SECONDS_PATTERN
from calltools.matching.outcomes import OutcomeRecords
from calltools.model.cells import Cells, Mask, Numbers, combine_chunks, constant_cells, non_empty
from calltools.model.finding import DETAIL_SEPARATOR, Findings
from calltools.rules.dataset import duplicate_records
from calltools.rules.repeated_keys import KeyHashes

#: Bits of a Unix second in a search key; the number of the person stands above them.
_TIME_BITS: Final = 34
_BETWEEN_TAGS: Final = "; "
_NO_CALL: Final = -1


@dataclass(frozen=True, slots=True)
class SeenCalls:
    """Calls of persons whom a file of outcomes knows.

    Attributes:
        keys: Number of the person and Unix second of the call in one number; a call may have several persons' keys.
        places: Line or row of each.
        identities: Equal for copies of one call (``duplicate_records``), in whatever file they are.
    """

    keys: Numbers
    places: Numbers
    identities: KeyHashes


@dataclass(frozen=True, slots=True)
class OutcomePersons:
    """Persons of files of outcomes, by number.

    Attributes:
        known: ``PhoneNumber`` or an identifier field -> the distinct texts of it.
    """

    known: Mapping[str, Cells]

    @staticmethod
    def of_records(records: OutcomeRecords) -> "OutcomePersons":
        """The persons of some records."""
        return OutcomePersons({name: cells.unique() for name, (_, cells) in sorted(records.keys.items())})

    def number(self, name: str, cells: Cells) -> Numbers:
        """The number of each cell's person; -1 if no file of outcomes has it."""
        before = sum(len(texts) for field, texts in self.known.items() if field < name)  # a field's follow another's
        found = pc.fill_null(pc.index_in(cells, self.known[name]), -1).to_numpy().astype(np.int64)
        return np.where(found < 0, -1, found + before)

    def find_calls(self, columns: pa.Table, places: Numbers) -> SeenCalls:
        """The calls of these persons.

        Args:
            columns: Canonical, normalized columns.
            places: Line or row of each call.
        """
        names = columns.column_names
        keys, found = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        identities = np.zeros(len(columns), np.uint64)
        if "DateTime" in names:
            times = combine_chunks(columns["DateTime"])
            timed = full_match(times, SECONDS_PATTERN)
            seconds = pc.if_else(pa.array(timed), times, "0").cast(pa.int64()).to_numpy()
            for name in (name for name in self.known if name in names):
                persons = self.number(name, combine_chunks(columns[name]))
                rows = np.flatnonzero(timed & (persons >= 0))
                keys.append((persons[rows] << _TIME_BITS) | seconds[rows])
                found.append(rows)
        rows = np.concatenate(found)
        known = np.unique(rows)
        told = duplicate_records({name: combine_chunks(columns[name]).take(pa.array(known)) for name in names})
        if told is not None:
            hashes, chosen = told
            identities[known[chosen]] = hashes
        return SeenCalls(np.concatenate(keys), places[rows], identities[rows])


class OutcomeAssignment:
    """Finds the call of each record of the files of outcomes, while the calls of a run pass by.

    Args:
        count: Records of the files of outcomes.
        window_s: By how many seconds a call may be earlier at most.
    """

    def __init__(self, count: int, window_s: int) -> None:
        self._window_s = window_s
        self._times = np.full(count, _NO_CALL, np.int64)
        self._inputs = np.full(count, _NO_CALL, np.int64)
        self._places = np.zeros(count, np.int64)
        self._identities = np.zeros(count, np.uint64)
        #: Identities and places of calls that may be the call of a record, or a copy of it, by the number of the input.
        self._candidates: dict[int, list[tuple[KeyHashes, Numbers]]] = {}

    def add(self, number: int, calls: SeenCalls, records: OutcomeRecords, persons: OutcomePersons) -> None:
        """Look at some calls.

        Args:
            number: Of the input they come from; inputs are looked at in their order. Of calls at one second the first
                one counts.
            calls: The calls.
            records: The files of outcomes, read for this input.
            persons: Their persons.
        """
        if not len(calls.keys):
            return
        order = np.lexsort((calls.places, calls.keys))
        keys, places, identities = calls.keys[order], calls.places[order], calls.identities[order]
        is_candidate = np.zeros(len(keys), bool)
        for name, (of_texts, cells) in records.keys.items():
            usable = records.reasons[of_texts] < 0
            rows = of_texts[usable]
            wanted = (persons.number(name, cells.filter(pa.array(usable))) << _TIME_BITS) | records.times[rows]
            last = np.searchsorted(keys, wanted, "right") - 1
            found = (last >= 0) & (keys[last] >> _TIME_BITS == wanted >> _TIME_BITS)
            found &= wanted - keys[last] <= self._window_s
            first = np.searchsorted(keys, keys[last[found]], "left")
            # A copy has the same key: what is the latest call here, or stands at its second, may be one.
            is_candidate |= np.isin(keys, keys[first])
            self._take(rows[found], keys[first] & ((1 << _TIME_BITS) - 1), number, places[first], identities[first])
        self._candidates.setdefault(number, []).append((identities[is_candidate], places[is_candidate]))

    def _take(self, rows: Numbers, times: Numbers, number: int, places: Numbers, identities: KeyHashes) -> None:
        """Note these calls of these records, where no later one is known."""
        # Of several calls of one record the best comes last, and the last assignment to a row counts.
        order = np.lexsort((-places, times))
        rows, times, places, identities = rows[order], times[order], places[order], identities[order]
        later = times > self._times[rows]
        same = (times == self._times[rows]) & (self._inputs[rows] == number) & (places < self._places[rows])
        better = later | same
        self._times[rows[better]] = times[better]
        self._inputs[rows[better]] = number
        self._places[rows[better]] = places[better]
        self._identities[rows[better]] = identities[better]

    @property
    def without_call(self) -> Mask:
        """Records for which no call was found, those that cannot be used among them."""
        mask: Mask = self._inputs == _NO_CALL
        return mask

    def outcomes_of(self, number: int, records: OutcomeRecords) -> "CallOutcomes | None":
        """What belongs to the calls of an input, copies among them; ``None``: nothing does."""
        rows, places = self._find_copies(number)
        if not len(rows):
            return None
        order = np.lexsort((rows, places))
        rows, places = rows[order], places[order]
        counts_here = (self._inputs[rows] == number) & (self._places[rows] == places)
        return _merge_records(rows, places, records.results.take(pa.array(rows)), counts_here)

    def _find_copies(self, number: int) -> tuple[Numbers, Numbers]:
        """Rows of records, and for each the place of its call or of a copy of it in an input."""
        parts = self._candidates.get(number, [(self._identities[:0], self._places[:0])])
        places, once = np.unique(np.concatenate([places for _, places in parts]), return_index=True)
        identities = np.concatenate([identities for identities, _ in parts])[once]
        rows = np.flatnonzero(self._inputs != _NO_CALL)
        rows = rows[np.argsort(self._identities[rows], kind="stable")]
        first, last = (np.searchsorted(self._identities[rows], identities, side) for side in ("left", "right"))
        counts = last - first
        # The rows of each call stand together: from its first one on.
        steps = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return rows[np.repeat(first, counts) + steps], np.repeat(places, counts)


@dataclass(frozen=True, slots=True)
class CallOutcomes:
    """What files of outcomes say of the calls of one file.

    Attributes:
        places: Line or row of each call, rising.
        results: ``Price``, ``Currency`` and ``Tag``, one row for each call; prices are added up.
        counts: Records that are counted at each call; 0: at an earlier copy of it.
        currencies: The currencies of each call whose records have several; of such a call ``results`` says nothing.
        records: Rows of the counted records in the files of outcomes, those of one call together, in the order of the
            calls.
    """

    places: Numbers
    results: pa.Table
    counts: Numbers
    currencies: Cells
    records: Numbers

    def records_of(self, places: Numbers) -> Numbers:
        """Rows of the records of some calls, by the places of these."""
        return self.records[np.isin(np.repeat(self.places, self.counts), places)]


def _merge_records(records: Numbers, places: Numbers, results: pa.Table, counts_here: Mask) -> CallOutcomes:
    """One row a call of records that are sorted by call; some of them are counted at other copies of their calls."""
    unique, starts, counts = np.unique(places, return_index=True, return_counts=True)
    calls = np.repeat(np.arange(len(unique)), counts)
    priced = non_empty(combine_chunks(results["Price"]))
    codes = _join_distinct(combine_chunks(results["Currency"]), calls, len(unique), ", ", priced)
    several = np.array(pc.match_substring(codes, ",").to_numpy(zero_copy_only=False), bool)
    nothing = constant_cells("", len(unique))
    single = counts == 1
    prices = pc.if_else(
        pa.array(single),
        combine_chunks(results["Price"]).take(pa.array(starts)),
        _sum_prices(combine_chunks(results["Price"]), calls, len(unique), priced),
    )
    tags = _join_distinct(combine_chunks(results["Tag"]), calls, len(unique), _BETWEEN_TAGS)
    clear = pa.array(several)
    return CallOutcomes(
        unique,
        pa.table(
            {
                "Price": pc.if_else(clear, nothing, prices),
                "Currency": pc.if_else(clear, nothing, codes),
                "Tag": pc.if_else(clear, nothing, tags),
            }
        ),
        np.bincount(calls[counts_here], minlength=len(unique)),
        pc.if_else(clear, codes, nothing),
        records[counts_here],
    )


def _join_distinct(cells: Cells, calls: Numbers, count: int, between: str, chosen: Mask | None = None) -> Cells:
    """The distinct filled cells of each call in their order, joined."""
    keep = non_empty(cells) if chosen is None else chosen & non_empty(cells)
    table = pa.table({"call": calls[keep], "cell": cells.filter(pa.array(keep)), "order": np.flatnonzero(keep)})
    distinct = table.group_by(["call", "cell"], use_threads=False).aggregate([("order", "min")]).sort_by("order_min")
    listed = distinct.group_by("call", use_threads=False).aggregate([("cell", "list")])
    return _spread(listed["call"], pc.binary_join(listed["cell_list"].combine_chunks(), between), count)


def _sum_prices(prices: Cells, calls: Numbers, count: int, priced: Mask) -> Cells:
    """The exact sum of the prices of each call, with as many decimals as the longest of them."""
    keep = pa.array(priced)
    cells = prices.filter(keep)
    decimals = pc.utf8_length(pc.replace_substring_regex(cells, r"^[0-9]+(?:\.|$)", ""))
    table = pa.table({"call": calls[priced], "price": cells.cast(pa.decimal128(38, 6)), "decimals": decimals})
    summed = table.group_by("call", use_threads=False).aggregate([("price", "sum"), ("decimals", "max")])
    amounts, longest = summed["price_sum"].combine_chunks(), summed["decimals_max"].combine_chunks()
    texts = amounts.cast(pa.string())
    for places in pc.unique(longest).to_pylist():
        rows = pc.equal(longest, places)
        exact = pc.round(amounts.filter(rows), places).cast(pa.decimal128(38, places)).cast(pa.string())
        texts = pc.replace_with_mask(texts, rows, exact)
    return _spread(summed["call"], texts, count)


def _spread(calls: pa.ChunkedArray, cells: Cells, count: int) -> Cells:
    """The cells at the places of their calls, others empty."""
    mask: Mask = np.zeros(count, bool)
    numbers = calls.to_numpy()
    mask[numbers] = True
    ordered = cells.take(pa.array(np.argsort(numbers)))
    return pc.replace_with_mask(constant_cells("", count), pa.array(mask), ordered)


@dataclass(frozen=True, slots=True)
class OutcomeTally:
    """How many records of files of outcomes reached the calls of a batch.

    Attributes:
        counts: ``taken``, ``calls``, ``own``, ``currencies`` (``Summary.outcomes``), as if no call was rejected.
        taken: Records that gave something to the call of each row; empty: none did.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    taken: Numbers = field(default_factory=lambda: np.zeros(0, np.int64))

    def count(self, bad: Mask) -> Mapping[str, int]:
        """The counts where these rows are rejected: what their calls got is written nowhere."""
        lost = self.taken[bad] if len(self.taken) else self.taken
        if not lost.any():
            return self.counts
        calls, records = int((lost > 0).sum()), int(lost.sum())
        kept = {"taken": self.counts["taken"] - records, "calls": self.counts["calls"] - calls}
        return {**self.counts, **kept, "rejected": records}


@dataclass(frozen=True, slots=True)
class OutcomeResult:
    """Calls with what the files of outcomes say of them.

    Attributes:
        columns: The canonical columns with results filled in.
        own: Field -> rows of calls that have a value of their own there, which stays.
        several: Rows of calls of whose records nothing is taken: they have several currencies.
        currencies: These currencies.
        tally: How many records reached these calls.
    """

    columns: pa.Table
    own: Mapping[str, Numbers]
    several: Numbers
    currencies: Cells
    tally: OutcomeTally


def fill_outcomes(columns: pa.Table, places: Numbers, outcomes: CallOutcomes) -> OutcomeResult:
    """Fill in price, currency and tag, where a call says nothing of them itself.

    Args:
        columns: Canonical, normalized columns.
        places: Line or row of each call.
        outcomes: What is known of the calls of the file.
    """
    at = np.minimum(np.searchsorted(outcomes.places, places), len(outcomes.places) - 1)
    rows = np.flatnonzero(outcomes.places[at] == places)
    at = at[rows]
    known = outcomes.results.take(pa.array(at))
    given = {name: combine_chunks(known[name]) for name in RESULT_FIELDS}
    has_own = {name: _is_filled(columns, name)[rows] for name in RESULT_FIELDS}
    # A currency of the export's own decides about the money, too, unless it is the same.
    same = np.array(pc.equal(_cells_at(columns, "Currency", rows), given["Currency"]), bool)
    money_taken = non_empty(given["Price"]) & ~has_own["Price"] & (~has_own["Currency"] | same)
    tag_taken = non_empty(given["Tag"]) & ~has_own["Tag"]
    taken = {"Price": money_taken, "Currency": money_taken & ~has_own["Currency"], "Tag": tag_taken}
    own = {
        "Price": non_empty(given["Price"]) & has_own["Price"],
        "Currency": non_empty(given["Price"]) & ~has_own["Price"] & has_own["Currency"] & ~same,
        "Tag": non_empty(given["Tag"]) & has_own["Tag"],
    }
    for name, mask in taken.items():
        columns = _fill_column(columns, name, rows[mask], given[name].filter(pa.array(mask)))
    counts, any_taken = outcomes.counts[at], money_taken | tag_taken
    currencies = combine_chunks(outcomes.currencies.take(pa.array(at)))
    several = non_empty(currencies)
    numbers = {
        "taken": int(counts[any_taken].sum()),
        "calls": int((any_taken & (counts > 0)).sum()),
        "own": int(counts[~any_taken & ~several].sum()),
        "currencies": int(counts[several].sum()),
    }
    taken_of_rows = np.zeros(columns.num_rows, np.int64)
    taken_of_rows[rows[any_taken]] = counts[any_taken]
    return OutcomeResult(
        columns,
        {name: rows[mask] for name, mask in own.items()},
        rows[several],
        currencies.filter(pa.array(several)),
        OutcomeTally(numbers, taken_of_rows if any_taken.any() else taken_of_rows[:0]),
    )


def _is_filled(columns: pa.Table, name: str) -> Mask:
    if name not in columns.column_names:
        return np.zeros(columns.num_rows, bool)
    return ~cell_kernels.absent(combine_chunks(columns[name]))


def _cells_at(columns: pa.Table, name: str, rows: Numbers) -> Cells:
    if name not in columns.column_names:
        return constant_cells("", len(rows))
    return combine_chunks(columns[name]).take(pa.array(rows))


def _fill_column(columns: pa.Table, name: str, rows: Numbers, found: Cells) -> pa.Table:
    if not len(rows):
        return columns
    has_column = name in columns.column_names
    before = combine_chunks(columns[name]) if has_column else constant_cells("", columns.num_rows)
    filled = pc.replace_with_mask(before, pa.array(_as_mask(rows, columns.num_rows)), found)
    if has_column:
        return columns.set_column(columns.column_names.index(name), name, filled)
    return columns.append_column(name, filled)


def _as_mask(rows: Numbers, count: int) -> Mask:
    mask: Mask = np.zeros(count, bool)
    mask[rows] = True
    return mask


def outcome_findings(result: OutcomeResult, records: Numbers, places: Numbers) -> list[Findings]:
    """CT608 of calls with several currencies, and CT609 of cells that have a value of their own."""
    rows = result.several
    detail = pc.binary_join_element_wise("currencies", result.currencies, DETAIL_SEPARATOR) if len(rows) else None
    several = Findings.for_rule("CT608", records=records[rows], places=places[rows], field="Price", detail=detail)
    return [
        several,
        *(
            Findings.for_rule(
                "CT609",
                records=records[rows],
                places=places[rows],
                field=name,
                value=_cells_at(result.columns, name, rows),
            )
            for name, rows in result.own.items()
        ),
    ]
