"""The command that was typed, as words: so that the next one can be told with the same options."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self

import typer

from calltools.cli.options import FormOptions, ReadingOptions
from calltools.errors import UNKNOWN_EXPORT, CalltoolsError
from calltools.files.remote_path import as_path
from calltools.texts import Language, MessageKey, say

#: Options that decide what is read and which records are good: another command on the same file needs them, too.
_KEPT: Final = frozenset(one.name for one in fields(ReadingOptions)) | {
    "select", "ignore", "baseline", "lang", "engine", "scheduler", "jobs",
}  # fmt: skip
#: Options that name what a run writes.
_WRITTEN: Final = ("output", "rejects", "changes", "report", "write_baseline")
#: What a file needs to be told of it, so that ``upload``, which has no such options, cannot take it as it is.
_TOLD: Final = _KEPT - {"as_of", "stdin_name", "recursive", "limit", "lang", "engine", "scheduler", "jobs"}
#: Of more files a command is too long to be read before it is copied.
_MAX_FILES: Final = 20
#: An own number may be a person's: it is not told again, as in advice.
_UNTOLD: Final = frozenset({"own_number"})


@dataclass(frozen=True, slots=True)
class TypedCommand:
    """A command and what stood behind it on the command line.

    Attributes:
        name: Such as ``validate``.
        files: Its arguments.
        options: Name of a field -> the values that were typed; none: the option is a flag.
    """

    name: str
    files: tuple[str, ...] = ()
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_told_more(self) -> bool:
        """Whether it says of the file what ``upload`` cannot be told."""
        return bool(_TOLD & self.options.keys())

    def as_command(self, name: str, files: Sequence[str] | None = None) -> Self:
        """Another command on these files or others, with the options that decide what is read."""
        kept = {one: words for one, words in self.options.items() if one in _KEPT}
        return replace(self, name=name, files=self.files if files is None else tuple(files), options=kept)

    def add(self, **options: str | None) -> Self:
        """The command with more options; ``None``: a flag."""
        added = {name: () if value is None else (value,) for name, value in options.items()}
        return replace(self, options={**self.options, **added})

    def add_all(self, name: str, values: Sequence[str]) -> Self:
        """The command with an option once for each value, in place of those that it has."""
        return replace(self, options={**self.options, name: tuple(values)})

    def drop(self, *names: str) -> Self:
        """The command without some options."""
        return replace(self, options={name: words for name, words in self.options.items() if name not in names})

    def again(self) -> Self:
        """The command as it can be run once more: what it has written may be overwritten."""
        named = [word for name in _WRITTEN for word in self.options.get(name, ()) if word != "-"]
        return self.add(force=None) if named else self

    def __str__(self) -> str:
        """The words, quoted for the shells of all systems."""
        words = ["calltools", self.name, *map(_quote, self.files[:_MAX_FILES])]
        words += ["…"] if len(self.files) > _MAX_FILES else []
        for name, values in self.options.items():
            option = "-o" if name == "output" else f"--{name.replace('_', '-')}"
            told = [word for one in values for word in (option, "…" if name in _UNTOLD else _quote(one))]
            words += told or [option]
        return " ".join(words)


def read_typed_command(context: typer.Context) -> TypedCommand:
    """What the user typed, of a command with ``FILE...``; the configuration holds for the next one as well."""
    files: tuple[str, ...] = ()
    options = {}
    parameters: Iterable[Any] = getattr(context.command, "params", ())
    for parameter in parameters:
        source = context.get_parameter_source(parameter.name)
        if source is None or source.name != "COMMANDLINE":
            continue
        value = context.params[parameter.name]
        if parameter.param_type_name == "argument":
            files = tuple(map(str, value))
            continue
        values = value if isinstance(value, list | tuple) else [value]
        options[parameter.name] = () if value is True else tuple(map(_as_typed, values))
    return TypedCommand(context.info_name or "", files, options)


#: Key of an error -> the option that it asks for, and the fact that has its value, or the key of the word for it.
_ASKED: Final[Mapping[str, tuple[str, str | None, MessageKey]]] = MappingProxyType(
    {
        "timezone-needed": ("timezone", None, "next-zone"),
        "timezone-needed-suggested": ("timezone", "suggestion", "next-zone"),
        "zone-contradicted": ("timezone", "suggestion", "next-zone"),
        "identifier-timezone-needed": ("timezone", None, "next-zone"),
        "identifier-date-order-needed": ("date_order", None, "next-order"),
    }
)


def _after_unknown_export(typed: TypedCommand, unknown: str | None) -> str | None:
    """What asks for the meaning of the columns; where nobody can be asked, what makes a profile of them.

    Args:
        typed: The command.
        unknown: The file that nobody knows, of several or of a folder.
    """
    if typed.files == ("-",):
        return None  # both look at the file several times
    if typed.name != "send":
        return str(typed.as_command("send"))
    form = {name: words for name, words in typed.options.items() if name in {one.name for one in fields(FormOptions)}}
    file = unknown or typed.files[0]
    profile = free_name(Path(file).stem, ".toml")
    return str(replace(typed, name="vendors new", files=(file,), options=form).add(output=profile))


@contextmanager
def telling_next(typed: TypedCommand, language: Language) -> Iterator[None]:
    """Give an error that asks for an option, or for what the columns mean, the command that says or asks it."""
    try:
        yield
    except CalltoolsError as error:
        if error.key in UNKNOWN_EXPORT and error.next_command is None:
            error.next_command = _after_unknown_export(typed, error.about_file)
        if asked := _ASKED.get(error.key):
            name, fact, word = asked
            value = say(word, language) if fact is None else str(error.facts[fact])
            error.next_command = str(typed.drop(name).add(**{name: value}))
        raise


def free_name(stem: str, ending: str) -> str:
    """A name that nothing in the working folder has: the stem, or ``stem-2`` and so on."""
    names = (f"{stem}{number}{ending}" for number in ("", *(f"-{number}" for number in range(2, 1000))))
    return next((name for name in names if not Path(name).exists()), f"{stem}{ending}")


def _as_typed(value: object) -> str:
    return str(value.value if isinstance(value, Enum) else value)


def _quote(word: str) -> str:
    """A word as an argument, without the secrets of an address; FILE for a pipe of the shell, gone after the run."""
    if word.startswith("/dev/fd/"):
        return "FILE"
    from calltools.model.batch import quote_argument  # noqa: PLC0415 - loads numpy, which help does not need

    return quote_argument(str(as_path(word)) if "://" in word else word)
