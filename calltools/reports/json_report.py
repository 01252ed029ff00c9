"""JSON as one document, and JSON Lines; their keys are a promise (``schemas/report.schema.json``)."""

import codecs
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import IO, Any, Final, TextIO

import pyarrow as pa
import pyarrow.compute as pc

from calltools.model.batch import Source
from calltools.model.cells import Cells, combine_chunks, offsets, text_bytes
from calltools.model.finding import Findings
from calltools.model.summary import Summary, total_of
from calltools.reports.escape import JSON_UNSAFE_PATTERN, dump_json
from calltools.reports.lines import LineQueue, LineReporter
from calltools.reports.reporter import ReportOptions, binary_stream, open_spool
from calltools.reports.rows import arrange_columns, finding_fingerprints
from calltools.texts import Language


def format_json_lines(worded: pa.Table, source: Source | None, name: str, _options: ReportOptions) -> Cells:
    """A JSON object for each finding, with the keys of the published schema."""
    table = arrange_columns(worded, source, name)
    # Joined by kernels, column by column: there may be a million objects.
    parts: list[Any] = []
    for key in ("code", "name", "severity", "message", "file", "sheet", "record", "line", "row", "column", "cell"):
        parts += [f'"{key}": ', _format_values(table[key]), ", "]
        if key in {"line", "row"}:
            parts += _last_place(table, f"last_{key}")
    parts += ['"value": ', _format_values(table["value"]), ', "fix": ', _format_fixes(table), ', "fingerprint": "']
    return pc.binary_join_element_wise("{", *parts, finding_fingerprints(worded, source, name), '"}', "")


def _last_place(table: pa.Table, key: str) -> list[Any]:
    """The last place, only of findings that have one."""
    last = combine_chunks(table[key])
    if last.null_count == len(last):
        return []
    return [pc.fill_null(pc.binary_join_element_wise(f'"{key}": ', last.cast(pa.string()), ", ", ""), "")]


def _format_fixes(table: pa.Table) -> Cells:
    kind = combine_chunks(table["fix_kind"])
    fix = pc.binary_join_element_wise('{"kind": "', kind, '", "after": ', _format_values(table["after"]), "}", "")
    return pc.fill_null(fix, "null")


def _format_values(column: pa.ChunkedArray) -> Cells:
    """The values as JSON: a kernel quotes them all; the few that hold an unsafe character are quoted one by one."""
    if not pa.types.is_string(column.type):
        return pc.fill_null(combine_chunks(column.cast(pa.string())), "null")
    cells = combine_chunks(column)
    unsafe = pc.fill_null(pc.match_substring_regex(cells, JSON_UNSAFE_PATTERN), False)
    escaped = pc.replace_substring(pc.replace_substring(cells, "\\", "\\\\"), '"', '\\"')
    quoted = pc.binary_join_element_wise('"', escaped, '"', "")
    if pc.any(unsafe).as_py():
        texts = [dump_json(text) for text in cells.filter(unsafe).to_pylist()]
        quoted = pc.replace_with_mask(quoted, unsafe, pa.array(texts, pa.string()))
    return pc.fill_null(quoted, "null")


def make_jsonl_reporter(stream: TextIO, options: ReportOptions) -> LineReporter:
    """Make a reporter of JSON Lines; it writes findings as they come."""
    return LineReporter(stream, options, format_json_lines)


SCHEMA_VERSION: Final = 1
_COPY_BYTES: Final = 1 << 20
_BETWEEN_ITEMS: Final = ",\n  "


@dataclass(slots=True)
class JsonReporter:
    """Writes one document at the end of the run.

    Counts come first in the document, so formatted findings wait in a temporary file until all files have ended.
    The same input gives the same bytes: the document holds no time, and no path but the user's.
    """

    stream: TextIO
    options: ReportOptions
    spool: IO[bytes] = field(default_factory=open_spool)
    waiting: LineQueue = field(init=False)

    def __post_init__(self) -> None:
        self.waiting = LineQueue(self.options, format_json_lines)

    def start(self, source: Source | None, name: str) -> None:
        """Begin a file."""
        self.waiting.start(source, name)

    def take(self, findings: Findings) -> None:
        """Let the findings wait; format what waits into the temporary file once it is enough."""
        self.waiting.add(findings)
        if self.waiting.is_full:
            self._spool_findings()

    def finish(self, _summary: Summary) -> None:
        """Do nothing yet: the findings of the next file may be worded with those that wait."""

    def close(self, summaries: list[Summary]) -> None:
        """Write the document."""
        self._spool_findings()
        counts: Counter[str] = sum((summary.by_code for summary in summaries), Counter())
        tool = {"name": "calltools", "version": version("calltools")}
        files = _format_list([dump_json(_file_object(summary, self.options.language)) for summary in summaries])
        self.stream.write(f'{{"schema_version": {SCHEMA_VERSION}, "tool": {dump_json(tool)},\n "files": {files},\n')
        self.stream.write(f' "total": {dump_json(_total_object(summaries))},\n')
        self.stream.write(f' "counts": {dump_json(dict(sorted(counts.items())))},\n "findings": [')
        has_findings = self.spool.tell() > 0
        self.spool.seek(0)
        _copy_spool(self.spool, self.stream)
        self.spool.close()
        self.stream.write("\n ]}\n" if has_findings else "]}\n")

    def _spool_findings(self) -> None:
        for lines in self.waiting.flush():
            before_first = _BETWEEN_ITEMS if self.spool.tell() else "\n  "
            items = pc.binary_join_element_wise(_BETWEEN_ITEMS, lines, "")
            ends = offsets(items)
            self.spool.write(before_first.encode())
            self.spool.write(text_bytes(items)[ends[0] + len(_BETWEEN_ITEMS) : ends[-1]].tobytes())


def _format_list(texts: list[str]) -> str:
    return "[\n  " + _BETWEEN_ITEMS.join(texts) + "\n ]" if texts else "[]"


def _file_object(summary: Summary, language: Language) -> dict[str, Any]:
    source = summary.source
    error = {} if summary.error is None else {"error": summary.error.say(language)}
    return {
        "path": summary.name,
        "vendor": summary.vendor,
        "sheet": None if source is None else source.sheet,
        "encoding": None if source is None else source.encoding,
        "delimiter": None if source is None else source.delimiter,
        "header_row": None if source is None else source.header_row,
        "records": summary.read,
        "written": summary.written,
        "skipped": dict(sorted((+summary.skipped).items())),
        "rejected": summary.rejected,
        "errors": summary.by_severity["error"],
        "warnings": summary.by_severity["warning"],
        "notes": summary.by_severity["note"],
        **error,
    }


def _total_object(summaries: Sequence[Summary]) -> dict[str, Any]:
    total = _file_object(total_of(summaries), "en")
    counts = ("records", "written", "skipped", "rejected", "errors", "warnings", "notes")
    unread = sum(summary.error is not None for summary in summaries)
    return {"files": len(summaries), "unread": unread, **{key: total[key] for key in counts}}


def _copy_spool(source: IO[bytes], stream: TextIO) -> None:
    if (binary := binary_stream(stream)) is not None:
        shutil.copyfileobj(source, binary)
        return
    # A piece may end within a character.
    decoder = codecs.getincrementaldecoder("utf-8")()
    while piece := source.read(_COPY_BYTES):
        stream.write(decoder.decode(piece))
