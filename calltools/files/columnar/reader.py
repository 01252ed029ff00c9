"""Reading Parquet and Arrow, in the parent process: a child makes text of the columns, and the batches are received.

Little of a large file stays in memory: its text waits in a private temporary file that is mapped into it.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Final

import numpy as np
import pyarrow as pa

from calltools.files.atomic import map_os_errors
from calltools.files.inputs import INPUTS, OpenRequest, repeated_header_findings
from calltools.files.opening import open_private_file
from calltools.files.reading_process import ReadingFaults, ReadingProcess
from calltools.files.temporary import temporary_path
from calltools.model.batch import Batch, ReadTask, Source, Table, unique_titles
from calltools.model.cells import Numbers
from calltools.model.finding import Findings

_CHILD_MODULE: Final = "calltools.files.columnar.child"
_FAULTS: Final = ReadingFaults("columnar-damaged", "columnar-memory", "columnar-seconds", packages=("pyarrow", "numpy"))
#: Text of a file up to which it stays in memory.
_IN_MEMORY_BYTES: Final = 32 << 20

#: Records, and the findings of their cells.
_Part = tuple[pa.RecordBatch, Findings]


def open_columnar(request: OpenRequest) -> Table:
    """The table in a Parquet or Arrow file; a child process reads all of it at once.

    Raises:
        SourceError: The file is damaged or encrypted, or a column holds what has no text.
        LimitError: Reading it would cost more than the limits allow.
    """
    limits = request.limits
    with ReadingProcess(_CHILD_MODULE, request.name, limits, _FAULTS) as child:
        child.send_request(
            {
                "path": str(request.path),
                "format": request.file_format,
                "columns": limits.columns,
                "unpacked": limits.unpacked,
                "ratio": limits.entry_ratio,
            }
        )
        titles = tuple(child.read_response()["titles"])
        identifiers = [position for position, title in enumerate(titles) if request.is_identifier(title)]
        child.send_request(identifiers)
        parts = _keep(_receive(child, titles))
    source = Source(request.path, request.name, INPUTS[request.file_format].format)
    findings = Findings.empty() if titles else Findings.from_rows([{"code": "CT001"}])
    return Table(source, titles, partial(_read_tasks, parts if titles else [], titles), findings)


def _receive(child: ReadingProcess, titles: tuple[str, ...]) -> Iterator[_Part]:
    start = 0
    for batch, metadata in child.read_batches():
        if "fault" in metadata:
            fault = json.loads(metadata["fault"])
            raise child.build_error(fault["error"], fault["facts"])
        found = (
            {
                "code": "CT209",
                "record": row + 1,
                "place": start + row + 1,
                "position": position,
                "column": titles[position],
                "value": batch.column(position)[row].as_py(),
            }
            for row, position in json.loads(metadata["lossy"])
        )
        yield batch, Findings.from_rows(found)
        start += batch.num_rows


def _keep(parts: Iterable[_Part]) -> list[_Part]:
    """The parts; from some size on their text lies in a file without a name, which is gone with them."""
    kept: list[_Part] = []
    size = 0
    arriving = iter(parts)
    for part in arriving:
        kept.append(part)
        size += part[0].nbytes
        # Windows does not delete a file that is mapped.
        if size > _IN_MEMORY_BYTES and sys.platform != "win32":
            return _keep_on_disk(chain(kept, arriving), part[0].schema)
    return kept


def _keep_on_disk(parts: Iterable[_Part], schema: pa.Schema) -> list[_Part]:
    findings = []
    with open_private_file() as (stream, path):
        # It has no name, and a full disk must still be told from others.
        shown = temporary_path("columns")
        with map_os_errors(shown), pa.ipc.new_file(pa.PythonFile(stream, "w"), schema) as writer:
            for batch, found in parts:
                writer.write_batch(batch)
                findings.append(found)
        stream.flush()
        mapped = pa.ipc.open_file(pa.memory_map(str(path)))
        return [(mapped.get_batch(number), found) for number, found in enumerate(findings)]


def _read_tasks(parts: list[_Part], titles: tuple[str, ...]) -> Iterator[ReadTask]:
    start = 0
    for batch, findings in parts:
        yield partial(_build_batch, batch, findings, start, titles)
        start += batch.num_rows


def _build_batch(part: pa.RecordBatch, findings: Findings, start: int, titles: tuple[str, ...]) -> Batch:
    records: Numbers = np.arange(1, part.num_rows + 1, dtype=np.int64)
    columns = pa.table(part.columns, names=list(unique_titles(titles)))
    batch = Batch(columns, records, records + start, findings, read=part.num_rows)
    return batch.with_findings(repeated_header_findings(batch, titles))
