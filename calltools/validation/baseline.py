"""A baseline: findings that are known, and how many of them a file may have."""

import json
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
    """Known findings.

    Attributes:
        files: Name of a file -> rule and column -> how many.
    """

    files: Mapping[str, Mapping[RuleAndColumn, int]] = field(default_factory=dict)

    def counts_for(self, name: str) -> Mapping[RuleAndColumn, int]:
        """What is known of one file."""
        return self.files.get(baseline_file_name(name), {})

    def with_counts(self, name: str, counts: Mapping[RuleAndColumn, int]) -> "Baseline":
        """The same baseline with other counts for one file; a file without findings is not listed."""
        some = {spot: count for spot, count in counts.items() if count}
        others = {file: known for file, known in self.files.items() if file != baseline_file_name(name)}
        return Baseline(others | ({baseline_file_name(name): some} if some else {}))

    def to_json(self) -> str:
        """The text of its file: sorted, so that the same findings give the same bytes."""
        files = {file: _nest_by_rule(known) for file, known in self.files.items()}
        told = {"version": _VERSION, "files": files}
        return json.dumps(told, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def read_baseline(path: Path) -> Baseline:
    """The baseline that a file holds.

    Raises:
        UsageError: It cannot be read, is none, or is of another version.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise UsageError("baseline-unreadable", path=path, reason=fault.strerror) from None
    except (ValueError, RecursionError):
        raise UsageError("baseline-not-one", path=path, where="$") from None
    version = told.get("version") if isinstance(told, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        raise UsageError("baseline-not-one", path=path, where="$.version")
    if version != _VERSION:
        raise UsageError("baseline-version", path=path, version=version, expected=_VERSION)
    counts: dict[str, dict[RuleAndColumn, int]] = {}
    for file, spot, count in _parse_entries(told.get("files"), path):
        counts.setdefault(file, {})[spot] = count
    return Baseline(counts)


def baseline_file_name(name: str) -> str:
    """How a baseline calls a file: below the working directory from there, with slashes on every system."""
    path, here = PurePath(name), Path.cwd()
    if path.is_absolute() and path.is_relative_to(here):
        path = path.relative_to(here)
    return path.as_posix().encode("utf-8", "backslashreplace").decode()


def accept_known(
    findings: Findings, titles: Cells, known: Mapping[RuleAndColumn, int], accepted: Mapping[RuleAndColumn, int]
) -> tuple[Findings, Counter[RuleAndColumn]]:
    """Accept the first findings of each rule and column, as many as are known.

    Args:
        findings: In the order of the file.
        titles: Of their columns, as they may be shown.
        known: How many findings the file may have.
        accepted: How many of them went by before.

    Returns:
        The findings beyond, and what was accepted.
    """
    if not len(findings) or not known:
        return findings, Counter()
    spots, which = _distinct_keys(findings, titles)
    allowed = np.array([known.get(spot, 0) - accepted.get(spot, 0) for spot in spots], np.int64)
    taken = _occurrence_numbers(which) < allowed[which]
    counts = np.bincount(which[taken], minlength=len(spots)).tolist()
    went_by = Counter({spot: count for spot, count in zip(spots, counts, strict=True) if count})
    return findings.filter(pa.array(~taken)), went_by


def count_findings(findings: Findings, titles: Cells) -> Counter[RuleAndColumn]:
    """How many findings each rule has in each column."""
    if not len(findings):
        return Counter()
    spots, which = _distinct_keys(findings, titles)
    return Counter(dict(zip(spots, np.bincount(which, minlength=len(spots)).tolist(), strict=True)))


def _distinct_keys(findings: Findings, titles: Cells) -> tuple[list[RuleAndColumn], Any]:
    """The distinct spots, and for each finding the number of its own."""
    texts = (findings.table["code"].combine_chunks(), pc.fill_null(titles, ""))
    encoded = pc.binary_join_element_wise(*texts, _SEPARATOR).dictionary_encode()
    parts = [text.partition(_SEPARATOR) for text in encoded.dictionary.to_pylist()]
    return [(code, title) for code, _, title in parts], encoded.indices.to_numpy()


def _occurrence_numbers(which: Any) -> Any:
    """The number of each item among its equals, from 0, in their order."""
    order = np.argsort(which, kind="stable")
    first = np.searchsorted(which[order], which[order])
    rank = np.empty(len(which), np.int64)
    rank[order] = np.arange(len(which)) - first
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


def _check_object(told: Any, path: Path, where: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(told, dict):
        raise UsageError("baseline-not-one", path=path, where=where)
    yield from told.items()
