"""The inputs that a command was given, and what of its folders is none. Heavy: imported when a command runs."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Final

import typer

from calltools.files.folders import FoundFile, LeftOut, find_files
from calltools.files.rejects import starts_like_rejects
from calltools.reports import is_report
from calltools.reports.escape import escape_invisible
from calltools.texts import Language, MessageKey, say
from calltools.validation.baseline import is_baseline

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

    Args:
        arguments: Files and folders as they were named; ``-`` stays as it is.
        others: Files that the command names for something else, such as its outputs.
        language: Of the line about each folder.
        quiet: Whether it is not printed.
        recursive: Whether folders in a folder are looked into.
    """
    found = find_files(arguments, others=others, is_own=is_own_file, recursive=recursive)
    for folder, reasons in found.left_out.items():
        if reasons and not quiet:
            counts = {key: reasons[reason] for reason, key in _REASONS.items() if reasons[reason]}
            listed = ", ".join(say(key, language, count=count) for key, count in counts.items())
            facts = {"folder": escape_invisible(folder), "taken": found.taken[folder], "count": reasons.total()}
            typer.echo(f"calltools: {say('inputs-left-out', language, reasons=listed, **facts)}", err=True)
    return found.files


def is_own_file(path: Path) -> bool:
    """Whether calltools wrote the file about other files: a report, rejects, or a baseline.

    A canonical file is none, whoever wrote it: it can be validated and uploaded. Who names a file means it.
    """
    if path.name.lower().endswith(".gitlab.json"):
        return True
    with suppress(OSError):  # a file that cannot be read is reported as such
        return starts_like_rejects(path) or is_report(path) or is_baseline(path)
    return False
