"""A baseline: how many findings of each rule and column a file may have without being reported."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.errors import UsageError
from calltools.model.cells import Cells
from calltools.model.finding import Findings

#: Rule's code and title of the column; ``""`` where a finding is on no column.
RuleAndColumn: TypeAlias = tuple[str, str]

_VERSION: Final = 1
_SEPARATOR: Final = "\x1f"


@dataclass(frozen=True, slots=True)
class Baseline:
    """Accepted findings.

    Attributes:
        files: Name of a file -> rule and column -> number of findings.
    """

    files: Mapping[str, Mapping[RuleAndColumn, int]] = field(default_factory=dict)

    def counts_for(self, name: str) -> Mapping[RuleAndColumn, int]:
        """The accepted findings of one file; empty for a file that is not in the baseline."""
        return self.files.get(baseline_file_name(name), {}) if self.files else {}

    def with_counts(self, name: str, counts: Mapping[RuleAndColumn, int]) -> "Baseline":
        """The same baseline with other counts for one file; a file without findings is not listed."""
        listed = {key: count for key, count in counts.items() if count}
        if not listed and not self.files:
            return self
        files = {**self.files, baseline_file_name(name): listed}
        return Baseline(files if listed else {file: known for file, known in files.items() if known})

    def to_json(self) -> str:
        """The text of its file: sorted, so that the same findings give the same bytes."""
        files = {file: _nest_by_rule(known) for file, known in self.files.items()}
        document = {"version": _VERSION, "files": files}
        return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def read_baseline(place: Path, path: Path | None = None) -> Baseline:
    """Read the file of a baseline.

    Args:
        place: Where its bytes are.
        path: Its path in messages; ``None``: the same.

    Raises:
        UsageError: It cannot be read, is not a baseline, or has another version.
    """
    path = path or place
    try:
        document = json.loads(place.read_text(encoding="utf-8"))
    except OSError as fault:
        raise UsageError("baseline-unreadable", path=path, reason=fault.strerror) from None
    except (ValueError, RecursionError):
        raise UsageError("baseline-not-one", path=path, where="$") from None
    version = document.get("version") if isinstance(document, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        raise UsageError("baseline-not-one", path=path, where="$.version")
    if version != _VERSION:
        raise UsageError("baseline-version", path=path, version=version, expected=_VERSION)
    counts: dict[str, dict[RuleAndColumn, int]] = {}
    for file, key, count in _parse_entries(document.get("files"), path):
        counts.setdefault(file, {})[key] = count
    return Baseline(counts)


#: How the file of a baseline begins.
_START: Final = re.compile(rb'\{\n  "files": \{(?:\}|\n    "[^\n]+": \{\n      "CT\d{3}": \{)')
_HEAD_BYTES: Final = 1 << 13


def is_baseline(path: Path) -> bool:
    """Whether a file begins as ``Baseline.to_json`` writes it.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as stream:
        return _START.match(stream.read(_HEAD_BYTES)) is not None


def baseline_file_name(name: str) -> str:
    """The name of a file in a baseline: relative to the working directory if below it, with slashes on every system."""
    path, working_directory = PurePath(name), Path.cwd()
    if path.is_absolute() and path.is_relative_to(working_directory):
        path = path.relative_to(working_directory)
    # A name that is not UTF-8 could not be written to JSON.
    return path.as_posix().encode("utf-8", "backslashreplace").decode()


def accept_known(
    findings: Findings, titles: Cells, known: Mapping[RuleAndColumn, int], accepted: Mapping[RuleAndColumn, int]
) -> tuple[Findings, Counter[RuleAndColumn]]:
    """Accept the first findings of each rule and column, as many as are known.

    Args:
        findings: In the order of the file.
        titles: The titles of their columns, redacted as they are shown.
        known: How many findings the baseline accepts in the file.
        accepted: How many of those were accepted in earlier batches.

    Returns:
        The findings that remain, and how many were accepted now.
    """
    if not len(findings) or not known:
        return findings, Counter()
    keys, key_index = _distinct_keys(findings, titles)
    allowed = np.array([known.get(key, 0) - accepted.get(key, 0) for key in keys], np.int64)
    taken = _occurrence_numbers(key_index) < allowed[key_index]
    counts = np.bincount(key_index[taken], minlength=len(keys)).tolist()
    newly_accepted = Counter({key: count for key, count in zip(keys, counts, strict=True) if count})
    return findings.filter(pa.array(~taken)), newly_accepted


def count_findings(findings: Findings, titles: Cells) -> Counter[RuleAndColumn]:
    """How many findings each rule has in each column."""
    if not len(findings):
        return Counter()
    keys, key_index = _distinct_keys(findings, titles)
    return Counter(dict(zip(keys, np.bincount(key_index, minlength=len(keys)).tolist(), strict=True)))


def _distinct_keys(findings: Findings, titles: Cells) -> tuple[list[RuleAndColumn], Any]:
    """The distinct rules and columns, and for each finding the index of its own."""
    texts = (findings.table["code"].combine_chunks(), pc.fill_null(titles, ""))
    encoded = pc.binary_join_element_wise(*texts, _SEPARATOR).dictionary_encode()
    parts = [text.partition(_SEPARATOR) for text in encoded.dictionary.to_pylist()]
    return [(code, title) for code, _, title in parts], encoded.indices.to_numpy()


def _occurrence_numbers(values: Any) -> Any:
    """For each value how many equal ones stand before it."""
    order = np.argsort(values, kind="stable")
    first = np.searchsorted(values[order], values[order])
    rank = np.empty(len(values), np.int64)
    rank[order] = np.arange(len(values)) - first
    return rank


def _nest_by_rule(known: Mapping[RuleAndColumn, int]) -> dict[str, dict[str, int]]:
    nested: dict[str, dict[str, int]] = {}
    for (code, title), count in known.items():
        nested.setdefault(code, {})[title] = count
    return nested


def _parse_entries(files: Any, path: Path) -> Iterator[tuple[str, RuleAndColumn, int]]:
    for file, rules in _check_object(files, path, "$.files"):
        for code, columns in _check_object(rules, path, f"$.files.{file}"):
            for title, count in _check_object(columns, path, f"$.files.{file}.{code}"):
                if not isinstance(count, int) or isinstance(count, bool) or count < 0:
                    raise UsageError("baseline-not-one", path=path, where=f"$.files.{file}.{code}.{title}")
                yield file, (code, title), count


def _check_object(value: Any, path: Path, where: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        raise UsageError("baseline-not-one", path=path, where=where)
    yield from value.items()
