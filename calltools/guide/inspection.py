"""Looking at files: what they are, what proves it, and what must still be said, given the answers so far.

A question is asked exactly when converting with the same options would refuse the file or lose calls for want of the
answer: the file is converted, without writing, and its fault or its findings are what asks.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from calltools.errors import UNKNOWN_EXPORT, CalltoolsError, SourceError, UnfitFileError, UsageError
from calltools.files.folders import FoundFile
from calltools.files.packed import Packed, Unpacker
from calltools.files.workbook.kept import keep_or_share_workbook_process
from calltools.files.workbook.reader import read_sheet_heads
from calltools.guide import ask, describing, losses, refusals
from calltools.guide.answers import COLUMN, Answers, apply_answers, override_options
from calltools.guide.draft import Draft, draft_for
from calltools.guide.mapping import ask_about_mapping, read_mapping_answer
from calltools.guide.question import Example, Question, Sentence
from calltools.guide.trial import show_examples, try_file
from calltools.model.batch import Source
from calltools.run.context import RunOptions
from calltools.run.session import SessionEvents
from calltools.run.source import open_export
from calltools.vendors import profile_library

#: Key of a question -> the answer that is not taken, and why.
_Refused: TypeAlias = Mapping[str, tuple[str, CalltoolsError]]


@dataclass(frozen=True, slots=True)
class InspectedFile:
    """What is known of one file.

    Attributes:
        found: The file.
        source: How it is read: sheet, header row, encoding, delimiter; ``None``: it cannot be read yet.
        vendor: Name of the profile that maps it; ``None``: it is canonical, or not known yet.
        records: Records read, as long as all of them can be; else ``None``.
        written: How many of them would be written.
        skipped: How many the profile leaves out, by reason.
        rejected: How many have an error.
        codes: Findings by rule.
        facts: What was found, and what proves it.
        fault: Why it cannot be converted, where no answer helps.
        unknown: Why it cannot be converted before its columns are known, where no profile fits.
        options: Its options with the answers.
    """

    found: FoundFile
    source: Source | None = None
    vendor: str | None = None
    records: int | None = None
    written: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    rejected: int = 0
    codes: Mapping[str, int] = field(default_factory=dict)
    facts: tuple[Sentence, ...] = ()
    fault: CalltoolsError | None = None
    unknown: CalltoolsError | None = None
    options: RunOptions = field(default_factory=RunOptions)

    @property
    def name(self) -> str:
        """What the user calls it."""
        return self.found.name


@dataclass(frozen=True, slots=True, repr=False)
class Inspection:
    """Files, looked at with some answers.

    Attributes:
        files: What is known of each.
        questions: What must still be said, in the order in which to ask. An answer may bring new ones, so ask the first
            and inspect again; to go back is to leave an answer out.
        answers: Those that were given.
        options: The options of ``convert`` with these answers.
        draft: The profile that the answers make of an export that nobody knows, complete or not.
    """

    files: tuple[InspectedFile, ...]
    questions: tuple[Question, ...]
    answers: Answers
    options: RunOptions
    draft: Draft | None = None

    def __hash__(self) -> int:
        return hash((tuple(one.name for one in self.files), tuple(one.key for one in self.questions)))

    def __repr__(self) -> str:
        files = ", ".join(one.name for one in self.files)
        return f"<calltools.Inspection {files}: asks {', '.join(one.key for one in self.questions) or 'nothing'}>"

    @property
    def fault(self) -> CalltoolsError | None:
        """Why nothing can be converted: the fault of the first file, if all files have one."""
        faults = [one.fault for one in self.files]
        return faults[0] if faults and all(faults) else None

    @property
    def required(self) -> tuple[Question, ...]:
        """The questions without whose answer a run would be refused or lose calls."""
        return tuple(one for one in self.questions if one.required)

    def examples(self, question: Question, answer: str, *, show_values: bool = False) -> tuple[Example, ...]:
        """Three calls before and after, under an answer to a question; fewer where there are fewer.

        Args:
            question: One of ``questions``.
            answer: The answer to show.
            show_values: Do not mask phones and ids.

        Returns:
            None where the file cannot be converted so, because something else must be said first.
        """
        about = next((one for one in self.files if one.name == question.file), self.files[0])
        try:
            options = apply_answers(about.options, {question.key: answer})
        except UsageError:
            return ()
        with keep_or_share_workbook_process():
            return show_examples(about.found, options, question.key, show_values=show_values)

    def read(self, question: Question, answer: str) -> str:
        """An answer as the option takes it.

        Raises:
            UsageError: The file contradicts it: it has no such column, or its times are not written so.
        """
        return answer if self.draft is None else read_mapping_answer(self.draft, question, answer)


def inspect(
    inputs: Sequence[FoundFile],
    answers: Answers | None = None,
    options: RunOptions | None = None,
    options_for: Callable[[str], RunOptions] | None = None,
    events: SessionEvents | None = None,
) -> Inspection:
    """Look at files with the answers so far. Pure: the same files and answers give the same questions.

    Args:
        inputs: The files.
        answers: Key of a question -> answer.
        options: Options that were given anyway; an answer goes before them.
        options_for: Gives the options of a file by its name, where files have options of their own. Those go before the
            answers, which hold for all files.
        events: Hears which file is read and how far.

    Raises:
        UsageError: An option, not an answer, is wrong.
    """
    given = dict(answers or {})
    base = options or RunOptions()
    refused: dict[str, tuple[str, CalltoolsError]] = {}
    while True:
        try:
            with keep_or_share_workbook_process():
                return _inspect(inputs, given, base, options_for or (lambda _name: base), refused, events)
        except _RefusedAnswer as wrong:
            # The question is asked again, with the reason.
            refused[wrong.key] = (given.pop(wrong.key), wrong.fault)


class _RefusedAnswer(Exception):  # noqa: N818 - a way out of the look, not an error
    def __init__(self, key: str, fault: CalltoolsError) -> None:
        super().__init__(key)
        self.key, self.fault = key, fault


def _inspect(  # noqa: PLR0913, PLR0917 - those of inspect, and the refused answers
    inputs: Sequence[FoundFile],
    answers: dict[str, str],
    base: RunOptions,
    options_for: Callable[[str], RunOptions],
    refused: _Refused,
    events: SessionEvents | None,
) -> Inspection:
    options = _apply(answers, base)
    files: list[InspectedFile] = []
    questions: dict[str, Question] = {}
    draft: Draft | None = None
    for found in inputs:
        own = override_options(options, base, options_for(found.name))
        look = _Look(found, answers, own, events, alone=len(inputs) == 1, before=tuple(files), drafted=draft)
        one, asked, drafted = look.look()
        files.append(replace(one, options=own))
        draft = draft or drafted
        for question in asked:
            questions.setdefault(question.key, question)
    listed = [refusals.with_refusal(one, *refused.get(one.key, ("", None))) for one in questions.values()]
    # What a refused answer leaves open is asked first, also if it could be left open.
    left = [
        refusals.with_refusal(refusals.ask_again(key, inputs[0].name), *wrong)
        for key, wrong in refused.items()
        if key not in questions
    ]
    return Inspection(tuple(files), (*left, *listed), answers, options, draft)


def _apply(answers: dict[str, str], base: RunOptions) -> RunOptions:
    options = base
    for key, text in answers.items():
        try:
            options = apply_answers(options, {key: text})
        except UsageError as fault:
            raise _RefusedAnswer(key, fault) from None
    return options


@dataclass(frozen=True, slots=True)
class _Look:
    """A look at one file with the answers so far."""

    found: FoundFile
    answers: dict[str, str]
    options: RunOptions
    events: SessionEvents | None
    alone: bool
    #: The files before it, and the profile that the answers make of one of them.
    before: tuple[InspectedFile, ...]
    drafted: Draft | None

    def look(self) -> tuple[InspectedFile, list[Question], Draft | None]:
        """What is known of it, what must be said, and the profile that the answers make."""
        try:
            trial = try_file(self.found, self.options, self.events)
        except (UsageError, SourceError) as fault:
            return self._explain(fault)
        summary = trial.summary
        written = summary.read - summary.skipped.total() - summary.rejected
        inspected = InspectedFile(
            self.found,
            trial.table.source,
            trial.planned.vendor,
            summary.read,
            written,
            dict(summary.skipped),
            summary.rejected,
            {code: count for code, count in summary.by_code.items() if count},
            tuple(describing.describe(trial, self.options)),
        )
        return inspected, list(losses.questions_of_losses(trial, self.options, self.answers, self.found)), None

    def _explain(self, fault: CalltoolsError) -> tuple[InspectedFile, list[Question], Draft | None]:
        """The question that a fault asks; a fault that nobody can answer is the file's."""
        if (question := self._region_of_second_file(fault)) is not None:
            return InspectedFile(self.found, facts=self._describe_opened()), [question], None
        self._refuse_answer(fault)
        if fault.key in UNKNOWN_EXPORT and self.options.vendor == "auto":
            if (sheets := self._other_sheets()) and "sheet" not in self.answers and self.options.hints.sheet is None:
                return InspectedFile(self.found), [ask.ask_sheet(self.found.name, sheets)], None
            if self.before and self._is_another_kind():
                # The answers are those of an export before it, and one profile reads one kind.
                return InspectedFile(self.found, fault=fault), [], None
            draft = self._draft()
            if draft is not None:
                questions = ask_about_mapping(draft, self.answers)
                if not questions:
                    draft = replace(draft, is_complete=True)
                    proposed = self.found.path.with_name(f"{draft.profile_name}.toml")
                    questions = [ask.ask_profile_path(self.found.name, str(proposed))]
                return InspectedFile(self.found, draft.source, facts=draft.facts, unknown=fault), questions, draft
        question = refusals.question_of_fault(fault, self.found.name)
        if question is None:
            return InspectedFile(self.found, fault=fault), [], None
        return InspectedFile(self.found, facts=self._describe_opened()), [question], None

    def _describe_opened(self) -> tuple[Sentence, ...]:
        """What is known of a file whose records cannot be read yet."""
        named = self.options.vendor not in {"auto", "none"}
        profiles = (profile_library.find_profile(self.options.vendor),) if named else profile_library.load_profiles()
        with suppress(UsageError), Unpacker() as unpacker:
            path = unpacker.plain_path(Packed(self.found.path, self.found.member), self.found.name, self.options.limits)
            opened = open_export(
                path, self.found.name, self.options.hints, profiles, named=named, limits=self.options.limits
            )
            return tuple(describing.describe_opened(opened))
        return ()

    def _is_another_kind(self) -> bool:
        """Whether questions wait for an unknown export before it that has other columns."""
        if self.drafted is None:
            return any(one.source is None and one.fault is None for one in self.before)
        own = draft_for(self.found, self.options, {})
        return own is None or own.columns.keys() != self.drafted.columns.keys()

    def _draft(self) -> Draft | None:
        try:
            return draft_for(self.found, self.options, self.answers)
        except UsageError as fault:
            key = f"{COLUMN}{fault.facts.get('field')}"
            if key in self.answers:
                raise _RefusedAnswer(key, fault) from None
            raise

    def _region_of_second_file(self, fault: CalltoolsError) -> Question | None:
        """The question that a second file asks none of whose phones can be read: without a country none may be one."""
        count = fault.facts.get("phone", 0)
        if fault.key != "identifier-records-unusable" or self.options.region is not None or not isinstance(count, int):
            return None
        return ask.ask_region_of_second_file(self.found.name, self.options.identifiers, count) if count else None

    def _refuse_answer(self, fault: CalltoolsError) -> None:
        """Ask again for an answer that the file, or the world, contradicts.

        Raises:
            _RefusedAnswer: An answer is wrong.
            CalltoolsError: An option that was given is wrong; no answer can mend it.
        """
        key = refusals.REFUSED_BY.get(fault.key)
        if fault.key in refusals.NAMING_THEIR_OPTION:
            key = str(fault.facts["option"])
        if key is None and self.answers.get("identifiers") and fault.facts.get("path") == self.answers["identifiers"]:
            key = "identifiers"
        if key == "vendor" and any(one.records is not None for one in self.before):
            return  # it fits the export that it is the answer for
        if key is not None and self.answers.get(key) and self._is_answered(key):
            if not self.alone and fault.key in refusals.CONTRADICTED_BY_FILE:
                fault.about_file = self.found.name
            raise _RefusedAnswer(key, fault)
        if key is not None and isinstance(fault, UsageError) and not isinstance(fault, UnfitFileError):
            raise fault

    def _is_answered(self, key: str) -> bool:
        """Whether the answer counts for this file, and no option of its own."""
        return apply_answers(self.options, {key: self.answers[key]}) == self.options

    def _other_sheets(self) -> Mapping[str, Sequence[Sequence[str]]]:
        """The sheets of a workbook with several, each with its first rows."""
        with Unpacker() as unpacker:
            path = unpacker.plain_path(Packed(self.found.path, self.found.member), self.found.name, self.options.limits)
            heads = read_sheet_heads(path, self.found.name, self.options.limits)
        return heads if len(heads) > 1 else {}
