"""Run ``upload``: options become values, streams are opened, results are printed. Heavy imports."""

import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from calltools.cli.configuration.layers import OptionLayers
from calltools.cli.inputs import find_inputs
from calltools.cli.service_access import connect_once, open_ledger
from calltools.cli.typed_command import TypedCommand
from calltools.cli.upload_console import UploadConsole, open_console
from calltools.cli.upload_options import (
    AbsencePolicy,
    AccessOptions,
    CounterOption,
    FollowOptions,
    OutputOptions,
    ResultFormat,
    SendOptions,
    repeat_options,
)
from calltools.files.folders import FoundFile
from calltools.files.limits import parse_limits
from calltools.ledger import (
    Part,
    ReconcilePolicy,
    ResendMode,
    list_parts,
)
from calltools.uploading.context import SEARCH_TIMEOUT_S, UploadOptions, refuse_wrong_request
from calltools.uploading.file_upload import Uploader, UploadRequest
from calltools.uploading.part_words import format_part_json, format_part_line

#: Options that a command which follows an upload needs as well.
_REPEATED: Final = frozenset({"token_file", "token_stdin", "ca_file", "lang", "min_linked", "poll_interval"})


@dataclass(frozen=True, slots=True)
class FileOptions:
    """The options for one file; the configuration may name others for another file.

    Attributes:
        counter: 0: none.
        send: What is sent, and how.
        follow: How it is polled.
        absence: When a part counts as absent.
    """

    counter: int
    send: SendOptions
    follow: FollowOptions
    absence: AbsencePolicy


def choose_options(  # noqa: PLR0913, PLR0917 - the groups of options
    layers: OptionLayers,
    name: str,
    counter: CounterOption,
    send: SendOptions,
    follow: FollowOptions,
    absence: AbsencePolicy,
) -> FileOptions:
    """The options for a file: each command that sends calls chooses their counter here.

    Args:
        layers: The command line, variables, and the configuration with its overrides for some files.
        name: The file as it was named.
        counter: Options of the command; those that the layers have for the file replace them.
        send: The same.
        follow: The same.
        absence: The same.

    Raises:
        UsageError: The comment holds what the service does not take.
    """
    matching = layers.config.matching_overrides(name)
    chosen = FileOptions(
        layers.apply(counter, matching).counter or 0,
        layers.apply(send, matching),
        layers.apply(follow, matching),
        layers.apply(absence),
    )
    # Whether a counter is needed is for the command to say: one of them can ask.
    refuse_wrong_request(chosen.counter or None, chosen.send.comment, dry_run=True)
    return chosen


def upload_files(  # noqa: PLR0913 - the files, and groups of options
    files: Sequence[str],
    options_for: Callable[[str], FileOptions],
    access: AccessOptions,
    output: OutputOptions,
    typed: TypedCommand,
    *,
    recursive: bool = False,
) -> int:
    """Upload files; gives the exit code, the highest of all.

    Args:
        files: As the user named them, folders among them; ``-`` is standard input.
        options_for: Gives the options for a file by its name; called for all files before anything else is done.
        access: How the service is reached.
        output: How what happens is printed.
        typed: The command, which the next one repeats.
        recursive: Whether folders in a folder are looked into.
    """
    inputs = find_inputs(files, [], output.language, quiet=output.quiet, recursive=recursive)
    # What came through a pipe is not there any more for a next command.
    return upload_found(inputs, options_for, access, output, None if "-" in files else typed)


def upload_found(  # noqa: PLR0913 - the files, and groups of options
    inputs: Sequence[FoundFile],
    options_for: Callable[[str], FileOptions],
    access: AccessOptions,
    output: OutputOptions,
    typed: TypedCommand | None = None,
    *,
    tells_findings: bool = True,
    is_guided: bool = False,
    may_go_back: bool = False,
) -> int:
    """Upload files that were found; the rest is as in ``upload_files``.

    Args:
        inputs: The files.
        options_for: See there.
        access: See there.
        output: See there.
        typed: See there; ``None``: no next command is told.
        tells_findings: Whether findings are printed that stop nothing; who has converted the file has told them.
        is_guided: Whether it is the last step of a guided run.
        may_go_back: Whether a person who is asked may return to a question before.

    Raises:
        BackError: The person does; nothing was sent.
    """
    # For all files first: a wrong option for the last one is refused before the first is read.
    options = [options_for(one.name) for one in inputs]
    requests = [_build_request(one, chosen, access) for one, chosen in zip(inputs, options, strict=True)]
    # The form of the lines and a dry run are options of the command line alone: the same for every file.
    format_part = format_part_json if options[0].send.output_format is ResultFormat.JSON else format_part_line
    with (
        open_console(
            output, format_part, tells_findings=tells_findings, is_guided=is_guided, may_go_back=may_go_back
        ) as console,
        ExitStack() as stack,
    ):
        ledger = None if options[0].send.dry_run else stack.enter_context(open_ledger())
        if ledger is not None:
            console.print_detail("upload-ledger", folder=ledger.folder, count=len(list_parts(ledger)))
        uploaded = Uploader(ledger, connect_once(access, console, stack), console).upload_files(requests)
        parts = (part for result in uploaded for part in result.parts)
        say_what_follows(console, parts, access, options[0].follow)
        code = max(result.code for result in uploaded)
        if typed is not None and options[0].send.output_format is ResultFormat.TEXT:
            console.say_next(typed, code)
        return code


def say_what_follows(
    console: UploadConsole, parts: Iterable[Part], access: AccessOptions, follow: FollowOptions
) -> None:
    """Print the commands that follow from the state of parts, with the options that they need as well."""
    console.say_what_follows(
        parts,
        repeat_options(access, console.options, names=_REPEATED),
        repeat_options(follow, names=_REPEATED),
    )


def _build_request(one: FoundFile, options: FileOptions, access: AccessOptions) -> UploadRequest:
    send, follow = options.send, options.follow
    again: ResendMode = "all" if send.all else "changed" if send.changed else "none"
    return UploadRequest(
        sys.stdin.buffer if one.name == "-" else one.path,
        send.stdin_name if one.name == "-" else one.name,
        UploadOptions(
            counter=options.counter,
            goal=send.goal,
            comment=send.comment,
            again=again,
            wait=send.wait,
            min_linked=follow.min_linked,
            poll_interval_s=follow.poll_interval,
            wait_limit_s=follow.wait_limit,
            # Whoever waits less for a request does not want to search longer than that.
            search_timeout_s=min(SEARCH_TIMEOUT_S, access.timeout),
            policy=build_policy(options.absence),
            without_list=send.without_list,
        ),
        skip_bad=send.skip_bad,
        plan_only=send.plan,
        confirmed=send.yes,
        member=one.member,
        limits=parse_limits(send.limit or []),
    )


def build_policy(absence: AbsencePolicy) -> ReconcilePolicy:
    """When a part counts as absent, and what follows, as the options say."""
    return ReconcilePolicy(min_absent_seconds=60 * absence.settle_minutes, on_absent=absence.on_absent.value)
