"""Keeping the answers of ``calltools send`` as a job of ``calltools.toml``."""

from collections.abc import Sequence
from dataclasses import fields
from enum import Enum
from pathlib import Path
from typing import Any, Final

from calltools.cli.configuration.file import find_config
from calltools.cli.configuration.job_tables import JOB_OPTIONS
from calltools.cli.send_answers import option_answers
from calltools.guide import Answers
from calltools.guide.answers import split_words
from calltools.jobs.table_file import append_job, path_from_folder

_FILE_NAME: Final = "calltools.toml"
_LISTS: Final = frozenset({"own-number", "inbound-context"})
#: Options whose values are paths, which start in the folder of the configuration.
_PATHS: Final = frozenset({"identifiers", "outcomes", "rejects", "report", "baseline", "output"})


def keep_as_job(  # noqa: PLR0913 - what a job is made of
    name: str,
    files: Sequence[str],
    groups: Sequence[Any],
    given: frozenset[str],
    answers: Answers,
    *,
    token_file: Path | None,
) -> Path:
    """Write a job that does the same; gives the configuration file.

    Args:
        name: Of the job.
        files: Its inputs.
        groups: The groups of options of the command.
        given: Names of the options that stood on the command line.
        answers: What was answered, ``counter`` among it.
        token_file: The file with the token, if it is in one.

    Raises:
        ConfigError: The configuration cannot take the job: it has one of that name, or is wrong.
        OutputError: It cannot be written.
    """
    config = find_config(Path.cwd()).path or Path.cwd() / _FILE_NAME
    folder = config.parent
    job: dict[str, Any] = {"name": name, "inputs": [path_from_folder(one, folder) for one in files]}
    said = option_answers(answers)
    for group in groups:
        for field in fields(group):
            option = field.name.replace("_", "-")
            if field.name in given & JOB_OPTIONS and option not in said:
                job[option] = _plain(option, getattr(group, field.name), folder)
    for option, text in said.items():
        job[option] = _answer(option, text, folder)
    if token_file is not None:
        job["token"] = f"file:{path_from_folder(str(token_file), folder)}"
    append_job(config, {**job, "wait": True})
    return config


def _answer(option: str, text: str, folder: Path) -> object:
    if option in _LISTS:
        return [*split_words(text)]
    if option in {"counter", "header-row"}:
        return int(text)
    return _plain(option, text, folder)


def _plain(option: str, value: object, folder: Path) -> object:
    """A value as TOML has it."""
    if isinstance(value, list | tuple):
        return [_plain(option, one, folder) for one in value]
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Path) or option in _PATHS or (option == "vendor" and str(value).endswith(".toml")):
        return path_from_folder(str(value), folder)
    return value
