"""Through the whole command line: calls and token reach one verified address and no other."""

import ssl

import pytest
import trustme

from tests.fake_metrica.server import FakeMetrica
from tests.uploading.conftest import COUNTER, TOKEN, stored_calls

COMMANDS = [
    ("upload", "--counter", COUNTER, "--yes", "--wait", "--poll-interval", "0.05"),
    ("uploads", "list", "--counter", COUNTER),
    ("uploads", "resume"),
    ("uploads", "watch", "L1", "--poll-interval", "0.05"),
    ("doctor", "--counter", COUNTER),
]
PHONE, IDENTIFIER = b"49500007", b"16045910256982352"


@pytest.fixture
def everything(run, calls):
    """Every command that sends requests to the service, one after the other: exit codes and all output."""

    def called(*options, **more):
        results = []
        for command in COMMANDS:
            file = [calls] if command[0] == "upload" else []
            results.append(run(*command[:1], *file, *command[1:], "--timeout", "2", *options, **more))
        return [one.exit_code for one in results], "".join(one.output for one in results)

    return called


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def ca_file(authority, tmp_path):
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def secured(authority, forbidden_host):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with FakeMetrica(tls=context, token=TOKEN, step_seconds=0.02, redirect_url=forbidden_host.url) as one:
        yield one


def test_a_private_authority_is_trusted_when_its_certificate_is_given(everything, secured, ca_file):
    codes, output = everything("--ca-file", ca_file, CALLTOOLS_API_URL=secured.url)

    assert codes == [0] * 5, output
    assert "uploading 1000 PROCESSED sent 10 accepted 10 linked 9" in output
    assert [len(rows) for rows in stored_calls(secured)] == [10]


def test_the_file_of_an_authority_may_come_from_a_variable(everything, secured, ca_file):
    codes, output = everything(CALLTOOLS_API_URL=secured.url, CALLTOOLS_CA_FILE=str(ca_file))

    assert codes == [0] * 5, output


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_an_untrusted_certificate_gets_no_request_and_the_error_gives_advice(run, secured, calls, lang):
    result = run("upload", calls, "--counter", COUNTER, "--yes", "--lang", lang, CALLTOOLS_API_URL=secured.url)

    assert result.exit_code == 4
    assert "--ca-file" in result.stderr
    line = {"en": "uploading L1 RESERVED waiting 10", "ru": "загрузка L1 ЖДЁТ ОТПРАВКИ: ждёт 10"}[lang]
    assert result.stdout == line + "\n"
    assert secured.requests == []


def test_variables_of_others_add_no_authority(run, secured, calls, ca_file, tmp_path):
    keys = tmp_path / "keys"
    trusting = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), str(ca_file))
    arguments = ("upload", calls, "--counter", COUNTER, "--yes")

    refused = run(*arguments, **trusting, SSLKEYLOGFILE=str(keys), CALLTOOLS_API_URL=secured.url)
    sent = run(*arguments, "--ca-file", ca_file, SSLKEYLOGFILE=str(keys), CALLTOOLS_API_URL=secured.url)

    assert (refused.exit_code, sent.exit_code) == (4, 0)
    assert not keys.exists()


@pytest.mark.parametrize("name", ["302", "307"])
def test_a_redirect_takes_nothing_to_another_host(run, service, forbidden_host, calls, name):
    service.behave(name)

    result = run("upload", calls, "--counter", COUNTER, "--yes", "--timeout", "2")

    assert result.exit_code == 6
    assert "L1: not known whether its 10 calls have arrived" in result.stderr
    assert forbidden_host.received == []


def test_a_redirect_of_a_reading_takes_nothing_to_another_host(everything, service, forbidden_host):
    service.behave("reading-redirects")

    codes, output = everything()

    assert set(codes) <= {0, 4}, output
    assert "follows no redirects" in output
    assert forbidden_host.received == []


def test_netrc_and_proxies_of_the_environment_are_not_used(everything, service, forbidden_host, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\ndefault login someone password else\n")
    netrc.chmod(0o600)
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")

    codes, output = everything(**dict.fromkeys(names, forbidden_host.url), NO_PROXY="", no_proxy="", NETRC=str(netrc))

    assert codes == [0] * 5, output
    assert forbidden_host.received == []
    assert {one["headers"]["Authorization"] for one in service.requests} == {f"OAuth {TOKEN}"}


def test_an_address_that_is_not_protected_is_refused(run, calls):
    for url in ("http://192.0.2.1", "http://localhost.example"):
        result = run("upload", calls, "--counter", COUNTER, "--yes", CALLTOOLS_API_URL=url)

        assert result.exit_code == 2


def test_the_values_of_a_call_are_in_one_request_only(everything, service):
    """Readings hold neither ids nor phones, in no header and in no address."""
    everything()

    for one in service.requests:
        text = repr((one["path"], one["query"], one["headers"])).encode()
        assert PHONE not in text
        assert IDENTIFIER not in text
    assert TOKEN not in repr([(one["path"], one["query"]) for one in service.requests])
    assert [one["method"] for one in service.requests].count("POST") == 1
