"""Which calls are the same: for ``validate``, for ``upload``, and in what the service holds."""

import tempfile
from pathlib import Path
from time import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltools import validate
from calltools.ledger import CallStatus, open_ledger_in, plan_upload
from tests.ledger.fakes import write_calls
from tests.ledger.test_identity import CALLS, CELLS
from tests.uploading.conftest import write_csv

pytestmark = pytest.mark.slow

HEADER = "ClientId,DateTime,StaticCall,PhoneNumber,TalkDuration"
STATIC = [f",{1760000000 + number // 8},1,,{number % 8}" for number in range(300)]


def columns_of(service, *names):
    return [[tuple(row[name] for name in names) for row in one.rows] for one in service.store.uploadings]


@given(calls=st.lists(CALLS, min_size=1, max_size=8), columns=st.permutations(["StaticCall", *CELLS]))
def test_validate_names_the_calls_that_upload_sends_once(calls, columns):
    """CT401 and the plan of an upload are of one mind, whatever the columns and their order."""
    with tempfile.TemporaryDirectory() as name:
        path = write_calls(Path(name) / "calls.csv", calls, columns)
        named = [finding.record for finding in validate(path, vendor="none").findings if finding.code == "CT401"]
        with open_ledger_in(Path(name) / "state", time) as ledger:
            statuses = plan_upload(ledger, path, 1).statuses.tolist()

    assert named == [number for number, status in enumerate(statuses, 1) if status == CallStatus.DOUBLED]


def test_static_calls_without_a_caller_all_arrive_once(upload, run, service, tmp_path):
    first, longer = (write_csv(tmp_path / name, lines, HEADER) for name, lines in
                     [("first.csv", STATIC), ("longer.csv", [*STATIC, ",1760000000,1,,9"])])  # fmt: skip
    checked = run("validate", first)

    results = [upload(file) for file in (first, first, longer)]

    assert "CT401" not in checked.stdout
    assert [one.exit_code for one in results] == [0, 0, 0], results[0].output
    assert not any("sent once" in one.stderr or "changed since" in one.stderr for one in results)
    assert [len(rows) for rows in columns_of(service, "DateTime")] == [300, 1]
    assert columns_of(service, "DateTime", "TalkDuration")[1] == [("1760000000", "9")]


def test_a_static_call_that_was_identified_since_is_sent_again_only_on_request(upload, service, tmp_path):
    static = write_csv(tmp_path / "static.csv", [",1760000000,1,+74950000701,5"], HEADER)
    identified = write_csv(
        tmp_path / "identified.csv",
        ["1604591025698235201,1760000000,0,+74950000701,5", "1604591025698235202,1760000000,0,+74950000702,5"],
        HEADER,
    )

    results = [upload(static), upload(identified), upload(identified), upload(identified, "--changed")]
    results += [upload(identified, "--changed"), upload(static)]

    assert [one.exit_code for one in results] == [0] * 6
    assert "identified since (an identifier or the phone is new): 1" in results[1].stderr
    assert columns_of(service, "PhoneNumber") == [[("+74950000701",)], [("+74950000702",)], [("+74950000701",)]]
    assert columns_of(service, "ClientId")[2] == [("1604591025698235201",)]


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_a_call_that_has_lost_its_identifier_is_held_back_and_said(upload, service, tmp_path, lang):
    identified = write_csv(tmp_path / "identified.csv", ["1604591025698235201,1760000000,0,+74950000701,5"], HEADER)
    static = write_csv(tmp_path / "static.csv", ["NULL,1760000000,1,+74950000701,5"], HEADER)
    upload(identified)

    said = upload(static, "--changed", CALLTOOLS_LANG=lang)
    assert len(service.store.uploadings) == 1
    upload(static, "--all")

    assert {"en": "missing here: 1", "ru": "которого здесь нет: 1"}[lang] in said.stderr
    assert len(service.store.uploadings) == 2


def test_a_waiting_part_gives_way_to_the_same_calls_with_identifiers(upload, service, tmp_path):
    static, identified = (
        write_csv(tmp_path / name, [f"{client},1760000000,{flag},+74950000701,5"], HEADER)
        for name, client, flag in [("static.csv", "", 1), ("identified.csv", "1604591025698235201", 0)]
    )
    # Nothing listens there: the part waits, and was never begun.
    waits = upload(static, CALLTOOLS_API_URL="http://127.0.0.1:9")
    result = upload(identified)

    assert waits.exit_code == 4
    assert result.exit_code == 0, result.output
    assert columns_of(service, "ClientId", "PhoneNumber") == [[("1604591025698235201", "+74950000701")]]
