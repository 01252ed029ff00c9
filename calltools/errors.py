"""Every exception of the tool, by what the caller can do about it.

::

    CalltoolsError
    ├── UsageError          the call was wrong: options, configuration, zone        (exit 2)
    │   ├── ProfileError        a vendor profile is written wrong; all its problems
    │   ├── ConfigError         the configuration is written wrong; all its problems
    │   ├── UnfitFileError      the file is not what the call takes it for; of several files, or in a job (exit 3)
    │   │   ├── VendorError         no profile fits, several fit, or the named one does not
    │   │   └── NotCallsError       the file is of another kind than calls
    │   ├── UnusableRecordsError    no record of the file of identifiers can be joined
    │   ├── PackageError        a package that calltools needs is missing or broken
    │   ├── OutputError         the output cannot be written, or must not be
    │   └── CredentialError     there is no token, or it lies where others can read it
    ├── SourceError         the input cannot be read                               (exit 3)
    │   └── LimitError          it is larger than a limit that protects the machine
    ├── ServiceError        the service refused: change what was asked for          (exit 4)
    │   ├── FileRefusedError    fix the file
    │   ├── TokenRefusedError   fix the token, or the rights of its account
    │   │   └── AccessDeniedError   the token is known and may not do this
    │   ├── QuotaError          wait until the time it names
    │   └── UnreachableError    try again: no answer that could be read
    ├── LedgerError         the memory of the upload cannot be trusted or is in use (exit 4)
    │   └── LockedError         another process uploads to the counter
    ├── ClusterError        the Dask cluster cannot be used, or was lost            (exit 4)
    ├── UnclearError        it is not known whether the calls arrived               (exit 6)
    ├── UploadEndedError    an upload did not end well, by its exit code           (exit 1, 4, 5, 6)
    ├── DataError           only where a caller asks for it: the data has errors (exit 1)
    └── DefectError         a fault in calltools itself                            (exit 70)

An exception is about a run. What is wrong with the data is a finding; only ``raise_for_errors`` makes one of it.
"""

import copyreg
import re
import traceback
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias

from calltools.texts import Language, MessageKey, say

if TYPE_CHECKING:
    from calltools.runtime.packages import BrokenPackage

#: Path in a file, key of the sentence, facts.
Problem: TypeAlias = tuple[str, MessageKey, dict[str, object]]


class CalltoolsError(Exception):
    """A run cannot go on.

    Attributes:
        key: Stable name of the fault, a key of ``calltools.texts.MESSAGES``.
        facts: What the sentence names. No secret and no personal value.
        exit_code: What the command line ends with.
        about_file: The file that it is about, where a run has several and the sentence names none.
        next_command: The command that does not end so, where only an option is missing; set by the command line.
    """

    exit_code: ClassVar[int] = 70

    def __init__(self, key: MessageKey, **facts: object) -> None:
        super().__init__(key)
        self.key = key
        self.facts = facts
        self.about_file: str | None = None
        self.next_command: str | None = None

    def __reduce__(self) -> tuple[object, ...]:
        # From one process to another, whatever the arguments of the class.
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]

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

    def __init__(self, source: str, problems: tuple[Problem, ...]) -> None:
        super().__init__("profile-wrong", source=source, count=len(problems))
        self.problems = problems

    def say(self, language: Language = "en") -> str:
        """All problems, one a line, each with its path."""
        return _with_problems(super().say(language), self.problems, language)


class ConfigError(UsageError):
    """The configuration file or a variable of the environment is written wrong.

    Attributes:
        problems: Every problem, as ``(path, key, facts)``; the path is like ``$.overrides[0].vendor``.
    """

    def __init__(self, source: object, problems: tuple[Problem, ...]) -> None:
        super().__init__("config-wrong", source=source, count=len(problems))
        self.problems = problems

    def say(self, language: Language = "en") -> str:
        """All problems, one a line, each with its path."""
        return _with_problems(super().say(language), self.problems, language)


def nearest_word(word: str, allowed: Iterable[str], cutoff: float = 0.5) -> str:
    """The allowed word that a user most likely meant, for a message; empty if none is near.

    Args:
        word: The word that was given.
        allowed: All words that would be right.
        cutoff: The least similarity, from 0 to 1, as ``difflib`` measures it.
    """
    from difflib import get_close_matches  # noqa: PLC0415 - most runs suggest nothing, and every command loads this

    return "".join(get_close_matches(word, list(allowed), 1, cutoff))


def _with_problems(sentence: str, problems: Iterable[Problem], language: Language) -> str:
    lines = [f"  {path}: {say(key, language, **facts)}" for path, key, facts in problems]
    return "\n".join([sentence, *lines])


class UnfitFileError(UsageError):
    """The file is not what the call takes it for, or does not tell which of its tables is meant.

    With one file the call was wrong. With several, and in a job, it is the failure of this file: the others are read.
    """


class VendorError(UnfitFileError):
    """No profile fits the file, several do, or the named one does not."""


#: Keys of a ``VendorError`` for a header that no profile fits: what its columns mean must be said.
UNKNOWN_EXPORT: Final = frozenset({"vendor-none", "vendor-none-near", "vendor-headless"})


class UnsupportedVendorError(VendorError):
    """The vendor is known, and there is no converter for its exports.

    Attributes:
        reasons: Why, by language.
    """

    def __init__(self, title: str, reasons: Mapping[Language, str]) -> None:
        super().__init__("vendor-without", title=title)
        self.reasons = reasons

    def say(self, language: Language = "en") -> str:
        """That there is none, why, and how to make one."""
        return say(self.key, language, **self.facts, reason=self.reasons[language])


class NotCallsError(UnfitFileError):
    """The file is of another kind than calls: conversions, orders, a report.

    Attributes:
        what: What it is, by language.
        goes: Who takes it, by language.
    """

    def __init__(self, path: str, titles: str, what: Mapping[Language, str], goes: Mapping[Language, str]) -> None:
        super().__init__("source-not-calls", path=path, titles=titles)
        self.what = what
        self.goes = goes

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.facts["path"], self.facts["titles"], self.what, self.goes)

    def say(self, language: Language = "en") -> str:
        """What it is, by which titles, and who takes it."""
        return say(self.key, language, **self.facts, what=self.what[language], goes=self.goes[language])


class PackageError(UsageError):
    """A package that calltools needs is missing or broken.

    Args:
        package: Which one, and what installs it again.
    """

    def __init__(self, package: "BrokenPackage") -> None:
        facts = {"module": package.module, "reason": package.reason, "place": package.place, "fix": package.command}
        super().__init__("package-broken" if package.place else "package-missing", **facts)


def package_fault(fault: BaseException, distributions: Iterable[str] | None = None) -> PackageError | None:
    """The package that is missing or broken, if an unexpected error may come of one; it imports what is needed.

    Args:
        fault: The error.
        distributions: Those that may have caused it; ``None``: all.
    """
    from calltools.runtime import packages  # noqa: PLC0415 - only after a fault

    broken = next(packages.find_broken_packages(distributions or packages.PACKAGES), None)
    broken = broken or packages.find_missing_module(fault)
    return None if broken is None else PackageError(broken)


class UnusableRecordsError(UsageError):
    """No record of the file of identifiers can be joined to a call.

    Args:
        read: How many it has.
        counts: What they lack -> how many; reasons of none are not said.
    """

    def __init__(self, read: int, counts: Mapping[str, int]) -> None:
        super().__init__("identifier-records-unusable", read=read, **counts)

    def __reduce__(self) -> tuple[object, ...]:
        counts = {name: count for name, count in self.facts.items() if name != "read"}
        return type(self), (self.facts["read"], counts)

    def say(self, language: Language = "en") -> str:
        """How many there are, and what they lack."""
        found = [say(key, language, count=self.facts[name]) for name, key in _LACKING.items() if self.facts.get(name)]
        return say(self.key, language, read=self.facts["read"], reasons=", ".join(found))


_LACKING: Final[Mapping[str, MessageKey]] = {
    "damaged": "identifier-records-damaged",
    "no_phone": "identifier-records-no-phone",
    "phone": "identifier-records-phone",
    "time": "identifier-records-time",
    "identifier": "identifier-records-identifier",
}


class OutputError(UsageError):
    """The output cannot be written, or writing it would destroy something."""


class CredentialError(UsageError):
    """There is no token, it is none, or it lies where others can read it."""


class SourceError(CalltoolsError):
    """The input cannot be read: missing, encrypted, not a table."""

    exit_code = 3


#: Why one file of several is not read; the others are.
FileFault: TypeAlias = SourceError | UnfitFileError


class LimitError(SourceError):
    """The input is larger than a limit that protects the machine."""

    def say(self, language: Language = "en") -> str:
        """The sentence, with the option that raises the limit where there is one."""
        sentence, name = super().say(language), _LIMIT_OF_MESSAGE.get(self.key)
        return sentence if name is None else f"{sentence} {say('limit-option', language, name=name)}"


#: Key of a sentence -> the limit that it names, as ``--limit`` calls it.
_LIMIT_OF_MESSAGE: Final[Mapping[MessageKey, str]] = {
    "csv-record-too-long": "record-bytes",
    "too-many-columns": "columns",
    "json-columns": "columns",
    "packed-size": "unpacked",
    "packed-ratio": "entry-ratio",
    "workbook-unpacked": "workbook-unpacked",
    "workbook-ratio": "entry-ratio",
    "workbook-cells": "filled-cells",
    "workbook-seconds": "seconds",
    "workbook-memory": "child-memory",
    "address-size": "fetched",
    "address-seconds": "fetch-seconds",
    "columnar-seconds": "seconds",
    "columnar-memory": "child-memory",
}


class ServiceError(CalltoolsError):
    """The service refused and stored nothing; safe to run again once it is mended.

    Facts may hold ``answer``: what the service said itself, free of the token and of long digits.
    """

    exit_code = 4

    def say(self, language: Language = "en") -> str:
        """The sentence, and what the service said itself."""
        return _with_answer(super().say(language), self.facts, language)


class FileRefusedError(ServiceError):
    """The service does not take the file."""


class TokenRefusedError(ServiceError):
    """The service does not take the token, or its account lacks a right."""


class AccessDeniedError(TokenRefusedError):
    """The token is known, and it or its account may not do this. A token that may only upload sees no counter."""


class NotFoundError(ServiceError):
    """The service does not know the counter or the uploading; just after it has stored one, it may not know it yet."""


class QuotaError(ServiceError):
    """The service asks to wait; it did nothing with the request.

    Attributes:
        wait: Seconds, where the service or its rules name them.
    """

    def __init__(self, key: MessageKey, wait: float | None = None, **facts: object) -> None:
        super().__init__(key, **facts)
        self.wait = wait


class UnreachableError(ServiceError):
    """There was no answer that could be read.

    Attributes:
        transient: Whether it may pass by itself, so that asking again makes sense.
    """

    def __init__(self, key: MessageKey, *, transient: bool = True, **facts: object) -> None:
        super().__init__(key, **facts)
        self.transient = transient


#: Keys of an ``UnreachableError`` for a request that found no service, or whose connection was lost.
NO_CONNECTION: Final = frozenset({"reading-no-connection", "service-no-connection", "service-silent", "service-broken"})


class TooLargeError(UnreachableError):
    """The answer is longer than any that is read; a smaller piece of it may be asked for."""


class UnknownOutcomeError(CalltoolsError):
    """It is not known whether the calls arrived; they must not be sent again before that is settled."""

    exit_code = 6

    def say(self, language: Language = "en") -> str:
        """What happened, that nothing is sent again by itself, and what the service said."""
        held = f"{super().say(language)} {say('unclear-held', language)}"
        return _with_answer(held, self.facts, language)


def _with_answer(sentence: str, facts: Mapping[str, object], language: Language) -> str:
    answer = facts.get("answer")
    return f"{sentence} {say('service-says', language, answer=answer)}" if answer else sentence


class ClusterError(CalltoolsError):
    """The Dask cluster cannot be reached, lacks what is needed, or was lost; no output was written."""

    exit_code = 4


class LedgerError(CalltoolsError):
    """The memory of the upload cannot be trusted, or another process uses it; no request was made."""

    exit_code = 4


class UnrecordedError(LedgerError):
    """The ledger failed while a part was being sent: the service may have it, and only the list can tell."""

    exit_code = 6


class UnsendableError(LedgerError):
    """A part that may have arrived cannot be sent again: the stored copy of its calls is gone or altered."""

    exit_code = 6


class LockedError(LedgerError):
    """Another process uploads to the counter; it may be asked again when that one has ended."""


class UploadEndedError(CalltoolsError):
    """An upload did not end with 0, and no other error says why: calls were accepted in part, or are held.

    Attributes:
        exit_code: What the command would end with.
    """

    def __init__(self, key: MessageKey, code: int, **facts: object) -> None:
        super().__init__(key, code=code, **facts)
        self.exit_code = code  # type: ignore[misc]  # of this error, not of its class


class DataError(CalltoolsError):
    """The data has errors, and the caller wants to go on without any.

    Facts: ``path``, ``read``, ``rejected``, ``codes`` (how many errors of which rule); of the first error its sentence,
    ``first``, and ``record``.

    Attributes:
        first: The sentence of the first error in each language; the fact has it in that of the call.
    """

    exit_code = 1

    def __init__(self, key: MessageKey, first: Mapping[Language, str], /, **facts: object) -> None:
        super().__init__(key, **facts)
        self.first = first

    def say(self, language: Language = "en") -> str:
        """The sentence for a person, with that of the first error in the same language."""
        return say(self.key, language, **{**self.facts, "first": self.first[language]})


class DefectError(CalltoolsError):
    """A fault in calltools itself, not in the data and not in the call."""


def traceback_places(error: BaseException) -> str:
    """The files, lines and functions of a traceback; no source lines and no values, which could be personal."""
    frames = traceback.extract_tb(error.__traceback__)
    names = [re.split(r"[/\\]", frame.filename)[-1] for frame in frames]
    places = [f"{name}:{frame.lineno} {frame.name}" for name, frame in zip(names, frames, strict=True)]
    # An error of the second process has its places as notes: tracebacks cannot be pickled.
    return "\n".join(f"  {place}" for place in [*places, *getattr(error, "__notes__", [])])
