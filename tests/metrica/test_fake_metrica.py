"""The fake service does what the reference documents: other tests compare with it."""

import json
import socket
import ssl
import subprocess
import sys
import time

import httpx2
import pytest

from calltools.metrica.protocol import MultipartFraming
from tests.fake_metrica.behaviors import BEHAVIORS
from tests.metrica.conftest import CANARY
from tests.processes import wait_for

HEAD = "ClientId,DateTime,StaticCall\n"


@pytest.fixture
def http(service):
    headers = {"Authorization": f"OAuth {CANARY}"}
    with httpx2.Client(base_url=f"{service.url}/management/v1/counter", headers=headers, trust_env=False) as one:
        yield one


def post(http, text, counter=101, **query):
    return http.post(f"/{counter}/offline_conversions/upload_calls", params=query, files={"file": text.encode()})


@pytest.fixture
def started():
    """The service as a process, and its address."""
    running = []

    def start(*options):
        command = [sys.executable, "-m", "tests.fake_metrica", *options]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return running[-1].stdout.readline().strip()

    yield start
    for one in running:
        one.terminate()
        one.wait()
        one.stdout.close()


def test_rows_that_are_not_accepted_are_left_out_and_counted(service, http):
    future = int(time.time()) + 3600
    uploaded = post(http, f"{HEAD}1,1773000000,0\n2,yesterday,0\n3,{future},0\n4,1773000000\n5,1773000001,1\n").json()

    assert (uploaded["uploading"]["source_quantity"], uploaded["uploading"]["line_quantity"]) == (5, 2)
    assert (uploaded["uploading"]["static_calls_quantity"], uploaded["uploading"]["dynamic_calls_quantity"]) == (1, 1)
    assert [row["ClientId"] for row in service.store.uploadings[0].rows] == ["1", "5"]


@pytest.mark.parametrize(
    "text",
    ["", HEAD, "DateTime\n1773000000\n", "ClientId\n1\n", "ClientId,DateTime,Target\n1,1773000000,x\n", 'ClientId,DateTime\n"1\n'],
)  # fmt: skip
def test_file_that_is_no_table_of_calls_is_not_stored(text, service, http):
    answer = post(http, text)

    assert (answer.status_code, answer.json()["errors"][0]["error_type"]) == (400, "invalid_uploading")
    assert service.store.uploadings == []


def test_half_a_body_is_never_stored(service):
    framing = MultipartFraming("b")
    content = framing.head + f"{HEAD}1,1773000000,0\n2,1773000000,0\n".encode() + framing.tail
    lines = (
        "POST /management/v1/counter/101/offline_conversions/upload_calls HTTP/1.1",
        "Host: x",
        f"Authorization: OAuth {CANARY}",
        f"Content-Type: {framing.content_type}",
        f"Content-Length: {len(content)}",
    )
    for end in range(0, len(content), 7):
        with socket.create_connection(("127.0.0.1", service.port)) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + content[:end])

    wait_for(lambda: len(service.posts) == len(range(0, len(content), 7)) and service.idle)
    assert service.store.uploadings == []


@pytest.mark.parametrize(
    ("ids", "static", "end", "linked"),
    [
        (["1", "9"], "0", "PROCESSED", 1),
        (["9", "19"], "0", "LINKAGE_FAILURE", 0),
        (["1", "2"], "1", "LINKAGE_FAILURE", 0),
    ],
)
def test_status_advances_as_documented(ids, static, end, linked, service, http):
    number = post(http, HEAD + "".join(f"{one},1773000000,{static}\n" for one in ids)).json()["uploading"]["id"]
    answers = []
    for _ in range(6):
        answers.append(http.get(f"/101/offline_conversions/calls_uploading/{number}").json()["uploading"])
        service.store.advance(0.2)

    assert [one["status"] for one in answers] == ["PREPARED", "UPLOADED", "EXPORTED", "MATCHED", end, end]
    assert answers[-1]["linked_quantity"] == linked


def test_list_has_pages_and_counters_of_its_own(http):
    numbers = [post(http, f"{HEAD}1,1773000000,0\n", comment=f"c{n}").json()["uploading"]["id"] for n in range(5)]
    post(http, f"{HEAD}1,1773000000,0\n", counter=102)

    pages = [
        http.get("/101/offline_conversions/calls_uploadings", params={"limit": 2, "offset": offset}).json()[
            "uploadings"
        ]
        for offset in (0, 2, 4, 6)
    ]

    assert [[one["id"] for one in page] for page in pages] == [numbers[:2:-1], numbers[2:0:-1], numbers[:1], []]
    assert pages[0][0]["comment"] == "c4"


@pytest.mark.parametrize(("counter", "status"), [(403, 403), (404, 404)])
def test_two_counters_refuse(counter, status, service, http):
    assert post(http, f"{HEAD}1,1773000000,0\n", counter=counter).status_code == status
    assert service.store.uploadings == []


def test_another_token_is_refused(service, http):
    assert http.get("/101", headers={"Authorization": "OAuth another"}).status_code == 401
    assert http.get("/101", headers={"Authorization": f"Bearer {CANARY}"}).status_code == 401


def test_behavior_ends_after_its_times(service, http):
    service.behave("429", times=2)

    assert [http.get("/101").status_code for _ in range(4)] == [429, 429, 200, 200]


def test_at_least_twenty_misbehaviors_of_uploads():
    assert len([one for one in BEHAVIORS.values() if "upload" in one.kinds]) >= 20


def test_service_as_a_process_is_controlled_over_http(started):
    url = started("--behavior", "503", "--times", "1", "--step", "60")
    place = f"{url}/management/v1/counter/7/offline_conversions/upload_calls?comment=c1"

    with httpx2.Client(headers={"Authorization": "OAuth any"}, trust_env=False) as http:
        statuses = [http.post(place, files={"file": f"{HEAD}1,1773000000,0\n".encode()}).status_code for _ in range(2)]
        http.post(f"{url}/_control/behave", params={"name": "reading-fails", "times": 1})
        readings = [http.get(f"{url}/management/v1/counter/7").status_code for _ in range(2)]
        state = json.loads(http.get(f"{url}/_control/state").content)

    assert (statuses, readings) == ([503, 200], [500, 200])
    assert [(one["counter"], one["comment"], len(one["rows"])) for one in state["uploadings"]] == [(7, "c1", 1)]
    assert [one["method"] for one in state["requests"]] == ["POST", "POST", "GET", "GET"]
    assert "any" not in json.dumps(state)


def test_service_as_a_process_with_a_certificate(started, tmp_path):
    url = started("--tls", str(tmp_path))
    context = ssl.create_default_context(cafile=tmp_path / "ca.pem")

    answer = httpx2.get(
        f"{url}/management/v1/counter/7", headers={"Authorization": "OAuth x"}, verify=context, trust_env=False
    )

    assert url.startswith("https://localhost:")
    assert answer.json()["counter"]["id"] == 7
