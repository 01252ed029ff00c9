"""Tables of the README, made of profiles and catalog: ``python -m calltools.cli.readme_tables README.md``."""

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


def vendor_table() -> str:
    """The built-in profiles: those that can be trusted first."""
    lines = ["| vendor | what it reads | fields | what the export lacks | known from |", "|---|---|---|---|---|"]
    order = list(CONFIDENCE)
    profiles = sorted(
        profile_library.load_built_in_profiles(),
        key=lambda one: (order.index(one.confidence) == len(order) - 1, one.name),
    )
    return "\n".join([*lines, *map(_vendor_row, profiles)])


def rule_table() -> str:
    """The catalog."""
    lines = ["| code | name | severity | what is wrong |", "|---|---|---|---|"]
    return "\n".join(
        [
            *lines,
            *(
                f"| {one.code} | `{one.name}` | {one.severity} | {_escape_cell(format_rule_title(one, 'en'))} |"
                for one in RULES
            ),
        ]
    )


TABLES: Final[Mapping[str, Callable[[], str]]] = MappingProxyType({"vendors": vendor_table, "rules": rule_table})


def refresh_tables(text: str) -> str:
    """A document with its tables made anew, each between its two marks."""
    for name, make in TABLES.items():
        marked = rf"(<!-- table {name} -->\n).*?(<!-- end -->)"
        text = re.sub(marked, partial(_keep_marks, table=make()), text, flags=re.DOTALL)
    return text


def _keep_marks(found: re.Match[str], table: str) -> str:
    return f"{found[1]}\n{table}\n\n{found[2]}"


def _vendor_row(profile: Profile) -> str:
    names = ", ".join(f"`{name}`" for name in (profile.name, *profile.aliases))
    fields = ", ".join(profile.fields)
    known = say(CONFIDENCE[profile.confidence])
    source = f"[{known}]({profile.link})" if profile.link else known
    return (
        f"| {names} | {_escape_cell(profile.description_en)} | {fields} | {_escape_cell(profile.lacks_en)} | {source} |"
    )


def _escape_cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    for document in map(Path, sys.argv[1:]):
        document.write_text(refresh_tables(document.read_text(encoding="utf-8")), encoding="utf-8")
