"""Reading the tables ``[[jobs]]`` of a configuration: each problem is recorded with its path."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from calltools.cli.configuration.keys import ConfigValue, option_keys
from calltools.cli.options import ReadingOptions
from calltools.cli.upload_options import AbsencePolicy, FollowOptions
from calltools.errors import nearest_word
from calltools.files.placeholders import DATE, JOB, STEM, find_wrong_placeholder, is_job_name
from calltools.toml_reader import TomlReader

#: Keys of a job that are no options of another command.
OWN_KEYS: Final = ("name", "inputs", "token", "archive")
#: Options that hold for a job only where its own table says them: where its calls go, and what it writes.
JOB_ONLY: Final = frozenset({"counter", "output", "rejects", "report"})
#: Options that a job may have.
JOB_OPTIONS: Final = (
    {option.name for option in fields(ReadingOptions)} - {"stdin_name", "as_of"}
    | {option.name for group in (FollowOptions, AbsencePolicy) for option in fields(group)}
    | {"select", "ignore", "fail_on", "baseline", "show_values", "on_error", "goal", "comment", "changed", "wait"}
    | {"without_list"}
    | JOB_ONLY
)
#: Paths of what a job writes, and of what it reads: only in the first ones placeholders are filled in.
_WRITTEN: Final = ("output", "rejects", "report", "archive")
_READ: Final = ("inputs", "identifiers", "outcomes", "baseline")
_PLACEHOLDERS: Final = (JOB, DATE, STEM)
_TOKEN_PLACE: Final = re.compile(r"(env|file|keyring):(\S(?:.*\S)?)")


@dataclass(frozen=True, slots=True)
class JobTable:
    """A table of a job, as it is written.

    Attributes:
        name: Its name.
        inputs: What it reads; relative paths start in the folder of the configuration.
        values: Its options.
        token: Where its token is: ``env``, ``file`` or ``keyring``, and the name there; ``None``: at the usual places.
        archive: Where finished inputs go; ``None``: they stay.
    """

    name: str
    inputs: tuple[str, ...]
    values: Mapping[str, ConfigValue]
    token: tuple[str, str] | None = None
    archive: str | None = None
    #: Where it stands: ``$.jobs[0]``.
    path: str = "$"


@dataclass(frozen=True, slots=True)
class JobTableReader:
    """Reads the tables of jobs.

    Attributes:
        reader: Records problems.
        read_values: Reads the options in a table, at a path, apart from keys that are read elsewhere.
    """

    reader: TomlReader
    read_values: Callable[[Mapping[str, Any], str, Sequence[str]], dict[str, ConfigValue]]

    def read(self, document: Mapping[str, Any], key: str, root: str) -> tuple[JobTable, ...]:
        """The jobs of a document, in its order."""
        jobs: list[JobTable] = []
        for path, table in self.reader.read_tables(document, key, root):
            job = self._read_job(table, path)
            if job.name.casefold() in {other.name.casefold() for other in jobs}:
                self.reader.add_problem(f"{path}.name", "job-name-twice", name=job.name)
            jobs.append(job)
        return tuple(jobs)

    def _read_job(self, table: Mapping[str, Any], path: str) -> JobTable:
        name = self.reader.read_text(table, "name", path, required=True)
        if name and not is_job_name(name):
            self.reader.add_problem(f"{path}.name", "job-name-wrong")
        options = {word: value for word, value in table.items() if self._is_option(word, path)}
        values = self.read_values(options, path, ())
        token = self.reader.read_text(table, "token", path)
        place = _TOKEN_PLACE.fullmatch(token)
        if token and not place:
            # Not repeated: it may be the token itself.
            self.reader.add_problem(f"{path}.token", "job-token-place")
        if "counter" not in table and "output" not in table:
            self.reader.add_problem(path, "job-goes-nowhere")
        inputs = self.reader.read_texts(table, "inputs", path, required=True)
        if "" in inputs:
            self.reader.add_problem(f"{path}.inputs", "input-empty")
        if "-" in inputs:
            self.reader.add_problem(f"{path}.inputs", "job-stdin")
        archive = self.reader.read_text(table, "archive", path) or None
        self._refuse_wrong_placeholders(table, path)
        return JobTable(name, inputs, values, (place[1], place[2]) if place else None, archive, path)

    def _refuse_wrong_placeholders(self, table: Mapping[str, Any], path: str) -> None:
        """Record placeholders that nothing fills in: as they are written they would be names of files."""
        for key in (*_WRITTEN, *_READ):
            given = table.get(key)
            texts = [text for text in (given if isinstance(given, list) else [given]) if isinstance(text, str)]
            if key in _WRITTEN and (word := find_wrong_placeholder(texts, _PLACEHOLDERS)):
                known = ", ".join(_PLACEHOLDERS)
                self.reader.add_problem(f"{path}.{key}", "job-placeholder-unknown", word=word, known=known)
            used = [word for word in _PLACEHOLDERS if any(word in text for text in texts)]
            if key in _READ and used:
                keys = ", ".join(_WRITTEN)
                self.reader.add_problem(f"{path}.{key}", "job-placeholder-read", word=used[0], keys=keys)

    def _is_option(self, word: str, path: str) -> bool:
        """Whether a key is an option that a job may have; what is neither this nor a key of jobs is a problem."""
        name = word.replace("-", "_")
        if word in OWN_KEYS:
            return False
        if name in JOB_OPTIONS:
            return True
        allowed = [*(option_keys()[option].spelling for option in JOB_OPTIONS), *OWN_KEYS]
        near = nearest_word(name.replace("_", "-"), sorted(allowed))
        if name in option_keys():
            self.reader.add_problem(f"{path}.{word}", "job-not-an-option")
        else:
            self.reader.add_problem(f"{path}.{word}", "config-unknown-near" if near else "config-unknown", near=near)
        return False
