"""JSON Lines: one object per finding with the keys of the JSON report, rendered column by column."""

import json
import re
from typing import Any, Final, TextIO

import pyarrow as pa
import pyarrow.compute as pc

from calltools.model.batch import Source
from calltools.model.cells import Cells, combine_chunks
from calltools.model.finding import Findings
from calltools.reports.reporter import LineReporter, ReportOptions
from calltools.reports.rows import finding_fingerprints, render_columns

#: JSON may hold these as they are; a terminal or a log that shows the report may not.
_UNSAFE_PATTERN: Final = r"[\x00-\x1F\x7F\x{80}-\x{9F}\x{200B}-\x{200F}\x{2028}-\x{202E}\x{2060}-\x{206F}\x{FEFF}]"
_UNSAFE_CHARACTER: Final = re.compile("[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def format_json_lines(findings: Findings, source: Source | None, name: str, options: ReportOptions) -> Cells:
    """One object a finding, with the keys of the published shape."""
    table = render_columns(findings, source, name, options)
    parts: list[Any] = []
    for key in ("code", "name", "severity", "message", "file", "sheet", "record", "line", "row", "column", "cell"):
        parts += [f'"{key}": ', _format_values(table[key]), ", "]
    parts += ['"value": ', _format_values(table["value"]), ', "fix": ', _format_fixes(table), ', "fingerprint": "']
    return pc.binary_join_element_wise("{", *parts, finding_fingerprints(findings, source, name), '"}', "")


def dump_json(value: Any) -> str:
    """A value as JSON, with nothing in it that commands a terminal."""
    return _UNSAFE_CHARACTER.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def _format_fixes(table: pa.Table) -> Cells:
    kind = combine_chunks(table["fix_kind"])
    fix = pc.binary_join_element_wise('{"kind": "', kind, '", "after": ', _format_values(table["after"]), "}", "")
    return pc.fill_null(fix, "null")


def _format_values(column: pa.ChunkedArray) -> Cells:
    if not pa.types.is_string(column.type):
        return pc.fill_null(combine_chunks(column.cast(pa.string())), "null")
    cells = combine_chunks(column)
    odd = pc.fill_null(pc.match_substring_regex(cells, _UNSAFE_PATTERN), False)
    escaped = pc.replace_substring(pc.replace_substring(cells, "\\", "\\\\"), '"', '\\"')
    quoted = pc.binary_join_element_wise('"', escaped, '"', "")
    if pc.any(odd).as_py():
        texts = [dump_json(text) for text in cells.filter(odd).to_pylist()]
        quoted = pc.replace_with_mask(quoted, odd, pa.array(texts, pa.string()))
    return pc.fill_null(quoted, "null")


def make_jsonl_reporter(stream: TextIO, options: ReportOptions) -> LineReporter:
    """Writes findings as they come."""
    return LineReporter(stream, options, format_json_lines)
