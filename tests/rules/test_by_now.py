"""Rules whose answer depends on when they are asked: marked as such, and no others are."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltools.fields.table import FIELD_NAMES
from calltools.model.assumptions import Assumptions
from calltools.rules.catalog import RULES
from calltools.rules.service import times_matter
from tests.conftest import NOW

DAY = 86_400
#: A file of the rules' own cases would be judged on one day only; these cells are faulty in every kind.
CELLS = ("", "1", "0", "-1", "x y", "NULL", "+74950000000", "http://example.com", "12,5", "rub", str(NOW - DAY), "1000")
YEARS = tuple(NOW + days * DAY for days in (-9000, -400, -30, 0, 30, 400, 9000))


def faults(rule, columns, now):
    """Number of the faults that a rule finds."""
    assumptions = Assumptions(now)
    if rule.cell is not None:
        return [rule.cell(columns[name], assumptions).sum() for name in rule.columns]
    if rule.row is not None:
        return rule.row(columns, assumptions).sum()
    observer = rule.observer()
    places = pa.array(range(len(columns["DateTime"]))).to_numpy()
    [digest] = observer.digest(columns, np.array([0, len(places)]), assumptions)
    found = observer.add(digest, places, places)
    return len(found) + len(observer.close())


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if rule.cell or rule.row or rule.observer], ids=lambda rule: rule.code
)
def test_a_rule_says_whether_it_depends_on_now(rule):
    times = pa.array([*map(str, range(NOW - 60 * DAY, NOW + 60 * DAY, DAY))])
    columns = {name: pa.array([CELLS[(n * step) % len(CELLS)] for n in range(len(times))])
               for step, name in enumerate(FIELD_NAMES, 1)} | {"DateTime": times}  # fmt: skip

    answers = [faults(rule, columns, now) for now in YEARS]

    assert any(answer != answers[0] for answer in answers) == rule.by_now


BY_NOW = [rule for rule in RULES if rule.by_now]


@given(ages=st.lists(st.integers(-2 * DAY, 30 * DAY), min_size=1, max_size=5))
def test_where_times_do_not_matter_no_rule_finds_anything(ages):
    times = [NOW - age for age in ages]
    columns = {"DateTime": pa.array([*map(str, times)])}

    found = [rule.code for rule in BY_NOW if faults(rule, columns, NOW) not in (0, [0])]

    assert times_matter(min(times), max(times), NOW) or not found


@pytest.mark.parametrize(("age", "matters"), [(0, False), (18 * DAY, False), (19 * DAY + 1, True), (-1, True)])
def test_recent_times_do_not_matter(age, matters):
    assert times_matter(NOW - age, NOW - age, NOW) == matters
