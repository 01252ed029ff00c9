"""``check``, ``validate`` and ``convert``: what the commands of these names do, over files and over tables."""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Literal, Unpack

from calltools.files.atomic import enter_interrupt_safe
from calltools.library.inputs import ArrowTable, Sources, list_sources, read_table, to_path, write_table
from calltools.library.options import (
    LibraryOptions,
    build_options,
    build_report_options,
    refuse_other_words,
    show_options,
)
from calltools.library.results import Checked, Converted, Result
from calltools.library.session import RowSplitter, Run, StrPath, Target, list_report_files
from calltools.run import refuse_occupied_outputs
from calltools.texts.keys import Language


@show_options
def validate(  # noqa: PLR0913 - each is an option of the command line
    sources: Sources,
    *,
    name: str | None = None,
    reports: StrPath | Sequence[StrPath] = (),
    write_baseline: StrPath | None = None,
    force: bool = False,
    recursive: bool = False,
    language: Language = "en",
    show_values: bool = False,
    **options: Unpack[LibraryOptions],
) -> Result:
    """Check canonical files or vendors' exports, as ``calltools validate`` does.

    Args:
        sources: A path, folder, pattern or address; bytes; a file opened with "rb"; a table with
            ``__arrow_c_stream__``; or a list of these. A path may name a packed file, or a member of an archive:
            ``archive.zip/member.csv``.
        name: What messages call a source that is no path.
        reports: Files to write, the form by the ending: ``report.html``; ``{stem}.html`` is one for each input.
        write_baseline: A file for the findings that are known from now on.
        force: Overwrite these.
        recursive: Look into the folders of a folder.
        language: Of the messages.
        show_values: Do not mask phones and ids in the findings.
        options: The fields of ``calltools.run.RunOptions``, and of ``calltools.Hints`` by their names.

    Raises:
        CalltoolsError: The call is wrong, or the only file cannot be read. What is wrong with the data, and with one
            file of several, is in the result.
    """
    with ExitStack() as stack:
        run = Run(build_options(options), build_report_options(language, show_values=show_values), stack)
        written = _paths(reports), None if write_baseline is None else to_path(write_baseline)
        inputs = run.open(list_sources(sources), [], *written, name=name, recursive=recursive)
        summaries, found = run.go(inputs, [], *written, force=force)
        return Result(summaries, found, run.report_options)


@show_options
def convert(  # noqa: PLR0913 - each is an option of the command line
    sources: Sources,
    output: StrPath | BinaryIO | None = None,
    *,
    rejects: StrPath | None = None,
    on_error: Literal["reject", "fail"] = "reject",
    name: str | None = None,
    reports: StrPath | Sequence[StrPath] = (),
    write_baseline: StrPath | None = None,
    force: bool = False,
    recursive: bool = False,
    language: Language = "en",
    show_values: bool = False,
    **options: Unpack[LibraryOptions],
) -> Converted:
    """Convert vendors' exports, or untidy files, to the canonical form, as ``calltools convert`` does.

    Records with an error are left out, and are in the result's findings and counts.

    Args:
        sources: As ``validate`` takes them; of several files one becomes.
        output: The file to write, which ends with .csv, .csv.gz, .csv.zst or .parquet, or has no ending; a folder for
            one file each; a stream opened with "wb", which stays open; nothing: the records are in ``.table``.
        rejects: A file for the records with errors, as the source has them; a folder where ``output`` is one.
        on_error: ``reject``, or ``fail``: write no record if one has an error or a file cannot be read.
        name: As in ``validate``, and so the options below.
        reports: See there.
        write_baseline: See there.
        force: Overwrite all files that are written.
        recursive: See there.
        language: See there.
        show_values: See there.
        options: See there.

    Raises:
        CalltoolsError: The call is wrong, the only file cannot be read, or an output cannot be written. Nothing is left
            half-written.
    """
    with ExitStack() as stack:
        run = Run(build_options(options), build_report_options(language, show_values=show_values), stack)
        refuse_other_words("on_error", on_error, ("reject", "fail"))
        target = Target(output, None if rejects is None else to_path(rejects), on_error, force=force)
        written = _paths(reports), None if write_baseline is None else to_path(write_baseline)
        inputs = run.open(list_sources(sources), target.paths, *written, name=name, recursive=recursive)
        sink = target.open(inputs, stack)
        left = target.open_outcome_rejects(run.context.options.outcomes)
        named = list_report_files(written[0], [one.name for one in inputs])
        outputs = [*target.occupied(sink), *(path for one in left for path in one.outputs), *named]
        refuse_occupied_outputs(outputs, inputs, [run.context.options.baseline])
        sinks = [enter_interrupt_safe(stack, one) for one in (*left, sink)]
        summaries, found = run.go(inputs, sinks, *written, force=force, converting=True)
        return Converted(summaries, found, run.report_options, target.read_back())


@show_options
def check(
    table: ArrowTable,
    *,
    name: str = "table",
    language: Language = "en",
    show_values: bool = False,
    **options: Unpack[LibraryOptions],
) -> Checked:
    """Check a table: which of its rows are good, which are bad, and why.

    Args:
        table: Calls, one a row: canonical columns, or those of a vendor's export. Anything with ``__arrow_c_stream__``;
            cells are best text. What stands in columns of another type is judged as the text that says exactly the
            same, as in a file of Parquet, or refused.
        name: What messages call it.
        language: Of the messages.
        show_values: Do not mask phones and ids in the findings.
        options: As in ``validate``.

    Raises:
        CalltoolsError: The call is wrong, or it is no table.
    """
    with ExitStack() as stack:
        run = Run(build_options(options), build_report_options(language, show_values=show_values), stack)
        rows = read_table(table, name)
        split = RowSplitter(rows.num_rows)
        inputs = run.as_inputs([write_table(rows, stack, name)])
        summaries, found = run.go(inputs, [split])
        return Checked(summaries, found, run.report_options, rows, split.is_good, split.is_bad)


def _paths(given: StrPath | Sequence[StrPath]) -> list[Path]:
    return [to_path(given)] if isinstance(given, str | os.PathLike) else [to_path(one) for one in given]
