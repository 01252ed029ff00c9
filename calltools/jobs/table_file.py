"""Writing a job into a configuration file, whose other bytes stay as they are."""

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from calltools.errors import ConfigError, OutputError, UsageError
from calltools.files.atomic import AtomicFile
from calltools.files.placeholders import is_job_name
from calltools.files.remote_path import is_remote
from calltools.toml_reader import format_toml

_SHARED_FILE: Final = "pyproject.toml"
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
#: What others may do with a file that is made new.
_NEW_FILE_MODE: Final = 0o644


def append_job(path: Path, job: Mapping[str, Any]) -> None:
    """Append a table of a job to a configuration file, which is made if it is missing; whole or not at all.

    Args:
        path: ``calltools.toml``, or a ``pyproject.toml``, in which the table is one of ``[tool.calltools]``.
        job: Keys and values of the table, in the order in which they are written; ``name`` is one of them. Options are
            spelled as in the file: ``static-call``. Values are text, paths, numbers, flags, and lists of these.

    Raises:
        ConfigError: The file is no TOML, has a job of that name, or something else at the key of jobs.
        UsageError: It cannot be read, or no job may have this name: the whole configuration would be refused for it.
        OutputError: It cannot be written, or somebody else has written to it meanwhile.
    """
    if not is_job_name(str(job["name"])):
        raise UsageError("job-name-wrong")
    path = path.resolve() if path.is_symlink() else path
    before = _read_bytes(path)
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else _NEW_FILE_MODE
    text = _append_table(path, before.decode("utf-8", "surrogateescape"), job)
    with AtomicFile(path, force=True) as stream:
        stream.write(text.encode("utf-8", "surrogateescape"))
        if _read_bytes(path) != before:
            raise OutputError("job-file-changed", path=path)
    path.chmod(mode)


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as fault:
        raise UsageError("config-unreadable", path=path, reason=fault.strerror) from None


def _append_table(path: Path, text: str, job: Mapping[str, Any]) -> str:
    """The text of the file with the table behind it."""
    is_shared = path.name == _SHARED_FILE
    known = _jobs_in(path, text, is_shared=is_shared)
    if any(str(other.get("name", "")).casefold() == str(job["name"]).casefold() for other in known):
        raise ConfigError(path, ((_root(is_shared=is_shared), "job-name-twice", {"name": job["name"]}),))
    lines = [f"[[{'tool.calltools.' if is_shared else ''}jobs]]"]
    lines += [f"{_format_key(key)} = {format_toml(value)}" for key, value in job.items() if value is not None]
    line_end = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text else line_end if text.endswith("\n") else 2 * line_end
    appended = f"{text}{gap}{line_end.join([*lines, ''])}"
    try:
        tomllib.loads(appended)
    except ValueError:
        # A list written in brackets cannot be continued by a table.
        raise ConfigError(path, ((_root(is_shared=is_shared), "job-tables-needed", {}),)) from None
    return appended


def _jobs_in(path: Path, text: str, *, is_shared: bool) -> list[dict[str, Any]]:
    """The tables of jobs in a file.

    Raises:
        ConfigError: The file is no TOML, or jobs are no tables of their own there.
    """
    try:
        document: Any = tomllib.loads(text)
    except (ValueError, RecursionError) as fault:
        raise ConfigError(path, (("$", "profile-not-toml", {"reason": str(fault)}),)) from None
    for key in ("tool", "calltools") if is_shared else ():
        document = document.get(key, {}) if isinstance(document, dict) else {}
    jobs = document.get("jobs", []) if isinstance(document, dict) else None
    if not isinstance(jobs, list) or not all(isinstance(job, dict) for job in jobs):
        raise ConfigError(path, ((_root(is_shared=is_shared), "job-tables-needed", {}),))
    return jobs


def _root(*, is_shared: bool) -> str:
    return "$.tool.calltools.jobs" if is_shared else "$.jobs"


def _format_key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else format_toml(key)


def path_from_folder(text: str, folder: Path) -> str:
    """A path from the working folder as a file in another folder names it; an address, and a whole path, as it is."""
    if is_remote(text) or Path(text).is_absolute():
        return text
    return os.path.relpath(Path.cwd() / text, folder)
