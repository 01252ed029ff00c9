"""The JSON report: one document, whose shape is a promise (``schemas/report.schema.json``)."""

import codecs
import io
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import IO, Any, Final, TextIO

import pyarrow.compute as pc

from calltools.model.batch import Source
from calltools.model.cells import offsets, text_bytes
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.reports.json_lines import dump_json, format_json_lines
from calltools.reports.reporter import FindingBuffer, ReportOptions, open_spool
from calltools.texts import Language

SCHEMA_VERSION: Final = 1
_COPY_BYTES: Final = 1 << 20


@dataclass(slots=True)
class JsonReporter:
    """Keeps findings, as they will be written, in a file until all files have ended: counts come first in the document.

    Same input, same bytes: no clock, no path but the user's.
    """

    stream: TextIO
    options: ReportOptions
    spool: IO[bytes] = field(default_factory=open_spool)
    buffer: FindingBuffer = field(default_factory=FindingBuffer)
    source: Source | None = None
    name: str = ""

    def start(self, source: Source | None, name: str) -> None:
        """A file begins."""
        self.source, self.name = source, name

    def take(self, findings: Findings) -> None:
        """Keep them."""
        self._spool_findings(self.buffer.add(findings))

    def finish(self, _summary: Summary) -> None:
        """The file has ended."""
        self._spool_findings(self.buffer.flush())

    def close(self, summaries: list[Summary]) -> None:
        """Write the document."""
        counts: Counter[str] = sum((summary.by_code for summary in summaries), Counter())
        tool = {"name": "calltools", "version": version("calltools")}
        files = _format_list([dump_json(_file_object(summary, self.options.language)) for summary in summaries])
        self.stream.write(f'{{"schema_version": {SCHEMA_VERSION}, "tool": {dump_json(tool)},\n "files": {files},\n')
        self.stream.write(f' "counts": {dump_json(dict(sorted(counts.items())))},\n "findings": [')
        some = self.spool.tell()
        self.spool.seek(0)
        _copy_spool(self.spool, self.stream)
        self.spool.close()
        self.stream.write("\n ]}\n" if some else "]}\n")

    def _spool_findings(self, gathered: Iterable[Findings]) -> None:
        for findings in gathered:
            between = ",\n  " if self.spool.tell() else "\n  "
            lines = pc.binary_join_element_wise(
                ",\n  ", format_json_lines(findings, self.source, self.name, self.options), ""
            )
            ends = offsets(lines)
            self.spool.write(between.encode())
            self.spool.write(text_bytes(lines)[ends[0] + len(",\n  ") : ends[-1]].tobytes())


def _format_list(texts: list[str]) -> str:
    return "[\n  " + ",\n  ".join(texts) + "\n ]" if texts else "[]"


def _file_object(summary: Summary, language: Language) -> dict[str, Any]:
    source = summary.source
    failed = {} if summary.error is None else {"error": summary.error.say(language)}
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
        **failed,
    }


def _copy_spool(source: IO[bytes], stream: TextIO) -> None:
    """What was kept, as bytes where the stream takes them."""
    if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower() == "utf-8":
        stream.flush()
        shutil.copyfileobj(source, stream.buffer)
        return
    decoder = codecs.getincrementaldecoder("utf-8")()
    while piece := source.read(_COPY_BYTES):
        stream.write(decoder.decode(piece))
