"""Keys of sentences: none is made up at run time, and each value that is put into words has one."""

import ast
import re
from pathlib import Path
from typing import get_args

import pytest

from calltools.cli import profile_draft, upload_console, vendor_pages
from calltools.files.csv.sniff import DELIMITER_NAMES
from calltools.ledger import CallStatus, Transition
from calltools.model.assumptions import DateOrder
from calltools.model.batch import Address
from calltools.model.rule import Severity
from calltools.model.summary import Unusable
from calltools.reports import concise, text, wording
from calltools.reports.html import reporter as html_reporter
from calltools.reports.workbook import reporter
from calltools.rules.catalog import RULES
from calltools.texts import MESSAGES, report_labels
from calltools.vendors.profile import Confidence

PACKAGE = Path(__file__).parent.parent / "calltools"
#: Calls of these names take a key first, or second behind a path or a person.
SPEAKERS = re.compile(r"say|_say|notify|notify_always|print_detail|word|wrong|_wrong|_unknown|_comment|Wrong|\w*Error")


def made_up(tree):
    """Calls that make a key of parts."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        # Behind a path the key is second; a path may well be made of parts.
        place = 1 if name in {"wrong", "_wrong"} else 0
        keys = node.args[place : place + 1] if SPEAKERS.fullmatch(name) else []
        yield from (f"{name}({ast.unparse(key)})" for key in keys if isinstance(key, ast.JoinedStr | ast.BinOp))


def test_no_key_is_made_up_at_run_time():
    own = {"UnknownPackageError", "TypeError", "ValueError", "KeyError", "AssertionError"}

    found = [
        (path.name, call)
        for path in sorted(PACKAGE.rglob("*.py"))
        for call in made_up(ast.parse(path.read_text(encoding="utf-8")))
        if call.partition("(")[0] not in own
    ]

    assert found == []


def test_a_key_that_is_made_up_would_be_found():
    tree = ast.parse(
        'say(f"read-{form}", "en"); notify("read-" + form); take.wrong(f"$.{x}", "key"); UsageError("key")'
    )

    assert [call.partition("(")[0] for call in made_up(tree)] == ["say", "notify"]


def test_no_word_of_a_template_is_made_up():
    templates = list(PACKAGE.rglob("*.j2"))
    calls = [call for path in templates for call in re.findall(r"label\(([^)]*)\)", path.read_text(encoding="utf-8"))]

    assert calls
    assert [call for call in calls if "~" in call.partition(",")[0]] == []


@pytest.mark.parametrize(
    ("table", "values", "sentences"),
    [
        pytest.param(upload_console.STEPS, set(Transition), MESSAGES, id="steps of the ledger"),
        # Of what is new the plan says how much is sent; of what is held, which parts hold it.
        pytest.param(
            upload_console.VERDICTS,
            set(CallStatus) - {CallStatus.NEW, CallStatus.HELD},
            MESSAGES,
            id="verdicts of a plan",
        ),
        pytest.param(text.DATE_ORDERS, set(get_args(DateOrder)), MESSAGES, id="orders of dates"),
        pytest.param(text.DELIMITERS, {None, *DELIMITER_NAMES}, MESSAGES, id="delimiters"),
        pytest.param(text.UNUSABLE, set(get_args(Unusable)), MESSAGES, id="records that cannot be joined"),
        pytest.param(concise.SEVERITIES, set(Severity), MESSAGES, id="severities"),
        pytest.param(html_reporter.SEVERITY_COUNTS, set(Severity), report_labels.HTML_LABELS, id="tiles of the page"),
        pytest.param(
            html_reporter.SEVERITY_FILTERS, set(Severity), report_labels.HTML_LABELS, id="buttons of the page"
        ),
        pytest.param(profile_draft.QUESTIONS, set(profile_draft.QUESTIONS), MESSAGES, id="questions about a sample"),
    ],
)
def test_each_value_has_a_sentence_that_is_there(table, values, sentences):
    assert set(table) == values
    assert [key for key in table.values() if key not in sentences] == []


@pytest.mark.parametrize(
    ("words", "values"),
    [
        pytest.param(report_labels.HTML_LABELS, {one.value for one in Severity}, id="severities on the page"),
        pytest.param(report_labels.WORKBOOK_LABELS, {one.value for one in Severity}, id="severities in the workbook"),
        pytest.param(
            report_labels.WORKBOOK_LABELS,
            {*reporter.LOST.values(), "macros", "results"},
            id="parts that a workbook loses",
        ),
        pytest.param(wording.SEVERITY_NAMES, {one.value for one in Severity}, id="severities of the catalog"),
        pytest.param(wording.CODE_FAMILIES, {rule.code[2] for rule in RULES}, id="families of rules"),
        pytest.param(wording.PLACES, set(get_args(Address)), id="places"),
        pytest.param(vendor_pages.CONFIDENCE, set(get_args(Confidence)), id="confidence in a profile"),
    ],
)
def test_each_value_is_a_word(words, values):
    assert values
    assert {one for one in values if one not in words} == set()


def test_each_placeholder_of_a_sentence_is_known():
    known = {*wording.DETAILS, "value", "column", "field", "detail0", "detail1", "place1"}
    templates = [text for said in wording.RULE_SENTENCES.values() for text in (said.en, said.ru)]

    assert {name for text in templates for name in re.findall(r"\{(\w+)\}", text)} <= known
