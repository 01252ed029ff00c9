"""What one visit knows: the files it was handed, the answers, and what came of them. In memory and in one folder."""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from calltools.errors import CalltoolsError
from calltools.files.folders import FoundFile
from calltools.guide import Inspection, Question, apply_answers, inspect
from calltools.guide.answers import COLUMN, TIME_FORMAT, WORD, common_options, override_options, split_second_file
from calltools.guide.counters import UploadTarget
from calltools.jobs.table_file import path_from_folder
from calltools.metrica.token import Token
from calltools.run import RunOptions
from calltools.runtime.fork_server import ForkServer
from calltools.texts import Language
from calltools.texts.keys import MessageKey, UiLabel
from calltools.ui.conversion import Conversion, Request, convert_files
from calltools.ui.guard import Door
from calltools.ui.mending import Edit, Mending
from calltools.ui.receive import remove_copy
from calltools.ui.sending import Account, History, Said, ShownPlan, Target
from calltools.ui.work import Progress, Work, run_apart
from calltools.uploading.report_comparison import ReportComparison

if TYPE_CHECKING:  # it knows the visit
    from calltools.ui.send_steps import Upload

#: Seconds that a page waits for its work before it shows how far it is.
PATIENCE_S: Final = 0.6

#: Gives what was said before for a file, by its name: how it is read, and where its calls go.
FileSettings: TypeAlias = Callable[[str], tuple[RunOptions, UploadTarget]]


@dataclass(frozen=True, slots=True)
class Given:
    """A file of calls that the visit was given.

    Attributes:
        number: Names it in forms.
        found: The file.
        size: Bytes; of a member of an archive those of the archive.
        is_copy: Whether it lies in our folder, and is removed with it.
    """

    number: int
    found: FoundFile
    size: int
    is_copy: bool


@dataclass(slots=True)
class Visit:
    """The state of a visit; changed by the thread of the server only.

    Attributes:
        door: The secrets.
        folder: The private folder.
        base_options: What was said on the command line and in the configuration.
        language: ``None``: as the browser wishes.
        config: The configuration that jobs are kept in.
        files: The files of calls.
        answers: Question -> answer, as the guide has them.
        asked: Question -> the question, of those that a page has shown.
        notices: What the next page says first.
        inspection: What the files are, and what must still be said; ``None``: nobody has looked.
        wanted: Questions that advice has led to, although the files do not ask them.
        previews: Question -> an answer that was not given yet, but is shown.
        refusals: Question -> why its last answer was not taken.
        outcomes: Files that say what became of the calls.
        profile: The profile that the answers have made.
        conversion: What came of them; ``None``: not converted, or something has changed since.
        mending: What was mended by hand.
        is_stale: Whether cells were mended since the conversion.
        is_stopped: Whether the visitor has stopped the look at these files.
        reading: Names the files and how they are read: cells of a page that was shown for others are not mended.
        token: A token that was pasted here.
        account: Whose token it is; ``None``: nobody has asked the service yet.
        is_logged_out: Whether another token is wanted than the one used so far.
        application: The number of the visitor's application at Yandex.
        target: Where the calls go; ``None``: it is to be chosen.
        last_target: What was chosen before.
        plan: What was shown and may be agreed to.
        upload: What is under way or has ended.
        history: What was done, as it was just read.
        comparison: What the reports show.
        end: Ends the program.
        forks: Starts a process for each look at a file; ``None``: threads of this one read them.
        settings_for: What was said before for single files; ``None``: ``base_options`` for all.
    """

    door: Door
    folder: Path
    base_options: RunOptions = field(default_factory=RunOptions)
    language: Language | None = None
    config: Path = Path("calltools.toml")
    files: list[Given] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    asked: dict[str, Question] = field(default_factory=dict)
    notices: list[tuple[UiLabel, Mapping[str, object]]] = field(default_factory=list)
    inspection: Inspection | None = None
    wanted: set[str] = field(default_factory=set)
    previews: dict[str, str] = field(default_factory=dict)
    refusals: dict[str, CalltoolsError] = field(default_factory=dict)
    outcomes: list[Path] = field(default_factory=list)
    profile: str | None = None
    conversion: Conversion | None = None
    mending: Mending = field(default_factory=Mending)
    is_stale: bool = False
    is_stopped: bool = False
    reading: int = 0
    token: Token | None = None
    account: Account | None = None
    is_logged_out: bool = False
    application: str = ""
    target: Target | None = None
    last_target: Target | None = None
    plan: ShownPlan | None = None
    upload: "Upload | None" = None
    history: History | None = None
    comparison: ReportComparison | None = None
    end: Callable[[], None] = lambda: None
    forks: ForkServer | None = None
    settings_for: FileSettings | None = None
    _target_of: frozenset[UploadTarget] = frozenset()
    _work: Work | None = None
    _purpose: str = ""
    _next_number: int = 1
    _said: Said | None = None
    _layouts: dict[int, tuple[object, ...]] = field(default_factory=dict)

    @property
    def inbox(self) -> Path:
        """The folder of what arrives."""
        folder = self.folder / "in"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    @property
    def file_numbers(self) -> str:
        """Names the files, to see whether a form was shown for others: what is answered of one holds for no other."""
        return ",".join(str(one.number) for one in self.files)

    @property
    def options(self) -> RunOptions:
        """The options of a run, with the answers; a file may have options of its own."""
        return apply_answers(self._with_outcomes(self.base_options), self.answers)

    @property
    def file_options(self) -> list[RunOptions]:
        """The options of each file: those of its own go before the answers, which hold for all files."""
        answered = self.options
        return [override_options(answered, self.base_options, self._own(one.found.name)[0]) for one in self.files]

    @property
    def told_options(self) -> RunOptions:
        """What the files have in common of it, as a person knows it; the configuration says the rest of each file."""
        return self._tell(common_options(self.file_options or [self.options]))

    @property
    def is_told_whole(self) -> bool:
        """Whether ``told_options`` has all that was answered: no file has an option of its own that differs from it."""
        common = common_options(self.file_options or [self.options])
        return apply_answers(common, self.answers) == common

    def _own(self, name: str) -> tuple[RunOptions, UploadTarget]:
        return (self.base_options, UploadTarget()) if self.settings_for is None else self.settings_for(name)

    def _with_outcomes(self, options: RunOptions) -> RunOptions:
        return replace(options, outcomes=(*options.outcomes, *self.outcomes))

    def _tell(self, options: RunOptions) -> RunOptions:
        """Options as a person knows them: what lies in our folder by the name that it has elsewhere."""
        second = options.identifiers
        return replace(
            options,
            identifiers=None if second is None else self.told_path(second),
            outcomes=tuple(self.told_path(one) for one in options.outcomes),
        )

    @property
    def handed_beside(self) -> Mapping[str, list[str]]:
        """Option -> names of the files beside the calls that were handed over: nobody knows their folders."""
        second = self.options.identifiers
        found = {"identifiers": [] if second is None else [second], "outcomes": [*self.outcomes]}
        handed = {name: [one.name for one in paths if one.is_relative_to(self.folder)] for name, paths in found.items()}
        return {name: names for name, names in handed.items() if names}

    @property
    def job_inputs(self) -> list[str]:
        """The files of calls as a job names them: from the folder of the configuration, where their own is known."""
        folder = self.config.parent
        return [one.found.name if one.is_copy else path_from_folder(one.found.name, folder) for one in self.files]

    def told_path(self, path: Path) -> Path:
        """A path as a person knows it."""
        return Path(path.name) if path.is_relative_to(self.folder) else path

    def answer(self, key: str, text: str) -> None:
        """Take an answer."""
        self.answers[key] = text
        self.previews.pop(key, None)

    def forget_mapping(self) -> None:
        """The answers about the columns of an unknown export are in its profile now."""
        self.answers = {
            key: text for key, text in self.answers.items() if not key.startswith((COLUMN, WORD, TIME_FORMAT))
        }

    def remove_second(self) -> None:
        """Give the second file back."""
        if (path := self._forget_second()) is not None:
            self._remove_copy(path)
        self.forget_results()

    def _forget_second(self) -> Path | None:
        """Take back the answer that names the second file, and what was said of it; gives its path."""
        self.previews.pop("identifiers", None)
        answers = [self.answers.pop(key, "") for key in ("identifiers", "identifiers-sheet", "identifier-columns")]
        return Path(split_second_file(answers[0])["identifiers"]) if answers[0] else None

    def _remove_copy(self, path: Path) -> None:
        """Delete a file that arrived, unless calls of it are still wanted: the second file may be a sheet of theirs."""
        if path.is_relative_to(self.folder) and all(one.found.path != path for one in self.files):
            remove_copy(path)

    def add_outcomes(self, path: Path) -> None:
        """Take a file that says what became of the calls."""
        self.outcomes.append(path)
        self.forget_results()

    def remove_outcomes(self) -> None:
        """Give these files back."""
        for path in self.outcomes:
            remove_copy(path)
        self.outcomes = []
        self.forget_results()

    def add(self, found: FoundFile, size: int, *, is_copy: bool) -> None:
        """Take a file of calls."""
        self.files.append(Given(self._next_number, found, size, is_copy))
        self._next_number += 1
        self.forget_results()

    def remove(self, number: int) -> None:
        """Give a file back: where no other member of it is left, a copy is deleted, and no sheet is the second file."""
        gone = [one for one in self.files if one.number == number]
        self.mending.forget_file(number)
        self.files = [one for one in self.files if one.number != number]
        for one in gone:
            second = split_second_file(self.answers.get("identifiers", ""))["identifiers"]
            if second == str(one.found.path) and all(other.found.path != one.found.path for other in self.files):
                self._forget_second()
            if one.is_copy:
                self._remove_copy(one.found.path)
        self.forget_results()

    def forget_results(self) -> None:
        """Something has changed: what was made of it before does not hold any more."""
        self.stop_work()
        self.is_stopped = False
        self.reading += 1
        self.inspection = None
        self.forget_conversion()

    def forget_conversion(self) -> None:
        """The same, for what an answer changes."""
        if self._purpose == "convert":
            self.stop_work()
        if self.conversion is not None:
            shutil.rmtree(self.conversion.folder, ignore_errors=True)
        self.conversion = None
        self.forget_plan()

    def mended_cells(self, number: int, place: int) -> Mapping[int, Edit]:
        """The mended cells of a record, by the number of its file in the run."""
        return self.mending.of_record(self.files[number - 1].number, place)

    # -- sending ----------------------------------------------------------------------

    def forget_account(self) -> None:
        """Use another token. The one used so far is kept until another one is given."""
        if self._purpose == "account":
            self.stop_work()
        self.account = None
        self.is_logged_out = True
        self.choose_target(None)

    @property
    def said_targets(self) -> frozenset[UploadTarget]:
        """Where the calls of these files go, as far as it was said before: more than one, if not all alike."""
        return frozenset(self.said_target(one.found.name) for one in self.files)

    def said_target(self, name: str) -> UploadTarget:
        """The same of one file, by its name."""
        return self._own(name)[1]

    @property
    def said_comments(self) -> list[str]:
        """The comments that were said for these files, each once; more than one: theirs differ, or some have none."""
        return [*dict.fromkeys(self.said_target(one.found.name).comment for one in self.files)]

    def refuse_old_target(self) -> None:
        """Forget a counter that was chosen for files that go elsewhere."""
        if self._target_of != self.said_targets:
            self.choose_target(None)
            self.last_target = None

    def choose_target(self, target: Target | None) -> None:
        """Send to another counter, or another goal."""
        self._target_of = self.said_targets
        self.last_target, self.target = target or self.target or self.last_target, target
        self.forget_plan()

    def forget_plan(self) -> None:
        """What was shown is not to be sent any more."""
        if self._purpose == "plan":
            self.stop_work()
        self.plan = None

    def keep_history(self, history: History) -> None:
        """Keep what was read for the page that asks for it."""
        self.history = history

    def keep_said(self, said: Said) -> None:
        """Keep what a decision has led to, for the next page."""
        self._said = said

    def take_said(self) -> tuple[list[tuple[MessageKey, dict[str, Any]]], list[CalltoolsError]]:
        """What a decision has led to, once."""
        said, self._said = self._said, None
        return ([], []) if said is None else (said.lines, said.errors)

    def notify(self, key: UiLabel, **facts: object) -> None:
        """Say something on the next page."""
        self.notices.append((key, facts))

    def take_notices(self) -> list[tuple[UiLabel, Mapping[str, object]]]:
        """What is to be said, once."""
        taken, self.notices = self.notices, []
        return taken

    # -- work -------------------------------------------------------------------------

    @property
    def current_work(self) -> Work | None:
        """What is under way, or has just ended."""
        return self._work

    def stop_work(self) -> None:
        """End what is under way; its result is not wanted."""
        if self._work is not None:
            self._work.cancel()
        self._work, self._purpose = None, ""

    def leave_work(self, work: Work) -> None:
        """Forget something that has ended, unless something else is under way already."""
        if self._work is work:
            self.stop_work()

    def end_work(self) -> None:
        """The same, and wait for its end: it writes into the folder that is to be removed."""
        work = self._work
        self.stop_work()
        if work is not None:
            work.wait()

    def inspect(self) -> Work:
        """Look at the files with the answers, if nobody does."""
        files, answers, size = [one.found for one in self.files], dict(self.answers), self.files[0].size
        base = self._with_outcomes(self.base_options)
        # By name, not as a function: another process may look.
        own = {one.name: self._with_outcomes(self._own(one.name)[0]) for one in files}
        forks = self.forks

        def look(progress: Progress) -> Inspection:
            progress.file, progress.size = files[0].name, size
            return run_apart(forks, progress, _inspect, files, answers, base, own)

        return self.start("inspect", look, self._keep_inspection)

    def convert(self) -> Work:
        """Convert the files, if nobody does."""
        mended = [self.mending.of_file(one.number) for one in self.files]
        listed = [[*self.mending.listed(one.number)] for one in self.files]
        options = self.file_options
        told = [self._tell(one) for one in options]
        request = Request([one.found for one in self.files], options, told, mended, listed)
        self.is_stale = False
        forks = self.forks

        def convert(progress: Progress) -> Conversion:
            folder = Path(tempfile.mkdtemp(prefix="out-", dir=self.folder))
            try:
                return run_apart(forks, progress, _convert, request, folder, forks is not None)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise

        return self.start("convert", convert, self._keep_conversion)

    def start(self, purpose: str, task: Callable[[Progress], Any], keep: Callable[[Any], None]) -> Work:
        """Begin with something, unless it is under way; what was under way before is not wanted any more.

        What has failed is given once more, so that somebody is told. What has ended well begins anew: its result was
        used and dropped since.
        """
        known = self._work
        if known is None or self._purpose != purpose or (known.is_done and known.error is None):
            self.stop_work()
            self._work = known = Work(task, keep)
            self._purpose = purpose
        return known

    def _keep_inspection(self, inspection: Inspection) -> None:
        self.inspection = inspection
        # Answers that the files contradict are asked for again.
        self.answers = dict(inspection.answers)
        self._forget_moved_cells(inspection)

    def _forget_moved_cells(self, inspection: Inspection) -> None:
        """Forget what was mended in a file that is read in another way now: another cell may be at the same place."""
        for given, one in zip(self.files, inspection.files, strict=True):
            if (found := one.source) is None:
                continue  # an answer is missing
            layout = (found.encoding, found.delimiter, found.header_row, found.sheet, found.first_column, found.records)
            if self._layouts.setdefault(given.number, layout) != layout:
                self._layouts[given.number] = layout
                if count := self.mending.forget_file(given.number):
                    self.notify("mending_forgotten", name=one.name, count=count)

    def _keep_conversion(self, conversion: Conversion) -> None:
        self.conversion = conversion


def _inspect(
    progress: Progress, files: list[FoundFile], answers: dict[str, str], base: RunOptions, own: dict[str, RunOptions]
) -> Inspection:
    return inspect(files, answers, base, own.__getitem__, events=progress)


def _convert(progress: Progress, request: Request, folder: Path, may_fork: bool) -> Conversion:  # noqa: FBT001 - sent
    return convert_files(progress, request, folder, may_fork=may_fork)
