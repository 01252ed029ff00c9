"""Every exception of the tool, by what the caller can do about it.

::

    CalltoolsError
    ├── UsageError          the call was wrong: options, configuration, zone        (exit 2)
    │   ├── ProfileError        a vendor profile is written wrong; all its problems
    │   ├── VendorError         no profile fits, several fit, or the named one does not
    │   └── OutputError         the output cannot be written, or must not be
    ├── SourceError         the input cannot be read                               (exit 3)
    │   └── LimitError          it is larger than a limit that protects the machine
    └── DefectError         a fault in calltools itself                            (exit 70)

An exception is about a run. What is wrong with the data is a finding, never an exception.
"""

from typing import ClassVar, Final

from calltools.messages import Language, say


class CalltoolsError(Exception):
    """A run cannot go on.

    Attributes:
        key: Stable name of the fault, a key of ``calltools.messages.MESSAGES``.
        facts: What the sentence names. No secret and no personal value.
        exit_code: What the command line ends with.
    """

    exit_code: ClassVar[int] = 70

    def __init__(self, key: str, **facts: object) -> None:
        super().__init__(key)
        self.key = key
        self.facts = facts

    def say(self, language: Language = "en") -> str:
        """The sentence for a person."""
        return say(self.key, language, **self.facts)

    def __str__(self) -> str:
        return self.say()


class UsageError(CalltoolsError):
    """The call was wrong; nothing was attempted."""

    exit_code = 2


class ProfileError(UsageError):
    """A vendor profile is written wrong.

    Attributes:
        problems: Every problem, as ``(path, key, facts)``; the path is like ``$.fields.DateTime.format``.
    """

    def __init__(self, source: str, problems: tuple[tuple[str, str, dict[str, object]], ...]) -> None:
        super().__init__("profile-wrong", source=source, count=len(problems))
        self.problems = problems

    def say(self, language: Language = "en") -> str:
        """All problems, one a line, each with its path."""
        lines = [f"  {path}: {say(key, language, **facts)}" for path, key, facts in self.problems]
        return "\n".join([super().say(language), *lines])


class VendorError(UsageError):
    """No profile fits the file, several do, or the named one does not."""


class OutputError(UsageError):
    """The output cannot be written, or writing it would destroy something."""


class SourceError(CalltoolsError):
    """The input cannot be read: missing, encrypted, not a table."""

    exit_code = 3


class LimitError(SourceError):
    """The input is larger than a limit that protects the machine."""

    def say(self, language: Language = "en") -> str:
        """The sentence, with the option that raises the limit where there is one."""
        sentence, name = super().say(language), _RAISED_BY.get(self.key)
        return sentence if name is None else f"{sentence} {say('limit-option', language, name=name)}"


#: Key of a sentence -> the limit that it speaks of, as ``--limit`` calls it.
_RAISED_BY: Final = {
    "csv-record-too-long": "record-bytes",
    "too-many-columns": "columns",
    "json-columns": "columns",
    "workbook-unpacked": "workbook-unpacked",
    "workbook-ratio": "entry-ratio",
    "workbook-cells": "filled-cells",
    "workbook-seconds": "seconds",
    "workbook-memory": "child-memory",
}


class DefectError(CalltoolsError):
    """A fault in calltools itself, not in the data and not in the call."""
