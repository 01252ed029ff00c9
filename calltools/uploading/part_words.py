"""A part of an upload in words: its line, its row in the list of uploadings, the events of its history."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from calltools.ledger import STATE_WORDS, CallStatus, Event, Part, PlannedPart, Transition
from calltools.metrica.responses import Uploading
from calltools.texts import Language, MessageKey, say
from calltools.uploading import results

STEPS: Final[Mapping[Transition, MessageKey]] = MappingProxyType(
    {
        Transition.RESERVE: "step-reserve",
        Transition.ADOPT: "step-adopt",
        Transition.SEND: "step-send",
        Transition.ACCEPT: "step-accept",
        Transition.ACCEPT_PARTIAL: "step-accept-part",
        Transition.REJECT: "step-reject",
        Transition.FAIL_TO_SEND: "step-fail-to-send",
        Transition.THROTTLE: "step-throttle",
        Transition.LOSE_ANSWER: "step-lose",
        Transition.FIND: "step-find",
        Transition.FIND_PARTIAL: "step-find-part",
        Transition.FIND_DUPLICATES: "step-find-many",
        Transition.NOT_LISTED: "step-miss",
        Transition.CONFIRM_ABSENT: "step-settle",
        Transition.HOLD: "step-hold",
        Transition.RESEND: "step-resend",
        Transition.GIVE_UP: "step-give-up",
        Transition.RELEASE: "step-release",
        Transition.RECORD_STATUS: "step-look",
        Transition.PROCESS: "step-process",
        Transition.FAIL_LINKAGE: "step-fail-linkage",
        Transition.STOP_POLLING: "step-tire",
    }
)
#: Sentences of a plan on the calls that are not new; for those that are held another one names the parts.
VERDICTS: Final[Mapping[CallStatus, MessageKey]] = MappingProxyType(
    {
        CallStatus.MAYBE_ADOPTED: "upload-plan-adopted",
        CallStatus.UNCHANGED: "upload-plan-unchanged",
        CallStatus.CHANGED: "upload-plan-changed",
        CallStatus.IDENTIFIED: "upload-plan-identified",
        CallStatus.REDUCED: "upload-plan-reduced",
        CallStatus.PLANNED: "upload-plan-planned",
        CallStatus.WAITING: "upload-plan-waiting",
        CallStatus.DOUBLED: "upload-plan-doubled",
    }
)
#: The statuses that the service documents. They stay as they are, for they are what its pages and answers show.
STATUSES: Final[Mapping[str, MessageKey]] = MappingProxyType(
    {
        "PREPARED": "status-prepared",
        "UPLOADED": "status-uploaded",
        "EXPORTED": "status-exported",
        "MATCHED": "status-matched",
        "PROCESSED": "status-processed",
        "LINKAGE_FAILURE": "status-linkage-failure",
    }
)


def describe_planned_part(part: PlannedPart) -> tuple[MessageKey, dict[str, object]]:
    """The message about a part of a plan, and its facts: only dynamic calls are looked for by an identifier."""
    facts: dict[str, object] = {"kind": part.kind, "dynamic": part.dynamic, "static": part.records - part.dynamic}
    if part.dynamic == part.records:
        return "upload-plan-part", facts
    return ("upload-plan-part-mixed" if part.dynamic else "upload-plan-part-static"), facts


def explain_status(status: str, language: Language) -> str:
    """A status of the service, explained if it is known."""
    return say(STATUSES[status], language) if status in STATUSES else status


def format_part_line(part: Part, language: Language) -> str:
    """``uploading 123 PROCESSED sent 100 accepted 100 linked 87``; what is not known is left out."""
    state = explain_status(part.status, language) or say(STATE_WORDS[part.state], language).upper()
    counts = (say(key, language, count=count) for key, count in results.part_counts(part))
    joined = say("part-separator", language).join(counts)
    return say("part-line", language, id=part.upload_id or part.name, state=state, counts=joined)


def format_listed_part(part: Part, language: Language) -> str:
    """The line of a part in a list."""
    state = say(STATE_WORDS[part.state], language)
    line = format_part_line(part, language)
    return say("part-listed", language, name=part.name, counter=part.counter, state=state, line=line)


def format_part_json(part: Part, _: Language) -> str:
    """The part for programs, which is the same in every language."""
    return results.part_json(part)


def format_event(part: Part, event: Event, language: Language) -> str:
    """One event of the history of a part: when, what, why."""
    when = datetime.fromtimestamp(event.at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    facts = {name: event.part_changes.get(name, "-") for name in ("upload_id", "status", "linked")}
    counts = (event.part_changes.get(name) for name in ("line_quantity", "source_quantity"))
    accepted = next((count for count in counts if count is not None), "-")
    attempt = max(event.attempt_changes, default=0)
    facts["status"] = explain_status(str(facts["status"]), language)
    what = say(STEPS[event.transition], language, rows=part.rows, n=attempt, accepted=accepted, **facts)
    reason = event.part_changes.get("reason")
    return f"  {when}  {what}" + (f" ({reason})" if reason else "")


#: Names in the rows below: of files and goals, of states and statuses.
NAME_COLUMNS: Final = frozenset({3, 5, 7})


def row_of_part(part: Part, language: Language) -> list[str]:
    """A row of the list of uploadings; the columns are those of ``uploads-columns``."""
    accepted = results.accepted_count(part)
    calls = str(part.rows) if accepted in {None, part.rows} else f"{accepted}/{part.rows}"
    state = say(STATE_WORDS[part.state], language)
    state = f"{state}, {part.status}" if part.processing and part.status else state
    when = f"{datetime.fromtimestamp(part.created, UTC):%Y-%m-%d %H:%M}"
    linked = "-" if part.linked is None else str(part.linked)
    number = str(part.upload_id or "-")
    return [part.name, number, when, part.source or "-", str(part.counter), part.goal or "-", calls, state, linked]


def row_of_foreign(counter: int, uploading: Uploading, language: Language) -> list[str]:
    """A row of the same list for an uploading that only the service knows."""
    calls = uploading.line_quantity if uploading.line_quantity is not None else uploading.source_quantity
    counts = ["-" if count is None else str(count) for count in (calls, uploading.linked_quantity)]
    other = say("state-other", language)
    state = f"{other}, {uploading.status}" if uploading.status else other
    when = _minute_of(uploading.create_time)
    return ["-", str(uploading.id), when, "-", str(counter), "-", counts[0], state, counts[1]]


def _minute_of(text: str) -> str:
    """A time of the service to the minute, in UTC where it says its offset."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text or "-"
    return f"{(moment.astimezone(UTC) if moment.tzinfo else moment):%Y-%m-%d %H:%M}"


#: No column is cut to less.
_LEAST_WIDTH: Final = 8


def fit_table(rows: Sequence[Sequence[str]], width: int, columns: Collection[int]) -> list[list[str]]:
    """The rows with cells cut in the middle, as far as the table is wider than the terminal.

    The beginning of a path names its folder, and the end the file.

    Args:
        rows: The titles, and the rows.
        width: Columns of the terminal.
        columns: Positions of the columns that hold names; the widest of them is cut first. Others stay whole.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    while sum(widths) + 2 * (len(widths) - 1) > width:
        widest = max(columns, key=widths.__getitem__, default=0)
        if not columns or widths[widest] <= _LEAST_WIDTH:
            break
        widths[widest] -= 1
    return [[_cut(cell, most) for cell, most in zip(row, widths, strict=True)] for row in rows]


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    end = (most - 1) * 2 // 3
    return f"{text[: most - 1 - end]}…{text[-end:]}"
