"""SIGKILL at the steps of every POST that changes something: the person's files stay whole, and no call goes twice.

Of each POST some steps are taken, spread over all that a run which nobody kills has counted (3,000 of a decision, 6,000
of converting anew); with ``CALLTOOLS_LONG=1`` 100, other ones with each seed. All of them would take ten hours of a core,
and what the page calls to upload is killed at every step by ``tests/uploading/test_crashes.py``.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tomllib
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.fake_metrica.server import FakeMetrica
from tests.ui.pages import Visitor
from tests.ui.test_send import plan_token, planned, resend_forms
from tests.uploading.conftest import CALL_COUNT, TOKEN, call_line, stored_calls, write_csv
from tests.uploading.kills import KILLED

LONG = os.environ.get("CALLTOOLS_LONG") == "1"
MANY = 100
NOW = 1773273600
SAMPLES = Path(__file__).parent.parent.parent / "samples"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.untraced,
    pytest.mark.timeout(0 if LONG else 600),
    pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there"),
]


class Runner:
    """Pages of a process of their own, one at a time; see ``tests.ui.kill_runner``."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.ui.kill_runner"], env=os.environ | {"PYTHONWARNINGS": "ignore"}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=SAMPLES.parent,
        )  # fmt: skip
        self.home, self.environment = Path(), {}

    def use(self, home, service):
        """A home without anything, and another service."""
        self.home = home
        (home / "tmp").mkdir(parents=True)
        self.environment = {
            "TMPDIR": str(home / "tmp"), "CALLTOOLS_STATE_DIR": str(home / "state"), "CALLTOOLS_LANG": "en",
            "CALLTOOLS_API_URL": service.url, "CALLTOOLS_TOKEN": TOKEN,
        }  # fmt: skip

    def answer(self):
        line = self.process.stdout.readline()
        assert line, "the runner has ended"
        return json.loads(line)

    @contextmanager
    def page(self, files=(), *, folder, since="", step=0):
        """A visitor of a page; ``page.end`` holds how it has ended afterwards."""
        order = {"files": list(map(str, files)), "folder": str(folder), "since": since, "step": step, "as_of": NOW}
        print(json.dumps(order | {"environment": self.environment}), file=self.process.stdin, flush=True)
        address = self.answer()["address"]
        visitor = Visitor(urlsplit(address).port)
        visitor.enter(address)
        visitor.end = {}
        try:
            yield visitor
        except (OSError, HTTPException):
            if not step:
                raise
        try:
            visitor.send("finish", [("token", visitor.token)])
        except (OSError, HTTPException):
            assert step
        while "code" not in visitor.end:
            visitor.end |= self.answer()

    def left(self):
        return sorted(path.name for path in (self.home / "tmp").iterdir())


@pytest.fixture
def service():
    # As for the commands: a kill at every step takes more requests than the service allows a day.
    with FakeMetrica(token=TOKEN, step_seconds=0.02, daily=1_000_000) as metrica:
        yield metrica


@pytest.fixture(scope="module")
def started():
    one = Runner()
    yield one
    one.process.stdin.close()
    one.process.wait()
    one.process.stdout.close()


@pytest.fixture
def runner(started, tmp_path, service):
    started.use(tmp_path / "home", service)
    return started


@pytest.fixture
def folder(tmp_path):
    """The folder in which the person works."""
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def steps_of(count, some):
    """Some steps of so many, spread evenly."""
    taken, offset = (MANY, random.random()) if LONG else (some, 0.5)  # noqa: S311 - no secret
    return sorted({1 + int((at + offset) * (count - 1) / taken) for at in range(taken)})


def snapshot(folder, without=()):
    """The bytes and times of all files in a folder, but those with some names, and what was begun under a hidden name."""
    hidden = tuple(f".{name}." for name in without)
    found = [path for path in folder.rglob("*") if path.is_file() and path.name not in without]
    files = [path for path in found if not hidden or not path.name.startswith(hidden)]
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def kill_at_steps(runner, folder, pressed, some, *, before=lambda: None, after=lambda: None, written=()):
    """Press once to the end, then once for each step that is taken, with a kill there.

    Args:
        runner: Serves the pages.
        folder: In which the person works; what lies there before stays as it is, but for what the form writes.
        pressed: The files of the page, the function of the page whose steps count, and what a visitor does.
        some: How many steps are taken, but for ``MANY`` where that is asked for.
        before: Makes everything as it was.
        after: Looks at what is left.
        written: Names of the files that the form writes.
    """
    files, since, press = pressed

    def run(step):
        before()
        known = snapshot(folder, written)
        with runner.page(files, folder=folder, since=since, step=step) as visitor:
            press(visitor)
        assert visitor.end["code"] in {0, KILLED if step else 0}, (step, visitor.end)
        assert snapshot(folder, written) == known, step
        if step:
            after()
        return visitor.end

    ends = [run(step) for step in steps_of(run(0)["steps"], some)]
    # What comes later than the page has asked for, such as a thread that ends, may not be reached each time.
    assert sum(end["code"] == KILLED for end in ends) > len(ends) / 2


# -- what changes nothing outside of the page -------------------------------------------


def check(visitor):
    visitor.post("check")
    visitor.get("findings")


def mend(visitor):
    visitor.get("findings")
    visitor.post("mend", {"file": "1", "place": "3", "cell-3": "+7 495 000-01-02"})
    visitor.post("undo")
    visitor.post("fill", {"column": "1-6", "text": "x", "rule": ""})


def answer(visitor):
    visitor.get("questions")
    visitor.post("questions", {"answer-region": "RU"})


def receive(visitor):
    visitor.post("files", files=[("calls", "more.csv", (SAMPLES / "canonical" / "good.csv").read_bytes())])


@pytest.mark.parametrize(
    ("since", "press"), [("check_again", check), ("mend", mend), ("take_answers", answer), ("receive_form", receive)],
    ids=lambda one: one if isinstance(one, str) else "",
)  # fmt: skip
def test_a_page_that_is_killed_leaves_the_files_of_the_person_and_the_next_start_works(runner, folder, since, press):
    source = write_csv(
        folder / "calls.csv", [call_line(number) for number in range(3)] + ["1604591025698235299,1760000000,0,12,1,0,"]
    )

    def look_again():
        with runner.page([source], folder=folder) as visitor:
            assert "read 4 =" in visitor.get("findings").said
        assert runner.left() == []

    kill_at_steps(runner, folder, ([source], since, press), 2, after=look_again)


# -- what is written beside the files -----------------------------------------------------


def test_a_job_is_kept_whole_or_not_at_all(runner, folder):
    source = write_csv(folder / "calls.csv", [call_line(number) for number in range(3)])
    config = folder / "calltools.toml"
    old = '# mine\n[[jobs]]\nname = "old"\ninputs = ["x.csv"]\noutput = "out"\n'
    names = []

    def reset():
        config.write_text(old, encoding="utf-8")

    def look():
        text = config.read_text(encoding="utf-8")
        assert text.startswith(old)
        names.append([job["name"] for job in tomllib.loads(text)["jobs"]])

    def press(visitor):
        visitor.get("results")
        visitor.post("job", {"name": "march", "inputs": "calls.csv"})

    kill_at_steps(runner, folder, ([source], "keep_job", press), 4, before=reset, after=look, written=[config.name])
    assert all(one in (["old"], ["old", "march"]) for one in names)


# -- what reaches the service -------------------------------------------------------------


@pytest.fixture
def calls(folder):
    return write_csv(folder / "export.csv", [call_line(number) for number in range(CALL_COUNT)])


def go(visitor):
    visitor.send("send/go", [("token", visitor.token), ("plan", plan_token(planned(visitor)))])
    visitor.get("send")


def finish_sending(visitor):
    """What a person does after a kill: look at what is held, say that what is not there never came, and send the rest."""
    visitor.post("history/decide", {"what": "look"})
    for form in resend_forms(visitor.get("history")):
        visitor.send("history/decide", form)
    if plan_token(plan := planned(visitor)):
        visitor.send("send/go", [("token", visitor.token), ("plan", plan_token(plan))])
        visitor.get("send")
    return visitor.get("history")


@pytest.mark.parametrize("behavior", ["well", "resets-after-storing"])
def test_killed_at_any_step_of_sending_each_call_goes_once(runner, folder, calls, service, behavior):
    def reset():
        shutil.rmtree(runner.home / "state", ignore_errors=True)
        service.store.uploadings.clear()
        if behavior != "well":
            service.behave(behavior, 1)

    def complete():
        service.behave_well()
        with runner.page([calls], folder=folder) as visitor:
            finish_sending(visitor)
        assert_each_call_once(service)

    kill_at_steps(runner, folder, ([calls], "send", go), 6 if behavior == "well" else 2, before=reset, after=complete)


@pytest.fixture
def held_state(runner, folder, calls, service):
    """A state folder in which it is not known whether the calls have arrived; they have not."""
    service.behave("resets-after-body", 1)
    with runner.page([calls], folder=folder) as visitor:
        go(visitor)
    assert service.store.uploadings == []
    return shutil.copytree(runner.home / "state", runner.home / "held")


@pytest.mark.parametrize("what", ["resend", "look", "leave"])
def test_killed_at_any_step_of_a_decision_each_call_goes_once_at_most(runner, folder, service, held_state, what):
    def reset():
        shutil.rmtree(runner.home / "state", ignore_errors=True)
        shutil.copytree(held_state, runner.home / "state")
        service.store.uploadings.clear()

    def press(visitor):
        [form] = resend_forms(visitor.get("history"))
        visitor.send("history/decide", [*form[:-1], ("what", what)])

    def complete():
        with runner.page(folder=folder) as visitor:
            for form in resend_forms(visitor.post("history/decide", {"what": "look"})):
                visitor.send("history/decide", form)
        if what == "leave" and not service.store.uploadings:
            return  # it was left for good
        assert_each_call_once(service)

    kill_at_steps(runner, folder, ([], "decide", press), 5 if what == "resend" else 2, before=reset, after=complete)


def assert_each_call_once(service):
    stored = [call for part in stored_calls(service) for call in part]
    assert len(stored) == len(set(stored)) == CALL_COUNT
