"""Findings as JSON objects, column by column: a million of them in seconds."""

import json
import re
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from calltools.model.batch import Source
from calltools.model.cells import Cells, one_chunk
from calltools.model.finding import Findings
from calltools.reports.presenting import fingerprints, presented
from calltools.reports.style import Style

#: JSON may hold these as they are; a terminal or a log that shows the report may not.
_ODD: Final = r"[\x00-\x1F\x7F\x{80}-\x{9F}\x{200B}-\x{200F}\x{2028}-\x{202E}\x{2060}-\x{206F}\x{FEFF}]"
_EACH_ODD: Final = re.compile("[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def json_lines(findings: Findings, source: Source | None, name: str, style: Style) -> Cells:
    """One object a finding, with the keys of the published shape."""
    table = presented(findings, source, name, style)
    parts: list[Any] = []
    for key in ("code", "name", "severity", "message", "file", "sheet", "record", "line", "row", "column", "cell"):
        parts += [f'"{key}": ', _encoded(table[key]), ", "]
    parts += ['"value": ', _encoded(table["value"]), ', "fix": ', _fixes(table), ', "fingerprint": "']
    return pc.binary_join_element_wise("{", *parts, fingerprints(findings, source, name), '"}', "")


def json_text(value: Any) -> str:
    """A value as JSON, with nothing in it that commands a terminal."""
    return _EACH_ODD.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def _fixes(table: pa.Table) -> Cells:
    kind = one_chunk(table["fix_kind"])
    fix = pc.binary_join_element_wise('{"kind": "', kind, '", "after": ', _encoded(table["after"]), "}", "")
    return pc.fill_null(fix, "null")


def _encoded(column: pa.ChunkedArray) -> Cells:
    if not pa.types.is_string(column.type):
        return pc.fill_null(one_chunk(column.cast(pa.string())), "null")
    cells = one_chunk(column)
    odd = pc.fill_null(pc.match_substring_regex(cells, _ODD), False)
    escaped = pc.replace_substring(pc.replace_substring(cells, "\\", "\\\\"), '"', '\\"')
    quoted = pc.binary_join_element_wise('"', escaped, '"', "")
    if pc.any(odd).as_py():
        texts = [json_text(text) for text in cells.filter(odd).to_pylist()]
        quoted = pc.replace_with_mask(quoted, odd, pa.array(texts, pa.string()))
    return pc.fill_null(quoted, "null")
