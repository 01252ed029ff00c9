"""The inputs that a command was given, and what of its folders is none. Heavy: imported when a command runs."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

import typer

from calltools.cli.options import is_terminal
from calltools.files.folders import FoundFile, FoundFiles, LeftOut, find_files
from calltools.reports.escape import escape_invisible
from calltools.texts import Language, MessageKey, say

_REASONS: Final = MappingProxyType[LeftOut, MessageKey](
    {
        "hidden": "left-hidden",
        "lock": "left-lock",
        "own": "left-own",
        "named": "left-named",
        "other": "left-other",
        "folder": "left-folder",
    }
)


def find_inputs(
    arguments: Sequence[str],
    others: Sequence[Path],
    language: Language,
    *,
    quiet: bool = False,
    recursive: bool = False,
) -> list[FoundFile]:
    """The files that a command reads, each with its name in messages; what folders hold besides is said.

    Also said is that a terminal is read, where nothing was piped in: else the command seems to hang.

    Args:
        arguments: Files and folders as they were named; ``-`` stays as it is.
        others: Files that the command names for something else, such as its outputs.
        language: Of these lines.
        quiet: Whether they are not printed.
        recursive: Whether folders in a folder are looked into.
    """
    found = find_files(arguments, others=others, is_own=_is_own_file, recursive=recursive)
    for line in describe_left_out(found, language) if not quiet else ():
        typer.echo(f"calltools: {line}", err=True)
    if "-" in arguments and not quiet and is_terminal(sys.stdin):
        typer.echo(f"calltools: {say('input-terminal', language)}", err=True)
    return found.files


def describe_left_out(found: FoundFiles, language: Language) -> Iterator[str]:
    """A line about each folder, pattern and archive that holds something which is not taken."""
    for folder, reasons in found.left_out.items():
        if reasons:
            counts = {key: reasons[reason] for reason, key in _REASONS.items() if reasons[reason]}
            listed = ", ".join(say(key, language, count=count) for key, count in counts.items())
            facts = {"folder": escape_invisible(folder), "taken": found.taken[folder], "count": reasons.total()}
            yield say("inputs-left-out", language, reasons=listed, **facts)


def _is_own_file(path: Path) -> bool:
    # Only a folder needs it: an upload of a file that is known to be clean loads neither pandas nor pandera.
    from calltools.run import is_own_file  # noqa: PLC0415 - heavy

    return is_own_file(path)
