"""What ``calltools send`` does: look, ask, convert, plan, confirm, send, and say how to do it again. Heavy imports."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import typer

from calltools.cli.configuration.layers import OptionLayers
from calltools.cli.dialog import Dialog, missing_answers
from calltools.cli.kept_profile import KeptProfile
from calltools.cli.offered_counters import OfferedCounters
from calltools.cli.options import (
    EngineOptions,
    FindingOptions,
    ReadingOptions,
    WritingOptions,
    is_terminal,
    resolve_language,
)
from calltools.cli.run_options import build_file_options, build_run_options
from calltools.cli.send_answers import apply_to_reading, command_again
from calltools.cli.send_job import keep_as_job
from calltools.cli.send_summary import ConversionWatcher
from calltools.cli.session_run import convert_files, find_exports, paths_to_write
from calltools.cli.terminal import fold_words
from calltools.cli.typed_command import TypedCommand
from calltools.cli.typed_words import BackError, ask_line
from calltools.cli.upload_console import UploadConsole, open_console
from calltools.cli.upload_options import (
    AbsencePolicy,
    AccessOptions,
    CounterOption,
    FollowOptions,
    OutputOptions,
    SendOptions,
)
from calltools.cli.upload_run import FileOptions, choose_options, upload_found
from calltools.errors import SourceError, UnfitFileError, UsageError
from calltools.files.folders import FoundFile
from calltools.files.opening import open_private_file
from calltools.files.parts import is_in_parts
from calltools.files.remote_path import as_path
from calltools.files.workbook.kept import keep_or_share_workbook_process
from calltools.guide import Answers, Example, Inspection, Question, ask_about_upload, inspect
from calltools.guide.counters import UPLOAD_KEYS, UploadTarget, read_counter
from calltools.metrica.responses import Counter
from calltools.run import RunOptions, is_folder_output
from calltools.runtime.packages import join_command
from calltools.texts import Language, MessageKey, say
from calltools.uploading.context import refuse_wrong_request


@dataclass(frozen=True, slots=True)
class SendGroups:
    """The options of the command, in groups."""

    reading: ReadingOptions
    writing: WritingOptions
    showing: FindingOptions
    running: EngineOptions
    counter: int | None
    send: SendOptions
    follow: FollowOptions
    absence: AbsencePolicy
    access: AccessOptions

    @property
    def language(self) -> Language:
        """The reader's language."""
        return resolve_language(self.showing.lang)

    @property
    def output(self) -> OutputOptions:
        """How the upload is printed."""
        showing = self.showing
        return OutputOptions(showing.lang, showing.quiet, showing.verbose, showing.debug)

    @property
    def sends(self) -> bool:
        """Whether calls are to leave this machine."""
        return not (self.send.plan or self.send.dry_run)


def send_files(files: Sequence[str], groups: SendGroups, layers: OptionLayers, typed: TypedCommand) -> int:
    """Look at files, ask, convert and upload; gives the exit code.

    Args:
        files: As they were named.
        groups: The options.
        layers: Which of them stand on the command line, and those of single files.
        typed: The command, which a refusal repeats with what is missing.

    Raises:
        UsageError: Something must be said and nobody can be asked, or is said wrong.
    """
    if "-" in files:
        raise UsageError("send-stdin")
    if is_folder_output(groups.writing.output) or is_in_parts(Path(groups.writing.output)):
        raise UsageError("send-one-output", path=groups.writing.output)
    refuse_wrong_request(groups.counter, groups.send.comment, dry_run=True)
    with ExitStack() as stack:
        asks = is_terminal(sys.stdin) and is_terminal(sys.stderr) and not groups.send.yes
        console = stack.enter_context(open_console(groups.output, is_guided=asks))
        run = _SendRun(files, groups, layers, typed, console, stack)
        if not asks:
            return run.convert_and_upload(run.refuse_to_guess(), follows=False)
        return run.ask_and_send()


@dataclass(slots=True)
class _SendRun:
    """One run of the command."""

    files: Sequence[str]
    groups: SendGroups
    layers: OptionLayers
    typed: TypedCommand
    console: UploadConsole
    stack: ExitStack
    profile: KeptProfile = field(default_factory=KeptProfile)
    counters: OfferedCounters = field(default_factory=OfferedCounters)
    _told: set[str] = field(default_factory=set)
    #: The last one; it need not be done again for an answer that is not about the files.
    _inspection: Inspection | None = None
    #: The options before those that the configuration has for the files.
    _said: SendGroups = field(init=False)
    #: Whether the outputs that the options name are there by this run: they are its own, and are written again.
    _has_written: bool = False

    def __post_init__(self) -> None:
        self._said = self.groups

    def ask_and_send(self) -> int:
        """Ask a person until nothing is missing, convert and send; gives the exit code."""
        self.console.notify("send-begin")
        found, options, answers = self._find(), self._options(), dict[str, str]()
        dialog = Dialog(self.groups.language)
        while True:
            with keep_or_share_workbook_process():
                answers = dialog.ask_all(answers, lambda given: self._look(found, options, given))
            try:
                code = self.convert_and_upload(answers, follows=True, may_go_back=dialog.may_go_back)
            except BackError:
                answers = dialog.take_back(answers)
                self._has_written = True
                continue
            self.say_how_again(answers)
            return code

    def refuse_to_guess(self) -> Answers:
        """No answer, because nothing is missing.

        Raises:
            UsageError: Something is missing; all options that are known to be missing are named.
        """
        inspection = inspect(self._find(), {}, self._options(), self._options_for)
        _raise_fault(inspection)
        for one in inspection.files:
            if one.unknown is not None:
                # Columns are no options of this command: a profile says them.
                one.unknown.about_file = None if self.typed.files == (one.name,) else one.name
                raise one.unknown
        questions = [*inspection.required]
        if not self.groups.send.dry_run:
            questions += [one for one in ask_about_upload(None, {}, self._target()) if one.required]
        if questions:
            refusal = missing_answers(questions, self.groups.language)
            known = {one.key.replace("-", "_"): one.default or "…" for one in questions if "." not in one.key}
            refusal.next_command = str(self.typed.add(**known, yes=None))
            raise refusal
        if self.groups.sends and not self.groups.send.yes:
            raise UsageError("upload-yes-needed")
        return {}

    def convert_and_upload(self, answers: Answers, *, follows: bool, may_go_back: bool = False) -> int:
        """Convert with the answers, show what would be sent, ask once, send; gives the exit code.

        Raises:
            BackError: The person wants to change an answer; nothing was sent.
        """
        groups = self.groups
        reading, writing = apply_to_reading(groups.reading, answers), groups.writing
        copy, path = self.stack.enter_context(open_private_file())
        named = None if writing.output == "-" else as_path(writing.output)
        # Who answers questions is told what was found in a few lines; a log gets the report that it always gets.
        watcher = ConversionWatcher() if follows else None
        if follows:
            self.console.notify("send-converting")
        summaries, code = convert_files(
            self.files,
            writing,
            reading,
            replace(groups.showing, force=groups.showing.force or self._has_written),
            groups.running,
            self.layers,
            stream=copy,
            watcher=watcher,
        )
        copy.flush()
        # A folder may hold a file by now that was not there when the counter was chosen.
        self._aim([one.name for one in summaries])
        if watcher is not None:
            for line in watcher.describe(summaries, groups.language, keeps_rejects=writing.rejects is not None):
                typer.echo(fold_words(f"  {line}", sys.stderr), err=True)
        if not sum(one.written or 0 for one in summaries):
            self.console.notify("send-nothing")
            return code
        counter = groups.counter if "counter" not in answers else read_counter(answers["counter"])
        goal = answers.get("goal") or groups.send.goal
        send = replace(groups.send, goal=goal, wait=groups.send.wait or follows)
        options = FileOptions(counter or 0, send, groups.follow, groups.absence)
        name = self.files[0] if len(summaries) == 1 else f"{self.files[0]} … ({len(summaries)})"
        found = [FoundFile(named or path, name)]
        sent = upload_found(
            found,
            lambda _name: options,
            groups.access,
            groups.output,
            tells_findings=False,
            is_guided=follows,
            may_go_back=may_go_back,
        )
        return sent or code

    def say_how_again(self, answers: Answers) -> None:
        """Print the one command that does the same without questions, and offer to keep it as a job."""
        groups = self.groups
        final = dict(answers)
        if groups.counter is not None:
            final["counter"] = str(groups.counter)
        parts = (groups.reading, groups.writing, groups.showing, groups.running, groups.send, groups.follow)
        given = self.layers.given - {"counter"}
        command = command_again(self.files, (*parts, groups.absence, groups.access), given, final, wait=True)
        self.console.notify_always("send-again", command=command)
        if not groups.sends:
            return
        while name := ask_line(groups.language, "send-job"):
            try:
                path = keep_as_job(
                    name,
                    self.files,
                    (*parts, groups.absence),
                    given,
                    final,
                    token_file=groups.access.token_file,
                )
            except UsageError as fault:
                typer.echo(f"  {fault.say(groups.language)}", err=True)
                continue
            self.console.notify_always("send-job-kept", path=path, command=join_command(["calltools", "run", name]))
            return

    def _look(self, found: Sequence[FoundFile], options: RunOptions, answers: Answers) -> "_SendView":
        self.profile.take_back_unless(answers.get("vendor"))
        about_files = {key: text for key, text in answers.items() if key not in UPLOAD_KEYS}
        if self._inspection is None or self._inspection.answers != about_files:
            self._inspection = inspect(found, about_files, options, self._options_for)
            _raise_fault(self._inspection)
            self._tell_facts(self._inspection)
        inspection = self._inspection
        questions: Sequence[Question] = inspection.questions
        if not questions and not self.groups.send.dry_run:
            # A plan that sends nothing does without the service.
            listed = self._list_counters(answers) if self.groups.sends else None
            questions = ask_about_upload(listed, answers, self._target())
        return _SendView(inspection, questions, self)

    def _list_counters(self, answers: Answers) -> Sequence[Counter] | None:
        """The counters to choose from; none, where the counter is known."""
        is_open = self.groups.counter is None and "counter" not in answers
        return self.counters.list(self.groups.access, self.console, is_open=is_open)

    def _find(self) -> list[FoundFile]:
        """The files; the counter is from here on the one that the configuration has for them."""
        reading, writing, showing = self.groups.reading, self.groups.writing, self.groups.showing
        outputs = paths_to_write(writing, None if writing.output == "-" else as_path(writing.output), showing)
        found = find_exports(self.files, outputs, self._options(), reading, showing)
        self._aim([one.name for one in found])
        return found

    def _aim(self, names: Sequence[str]) -> None:
        """Take the counter, the goal and what else the configuration says of where the calls of files go.

        Raises:
            UsageError: They go to several places, and this command makes one upload of all calls.
        """
        said, first = self._said, dict[str, str]()
        counter = CounterOption(said.counter)
        chosen = {
            name: choose_options(self.layers, name, counter, said.send, said.follow, said.absence) for name in names
        }
        for name, options in chosen.items():
            first.setdefault(_describe_target(options), name)
        if len(first) > 1:
            (target, one), (other_target, other), *_ = first.items()
            refusal = UsageError("send-targets", path=one, target=target, other=other, other_target=other_target)
            alike = [name for name, options in chosen.items() if _describe_target(options) == target]
            refusal.next_command = str(replace(self.typed, files=tuple(alike)))
            raise refusal
        for options in chosen.values():
            send = replace(said.send, goal=options.send.goal, comment=options.send.comment)
            follow = replace(said.follow, min_linked=options.follow.min_linked)
            self.groups = replace(self.groups, counter=options.counter or None, send=send, follow=follow)

    def _options(self) -> RunOptions:
        return build_run_options(self.groups.reading, self.groups.showing)

    def _options_for(self, name: str) -> RunOptions:
        """The options of a file, with those that the configuration has for it."""
        return build_file_options(self.layers, self.groups.reading, self.groups.showing, name)

    def _target(self) -> UploadTarget:
        said = self.groups.send.goal or "goal" in self.layers.given
        return UploadTarget(self.groups.counter, self.groups.send.goal if said else None)

    def _tell_facts(self, inspection: Inspection) -> None:
        """Say what was found, each fact once."""
        language = self.groups.language
        for one in inspection.files:
            facts = [fact.say(language) for fact in one.facts]
            if one.fault is not None:
                # The others go on without it; a fault that stops all has been raised.
                facts = [say("send-file-fault", language, path=one.name, reason=one.fault.say(language))]
            if one.records is not None:
                skipped = sum(one.skipped.values())
                key: MessageKey = "send-records" if skipped else "send-records-all"
                facts.append(say(key, language, read=one.records, skipped=skipped))
            for text in facts:
                if (told := f"{one.name} {text}") not in self._told:
                    self._told.add(told)
                    typer.echo(fold_words(f"  {text}", sys.stderr), err=True)


@dataclass(frozen=True, slots=True)
class _SendView:
    """What is left to ask about the files and the counter."""

    inspection: Inspection
    questions: Sequence[Question]
    run: _SendRun

    def examples(self, question: Question, answer: str) -> Sequence[Example]:
        """Calls before and after."""
        return self.inspection.examples(question, answer, show_values=self.run.groups.showing.show_values)

    def read(self, question: Question, answer: str) -> str:
        """The answer as the option takes it."""
        if question.key == "counter":
            return str(read_counter(answer))
        if question.kind == "new-file":
            groups, draft = self.run.groups, self.inspection.draft
            return self.run.profile.keep(draft, Path(answer), groups.language, force=groups.showing.force)
        return self.inspection.read(question, answer)


def _describe_target(options: FileOptions) -> str:
    """Where the calls of a file go, and what is said of them there, as options of the command line."""
    words = ["--goal", options.send.goal] if options.send.goal else []
    words += ["--comment", options.send.comment] if options.send.comment else []
    if options.follow.min_linked is not None:
        words += ["--min-linked", f"{options.follow.min_linked:g}"]
    return f"--counter {options.counter or '…'} {join_command(words)}".strip()


def _raise_fault(inspection: Inspection) -> None:
    """Raise what no answer can mend; with several files, the others go on without one that cannot be read."""
    several = len(inspection.files) > 1
    for one in inspection.files:
        if one.fault is not None and not (several and isinstance(one.fault, SourceError | UnfitFileError)):
            raise one.fault
    if inspection.fault is not None:
        raise inspection.fault
