"""What ``calltools send`` does: look, ask, convert, plan, confirm, send, and say how to do it again. Heavy imports."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import typer

from calltools.cli.configuration.layers import OptionLayers
from calltools.cli.dialog import Dialog, missing_answers
from calltools.cli.inputs import find_inputs
from calltools.cli.login import get_token, read_counters
from calltools.cli.options import (
    EngineOptions,
    FindingOptions,
    ReadingOptions,
    WritingOptions,
    is_terminal,
    resolve_language,
)
from calltools.cli.profile_draft import format_outcome, write_profile
from calltools.cli.run_options import build_run_options
from calltools.cli.send_answers import apply_to_reading, command_again
from calltools.cli.send_job import keep_as_job
from calltools.cli.send_summary import ConversionWatcher
from calltools.cli.session_run import convert_files
from calltools.cli.terminal import fold_words
from calltools.cli.typed_command import TypedCommand
from calltools.cli.typed_words import BackError
from calltools.cli.upload_console import UploadConsole, open_console
from calltools.cli.upload_options import (
    AbsencePolicy,
    AccessOptions,
    FollowOptions,
    LoginOptions,
    OutputOptions,
    SendOptions,
)
from calltools.cli.upload_run import FileOptions, find_usual_token, open_client_with, upload_found
from calltools.errors import CredentialError, SourceError, UnfitFileError, UsageError
from calltools.files.atomic import map_os_errors
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
        run = _SendRun(files, groups, layers, console, stack)
        if not asks:
            return run.convert_and_upload(run.refuse_to_guess(typed), follows=False)
        return run.ask_and_send()


@dataclass(slots=True)
class _SendRun:
    """One run of the command."""

    files: Sequence[str]
    groups: SendGroups
    layers: OptionLayers
    console: UploadConsole
    stack: ExitStack
    _told: set[str] = field(default_factory=set)
    _counters: list[Counter] | None = None
    _has_asked_service: bool = False
    #: The last one; it need not be done again for an answer that is not about the files.
    _inspection: Inspection | None = None
    #: The profile that the answers have made, and what it has replaced.
    _profile: tuple[Path, bytes | None] | None = None

    def ask_and_send(self) -> int:
        """Ask a person until nothing is missing, convert and send; gives the exit code."""
        self._say("send-begin")
        found, options, answers = self._find(), self._options(), dict[str, str]()
        dialog = Dialog(self.groups.language)
        while True:
            with keep_or_share_workbook_process():
                answers = dialog.ask_all(answers, lambda given: self._look(found, options, given))
            try:
                code = self.convert_and_upload(answers, follows=True, may_go_back=dialog.may_go_back)
            except BackError:
                answers = dialog.take_back(answers)
                # What the run has written so far is its own, and is written again.
                self.groups = replace(self.groups, showing=replace(self.groups.showing, force=True))
                continue
            self.say_how_again(answers)
            return code

    def refuse_to_guess(self, typed: TypedCommand) -> Answers:
        """No answer, because nothing is missing.

        Args:
            typed: The command.

        Raises:
            UsageError: Something is missing; all options that are known to be missing are named.
        """
        inspection = inspect(self._find(), {}, self._options(), self._options_for)
        _raise_fault(inspection)
        if (unknown := next((one.unknown for one in inspection.files if one.unknown), None)) is not None:
            # Columns are no options of this command: a profile says them.
            raise unknown
        questions = [*inspection.required]
        if not self.groups.send.dry_run:
            questions += [one for one in ask_about_upload(None, {}, self._target()) if one.required]
        if questions:
            refusal = missing_answers(questions, self.groups.language)
            known = {one.key.replace("-", "_"): one.default or "…" for one in questions if "." not in one.key}
            refusal.next_command = str(typed.add(**known, yes=None))
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
            self._say("send-converting")
        summaries, code = convert_files(
            self.files,
            writing,
            reading,
            groups.showing,
            groups.running,
            self.layers,
            stream=copy,
            watcher=watcher,
        )
        copy.flush()
        if watcher is not None:
            for line in watcher.describe(summaries, groups.language, keeps_rejects=writing.rejects is not None):
                typer.echo(fold_words(f"  {line}", sys.stderr), err=True)
        if not sum(one.written or 0 for one in summaries):
            self._say("send-nothing")
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
        while name := self._ask_line("send-job"):
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

    def _ask_line(self, key: MessageKey, **facts: object) -> str:
        """What a person types behind a sentence."""
        typer.echo(f"{fold_words(say(key, self.groups.language, **facts), sys.stderr)} ", nl=False, err=True)
        line = sys.stdin.readline()
        if not line:
            raise typer.Abort
        return line.strip()

    def _look(self, found: Sequence[FoundFile], options: RunOptions, answers: Answers) -> "_SendView":
        self._take_profile_back(answers)
        about_files = {key: text for key, text in answers.items() if key not in UPLOAD_KEYS}
        if self._inspection is None or self._inspection.answers != about_files:
            self._inspection = inspect(found, about_files, options, self._options_for)
            _raise_fault(self._inspection)
            self._tell_facts(self._inspection)
        inspection = self._inspection
        questions: Sequence[Question] = inspection.questions
        if not questions and not self.groups.send.dry_run:
            questions = ask_about_upload(self._list_counters(answers), answers, self._target())
        return _SendView(inspection, questions, self)

    def _find(self) -> list[FoundFile]:
        groups = self.groups
        others = [path for path in (groups.writing.rejects, groups.writing.changes) if path is not None]
        recursive = groups.reading.recursive
        return find_inputs(self.files, others, groups.language, quiet=groups.showing.quiet, recursive=recursive)

    def _options(self) -> RunOptions:
        return build_run_options(self.groups.reading, self.groups.showing)

    def _options_for(self, name: str) -> RunOptions:
        """The options of a file, with those that the configuration has for it."""
        matching = self.layers.config.matching_overrides(name)
        groups = self.groups
        return build_run_options(
            self.layers.apply(groups.reading, matching), self.layers.apply(groups.showing, matching)
        )

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

    def _list_counters(self, answers: Answers) -> list[Counter] | None:
        """The counters that the token sees; a person without a token may get one first."""
        if not self.groups.sends or self._has_asked_service:
            return self._counters
        groups = self.groups
        try:
            token = find_usual_token(groups.access, self.console)
        except CredentialError as fault:
            if fault.key != "token-missing" or not self._wants_login(fault):
                raise
            with ExitStack() as stack:
                get_token(LoginOptions(read_counters=True), groups.access, self.console, stack)
            token = find_usual_token(groups.access, self.console)
        if groups.counter is None and "counter" not in answers:
            with open_client_with(token, groups.access, self.console) as client:
                self._counters = read_counters(client)
        self._has_asked_service = True
        return self._counters

    def _wants_login(self, fault: CredentialError) -> bool:
        typer.echo(f"\n{fault.say(self.groups.language)}", err=True)
        return self._ask_line("send-login").lower() in {"", "y", "yes", "д", "да"}

    def keep_profile(self, inspection: Inspection, path: Path) -> str:
        """Write the profile that the answers make; gives its path.

        It stays, also if the run is interrupted: its questions need not be answered again.

        Raises:
            UsageError: The name is no name of a profile.
            OutputError: It is taken, or the file cannot be written.
        """
        draft = inspection.draft
        if draft is None or path.suffix != ".toml":
            raise UsageError("send-profile-ending", path=path)
        text, outcome = draft.write(self.groups.language, path)
        with map_os_errors(path):
            earlier = path.read_bytes() if path.is_file() else None
        write_profile(text, path, force=self.groups.showing.force)
        self._profile = path, earlier
        kept = say("send-profile-kept", self.groups.language, path=path)
        for line in (format_outcome(outcome, self.groups.language), kept):
            typer.echo(fold_words(f"  {line}", sys.stderr), err=True)
        return str(path)

    def _take_profile_back(self, answers: Answers) -> None:
        """Remove the profile of a person who went back to change what it says; what it has replaced comes back."""
        if self._profile is None or answers.get("vendor") == str(self._profile[0]):
            return
        path, earlier = self._profile
        self._profile = None
        with map_os_errors(path):
            if earlier is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(earlier)

    def _say(self, key: MessageKey, **facts: object) -> None:
        self.console.notify(key, **facts)


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
            return self.run.keep_profile(self.inspection, Path(answer))
        return self.inspection.read(question, answer)


def _raise_fault(inspection: Inspection) -> None:
    """Raise what no answer can mend; with several files, the others go on without one that cannot be read."""
    several = len(inspection.files) > 1
    for one in inspection.files:
        if one.fault is not None and not (several and isinstance(one.fault, SourceError | UnfitFileError)):
            raise one.fault
    if inspection.fault is not None:
        raise inspection.fault
