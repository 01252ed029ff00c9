"""What ``calltools upload`` does. Heavy: imported when it runs."""

import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import typer

from calltools.cli.far_side import connected, opened_book
from calltools.cli.options import is_terminal
from calltools.cli.uploading_options import Absence, Access, Following, Form, Going, Speaking
from calltools.errors import UsageError
from calltools.files.opening import check_file, spool_stdin
from calltools.messages import say
from calltools.metrica import ledger
from calltools.metrica.client import Client
from calltools.metrica.ledger import Again, Batch, Book, Plan, Policy, Verdict
from calltools.uploading import checking, results
from calltools.uploading.asked import LOOK_S, Asked
from calltools.uploading.desk import Desk
from calltools.uploading.upload import Uploaded
from calltools.uploading.upload import upload as carry_out


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user wants of an upload.

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


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of the command."""

    path: Path
    name: str
    wanted: Wanted
    speaking: Speaking

    @property
    def going(self) -> Going:
        """What goes, and how."""
        return self.wanted.going

    def say(self, key: str, **facts: object) -> None:
        """Say what must be said even when quiet."""
        typer.echo(say(key, self.speaking.language, **facts), err=True)

    @property
    def again(self) -> Again:
        """Which known calls go once more."""
        return "all" if self.going.all else "changed" if self.going.changed else "none"


def upload_file(file: str, wanted: Wanted, access: Access, speaking: Speaking) -> int:
    """Check, plan, ask, send; gives the exit code."""
    with ExitStack() as stack:
        run = _Run(*_input(file, wanted.going, stack), wanted, speaking)
        if run.going.dry_run:
            return _dry_run(run, stack)
        book = stack.enter_context(opened_book())
        checked = _checked(run, book, stack)
        if checked is None:
            return 1
        plan = ledger.plan(book, checked, wanted.counter, run.again)
        _show(run, book, plan)
        code = _without_sending(run, book, plan)
        if code is not None:
            return code
        return _sent(run, book, stack.enter_context(connected(access, speaking)), plan, access.timeout)


def _input(file: str, going: Going, stack: ExitStack) -> tuple[Path, str]:
    if file == "-":
        return stack.enter_context(spool_stdin(sys.stdin.buffer)), going.stdin_name
    check_file(Path(file), file)
    return Path(file), file


def _checked(run: _Run, book: Book | None, stack: ExitStack) -> Path | None:
    """The file that may go; ``None``: it holds errors, and they have been told."""
    if checking.known_clean(book, run.path):
        return run.path
    from calltools.cli.sinks import CheckReport  # noqa: PLC0415 - pandas, which a file known to be clean spares

    report = CheckReport.to(sys.stderr, run.speaking.language)
    without_bad = None
    if run.going.skip_bad:
        without_bad = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="calltools-"))) / "calls.csv"
    checked = checking.check(book, run.path, run.name, [report], without_bad=without_bad)
    if not run.speaking.quiet or (checked.errors and not run.going.skip_bad):
        report.show(checked.summary)
    if checked.errors and not run.going.skip_bad:
        run.say("upload-errors", path=run.name, count=checked.errors)
        return None
    if checked.errors and checked.summary is not None:
        run.speaking.tell("upload-left-out", count=checked.summary.rejected)
    return checked.file


def _dry_run(run: _Run, stack: ExitStack) -> int:
    if _checked(run, None, stack) is None:
        return 1
    run.speaking.tell("upload-dry-run", path=run.name)
    return results.OK


def _show(run: _Run, book: Book, plan: Plan) -> None:
    """The plan, in words."""
    tell = run.speaking.tell
    tell("upload-plan", path=run.name, counter=plan.counter, sent=plan.sent, records=plan.records)
    for number, part in enumerate(plan.parts, start=1):
        tell("upload-plan-part", part=number, parts=len(plan.parts), kind=part.kind, records=part.records)
    for verdict in (Verdict.UNCHANGED, Verdict.CHANGED, Verdict.DOUBLED):
        if count := plan.counts[verdict]:
            tell(f"upload-plan-{verdict.name.lower()}", count=count)
    for batch in ledger.waiting(book, plan.counter):
        tell("upload-plan-left", name=batch.name, rows=batch.rows)


def _without_sending(run: _Run, book: Book, plan: Plan) -> int | None:
    """The exit code when nothing is to be sent; ``None``: something is."""
    if plan.counts[Verdict.HELD]:
        held = [ledger.load(book, number) for number in plan.by_batch]
        run.say("upload-held", names=", ".join(batch.name for batch in held if batch.held))
        return results.HELD
    if run.going.plan:
        return results.OK
    if not plan.parts and not ledger.waiting(book, plan.counter):
        run.speaking.tell("upload-nothing")
        return _known_already(run, book, plan)
    if not _agreed(run):
        run.speaking.tell("upload-declined")
        return results.OK
    return None


def _known_already(run: _Run, book: Book, plan: Plan) -> int:
    """The exit code of a file all of whose calls went before: what was wrong then is wrong still."""
    asked = Asked(plan.counter)
    batches = [ledger.load(book, number) for number in plan.accepted]
    for batch in batches:
        tell_remark(batch, asked, run.speaking)
    return max((results.code_of(batch, asked) for batch in batches), default=results.OK)


def _agreed(run: _Run) -> bool:
    if run.going.yes:
        return True
    if not is_terminal(sys.stdin) or not is_terminal(sys.stderr):
        raise UsageError("upload-yes-needed")
    return typer.confirm(say("upload-confirm", run.speaking.language), err=True)


def policy(absence: Absence) -> Policy:
    """The options as the ledger takes them."""
    return Policy(settle_seconds=60 * absence.settle_minutes, on_absent=absence.on_absent.value)


def _asked(run: _Run, counter: int, timeout_s: float) -> Asked:
    going, following = run.going, run.wanted.following
    return Asked(
        counter=counter,
        goal=going.goal,
        comment=going.comment,
        again=run.again,
        wait=going.wait,
        min_linked=following.min_linked,
        poll_s=following.poll_interval,
        wait_limit_s=following.wait_limit,
        look_s=min(LOOK_S, timeout_s),
        policy=policy(run.wanted.absence),
    )


def _sent(run: _Run, book: Book, client: Client, plan: Plan, timeout_s: float) -> int:
    asked = _asked(run, plan.counter, timeout_s)
    show = results.as_json if run.going.output_format is Form.JSON else results.line
    desk = Desk(book, client, asked, run.speaking.tell, lambda batch: typer.echo(show(batch)))
    try:
        uploaded = carry_out(desk, plan, run.name)
    except KeyboardInterrupt:
        run.say("upload-interrupted")
        raise
    _told(run, uploaded, asked)
    return uploaded.code


def _told(run: _Run, uploaded: Uploaded, asked: Asked) -> None:
    """Why parts did not go, and what should be known of those that did."""
    for error in uploaded.errors:
        typer.echo(f"calltools: {error.say(run.speaking.language)}", err=True)
    for batch in uploaded.batches:
        tell_remark(batch, asked, run.speaking)


def tell_remark(batch: Batch, asked: Asked, speaking: Speaking) -> None:
    """What a person should know of a part beside its line."""
    if key := results.remark(batch, asked):
        facts = {"name": batch.name, "sent": batch.rows, "linked": batch.linked, "dynamic": batch.dynamic}
        said = say(key, speaking.language, accepted=batch.line_quantity, reason=batch.reason, **facts)
        typer.echo(said, err=True)
