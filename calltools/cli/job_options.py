"""Jobs of the configuration as values: the options in a table of a job, over those that hold for every command."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from calltools.cli.configuration.file import Config
from calltools.cli.configuration.job_tables import JOB_ONLY, JobTable
from calltools.cli.configuration.keys import ConfigValue, resolve_text
from calltools.cli.configuration.layers import OptionLayers
from calltools.cli.options import FindingOptions, ReadingOptions, WritingOptions, split_words
from calltools.cli.run_options import build_run_options
from calltools.cli.upload_options import AbsencePolicy, CounterOption, FollowOptions, SendOptions
from calltools.errors import CalltoolsError, ConfigError, Problem, SourceError, UsageError, nearest_word
from calltools.fields.check_assumptions import check_assumptions
from calltools.files.limits import parse_limits
from calltools.jobs.definition import Job, JobFiles
from calltools.ledger import JobKey, ReconcilePolicy
from calltools.model.rule import Severity
from calltools.reports import form_for_path
from calltools.reports.reporter import ReportOptions
from calltools.run import RunOptions, build_hints, parse_as_of, parse_identifier_columns, parse_window
from calltools.texts import Language
from calltools.uploading.context import SEARCH_TIMEOUT_S, UploadOptions, refuse_wrong_request
from calltools.validation.ruleset import select_rules
from calltools.vendors.profile_library import find_profile

_Group = TypeVar("_Group", bound=Any)


def select_tables(layers: OptionLayers, names: Sequence[str]) -> list[JobTable]:
    """The tables of the jobs with some names, or of all, in the order of the configuration.

    Raises:
        UsageError: There is no job, or none of a name.
    """
    tables = layers.config.jobs
    if not tables:
        raise UsageError("jobs-none-in" if layers.config.path else "jobs-none", path=layers.config.path)
    by_name = {table.name.casefold(): table for table in tables}
    for name in names:
        if name.casefold() not in by_name:
            known = [table.name for table in tables]
            near = nearest_word(name, known)
            raise UsageError(
                "job-unknown-near" if near else "job-unknown", word=name, near=near, names=", ".join(known)
            )
    wanted = {name.casefold() for name in names}
    return [table for name, table in by_name.items() if not wanted or name in wanted]


def known_tables(config: Config, names: Sequence[str]) -> list[JobTable]:
    """The tables of the jobs with some names, or of all; a name without a job is for the command to refuse."""
    wanted = {name.casefold() for name in names}
    return [job for job in config.jobs if not wanted or job.name.casefold() in wanted]


def find_wrong_values(config: Config, jobs: Sequence[JobTable], language: Language) -> Iterator[Problem]:
    """Values in a configuration that are wrong whatever the inputs hold; no second file is opened.

    Args:
        config: The configuration.
        jobs: The jobs that count.
        language: Of the sentences.
    """
    overrides = [override.values for override in config.overrides]
    for values in (config.values, *overrides, *(job.values for job in jobs)):
        for name, value in values.items():
            if name in _CHECKS and (error := _error_of(_CHECKS[name], value.value)):
                yield _path_of(value), "config-value-refused", {"reason": error.say(language)}


def build_jobs(
    tables: Sequence[JobTable], layers: OptionLayers, language: Language, request_timeout_s: float
) -> list[Job]:
    """Jobs as values.

    Raises:
        ConfigError: An option is wrong whatever the inputs hold; all jobs that have one are named.
        UsageError: A variable is wrong, for all of them.
    """
    jobs: list[Job] = []
    errors: list[tuple[JobTable, UsageError]] = []
    for table in tables:
        try:
            jobs.append(build_job(table, layers, language, request_timeout_s))
        except UsageError as error:
            errors.append((table, error))
    if len(errors) > 1 and len({error.say(language) for _, error in errors}) == 1:
        raise errors[0][1]
    if errors:
        problems: list[Problem] = [
            (f"{table.path} ({table.name})", "config-value-refused", {"reason": error.say(language)})
            for table, error in errors
        ]
        raise ConfigError(layers.config.path, tuple(problems))
    return jobs


def build_good_jobs(layers: OptionLayers, language: Language, request_timeout_s: float) -> list[Job]:
    """All jobs of the configuration but those of which an option is wrong: nobody could have run them."""
    jobs = []
    for table in layers.config.jobs:
        with suppress(UsageError):
            jobs.append(build_job(table, layers, language, request_timeout_s))
    return jobs


def _error_of(check: Callable[[Any], object], value: object) -> CalltoolsError | None:
    try:
        check(value)
    except (UsageError, SourceError) as error:
        return error
    return None


def _path_of(value: ConfigValue) -> str:
    """Where a value stands in the file, without the name of the file."""
    return f"${value.origin.rpartition(': $')[2]}"


def _refuse_unknown_vendor(name: str) -> None:
    if name not in {"auto", "none"}:
        find_profile(name)


def _refuse_unknown_forms(paths: Sequence[object]) -> None:
    for path in paths:
        form_for_path(Path(str(path)))


#: Option -> refuses a value that no input could make right.
_CHECKS: Final[Mapping[str, Callable[[Any], object]]] = {
    "timezone": lambda value: check_assumptions(value, None, None),
    "region": lambda value: check_assumptions(None, value, None),
    "currency": lambda value: check_assumptions(None, None, value),
    "vendor": _refuse_unknown_vendor,
    "select": lambda value: select_rules(split_words(value)),
    "ignore": lambda value: select_rules((), split_words(value)),
    "encoding": lambda value: build_hints(encoding=value),
    "delimiter": lambda value: build_hints(delimiter=value),
    "identifier_window": parse_window,
    "outcome_window": lambda value: parse_window(value, "outcome-window"),
    "identifier_columns": parse_identifier_columns,
    "outcome_columns": lambda value: parse_identifier_columns(value, "outcome-columns"),
    "as_of": parse_as_of,
    "limit": parse_limits,
    "comment": lambda value: refuse_wrong_request(None, value, dry_run=True),
    "report": _refuse_unknown_forms,
}


def build_job(table: JobTable, layers: OptionLayers, language: Language, request_timeout_s: float) -> Job:
    """A job as a value.

    Raises:
        UsageError: An option is wrong whatever the inputs hold.
    """
    showing, writing = _apply(layers, table, FindingOptions()), _apply(layers, table, WritingOptions())

    def options_for(name: str) -> RunOptions:
        matching = layers.config.matching_overrides(name) if name else ()
        return build_run_options(
            _apply(layers, table, ReadingOptions(), matching), _apply(layers, table, FindingOptions(), matching)
        )

    def upload_for(name: str) -> UploadOptions | None:
        return _build_upload(table, layers, request_timeout_s, layers.config.matching_overrides(name))

    _refuse_wrong_options(options_for(""))
    folder = layers.config.folder
    start = None if folder == Path.cwd() else folder
    reports = tuple(str(path) for path in showing.report or ())
    for report in reports:
        form_for_path(Path(report))
    reading = _apply(layers, table, ReadingOptions())
    return Job(
        key_of(table, layers),
        tuple(resolve_text(text, start) for text in table.inputs),
        options_for,
        JobFiles(
            None if "output" not in table.values else writing.output,
            None if writing.rejects is None else str(writing.rejects),
            reports,
            None if table.archive is None else resolve_text(table.archive, start),
        ),
        _build_upload(table, layers, request_timeout_s),
        "fail" if writing.on_error.value == "fail" else "reject",
        Severity(showing.fail_on.value),
        reading.recursive,
        ReportOptions(language, showing.show_values),
        upload_for,
    )


def _refuse_wrong_options(options: RunOptions) -> None:
    """Refuse what is wrong whatever the inputs hold, before the first job is run; no second file is opened.

    Raises:
        UsageError: An unknown zone, country, currency, rule or profile.
    """
    check_assumptions(options.timezone, options.region, options.currency)
    select_rules(options.select, options.ignore)
    _refuse_unknown_vendor(options.vendor)


def key_of(table: JobTable, layers: OptionLayers) -> JobKey:
    """How the ledger knows a job."""
    return JobKey(str((layers.config.path or layers.config.folder).absolute()), table.name)


def _build_upload(
    table: JobTable, layers: OptionLayers, request_timeout_s: float, matching: Sequence[int] = ()
) -> UploadOptions | None:
    """How the calls of an input are sent, that some overrides fit; the counter is that of the job all the same."""
    counter = _apply(layers, table, CounterOption()).counter
    if counter is None:
        return None
    send = _apply(layers, table, SendOptions(), matching)
    follow = _apply(layers, table, FollowOptions(), matching)
    absence = _apply(layers, table, AbsencePolicy())
    refuse_wrong_request(counter, send.comment)
    return UploadOptions(
        counter=counter,
        goal=send.goal,
        comment=send.comment,
        again="changed" if send.changed else "none",
        wait=send.wait,
        min_linked=follow.min_linked,
        poll_interval_s=follow.poll_interval,
        wait_limit_s=follow.wait_limit,
        # As for ``upload``: whoever waits less for a request does not want to search longer than that.
        search_timeout_s=min(SEARCH_TIMEOUT_S, request_timeout_s),
        policy=ReconcilePolicy(min_absent_seconds=60 * absence.settle_minutes, on_absent=absence.on_absent.value),
        without_list=send.without_list,
    )


def _apply(layers: OptionLayers, table: JobTable, group: _Group, matching: Sequence[int] = ()) -> _Group:
    """A group of options: those of the job, before variables, overrides and what holds for every command.

    A variable before the job would send the calls of every client to one counter.
    """
    names = {field.name: field.default for field in fields(group)}
    inherited = layers.apply(group, matching)
    reset = {name: default for name, default in names.items() if name in JOB_ONLY}
    own = {name: value.value for name, value in table.values.items() if name in names}
    return replace(inherited, **reset | own)
