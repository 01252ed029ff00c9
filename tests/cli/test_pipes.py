"""Named pipes and ``/dev/fd/N`` as inputs and outputs, in a process of its own each: what they give can be read once."""

import gzip
import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import pyarrow as pa
import pytest

from tests.cli.test_commands import NOW
from tests.packing import zip_of
from tests.test_pipeline import GOOD, as_csv

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not Path("/dev/fd").exists(), reason="needs the devices of Linux")]

CALLS = as_csv([GOOD | {"DateTime": str(int(NOW) - n)} for n in range(5)] + [GOOD | {"PhoneNumber": "12"}]).encode()


def calltools(*arguments, content=b"", **options):
    """The result of a command; each ``{pipe}`` in its arguments is a pipe that holds the content."""
    end, other = os.pipe()
    words = [str(word).format(pipe=f"/dev/fd/{end}") for word in arguments]

    def feed():
        with os.fdopen(other, "wb") as stream:
            stream.write(content)

    thread = threading.Thread(target=feed)
    thread.start()
    command = [sys.executable, "-m", "calltools", *words, "--as-of", str(NOW), "--lang", "en"]
    result = subprocess.run(command, capture_output=True, check=False, timeout=120, pass_fds=[end], **options)
    os.close(end)
    thread.join()
    return result


def arrow(content):
    names, *rows = [line.split(",") for line in content.decode().splitlines()]
    table = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    stream = io.BytesIO()
    with pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    return stream.getvalue()


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    """What the calls in a file are converted to."""
    folder = tmp_path_factory.mktemp("file")
    (folder / "calls.csv").write_bytes(CALLS)
    result = calltools("convert", folder / "calls.csv", "-q")
    assert result.returncode == 1
    return result.stdout


@pytest.mark.parametrize("form", [gzip.compress, arrow], ids=["packed", "Arrow"])
def test_what_a_pipe_gives_is_read_as_a_file_is(form, converted):
    found = calltools("convert", "{pipe}", "-q", content=form(CALLS))

    assert (found.returncode, found.stdout) == (1, converted)


def test_an_archive_in_a_pipe_names_its_members():
    content = zip_of({"a.csv": CALLS, "b.csv": CALLS})

    both = calltools("convert", "{pipe}", "-q", content=content)
    one = calltools("convert", "{pipe}/b.csv", "-q", content=content)

    assert both.returncode == 2
    assert b"/a.csv, /dev/fd/" in both.stderr
    assert (one.returncode, one.stdout.count(b"\n")) == (1, 6)


def test_standard_input_may_be_named(converted):
    result = calltools("convert", "/dev/stdin", "-q", input=CALLS)

    assert (result.returncode, result.stdout) == (1, converted)


def test_the_second_file_may_come_from_a_pipe(tmp_path):
    call = GOOD | {"ClientId": "", "DateTime": str(int(NOW) - 60)}
    (tmp_path / "calls.csv").write_text(as_csv([call]), encoding="utf-8")
    second = f"phone,time,ClientId\n{call['PhoneNumber']},{int(NOW) - 120},{GOOD['ClientId']}\n"

    result = calltools("convert", tmp_path / "calls.csv", "--identifiers", "{pipe}", content=second.encode())

    assert result.returncode == 0, result.stderr
    assert GOOD["ClientId"].encode() in result.stdout


def test_a_named_pipe_is_read_and_another_one_written(converted, tmp_path):
    incoming, outgoing = tmp_path / "in", tmp_path / "out"
    os.mkfifo(incoming)
    os.mkfifo(outgoing)
    taken = []
    threads = [
        threading.Thread(target=lambda: incoming.write_bytes(CALLS)),
        threading.Thread(target=lambda: taken.append(outgoing.read_bytes())),
    ]
    for thread in threads:
        thread.start()

    result = calltools("convert", incoming, "-q", "-o", outgoing)
    for thread in threads:
        thread.join()

    assert result.returncode == 1
    assert taken == [converted]


def test_a_limit_holds_for_a_pipe():
    result = calltools("validate", "{pipe}", "--limit", "fetched=100", content=CALLS)

    assert result.returncode == 3
    assert b"Raise the limit by --limit fetched=" in result.stderr
