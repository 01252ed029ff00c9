"""``calltools.stream``: batches that add up to the whole, errors where they happen, and nothing left behind."""

import gc
import pickle
import threading

import pandas as pd
import pyarrow as pa
import pytest

import calltools
from calltools.errors import SourceError, UsageError
from tests.conftest import NOW

OPTIONS = {"timezone": "Europe/Moscow", "static_call": "auto", "as_of": NOW + 200_000}
EXPORT = "samples/sipuni/export.csv"


def threads():
    return [one for one in threading.enumerate() if one.name == "calltools-stream"]


@pytest.fixture
def large(tmp_path):
    """A file of several blocks, each third record with an error."""
    count = 400_000
    frame = pd.DataFrame({"DateTime": range(NOW - count, NOW), "ClientId": range(10**9, 10**9 + count)})
    frame["PhoneNumber"] = ["+74950000001", "+74950000002", "8 495 000-00-03", "+74950000004"] * (count // 4)
    frame.to_csv(tmp_path / "calls.csv", index=False)
    return tmp_path / "calls.csv"


def test_batches_add_up_to_what_validate_finds(large):
    whole = calltools.validate(large, as_of=NOW)

    with calltools.stream(large, as_of=NOW) as batches:
        taken = list(batches)

    assert len(taken) > 2
    assert pa.concat_tables([batch.findings for batch in taken]).equals(whole.findings_table)
    assert sum(batch.good.num_rows for batch in taken) == 300_000
    assert {*pa.concat_tables([batch.bad for batch in taken])["PhoneNumber"].to_pylist()} == {"8 495 000-00-03"}
    assert batches.summary.read == 400_000
    assert [*batches] == []
    assert threads() == []


def test_a_stream_that_converts_gives_what_convert_writes():
    converted = calltools.convert(EXPORT, **OPTIONS)

    batches = calltools.stream(EXPORT, convert=True, **OPTIONS)
    table = pa.concat_tables([batch.good for batch in batches])

    expected = converted.table.to_pylist()
    assert [{name: row[name] or None for name in expected[0]} for row in table.to_pylist()] == expected
    assert batches.summary.skipped == converted.summary.skipped


def test_a_stream_that_is_left_early_ends_its_thread(large):
    with calltools.stream(large, as_of=NOW) as batches:
        first = next(batches)
    assert repr(first).startswith("<calltools.CheckedBatch good ")
    assert threads() == []

    forgotten = calltools.stream(large, as_of=NOW)
    next(forgotten)
    [thread] = threads()
    del forgotten
    gc.collect()
    thread.join(60)
    assert not thread.is_alive()


def test_tables_and_bytes_are_streamed_and_faults_are_raised(tmp_path):
    table = pa.table({"DateTime": ["1773014400", "soon"], "ClientId": ["5", "6"]})

    [batch] = calltools.stream(table, as_of=NOW)
    [same] = calltools.stream(b"DateTime,ClientId\n1773014400,5\nsoon,6\n", as_of=NOW)

    assert batch.good.to_pylist() == same.good.to_pylist() == [{"DateTime": "1773014400", "ClientId": "5"}]
    assert batch.bad.to_pylist() == [{"DateTime": "soon", "ClientId": "6"}]
    with pytest.raises(SourceError, match="no file"):
        next(calltools.stream(tmp_path / "none.csv"))
    with pytest.raises(calltools.CalltoolsError, match="timezone"):
        next(calltools.stream(EXPORT, static_call=1))
    assert threads() == []


@pytest.mark.parametrize("named", ["calls", "calls/*.csv", ["calls/1.csv", "calls/2.csv"]], ids=str)
def test_a_stream_of_several_files_is_refused_before_the_first_batch(named, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "calls").mkdir()
    for name in ("1.csv", "2.csv"):
        (tmp_path / "calls" / name).write_text("DateTime,ClientId\n1773014400,5\n", encoding="utf-8")

    with pytest.raises(UsageError, match="stream takes one file, and this names 2"):
        calltools.stream(named)


def test_what_only_the_whole_file_shows_comes_last():
    table = pa.table({"DateTime": ["1773014400"] * 2, "ClientId": ["5", None], "StaticCall": ["1", "1"]})

    *_, last = calltools.stream(table, as_of=NOW)

    assert "CT403" in last.findings["code"].to_pylist()


def test_batches_compare_hash_and_pickle():
    with calltools.stream(b"DateTime,ClientId\n1773014400,5\nsoon,6\n", as_of=NOW) as batches:
        batch = next(batches)

    again = pickle.loads(pickle.dumps(batch))  # noqa: S301 - our own
    assert again == batch
    assert len({again, batch}) == 1
