"""A sample of an export that nobody knows: what is guessed and said of its columns, and the profile made of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow.compute as pc

from calltools.batch_steps import leave_out_totals
from calltools.errors import CalltoolsError, UsageError
from calltools.fields.kernels.byte_kernels import digits_only
from calltools.fields.kinds import normalize_columns
from calltools.files.folders import FoundFile
from calltools.files.packed import Packed, Unpacker
from calltools.guide.answers import COLUMN, TIME_FORMAT, WORD, Answers
from calltools.guide.question import (
    Sentence,
    sentence,
)
from calltools.model.assumptions import Assumptions
from calltools.model.batch import Batch, Hints, Source, Table
from calltools.model.cells import non_empty
from calltools.model.titles import plain_title, redacted_titles
from calltools.run.context import RunOptions
from calltools.run.source import OpenedExport, open_export
from calltools.runtime.packages import join_command
from calltools.texts.keys import Language
from calltools.vendors import profile_library, propose
from calltools.vendors.binding import MappingOptions, bind_profile
from calltools.vendors.call_words import is_plain_word
from calltools.vendors.infer import InferredColumns, SampleColumns, infer_columns, looks_like_record
from calltools.vendors.loader import load_profile
from calltools.vendors.mapping import map_batch
from calltools.vendors.profile_tests import run_example

#: An answer in place of a title: no column holds the field.
NO_COLUMN: Final = "-"
#: Joins the titles of columns that make one time.
COLUMN_JOINER: Final = " + "


@dataclass(frozen=True, slots=True)
class Draft:
    """A sample of an export that nobody knows, and what is guessed of it.

    Attributes:
        name: What the user calls the file.
        opened: The file.
        sample: Its first records.
        columns: Title -> cells of the sample.
        guess: What the columns hold, with the answers so far.
        is_complete: Whether nothing is left to ask.
    """

    name: str
    opened: OpenedExport
    sample: Batch
    columns: SampleColumns
    guess: InferredColumns
    is_complete: bool = False

    @property
    def table(self) -> Table:
        """The table of the file."""
        return self.opened.table

    @property
    def source(self) -> Source:
        """How the file is read."""
        return self.opened.table.source

    @property
    def facts(self) -> tuple[Sentence, ...]:
        """What is known of it."""
        return (sentence("guide-found-unknown", titles=redacted_titles(self.table.titles)),)

    @property
    def profile_name(self) -> str:
        """A name for the profile, made from that of the file."""
        profiles = profile_library.load_profiles()
        return propose.suggest_profile_name(
            Path(self.name).stem, {word for one in profiles for word in (one.name, *one.aliases)}
        )

    def write(self, language: Language, output: Path | None = None) -> tuple[str, "SampleResult"]:
        """The profile as commented TOML, and what it makes of the sample.

        Args:
            language: Of the comments.
            output: Where it is going to be written, which names it; ``None``: it is named after the sample.
        """
        guess = replace(self.guess, language=language)
        name = (self if output is None else replace(self, name=output.name)).profile_name
        command = join_command(["calltools", "vendors", "test", str(output or f"{name}.toml")])
        draft = partial(propose.propose_profile, name, self.table, self.sample, guess, command=command)
        # What the profile makes of its example is not known before it has run, so it is drafted twice.
        without_result = load_profile(draft({}), self.name)
        cells = run_example(without_result, without_result.examples[0]) if without_result.examples else {}
        text = draft({field: cell for field, cell in cells.items() if cell})
        return text, _try_profile(text, self)


@dataclass(frozen=True, slots=True)
class SampleResult:
    """What a drafted profile makes of its sample.

    Attributes:
        read: Records.
        taken: Incoming calls.
        skipped: Reason -> records that are left out.
        unknown: Words that nobody has explained.
        filled: Field -> cells that are filled; a time counts only if it was understood.
        fault: Why it cannot run.
    """

    read: int = 0
    taken: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    unknown: int = 0
    filled: Mapping[str, int] = field(default_factory=dict)
    fault: CalltoolsError | None = None


def open_draft(path: Path, name: str, hints: Hints, answers: InferredColumns) -> Draft:
    """The sample, with the guesses about its columns.

    Args:
        path: Where its bytes are.
        name: What the user calls it.
        hints: What the user says about its form.
        answers: What the user says about its columns; the rest is inferred from the cells.

    Raises:
        UsageError: The sample has no record, or no column with a title that was named.
    """
    opened = open_export(path, name, hints, profile_library.load_profiles())
    if looks_like_record(opened.table.titles) and opened.table.source.format.headerless:
        opened = open_export(path, name, replace(hints, header_row=0), ())
    table = opened.table
    sample = next((_leave_out_others(task()) for task in islice(table.tasks(), 1)), None) if table.titles else None
    if sample is None or not len(sample) or looks_like_record(table.titles):
        raise UsageError("nothing-to-propose", path=name)
    columns = propose.sample_columns(table, sample)
    return Draft(name, opened, sample, columns, complete_guess(columns, answers, table))


def _leave_out_others(sample: Batch) -> Batch:
    """The sample without rows that are no calls, as converting tells them: totals, and the header again."""
    sample = leave_out_totals(sample)
    findings = sample.findings.table
    headers = findings.filter(pc.equal(findings["code"], "CT019"))["record"]
    return sample.filter_rows(~np.isin(sample.records, headers.to_numpy()))


def draft_for(found: FoundFile, options: RunOptions, answers: Answers) -> Draft | None:
    """The sample of a file that no profile fits, with the answers so far; ``None``: it tells nothing.

    Raises:
        UsageError: An answer names a column that the file has not.
    """
    with Unpacker() as unpacker:
        path = unpacker.plain_path(Packed(found.path, found.member), found.name, options.limits)
        try:
            draft = open_draft(path, found.name, options.hints, said_columns(answers, options))
        except UsageError as fault:
            if fault.key != "nothing-to-propose":
                raise
            return None
    # A person is asked for the country when the phones turn out to want it (CT241): the draft must not answer first.
    return replace(draft, guess=replace(draft.guess, region=options.region))


def said_columns(answers: Answers, options: RunOptions) -> InferredColumns:
    """What the answers say about the columns."""
    return InferredColumns(
        {
            key.removeprefix(COLUMN): tuple(text.split(COLUMN_JOINER))
            for key, text in answers.items()
            if key.startswith(COLUMN) and text
        },
        answers.get(TIME_FORMAT) or None,
        word_meanings={key.removeprefix(WORD): text for key, text in answers.items() if key.startswith(WORD)},
        timezone=options.timezone or "Europe/Moscow",
        region=options.region,
    )


def complete_guess(columns: SampleColumns, answers: InferredColumns, table: Table) -> InferredColumns:
    """Infer from the sample what the answers leave open; ``-`` as a title means that the export has no such column.

    Raises:
        UsageError: An answer names a title that the sample has not.
    """
    said = {name: split_titles(titles, columns) for name, titles in answers.columns.items()}
    missing = [(name, one) for name, titles in said.items() for one in titles if one not in {*columns, NO_COLUMN}]
    if missing:
        listed = ", ".join(title for _, title in missing)
        raise UsageError("columns-missing", columns=listed, there=redacted_titles(table.titles), field=missing[0][0])
    given = {name: () if NO_COLUMN in titles else titles for name, titles in said.items()}
    inferred = infer_columns(columns, given)
    return replace(
        inferred,
        time_format=answers.time_format or inferred.time_format,
        date_order_unknown=inferred.date_order_unknown and answers.time_format is None,
        word_meanings={**inferred.word_meanings, **answers.word_meanings},
        timezone=answers.timezone,
        region=answers.region or inferred.region,
        may_be_whole_call=inferred.may_be_whole_call and "TalkDuration" not in said,
    )


def split_titles(titles: tuple[str, ...], columns: SampleColumns) -> tuple[str, ...]:
    """The titles of an answer as the sample has them; one title may itself have a plus in it."""
    typed = {plain_title(title): title for title in reversed(list(columns))}
    whole = plain_title(COLUMN_JOINER.join(titles))
    if whole in typed:
        return (typed[whole],)
    return tuple(title if title in columns else typed.get(plain_title(title), title) for title in titles)


def _try_profile(text: str, draft: Draft) -> SampleResult:
    """Run a profile on the sample."""
    guess = draft.guess
    try:
        profile = load_profile(text, draft.name)
        options = MappingOptions(guess.timezone, guess.region)
        mapped = map_batch(draft.sample, bind_profile(profile, draft.table.titles, options)).sum_counts()
    except CalltoolsError as error:
        return SampleResult(fault=error)
    assumptions = Assumptions(0, guess.timezone, guess.region)
    cells, _ = normalize_columns({name: mapped.cells(name) for name in mapped.columns.column_names}, assumptions)
    # A time that was not understood is left as it was: only digits are a time.
    times = {"DateTime": digits_only(cells["DateTime"]) & non_empty(cells["DateTime"])}
    # The reason to skip a row is a word of the sample as long as nobody has said what it means.
    skipped: Counter[str] = Counter()
    for reason, count in mapped.skipped.items():
        skipped[reason if is_plain_word(reason) else "***"] += count
    counts = {name: int(times.get(name, non_empty(column)).sum()) for name, column in cells.items()}
    unknown = len(mapped.findings) - len(draft.sample.findings)
    return SampleResult(draft.sample.read, len(mapped), skipped, unknown, counts)
