"""Fixtures of the client's tests: a fake service on loopback, a client with generous limits, files to send."""

from dataclasses import replace
from pathlib import Path

import pytest

from calltools.metrica.client import Client
from calltools.metrica.connection import ConnectionOptions, RetryPolicy, Timeouts
from calltools.metrica.token import Token
from tests.fake_metrica.forbidden_host import ForbiddenHost
from tests.fake_metrica.server import FakeMetrica

CANARY = "y0_C4naryTokenAbc-123"
#: So long that no request meets them on a busy machine.
TIMEOUTS = Timeouts(connect=60, idle=60, first_byte=60, post_total=120, get_total=60)
#: Short limits; only a silent service reaches them.
SHORT_IDLE = replace(TIMEOUTS, idle=1)
SHORT_FIRST_BYTE = replace(TIMEOUTS, first_byte=0.8)
SHORT_TOTAL = replace(TIMEOUTS, post_total=2.5)
SHORT_GET = replace(TIMEOUTS, get_total=1)
#: Behaviors that keep a client waiting until it meets a limit.
LIMITS = {
    "stops-reading": SHORT_IDLE,
    "413-early-stops-reading": SHORT_IDLE,
    "drips": SHORT_FIRST_BYTE,
    "drips-body": SHORT_IDLE,
    "silent": SHORT_FIRST_BYTE,
    "silent-after-storing": SHORT_FIRST_BYTE,
    "crawls": SHORT_TOTAL,
    "reading-silent": SHORT_GET,
    "reading-drips": SHORT_GET,
}
RETRY_POLICY = RetryPolicy(attempts=2, initial_wait_s=0.01, max_wait_s=0.02, max_requested_wait_s=2)


@pytest.fixture
def forbidden_host():
    with ForbiddenHost() as host:
        yield host


@pytest.fixture
def service(forbidden_host):
    with FakeMetrica(token=CANARY, redirect_url=forbidden_host.url) as metrica:
        yield metrica


@pytest.fixture
def client_of():
    """Make a client of an address; further arguments are those of ``ConnectionOptions``."""
    clients = []

    def create(url, *, on_wait=None, **options):
        client = Client(
            Token(CANARY),
            ConnectionOptions(**{"url": url, "timeouts": TIMEOUTS, "retry_policy": RETRY_POLICY, **options}),
            on_wait=on_wait,
        )
        clients.append(client)
        return client

    yield create
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture
def client(service, client_of):
    return client_of(service.url)


@pytest.fixture
def calls(tmp_path) -> Path:
    """Three calls: a dynamic one that can be linked, one that cannot, and a static one."""
    path = tmp_path / "client name.csv"
    path.write_text(
        "ClientId,DateTime,StaticCall,PhoneNumber,Tag\n"
        "133591247640966458,1773000000,0,+74950000001,первый\n"
        "133591247640966459,1773000001,0,+74950000002,\n"
        ',1773000002,1,+74950000003,"a,""b"""'
        "\n",
        encoding="utf-8",
    )  # fmt: skip
    return path


@pytest.fixture
def many_calls(tmp_path) -> Path:
    """A file of 8 MB, more than the buffers of two sockets."""
    path = tmp_path / "many.csv"
    line = "133591247640966458,1773000000,0,+74950000001," + "x" * 4000 + "\n"
    path.write_text("ClientId,DateTime,StaticCall,PhoneNumber,Tag\n" + line * 2000, encoding="utf-8")
    return path
