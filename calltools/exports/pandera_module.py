"""The canonical file as a Python module with a pandera schema, which needs nothing of calltools.

Its text stands in ``pandera_module.txt``, with places for what the tables of the catalog and the fields say. It judges
cell by cell in plain Python, so that it can be read; that its verdicts are those of ``check`` is a law that tests hold
(``tests/library/test_schema_law.py``).
"""

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Final

from calltools.fields.kernels.cell_kernels import MAX_ABSENT_BYTES, PLACEHOLDERS
from calltools.fields.kinds import currency, money, unix_time
from calltools.fields.table import FIELDS, IDENTIFIER_FIELDS, Field
from calltools.model.rule import Rule, Scope, Severity
from calltools.rules.catalog import RULES, RULES_BY_CODE

_WIDTH: Final = 116
_TEMPLATE: Final = Path(__file__).with_name("pandera_module.txt")
#: The rules that the text has checks for on records, or on the header.
_OF_RECORDS: Final = ("CT102", "CT221", "CT235", "CT301")
#: Why a rule is not in the module: its scope -> the reason.
_REASONS: Final[Mapping[Scope, str]] = MappingProxyType(
    {
        Scope.FILE: "of files",
        Scope.HEADER: "of headers, which pandera judges itself",
        Scope.MAPPING: "of the mapping of exports",
        Scope.DATASET: "of whole tables",
        Scope.ROW: "of records",
        Scope.CELL: "of cells",
        Scope.SERVICE: "of the service",
    }
)


def render_pandera_module() -> str:
    """The text of the module."""
    text = _TEMPLATE.read_text(encoding="utf-8")
    for name, value in _places().items():
        text = text.replace(f"@@{name}@@", value)
    return text


def _places() -> dict[str, str]:
    """What stands in the places of the text."""
    rules = [*_cell_rules()]
    return {
        "VERSION": version("calltools"),
        "OUT": "\n".join(_left_out(rules)),
        "PLACEHOLDERS": "\n".join(f"        {_quoted(word)}," for word in sorted(PLACEHOLDERS)),
        "MAX_ABSENT_BYTES": str(MAX_ABSENT_BYTES),
        "EARLIEST": f"{unix_time.EARLIEST_CALL:_}",
        "CURRENCIES_BY_SIGN": "\n".join(_signs()),
        "CURRENT_CURRENCIES": _wrapped(sorted(currency.current_codes())),
        "WITHDRAWN_CURRENCIES": _wrapped(sorted(currency.SUCCESSORS)),
        "RULES": "\n".join(_rule_lines(rules)),
        "YIELDS_TO": ", ".join(_yields(rules)),
        "COLUMNS": "\n".join(line for field in FIELDS for line in _column_lines(field, rules)),
        "REQUIRED": _tuple(field.name for field in FIELDS if field.requirement.column),
        "IDENTIFIERS": _tuple(IDENTIFIER_FIELDS),
        **{code: RULES_BY_CODE[code].name for code in _OF_RECORDS},
    }


def _cell_rules() -> Iterator[Rule]:
    """The rules on cells that make errors and that the text has a function for, named like the rule."""
    names = _function_names()
    for rule in RULES:
        if rule.cell is not None and rule.severity is Severity.ERROR and _function(rule) in names:
            yield rule


@cache
def _function_names() -> frozenset[str]:
    lines = _TEMPLATE.read_text(encoding="utf-8").splitlines()
    return frozenset(line.removeprefix("def ").partition("(")[0] for line in lines if line.startswith("def "))


def _function(rule: Rule) -> str:
    return rule.name.replace("-", "_")


def _left_out(rules: Iterable[Rule]) -> Iterator[str]:
    """The errors that the module does not find, by what they are about."""
    known = {*(rule.code for rule in rules), *_OF_RECORDS}
    missing = [rule for rule in RULES if rule.severity is Severity.ERROR and rule.code not in known]
    for scope in dict.fromkeys(rule.scope for rule in missing):
        codes = ", ".join(rule.code for rule in missing if rule.scope is scope)
        yield from textwrap.wrap(f"- {codes}: {_REASONS[scope]};", 120, subsequent_indent="  ")


def _signs() -> Iterator[str]:
    """The signs as they are left when dots are gone, each with all that it can mean."""
    meanings: dict[str, set[str]] = {}
    for sign, codes in money.CURRENCIES_BY_SIGN.items():
        meanings.setdefault(sign.rstrip("."), set()).update(codes)
    for sign, known in sorted(meanings.items()):
        listed = _tuple(sorted(known))
        line = f"    {_quoted(sign)}: {listed},"
        yield line if len(line) <= _WIDTH + 4 else f"    {_quoted(sign)}: (\n{_lines(listed)}\n    ),"


def _lines(listed: str) -> str:
    return "\n".join(f"        {word.strip()}," for word in listed.strip("()").split(","))


def _rule_lines(rules: Iterable[Rule]) -> Iterator[str]:
    for rule in rules:
        yield f"    # {rule.summary}"
        yield f'    "{rule.code}": ("{rule.name}", {_function(rule)}),'


def _yields(rules: Iterable[Rule]) -> Iterator[str]:
    codes = [rule.code for rule in rules]
    for rule in rules:
        for code in rule.yields_to:
            if code in codes:
                yield f'"{rule.code}": "{code}"'


def _column_lines(field: Field, rules: Iterable[Rule]) -> Iterator[str]:
    codes = _tuple(rule.code for rule in rules if field.name in rule.columns)
    yield from textwrap.wrap(
        f"{field.title('en')}. {field.description('en')}", _WIDTH, initial_indent="    # ", subsequent_indent="    # "
    )
    yield f'    "{field.name}": {codes},'


def _wrapped(words: Iterable[str]) -> str:
    return textwrap.fill(" ".join(words), _WIDTH, initial_indent="    ", subsequent_indent="    ")


def _tuple(words: Iterable[str]) -> str:
    listed = [_quoted(word) for word in words]
    return f"({', '.join(listed)}{',' if len(listed) == 1 else ''})"


def _quoted(word: str) -> str:
    """A word as a literal, in the quotes that the formatter prefers."""
    text = repr(word)
    return text if '"' in word else f'"{text[1:-1]}"'
