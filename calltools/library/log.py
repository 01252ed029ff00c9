"""The logger ``calltools``: what happens in a run, as structured facts; silent unless the program wants to hear it.

A record has the name of the event as ``event`` and its facts as ``facts``; no fact is a cell. Levels: ``INFO`` for what
happens, ``WARNING`` for a file that cannot be read and for what a person has to know of an upload.
"""

import logging
from typing import Final

from calltools.errors import FileFault
from calltools.model.summary import Summary
from calltools.run import PlannedFile, SessionEvents

LOGGER: Final = logging.getLogger("calltools")
# Without a handler Python writes warnings on standard error.
LOGGER.addHandler(logging.NullHandler())


def log(level: int, event: str, **facts: object) -> None:
    """Log an event: ``file-read name=calls.csv records=30``."""
    if LOGGER.isEnabledFor(level):
        listed = " ".join(f"{name}={value}" for name, value in facts.items())
        LOGGER.log(level, "%s %s", event, listed, extra={"event": event, "facts": facts})


class LoggedEvents(SessionEvents):
    """Logs what happens in a run."""

    def started(self, name: str, planned: PlannedFile) -> None:
        """The records of a file come next."""
        source = planned.table.source
        log(
            logging.INFO,
            "file-started",
            name=name,
            vendor=planned.vendor,
            encoding=source.encoding,
            delimiter=source.delimiter,
            sheet=source.sheet,
        )

    def unreadable(self, name: str, fault: FileFault) -> None:
        """A file cannot be read."""
        log(logging.WARNING, "file-unreadable", name=name, fault=fault.key)

    @staticmethod
    def ended(summary: Summary) -> None:
        """The counts of a file."""
        if summary.error is None:
            found = {code: count for code, count in sorted(summary.by_code.items()) if count}
            log(
                logging.INFO,
                "file-ended",
                name=summary.name,
                read=summary.read,
                written=summary.written,
                skipped=summary.skipped.total(),
                rejected=summary.rejected,
                findings=found,
            )
