"""The pandera schema of canonical calls for other people's frames: a check for each rule that can make an error.

``pandera_schema.py`` builds the one that validates a run: it answers in one boolean a rule, and keeps rows and values
to itself. This one answers cell by cell, as pandera does; its checks run the same tests of the catalog.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from itertools import product
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa

from calltools.fields.kinds import money
from calltools.fields.table import FIELDS, IDENTIFIER_FIELDS, Field
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, cells_from_text, combine_chunks
from calltools.model.rule import CellTest, Rule, Severity
from calltools.validation.ruleset import select_rules

_Series: TypeAlias = "pd.Series[Any]"
#: What ``calltools.schema()`` gives.
DataFrameSchema: TypeAlias = pandera.DataFrameSchema

#: Name of the check that refuses cells that are not text; no rule of a file has this fault.
NOT_TEXT: Final = "not-text"
#: The rule that a table without columns of identifiers breaks as a whole; then no record breaks ``CT301``.
_NO_IDENTIFIER_COLUMN: Final = "identifier-column-missing"
#: Of a rule that yields to a rule on records: the cells on which that one may speak.
_NEED_RECORD: Final[Mapping[str, CellTest]] = MappingProxyType(
    {"price-not-decimal": lambda cells, _: money.has_sign(cells)}
)
_SEVERITIES: Final = (Severity.ERROR, Severity.WARNING)


def build_frame_schema(
    rules: Sequence[Rule], assume: Callable[[], Assumptions], *, warnings: bool = False
) -> DataFrameSchema:
    """The schema of a pandas frame of canonical calls; cells are text, null or ``""`` is absent.

    A check is named by the code of its rule. The checks of a column look at its cells; those of the frame, at records.

    Args:
        rules: Those that count: of cells and of records. A rule on the whole table has no check.
        assume: What the tests rest on, asked for each check: "now" is when the frame is validated.
        warnings: Whether rules of the severity warning have checks, too, which only warn.
    """
    chosen = [rule for rule in rules if rule.severity in _SEVERITIES[: 1 + warnings]]
    tests = _Tests(chosen, assume)
    return pandera.DataFrameSchema(
        {field.name: _column(field, tests) for field in FIELDS},
        checks=[*map(tests.record_check, tests.record_rules()), *tests.header_checks(rules)],
        name="metrica_calls",
        title="Calls as Yandex Metrica takes them",
        strict=True,
        unique_column_names=True,
    )


class MetricaCalls(pandera.DataFrameModel):
    """Calls as Yandex Metrica takes them: ``DataFrame[MetricaCalls]`` in annotations, under ``pandera.check_types``."""

    @classmethod
    def to_schema(cls) -> DataFrameSchema:
        """The schema with all rules; "now" is the time of the clock."""
        return build_frame_schema(select_rules().rules(), lambda: Assumptions(int(time.time())))


def _column(field: Field, tests: "_Tests") -> Any:
    return pandera.Column(
        checks=[pandera.Check(_is_text, name=NOT_TEXT, error=NOT_TEXT, ignore_na=False), *tests.cell_checks(field)],
        nullable=True,
        required=field.requirement.column,
        title=field.title("en"),
        description=field.description("en"),
    )


class _Tests:
    """The tests of some rules as checks of pandera.

    Args:
        rules: The rules.
        assume: Gives what the tests rest on.
    """

    def __init__(self, rules: Sequence[Rule], assume: Callable[[], Assumptions]) -> None:
        self._rules = {rule.code: rule for rule in rules}
        self._assume = assume

    def cell_checks(self, field: Field) -> list[Any]:
        """The checks of a column."""
        rules = [rule for rule in self._rules.values() if rule.cell and field.name in rule.columns]
        return [self._cell_check(rule, field.name) for rule in rules]

    def record_rules(self) -> list[Rule]:
        """The rules that look at several cells of a record, and those that yield to such a one."""
        return [rule for rule in self._rules.values() if rule.row or self._needs_record(rule) is not None]

    def _needs_record(self, rule: Rule) -> CellTest | None:
        """The cells on which only the record tells whether a rule is silent; ``None``: there are none."""
        spoken = any(other.row is not None for other in self._speakers(rule))
        return _NEED_RECORD[rule.name] if rule.cell and spoken else None

    def _speakers(self, rule: Rule) -> list[Rule]:
        return [self._rules[code] for code in rule.yields_to if code in self._rules]

    def _cell_check(self, rule: Rule, name: str) -> Any:
        def passes(column: _Series) -> _Series:
            cells, assumptions = _cells(column), self._assume()
            faulty = _cell_mask(rule, cells, assumptions)
            for other in self._speakers(rule):
                if other.cell and name in other.columns:
                    faulty &= ~_cell_mask(other, cells, assumptions)
            if (of_record := self._needs_record(rule)) is not None:
                faulty &= ~of_record(cells, assumptions)
            return pd.Series(~faulty, column.index)

        return _check(rule, passes)

    def record_check(self, rule: Rule) -> Any:
        """The check of a rule on records; pandera lists each cell of a faulty one."""

        def passes(frame: pd.DataFrame) -> _Series:
            columns = {str(name): _cells(frame[name]) for name in frame.columns}
            faulty = self._record_mask(rule, columns) if columns else np.zeros(len(frame), bool)
            return pd.Series(~faulty, frame.index)

        return _check(rule, passes)

    def _record_mask(self, rule: Rule, columns: Mapping[str, Cells]) -> Mask:
        assumptions, places = self._assume(), _places(rule, columns)
        masks = [_mask_at(rule, name, columns, assumptions) for name in places]
        if (of_record := self._needs_record(rule)) is not None:
            masks = [
                mask & of_record(columns[str(name)], assumptions) for name, mask in zip(places, masks, strict=True)
            ]
        for name, other in product(places, self._speakers(rule)):
            if other.at == name and _places(other, columns):
                masks = [mask & ~_mask_at(other, name, columns, assumptions) for mask in masks]
        return reduce(np.logical_or, masks, np.zeros(len(next(iter(columns.values()))), bool))

    def header_checks(self, rules: Iterable[Rule]) -> list[Any]:
        """The check that the frame has a column of identifiers, or static calls only."""
        return [_check(rule, _has_identifier_column) for rule in rules if rule.name == _NO_IDENTIFIER_COLUMN]


def _places(rule: Rule, columns: Mapping[str, Cells]) -> list[str | None]:
    """The columns at which a rule reports what it finds in a record; ``None``: the record as a whole."""
    if rule.row is None:
        return [name for name in rule.columns if name in columns]
    has_all = set(rule.columns) <= set(columns) and (
        rule.at is not None or any(name in columns for name in rule.misses)
    )
    return [rule.at] if has_all else []


def _mask_at(rule: Rule, name: str | None, columns: Mapping[str, Cells], assumptions: Assumptions) -> Mask:
    """The records in which a rule finds fault, at a column."""
    if rule.row is None:
        return _cell_mask(rule, columns[str(name)], assumptions)
    faulty = np.array(rule.row(columns, assumptions))
    return faulty if rule.note_where is None else faulty & ~rule.note_where(columns, assumptions)


def _cell_mask(rule: Rule, cells: Cells, assumptions: Assumptions) -> Mask:
    return np.zeros(len(cells), bool) if rule.cell is None else np.array(rule.cell(cells, assumptions))


def _check(rule: Rule, passes: Callable[[Any], Any]) -> Any:
    return pandera.Check(
        passes,
        name=rule.code,
        error=f"{rule.code} {rule.name}",
        title=rule.summary,
        description=rule.manual,
        ignore_na=False,
        raise_warning=rule.severity is Severity.WARNING,
    )


def _has_identifier_column(frame: pd.DataFrame) -> bool:
    if any(name in frame.columns for name in IDENTIFIER_FIELDS) or not len(frame):
        return True
    return "StaticCall" in frame.columns and bool((frame["StaticCall"] == "1").all())


def _is_text(column: _Series) -> _Series:
    """Whether each cell is text or null."""
    if _holds_text_only(column):
        return pd.Series(np.ones(len(column), bool), column.index)
    return column.isna() | column.map(lambda cell: isinstance(cell, str))


def _holds_text_only(column: _Series) -> bool:
    return column.dtype != object and pd.api.types.is_string_dtype(column.dtype)


def _cells(column: _Series) -> Cells:
    """The cells; what is no text is empty, and is reported by itself."""
    if _holds_text_only(column):
        return combine_chunks(pa.array(column, from_pandas=True)).fill_null("")
    return cells_from_text([cell if isinstance(cell, str) else "" for cell in column])
