"""Contexts and called numbers that the user names, because the export does not say which calls are incoming."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels.byte_kernels import trim_whitespace
from calltools.fields.kinds.phone import comparable_numbers
from calltools.model.batch import Batch
from calltools.model.cells import Cells, Mask, Numbers, as_mask
from calltools.vendors.binding import BoundProfile


@dataclass(frozen=True, slots=True)
class _NamedWords:
    """What the user named of one column.

    Attributes:
        cells: The cells of the column; equal to a word, however a number is spelled.
        words: The words in the same spelling.
        given: The words as the user wrote them.
    """

    cells: Cells
    words: Cells
    given: tuple[str, ...]


def _named_words(batch: Batch, mapped: BoundProfile) -> Iterator[_NamedWords]:
    rows, options = mapped.profile.rows, mapped.options
    contexts = None if rows.context is None else mapped.freed_cells(batch, rows.context)
    if contexts is not None and options.inbound_contexts:
        words = pa.array(options.inbound_contexts, pa.string())
        yield _NamedWords(trim_whitespace(contexts), trim_whitespace(words), options.inbound_contexts)
    called = None if rows.called is None else mapped.freed_cells(batch, rows.called)
    if called is not None and options.own_numbers:
        # Few distinct numbers are called: each is read once.
        encoded = called.dictionary_encode()
        numbers = comparable_numbers(encoded.dictionary, options.region)
        words = comparable_numbers(pa.array(options.own_numbers, pa.string()), options.region)
        yield _NamedWords(pc.take(numbers, encoded.indices), words, options.own_numbers)


def named_by_user(batch: Batch, mapped: BoundProfile) -> Mask:
    """Rows with a context or a called number that the user named."""
    mask: Mask = np.zeros(len(batch), bool)
    for named in _named_words(batch, mapped):
        mask |= as_mask(pc.is_in(named.cells, named.words))
    return mask


def find_named(batch: Batch, mapped: BoundProfile) -> dict[str, Numbers]:
    """Word that the user named -> the records with it, those of all legs too."""
    if not mapped.options.own_numbers and not mapped.options.inbound_contexts:
        return {}
    found: dict[str, list[Numbers]] = {}
    parts = [batch]
    if batch.legs is not None:
        parts.append(replace(batch, columns=batch.legs.columns, records=batch.legs.records))
    for part in parts:
        for named in _named_words(part, mapped):
            # Of two spellings of one number both have the rows of the first.
            first = pc.index_in(named.words, value_set=named.words).to_pylist()
            rows = pc.fill_null(pc.index_in(named.cells, value_set=named.words), -1).to_numpy()
            for given, at in zip(named.given, first, strict=True):
                found.setdefault(given, []).append(part.records[rows == at])
    return {given: np.concatenate(records) for given, records in found.items()}
