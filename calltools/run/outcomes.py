"""Each record of the files of outcomes is given to one call of all inputs of a run."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np

from calltools.errors import SourceError, UsageError
from calltools.files.opening import map_read_errors
from calltools.matching.assignment import OutcomeAssignment, OutcomePersons
from calltools.matching.outcomes import UNUSABLE_OUTCOMES, OutcomeRecords
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Mask
from calltools.model.finding import DETAIL_SEPARATOR, Findings
from calltools.pipeline import see_calls
from calltools.run.planned_file import PlannedFile
from calltools.run.second_files import OutcomeFile, locate_in_file, mark_repeated

_NO_CALL: Final = "no-call"


@dataclass(slots=True)
class OutcomeMatch:
    """The files of outcomes of a run, and what became of their records. Made once for all contexts of the run.

    Attributes:
        files: The files, opened.
        window_s: By how many seconds a call may be earlier than its outcome at most.
        left: After ``assign``: records that no call got and no earlier file has, a mask for each file.
    """

    files: Sequence[OutcomeFile]
    window_s: int
    left: tuple[Mask, ...] = ()
    _repeated: Mask | None = None
    _read: dict[Assumptions, tuple[OutcomeRecords, OutcomePersons]] = field(default_factory=dict)

    def assign(
        self, planned_files: Mapping[int, PlannedFile], prepare: Callable[[int], object], *, may_fork: bool
    ) -> dict[int, PlannedFile]:
        """The files with what belongs to their calls; the first one reports what is wrong with the files of outcomes.

        All records are read once before any of them is written: which call is the last one only all files show.

        Args:
            planned_files: Number of an input -> its planned file, in the order of the inputs.
            prepare: Is called before the records of an input are read.
            may_fork: Whether the caller owns this process.

        Raises:
            UsageError: The zone of wall-clock times, or the order of dates, is needed.
        """
        if not planned_files:
            return {}
        known = {number: self._records_for(planned) for number, planned in planned_files.items()}
        assignment = OutcomeAssignment(len(next(iter(known.values()))[0]), self.window_s)
        for number, planned in planned_files.items():
            records, persons = known[number]
            prepare(number)
            try:
                with (
                    map_read_errors(planned.table.source.name),
                    closing(see_calls(planned.table, planned.plan, persons, may_fork=may_fork)) as seen,
                ):
                    calls = list(seen)
            except (SourceError, UsageError):
                continue  # it will fail again when it is its turn, and none of its calls are written then
            for some in calls:
                assignment.add(number, some, records, persons)
        first, *others = known.values()
        usable = np.logical_or.reduce([records.reasons < 0 for records, _ in (first, *others)])
        self._note_left(first[0], assignment.without_call)
        filled = {
            number: replace(
                planned, plan=replace(planned.plan, outcomes=assignment.outcomes_of(number, known[number][0]))
            )
            for number, planned in planned_files.items()
        }
        number, planned = next(iter(filled.items()))
        filled[number] = self._report(planned, first[0], usable, assignment.without_call)
        return filled

    def _records_for(self, planned: PlannedFile) -> tuple[OutcomeRecords, OutcomePersons]:
        given = planned.second_file_assumptions
        assert given is not None  # noqa: S101 - each file that is planned has them
        if given not in self._read:
            records = OutcomeRecords.concat([file.read(given) for file in self.files])
            if len(self.files) > 1:
                if self._repeated is None:
                    self._repeated = mark_repeated(self.files)
                reasons = np.where(self._repeated, UNUSABLE_OUTCOMES.index("repeated"), records.reasons)
                records = replace(records, reasons=reasons)
            self._read[given] = records, OutcomePersons.of_records(records)
        return self._read[given]

    def _note_left(self, records: OutcomeRecords, without_call: Mask) -> None:
        # What an earlier file has as well is written with that one, or was taken: given again it would count twice.
        left = without_call if self._repeated is None else without_call & ~self._repeated
        self.left = tuple(left[records.files == number] for number in range(len(self.files)))

    def _report(self, planned: PlannedFile, records: OutcomeRecords, usable: Mask, without_call: Mask) -> PlannedFile:
        """The first file with findings on the files of outcomes, and with their counts."""
        counts: Counter[str] = Counter(read=len(records) + records.damaged, damaged=records.damaged)
        parts = [planned.plan.preflight_findings]
        for number, file in enumerate(self.files):
            name = file.table.source.name
            parts.append(locate_in_file(records.findings[number], name))
            own = records.files == number
            reasons: list[tuple[str, Mask]] = [
                (reason, own & ~usable & (records.reasons == index)) for index, reason in enumerate(UNUSABLE_OUTCOMES)
            ]
            for reason, mask in (*reasons, (_NO_CALL, own & usable & without_call)):
                if found := int(mask.sum()):
                    counts[reason] += found
                    parts.append(_left_finding(reason, found, int(own.sum()), name, records.places[mask][0]))
        plan = replace(planned.plan, preflight_findings=Findings.concat(parts), outcome_files=counts)
        return replace(planned, plan=plan)


def _left_finding(reason: str, found: int, of: int, name: str, place: int) -> Findings:
    """CT608 for the records of one file that no call gets for one reason; it names the first of them."""
    detail = DETAIL_SEPARATOR.join([reason, str(found), str(of)])
    return Findings.from_rows([{"code": "CT608", "column": f"{Path(name).name}:{place}", "detail": detail}])
