"""What was answered is kept as a job, which ``calltools run`` does again."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from calltools.errors import CalltoolsError
from calltools.files.placeholders import is_job_name
from calltools.jobs.table_file import append_job, path_from_folder
from calltools.run.context import list_given
from calltools.runtime.packages import join_command
from calltools.ui.pages import go_to, reader_language, render
from calltools.ui.receive import ReceivedForm
from calltools.ui.visit import Visit

#: Files beside the calls, which were handed over without their folders: a job must know where they are.
_BESIDE: Final = ("identifiers", "outcomes")
#: Options that a job has as a list.
_PATHS: Final = frozenset({*_BESIDE, "baseline"})
_LISTS: Final = frozenset({"inbound-context", "outcomes"})


async def keep_job(visit: Visit, request: Request, form: ReceivedForm) -> Response:
    """Keep the job in the configuration, where it is complete."""
    visit.refuse_old_target()
    inputs, beside = _lines(form, "inputs"), {name: _lines(form, name) for name in _BESIDE}
    job: dict[str, Any] = {"name": form.get("name").strip(), "inputs": inputs}
    job |= _options(visit, {name: paths for name, paths in beside.items() if paths}) | _target(visit)
    missing = [path for paths in beside.values() for path in paths if not (visit.config.parent / path).is_file()]
    if not is_job_name(job["name"]) or not inputs:
        visit.notify("job_wrong")
    elif not visit.is_told_whole:
        visit.notify("job_own_options")
    elif missing:
        visit.notify("job_no_file", path=missing[0], folder=visit.config.parent)
    else:
        try:
            append_job(visit.config, job)
        except CalltoolsError as error:
            sentence = error.say(reader_language(visit, request))
            return render(visit, request, "problem.html.j2", sentence=sentence, back="results")
        visit.notify("job_kept", path=visit.config, command=join_command(["calltools", "run", job["name"]]))
    return go_to(visit, "results")


def _lines(form: ReceivedForm, name: str) -> list[str]:
    return [line.strip() for line in form.get(name).splitlines() if line.strip()]


def _options(visit: Visit, beside: Mapping[str, list[str]]) -> dict[str, Any]:
    """What was said, as keys of a job; files beside the calls by the paths that were given for them."""
    found: dict[str, Any] = {}
    for one in list_given(visit.told_options):
        # A job always goes by its own day.
        if one.option in {"as-of", "own-number"} or one.option in beside:
            continue
        value = one.value
        if one.option in _PATHS or (one.option == "vendor" and value.endswith(".toml")):
            value = path_from_folder(value, visit.config.parent)
        if one.option in _LISTS:
            found.setdefault(one.option, []).append(value)
        else:
            found[one.option] = int(value) if one.option == "header-row" else value
    if numbers := visit.told_options.own_numbers:
        found["own-number"] = [*numbers]
    return found | {name: paths if name in _LISTS else paths[0] for name, paths in beside.items()}


def _target(visit: Visit) -> dict[str, Any]:
    target = visit.last_target
    if target is None:
        # Exports of two jobs may have one name.
        return {"output": "calls/{job}/"}
    # An empty one is said where the configuration has another one for the files.
    goal = {"goal": target.goal or ""} if target.goal or any(one.goal for one in visit.said_targets) else {}
    return {"counter": target.counter, "wait": True} | goal
