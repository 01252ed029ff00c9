"""Keys of messages and labels: mypy checks them all, and each value that is worded has one."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from jinja2 import Environment, nodes

from calltools.cli import upload_console, vendor_pages
from calltools.files.csv.sniff import DELIMITER_NAMES
from calltools.files.inputs import INPUTS
from calltools.ledger import STATE_WORDS, CallStatus, State, Transition
from calltools.ledger.states import TRANSITION_OF_STATUS
from calltools.model.assumptions import DateOrder
from calltools.model.batch import Address
from calltools.model.rule import Severity
from calltools.model.summary import Unusable, UnusableOutcome
from calltools.reports import second_files, text, wording
from calltools.reports.html import reporter as html_reporter
from calltools.rules.catalog import RULES
from calltools.texts import MESSAGES, say
from calltools.texts.report_labels import HTML_LABELS, WORKBOOK_LABELS
from calltools.uploading import part_words
from calltools.vendors.profile import Confidence
from tests.fake_metrica.store import STEPS as METRICA_STATUSES
from tests.texts.generate_keys import MODULE, render_keys

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "calltools"
#: Lines that mypy must take, and lines that it must refuse.
GOOD = """
say("file-missing", "en", path=name)
UsageError("rule-unknown-near" if name else "rule-unknown", word=name)
problem: Problem = ("$.fields", "profile-missing", {})
table: dict[str, MessageKey] = {"x": "output-exists"}
html_label("skip", "ru")
workbook_label("headline", "ru")
"""
BAD = """
say("file-mising", "en", path=name)
say(f"file-{name}", "en")
say("file-" + name, "en")
UsageError("rule-unknwon", word=name)
UsageError(f"rule-{name}")
QuotaError(name)
wrong_problem: Problem = ("$.fields", "profile-mising", {})
wrong_table: dict[str, MessageKey] = {"x": "output-exist"}
html_label("headline", "ru")
workbook_label("skip", "ru")
"""
IMPORTS = """\
from calltools.errors import Problem, QuotaError, UsageError
from calltools.texts import MessageKey, say
from calltools.texts.report_labels import html_label, workbook_label
name = str()
"""


def test_types_are_fresh():
    text = MODULE.read_text(encoding="utf-8")

    assert text == render_keys(text), "run python -m tests.texts.generate_keys"


def test_mypy_takes_a_key_and_refuses_a_wrong_one_and_one_of_parts(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(f"{IMPORTS}{GOOD}{BAD}", encoding="utf-8")
    lines = program.read_text(encoding="utf-8").splitlines()

    # The cache of ``make lint`` spares it the standard library.
    done = subprocess.run(
        [sys.executable, "-m", "mypy", program], cwd=ROOT, capture_output=True, text=True, check=False
    )

    refused = {lines[int(number) - 1] for number in re.findall(r"program\.py:(\d+): error", done.stdout)}
    assert refused == set(BAD.split("\n")) - {""}, done.stdout[:2000] + done.stderr


def words_of_templates():
    """The first argument of each call of ``label`` in a template."""
    for path in sorted(PACKAGE.rglob("*.j2")):
        tree = Environment(autoescape=True).parse(path.read_text(encoding="utf-8"))
        for call in tree.find_all(nodes.Call):
            if getattr(call.node, "name", "") == "label":
                yield call.args[0]


def labels_of_templates():
    """The texts in those arguments."""
    for word in words_of_templates():
        found = [one.value for one in [word, *word.find_all(nodes.Const)] if isinstance(one, nodes.Const)]
        yield from (text for text in found if isinstance(text, str))


def test_words_of_templates_are_labels():
    labels = set(labels_of_templates())

    assert len(labels) > 50
    assert labels - {*HTML_LABELS} == set()
    assert [word for word in words_of_templates() if isinstance(word, nodes.Concat | nodes.Add)] == []


def texts_of_code():
    """Each string of the code, without the tables of sentences."""
    for path in sorted({*PACKAGE.rglob("*.py")} - {*PACKAGE.joinpath("texts").rglob("*.py")}):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        yield from (one.value for one in ast.walk(tree) if isinstance(one, ast.Constant))


def test_each_sentence_is_used():
    used = {*texts_of_code(), *labels_of_templates()}

    assert [key for key in (*MESSAGES, *HTML_LABELS, *WORKBOOK_LABELS) if key not in used] == []


@pytest.mark.parametrize(
    ("table", "values"),
    [
        pytest.param(part_words.STEPS, set(Transition), id="steps of the ledger"),
        pytest.param(STATE_WORDS, set(State), id="states of the ledger"),
        pytest.param(part_words.STATUSES, {*METRICA_STATUSES, *TRANSITION_OF_STATUS}, id="statuses of the service"),
        # Of new calls the plan counts those that are sent; of held ones it names the parts.
        pytest.param(
            upload_console.VERDICTS, set(CallStatus) - {CallStatus.NEW, CallStatus.HELD}, id="verdicts of a plan"
        ),
        pytest.param(text.DATE_ORDERS, set(get_args(DateOrder)), id="orders of dates"),
        pytest.param(text.DELIMITERS, {None, *DELIMITER_NAMES}, id="delimiters"),
        pytest.param(
            wording.OUTCOME_REASONS,
            {*get_args(UnusableOutcome), "own", "currencies", "no-call", "rejected", "damaged"},
            id="outcomes that are left out",
        ),
        pytest.param(second_files.UNUSABLE, set(get_args(Unusable)), id="records that cannot be joined"),
        pytest.param(html_reporter.SEVERITY_COUNTS, set(Severity), id="tiles of the page"),
        pytest.param(html_reporter.SEVERITY_FILTERS, set(Severity), id="buttons of the page"),
        pytest.param(wording.CODE_FAMILIES, {rule.code[2] for rule in RULES}, id="families of rules"),
        pytest.param(wording.PLACES, set(get_args(Address)), id="places"),
        pytest.param(vendor_pages.CONFIDENCE, set(get_args(Confidence)), id="confidence in a profile"),
        pytest.param(vendor_pages.HEADINGS, set(get_args(Confidence)), id="headings of profiles"),
    ],
)
def test_each_value_has_a_sentence(table, values):
    assert set(table) == values


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(MESSAGES, id="messages"),
        pytest.param(HTML_LABELS, id="labels of the page"),
        pytest.param(WORKBOOK_LABELS, id="labels of the workbook"),
        pytest.param({name: form.format.read_as for name, form in INPUTS.items()}, id="forms of input"),
    ],
)
def test_both_languages_name_the_same_facts(table):
    for key, (english, russian) in table.items():
        assert set(re.findall(r"\{(\w+)\}", english)) == set(re.findall(r"\{(\w+)\}", russian)), key


def test_each_placeholder_of_a_rule_is_declared():
    known = {*wording.DETAILS, "value", "column", "field", "detail0", "detail1", "place1", "legs"}
    templates = [text for sentence, _ in wording.RULE_SENTENCES.values() for text in sentence]

    assert {name for text in templates for name in re.findall(r"\{(\w+)\}", text)} <= known


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_name_commands_no_terminal_and_breaks_no_line(language):
    said = say("file-missing", language, path="a\x1b[31m\x07\n\u202eb.csv")

    assert r"a\x1b[31m\x07\n\u202eb.csv" in said
    assert said.isprintable()
