"""Canonical files that ``validate`` found clean are remembered, so that ``upload`` need not look at them again."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from calltools.errors import CalltoolsError
from calltools.files.limits import Limits
from calltools.files.opening import Stamp, stamp
from calltools.model.summary import Summary
from calltools.run import Options, Setting

#: What ``upload`` checks by.
_STRICT: Final = Options()


@dataclass(frozen=True, slots=True)
class Seen:
    """Files as they were before anybody looked into them."""

    paths: tuple[Path, ...]
    stamps: tuple[Stamp | None, ...]

    @classmethod
    def of(cls, paths: Sequence[Path]) -> "Seen":
        """Look at each; what is missing is reported by others."""
        return cls(tuple(paths), tuple(map(_stamp, paths)))

    def remember(self, settings: Sequence[Setting], summaries: Sequence[Summary], now: int) -> None:
        """Remember the clean ones, where somebody uploads and has a ledger: validating makes none.

        One that cannot be used is the trouble of who uploads.

        Args:
            settings: By which each file was judged.
            summaries: What came of each.
            now: The clock of the run.
        """
        judged = zip(self.paths, self.stamps, settings, summaries, strict=True)
        clean = [(path, before) for path, before, one, summary in judged if _clean(summary) and _strict(one, now)]
        if not clean:
            return
        from calltools.cli.far_side import has_book, opened_book  # noqa: PLC0415 - only where there is something to remember
        from calltools.uploading.checking import remember  # noqa: PLC0415 - as above

        if not has_book():
            return
        with suppress(CalltoolsError), opened_book() as book:
            for path, before in clean:
                if before is not None:
                    remember(book, path, before)


def _stamp(path: Path) -> Stamp | None:
    with suppress(CalltoolsError):
        return stamp(path)
    return None


def _clean(summary: Summary) -> bool:
    """Canonical, and without an error, be it a known one."""
    told = summary.error is not None or summary.by_severity["error"] or summary.accepted
    return summary.vendor is None and not told


def _strict(setting: Setting, now: int) -> bool:
    """Whether ``upload`` would have judged so too: all rules, the clock's time, the file as it is."""
    options = setting.options
    as_of = None if options.as_of == now else options.as_of
    # What only convert or an export of a vendor asks for, and what costs time and changes no answer.
    bare = replace(options, vendor="auto", as_of=as_of, timezone=None, region=None, currency=None)
    return options.vendor in {"auto", "none"} and replace(bare, exact_only=False, limits=Limits()) == _STRICT
