"""Rules on what the service links to a visit: calls inside the window of 21 days."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from calltools.fields.kernels.byte_kernels import digits_only
from calltools.fields.kinds import unix_time
from calltools.fields.local_times import SECONDS_PER_DAY
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, Numbers, count_in_each
from calltools.model.finding import Findings

WINDOW_S: Final = 21 * SECONDS_PER_DAY
_CLOSING_WINDOW_S: Final = 48 * 3600


def outside_window(columns: Mapping[str, Cells], assumptions: Assumptions) -> Mask:
    """The call is older than 21 days.

    Why:
        Metrica keeps a visit open for calls for 21 days until the file is processed. An older call still shows in the
        reports on calls, but the visit, and with it the advertising, will probably not be found.

    Example:
        bad: a call of 1 March in a file that is uploaded on 30 March
        good: the same call uploaded on 10 March

    Fix:
        Upload every day or week. For a file of the past give the day of its upload with --as-of; nothing brings these
        visits back.

    Source:
        Yandex Metrica, Data on conversions: not more than 21 days between the last visit and the processing.
    """
    times = columns["DateTime"]
    # Times before 2010 are implausible, and reported by a rule of their own (CT215).
    implausible = _times_before(times, unix_time.EARLIEST_CALL)
    return _times_before(times, assumptions.now - WINDOW_S) & ~implausible


class WindowClosing:
    """The oldest calls of the file have less than 48 hours left.

    Why:
        21 days after the visit Metrica no longer ties a call to it. Processing takes up to two hours, so a file that
        waits over the weekend loses calls without a word.

    Example:
        bad: calls of 1 March, uploaded on 22 March
        good: calls of 1 March, uploaded on 10 March

    Fix:
        Upload now. Then upload at least once a week.

    Source:
        Yandex Metrica, Data on conversions: the window of 21 days.
    """

    def __init__(self) -> None:
        self._count = 0

    def digest(self, columns: Mapping[str, Cells], ends: Numbers, assumptions: Assumptions) -> Sequence[Any]:
        """The count of calls of each batch that are inside the window, but for less than 48 hours."""
        if "DateTime" not in columns:
            return [0] * (len(ends) - 1)
        times = columns["DateTime"]
        end = assumptions.now - WINDOW_S
        closing = _times_before(times, end + _CLOSING_WINDOW_S) & ~_times_before(times, end)
        return list(map(int, count_in_each(closing, ends)))

    def add(self, digest: Any, _records: Numbers, _places: Numbers) -> Findings:
        """Add the count of a batch; the finding comes at the end of the table."""
        self._count += digest
        return Findings.empty()

    def close(self) -> Findings:
        """One finding for the file, with the count, if there are such calls."""
        return Findings.from_rows(
            [{"code": "", "field": "DateTime", "detail": str(self._count)}] if self._count else []
        )


def times_matter(oldest: int, newest: int, now: int) -> bool:
    """Whether a rule that compares times with now may find fault with calls from the oldest to the newest one.

    It needs nothing but numbers: for a file that is known to be clean no rule has to be loaded.
    """
    return oldest < now - WINDOW_S + _CLOSING_WINDOW_S or newest > now


def _times_before(times: Cells, moment: int) -> Mask:
    """Mask of the cells that are a time in Unix seconds before a moment."""
    early = unix_time.earlier_than(times, moment)
    return early & digits_only(times) if early.any() else early
