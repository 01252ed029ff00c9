"""What a caller wants to upload, and how: the arguments of ``plan`` and ``upload`` as values of an upload."""

import logging
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypedDict, get_type_hints

from calltools.ledger import (
    ReconcilePolicy,
    ResendMode,
)
from calltools.library.inputs import Sources, find_inputs, list_sources
from calltools.library.log import log
from calltools.library.option_types import refuse_other_types, refuse_out_of_range
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

    An option that is ``None`` is not given.
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


#: Least and most, as on the command line.
RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "counter": (1, 2**63 - 1),
    "min_linked": (0, 100),
    "poll_interval": (0.05, 86_400),
    "wait_limit": (0, 365 * 86_400),
    "settle_minutes": (1, 365 * 86_400 // 60),
    "timeout": (1, 86_400),
}
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
        refuse_other_types("counter", self.counter, int)
        refuse_out_of_range("counter", self.counter, *RANGES["counter"])
        # One of numpy would be another value for the ledger.
        object.__setattr__(self, "counter", int(self.counter))
        types = get_type_hints(UploadArguments)
        refuse_unknown(self.options, tuple(types))
        # As of all options: ``None`` is the usual value.
        object.__setattr__(self, "options", {name: one for name, one in self.options.items() if one is not None})
        for option, value in self.options.items():
            refuse_other_types(option, value, types[option])
            refuse_out_of_range(option, value, *RANGES.get(option, (None, None)))
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
