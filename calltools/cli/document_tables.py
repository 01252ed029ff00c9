"""Generated tables of RULES.md and VENDORS.md.

``python -m calltools.cli.document_tables FILE...`` replaces the tables of these documents.
"""

import re
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

from calltools.cli.vendor_pages import CONFIDENCE
from calltools.reports.wording import format_rule_title
from calltools.rules.catalog import RULES
from calltools.texts import say
from calltools.vendors import profile_library
from calltools.vendors.profile import Profile

_LEAST_CONFIDENCE: Final = list(CONFIDENCE)[-1]


def vendor_table() -> str:
    """The built-in profiles as a Markdown table; profiles that are not verified come last."""
    header = ["| vendor | what it reads | fields | what the export lacks | known from |", "|---|---|---|---|---|"]
    profiles = sorted(
        profile_library.load_built_in_profiles(),
        key=lambda profile: (profile.confidence == _LEAST_CONFIDENCE, profile.name),
    )
    return "\n".join([*header, *map(_vendor_row, profiles)])


def rule_table() -> str:
    """The catalog of rules as a Markdown table."""
    header = ["| code | name | severity | what is wrong |", "|---|---|---|---|"]
    rows = (
        f"| {rule.code} | `{rule.name}` | {rule.severity} | {_escape_cell(format_rule_title(rule, 'en'))} |"
        for rule in RULES
    )
    return "\n".join([*header, *rows])


TABLES: Final[Mapping[str, Callable[[], str]]] = MappingProxyType({"vendors": vendor_table, "rules": rule_table})


def refresh_tables(text: str) -> str:
    """A document with its tables replaced, each between ``<!-- table NAME -->`` and ``<!-- end -->``."""
    for name, make_table in TABLES.items():
        marked = rf"(<!-- table {name} -->\n).*?(<!-- end -->)"
        # A function, because a replacement text would have its backslashes interpreted.
        text = re.sub(marked, partial(_replace_table, table=make_table()), text, flags=re.DOTALL)
    return text


def _replace_table(found: re.Match[str], table: str) -> str:
    return f"{found[1]}\n{table}\n\n{found[2]}"


def _vendor_row(profile: Profile) -> str:
    names = ", ".join(f"`{name}`" for name in (profile.name, *profile.aliases))
    fields = ", ".join(profile.fields)
    confidence = say(CONFIDENCE[profile.confidence])
    source = f"[{confidence}]({profile.link})" if profile.link else confidence
    return (
        f"| {names} | {_escape_cell(profile.description_en)} | {fields} | {_escape_cell(profile.lacks_en)} | {source} |"
    )


def _escape_cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    for document in map(Path, sys.argv[1:]):
        document.write_text(refresh_tables(document.read_text(encoding="utf-8")), encoding="utf-8")
