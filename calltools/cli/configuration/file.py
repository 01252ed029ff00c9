"""Reading calltools.toml or [tool.calltools] of pyproject.toml, from the working directory or a folder above it."""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Any, Final, TypeAlias

from calltools.cli.configuration.job_tables import JobTable, JobTableReader
from calltools.cli.configuration.keys import ConfigValue, InvalidValue, command_line_only, option_keys
from calltools.cli.options import ReadingOptions
from calltools.errors import ConfigError, Problem, UsageError, nearest_word
from calltools.toml_reader import TomlReader

_OWN_FILE: Final = "calltools.toml"
_SHARED_FILE: Final = "pyproject.toml"
_FILES_KEY: Final = "files"
_OVERRIDES_KEY: Final = "overrides"
#: Outcomes are given to one call of all files of a run.
_OF_ALL_FILES: Final = frozenset({"stdin_name", "as_of", "outcomes", "outcome_window", "outcome_columns"})
#: Also the option ``--jobs``, which is a number; a list of tables is the jobs of ``calltools run``.
_JOBS_KEY: Final = "jobs"
#: Options that an override may set: how a file is read, which rules apply, where its calls are uploaded.
PER_FILE_OPTIONS: Final = frozenset(
    {option.name for option in fields(ReadingOptions)} - _OF_ALL_FILES
    | {"select", "ignore", "counter", "goal", "comment", "min_linked"}
)
#: Ends each glob and each path: without it a folder that a glob fits would stand for all files in it.
_FILE_MARK: Final = "\0"
_SECRETS: Final = frozenset({"token", "token_file", "token_stdin"})


@dataclass(frozen=True, slots=True)
class Override:
    """Values for the files that any of the globs fits."""

    globs: tuple[str, ...]
    values: Mapping[str, ConfigValue]


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration file.

    Attributes:
        folder: The folder of the file; globs start there.
        values: Option -> value.
        overrides: In the order of the file; the last one that fits wins.
        jobs: In the order of the file.
        path: The file; ``None``: there is none.
    """

    folder: Path = field(default_factory=Path)
    values: Mapping[str, ConfigValue] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    jobs: tuple[JobTable, ...] = ()
    path: Path | None = None

    def matching_overrides(self, name: str) -> tuple[int, ...]:
        """Numbers of the overrides that fit a file; a path outside of the folder is compared as an absolute one."""
        path = PurePath(os.path.normpath(Path.cwd() / name))
        inside = path.is_relative_to(self.folder)
        shown = (path.relative_to(self.folder) if inside else path).as_posix()
        return tuple(
            number
            for number, override in enumerate(self.overrides)
            if any(_glob_matches(glob, shown) for glob in override.globs)
        )


#: Further problems of a configuration, which may be one that is read in part only.
ConfigCheck: TypeAlias = Callable[[Config], Iterable[Problem]]


def find_config(folder: Path, check: ConfigCheck = lambda _: ()) -> Config:
    """The nearest configuration file, from a folder upward; an empty configuration if there is none.

    Args:
        folder: Where the search starts.
        check: Finds what only one command has to know of: its problems are told together with all others.

    Raises:
        ConfigError: The file is written wrong; the error lists all problems.
        UsageError: The file cannot be read.
    """
    for place in (folder, *folder.parents):
        for path in (place / _OWN_FILE, place / _SHARED_FILE):
            if path.is_file() and (table := _parse_file(path)) is not None:
                return _ConfigReader(path, "$" if path.name == _OWN_FILE else "$.tool.calltools").read(table, check)
    return Config()


def _parse_file(path: Path) -> Any:
    """The table of our options in a file; ``None``: the file has none."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as fault:
        raise UsageError("config-unreadable", path=path, reason=fault.strerror) from None
    except UnicodeDecodeError as fault:
        if path.name == _SHARED_FILE:
            return None
        raise ConfigError(path, (("$", "profile-not-toml", {"reason": str(fault.reason)}),)) from None
    # The pyproject.toml of another project may be wrong: it is not our business.
    if path.name == _SHARED_FILE and "calltools" not in text:
        return None
    reader = TomlReader()
    document = reader.parse(text)
    if document is None:
        raise ConfigError(path, tuple(reader.problems))
    if path.name == _OWN_FILE:
        return document
    tools = document.get("tool")
    return tools.get("calltools") if isinstance(tools, dict) else None


@dataclass(slots=True)
class _ConfigReader:
    """One pass over a file; records each problem."""

    path: Path
    root: str
    reader: TomlReader = field(default_factory=TomlReader)

    def read(self, value: Any, check: ConfigCheck) -> Config:
        overrides: tuple[Override, ...] = ()
        values: Mapping[str, ConfigValue] = {}
        jobs: tuple[JobTable, ...] = ()
        if (table := self.reader.check_table(value, self.root)) is not None:
            if isinstance(table.get(_JOBS_KEY), list):
                jobs = JobTableReader(self.reader, self._read_values).read(table, _JOBS_KEY, self.root)
                table = {word: value for word, value in table.items() if word != _JOBS_KEY}
            values = self._read_values(table, self.root, (_OVERRIDES_KEY,))
            overrides = tuple(
                self._read_override(override, path)
                for path, override in self.reader.read_tables(table, _OVERRIDES_KEY, self.root)
            )
        config = Config(self.path.parent, values, overrides, jobs, self.path)
        if problems := [*self.reader.problems, *check(config)]:
            raise ConfigError(self.path, tuple(_with_job(problem, jobs) for problem in problems))
        return config

    def _read_override(self, table: Mapping[str, Any], path: str) -> Override:
        globs = self.reader.read_texts(table, _FILES_KEY, path, required=True)
        values = self._read_values(table, path, (_FILES_KEY,))
        for name in values.keys() - PER_FILE_OPTIONS:
            self.reader.add_problem(values[name].origin.partition(": ")[2], "config-not-per-file")
        return Override(globs, values)

    @property
    def _folder(self) -> Path | None:
        """Where relative paths start; ``None``: in the working directory."""
        return None if self.path.parent == Path.cwd() else self.path.parent

    def _read_values(self, table: Mapping[str, Any], path: str, other_keys: Sequence[str]) -> dict[str, ConfigValue]:
        """The options in a table; other keys that it may have are read elsewhere."""
        found: dict[str, ConfigValue] = {}
        folder = self._folder
        for word, value in table.items():
            name, place = word.replace("-", "_"), f"{path}.{word}"
            if word in other_keys:
                continue
            if name not in option_keys():
                self._add_unknown(name, place, [*(key.spelling for key in option_keys().values()), *other_keys])
            elif name in found:
                self.reader.add_problem(place, "config-twice", word=option_keys()[name].spelling)
            elif isinstance(parsed := option_keys()[name].parse(value, folder), InvalidValue):
                self.reader.add_problem(place, parsed.key, **parsed.facts)
            else:
                found[name] = ConfigValue(parsed, f"{self.path.name if folder is None else self.path}: {place}")
        return found

    def _add_unknown(self, name: str, path: str, allowed: Iterable[str]) -> None:
        if name in _SECRETS:
            self.reader.add_problem(path, "config-secret")
        elif name in command_line_only():
            self.reader.add_problem(path, "config-by-hand", word=name.replace("_", "-"))
        else:
            near = nearest_word(name.replace("_", "-"), allowed)
            self.reader.add_problem(path, "config-unknown-near" if near else "config-unknown", near=near)


def _with_job(problem: Problem, jobs: Sequence[JobTable]) -> Problem:
    """A problem with the name of its job beside its path: people do not count tables."""
    path, key, facts = problem
    name = next((job.name for job in jobs if path == job.path or path.startswith(f"{job.path}.")), "")
    return (f"{path} ({name})" if name else path), key, facts


def _glob_matches(glob: str, path: str) -> bool:
    """Whether a glob fits a path; one without a slash fits a name in any folder, as in ``.gitignore``."""
    if path.startswith("/") and "/" in glob and not glob.startswith(("/", "**/")):
        # The path is outside of the folder where the glob starts; pathspec would drop its leading slash.
        return False
    if glob.startswith("/") and not path.startswith("/"):
        return False
    return bool(_compile_glob(glob).match_file(f"{path}{_FILE_MARK}"))


@lru_cache(maxsize=256)
def _compile_glob(glob: str) -> Any:
    from pathspec import PathSpec  # noqa: PLC0415 - only overrides need it

    # Brackets and what .gitignore reads at the beginning of a line are plain letters in our globs.
    plain = re.sub(r"[\[\]\\!#]", r"\\\g<0>", glob.removeprefix("./"))
    anchored = f"/{plain.removeprefix('/')}" if "/" in glob else plain
    whole = f"{anchored}/*" if anchored.endswith("**") else anchored
    return PathSpec.from_lines("gitignore", [f"{whole}{_FILE_MARK}"])
