"""What one visit knows: the files it was handed, the answers, and what came of them. In memory and in one folder."""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from calltools.errors import CalltoolsError
from calltools.files.folders import FoundFile
from calltools.metrica.token import Token
from calltools.run import RunOptions
from calltools.texts import Language
from calltools.texts.keys import MessageKey, UiLabel
from calltools.ui.conversion import Conversion, convert_files
from calltools.ui.guard import Door
from calltools.ui.look import Look, look_at_files
from calltools.ui.mending import Edit, Mending
from calltools.ui.sending import Account, Said, ShownPlan, Target
from calltools.ui.work import Progress, Work
from calltools.uploading.report_comparison import ReportComparison
from calltools.uploading.resume import UploadListing

if TYPE_CHECKING:  # it knows the visit
    from calltools.ui.send_steps import Upload

#: Seconds that a page waits for its work before it shows how far it is.
PATIENCE_S: Final = 0.6


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
        files: The files of calls.
        answers: Option -> answer.
        notices: What the next page says first.
        looks: How the files are read; ``None``: nobody has looked.
        conversion: What came of them; ``None``: not converted, or something has changed since.
        mending: What was mended by hand.
        is_stale: Whether cells were mended since the conversion.
        token: A token that was pasted here.
        account: Whose token it is; ``None``: nobody has asked the service yet.
        application: The number of the visitor's application at Yandex.
        target: Where the calls go; ``None``: it is to be chosen.
        last_target: What was chosen before.
        plan: What was shown and may be agreed to.
        upload: What is under way or has ended.
        listing: The uploadings, as they were just read.
        comparison: What the reports show.
        end: Ends the program.
    """

    door: Door
    folder: Path
    base_options: RunOptions = field(default_factory=RunOptions)
    language: Language | None = None
    files: list[Given] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    notices: list[tuple[UiLabel, Mapping[str, object]]] = field(default_factory=list)
    looks: list[Look] | None = None
    conversion: Conversion | None = None
    mending: Mending = field(default_factory=Mending)
    is_stale: bool = False
    token: Token | None = None
    account: Account | None = None
    application: str = ""
    target: Target | None = None
    last_target: Target | None = None
    plan: ShownPlan | None = None
    upload: "Upload | None" = None
    listing: UploadListing | None = None
    comparison: ReportComparison | None = None
    end: Callable[[], None] = lambda: None
    _work: Work | None = None
    _purpose: str = ""
    _next_number: int = 1
    _said: Said | None = None

    @property
    def inbox(self) -> Path:
        """The folder of what arrives."""
        folder = self.folder / "in"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    @property
    def options(self) -> RunOptions:
        """The options of a run, with the answers."""
        said = {name: value for name, value in self.answers.items() if value}
        return replace(self.base_options, **said)  # type: ignore[arg-type]  # checked where answers arrive

    def add(self, found: FoundFile, size: int, *, is_copy: bool) -> None:
        """Take a file of calls."""
        self.files.append(Given(self._next_number, found, size, is_copy))
        self._next_number += 1
        self.forget_results()

    def remove(self, number: int) -> None:
        """Give a file back: a copy of it is deleted, where no other member of it is left."""
        gone = [one for one in self.files if one.number == number]
        self.mending.forget_file(number)
        self.files = [one for one in self.files if one.number != number]
        for one in gone:
            if one.is_copy and all(other.found.path != one.found.path for other in self.files):
                one.found.path.unlink(missing_ok=True)
        self.forget_results()

    def forget_results(self) -> None:
        """Something has changed: what was made of it before does not hold any more."""
        self.stop_work()
        self.looks = None
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
        """Use another token."""
        self.account = self.token = None
        self.choose_target(None)

    def choose_target(self, target: Target | None) -> None:
        """Send to another counter, or another goal."""
        self.last_target, self.target = target or self.target or self.last_target, target
        self.forget_plan()

    def forget_plan(self) -> None:
        """What was shown is not to be sent any more."""
        if self._purpose == "plan":
            self.stop_work()
        self.plan = None

    def keep_listing(self, listing: UploadListing) -> None:
        """Keep the uploadings for the page that asks for them."""
        self.listing = listing

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

    def look(self) -> Work:
        """Look at the files, if nobody does."""
        files = [one.found for one in self.files]
        return self.start("look", lambda progress: look_at_files(files, self.options, progress), self._keep_looks)

    def convert(self) -> Work:
        """Convert the files, if nobody does."""
        files, options = [one.found for one in self.files], self.options
        mended = [self.mending.of_file(one.number) for one in self.files]
        listed = [[*self.mending.listed(one.number)] for one in self.files]
        self.is_stale = False

        def convert(progress: Progress) -> Conversion:
            folder = Path(tempfile.mkdtemp(prefix="out-", dir=self.folder))
            try:
                return convert_files(files, options, folder, mended, listed, progress)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise

        return self.start("convert", convert, self._keep_conversion)

    def start(self, purpose: str, task: Callable[[Progress], Any], keep: Callable[[Any], None]) -> Work:
        """Begin with something, unless it is under way; what was under way before is not wanted any more."""
        if self._work is None or self._purpose != purpose:
            self.stop_work()
            self._work, self._purpose = Work(task, keep), purpose
        return self._work

    def _keep_looks(self, looks: list[Look]) -> None:
        self.looks = looks

    def _keep_conversion(self, conversion: Conversion) -> None:
        self.conversion = conversion
