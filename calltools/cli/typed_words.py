"""What a person types at a question: one line, and words that mean the same whatever is asked, in both languages."""

import sys
from typing import Final

import typer

from calltools.cli.terminal import fold_words
from calltools.texts import Language, MessageKey, say

YES: Final = frozenset({"y", "yes", "д", "да"})
NO: Final = frozenset({"", "n", "no", "н", "нет"})
#: They lead to the question before.
BACK: Final = frozenset({"back", "<", "назад"})
#: They ask what may be answered.
HELP: Final = frozenset({"?", "help", "помощь", "справка"})


class BackError(Exception):
    """The person wants to change an answer: back to the question before."""


def ask_line(language: Language, key: MessageKey) -> str:
    """What a person types behind a sentence.

    Raises:
        typer.Abort: The input has ended.
    """
    typer.echo(f"{fold_words(say(key, language), sys.stderr)} ", nl=False, err=True)
    line = sys.stdin.readline()
    if not line:
        raise typer.Abort
    return line.strip()
