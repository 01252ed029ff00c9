"""The catalog of rules: codes, names, scopes and pages are in order, and every rule is worded in both languages."""

import re
from itertools import pairwise

import pytest

from calltools.fields.table import FIELD_NAMES
from calltools.model.rule import Scope, Severity
from calltools.reports.wording import RULE_SENTENCES
from calltools.rules.catalog import RETIRED_CODES, RULES, RULES_BY_CODE, RULES_BY_NAME
from calltools.rules.manual import parse_manual
from calltools.validation.ruleset import select_rules

#: First digit of a code -> scopes of the rules below it.
SHELVES = {
    "0": {Scope.FILE, Scope.CELL},
    "1": {Scope.HEADER},
    "2": {Scope.CELL, Scope.FILE, Scope.DATASET},
    "3": {Scope.ROW},
    "4": {Scope.DATASET},
    "5": {Scope.SERVICE},
    "6": {Scope.MAPPING},
}
#: The contract: rules whose fault lets the record go.
WARNINGS = {
    "CT004", "CT009", "CT010", "CT018", "CT021", "CT104", "CT208", "CT223", "CT234", "CT244", "CT263", "CT272", "CT281", "CT303",
    "CT305", "CT401", "CT402", "CT405", "CT501", "CT606", "CT607", "CT608",
}  # fmt: skip
NOTES = {"CT016", "CT017", "CT264", "CT282", "CT302", "CT304", "CT306", "CT403", "CT502", "CT609"}
#: The contract: rules that offer a repaired cell.
SAFE = {"CT012", "CT207", "CT221", "CT232", "CT242", "CT246", "CT251", "CT261", "CT281", "CT283"}
UNSAFE = {"CT212", "CT233", "CT241", "CT243", "CT610"}

EVERY = pytest.mark.parametrize("rule", RULES, ids=[rule.code for rule in RULES])


def test_codes_and_names_are_given_once():
    assert len(RULES_BY_CODE) == len(RULES_BY_NAME) == len(RULES)
    assert not set(RETIRED_CODES) & set(RULES_BY_CODE)


def test_codes_rise():
    assert all(one.code < other.code for one, other in pairwise(RULES))


def test_severities_are_those_of_the_contract():
    assert {rule.code for rule in RULES if rule.severity is Severity.WARNING} == WARNINGS
    assert {rule.code for rule in RULES if rule.severity is Severity.NOTE} == NOTES


def test_fixes_are_those_of_the_contract():
    assert {rule.code for rule in RULES if rule.fix == "safe"} == SAFE
    assert {rule.code for rule in RULES if rule.fix == "unsafe"} == UNSAFE


@EVERY
def test_a_code_has_three_digits_and_lies_on_its_shelf(rule):
    assert re.fullmatch(r"CT[0-9]{3}", rule.code)
    assert rule.scope in SHELVES[rule.code[2]]


@EVERY
def test_a_name_is_small_words_with_hyphens(rule):
    assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", rule.name)


@EVERY
def test_a_summary_is_a_line_without_a_full_stop(rule):
    assert rule.summary
    assert "\n" not in rule.summary
    assert not rule.summary.endswith(".")


@EVERY
def test_a_page_has_all_its_sections(rule):
    page = parse_manual(rule.manual)

    assert all([page.finds, page.why, page.example, page.fix, page.source])
    assert re.search(r"^bad: ", page.example, re.MULTILINE)
    assert re.search(r"^good: ", page.example, re.MULTILINE)
    assert page.finds.endswith((".", ")"))


@EVERY
def test_a_rule_has_one_test_that_fits_its_scope(rule):
    tests = {name: getattr(rule, name) for name in ("cell", "row", "header", "observer")}
    present = {name for name, test in tests.items() if test is not None}

    # Files and mapping are judged by who reads and maps them.
    expected = {Scope.FILE: [set()], Scope.MAPPING: [set()], Scope.ROW: [{"row"}], Scope.DATASET: [{"observer"}]}
    assert present in expected.get(rule.scope, [{"cell"}, {"row"}, {"header"}, {"observer"}])
    assert set(rule.columns) <= set(FIELD_NAMES)
    assert rule.cell is None or rule.columns


@EVERY
def test_a_rule_yields_to_rules_that_yield_to_none(rule):
    assert {*rule.yields_to} <= {*RULES_BY_CODE}
    assert not any(RULES_BY_CODE[code].yields_to for code in rule.yields_to)
    assert not rule.yields_to or rule.scope in {Scope.CELL, Scope.ROW}
    assert set(rule.misses) <= set(FIELD_NAMES)
    assert not rule.misses or (rule.scope is Scope.ROW and rule.yields_to)


@EVERY
def test_a_rule_is_worded_in_both_languages(rule):
    sentence, advice = RULE_SENTENCES[rule.code]

    assert all([*sentence, *advice])
    assert re.search("[а-яА-Я]", sentence[1])
    assert re.search("[а-яА-Я]", advice[1])
    assert not re.search("[а-яА-Я]", re.sub(r"[«\"].*?[»\"]", "", sentence[0]))
    english, russian = ({re.sub("_(en|ru)$", "", name) for name in re.findall(r"\{(\w+)\}", text)} for text in sentence)
    assert english == russian


def test_every_sentence_belongs_to_a_rule():
    assert set(RULE_SENTENCES) == set(RULES_BY_CODE)


@EVERY
def test_a_rule_can_be_left_out_by_code_and_by_name(rule):
    assert rule.code not in select_rules(ignore=[rule.code])
    assert [one.code for one in select_rules(select=[rule.name]).rules()] == [rule.code]
