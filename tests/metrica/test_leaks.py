"""Calls and token are sent to one address, over a verified connection, and appear nowhere else."""

import datetime as dt
import logging
import ssl
import subprocess
import sys

import httpx2
import pytest
import trustme

from calltools.errors import ServiceError, UsageError
from calltools.metrica.client import Client
from calltools.metrica.connection import ConnectionOptions, check_api_url, create_ssl_context
from calltools.metrica.outcome import OutcomeKind
from calltools.metrica.protocol import API_URL, upload_calls_request
from calltools.metrica.token import Token
from tests.fake_metrica.server import FakeMetrica
from tests.metrica.conftest import CANARY, LIMITS, RETRY_POLICY, TIMEOUTS

pytestmark = pytest.mark.slow

REQUEST = upload_calls_request(101, "ct1marker")
PHONE = "74950000001"


# -- one address ----------------------------------------------------------------


@pytest.mark.parametrize("name", ["302", "307"])
def test_redirect_of_an_upload_is_not_followed(name, service, forbidden_host, client, many_calls):
    service.behave(name)

    assert client.upload(REQUEST, many_calls).kind is OutcomeKind.AMBIGUOUS
    assert forbidden_host.received == []


def test_redirect_of_a_reading_is_not_followed(service, forbidden_host, client):
    service.behave("reading-redirects")

    with pytest.raises(ServiceError):
        client.get_counter(101)

    assert forbidden_host.received == []


def test_forbidden_host_records_requests(forbidden_host):
    with pytest.raises(httpx2.TransportError):
        httpx2.get(f"{forbidden_host.url}/canary", timeout=0.2, trust_env=False)

    assert b"/canary" in forbidden_host.received[0]


@pytest.mark.parametrize("name", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"])
def test_proxies_of_the_environment_are_not_used(name, service, forbidden_host, client_of, calls, monkeypatch):
    for other in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, forbidden_host.url)

    assert client_of(service.url).upload(REQUEST, calls).kind is OutcomeKind.ACKED
    assert forbidden_host.received == []


def test_netrc_does_not_replace_the_token(service, client_of, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\ndefault login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    client_of(service.url).get_counter(101)

    assert service.requests[0]["headers"]["Authorization"] == f"OAuth {CANARY}"


# -- the address -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://api-metrika.yandex.net", "https://api-metrika.yandex.net"),
        ("https://api.example/", "https://api.example"),
        ("https://api.example:8443/prefix/", "https://api.example:8443/prefix"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.8.8.8", "http://127.8.8.8"),
        ("http://localhost:1", "http://localhost:1"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("HTTPS://api.example", "HTTPS://api.example"),
    ],
)
def test_address_that_is_safe(url, address):
    assert check_api_url(url) == address


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://api-metrika.yandex.net", "api-url-open"),
        ("http://127.0.0.1.example", "api-url-open"),
        ("http://localhost.example", "api-url-open"),
        ("http://0.0.0.0", "api-url-open"),
        ("http://192.0.2.1", "api-url-open"),
        ("http://[2001:db8::1]", "api-url-open"),
        ("http://2130706433", "api-url-open"),
        ("http://127.0.0.1@evil.example", "api-url-wrong"),
        ("https://user:secret@api.example", "api-url-wrong"),
        ("https://api.example?x=1", "api-url-wrong"),
        ("https://api.example#x", "api-url-wrong"),
        ("https://", "api-url-wrong"),
        ("api.example", "api-url-wrong"),
        ("ftp://api.example", "api-url-wrong"),
        ("file:///etc/passwd", "api-url-wrong"),
        ("https://api.example:port", "api-url-wrong"),
        ("https://api.example:99999", "api-url-wrong"),
        ("https://[::1", "api-url-wrong"),
        ("https://api.example/\r\nX: 1", "api-url-wrong"),
        ("https://api .example", "api-url-wrong"),
        ("https://апи.example", "api-url-wrong"),
        ("", "api-url-wrong"),
    ],
)
def test_address_that_is_not(url, key):
    with pytest.raises(UsageError) as caught:
        check_api_url(url)

    assert (caught.value.key, caught.value.exit_code) == (key, 2)
    assert "secret" not in caught.value.say("ru")


# -- certificates ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def ca_file(authority, tmp_path):
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def secured():
    """A service with a certificate."""
    running = []

    def start(certificate, **settings):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        for name, value in settings.items():
            setattr(context, name, value)
        running.append(FakeMetrica(tls=context, token=CANARY))
        return running[-1]

    yield start
    for service in running:
        service.stop()


def test_own_authority_is_trusted_when_it_is_given(authority, secured, ca_file, client_of, many_calls):
    service = secured(authority.issue_cert("localhost"))

    outcome = client_of(service.url, ca_file=ca_file).upload(REQUEST, many_calls)

    assert service.url.startswith("https://")
    assert outcome.kind is OutcomeKind.ACKED
    assert len(service.store.uploadings[0].rows) == 2000


@pytest.mark.parametrize(
    "name", ["stops-reading", "silent", "401-early-reset", "413-early-stops-reading", "resets-at-half-body"]
)
def test_outcomes_are_the_same_over_tls(name, authority, secured, ca_file, client_of, many_calls):
    service = secured(authority.issue_cert("localhost"))
    service.behave(name)

    client = client_of(service.url, ca_file=ca_file, timeouts=LIMITS.get(name, TIMEOUTS))
    outcome = client.upload(REQUEST, many_calls)

    early = name.startswith(("401", "413"))
    assert outcome.kind is (OutcomeKind.REJECTED if early else OutcomeKind.AMBIGUOUS)


DAY = dt.timedelta(days=1)
NOW = dt.datetime.now(dt.UTC)
UNTRUSTED = {
    "of an unknown authority": lambda _: trustme.CA().issue_cert("localhost"),
    "of another name": lambda authority: authority.issue_cert("elsewhere.example"),
    "expired": lambda authority: authority.issue_cert("localhost", not_before=NOW - 2 * DAY, not_after=NOW - DAY),
    "not yet valid": lambda authority: authority.issue_cert("localhost", not_before=NOW + DAY, not_after=NOW + 2 * DAY),
}


@pytest.mark.parametrize("name", UNTRUSTED)
def test_nothing_is_sent_to_a_wrong_certificate(name, authority, secured, ca_file, client_of, calls):
    service = secured(UNTRUSTED[name](authority))

    outcome = client_of(service.url, ca_file=ca_file).upload(REQUEST, calls)

    assert (outcome.kind, outcome.error.key, outcome.error.exit_code) == (
        OutcomeKind.NOT_SENT,
        "service-untrusted",
        4,
    )
    assert outcome.bytes_sent == 0
    assert service.requests == []


def test_wrong_certificate_is_not_tried_again(authority, secured, client_of):
    service, waits = secured(authority.issue_cert("localhost")), []

    with pytest.raises(ServiceError, match="--ca-file"):
        client_of(service.url, on_wait=lambda *event: waits.append(event)).get_counter(101)

    assert waits == []


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_tls_is_refused(authority, secured, ca_file, client_of, calls):
    service = secured(
        authority.issue_cert("localhost"), maximum_version=ssl.TLSVersion.TLSv1_1, minimum_version=ssl.TLSVersion.TLSv1
    )

    assert client_of(service.url, ca_file=ca_file).upload(REQUEST, calls).kind is OutcomeKind.NOT_SENT
    assert service.requests == []


@pytest.mark.parametrize("url", [API_URL, "http://localhost:1", "HTTPS://localhost"])
def test_verification_is_always_on(ca_file, url):
    for context in (
        create_ssl_context(ConnectionOptions(url)), create_ssl_context(ConnectionOptions(url, ca_file=ca_file))
    ):  # fmt: skip
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_the_authorities_of_the_system_are_trusted_with_tls_only():
    assert create_ssl_context(ConnectionOptions()).get_ca_certs()
    assert not create_ssl_context(ConnectionOptions("http://localhost:1")).get_ca_certs()


def test_environment_adds_no_authority_and_no_key_log(
    authority, secured, ca_file, client_of, calls, tmp_path, monkeypatch
):
    log = tmp_path / "keys"
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(ca_file))
    monkeypatch.setenv("SSLKEYLOGFILE", str(log))
    service = secured(authority.issue_cert("localhost"))

    assert client_of(service.url).upload(REQUEST, calls).error.key == "service-untrusted"
    assert client_of(service.url, ca_file=ca_file).upload(REQUEST, calls).kind is OutcomeKind.ACKED
    assert not log.exists()


@pytest.mark.parametrize(
    "content", [None, b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"]
)
def test_authorities_that_cannot_be_read(content, tmp_path):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(UsageError) as caught:
        create_ssl_context(ConnectionOptions(ca_file=path))

    assert (caught.value.key, caught.value.exit_code) == ("ca-file-unreadable", 2)


# -- logs and tracebacks --------------------------------------------------------------------------

LOUD_PROGRAM = """
import logging, sys
from pathlib import Path
logging.basicConfig(level=1, stream=sys.stderr)
from calltools.metrica.client import Client
from calltools.metrica.connection import ConnectionOptions, RetryPolicy, Timeouts
from calltools.metrica.protocol import upload_calls_request
from calltools.metrica.token import Token

timeouts = Timeouts(1, 0.4, 0.5, 2, 0.8)
token = Token(sys.stdin.readline().strip())
with Client(token, ConnectionOptions(sys.argv[1], None, timeouts, RetryPolicy(2, 0.01, 0.02, 1))) as client:
    outcome = client.upload(upload_calls_request(101, "ct1marker"), Path(sys.argv[2]))
    print(client, token, repr(outcome), outcome.error and outcome.error.say("ru"))
    if len(sys.argv) > 3:
        client.get_counter(101)
"""


@pytest.mark.parametrize("name", ["slow", "400", "resets-at-half-body", "silent", "200-html", "429-late", "401-early"])
def test_debug_logs_have_neither_token_nor_phones(name, service, calls):
    service.behave(name)
    loud = [sys.executable, "-X", "dev", "-c", LOUD_PROGRAM, service.url, calls]

    done = subprocess.run(loud, input=CANARY, capture_output=True, text=True, check=True, timeout=60)

    assert "send_request_headers" in done.stderr  # it was loud
    assert CANARY not in done.stdout + done.stderr
    assert PHONE not in done.stdout + done.stderr


def test_traceback_of_an_error_has_no_token(service, calls):
    service.behave("reading-401")
    failing = [sys.executable, "-c", LOUD_PROGRAM, service.url, calls, "fail"]

    done = subprocess.run(failing, input=CANARY, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 1
    assert "TokenRefusedError" in done.stderr
    assert CANARY not in done.stdout + done.stderr


def test_repetitions_are_not_printed_by_the_library(service, calls):
    service.behave("reading-fails", times=1)
    quiet = [
        sys.executable,
        "-c",
        LOUD_PROGRAM.replace("logging.basicConfig(level=1, stream=sys.stderr)", ""),
        service.url,
        calls,
        "fail",
    ]

    done = subprocess.run(quiet, input=CANARY, capture_output=True, text=True, check=True, timeout=60)

    assert done.stderr == ""


def test_transport_is_injected():
    requests = []

    def answer(request):
        requests.append((request.method, request.url.path, request.headers["Authorization"]))
        return httpx2.Response(200, json={"counter": {"id": 101}})

    options = ConnectionOptions(timeouts=TIMEOUTS, retry_policy=RETRY_POLICY)
    with Client(Token(CANARY), options, transport=httpx2.MockTransport(answer)) as client:
        read = client.get_counter(101)

    assert read.id == 101
    assert requests == [("GET", "/management/v1/counter/101", f"OAuth {CANARY}")]


def test_logging_of_this_process_is_left_alone():
    assert [type(handler) for handler in logging.getLogger("stamina").handlers] == [logging.NullHandler]
