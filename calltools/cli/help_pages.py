"""``--help``: summaries that are not cut, examples that can be copied, and all of it in Russian if it is wanted."""

import re
from collections.abc import Sequence
from typing import Any, Final

import typer

from calltools.texts.help import RUSSIAN_HELP, RUSSIAN_WORDS

_BEFORE_EXAMPLES: Final = "Examples:"
#: What typer adds to the help of an option.
_EXTRA: Final = re.compile(r"(?s)(?P<help>.*?)(?:  )?(?P<extra>\[[^\[\]]+\])?$")
_WORD: Final = re.compile(r"(?<![A-Za-z.-])[A-Z]+(?![A-Za-z_])")
#: The type of an argument, which says nothing to a reader.
_TYPE: Final = re.compile(r" <(?:list\[)?(?:str|path)\]?>")
#: Of an argument that may be repeated typer says so twice.
_TWICE: Final = re.compile(r"[{\[]?\[?([^\s{}\[\]]+?\.\.\.)\]?[}\]]?\.\.\.")
#: The formatter of help, which typer does not export.
_Formatter: Any = typer.Context.formatter_class


class RussianFormatter(_Formatter):  # type: ignore[misc]  # typer's class is found at run time
    """Writes the help of a command in Russian."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The first line; typer gives no prefix."""
        super().write_usage(prog, _translate_words(args), prefix or f"{RUSSIAN_WORDS['Usage']}: ")

    def write_heading(self, heading: str) -> None:
        """The title of a table."""
        super().write_heading(RUSSIAN_WORDS.get(heading, heading))

    def write_text(self, text: str) -> None:
        """A paragraph."""
        super().write_text(translate(text))

    def write_dl(self, rows: Sequence[tuple[str, str]], *args: Any, **more: Any) -> None:
        """A table: an option or a command, and what it is."""
        super().write_dl([(_translate_words(name), _translate_row(text)) for name, text in rows], *args, **more)


class HelpPages:
    """Methods of commands and groups that write their help."""

    def format_options(self, context: Any, formatter: Any) -> None:
        """The tables, without what says nothing to a reader."""
        write = formatter.write_dl

        def write_tidy(rows: Sequence[tuple[str, str]], *args: Any, **more: Any) -> None:
            write([(_TYPE.sub("", _TWICE.sub(r"\1", name)), text) for name, text in rows], *args, **more)

        formatter.write_dl = write_tidy
        super().format_options(context, formatter)  # type: ignore[misc]  # of the other base class

    def get_short_help_str(self, limit: int = 0) -> str:
        """What a list of commands says of this one: its whole first paragraph, whatever typer has room for."""
        text: str = getattr(self, "help", None) or super().get_short_help_str(limit)  # type: ignore[misc]  # as above
        return " ".join(text.split("\n\n", maxsplit=1)[0].split())

    def collect_usage_pieces(self, context: Any) -> list[str]:
        """Words of the first line."""
        pieces: list[str] = super().collect_usage_pieces(context)  # type: ignore[misc]  # of the other base class
        return [_TWICE.sub(r"\1", piece) for piece in pieces]

    def format_epilog(self, context: Any, formatter: Any) -> None:
        """The last paragraph; examples are not folded, so that they can be copied."""
        epilog: str = getattr(self, "epilog", None) or ""
        if not epilog.startswith(_BEFORE_EXAMPLES):
            super().format_epilog(context, formatter)  # type: ignore[misc]  # of the other base class
            return
        title = RUSSIAN_WORDS["Examples"] if isinstance(formatter, RussianFormatter) else _BEFORE_EXAMPLES[:-1]
        lines = [line.strip() for line in epilog.removeprefix(_BEFORE_EXAMPLES).splitlines() if line.strip()]
        formatter.write("\n" + "\n".join([f"{title}:", *(f"  {line}" for line in lines)]) + "\n")


def translate(text: str) -> str:
    """A text of help in Russian, or as it is where there is none."""
    return RUSSIAN_HELP.get(" ".join(text.split()), text)


def _translate_row(text: str) -> str:
    found = _EXTRA.fullmatch(text)
    if found is None or translate(text) != text:
        return translate(text)
    extra = found["extra"] or ""
    for word in ("default", "required"):
        extra = re.sub(rf"\b{word}\b", RUSSIAN_WORDS[word], extra)
    return f"{translate(found['help'])}  {extra}".strip() if extra else translate(found["help"])


def _translate_words(text: str) -> str:
    return _WORD.sub(lambda found: RUSSIAN_WORDS.get(found[0], found[0]), text)
