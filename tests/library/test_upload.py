"""``calltools.plan`` and ``calltools.upload`` against a real service on loopback: the same as the command, and silent."""

import json
import logging
import pickle

import numpy as np
import pandas as pd
import pytest

import calltools
from calltools.cli.configuration.keys import option_keys
from calltools.errors import CredentialError, UsageError
from calltools.library.upload_call import RANGES, UploadArguments
from tests.uploading.conftest import (
    CALL_COUNT,
    COUNTER,
    TOKEN,
    call_line,
    calls,
    environment,
    forbidden_host,
    process,
    run,
    service,
    state,
    stored_calls,
    upload,
    write_csv,
)

__all__ = ["calls", "environment", "forbidden_host", "process", "run", "service", "state", "upload"]
NUMBER = int(COUNTER)
CLOCKS = {"timeout": 2, "poll_interval": 0.05}


@pytest.fixture(autouse=True)
def _silent(environment, monkeypatch, capfd):
    """The service of the test; nothing may be printed."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    yield
    assert capfd.readouterr() == ("", "")


def test_calls_are_planned_sent_once_and_known_after_that(service, calls):
    planned = calltools.plan(calls, NUMBER, **CLOCKS)
    assert (planned.to_send, planned.ok, stored_calls(service)) == (CALL_COUNT, True, [])
    assert planned.files[0].statuses == {"new": CALL_COUNT}

    uploaded = calltools.upload(calls, NUMBER, goal="Звонок", wait=True, **CLOCKS)
    again = calltools.upload(calls, NUMBER, **CLOCKS)

    assert [len(part) for part in stored_calls(service)] == [CALL_COUNT]
    assert (uploaded.sent, uploaded.exit_code, again.sent, again.exit_code) == (CALL_COUNT, 0, CALL_COUNT, 0)
    assert uploaded.parts[0].goal == "Звонок"
    assert uploaded.parts == again.parts
    assert calltools.plan(calls, NUMBER, **CLOCKS).files[0].statuses == {"unchanged": CALL_COUNT}


def test_the_parts_are_those_of_the_command(service, calls, upload, capfd):
    sent = upload(calls, "--wait", "--output-format", "json")

    known = calltools.upload(calls, NUMBER, wait=True, **CLOCKS)

    line = json.loads(sent.stdout)
    assert {name: getattr(known.parts[0], name) for name in line} == line
    assert repr(known) == f"<calltools.Uploaded sent {CALL_COUNT}, parts 1: {line['status']}; exit code 0>"
    assert pickle.loads(pickle.dumps(known)) == known  # noqa: S301 - our own
    capfd.readouterr()


def test_a_converted_table_and_bytes_are_uploaded_as_their_file_is(service, calls):
    frame = pd.read_csv(calls, dtype=str)
    table = calltools.convert(frame).table

    assert calltools.upload(table, NUMBER, **CLOCKS).sent == CALL_COUNT
    assert calltools.plan(calls.read_bytes(), NUMBER, **CLOCKS).to_send == 0
    assert [len(part) for part in stored_calls(service)] == [CALL_COUNT]


def test_a_file_with_errors_is_refused_and_says_which(service, tmp_path):
    bad = write_csv(tmp_path / "bad.csv", [call_line(1), call_line(2, moment=0)])

    with pytest.raises(calltools.DataError, match=r"CT215 1.*record 2") as refused:
        calltools.upload(bad, NUMBER, **CLOCKS)
    with pytest.raises(calltools.DataError):
        calltools.plan(bad, NUMBER, **CLOCKS).raise_for_errors()

    assert refused.value.exit_code == 1
    assert stored_calls(service) == []
    assert calltools.upload(bad, NUMBER, skip_bad=True, **CLOCKS).sent == 1


def test_calls_of_which_nobody_knows_whether_they_arrived_are_held(service, calls):
    service.behave("resets-after-body", 1)
    service.behave("list-empty", only="list")

    with pytest.raises(calltools.CalltoolsError) as unclear:
        calltools.upload(calls, NUMBER, **CLOCKS)
    held = calltools.upload(calls, NUMBER, check=False, **CLOCKS)

    assert unclear.value.exit_code == held.exit_code == 6
    with pytest.raises(calltools.CalltoolsError, match="calltools uploads resume") as still:
        held.raise_for_errors()
    assert (still.value.exit_code, pickle.loads(pickle.dumps(still.value)).exit_code) == (6, 6)  # noqa: S301 - our own
    assert calltools.plan(calls, NUMBER, **CLOCKS).exit_code == 6


def test_without_a_token_nothing_is_sent(service, calls, monkeypatch):
    monkeypatch.delenv("CALLTOOLS_TOKEN")

    with pytest.raises(CredentialError) as refused:
        calltools.upload(calls, NUMBER, **CLOCKS)

    assert refused.value.exit_code == 2
    assert calltools.plan(calls, NUMBER, **CLOCKS).to_send == CALL_COUNT


def test_the_caller_is_asked(service, calls):
    asked = []

    declined = calltools.upload(calls, NUMBER, confirm=lambda count: bool(asked.append(count)), **CLOCKS)

    assert (asked, declined.parts, stored_calls(service)) == ([CALL_COUNT], (), [])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"goals": "x"}, "no option goals"),
        ({"again": "some"}, "again cannot be some. Possible: none, changed, all"),
        ({"comment": "a;b"}, "comment"),
        ({"min_linkd": 5}, "Did you mean min_linked"),
    ],
)
def test_wrong_options_are_refused_before_anything(service, calls, options, said):
    with pytest.raises(UsageError, match=said):
        calltools.upload(calls, NUMBER, **options)

    assert service.requests == []


@pytest.mark.parametrize(
    ("counter", "options", "said"),
    [
        (COUNTER, {}, "counter takes int, not str"),
        (0, {}, "counter cannot be 0: the least is 1"),
        (True, {}, "counter takes int, not bool"),
        (NUMBER, {"poll_interval": -1}, "poll_interval cannot be -1: the least is 0.05"),
        (NUMBER, {"min_linked": 101}, "min_linked cannot be 101: the most is 100"),
        (NUMBER, {"wait": "yes"}, "wait takes bool, not str"),
        (NUMBER, {"token_file": 5}, "token_file takes str, Path, not int"),
    ],
)
def test_values_that_no_option_has_are_refused_before_anything(service, calls, counter, options, said):
    with pytest.raises(UsageError) as refused:
        calltools.upload(calls, counter, **options)

    assert said in str(refused.value)
    assert stored_calls(service) == []


def test_ranges_are_those_of_the_command_line():
    options = {key.name: key for key in option_keys().values()}

    assert {name: (options[name].minimum, options[name].maximum) for name in RANGES} == RANGES


def test_a_counter_of_numpy_is_the_same_counter_and_none_is_the_usual_value(service, calls):
    calltools.upload(calls, NUMBER, **CLOCKS)
    usual = dict.fromkeys(UploadArguments.__annotations__, None)

    planned = calltools.plan(calls, np.int64(NUMBER), **usual | CLOCKS)

    assert planned.files[0].statuses == {"unchanged": CALL_COUNT}


def test_the_log_tells_the_steps_and_no_token(service, calls, caplog):
    with caplog.at_level(logging.DEBUG, "calltools"):
        calltools.upload(calls, NUMBER, wait=True, **CLOCKS)

    events = [record.event for record in caplog.records if record.name == "calltools"]
    assert {"upload-planned", "upload-sending", "upload-part"} <= {*events}
    assert TOKEN not in caplog.text
    assert "+7495" not in caplog.text
    assert logging.getLogger().filters == []
