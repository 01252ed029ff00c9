"""Jobs in folders of their own, against a real service on loopback."""

import json

import pytest

from tests.uploading.conftest import (  # noqa: F401 - fixtures of this folder, too
    call_line,
    environment,
    forbidden_host,
    run,
    service,
    state,
    write_csv,
)

COUNTER = 2001
SHORT = ("--timeout", "2")
JOB = """
[[jobs]]
name = "romashka"
inputs = "in/*.csv"
counter = 2001
rejects = "rejects/"
archive = "archive/"
poll-interval = 0.05
"""


class Project:
    """A folder with a configuration, and what a run of its jobs leaves there."""

    def __init__(self, folder):
        self.folder = folder
        self.inputs = folder / "in"
        self.inputs.mkdir(parents=True)

    def configure(self, text):
        (self.folder / "calltools.toml").write_text(text, encoding="utf-8")
        return self

    def add_input(self, name="calls.csv", numbers=range(10), **more):
        path = self.inputs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return write_csv(path, [call_line(number, **more) for number in numbers])

    def files(self, *folders):
        """Relative paths of the files in folders of the project, or in all of it but the configuration."""
        places = [self.folder / one for one in folders] or [self.folder]
        found = (path for place in places for path in place.rglob("*") if path.is_file())
        return sorted(str(path.relative_to(self.folder)) for path in found if path.name != "calltools.toml")


@pytest.fixture
def project(tmp_path, monkeypatch):
    made = Project(tmp_path / "project")
    monkeypatch.chdir(made.folder)
    return made.configure(JOB)


@pytest.fixture
def run_jobs(run):  # noqa: F811 - the fixture
    """``calltools run``: exit code, and the object of each job by its name."""

    def called(*arguments, **more):
        result = run("run", *arguments, *SHORT, "--output-format", "json", **more)
        facts = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
        result.jobs = {one["job"]: one for one in facts}
        return result

    return called


def stored(service, counter=COUNTER):  # noqa: F811 - the fixture's value
    """How often each call of a counter is in the service's store: identifier and time -> count."""
    rows = [row for one in service.store.uploadings if one.counter == counter for row in one.rows]
    calls = [(row["ClientId"], row["DateTime"]) for row in rows]
    return {call: calls.count(call) for call in calls}
