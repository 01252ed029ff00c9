"""The command line against a real service on loopback."""

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from calltools.cli.app import app
from tests.metrica.service.foreign import Foreign
from tests.metrica.service.server import Service

TOKEN = "y0_C4naryTokenAbc-123"  # noqa: S105 - a canary
COUNTER = "12345678"
NOW_LINES = 10
HEADER = "ClientId,DateTime,StaticCall,PhoneNumber,TalkDuration,CallMissed,Tag"


def line(number, *, static=0, tag="заявка", moment=1760000000):
    return f"16045910256982352{number:02},{moment + number},{static},+749500007{number:02},35,0,{tag}"


def write(path, lines, header=HEADER):
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def foreign():
    with Foreign() as one:
        yield one


@pytest.fixture
def service(foreign):
    with Service(token=TOKEN, step_seconds=0.02, foreign=foreign.url) as one:
        yield one


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

    def called(*words, **more):
        return CliRunner().invoke(app, [str(word) for word in words], env={**environment, **more})

    return called


@pytest.fixture
def upload(run):
    """``upload FILE`` without a question, with short clocks."""

    def called(file, *words, **more):
        given = ("upload", file, "--counter", COUNTER, "--yes", "--timeout", "2", "--poll-interval", "0.05", *words)
        return run(*given, **more)

    return called


@pytest.fixture
def process(environment):
    """The command line in a process of its own."""

    def called(*words, **more):
        return subprocess.run(
            [sys.executable, "-m", "calltools", *map(str, words)],
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
    return write(tmp_path / "calls.csv", [line(number) for number in range(NOW_LINES)])


def stored(service):
    """Identifier and time of every call that the service holds, uploading by uploading."""
    return [[(row["ClientId"], row["DateTime"]) for row in one.rows] for one in service.store.uploadings]
