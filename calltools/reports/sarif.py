"""SARIF 2.1.0, as GitHub code scanning and others read it.

Source:
    OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0; GitHub Docs, "SARIF support for code
    scanning": 25,000 results a run.
"""

import json
from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from typing import Any, Final, TextIO
from urllib.parse import quote

from calltools.model.batch import Source
from calltools.model.finding import Finding
from calltools.model.rule import Rule
from calltools.reports.json_array import JsonArrayReporter, line_range
from calltools.reports.reporter import ReportOptions, repository_path
from calltools.reports.wording import format_advice, format_rule_title
from calltools.rules.catalog import RULES
from calltools.rules.manual import manual_for
from calltools.texts import Language, say

#: GitHub code scanning reads no more results of a run.
_MAX_RESULTS: Final = 25_000
_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_RULE_INDEX: Final = {rule.code: number for number, rule in enumerate(RULES)}


def make_sarif_reporter(stream: TextIO, options: ReportOptions, max_results: int = _MAX_RESULTS) -> JsonArrayReporter:
    """Make a reporter of a SARIF file: the first findings, and how many were left out."""
    driver = {
        "name": "calltools",
        "semanticVersion": version("calltools"),
        "rules": [_format_rule(rule, options.language) for rule in RULES],
    }
    document = json.dumps({"$schema": _SCHEMA, "version": "2.1.0"})[:-1]
    tool = json.dumps({"driver": driver}, ensure_ascii=False)
    prefix = f'{document}, "runs": [{{"tool": {tool}, "columnKind": "unicodeCodePoints", "results": [\n'

    def format_suffix(omitted: int) -> str:
        invocations = json.dumps([_format_invocation(omitted, options.language)], ensure_ascii=False)
        return f'\n], "invocations": {invocations}}}]}}\n'

    format_result = partial(_format_result, language=options.language)
    return JsonArrayReporter(stream, options, prefix, format_result, format_suffix, max_results)


def _format_rule(rule: Rule, language: Language) -> Mapping[str, Any]:
    manual = manual_for(rule, language)
    text = f"{manual.why}\n\n{manual.example}\n\n{manual.fix}"
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": format_rule_title(rule, language)},
        "fullDescription": {"text": manual.finds},
        "help": {"text": text},
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _format_result(finding: Finding, source: Source | None, language: Language) -> Mapping[str, Any]:
    path = repository_path(finding.file)
    location = {
        # The colon of an address stays; in a relative path one would end a scheme.
        "artifactLocation": {"uri": quote(path, safe=":/" if "://" in path else "/")},
        "region": line_range(finding, "startLine", "endLine"),
    }
    optional = {"record": finding.record, "column": finding.column, "cell": finding.cell, "sheet": finding.sheet}
    return {
        "ruleId": finding.code,
        "ruleIndex": _RULE_INDEX[finding.code],
        "level": finding.severity,
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"calltools/v1": finding.fingerprint},
        "properties": {name: value for name, value in optional.items() if value is not None}
        | {"advice": format_advice(finding.code, language, source)},
    }


def _format_invocation(omitted: int, language: Language) -> Mapping[str, Any]:
    if not omitted:
        return {"executionSuccessful": True}
    text = say("report-left-out", language, count=omitted)
    return {
        "executionSuccessful": True,
        "toolExecutionNotifications": [{"level": "warning", "message": {"text": text}}],
    }
