"""Over the transport without sockets a client meets the same service as over loopback."""

import re

import pytest

from calltools.errors import CalltoolsError
from calltools.metrica.client import Client
from calltools.metrica.connection import ConnectionOptions, RetryPolicy
from calltools.metrica.protocol import upload_calls_request
from calltools.metrica.token import Token
from tests.fake_metrica.behaviors import BEHAVIORS
from tests.fake_metrica.in_process import InProcessTransport
from tests.fake_metrica.server import FakeMetrica
from tests.metrica.conftest import CANARY, LIMITS, TIMEOUTS

COUNTER = 101
#: What takes seconds.
SLOW = {*LIMITS, "reads-slowly", "slow", "list-repeats-full-pages", "list-long-comments"}
ONCE = RetryPolicy(attempts=1)


@pytest.fixture
def service_in_process(forbidden_host):
    with FakeMetrica(listens=False, token=CANARY, redirect_url=forbidden_host.url) as metrica:
        yield metrica


@pytest.fixture
def client_in_process(service_in_process):
    options = ConnectionOptions(service_in_process.url, timeouts=TIMEOUTS, retry_policy=ONCE)
    with Client(Token(CANARY), options, transport=InProcessTransport(service_in_process)) as client:
        yield client


@pytest.fixture
def client(service, client_of):
    return client_of(service.url, retry_policy=ONCE)


def collect_answers(client, service, file, name):
    """What a client learns of a service that behaves well, then misbehaves, and what the service has then."""
    # No status changes meanwhile.
    service.store.step_seconds = 1000
    request = upload_calls_request(COUNTER, f"ct1{'a' * 26}A1", goal=None, client_id_type="CLIENT_ID")
    answers = [client.upload(request, file)]
    service.behave(name)
    answers.append(client.upload(request, file))
    for read in (
        lambda: client.get_uploading(COUNTER, 1000),
        lambda: list(client.iter_uploading_pages(COUNTER)),
        lambda: client.get_counter(COUNTER),
        lambda: client.count_visits(COUNTER, 21),
    ):
        try:
            answers.append(read())
        except CalltoolsError as error:
            answers.append((type(error), error.key, {**error.facts, "host": ""}))
    stored = [(one.comment, one.rows, one.source_quantity) for one in service.store.uploadings]
    return _without_times(repr(answers)), stored


def _without_times(text):
    # The two services are asked one after the other: what they say of the clock differs.
    return re.sub(r"127\.0\.0\.1:\w+|\d{4}-\d\d-\d\d[T ][\d:]+( UTC|Z)|(bytes_sent|time|until)=[\d.]+", "", text)


@pytest.mark.parametrize("name", sorted(BEHAVIORS.keys() - SLOW))
def test_client_learns_the_same_without_sockets(name, service, client, service_in_process, client_in_process, calls):
    over_loopback = collect_answers(client, service, calls, name)
    in_process = collect_answers(client_in_process, service_in_process, calls, name)

    assert in_process == over_loopback
