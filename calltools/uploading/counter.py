"""The counter that calls go to, looked at before anything is sent: its name, the right to upload, its visits."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from calltools.errors import AccessDeniedError, CalltoolsError, ServiceError, TokenRefusedError
from calltools.metrica.client import Client
from calltools.metrica.responses import Counter
from calltools.rules.service import WINDOW_S

#: A call is linked to a visit of these days.
WINDOW_DAYS: Final = WINDOW_S // 86_400


@dataclass(frozen=True, slots=True)
class CounterLook:
    """What is known of a counter.

    Attributes:
        counter: As the service describes it, or only its number.
        visits: Visits in the window in which calls are linked; ``None``: not asked, or not said.
        problem: Why the service did not describe it.
    """

    counter: Counter
    visits: int | None = None
    problem: CalltoolsError | None = None

    @property
    def is_hidden(self) -> bool:
        """Whether the service does not show it to this token, which may be one that can upload and nothing else."""
        return isinstance(self.problem, AccessDeniedError)

    @property
    def refusal(self) -> ServiceError | None:
        """Why nothing can be sent to it; ``None``: nothing is known against it."""
        if isinstance(self.problem, TokenRefusedError) and not self.is_hidden:
            return self.problem
        if self.counter.may_upload is not False:
            return None
        return ServiceError("upload-no-right", counter=self.counter.label, permission=self.counter.permission)


def look_at_counter(client: Client, number: int, dynamic: Iterable[int]) -> CounterLook:
    """Read a counter, and its visits if there are calls to link to them. Nothing is asked twice and no error is raised.

    A token that may only upload is shown neither; and what makes an upload impossible, such as a service that does not
    answer, stops it at the list of uploadings.

    Args:
        client: The client.
        number: Of the counter.
        dynamic: Numbers of calls, part by part, that are to be linked.
    """
    try:
        counter = client.get_counter(number, once=True)
    except ServiceError as error:
        return CounterLook(Counter(number), problem=error)
    try:
        # Nobody is helped by the visits of a counter that takes no calls.
        wanted = any(dynamic) and counter.may_upload is not False
        return CounterLook(counter, client.count_visits(number, WINDOW_DAYS) if wanted else None)
    except ServiceError:
        return CounterLook(counter)
