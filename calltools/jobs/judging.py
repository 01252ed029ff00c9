"""What becomes of a converted input, as far as its records say it: finished, left for its errors, or failed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from calltools.errors import FileFault, SourceError
from calltools.files.opening import read_stamp
from calltools.jobs.conversion import ConvertedTable
from calltools.jobs.definition import Job
from calltools.jobs.inputs import JobInput
from calltools.jobs.results import Cure, InputResult, InputState, RecordCounts, Remark
from calltools.model.rule import Severity
from calltools.rules.catalog import RULES_BY_CODE
from calltools.texts.keys import MessageKey

#: The fault of an input that was written to while it was read.
WRITTEN_TO: Final[MessageKey] = "job-input-changed"
#: Rules on calls without an identifier, and on words that a profile does not know.
_WITHOUT_IDENTIFIER: Final = frozenset({"CT102", "CT301"})
_UNKNOWN_WORD: Final = "CT601"


def find_fault(one: JobInput, tables: Sequence[ConvertedTable]) -> FileFault | None:
    """Why an input is not what its tables say: one could not be read, or the file was written to meanwhile."""
    fault = next((table.summary.error for table in tables if table.summary.error is not None), None)
    if fault is None and one.stamp and not _is_as_read(one):
        # What was read of it may end in the middle of a call.
        return SourceError(WRITTEN_TO, path=one.name)
    return fault


def _is_as_read(one: JobInput) -> bool:
    try:
        return read_stamp(one.path) == one.stamp
    except SourceError:
        return False


def judge_input(job: Job, one: JobInput, tables: Sequence[ConvertedTable]) -> InputResult:
    """What becomes of an input that was read, but for its calls that are to be sent."""
    summaries = [table.summary for table in tables]
    ended = InputResult(one.name, InputState.FINISHED, RecordCounts.of(summaries))
    worst = job.fail_on.rank
    ended.has_findings = any(
        count and Severity(word).rank <= worst for each in summaries for word, count in each.by_severity.items()
    )
    rejected = ended.counts.rejected
    codes = sum((each.by_code for each in summaries), Counter[str]())
    ended.by_code = {code: n for code, n in codes.items() if RULES_BY_CODE[code].severity is Severity.ERROR}
    ended.cure = _find_cure(job, one, ended.by_code)
    if rejected and job.on_error == "fail":
        ended.state, ended.reason = InputState.LEFT, Remark("job-left-errors", {"count": rejected})
    elif rejected and not job.files.rejects:
        # It is sent, and stays: a report is replaced by that of the next run, and then nothing says why.
        ended.reason = Remark("job-left-unexplained", {"count": rejected})
    return ended


def _find_cure(job: Job, one: JobInput, by_code: Mapping[str, int]) -> Cure | None:
    says_nothing = any(job.options_for(table.name).static_call is None for table in one.tables)
    if says_nothing and not _WITHOUT_IDENTIFIER.isdisjoint(by_code):
        return Cure.STATIC_CALL
    return Cure.PROFILE if _UNKNOWN_WORD in by_code else None
