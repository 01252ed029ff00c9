"""Canonical files that `validate` found clean are recorded in the ledger, so that `upload` need not validate them."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from calltools.errors import CalltoolsError
from calltools.files.limits import Limits
from calltools.files.opening import FileStamp, read_stamp
from calltools.model.summary import Summary
from calltools.run import RunContext, RunOptions

#: What ``upload`` checks by.
_CHECK_OPTIONS: Final = RunOptions()


@dataclass(frozen=True, slots=True)
class CleanFileCache:
    """Files as they were before anybody looked into them."""

    paths: tuple[Path, ...]
    stamps: tuple[FileStamp | None, ...]

    @classmethod
    def stamp_files(cls, paths: Sequence[Path]) -> "CleanFileCache":
        """Look at each; what is missing is reported by others."""
        return cls(tuple(paths), tuple(map(_stamp_or_none, paths)))

    def remember(self, contexts: Sequence[RunContext], summaries: Sequence[Summary], now: int) -> None:
        """Remember the clean ones, where somebody uploads and has a ledger: validating makes none.

        One that cannot be used is the trouble of who uploads.

        Args:
            contexts: By which each file was judged.
            summaries: What came of each.
            now: The clock of the run.
        """
        judged = zip(self.paths, self.stamps, contexts, summaries, strict=True)
        clean = [
            (path, before)
            for path, before, one, summary in judged
            if _is_clean(summary) and _judged_as_upload_would(one, now)
        ]
        if not clean:
            return
        from calltools.cli.upload_run import ledger_exists, open_ledger  # noqa: PLC0415 - only where there is something to remember
        from calltools.uploading.checking import remember_clean_file  # noqa: PLC0415 - as above

        if not ledger_exists():
            return
        with suppress(CalltoolsError), open_ledger() as book:
            for path, before in clean:
                if before is not None:
                    remember_clean_file(book, path, before)


def _stamp_or_none(path: Path) -> FileStamp | None:
    with suppress(CalltoolsError):
        return read_stamp(path)
    return None


def _is_clean(summary: Summary) -> bool:
    """Canonical, and without an error, be it a known one."""
    told = summary.error is not None or summary.by_severity["error"] or summary.accepted
    return summary.vendor is None and not told


def _judged_as_upload_would(context: RunContext, now: int) -> bool:
    """Whether ``upload`` would have judged so too: all rules, the clock's time, the file as it is."""
    options = context.options
    as_of = None if options.as_of == now else options.as_of
    # What only convert or an export of a vendor asks for, and what costs time and changes no answer.
    bare = replace(options, vendor="auto", as_of=as_of, timezone=None, region=None, currency=None)
    return options.vendor in {"auto", "none"} and replace(bare, exact_only=False, limits=Limits()) == _CHECK_OPTIONS
