"""The command line against a real service on loopback."""

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from calltools.cli.app import app
from tests.fake_metrica.forbidden_host import ForbiddenHost
from tests.fake_metrica.server import FakeMetrica

TOKEN = "y0_C4naryTokenAbc-123"  # noqa: S105 - a canary
COUNTER = "12345678"
CALL_COUNT = 10
HEADER = "ClientId,DateTime,StaticCall,PhoneNumber,TalkDuration,CallMissed,Tag"


def call_line(number, *, static=0, tag="заявка", moment=1760000000):
    return f"16045910256982352{number:02},{moment + number},{static},+749500007{number:02},35,0,{tag}"


def write_csv(path, lines, header=HEADER):
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def forbidden_host():
    with ForbiddenHost() as host:
        yield host


@pytest.fixture
def service(forbidden_host):
    # A kill at every step takes more requests than the service allows a day.
    with FakeMetrica(token=TOKEN, step_seconds=0.02, redirect_url=forbidden_host.url, daily=1_000_000) as metrica:
        yield metrica


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def environment(service, state):
    return {
        "CALLTOOLS_API_URL": service.url,
        "CALLTOOLS_TOKEN": TOKEN,
        "CALLTOOLS_STATE_DIR": str(state),
        "CALLTOOLS_LANG": "en",
        "GITHUB_ACTIONS": "",
    }


@pytest.fixture
def run(environment):
    """The command line in this process: exit code, standard output, standard error."""

    def called(*arguments, given=None, **more):
        words = [str(argument) for argument in arguments]
        return CliRunner().invoke(app, words, input=given, env={**environment, **more})

    return called


@pytest.fixture
def upload(run):
    """``upload FILE`` without a question, with short clocks."""

    def called(file, *options, **more):
        arguments = (
            "upload",
            file,
            "--counter",
            COUNTER,
            "--yes",
            "--timeout",
            "2",
            "--poll-interval",
            "0.05",
            *options,
        )
        return run(*arguments, **more)

    return called


@pytest.fixture
def process(environment):
    """The command line in its own process."""

    def called(*arguments, **more):
        return subprocess.run(
            [sys.executable, "-m", "calltools", *map(str, arguments)],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            **more,
        )

    return called


@pytest.fixture
def calls(tmp_path):
    return write_csv(tmp_path / "calls.csv", [call_line(number) for number in range(CALL_COUNT)])


def stored_calls(service):
    """Identifier and time of every call that the service holds, uploading by uploading."""
    return [[(row["ClientId"], row["DateTime"]) for row in one.rows] for one in service.store.uploadings]
