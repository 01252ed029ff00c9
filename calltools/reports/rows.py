"""Findings as rows of a report: rule name, redacted value, message, and the address of the cell."""

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import PurePath
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels.byte_kernels import byte_lengths
from calltools.fields.kernels.cell_kernels import replace_where
from calltools.fields.redaction import redact_findings, redact_title_cells
from calltools.model.batch import Address, Source
from calltools.model.cells import Cells, combine_chunks, constant_cells
from calltools.model.finding import Finding, Findings
from calltools.reports.escape import escape_invisible_cells, truncate_cells
from calltools.reports.reporter import ReportOptions
from calltools.reports.wording import render_sentences
from calltools.rules.catalog import RULES
from calltools.texts import Language, say

#: A message holds no more of a cell than this; ``value`` holds the whole cell.
_MAX_CELL_IN_MESSAGE: Final = 200


def render_findings(findings: Findings, source: Source | None, name: str, options: ReportOptions) -> Iterator[Finding]:
    """Each finding with its message, its values redacted.

    Args:
        findings: Findings of one file, with severity.
        source: How the file was read; ``None``: it could not be read.
        name: The file as the user named it.
        options: Language, and whether values are shown.
    """
    worded = word_findings(findings, source, options)
    table = arrange_columns(worded, source, name)
    table = table.append_column("fingerprint", finding_fingerprints(worded, source, name))
    for row in table.to_pylist():
        kind, after = row.pop("fix_kind"), row.pop("after")
        yield Finding(**row, fix=None if kind is None else {"kind": kind, "after": after})


def render_columns(findings: Findings, source: Source | None, name: str, options: ReportOptions) -> pa.Table:
    """The same as columns, for forms that write a million findings.

    Returns:
        A row for each finding, in the given order; the columns are ``_COLUMN_ORDER``.
    """
    return arrange_columns(word_findings(findings, source, options), source, name)


def find_address(source: Source | None) -> Address | None:
    """How the records of a file are looked up; ``None``: it could not be read."""
    return None if source is None else source.format.address


def word_findings(findings: Findings, source: Source | None, options: ReportOptions) -> pa.Table:
    """Findings with values redacted, and with the column ``message``.

    Args:
        findings: Findings with severity; of several files, if their records are looked up alike (``find_address``).
        source: One of their files.
        options: Language, and whether values are shown.
    """
    table = findings.table.combine_chunks()
    alike = _find_alike(table)
    if alike is None:
        return _word(table, source, options)
    rows, number_of = alike
    words = _word(table.take(rows), source, options)
    for name in _REDACTED:
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(place), combine_chunks(words[name]).take(number_of))
    return table.append_column("message", combine_chunks(words["message"]).take(number_of))


def _word(table: pa.Table, source: Source | None, options: ReportOptions) -> pa.Table:
    table = redact_findings(table, options.show_values)
    return table.append_column("message", render_messages(table, options.language, find_address(source)))


#: What is redacted of a finding, and all that its words depend on.
_REDACTED: Final = ("value", "after", "column", "detail")
_WORDED: Final = ("code", "field", *_REDACTED)
#: Findings by which it shows whether many are alike.
_SAMPLED: Final = 256
_MAX_KEY: Final = 1 << 63


def _find_alike(table: pa.Table) -> tuple[pa.Array, pa.Array] | None:
    """Rows of which no two have the same words, and for each finding the number of such a row that has its words.

    One damage is found in many records, and people are masked, so that most findings of a large file are alike.
    ``None``: they are few, or most of them are different.
    """
    if table.num_rows < _SAMPLED or 2 * len(_number_words(table.slice(0, _SAMPLED))[0]) > _SAMPLED:
        return None
    rows, number_of = _number_words(table)
    return (rows, number_of) if 2 * len(rows) <= table.num_rows else None


def _number_words(table: pa.Table) -> tuple[pa.Array, pa.Array]:
    """The rows and the numbers of ``_find_alike``; where keys would be too long, each row is taken to be different."""
    keys, size = np.zeros(table.num_rows, np.int64), 1
    for name in _WORDED:
        # "encode" makes null an entry of the dictionary: null and an empty cell have different words.
        encoded = combine_chunks(table[name]).dictionary_encode("encode")
        size *= max(len(encoded.dictionary), 1)
        if size >= _MAX_KEY:
            every = pa.array(np.arange(table.num_rows))
            return every, every
        keys = keys * len(encoded.dictionary) + encoded.indices.to_numpy()
    number_of = pa.array(keys).dictionary_encode().indices
    rows = np.zeros(pc.max(number_of).as_py() + 1 if len(number_of) else 0, np.int64)
    rows[number_of.to_numpy()] = np.arange(table.num_rows)
    return pa.array(rows), number_of


def arrange_columns(table: pa.Table, source: Source | None, name: str) -> pa.Table:
    """The columns ``_COLUMN_ORDER`` of worded findings of one file."""
    count = table.num_rows
    rules = _rule_columns()
    index = pc.index_in(combine_chunks(table["code"]), rules["code"])
    after = combine_chunks(table["after"])
    sheet = None if source is None else source.sheet
    columns = {
        "code": table["code"],
        "name": rules["name"].take(index),
        "severity": table["severity"],
        "message": table["message"],
        "file": constant_cells(name, count),
        "sheet": pa.nulls(count, pa.string()) if sheet is None else constant_cells(sheet, count),
        "record": table["record"],
        **_location_columns(table, source),
        "column": table["column"],
        "value": table["value"],
        "fix_kind": pc.if_else(pc.is_valid(after), rules["fix"].take(index), None),
        "after": after,
    }
    return pa.table({title: columns[title] for title in _COLUMN_ORDER})


@lru_cache(maxsize=1)
def _rule_columns() -> dict[str, Cells]:
    # At import time the first Arrow array would load pandas into every command.
    return {title: pa.array([getattr(rule, title) for rule in RULES], pa.string()) for title in ("code", "name", "fix")}


_COLUMN_ORDER: Final = (
    "code", "name", "severity", "message", "file", "sheet", "record", "line", "row", "column", "cell", "value",
    "fix_kind", "after", "last_line", "last_row",
)  # fmt: skip


def render_messages(table: pa.Table, language: Language, address: Address | None) -> Cells:
    """The message of each finding, in their order; what it holds of a cell is truncated and escaped.

    Args:
        table: Findings, values redacted.
        language: Language of the messages.
        address: How the records of the file are looked up; ``None``: as lines.
    """
    # One call words all findings of a rule: they are sorted by rule, worded rule by rule, and put back in order.
    code = combine_chunks(table["code"]).dictionary_encode()
    indices = code.indices.to_numpy()
    order = np.argsort(indices, kind="stable")
    by_rule = _prepare_for_messages(table).take(pa.array(order))
    starts = np.searchsorted(indices[order], np.arange(len(code.dictionary) + 1))
    messages = [
        _append_repaired(by_rule.slice(start, end - start), language, address)
        for start, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)
    ]
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return pa.concat_arrays(messages).take(pa.array(back)) if messages else pa.array([], pa.string())


def _append_repaired(table: pa.Table, language: Language, address: Address | None) -> Cells:
    """Messages of findings of one rule, with the repaired cell where there is one that is not empty."""
    sentences, after = combine_chunks(render_sentences(table, language, address)), combine_chunks(table["after"])
    repaired = byte_lengths(after) > 0
    if not repaired.any():
        return sentences
    joiner = say("report-repaired", language)
    if repaired.all():
        return pc.binary_join_element_wise(sentences, joiner, after, "")
    rows = pa.array(repaired)
    with_repair = pc.binary_join_element_wise(sentences.filter(rows), joiner, after.filter(rows), "")
    return replace_where(sentences, repaired, with_repair)


def finding_fingerprints(table: pa.Table, source: Source | None, name: str) -> Cells:
    """A fingerprint of each finding: the same in every run over the same file, and free of personal data."""
    sheet = (source.sheet if source is not None else None) or ""
    texts = [
        combine_chunks(table["code"]),
        redact_title_cells(combine_chunks(table["column"])),
        *(combine_chunks(table[title]).cast(pa.string()) for title in ("position", "record", "place")),
    ]
    keys = pc.binary_join_element_wise(*(pc.fill_null(text, "") for text in texts), "\x1f")
    # The cell is no part of it: a short hash of a phone can be reversed by trying all phones.
    salt = f"{PurePath(name).as_posix()}\x1f{sheet}\x1f".encode()
    return pa.array(
        [hashlib.blake2b(salt + key, digest_size=8).hexdigest() for key in keys.cast(pa.binary()).to_pylist()],
        pa.string(),
    )


def column_letters(position: int) -> str:
    """Letters of the sheet column at a position: 0 is A, 26 is AA; ``column_position`` is the inverse."""
    letters = ""
    rest = position + 1
    while rest:
        rest, last = divmod(rest - 1, 26)
        letters = chr(ord("A") + last) + letters
    return letters


def column_position(letters: str) -> int:
    """Position of a sheet column with these letters: A is 0, AA is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _location_columns(table: pa.Table, source: Source | None) -> dict[str, pa.Array]:
    """Columns ``line``, ``row``, ``cell`` and so on: the ones by which the format's records are found, others null."""
    no_number, no_text = pa.nulls(table.num_rows, pa.int64()), pa.nulls(table.num_rows, pa.string())
    place, last = table["place"].combine_chunks(), _last_places(table)
    nowhere = {"line": no_number, "row": no_number, "cell": no_text, "last_line": no_number, "last_row": no_number}
    if source is None or source.format.address == "line":
        return nowhere | {"line": place, "last_line": last}
    if source.format.address == "record":
        return nowhere
    position = table["position"].combine_chunks().dictionary_encode()
    letters = pa.array(
        [column_letters(one + source.first_column) for one in position.dictionary.to_pylist()], pa.string()
    ).take(position.indices)
    cell = pc.binary_join_element_wise(letters, place.cast(pa.string()), "")
    return nowhere | {"row": place, "cell": cell, "last_row": last}


def _last_places(table: pa.Table) -> pa.Array:
    """The last place of each finding on a run of empty lines (CT009); null elsewhere."""
    blank = pc.equal(combine_chunks(table["code"]), "CT009")
    if not pc.any(blank).as_py():
        return pa.nulls(table.num_rows, pa.int64())
    last = pc.replace_substring_regex(pc.if_else(blank, combine_chunks(table["detail"]), None), r"^.*\x1f", "")
    return last.cast(pa.int64())


def _prepare_for_messages(table: pa.Table) -> pa.Table:
    for name in ("value", "after", "column", "detail"):
        cells = escape_invisible_cells(
            truncate_cells(combine_chunks(table[name]), _MAX_CELL_IN_MESSAGE), parts=name == "detail"
        )
        table = table.set_column(table.schema.get_field_index(name), table.schema.field(name), cells)
    return table
