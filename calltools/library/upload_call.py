"""What a caller wants to upload, and how: the arguments of ``plan`` and ``upload`` as values of an upload."""

import logging
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypedDict

from calltools.ledger import (
    ReconcilePolicy,
    ResendMode,
)
from calltools.library.inputs import Sources, find_inputs, list_sources
from calltools.library.log import log
from calltools.library.options import refuse_other_words, refuse_unknown
from calltools.metrica.connection import ConnectionOptions, Timeouts
from calltools.metrica.token import Token, TokenOptions, find_token
from calltools.settings import read_settings, token_from_environment
from calltools.uploading.context import (
    SEARCH_TIMEOUT_S,
    UploadOptions,
    refuse_wrong_request,
)
from calltools.uploading.file_upload import UploadRequest


class UploadArguments(TypedDict, total=False):
    """How an upload is done, by the names of the command line.

    Attributes:
        comment: Letters, digits and spaces; shown in Metrica.
        again: Which known calls are sent once more: ``none``, ``changed`` or ``all``.
        skip_bad: Leave records with errors out, instead of refusing the file.
        without_list: Send though the list of uploadings cannot be read.
        wait: Follow until Metrica is done.
        min_linked: Percent of the calls that must be linked; implies ``wait``.
        poll_interval: Seconds between two looks.
        wait_limit: Seconds to follow.
        settle_minutes: How long a part must be missing in the service's list to count as absent.
        on_absent: ``hold`` or ``resend``.
        token_file: A file with the token; else ``CALLTOOLS_TOKEN``, else the keyring.
        ca_file: Certificates of a private authority to trust as well.
        timeout: Seconds for one whole request.
    """

    comment: str
    again: ResendMode
    skip_bad: bool
    without_list: bool
    wait: bool
    min_linked: float | None
    poll_interval: float
    wait_limit: float
    settle_minutes: float
    on_absent: Literal["hold", "resend"]
    token_file: str | Path | None
    ca_file: str | Path | None
    timeout: float


_CHOICES: Final = {"again": ("none", "changed", "all"), "on_absent": ("hold", "resend")}


@dataclass(frozen=True, slots=True)
class UploadCall:
    """What a caller wants to upload, and how.

    Raises:
        UsageError: An option is wrong.
    """

    sources: Sources
    counter: int
    goal: str
    name: str | None
    recursive: bool
    options: Mapping[str, Any]

    def __post_init__(self) -> None:
        refuse_unknown(self.options, tuple(UploadArguments.__annotations__))
        for option, words in _CHOICES.items():
            if option in self.options:
                refuse_other_words(option, self.options[option], words)
        refuse_wrong_request(self.counter, self.options.get("comment", ""))

    def requests(self, stack: ExitStack, *, plan_only: bool, confirmed: bool) -> list[UploadRequest]:
        """A request for each file."""
        found = find_inputs(list_sources(self.sources), stack, [], name=self.name, recursive=self.recursive)
        return [
            UploadRequest(
                one.path,
                one.name,
                self._upload_options(),
                skip_bad=self.options.get("skip_bad", False),
                plan_only=plan_only,
                confirmed=confirmed,
                member=one.member,
            )
            for one in found
        ]

    def _upload_options(self) -> UploadOptions:
        given, usual = self.options, UploadOptions(self.counter)
        return UploadOptions(
            counter=self.counter,
            goal=self.goal,
            comment=given.get("comment", ""),
            again=given.get("again", "none"),
            wait=given.get("wait", False),
            min_linked=given.get("min_linked"),
            poll_interval_s=given.get("poll_interval", usual.poll_interval_s),
            wait_limit_s=given.get("wait_limit", usual.wait_limit_s),
            search_timeout_s=min(SEARCH_TIMEOUT_S, given.get("timeout", SEARCH_TIMEOUT_S)),
            policy=ReconcilePolicy(
                min_absent_seconds=60 * given.get("settle_minutes", usual.policy.min_absent_seconds / 60),
                on_absent=given.get("on_absent", "hold"),
            ),
            without_list=given.get("without_list", False),
        )

    def connection(self) -> ConnectionOptions:
        """Where the service is, and how long it may take."""
        usual, timeout = Timeouts(), self.options.get("timeout")
        ca_file = self.options.get("ca_file")
        timeouts = usual if timeout is None else Timeouts(post_total=timeout, get_total=min(usual.get_total, timeout))
        url = read_settings().api_url or ConnectionOptions().url
        return ConnectionOptions(url, None if ca_file is None else Path(ca_file), timeouts)

    def token(self) -> Token:
        """The token of the first place that has one."""
        file = self.options.get("token_file")
        places = TokenOptions(None if file is None else Path(file), None, token_from_environment())
        return find_token(places, lambda key, **facts: log(logging.WARNING, key, **facts))
