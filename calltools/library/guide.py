"""``inspect``: what files are, and what must still be said before they can be converted."""

from collections.abc import Sequence
from typing import Unpack

from calltools.errors import UsageError
from calltools.files.folders import find_files
from calltools.guide import Answers, Inspection, refuse_unknown_answers
from calltools.guide import inspect as inspect_files
from calltools.library.inputs import as_argument, is_path, list_sources
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
        CalltoolsError: An option is wrong, an answer belongs to no question, or something is no path.
    """
    refuse_unknown_answers(answers or {})
    given = list_sources(paths)
    for one in given:
        if not is_path(one):
            raise UsageError("path-none", type=type(one).__name__)
    found = find_files(
        [as_argument(one) for one in given if is_path(one)], others=[], is_own=is_own_file, recursive=recursive
    ).files
    return inspect_files(found, answers, build_options(options))
