"""Addresses of stores through all rooms, each store on loopback: inputs, outputs, faults, and secrets that stay secret."""

import gzip
import json
import os
import pickle
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from functools import partial
from pathlib import Path

import paramiko
import pyarrow as pa
import pytest
from fsspec.spec import AbstractFileSystem
from typer.testing import CliRunner

import calltools
from calltools.cli.app import app
from calltools.errors import OutputError
from calltools.files import copies, parts, remote
from calltools.files.atomic import AtomicFile
from calltools.files.limits import Limits
from calltools.files.packed import Packed, Unpacker
from calltools.files.parts import PartsWriter, store_records, write_parts
from calltools.files.remote import LimitedStream
from calltools.files.remote_path import RemotePath, as_path
from calltools.run import ConversionSink
from tests.fake_metrica.server import FakeMetrica
from tests.packing import zip_of
from tests.processes import start_process, wait_for
from tests.stores import (
    SECRET,
    breaking_connection,
    is_authorized,
    s3_server,
    sftp_server,
    trusted_authority,
    web_server,
)
from tests.test_pipeline import GOOD, as_csv
from tests.test_samples import AS_OF, FOLDERS

CALLS = as_csv([GOOD, GOOD | {"PhoneNumber": "12"}, GOOD | {"DateTime": "yesterday"}]).encode()
TOKEN = "y0_C4naryTokenAbc-123"  # noqa: S105 - a canary
BUCKET = "calls"


def run(*arguments, **environment):
    environment = {"CALLTOOLS_LANG": "en", "GITHUB_ACTIONS": "", **environment}
    return CliRunner().invoke(app, list(map(str, arguments)), env=environment)


def convert(*arguments):
    return run("convert", *arguments, "--as-of", AS_OF)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "calls.csv").write_bytes(CALLS)
    return tmp_path


@pytest.fixture(scope="module")
def store():
    with pytest.MonkeyPatch.context() as patch, s3_server(BUCKET) as (environment, files):
        for name, value in environment.items():
            patch.setenv(name, value)
        # fsspec keeps a file system for the next address, and would keep that of another test.
        files.clear_instance_cache()
        yield files
        files.clear_instance_cache()


@pytest.fixture
def s3(store):
    if found := store.find(BUCKET):
        store.rm(found)
    return store


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What a conversion of the calls in a file of this machine says and writes."""
    folder = tmp_path_factory.mktemp("expected")
    (folder / "calls.csv").write_bytes(CALLS)
    outputs = ("-o", folder / "o.csv", "--rejects", folder / "r.csv", "--report", folder / "f.json")
    done = convert(folder / "calls.csv", *outputs)
    return done, *(folder.joinpath(name).read_bytes() for name in ("o.csv", "r.csv", "f.json"))


def counts_of(report):
    document = json.loads(report)
    return document["counts"], [(one["code"], one["line"], one["column"]) for one in document["findings"]]


def test_the_answer_is_that_for_a_file_of_this_machine(s3, expected, folder):
    s3.pipe_file(f"{BUCKET}/in/calls.csv.gz", gzip.compress(CALLS))
    outputs = [f"s3://{BUCKET}/out/{name}" for name in ("o.csv", "r.csv", "f.json")]

    done = convert(f"s3://{BUCKET}/in/calls.csv.gz", "-o", outputs[0], "--rejects", outputs[1], "--report", outputs[2])

    assert (done.exit_code, done.stderr) == (1, expected[0].stderr)
    written = [s3.cat_file(f"{BUCKET}/out/{name}") for name in ("o.csv", "r.csv", "f.json")]
    assert written[:2] == list(expected[1:3])
    assert counts_of(written[2]) == counts_of(expected[3])
    assert json.loads(written[2])["files"][0]["path"] == f"s3://{BUCKET}/in/calls.csv.gz"
    assert [path.name for path in folder.iterdir()] == ["calls.csv"]


def test_what_a_folder_of_a_store_holds_is_taken_and_the_rest_is_counted(s3):
    for name in (
        "a.csv",
        "b.parquet",
        ".hidden.csv",
        "~$a.xlsx",
        "notes.md",
        "sub/c.csv",
        "sub/.x/d.csv",
        "a.rejects.csv",
    ):
        s3.pipe_file(f"{BUCKET}/in/{name}", CALLS)

    flat = run("validate", f"s3://{BUCKET}/in/", "--as-of", AS_OF, "--output-format", "json")
    deep = run("validate", f"s3://{BUCKET}/in/", "--recursive", "--as-of", AS_OF, "--output-format", "json")
    fitting = run("validate", f"s3://{BUCKET}/in/**/*.csv", "--as-of", AS_OF, "--output-format", "json")

    names = [[one["path"] for one in json.loads(done.stdout)["files"]] for done in (flat, deep, fitting)]
    assert names == [
        [f"s3://{BUCKET}/in/a.csv", f"s3://{BUCKET}/in/b.parquet"],
        [f"s3://{BUCKET}/in/a.csv", f"s3://{BUCKET}/in/b.parquet", f"s3://{BUCKET}/in/sub/c.csv"],
        [f"s3://{BUCKET}/in/a.csv", f"s3://{BUCKET}/in/sub/c.csv"],
    ]
    assert f"s3://{BUCKET}/in/: files taken: 2; not taken: 5 (hidden: 1," in flat.stderr
    assert "not taken: 5 (hidden: 2," in deep.stderr
    assert run("validate", f"s3://{BUCKET}/in", "--as-of", AS_OF, "--output-format", "json").stdout == flat.stdout


def test_members_of_an_archive_are_inputs_and_one_can_be_named(s3):
    s3.pipe_file(f"{BUCKET}/calls.zip", zip_of({"a.csv": CALLS, "b.csv": CALLS, "c.md": b""}))

    both = run("validate", f"s3://{BUCKET}/calls.zip", "--as-of", AS_OF, "--output-format", "json")
    one = run("validate", f"s3://{BUCKET}/calls.zip/b.csv", "--as-of", AS_OF, "--output-format", "json")

    paths = [[file["path"] for file in json.loads(done.stdout)["files"]] for done in (both, one)]
    assert paths == [
        [f"s3://{BUCKET}/calls.zip/{name}" for name in ("a.csv", "b.csv")],
        [f"s3://{BUCKET}/calls.zip/b.csv"],
    ]


def test_an_address_that_cannot_be_read_is_its_own_failure(s3):
    s3.pipe_file(f"{BUCKET}/calls.csv", CALLS)

    done = convert(f"s3://{BUCKET}/missing.csv", f"s3://{BUCKET}/calls.csv", f"s3://{BUCKET}/none/", "-o", "out.csv")

    assert done.exit_code == 3
    assert f"There is nothing at s3://{BUCKET}/missing.csv." in done.stderr
    assert f"s3://{BUCKET}/none/ is a folder without table files" in done.stderr
    assert "total of 3 files, 2 of them not read: read 3 = written 1 + rejected 2" in done.stderr


def test_many_files_are_copied_and_each_is_read(s3, monkeypatch):
    monkeypatch.setattr("calltools.files.copies._NAMELESS", 1)
    for number in range(3):
        s3.pipe_file(f"{BUCKET}/in/{number}.csv", as_csv([GOOD | {"Tag": f"{number}"}]).encode())

    done = convert(f"s3://{BUCKET}/in/*.csv")

    assert [line.rpartition("2079460000,30,0,")[2][:1] for line in done.stdout.splitlines()[1:]] == ["0", "1", "2"]


def test_a_folder_output_and_its_rejects_are_objects(s3, folder):
    (folder / "more.csv").write_bytes(CALLS)
    target = f"s3://{BUCKET}/out/"

    done = convert("calls.csv", "more.csv", "-o", target, "--rejects", target)

    assert done.exit_code == 1
    names = sorted(name.rpartition("/")[2] for name in s3.find(f"{BUCKET}/out"))
    assert names == ["calls.csv", "calls.rejects.csv", "more.csv", "more.rejects.csv"]
    assert convert("calls.csv", "-o", target).exit_code == 2
    assert convert("calls.csv", "-o", target, "--force").exit_code == 1


@pytest.mark.parametrize("by_workers", [False, True])
def test_parts_and_their_manifest_are_objects(by_workers, s3, expected, monkeypatch):
    monkeypatch.setattr(parts, "_PART_RECORDS", 1)
    output = RemotePath(f"s3://{BUCKET}/out/{{part}}.csv")
    columns = pa.table({"ClientId": ["1604591025698235234"] * 2, "DateTime": ["1760000000", "1760000001"]})
    with PartsWriter(output, force=False) as writer:
        if by_workers:
            # As on other machines, which have nothing but the address.
            folder = writer.use_workers(pickle.loads(pickle.dumps(write_parts)))  # noqa: S301 - our own
            for at in range(2):
                writer.add(store_records(columns.slice(at, 1), folder))
        else:
            for at in range(2):
                writer.write(columns.slice(at, 1))
        writer.close({})

    names = ["00000.csv", "00001.csv", "manifest.json"]
    assert sorted(name.rpartition("/")[2] for name in s3.find(f"{BUCKET}/out")) == names
    texts = [s3.cat_file(f"{BUCKET}/out/{name}") for name in names]
    assert texts[:2] == [f"ClientId,DateTime\n1604591025698235234,176000000{n}\n".encode() for n in range(2)]
    assert [one["bytes"] for one in json.loads(texts[2])["parts"]] == [len(text) for text in texts[:2]]

    taken = convert("calls.csv", "-o", f"s3://{BUCKET}/out/{{part}}.csv")
    forced = convert("calls.csv", "-o", f"s3://{BUCKET}/out/{{part}}.csv", "--force")
    again = convert(f"s3://{BUCKET}/out/", "-o", "again.csv")

    assert (taken.exit_code, forced.exit_code, again.exit_code) == (2, 1, 0), again.stderr
    assert sorted(name.rpartition("/")[2] for name in s3.find(f"{BUCKET}/out")) == ["00000.csv", "manifest.json"]
    assert Path("again.csv").read_bytes() == s3.cat_file(f"{BUCKET}/out/00000.csv") == expected[1]


# -- objects that are sent in several requests -----------------------------------------------

#: The least that S3 takes as a piece, but for the last one.
PIECE = 5 << 20


@pytest.fixture
def large(monkeypatch, tmp_path):
    monkeypatch.setattr(remote, "_UPLOADED_BYTES", PIECE)
    content = random.Random(7).randbytes(2 * PIECE + 99)  # noqa: S311 - no secret
    (tmp_path / "large").write_bytes(content)
    return tmp_path / "large", content


def write_object(name, content):
    with AtomicFile(RemotePath(f"s3://{BUCKET}/{name}"), force=False) as stream:
        stream.write(content)


def unfinished(s3):
    return s3.call_s3("list_multipart_uploads", Bucket=BUCKET).get("Uploads", [])


def test_a_large_object_is_sent_in_pieces(s3, large, monkeypatch):
    _, content = large
    with breaking_connection(os.environ["AWS_ENDPOINT_URL"], lambda _: False) as (url, seen):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        write_object("large", content)

    assert s3.cat_file(f"{BUCKET}/large") == content
    assert sum("partNumber=" in request for request in seen) == 3
    assert unfinished(s3) == []


@pytest.mark.parametrize("broken", ["partNumber=2", "partNumber=3", "POST /calls/large?uploadId"])
def test_a_connection_that_breaks_leaves_nothing_of_a_large_object(broken, s3, large, monkeypatch):
    _, content = large
    with breaking_connection(os.environ["AWS_ENDPOINT_URL"], lambda request: broken in request) as (url, seen):
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        with pytest.raises(OutputError, match="cannot be reached or broke off"):
            write_object("large", content)

    assert any(broken in request for request in seen)
    assert s3.find(BUCKET) == []
    assert unfinished(s3) == []


@pytest.mark.parametrize(("number", "left"), [(signal.SIGTERM, 0), (signal.SIGKILL, 1)])
def test_a_killed_process_leaves_no_object_and_what_is_left_is_taken_away_later(number, left, s3, large, monkeypatch):
    path, content = large
    program = """if True:
        import sys
        from pathlib import Path
        from calltools.files import remote
        from calltools.files.remote_path import RemotePath
        from calltools.runtime.signals import install_handlers

        install_handlers()
        remote._UPLOADED_BYTES = int(sys.argv[1])
        remote.put(Path(sys.argv[2]), RemotePath(sys.argv[3]))
    """
    holds = threading.Event()
    reached = threading.Event()

    def breaks(request):
        if "partNumber=2" in request:
            reached.set()
            return holds.wait(60)
        return False

    with breaking_connection(os.environ["AWS_ENDPOINT_URL"], breaks) as (url, _):
        arguments = [str(PIECE), str(path), f"s3://{BUCKET}/large"]
        with start_process(
            [sys.executable, "-c", program, *arguments],
            env=os.environ | {"AWS_ENDPOINT_URL": url},
            stderr=subprocess.DEVNULL,
        ) as process:
            assert reached.wait(60)
            process.send_signal(number)
            holds.set()
            assert process.wait(60) != 0

    assert s3.find(BUCKET) == []
    assert len(unfinished(s3)) == left
    # This server says of each that it was begun in 2010. One of today may be that of a run which is still at work.
    abandoned = remote._ABANDONED_S
    monkeypatch.setattr(remote, "_ABANDONED_S", 1 << 40)
    write_object("large", content)
    assert len(unfinished(s3)) == left
    s3.rm_file(f"{BUCKET}/large")
    monkeypatch.setattr(remote, "_ABANDONED_S", abandoned)
    write_object("large", content)
    assert unfinished(s3) == []
    assert s3.cat_file(f"{BUCKET}/large") == content


# -- several addresses -----------------------------------------------------------------------


def test_the_next_addresses_come_while_one_is_worked_on_and_answers_are_in_order(web, monkeypatch):
    count, first_waits = 30, threading.Event()
    asked = []

    def page(number, handler):
        asked.append(number)
        if number == 0:
            # It comes last, and all the same it is the first answer.
            assert first_waits.wait(60)
        if number == 3:
            first_waits.set()
        handler.send(200, as_csv([GOOD | {"Tag": f"{number}"}]).encode())

    for number in range(count):
        web.pages[f"/ahead/{number}.csv"] = partial(page, number)
    urls = [f"{web.url}/ahead/{number}.csv" for number in range(count)]

    done = convert(*urls, f"{web.url}/ahead/none.csv", "-o", "out.csv")

    assert done.exit_code == 3, done.stderr
    assert sorted(asked) == list(range(count))
    tags = [line.rpartition("2079460000,30,0,")[2].split(",")[0] for line in Path("out.csv").read_text().splitlines()]
    assert tags[1:] == [str(number) for number in range(count)]


def test_no_more_addresses_are_fetched_ahead_than_a_few(web, monkeypatch):
    asked = []

    def page(number, handler):
        asked.append(number)
        handler.send(200, CALLS)

    for number in range(40):
        web.pages[f"/few/{number}.csv"] = partial(page, number)
    addresses = [RemotePath(f"{web.url}/few/{number}.csv") for number in range(40)]
    with Unpacker() as unpacker:
        unpacker.expect((one, str(one), Limits()) for one in addresses)
        wait_for(lambda: len(asked) == copies._AHEAD)
        for taken, address in enumerate(addresses, 1):
            assert unpacker.plain_path(Packed(address), str(address)).read_bytes() == CALLS
            assert len(asked) <= taken + copies._AHEAD

    assert sorted(asked) == list(range(40))


def test_what_comes_when_nobody_wants_it_any_more_is_dropped(web, folder, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "temporary"))
    (folder / "temporary").mkdir()
    monkeypatch.setattr(copies, "_NAMELESS", 0)
    goes_on, reached = threading.Event(), threading.Event()

    def page(handler):
        reached.set()
        goes_on.wait(60)
        handler.send(200, CALLS)

    web.pages |= {"/slow/1.csv": page, "/slow/2.csv": page}
    addresses = [RemotePath(f"{web.url}/slow/{number}.csv") for number in (1, 2)]
    with Unpacker() as unpacker:
        unpacker.expect((one, str(one), Limits()) for one in addresses)
        assert reached.wait(60)
    goes_on.set()

    assert list((folder / "temporary").iterdir()) == []


@pytest.mark.parametrize("command", ["validate", "convert"])
@pytest.mark.parametrize("address", ["s3://bad bucket/calls.csv", "s3://bücket/calls.csv", "s3:///calls.csv"])
def test_a_bucket_that_cannot_be_is_a_mistake_of_the_command(command, address, s3):
    more = ["-o", address] if command == "convert" else []
    given = "calls.csv" if command == "convert" else address

    done = run(command, given, *more)

    assert done.exit_code == 2, done.stderr
    assert f"{address}: a bucket cannot have such a name. It has 3 to 63" in done.stderr
    assert "ParamValidation" not in done.stderr


def test_an_object_is_not_overwritten_without_being_told_to(s3):
    s3.pipe_file(f"{BUCKET}/out.csv", b"mine")

    done = convert("calls.csv", "-o", f"s3://{BUCKET}/out.csv")

    assert done.exit_code == 2
    assert f"s3://{BUCKET}/out.csv already exists." in done.stderr
    assert s3.cat_file(f"{BUCKET}/out.csv") == b"mine"
    assert convert("calls.csv", "-o", f"s3://{BUCKET}/out.csv", "--force").exit_code == 1
    assert s3.cat_file(f"{BUCKET}/out.csv") != b"mine"


def test_what_was_put_is_taken_back_when_what_belongs_to_it_cannot_be_written(s3, folder):
    outputs = [RemotePath(f"s3://{BUCKET}/out.csv"), folder / "local.csv"]
    for output in outputs:
        with ConversionSink(output, folder / "rejects.csv") as sink:
            (folder / "rejects.csv").write_bytes(b"mine")
            with pytest.raises(calltools.CalltoolsError, match="already exists"):
                sink.put_in_place([], held=False)
        (folder / "rejects.csv").unlink()

    assert s3.find(BUCKET) == []
    assert not outputs[1].exists()


def test_an_output_is_no_input_and_is_not_named_twice(s3):
    s3.pipe_file(f"{BUCKET}/calls.csv", CALLS)
    place = f"s3://{BUCKET}/calls.csv"

    assert "one of the inputs" in convert(place, "-o", place, "--force").stderr
    assert (
        "is named for two outputs"
        in convert("calls.csv", "-o", f"s3://{BUCKET}/x.csv", "--rejects", f"s3://{BUCKET}/x.csv").stderr
    )


def test_a_bucket_that_is_missing_is_told_before_anything_is_read(s3):
    done = convert("calls.csv", "-o", "s3://no-such-bucket/out.csv")

    assert (done.exit_code, done.stdout) == (2, "")
    assert "There is nothing at s3://no-such-bucket/out.csv." in done.stderr


def test_the_second_file_and_the_baseline_may_be_elsewhere(s3, folder):
    call = GOOD | {"ClientId": ""}
    (folder / "calls.csv").write_text(as_csv([call]), encoding="utf-8")
    second = f"phone,time,ClientId\n{call['PhoneNumber']},{int(call['DateTime']) - 60},{GOOD['ClientId']}\n"
    s3.pipe_file(f"{BUCKET}/crm.csv", second.encode())
    known = f"s3://{BUCKET}/known.json"

    joined = convert("calls.csv", "--identifiers", f"s3://{BUCKET}/crm.csv")
    (folder / "calls.csv").write_bytes(CALLS)
    run("validate", "calls.csv", "--as-of", AS_OF, "--write-baseline", known)
    again = run("validate", "calls.csv", "--as-of", AS_OF, "--baseline", known)
    missing = run("validate", "calls.csv", "--baseline", f"s3://{BUCKET}/nothing.json")

    assert GOOD["ClientId"] in joined.stdout
    assert again.exit_code == 0
    assert f"accepted by {known}" in again.stderr or known in again.stderr
    assert missing.exit_code == 3


def test_the_configuration_may_name_addresses(s3, folder):
    (folder / "calltools.toml").write_text(f'report = "s3://{BUCKET}/r.json"\n', encoding="utf-8")
    (folder / "below").mkdir()
    (folder / "below" / "calls.csv").write_bytes(CALLS)
    os.chdir(folder / "below")

    done = run("validate", "calls.csv", "--as-of", AS_OF)

    assert done.exit_code == 1, done.stderr
    assert json.loads(s3.cat_file(f"{BUCKET}/r.json"))["files"][0]["records"] == 3


def test_detect_new_and_the_library_read_addresses(s3, tmp_path):
    (export,) = FOLDERS["sipuni"].glob("export.*")
    s3.pipe_file(f"{BUCKET}/export.csv", export.read_bytes())
    s3.pipe_file(f"{BUCKET}/calls.csv", CALLS)

    detected = run("vendors", "detect", f"s3://{BUCKET}/export.csv")
    draft = run("vendors", "new", f"s3://{BUCKET}/export.csv", "--no-input")
    checked = calltools.validate(f"s3://{BUCKET}/calls.csv", as_of=1773273600)
    written = calltools.convert(f"s3://{BUCKET}/calls.csv", f"s3://{BUCKET}/o.parquet", as_of=1773273600)

    assert detected.exit_code == 0
    assert f"s3://{BUCKET}/export.csv is an export of sipuni" in detected.stdout
    assert draft.stdout.count("[fields") == run("vendors", "new", export, "--no-input").stdout.count("[fields")
    assert not checked.ok
    assert (written.summary.read, written.summary.written) == (3, 1)
    assert calltools.validate(f"s3://{BUCKET}/o.parquet", as_of=1773273600).ok


def test_a_store_without_credentials_or_without_an_answer_is_told(s3, monkeypatch):
    s3.clear_instance_cache()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "")
    refused = run("validate", f"s3://{BUCKET}/calls.csv")
    monkeypatch.undo()

    assert refused.exit_code == 3
    assert "there are no credentials for this store" in refused.stderr
    s3.clear_instance_cache()


def test_nothing_listens_at_the_address():
    done = run("validate", "https://127.0.0.1:1/calls.csv", "--lang", "ru")

    assert done.exit_code == 3
    assert "https://127.0.0.1:1/calls.csv: хранилище недоступно" in done.stderr


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    """A web server whose pages show what can go wrong, and whose certificate is trusted."""
    authority, file = trusted_authority(tmp_path_factory.mktemp("web"))

    def signed(handler):
        handler.send(200, CALLS) if f"sig={SECRET}" in handler.path else handler.send(403, SECRET.encode())

    def private(handler):
        handler.send(200, CALLS) if is_authorized(handler, "anna") else handler.send(401)

    def redirect(location):
        return lambda handler: handler.send(302, Location=location)

    def cut(handler):
        handler.send(200, CALLS[:50], Content_Length=str(len(CALLS)))
        handler.close_connection = True

    pages = {
        "/calls.csv": signed,
        "/private.csv": private,
        "/cut.csv": cut,
        "/to-plain": redirect("http://192.0.2.1/calls.csv"),
        "/to-signed": redirect(f"/calls.csv?sig={SECRET}"),
        "/part.csv": lambda handler: handler.send(206, CALLS[: CALLS.rindex(b"\n", 0, -1) + 1]),
        "/later.csv": lambda handler: handler.send(202, CALLS),
        "/failing": lambda handler: handler.send(500, SECRET.encode()),
        "/page": b"<html><body>Log in</body></html>",
        "/calls.zip": zip_of({"a.csv": CALLS}),
    }
    with web_server(pages, authority=authority) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(file))
        yield server


@pytest.mark.parametrize(
    ("address", "code", "said"),
    [
        pytest.param("{url}/calls.csv?sig={secret}", 1, "", id="signed"),
        pytest.param("https://anna:{secret}@{host}/private.csv", 1, "", id="with a password"),
        pytest.param("{url}/to-signed", 1, "", id="redirected"),
        pytest.param("{url}/calls.zip", 1, "", id="packed"),
        pytest.param("{url}/calls.csv?sig=x{secret}", 3, "the store refuses access", id="forbidden"),
        pytest.param("https://eva:{secret}@{host}/private.csv", 3, "the store refuses access", id="wrong password"),
        pytest.param("{url}/missing.csv?sig={secret}", 3, "There is nothing at {url}/missing.csv?…", id="missing"),
        pytest.param("{url}/failing?sig={secret}", 3, "cannot be reached or broke off (500)", id="failing"),
        pytest.param("{url}/cut.csv?sig={secret}", 3, "broke off (ContentLengthError)", id="cut off"),
        pytest.param("{url}/part.csv?sig={secret}", 3, "broke off (206)", id="a part"),
        pytest.param("{url}/later.csv?sig={secret}", 3, "broke off (202)", id="not ready"),
        pytest.param("{url}/to-plain?sig={secret}", 3, "would go over the network unencrypted", id="to http"),
        pytest.param("http://192.0.2.1/x.csv?sig={secret}", 2, "would go over the network unencrypted", id="http"),
        pytest.param("ftp://anna:{secret}@192.0.2.1/x.csv", 2, "an address of a kind that is not known", id="ftp"),
        pytest.param("{url}/page?sig={secret}", 3, "is a web page (HTML)", id="page"),
    ],
)
def test_an_address_of_the_web_is_read_and_no_secret_is_shown(web, folder, address, code, said):
    given = address.format(url=web.url, host=web.host, secret=SECRET)
    reports = [word for form in ("json", "html", "sarif", "xml", "csv", "xlsx") for word in ("--report", f"r.{form}")]

    done = run("validate", given, "--as-of", AS_OF, "-v", "--debug", *reports)

    assert done.exit_code == code, done.stderr
    assert said.format(url=web.url) in done.stderr
    written = b"".join(path.read_bytes() for path in folder.iterdir() if path.name.startswith("r."))
    assert SECRET not in done.output
    assert SECRET.encode() not in written
    if code == 1:
        document = json.loads((folder / "r.json").read_bytes())
        assert document["files"][0]["records"] == 3


def test_members_of_an_archive_of_the_web_are_inputs_where_its_server_gives_only_all_of_it():
    with web_server({"/calls.zip": zip_of({"a.csv": CALLS, "Звонки март.csv": CALLS})}) as server:
        done = run("validate", f"{server.url}/calls.zip", "--as-of", AS_OF, "--output-format", "json")
        names = [file["path"] for file in json.loads(done.stdout)["files"]]
        again = run("validate", names[1], "--as-of", AS_OF, "--output-format", "json")
        missing = run("validate", f"{server.url}/calls.zip/c.csv", "--as-of", AS_OF)

    assert names == [f"{server.url}/calls.zip/{name}" for name in ("a.csv", "Звонки март.csv")]
    assert [(file["path"], file["records"]) for file in json.loads(again.stdout)["files"]] == [(names[1], 3)]
    assert missing.exit_code == 3
    assert f"There is nothing at {server.url}/calls.zip/c.csv" in missing.stderr


def test_an_address_of_the_web_behind_the_name_of_an_archive_may_be_a_file():
    with web_server({"/old.zip/calls.csv": CALLS}) as server:
        done = run("validate", f"{server.url}/old.zip/calls.csv", "--as-of", AS_OF, "--output-format", "json")

    assert [file["records"] for file in json.loads(done.stdout)["files"]] == [3]


def test_an_archive_of_the_web_that_shows_itself_late_is_to_be_downloaded():
    """Neither its name tells that it holds several tables, nor can one of them be named by an address."""
    archive = zip_of({"a.csv": CALLS, "b.csv": CALLS})
    with web_server({"/export": archive, "/ids.zip": archive}) as server:
        first = run("validate", f"{server.url}/export", "--as-of", AS_OF)
        second = run("validate", "calls.csv", "--identifiers", f"{server.url}/ids.zip", "--as-of", AS_OF)

    assert first.exit_code == second.exit_code == 2
    for done, name in ((first, "export"), (second, "ids.zip")):
        said = f"{server.url}/{name} is an archive with 2 tables: a.csv, b.csv. Download it"
        assert said in " ".join(done.stderr.split())


def test_members_of_an_archive_of_the_web_are_inputs_where_its_server_gives_ranges():
    archive = zip_of({"a.csv": CALLS, "b.csv": CALLS})

    def serve(handler):
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", handler.headers.get("Range", ""))
        first, last = map(int, asked.groups()) if asked else (0, len(archive) - 1)
        part = archive[first : last + 1]
        of_all = {"Content_Range": f"bytes {first}-{first + len(part) - 1}/{len(archive)}"} if asked else {}
        handler.send(206 if asked else 200, part, Accept_Ranges="bytes", **of_all)

    with web_server({"/calls.zip": serve}) as server:
        done = run("validate", f"{server.url}/calls.zip", "--as-of", AS_OF, "--output-format", "json")

    assert [file["path"] for file in json.loads(done.stdout)["files"]] == [
        f"{server.url}/calls.zip/{name}" for name in ("a.csv", "b.csv")
    ]


def test_a_server_of_an_unknown_authority_is_not_believed(tmp_path, monkeypatch):
    authority, _ = trusted_authority(tmp_path)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with web_server({"/calls.csv": CALLS}, authority=authority) as server:
        done = run("validate", f"{server.url}/calls.csv")

    assert done.exit_code == 3
    assert "the certificate of the server is not trusted" in done.stderr
    assert server.seen == []


def test_plain_http_of_this_machine_is_read_and_a_limit_is_named():
    elsewhere = {"/away": lambda handler: handler.send(302, Location="//192.0.2.1/calls.csv")}
    with web_server({"/calls.csv": CALLS, **elsewhere}) as server:
        away = run("validate", f"{server.url}/away")
        url = server.url.replace("127.0.0.1", "localhost")
        read = run("validate", f"{url}/calls.csv", "--as-of", AS_OF)
        too_large = run("validate", f"{server.url}/calls.csv", "--limit", "fetched=10")

    assert (away.exit_code, read.exit_code) == (3, 1)
    assert "would go over the network unencrypted" in away.stderr
    assert too_large.exit_code == 3
    assert "is larger than 0 MiB. Raise the limit by --limit fetched=…" in too_large.stderr


def test_what_takes_too_long_is_given_up(tmp_path):
    with (tmp_path / "target").open("wb") as target, pytest.raises(calltools.CalltoolsError, match="longer than 0 sec"):
        LimitedStream(target, "calls.csv", Limits(fetch_seconds=0)).write(b"x")


def test_nothing_is_written_to_the_web(web):
    done = convert("calls.csv", "-o", f"{web.url}/out.csv?sig={SECRET}")

    assert done.exit_code == 2
    assert "an address of the web is only read" in done.stderr
    assert SECRET not in done.output


def test_converted_files_of_signed_addresses_bear_their_names(web, folder):
    done = convert(f"{web.url}/calls.csv?sig={SECRET}", "-o", "out/")

    assert done.exit_code == 1
    assert [path.name for path in (folder / "out").iterdir()] == ["calls.csv"]


def test_calls_of_an_address_are_sent_once_and_the_ledger_knows_no_secret(web, folder):
    lines = [f"16045910256982352{n:02},{1760000000 + n},0,+749500007{n:02},35,0" for n in range(10)]
    content = "\n".join(["ClientId,DateTime,StaticCall,PhoneNumber,TalkDuration,CallMissed", *lines, ""]).encode()
    web.pages["/good.csv"] = lambda handler: handler.send(200, content)
    with FakeMetrica(token=TOKEN, step_seconds=0.02) as service:
        environment = {
            "CALLTOOLS_API_URL": service.url,
            "CALLTOOLS_TOKEN": TOKEN,
            "CALLTOOLS_STATE_DIR": str(folder / "state"),
        }
        given = f"{web.url}/good.csv?sig={SECRET}"
        sent = [
            run("upload", given, "--counter", "12345678", "--yes", "--timeout", "5", "-v", **environment)
            for _ in range(2)
        ]
        posts = service.posts

    assert [one.exit_code for one in sent] == [0, 0], sent[0].stderr
    assert len(posts) == 1
    assert SECRET not in sent[0].output + sent[1].output
    assert all(SECRET.encode() not in path.read_bytes() for path in (folder / "state").rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def host_key():
    return paramiko.ECDSAKey.generate()


@pytest.fixture
def sftp(tmp_path, monkeypatch, host_key):
    """An address that leads to a folder through SFTP, whose server is known."""
    root, home = tmp_path / "served", tmp_path / "home"
    root.mkdir()
    (home / ".ssh").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with sftp_server(root, host_key) as port:
        line = f"[127.0.0.1]:{port} {host_key.get_name()} {host_key.get_base64()}\n"
        (home / ".ssh" / "known_hosts").write_text(line, encoding="ascii")
        yield f"sftp://anna:{SECRET}@127.0.0.1:{port}", root
        AbstractFileSystem.clear_instance_cache()


def test_files_are_read_and_written_through_sftp(sftp):
    url, root = sftp
    (root / "in").mkdir()
    for name in ("a.csv", "notes.md"):
        (root / "in" / name).write_bytes(CALLS)

    done = convert(f"{url}/in/", "-o", f"{url}/out.csv", "--report", f"{url}/r.json")
    taken = convert("calls.csv", "-o", f"{url}/out.csv")
    missing = run("validate", f"{url}/in/missing.csv")

    assert done.exit_code == 1, done.stderr
    assert "/in/: files taken: 1; not taken: 1" in done.stderr
    assert (root / "out.csv").read_bytes().count(b"\n") == 2
    assert json.loads((root / "r.json").read_bytes())["files"][0]["path"].startswith("sftp://…@127.0.0.1:")
    assert (taken.exit_code, missing.exit_code) == (2, 3)
    assert "There is nothing at sftp://…@127.0.0.1:" in missing.stderr
    assert sorted(path.name for path in root.iterdir()) == ["in", "out.csv", "r.json"]
    assert SECRET not in done.output + taken.output + missing.output


def test_parts_are_written_through_sftp_and_no_folder_is_left(sftp):
    url, root = sftp
    (root / "out").mkdir()
    with PartsWriter(RemotePath(f"{url}/out/{{part}}.csv"), force=False) as writer:
        folder = writer.use_workers(write_parts)
        hidden = [path.name for path in (root / "out").iterdir()]
        writer.add(store_records(pa.table({"ClientId": ["1604591025698235234"]}), folder))
        writer.close({})

    assert hidden == [folder.name]
    assert sorted(path.name for path in (root / "out").iterdir()) == ["00000.csv", "manifest.json"]
    assert (root / "out" / "00000.csv").read_text() == "ClientId,DateTime\n1604591025698235234,\n"


def test_an_unknown_server_and_a_wrong_password_are_refused(sftp, tmp_path):
    url, _ = sftp

    wrong = run("validate", f"{url.replace(SECRET, 'x')}/calls.csv")
    (tmp_path / "home" / ".ssh" / "known_hosts").write_text("", encoding="ascii")
    AbstractFileSystem.clear_instance_cache()
    unknown = run("validate", f"{url}/calls.csv")

    assert (wrong.exit_code, unknown.exit_code) == (3, 3)
    assert "the store refuses access" in wrong.stderr
    assert "is not in ~/.ssh/known_hosts" in unknown.stderr


def test_a_client_that_resets_its_connection_does_not_end_the_server_of_the_tests(sftp):
    url, root = sftp
    (root / "calls.csv").write_bytes(CALLS)
    host, port = url.rpartition("@")[2].split(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall(b"SSH-2.0-client\r\n")
        while client.recv(4096).endswith(b"\r\n"):
            pass  # Only the greeting: no keys are exchanged yet.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    assert run("validate", f"{url}/calls.csv", "--as-of", AS_OF).exit_code == 1


def test_a_store_that_is_not_installed_is_told_with_the_extra():
    hide = "import sys; sys.modules['s3fs'] = None; from calltools.__main__ import main; sys.exit(main())"

    done = subprocess.run(
        [sys.executable, "-c", hide, "validate", "s3://bucket/calls.csv", "--lang", "en"],
        capture_output=True,
        check=False,
    )

    assert done.returncode == 2
    assert b"calltools[remote]" in done.stderr


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (f"https://anna:{SECRET}@host:8080/a/calls.csv?sig={SECRET}#{SECRET}", "https://…@host:8080/a/calls.csv?…"),
        (f"https://host?sig={SECRET}", "https://host?…"),
        (f"sftp://anna:{SECRET}/{SECRET}?{SECRET}@host/calls.csv", "sftp://…@host/calls.csv"),
        (f"sftp://{SECRET}@host:22/a@b/calls.csv", "sftp://…@host:22/a@b/calls.csv"),
        (f"ftp://anna:{SECRET}@{SECRET}@host/calls.csv", "ftp://…@host/calls.csv"),
        (f"S3://bucket/calls.csv?versionId={SECRET}", "s3://bucket/calls.csv?…"),
        ("s3://bucket//a b/call?.csv", "s3://bucket//a b/call?.csv"),
        ("https://[::1]:80/a@b/calls.csv", "https://[::1]:80/a@b/calls.csv"),
    ],
)
def test_an_address_is_a_path_that_shows_no_secret(given, shown):
    address = as_path(given)

    assert isinstance(address, RemotePath)
    assert str(address) == shown
    again = pickle.loads(pickle.dumps(address))  # noqa: S301 - our own
    assert (again, again.location, str(again)) == (address, address.location, shown)
    assert SECRET not in f"{address!r} {address.as_posix()} {address.name} {os.fspath(address)} {address.parts}"
    assert not any((address.exists(), address.is_file(), address.is_dir()))


def test_a_path_that_lost_a_slash_is_an_address_again():
    assert as_path(Path("s3://bucket/a/calls.csv")) == RemotePath("s3://bucket/a/calls.csv")
    assert type(as_path("s3/calls.csv")) is type(as_path("C:/calls.csv")) is type(Path())


def test_no_connection_to_a_server_of_sftp_is_left_open(sftp):
    url, root = sftp
    (root / "in").mkdir()
    for number in range(4):
        (root / "in" / f"{number}.csv").write_bytes(CALLS)

    done = convert(f"{url}/in/", "-o", f"{url}/out.csv")
    refused = run("validate", f"{url.replace(SECRET, 'x')}/calls.csv")

    assert (done.exit_code, refused.exit_code) == (1, 3)
    clients = [one for one in threading.enumerate() if isinstance(one, paramiko.Transport) and not one.server_mode]
    assert [one for one in clients if one.is_active()] == []
