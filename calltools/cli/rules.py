"""``calltools rules``: the catalog, or one rule's manual."""

import shutil
import sys
import textwrap
from typing import Annotated, Final

import typer

from calltools.cli.options import LangOption, exit_on_error, format_examples, is_terminal, resolve_language
from calltools.texts import Language, MessageKey, say

_WIDTH: Final = 92
EXAMPLES = format_examples("calltools rules", "calltools rules CT241", "calltools rules phone-impossible --lang ru")


def rules_command(
    code: Annotated[str | None, typer.Argument(metavar="[CODE|NAME]", show_default=False)] = None,
    *,
    lang: LangOption = None,
) -> None:
    """The catalog of what can be wrong, or one rule's manual."""
    language = resolve_language(lang)
    with exit_on_error(language):
        width = shutil.get_terminal_size().columns - 1 if is_terminal(sys.stdout) else None
        typer.echo(catalog_text(language, width) if code is None else manual_page(code, language))


def catalog_text(lang: Language, width: int | None = None) -> str:
    """All rules, a line each, by family.

    Args:
        lang: Language of the sentences.
        width: Columns of the terminal, at which a line is folded below its sentence; ``None``: nowhere.
    """
    from calltools.reports.wording import CODE_FAMILIES, format_rule_title, severity_name  # noqa: PLC0415 - heavy
    from calltools.rules.catalog import RULES  # noqa: PLC0415 - heavy

    lines: list[str] = []
    family = ""
    for rule in RULES:
        if rule.code[2] != family:
            family = rule.code[2]
            lines += ["", f"CT{family}xx {say(CODE_FAMILIES[family], lang)}"]
        severity = severity_name(rule.severity, lang)
        line = f"  {rule.code}  {severity:<14} {rule.name:<32} {format_rule_title(rule, lang)}"
        lines += (
            [line]
            if width is None
            else textwrap.wrap(line, width, subsequent_indent=" " * min(57, width // 2), break_on_hyphens=False)
        )
    return "\n".join(lines[1:])


def manual_page(word: str, lang: Language) -> str:
    """One rule's manual.

    Raises:
        UsageError: No rule is called so; the nearest is named.
    """
    from calltools.errors import UsageError, nearest_word  # noqa: PLC0415 - heavy
    from calltools.reports.wording import severity_name  # noqa: PLC0415 - heavy
    from calltools.rules.catalog import RETIRED_CODES, RULES_BY_CODE, RULES_BY_NAME  # noqa: PLC0415 - heavy
    from calltools.rules.manual import manual_for  # noqa: PLC0415 - heavy

    if word.upper() in RETIRED_CODES:
        return f"{word.upper()}: {RETIRED_CODES[word.upper()]}"
    rule = RULES_BY_CODE.get(word.upper()) or RULES_BY_NAME.get(word.lower())
    if rule is None:
        near = nearest_word(word.lower(), [*RULES_BY_NAME, *(code.lower() for code in RULES_BY_CODE)])
        raise UsageError("rule-unknown-near" if near else "rule-unknown", word=word, nearest=near)
    told = manual_for(rule, lang)
    head = f"{rule.code} {rule.name} ({severity_name(rule.severity, lang)})"
    parts = [head, told.finds]
    sections: tuple[tuple[MessageKey, str], ...] = (
        ("manual-why", told.why),
        ("manual-example", told.example),
        ("manual-fix", told.fix),
        ("manual-source", told.source),
    )
    for key, text in sections:
        # Examples are lines; the rest is prose.
        lines = text.splitlines() if key == "manual-example" else textwrap.wrap(" ".join(text.split()), _WIDTH)
        indented = "\n".join(f"    {line}" for line in lines)
        parts.append(f"{say(key, lang)}:\n{indented}")
    return "\n\n".join(parts)
