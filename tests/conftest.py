"""What tests share: batches from text, cells, a frozen now."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from functools import cache

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, settings
from typer.main import get_command

from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells

settings.register_profile("ci", max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
settings.register_profile("quick", max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
settings.register_profile("long", max_examples=5000, deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

#: 2026-03-10 00:00:00 UTC: "now" in tests.
NOW = 1773100800


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Some tests run the same lines some hundred times, at half the speed when traced: they do not count for coverage.

    They are property tests, and those with the mark ``untraced``. The mark ``no_cover`` of pytest-cov stops and starts
    coverage: beside what this does, nothing would be traced any more in that process.
    """
    is_property = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
    if not is_property and item.get_closest_marker("untraced") is None:
        return (yield)
    traced, threads_traced = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)  # type: ignore[arg-type]  # it is what Python has before
    try:
        return (yield)
    finally:
        sys.settrace(traced)
        threading.settrace(threads_traced)  # type: ignore[arg-type]  # as above


@pytest.fixture(autouse=True, scope="session")
def _own_state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test writes into the ledger of its user."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CALLTOOLS_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True, scope="session")
def _no_keyring() -> Iterator[None]:
    """No test reads or writes the keyring of its user; a test that needs one chooses a backend of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
        yield


@pytest.fixture(autouse=True, scope="session")
def _command_is_built_once() -> Iterator[None]:
    """typer builds all commands anew for each call of a test, which takes longer than most commands."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.testing._get_command", cache(get_command))
        yield


@pytest.fixture
def default_signals() -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed terminal have their default effect, here and in each started process.

    A suite in the background (``make test &`` in a script) or under ``nohup`` ignores some of them, and what it starts
    inherits that.
    """
    defaults = {"SIGINT": signal.default_int_handler, "SIGTERM": signal.SIG_DFL, "SIGHUP": signal.SIG_DFL}
    # Not all systems have each of them.
    there = {getattr(signal, name): default for name, default in defaults.items() if hasattr(signal, name)}
    before = {number: signal.signal(number, default) for number, default in there.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def assumptions() -> Assumptions:
    return Assumptions(now=NOW)


@pytest.fixture
def cells() -> Callable[..., Cells]:
    return lambda *texts: pa.array(texts, pa.string())
