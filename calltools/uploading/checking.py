"""Whether a file may be uploaded: it is clean, or its bad records are left out on purpose."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from calltools.errors import SourceError
from calltools.files.atomic import enter_interrupt_safe
from calltools.files.limits import Limits
from calltools.files.opening import FileStamp, read_stamp
from calltools.ledger import Ledger, UploadPlan, digest_file, is_clean_file, is_plain_file, record_clean_file
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.rules.service import times_matter

if TYPE_CHECKING:  # both load the rules and pandera
    from calltools.run import RunContext, SessionSink

#: The set of rules by which files are recorded as clean.
_RULESET_NAME: Final = "all"


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that has been validated for an upload.

    Attributes:
        file: The file to send: itself, or a private copy, which is plain and without the records that have an error.
        digest: Of the bytes that were found clean; no others may be sent. ``""`` where nothing is compared: the
            copy is private, the file has errors, or there is no ledger.
        summary: What was found; ``None``: this version found the same bytes clean before.
    """

    file: Path
    digest: str
    summary: Summary | None

    @property
    def error_count(self) -> int:
        """Errors, for which the file cannot be sent as it is."""
        return 0 if self.summary is None else self.summary.by_severity["error"]


@cache
def _own_version() -> str:
    # Read from the files of the installed package, which takes some milliseconds each time.
    return version("calltools")


def find_clean_file(ledger: Ledger, file: Path) -> CheckedFile | None:
    """The file, if this version found the same bytes clean before: then neither pandas nor pandera is loaded.

    Only a plain file can be sent without being read by the readers of ``files``, whoever has found it clean.
    """
    if not is_plain_file(file):
        return None
    digest = digest_file(ledger, file)
    return CheckedFile(file, digest, None) if is_clean_file(ledger, digest, _own_version(), _RULESET_NAME) else None


def remember_clean_file(ledger: Ledger, file: Path, before: FileStamp) -> str:
    """Record in the ledger that a file is clean; gives the digest of its bytes.

    Args:
        ledger: The ledger.
        file: The file.
        before: Its stamp, taken before it was validated.

    Raises:
        SourceError: The file was written to while it was validated, so its bytes may be others.
    """
    digest = digest_file(ledger, file)
    if read_stamp(file) != before:
        raise SourceError("upload-changed", path=file)
    record_clean_file(ledger, digest, _own_version(), _RULESET_NAME)
    return digest


def judge_by_now(plan: UploadPlan, name: str, now: int) -> tuple[Summary, Sequence[Findings]] | None:
    """Judge a file that was found clean before by the rules that compare its times with now; ``None``: all is well.

    Args:
        plan: Of the file.
        name: What the user calls it.
        now: Unix seconds.
    """
    if not len(plan.times) or not times_matter(int(plan.times.min()), int(plan.times.max()), now):
        return None
    # As in ``check_for_upload``.
    from calltools.rules.catalog import RULES  # noqa: PLC0415
    from calltools.run import FindingsCollector, InputFile, RunOptions, Session, resolve  # noqa: PLC0415

    collector = FindingsCollector()
    codes = tuple(rule.code for rule in RULES if rule.by_now)
    told = RunOptions(vendor="none")
    inputs = [InputFile(plan.file, name, resolve(replace(told, select=codes, as_of=now), told=told))]
    [summary] = Session(inputs, [collector], stop_on_error=True).run()
    summary.written = None
    return summary, collector.parts


def check_for_upload(  # noqa: PLR0913 - what the file is, who hears of it, and where a copy may go
    ledger: Ledger | None,
    file: Path,
    name: str,
    sinks: Sequence["SessionSink"],
    *,
    copy: tuple[BinaryIO, Path],
    skip_bad: bool = False,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> CheckedFile:
    """Validate a file of calls as it is, and remember it when it is clean.

    What ``validate`` passes may be sent, whatever the letters of its titles and the form of the file: unless it is
    plain, its calls are copied as canonical CSV from the same read.

    Args:
        ledger: Where clean files are remembered; ``None``: nowhere, and nothing is going to be sent.
        file: Where its bytes are.
        name: What the user calls it.
        sinks: Take the findings.
        copy: Where to write calls that cannot be sent from the file itself, and where to read them then.
        skip_bad: Whether records with an error are left out, and the others are sent.
        limits: What reading it may cost.

    Raises:
        SourceError: It cannot be read, or is written to meanwhile.
        UsageError: It has several tables, or holds something else than calls.
    """
    # The rules and pandera take half a second to load, which a file that is known to be clean does not need.
    from calltools.run import ConversionSink, InputFile, RunOptions, Session, resolve  # noqa: PLC0415

    before = read_stamp(file)
    plain = is_plain_file(file)
    inputs = [InputFile(file, name, resolve(RunOptions(vendor="none", limits=limits)))]
    with ExitStack() as stack:
        copied = ledger is not None and (skip_bad or not plain)
        copying = [enter_interrupt_safe(stack, ConversionSink(copy[0]))] if copied else []
        [summary] = Session(inputs, [*sinks, *copying], stop_on_error=True).run()
    # The copy is what is sent, not an output of the user.
    summary.written = None
    if summary.by_severity["error"]:
        return CheckedFile(copy[1] if skip_bad else file, "", summary)
    if ledger is not None and plain:
        return CheckedFile(file, remember_clean_file(ledger, file, before), summary)
    if read_stamp(file) != before:
        # Its header may have been another one when the records were copied.
        raise SourceError("upload-changed", path=file)
    return CheckedFile(file if ledger is None else copy[1], "", summary)


def judges_like_upload(context: "RunContext", now: int) -> bool:
    """Whether a run judges a canonical file as ``check_for_upload`` does, so that what it finds clean may be uploaded.

    Args:
        context: The options of the run.
        now: The time of the clock when the run began.
    """
    from calltools.run import RunOptions  # noqa: PLC0415 - as above

    options = context.options
    as_of = None if options.as_of == now else options.as_of
    # Only convert and exports of vendors use zone, region and currency; the last two change the cost, not the answer.
    same = replace(options, vendor="none", as_of=as_of, timezone=None, region=None, currency=None)
    same = replace(same, exact_only=False, limits=Limits())
    return options.vendor in {"auto", "none"} and same == RunOptions(vendor="none")
