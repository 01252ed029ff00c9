"""``validate`` and ``convert``: the same as the commands, to the byte, of whatever the files are given as."""

import gc
import io
import locale
import logging
import pickle
import re
import signal
import subprocess
import sys
import tempfile
import warnings
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import calltools
from calltools.cli.app import app
from calltools.errors import OutputError, SourceError, UsageError, VendorError
from tests.conftest import NOW

EXPORT = Path("samples/sipuni/export.csv").absolute()
AS_OF = "2026-03-12T00:00:00Z"
WORDS = ["--timezone", "Europe/Moscow", "--static-call", "auto", "--as-of", AS_OF, "--lang", "en"]
OPTIONS = {"timezone": "Europe/Moscow", "static_call": "auto", "as_of": AS_OF}
CALLS = "DateTime,ClientId,PhoneNumber\n1773014400,5,+74950000001\nsoon,6,8 495 000-00-02\n"


def command(*words):
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code in {0, 1}, done.output
    return done


# -- the same as the commands -------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".csv.zst", ".parquet"])
def test_outputs_rejects_and_reports_are_those_of_the_command(ending, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    broken = tmp_path / "export.csv"
    broken.write_bytes(EXPORT.read_bytes().replace(b"02.03.2026", b"32.03.2026", 3))
    reports = [f"report{one}" for one in (".json", ".jsonl", ".csv", ".sarif", ".xml", ".md", ".html", ".xlsx")]
    (tmp_path / "theirs").mkdir()
    (tmp_path / "ours").mkdir()

    done = command(
        *("convert", broken, *WORDS, "-o", f"theirs/calls{ending}", "--rejects", "theirs/rejects.csv"),
        *(word for name in reports for word in ("--report", f"theirs/{name}")),
    )
    result = calltools.convert(
        str(broken),
        f"ours/calls{ending}",
        rejects="ours/rejects.csv",
        reports=[f"ours/{name}" for name in reports],
        **OPTIONS,
    )

    assert result.exit_code == done.exit_code
    for name in (f"calls{ending}", "rejects.csv", *reports):
        assert Path("ours", name).read_bytes() == Path("theirs", name).read_bytes(), name


def test_a_stream_takes_the_bytes_and_stays_open(tmp_path):
    done = CliRunner().invoke(app, ["convert", str(EXPORT), *WORDS])
    stream = io.BytesIO()

    calltools.convert(EXPORT, stream, **OPTIONS)

    assert stream.getvalue() == done.stdout_bytes
    assert not stream.closed


def test_without_an_output_the_records_are_a_table(tmp_path):
    calltools.convert(EXPORT, tmp_path / "calls.parquet", **OPTIONS)

    converted = calltools.convert(EXPORT, **OPTIONS)

    assert converted.table.equals(pq.read_table(tmp_path / "calls.parquet"))
    assert converted == pickle.loads(pickle.dumps(converted))  # noqa: S301 - our own
    assert converted.table.num_rows == converted.summary.written


def test_several_inputs_are_one_file_or_one_each(tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(CALLS, encoding="utf-8")

    both = calltools.convert([tmp_path / "a.csv", tmp_path / "b.csv"], tmp_path / "all.csv", as_of=NOW)
    each = calltools.convert(str(tmp_path / "?.csv"), f"{tmp_path}/out/", reports=tmp_path / "{stem}.sarif", as_of=NOW)
    folder = calltools.validate(tmp_path, as_of=NOW)

    assert (both.summary.read, both.summary.written, both.counts["CT401"]) == (4, 2, 2)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.csv", "b.csv"]
    assert sorted(path.name for path in tmp_path.glob("*.sarif")) == ["a.sarif", "b.sarif"]
    assert [Path(one.name).name for one in folder.summaries] == ["a.csv", "all.csv", "b.csv"]
    assert [Path(one.name).name for one in each.summaries] == ["a.csv", "b.csv"]
    assert repr(both) == "<calltools.Converted 2 files: read 4 = written 2 + rejected 2; 4 errors, 2 warnings>"


def test_of_several_inputs_one_that_cannot_be_read_is_in_the_result(tmp_path):
    (tmp_path / "calls.csv").write_text(CALLS, encoding="utf-8")

    result = calltools.validate([tmp_path / "calls.csv", tmp_path / "none.csv"], as_of=NOW)

    assert [type(error) for error in result.errors] == [SourceError]
    assert (result.ok, result.exit_code, result.summary.read) == (False, 3, 2)
    assert repr(result).endswith("; 1 not read>")
    assert result == pickle.loads(pickle.dumps(result))  # noqa: S301 - our own
    with pytest.raises(SourceError, match=r"none\.csv"):
        result.raise_for_errors()
    with pytest.raises(SourceError, match=r"none\.csv"):
        calltools.validate(tmp_path / "none.csv")


def test_fail_writes_nothing_and_the_baseline_is_written_and_counts(tmp_path):
    source = io.BytesIO(CALLS.encode())

    failed = calltools.convert(source, tmp_path / "out.csv", name="calls.csv", on_error="fail", as_of=NOW)
    known = calltools.validate(CALLS.encode(), name="calls.csv", write_baseline=tmp_path / "known.json", as_of=NOW)
    passed = calltools.validate(CALLS.encode(), name="calls.csv", baseline=tmp_path / "known.json", as_of=NOW)

    assert (failed.summary.written, (tmp_path / "out.csv").exists()) == (0, False)
    assert not known.ok
    assert passed.ok
    assert passed.raise_for_errors() is passed


# -- what is given ------------------------------------------------------------------------------


def as_zip(data):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("calls.csv", data)
    return stream.getvalue()


@pytest.mark.parametrize(
    "give",
    [
        lambda path: path,
        str,
        lambda path: path.read_bytes(),
        lambda path: bytearray(path.read_bytes()),
        lambda path: io.BytesIO(path.read_bytes()),
        lambda path: [path],
        lambda path: (as_zip(path.read_bytes()),),
        lambda path: pd.read_csv(path, dtype=str),
    ],
    ids=["path", "text", "bytes", "bytearray", "BytesIO", "list", "zip", "table"],
)
def test_calls_are_read_from_whatever_they_are_given_as(give, tmp_path):
    (tmp_path / "calls.csv").write_text(CALLS, encoding="utf-8")

    result = calltools.validate(give(tmp_path / "calls.csv"), as_of=NOW)

    assert result.counts == {"CT212": 1, "CT241": 1}
    assert result.summary.read == 2


def test_an_open_file_is_read_from_where_it_stands_and_stays_open(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_bytes(b"not calls\n" + CALLS.encode())

    with path.open("rb") as stream:
        stream.readline()
        result = calltools.validate(stream, as_of=NOW)
        assert not stream.closed

    assert result.summary.name == str(path)
    assert result.summary.read == 2


def test_what_cannot_be_read_is_refused_with_what_can(tmp_path):
    (tmp_path / "calls.csv").write_text(CALLS, encoding="utf-8")

    with (
        (tmp_path / "calls.csv").open(encoding="utf-8") as stream,
        pytest.raises(UsageError, match='Open it with "rb"'),
    ):
        calltools.validate(stream)
    for given in (5, None, object()):
        with pytest.raises(UsageError, match="__arrow_c_stream__"):
            calltools.validate(given)
    with pytest.raises(UsageError, match="Nothing was given"):
        calltools.validate([])
    with pytest.raises(OutputError):
        calltools.convert(tmp_path / "calls.csv", tmp_path / "calls.csv", force=True)
    for read in (calltools.validate, calltools.inspect, calltools.stream):
        with pytest.raises(UsageError, match="name of an input is empty"):
            read("")
    for given in (CALLS.encode(), pd.DataFrame(), [tmp_path, 5]):
        with pytest.raises(UsageError, match="is no path"):
            calltools.inspect(given)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"timezon": "UTC"}, "There is no question timezon. Did you mean timezone?"),
        ({"static_call": "0"}, "Did you mean static-call?"),
        ({"qqqq": "1"}, "There is no question qqqq. The keys of answers are those of the questions that inspect gives"),
        ({"header-row": 3}, "answers['header-row'] takes str, not int."),
        ({"static-call": None}, "answers['static-call'] takes str, not NoneType."),
    ],
)
def test_inspect_refuses_answers_that_no_question_takes(tmp_path, answers, said):
    (tmp_path / "calls.csv").write_text(CALLS, encoding="utf-8")

    with pytest.raises(UsageError, match=re.escape(said)):
        calltools.inspect(tmp_path / "calls.csv", answers)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"timezon": "UTC"}, "There is no option timezon. Did you mean timezone?"),
        ({"report": "r.json"}, "Did you mean reports?"),
        ({"engine": "dask"}, "There is no option engine. help() of the function lists them all."),
        ({"own_numbers": ["+74950000100", 8]}, "own_numbers[1] takes str, not int."),
        ({"identifiers": "crm\0.csv"}, r"No file can be called crm\x00.csv"),
        ({"encodin": "cp866"}, "Did you mean encoding?"),
        ({"static_call": 2}, "static_call cannot be 2. Possible: 0, 1, auto."),
        ({"date_order": "dym"}, "Possible: dmy, mdy, ymd"),
        ({"timezone": "Europe/Moskow"}, "Europe/Moscow"),
        ({"select": "CT99"}, "No rule is called CT99"),
        ({"as_of": "yesterday"}, "yesterday"),
        ({"as_of": datetime(2026, 3, 12)}, "offset"),  # noqa: DTZ001 - that is what is refused
        ({"language": "de"}, "Possible: en, ru"),
        ({"delimiter": "x"}, "x"),
        ({"encoding": "cp86"}, "cp86"),
        ({"region": 7}, "region takes str, not int"),
        ({"own_numbers": 74950000001}, "own_numbers takes str, list[str], not int"),
        ({"select": ["CT2", 3]}, "select[1] takes str, not int"),
        ({"as_of": True}, "as_of takes int, str, datetime, not bool"),
        ({"header_row": "1"}, "header_row takes int, not str"),
        ({"header_row": -1}, "header_row cannot be -1: the least is 0"),
        ({"identifier_window_s": "21d"}, "identifier_window_s takes int, not str"),
        ({"outcomes": [5]}, "outcomes[0] takes str, Path, not int"),
        ({"outcome_columns": "Price=Sum"}, "outcome_columns takes dict, not str"),
        ({"hints": "utf-8"}, "hints takes Hints, not str"),
    ],
)
def test_wrong_options_are_refused_with_what_is_right(options, said):
    with pytest.raises(UsageError) as refused:
        calltools.validate(CALLS.encode(), **options)

    assert said in str(refused.value)
    again = pickle.loads(pickle.dumps(refused.value))  # noqa: S301 - our own
    assert (str(again), again.exit_code) == (str(refused.value), 2)


def test_on_error_is_one_of_two_words(tmp_path):
    with pytest.raises(UsageError, match=r"on_error cannot be stop\. Possible: reject, fail"):
        calltools.convert(CALLS.encode(), tmp_path / "out.csv", on_error="stop")


@pytest.mark.parametrize(
    ("argument", "wanted"),
    [
        ({"output": 5}, "output takes str, Path, BinaryIO, not int"),
        ({"reports": 5}, "reports takes str, Path, list[str | Path], not int"),
        ({"reports": [5]}, "reports[0] takes str, Path, not int"),
        ({"rejects": 5}, "rejects takes str, Path, not int"),
        ({"write_baseline": 5}, "write_baseline takes str, Path, not int"),
        ({"name": 5}, "name takes str, not int"),
        ({"force": "yes"}, "force takes bool, not str"),
    ],
)
def test_arguments_of_a_wrong_type_are_refused_by_name(argument, wanted):
    with pytest.raises(UsageError) as refused:
        calltools.convert(CALLS.encode(), as_of=NOW, **argument)

    assert str(refused.value).startswith(wanted)


def test_options_may_be_words_times_and_hints_by_name():
    data = CALLS.replace(",", ";").encode("utf-16")

    result = calltools.validate(
        data,
        as_of=datetime.fromtimestamp(NOW, UTC),
        ignore="CT003,CT005",
        select=["CT2", "CT0"],
        encoding="utf-16",
        delimiter=";",
        timezone=None,
    )

    assert result.counts == {"CT212": 1, "CT241": 1}


def test_an_unknown_header_is_refused_with_its_candidates_and_pickles():
    with pytest.raises(VendorError) as refused:
        calltools.validate(b"Caller,Callee,When\n1,2,3\n")

    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)  # noqa: S301 - our own


# -- a good guest -------------------------------------------------------------------------------


def process_state():
    return {
        "signals": [signal.getsignal(one) for one in sorted(signal.valid_signals())],
        "gc": (gc.isenabled(), gc.get_threshold()),
        "pandas": pd.describe_option(_print_desc=False),
        "warnings": [*warnings.filters],
        "locale": locale.setlocale(locale.LC_ALL),
        "hooks": (sys.excepthook, sys.unraisablehook, sys.displayhook),
        "handlers": logging.getLogger().handlers[:],
        "level": logging.getLogger("calltools").level,
        "streams": (sys.stdout, sys.stderr, sys.stdin),
    }


def test_nothing_of_the_process_is_touched_and_nothing_printed(tmp_path, capfd):
    before, frozen = process_state(), gc.get_freeze_count()

    calltools.convert(EXPORT, tmp_path / "calls.csv", reports=tmp_path / "report.html", **OPTIONS)
    calltools.check(pd.DataFrame({"DateTime": ["soon"], "ClientId": ["5"]}))
    list(calltools.stream(CALLS.encode(), as_of=NOW))
    calltools.schema().validate(pd.DataFrame({"DateTime": ["1773014400"], "ClientId": ["5"]}))

    assert process_state() == before
    assert gc.get_freeze_count() <= frozen
    assert capfd.readouterr() == ("", "")


PROGRAM = """
import sys
import calltools
heavy = [one for one in ("pandas", "pandera", "pyarrow", "numpy", "logging") if one in sys.modules]
assert not heavy, heavy
assert dir(calltools) == sorted(calltools.__all__)
try:
    calltools.chekc
except AttributeError as fault:
    assert "chekc" in str(fault)
for name in dir(calltools):
    assert getattr(calltools, name).__doc__, name
result = calltools.check({"DateTime": ["soon"]} and __import__("pyarrow").table({"DateTime": ["soon"]}))
assert result.counts
"""


def test_importing_loads_nothing_heavy_and_warns_of_nothing():
    done = subprocess.run([sys.executable, "-W", "error", "-c", PROGRAM], capture_output=True, check=False, timeout=120)

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_the_log_has_facts_and_no_cells(caplog):
    with caplog.at_level(logging.INFO, "calltools"):
        calltools.validate(CALLS.encode(), as_of=NOW)

    [ended] = [record for record in caplog.records if getattr(record, "event", "") == "file-ended"]
    assert ended.facts["findings"] == {"CT212": 1, "CT241": 1}
    assert ended.getMessage().startswith("file-ended name=bytes read=2 ")
    assert "495" not in caplog.text


def test_what_no_file_can_be_called_and_what_is_closed_are_refused(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_bytes(b"DateTime,ClientId\n1773014400,5\n")
    with path.open("rb") as stream:
        pass

    for given, said in (("calls\0.csv", "No file can be called"), (stream, "is closed already")):
        with pytest.raises(UsageError, match=said):
            calltools.validate(given)
    with pytest.raises(UsageError, match="No file can be called"):
        calltools.convert(path, "calls\0.csv")


def test_a_stream_that_takes_no_bytes_is_refused_before_anything_is_read(tmp_path):
    path = tmp_path / "there.csv"
    path.write_bytes(b"kept")
    with (
        path.open("r+", encoding="utf-8") as text,
        tempfile.NamedTemporaryFile("w", dir=tmp_path) as wrapped,
        path.open("rb") as reading,
        path.open("r+b") as closed,
    ):
        closed.close()
        for given, said in (
            (text, "opened for text"),
            (io.StringIO(), "opened for text"),
            (wrapped, "opened for text"),
            (reading, "not opened for writing"),
            (closed, "is closed already"),
        ):
            with pytest.raises(UsageError, match=said):
                calltools.convert(EXPORT, given, **OPTIONS)
        with pytest.raises(UsageError, match='Open it with "rb"'):
            calltools.validate(wrapped)
    assert path.read_bytes() == b"kept"


def test_an_argument_of_a_function_of_its_own_may_be_the_nearest():
    with pytest.raises(UsageError, match="Did you mean rejects"):
        calltools.convert(CALLS.encode(), rejcts="bad.csv")
