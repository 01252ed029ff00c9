"""The tables of RULES.md and VENDORS.md: ``python -m calltools.cli.tables RULES.md VENDORS.md``."""

import re
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

from calltools.cli.vendor_list import CONFIDENCE
from calltools.reports.wording import rule_title
from calltools.rules.catalog import RULES
from calltools.vendors import library
from calltools.vendors.profile import Profile


def vendors() -> str:
    """The built-in profiles: those that can be trusted first."""
    lines = ["| vendor | what it reads | fields | what the export lacks | known from |", "|---|---|---|---|---|"]
    order = list(CONFIDENCE)
    profiles = sorted(library.built_in(), key=lambda one: (order.index(one.confidence) == len(order) - 1, one.name))
    return "\n".join([*lines, *map(_vendor, profiles)])


def rules() -> str:
    """The catalog."""
    lines = ["| code | name | severity | what is wrong |", "|---|---|---|---|"]
    return "\n".join(
        [*lines, *(f"| {one.code} | `{one.name}` | {one.severity} | {_cell(rule_title(one, 'en'))} |" for one in RULES)]
    )


TABLES: Final[Mapping[str, Callable[[], str]]] = MappingProxyType({"vendors": vendors, "rules": rules})


def filled(text: str) -> str:
    """A document with its tables made anew, each between its two marks."""
    for name, make in TABLES.items():
        marked = rf"(<!-- table {name} -->\n).*?(<!-- end -->)"
        text = re.sub(marked, partial(_between, table=make()), text, flags=re.DOTALL)
    return text


def _between(found: re.Match[str], table: str) -> str:
    return f"{found[1]}\n{table}\n\n{found[2]}"


def _vendor(profile: Profile) -> str:
    names = ", ".join(f"`{name}`" for name in (profile.name, *profile.aliases))
    fields = ", ".join(profile.fields)
    known = CONFIDENCE[profile.confidence][0]
    source = f"[{known}]({profile.link})" if profile.link else known
    return f"| {names} | {_cell(profile.description_en)} | {fields} | {_cell(profile.lacks_en)} | {source} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    for document in map(Path, sys.argv[1:]):
        document.write_text(filled(document.read_text(encoding="utf-8")), encoding="utf-8")
