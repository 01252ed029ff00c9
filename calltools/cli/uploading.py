"""What ``calltools upload`` does. Heavy: imported when it runs."""

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import typer

from calltools.cli.far_side import connected, opened_book
from calltools.cli.options import is_terminal
from calltools.cli.telling import Telling, telling
from calltools.cli.uploading_options import Absence, Access, Following, Form, Going, Speaking
from calltools.cli.uploading_words import interruptible, tell_batch, tell_plan
from calltools.errors import LedgerError, SourceError, UsageError
from calltools.files.opening import check_file, expand, private_file, spool_stdin
from calltools.messages import say
from calltools.metrica import ledger
from calltools.metrica.client import Client
from calltools.metrica.ledger import Again, Batch, Book, Plan, Policy, Verdict
from calltools.uploading import checking, results
from calltools.uploading.asked import LOOK_S, Asked
from calltools.uploading.checking import Checked
from calltools.uploading.desk import Desk
from calltools.uploading.following import follow
from calltools.uploading.upload import upload as carry_out

#: Keys of sentences about the file that is uploaded.
_OF_THE_FILE: Final = ("upload-", "ledger-plan-")
_YES: Final = frozenset({"y", "yes", "д", "да"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user wants of the upload of one file.

    Attributes:
        counter: Where to; 0: to none, in a dry run.
        going: What goes, and how.
        following: How it is followed.
        absence: What becomes of a part that is missing.
    """

    counter: int
    going: Going
    following: Following
    absence: Absence

    @property
    def again(self) -> Again:
        """Which known calls go once more."""
        return "all" if self.going.all else "changed" if self.going.changed else "none"


def upload_files(files: Sequence[str], wanted: Callable[[str], Wanted], access: Access, speaking: Speaking) -> int:
    """Check, plan, ask, send, file by file; gives the exit code, the highest of all.

    Args:
        files: As the user named them; folders are opened.
        wanted: What is wanted of a file, by its name; asked for all files before anything is done.
        access: How the service is reached.
        speaking: How what happens is told.
    """
    inputs = [one for name in files for one in ([(Path("-"), name)] if name == "-" else expand([name]))]
    asked = [wanted(name) for _, name in inputs]
    with telling(speaking) as tell, ExitStack() as stack:
        book = None if all(one.going.dry_run for one in asked) else stack.enter_context(opened_book())
        if book is not None:
            tell.detail("upload-ledger", folder=book.folder, count=len(ledger.uploads(book)))
        far = _Far(access, tell, stack)
        codes = [results.OK]
        for (path, name), one in zip(inputs, asked, strict=True):
            codes.append(_guarded(_Run(path, name, one, tell, book, far), alone=len(inputs) == 1))
            if far.stopped:
                break
        return max(codes)


@dataclass(slots=True)
class _Far:
    """The service, connected when a first file needs it, and whether another file need not try."""

    access: Access
    tell: Telling
    stack: ExitStack
    stopped: bool = False
    _client: Client | None = None

    def client(self) -> Client:
        if self._client is None:
            self._client = self.stack.enter_context(connected(self.access, self.tell))
        return self._client


@dataclass(frozen=True, slots=True)
class _Run:
    """The upload of one file."""

    path: Path
    name: str
    wanted: Wanted
    tell: Telling
    book: Book | None
    far: _Far

    @property
    def going(self) -> Going:
        """What goes, and how."""
        return self.wanted.going

    @property
    def shown(self) -> str:
        """What the file is called."""
        return self.going.stdin_name if self.name == "-" else self.name


def _guarded(run: _Run, *, alone: bool) -> int:
    """One file of several: what stops it stops no other."""
    try:
        with ExitStack() as stack:
            return _one_file(run, stack)
    except (SourceError, LedgerError) as fault:
        if fault.key.startswith(_OF_THE_FILE):
            # The user's name of it, not that of a copy.
            fault.facts["path"] = run.shown
        if alone:
            raise
        run.tell.fault(fault)
        return fault.exit_code


def _one_file(run: _Run, stack: ExitStack) -> int:
    path = _input(run, stack)
    checked = _checked(run, path, stack)
    if checked is None:
        return 1
    if run.book is None:
        records = None if checked.summary is None else checked.summary.read - checked.summary.rejected
        run.tell("upload-dry-run", path=run.shown, count=records)
        return results.OK
    plan = ledger.plan(run.book, checked.file, run.wanted.counter, run.wanted.again)
    if checked.digest not in {"", plan.digest}:
        raise SourceError("upload-changed", path=run.shown)
    tell_plan(run.tell, run.shown, run.book, plan)
    code = _without_sending(run, run.book, plan)
    return _sent(run, run.book, plan) if code is None else code


def _input(run: _Run, stack: ExitStack) -> Path:
    if run.name == "-":
        return stack.enter_context(spool_stdin(sys.stdin.buffer))
    check_file(run.path, run.name)
    return run.path


def _checked(run: _Run, path: Path, stack: ExitStack) -> Checked | None:
    """The file that may go; ``None``: it holds errors, and they have been told."""
    known = None if run.book is None else checking.known_clean(run.book, path)
    if known is not None:
        run.tell("upload-clean-before", path=run.shown)
        return known
    from calltools.cli.sinks import CheckReport  # noqa: PLC0415 - pandas, which a file known to be clean spares

    report = CheckReport.to(sys.stderr, run.tell.speaking.language)
    without_bad = stack.enter_context(private_file()) if run.going.skip_bad else None
    checked = checking.check(run.book, path, run.shown, [report], without_bad=without_bad)
    refused = checked.errors and not run.going.skip_bad
    if refused or not run.tell.speaking.quiet:
        report.show(checked.summary)
    if refused:
        run.tell.must("upload-errors", path=run.shown, count=checked.errors)
        return None
    if checked.errors and checked.summary is not None:
        run.tell("upload-left-out", count=checked.summary.rejected)
    return checked


def _without_sending(run: _Run, book: Book, plan: Plan) -> int | None:
    """The exit code when nothing is to be sent; ``None``: something is."""
    left = ledger.waiting(book, plan.counter)
    if plan.counts[Verdict.HELD]:
        held = [ledger.load(book, number) for number in plan.by_batch]
        names = ", ".join(batch.name for batch in held if batch.held)
        run.tell.must("upload-held", names=names, count=plan.counts[Verdict.HELD])
        return results.HELD
    if run.going.plan:
        return results.OK
    if not plan.parts and not left:
        run.tell("upload-nothing", records=plan.records)
        return _known_already(run, book, plan)
    count = plan.sent + sum(batch.rows for batch in left)
    if not _agreed(run, count):
        run.tell("upload-declined", count=count)
        return results.OK
    return None


def _known_already(run: _Run, book: Book, plan: Plan) -> int:
    """The exit code of a file all of whose calls went before: what was wrong then is wrong still.

    What the service still works on is followed, if that is asked for: an earlier run may have been interrupted.
    """
    asked = _asked(run, plan.counter)
    batches = [ledger.load(book, number) for number in plan.accepted]
    if asked.follows:
        batches = [follow(_desk(run, book, asked), batch) if batch.watched else batch for batch in batches]
        for batch in batches:
            run.tell.line(_shown(run, batch))
    for batch in batches:
        tell_batch(run.tell, batch, asked)
    return max((results.code_of(batch, asked) for batch in batches), default=results.OK)


def _agreed(run: _Run, count: int) -> bool:
    if run.going.yes:
        return True
    if not is_terminal(sys.stdin) or not is_terminal(sys.stderr):
        raise UsageError("upload-yes-needed")
    # Not typer.confirm: it writes to standard output, where only lines for scripts may stand.
    typer.echo(say("upload-confirm", run.tell.speaking.language, count=count), nl=False, err=True)
    return sys.stdin.readline().strip().lower() in _YES


def policy(absence: Absence) -> Policy:
    """The options as the ledger takes them."""
    return Policy(settle_seconds=60 * absence.settle_minutes, on_absent=absence.on_absent.value)


def _asked(run: _Run, counter: int) -> Asked:
    going, following = run.going, run.wanted.following
    return Asked(
        counter=counter,
        goal=going.goal,
        comment=going.comment,
        again=run.wanted.again,
        wait=going.wait,
        min_linked=following.min_linked,
        poll_s=following.poll_interval,
        wait_limit_s=following.wait_limit,
        look_s=min(LOOK_S, run.far.access.timeout),
        policy=policy(run.wanted.absence),
    )


def _desk(run: _Run, book: Book, asked: Asked) -> Desk:
    return Desk(book, run.far.client(), asked, run.tell, lambda batch: run.tell.line(_shown(run, batch)))


def _shown(run: _Run, batch: Batch) -> str:
    """The line for scripts."""
    return results.as_json(batch) if run.going.output_format is Form.JSON else results.line(batch)


def _sent(run: _Run, book: Book, plan: Plan) -> int:
    asked = _asked(run, plan.counter)
    desk = _desk(run, book, asked)
    with interruptible(run.tell, book, asked):
        uploaded = carry_out(desk, plan, run.shown)
    for error in uploaded.errors:
        run.tell.fault(error)
    for batch in uploaded.batches:
        tell_batch(run.tell, batch, asked)
    run.far.stopped = uploaded.stopped
    return uploaded.code
