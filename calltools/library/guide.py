"""``inspect``: what files are, and what must still be said before they can be converted."""

import os
from collections.abc import Sequence
from typing import Unpack

from calltools.files.folders import find_files
from calltools.guide import Answers, Inspection
from calltools.guide import inspect as inspect_files
from calltools.library.inputs import list_sources
from calltools.library.options import LibraryOptions, build_options, show_options
from calltools.library.session import StrPath
from calltools.run import is_own_file


@show_options
def inspect(
    paths: StrPath | Sequence[StrPath],
    answers: Answers | None = None,
    *,
    recursive: bool = False,
    **options: Unpack[LibraryOptions],
) -> Inspection:
    """Look at exports, and say what they do not say themselves: the questions that ``calltools send`` asks.

    Args:
        paths: Files, folders or patterns, one or a list.
        answers: Key of a question -> answer, as its option takes it; ``""``: left open.
        recursive: Look into the folders of a folder.
        options: The fields of ``calltools.run.RunOptions``, and of ``calltools.Hints`` by their names.

    Returns:
        What was found, with the questions that are left. An answer may bring new ones: answer the first, and inspect
        again. Its ``options`` are those of a run with the answers.

    Raises:
        CalltoolsError: An option is wrong.
    """
    given = [os.fspath(path) for path in list_sources(paths)]  # type: ignore[arg-type]  # paths only
    found = find_files(given, others=[], is_own=is_own_file, recursive=recursive).files
    return inspect_files(found, answers, build_options(options))
