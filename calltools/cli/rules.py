"""``calltools rules``: the catalog, or one rule's manual."""

import difflib
import textwrap
from typing import Annotated, Final

import typer

from calltools.cli.options import Lang, ending, examples, language
from calltools.messages import Language

_WIDTH: Final = 92
EXAMPLES = examples("calltools rules", "calltools rules CT241", "calltools rules phone-impossible --lang ru")


def rules(
    code: Annotated[str | None, typer.Argument(metavar="[CODE|NAME]", show_default=False)] = None,
    *,
    lang: Annotated[Lang | None, typer.Option(help="Language of sentences; default: the locale.")] = None,
) -> None:
    """The catalog of what can be wrong, or one rule's manual."""
    with ending(language(lang)):
        typer.echo(catalog(language(lang)) if code is None else page(code, language(lang)))


def catalog(lang: Language) -> str:
    """All rules, a line each, by family."""
    from calltools.reports.wording import FAMILIES, SEVERITIES, rule_title  # noqa: PLC0415 - heavy
    from calltools.rules.catalog import RULES  # noqa: PLC0415 - heavy

    lines: list[str] = []
    family = ""
    for rule in RULES:
        if rule.code[2] != family:
            family = rule.code[2]
            lines += ["", f"CT{family}xx {FAMILIES[family][lang == 'ru']}"]
        severity = SEVERITIES[rule.severity][lang == "ru"]
        lines.append(f"  {rule.code}  {severity:<14} {rule.name:<32} {rule_title(rule, lang)}")
    return "\n".join(lines[1:])


def page(word: str, lang: Language) -> str:
    """One rule's manual.

    Raises:
        UsageError: No rule is called so; the nearest is named.
    """
    from calltools.errors import UsageError  # noqa: PLC0415 - heavy
    from calltools.reports.wording import SECTIONS, SEVERITIES  # noqa: PLC0415 - heavy
    from calltools.rules.catalog import BY_CODE, BY_NAME, RETIRED  # noqa: PLC0415 - heavy
    from calltools.rules.manual import page_of  # noqa: PLC0415 - heavy

    if word.upper() in RETIRED:
        return f"{word.upper()}: {RETIRED[word.upper()]}"
    rule = BY_CODE.get(word.upper()) or BY_NAME.get(word.lower())
    if rule is None:
        near = difflib.get_close_matches(word.lower(), [*BY_NAME, *(code.lower() for code in BY_CODE)], 1, 0.5)
        raise UsageError("rule-unknown-near" if near else "rule-unknown", word=word, nearest="".join(near))
    told = page_of(rule, lang)
    head = f"{rule.code} {rule.name} ({SEVERITIES[rule.severity][lang == 'ru']})"
    parts = [head, told.finds]
    for name, text in (("Why", told.why), ("Example", told.example), ("Fix", told.fix), ("Source", told.source)):
        # Examples are lines; the rest is prose.
        lines = text.splitlines() if name == "Example" else textwrap.wrap(" ".join(text.split()), _WIDTH)
        indented = "\n".join(f"    {line}" for line in lines)
        parts.append(f"{SECTIONS[name][lang == 'ru']}:\n{indented}")
    return "\n\n".join(parts)
