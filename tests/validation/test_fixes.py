"""What is offered as a fix: a cell that the rules accept, and that stays as it is when it is normalized again."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltools.fields.kinds import KINDS
from calltools.fields.table import FIELDS, FIELDS_BY_NAME
from calltools.model.cells import DistinctCells
from calltools.model.rule import Severity
from calltools.rules.catalog import RULES
from calltools.validation.validator import _detail_and_repair
from tests.fields.test_kinds import ASSUMPTIONS, FEWER, spelled

FIXING = [
    pytest.param(rule, field.name, id=f"{rule.code} {field.name}")
    for field in FIELDS
    for rule in RULES
    if rule.cell is not None and rule.fix and field.name in rule.columns
]
#: A cell of which the repair has another fault is damaged in two ways: as often as one alone.
NOISE = st.sampled_from(["", " ", "\u00a0", "\t", "\u200b", "'", "-", ".0", ",00"])


def cells(*texts):
    return pa.array(texts, pa.string())


def noisy(kind):
    return st.lists(st.builds("{0}{1}{2}".format, NOISE, spelled(kind), NOISE), min_size=4, max_size=12)


def fixes_in(rule, field, texts, assumptions):
    """The faulty cells of a rule and the fix that is offered for each; ``None``: there is none."""
    faulty = cells(*texts).filter(pa.array(rule.cell(cells(*texts), assumptions)))
    if not len(faulty):
        return []
    after = _detail_and_repair(rule, field, DistinctCells.of(faulty), assumptions)["after"].to_pylist()
    return list(zip(faulty.to_pylist(), after, strict=True))


def errors_in(field, texts, assumptions):
    """The cells that a rule of the field calls an error, with its code."""
    return [
        (rule.code, text)
        for rule in RULES
        if rule.cell is not None and field in rule.columns and rule.severity is Severity.ERROR
        for text, is_bad in zip(texts, rule.cell(cells(*texts), assumptions), strict=True)
        if is_bad
    ]


@pytest.mark.parametrize(("rule", "field"), FIXING)
@FEWER
@given(data=st.data(), assumptions=st.sampled_from(ASSUMPTIONS))
def test_a_fix_passes_every_rule_and_is_stable(rule, field, data, assumptions):
    kind = KINDS[FIELDS_BY_NAME[field].kind]

    fixes = fixes_in(rule, field, data.draw(noisy(kind)), assumptions)

    offered = [(before, after) for before, after in fixes if after is not None]
    assert errors_in(field, [after for _, after in offered], assumptions) == []
    again = kind.normalize(cells(*(after for _, after in offered)), assumptions).to_pylist()
    assert again == [after for _, after in offered]
    assert all(before != after for before, after in offered)


@pytest.mark.parametrize(
    ("code", "field", "text", "after"),
    [
        pytest.param("CT012", "PhoneNumber", " +74950000012 ", "+74950000012", id="white space alone"),
        pytest.param("CT012", "PhoneNumber", " 8 (495) 000-00-12", "+74950000012", id="both are repaired"),
        pytest.param("CT012", "ClientId", " 98a7 ", None, id="letters remain"),
        pytest.param("CT012", "URL", " example.com", None, id="no scheme"),
        pytest.param("CT207", "ClientId", "16045910.0", "16045910", id="a tail"),
        pytest.param("CT207", "ClientId", "0.0", None, id="an id of zero"),
        pytest.param("CT246", "PhoneNumber", "74950000012.0", "+74950000012", id="a phone of a number cell"),
        pytest.param("CT246", "PhoneNumber", " 7.9E+10", None, id="digits are lost"),
        pytest.param("CT246", "PhoneNumber", "+74950000.0000", None, id="too short"),
        pytest.param("CT221", "Price", " text", None, id="no number"),
        pytest.param("CT221", "Price", "1 500,00", "1500.00", id="a decimal comma"),
        pytest.param("CT281", "DateTime", "(not set)", None, id="a time must be there"),
        pytest.param("CT281", "Tag", "(not set)", "", id="a tag need not"),
    ],
)
def test_a_fix_is_offered_where_it_mends_the_cell(code, field, text, after):
    rule = next(rule for rule in RULES if rule.code == code)

    assert fixes_in(rule, field, [text], ASSUMPTIONS[1]) == [(text, after)]
