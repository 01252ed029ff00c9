"""Small files: the first half of their flow, and pandera's verdict on all of them in one call.

A file of some hundred records costs more by its calls than by its records. So the records of many small files that are
not proven clean are judged together, before the second half of the flow takes file after file in their order
(``pipeline.finish_table``). The verdict on a file does not depend on the others.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from calltools.batch_steps import BatchResult, read_batches
from calltools.errors import SourceError
from calltools.files.opening import map_read_errors
from calltools.files.workbook.kept import keep_workbook_process
from calltools.model.assumptions import Assumptions
from calltools.model.batch import Batch
from calltools.run.planned_file import PlannedFile
from calltools.run.together import process_together
from calltools.validation.ruleset import RuleSet
from calltools.validation.validator import PanderaJudge, load_pandera
from calltools.workers.spread import SpreadWork

#: Files that are judged together, and their bytes: all their records are in memory meanwhile.
_MAX_FILES: Final = 256
_MAX_BYTES: Final = 8 << 20
#: Files for each process from which on another process is worth its start.
_FILES_PER_PROCESS: Final = 48
#: Rulesets and assumptions whose schemas are kept: files of one run mostly have the same.
_MAX_JUDGES: Final = 16


@dataclass(frozen=True, slots=True)
class JudgedFile:
    """What the first half of the flow has made of a file.

    Attributes:
        results: Its batches, each with its verdict.
        fault: Why it cannot be read to its end; there are no results then.
    """

    results: tuple[BatchResult, ...]
    fault: Exception | None = None

    def __iter__(self) -> Iterator[BatchResult]:
        """The results; raises the fault, if there is one."""
        if self.fault is not None:
            raise self.fault
        yield from self.results


@dataclass(slots=True)
class SmallFileJudge:
    """Reads small files and judges them together; keeps the schemas of a run.

    Attributes:
        planned_files: Number of an input -> its planned file.
    """

    planned_files: Mapping[int, PlannedFile]
    _judges: list[tuple[RuleSet, Assumptions, PanderaJudge]] = field(default_factory=list)

    def judge(self, numbers: Sequence[int]) -> list[JudgedFile]:
        """The files of some inputs, read and judged; in their order."""
        planned_files = [self.planned_files[number] for number in numbers]
        with keep_workbook_process():
            files = _process_files(planned_files)
        alike: list[tuple[PanderaJudge, list[int]]] = []
        for place, planned in enumerate(planned_files):
            judge = self._judge_for(planned)
            places = next((known for one, known in alike if one is judge), None)
            if places is None:
                alike.append((judge, [place]))
            else:
                places.append(place)
        for judge, places in alike:
            chosen = [files[place] for place in places]
            verdicts = judge.judge_each([[result.unproven for result in one.results] for one in chosen])
            for place, one, verdict in zip(places, chosen, verdicts, strict=True):
                locate = planned_files[place].plan.finding_filter.locate
                judged = zip(one.results, verdict, strict=True)
                files[place] = replace(
                    one,
                    results=tuple(
                        replace(result, verdict=locate(found), unproven=result.unproven.without_cells())
                        for result, found in judged
                    ),
                )
        return files

    def _judge_for(self, planned: PlannedFile) -> PanderaJudge:
        ruleset, assumptions = planned.plan.ruleset, planned.plan.assumptions
        for known_rules, known_assumptions, judge in self._judges:
            if known_assumptions == assumptions and known_rules == ruleset:
                return judge
        judge = PanderaJudge(ruleset, assumptions)
        self._judges = [*self._judges[-_MAX_JUDGES + 1 :], (ruleset, assumptions, judge)]
        return judge


def _process_files(planned_files: Sequence[PlannedFile]) -> list[JudgedFile]:
    """The first half of the flow for some files, together as far as they are alike."""
    read = [_read_file(planned) for planned in planned_files]
    batches = [(place, batch) for place, one in enumerate(read) if not isinstance(one, Exception) for batch in one]
    plans = [planned_files[place].plan for place, _ in batches]
    results: list[list[BatchResult]] = [[] for _ in planned_files]
    try:
        processed = process_together([batch for _, batch in batches], plans)
    except Exception:
        if len(planned_files) == 1:
            raise
        return [_process_alone(planned) for planned in planned_files]
    for (place, _), result in zip(batches, processed, strict=True):
        results[place].append(result)
    return [
        JudgedFile((), one) if isinstance(one, Exception) else JudgedFile(tuple(own))
        for one, own in zip(read, results, strict=True)
    ]


def _process_alone(planned: PlannedFile) -> JudgedFile:
    try:
        return _process_files([planned])[0]
    except Exception as fault:  # noqa: BLE001 - it is raised when it is the turn of the file
        return JudgedFile((), fault)


def _read_file(planned: PlannedFile) -> list[Batch] | Exception:
    """The batches of a file, or why it cannot be read to its end."""
    try:
        with map_read_errors(planned.table.source.name):
            return list(read_batches(planned.table, planned.plan, map))
    except Exception as fault:  # noqa: BLE001 - it is raised when it is the turn of the file
        return fault


def spread_small_files(
    planned_files: Mapping[int, PlannedFile], sizes: Mapping[int, int], processes: int
) -> SpreadWork[JudgedFile]:
    """Work that gives the judged file of each input.

    Args:
        planned_files: Number of an input -> its planned file, of small files only.
        sizes: Number of an input -> bytes of its file.
        processes: How many processes may work, this one included.
    """
    workers = min(processes - 1, len(planned_files) // _FILES_PER_PROCESS)
    files = _MAX_FILES if not workers else min(_MAX_FILES, len(planned_files) // (2 * workers))
    if workers:
        # Once, and not in each process: of so many files one has something to judge.
        load_pandera()
    return SpreadWork(
        SmallFileJudge(planned_files).judge,
        list(_split_into_chunks(sizes, files)),
        workers,
        lambda number: JudgedFile((), SourceError("reader-ended", path=planned_files[number].table.source.name)),
    )


def _split_into_chunks(sizes: Mapping[int, int], most_files: int) -> Iterator[list[int]]:
    chunk: list[int] = []
    held = 0
    for number, size in sizes.items():
        if chunk and (len(chunk) == most_files or held + size > _MAX_BYTES):
            yield chunk
            chunk, held = [], 0
        chunk.append(number)
        held += size
    if chunk:
        yield chunk
