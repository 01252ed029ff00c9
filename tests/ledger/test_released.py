"""Ledgers that released versions wrote: today's code finds their calls and uploads with them."""

import csv
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calltools import ledger
from calltools.fields.table import FIELDS
from calltools.ledger import CallStatus
from calltools.ledger.calls import CallScan
from calltools.ledger.fingerprints import SEPARATOR, Fingerprinter
from calltools.ledger.planning import IDENTIFIER_KINDS
from tests.fake_metrica.server import FakeMetrica
from tests.ledger.fakes import COUNTER, Clock

RELEASED = Path(__file__).parent / "released"
#: Status of each call of ``calls.csv`` in the ledger of each version.
KNOWN = [CallStatus.UNCHANGED, CallStatus.UNCHANGED, CallStatus.HELD, CallStatus.UNCHANGED, CallStatus.HELD, CallStatus.HELD,
         CallStatus.WAITING, CallStatus.NEW]  # fmt: skip
#: The same of the ledger of static calls. The second call was not sent, the fifth one from the end has lost its ClientId.
STATIC = [CallStatus.UNCHANGED, CallStatus.NEW, CallStatus.IDENTIFIED, CallStatus.IDENTIFIED, CallStatus.IDENTIFIED,
          CallStatus.NEW, CallStatus.HELD, CallStatus.NEW]  # fmt: skip
VERSIONS = pytest.mark.parametrize(
    "version", sorted(path.name for path in RELEASED.iterdir() if "static" not in path.name)
)
#: Cells of a call; tests add columns that are not in the table.
CELLS = {"ClientId": "1604591025000000001", "DateTime": "1772434800", "PhoneNumber": "+74950000001", "Tag": "lead"}


@pytest.fixture
def copied(tmp_path):
    def copy(version):
        shutil.copytree(RELEASED / version, tmp_path / version)
        return tmp_path / version

    return copy


def call_statuses(folder, path):
    with ledger.open_ledger_in(folder, Clock()) as open_ledger:
        assert ledger.find_faults(open_ledger) == []
        return ledger.plan_upload(open_ledger, path, COUNTER).statuses.tolist()


@VERSIONS
def test_calls_of_a_released_ledger_are_found(copied, version):
    folder = copied(version)

    assert call_statuses(folder, folder / "calls.csv") == KNOWN


@VERSIONS
@pytest.mark.parametrize(
    ("number", "cells"),
    [(0, {"Price": "1500.51"}), (0, {"CallTrackerURL": ""}), (1, {"StaticCall": ""}), (3, {"Price": "100"})],
)
def test_a_released_ledger_sees_what_has_changed(copied, version, number, cells):
    folder = copied(version)
    with (folder / "calls.csv").open(encoding="utf-8", newline="") as stream:
        calls = list(csv.DictReader(stream))
    calls[number] |= cells
    with (folder / "calls.csv").open("w", encoding="utf-8", newline="") as stream:
        out = csv.DictWriter(stream, list(calls[0]))
        out.writeheader()
        out.writerows(calls)

    assert call_statuses(folder, folder / "calls.csv") == [*KNOWN[:number], CallStatus.CHANGED, *KNOWN[number + 1 :]]


def test_static_calls_of_an_earlier_ledger_are_told_apart(copied):
    folder = copied("0.1.0-static")

    assert call_statuses(folder, folder / "calls.csv") == STATIC


def test_what_an_earlier_ledger_cannot_tell_is_counted(copied):
    """Its calls have no partial fingerprints: a call without identifier or phone may have been sent with both."""
    folder = copied("0.1.0-static")
    with ledger.open_ledger_in(folder, Clock()) as open_ledger:
        plan = ledger.plan_upload(open_ledger, folder / "calls.csv", COUNTER)
        other_counter = ledger.plan_upload(open_ledger, folder / "calls.csv", COUNTER + 1)

    # Of the new ones the second, which is no part of any call, cannot be told either.
    assert plan.maybe_reduced == 3
    assert other_counter.maybe_reduced == 0
    assert other_counter.counts[CallStatus.NEW] == len(STATIC)


@pytest.mark.slow
def test_an_upload_with_the_ledger_of_static_calls_sends_what_was_taken_for_another_call(copied):
    folder = copied("0.1.0-static")
    lines = (folder / "calls.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    # Nothing of a file goes while a call of it is held.
    (folder / "next.csv").write_text("".join(lines[:6]), encoding="utf-8")

    with FakeMetrica() as service:
        results = [upload(service, folder, folder / "next.csv") for _ in range(2)]
        stored = [[(row["DateTime"], row["TalkDuration"]) for row in one.rows] for one in service.store.uploadings]

    assert [one.returncode for one in results] == [0, 0], results
    assert stored == [[("1772434801", "20")]]


@pytest.mark.slow
@VERSIONS
def test_an_upload_with_a_released_ledger_sends_each_unknown_call_once(copied, version):
    folder = copied(version)
    # Accepted: 0, 1 and 3. 6 waits in a part whose file was not kept, so its call is free. 7 is new.
    lines = (folder / "calls.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    file = folder / "next.csv"
    file.write_text("".join([lines[0], *(lines[1 + number] for number in (0, 1, 3, 6, 7))]), encoding="utf-8")

    with FakeMetrica() as service:
        first, second = (upload(service, folder, file) for _ in range(2))
        stored = [[row["ClientId"] for row in uploading.rows] for uploading in service.store.uploadings]

    # 4: the part that waited is gone with its file. What it held goes with this file, which is said.
    assert (first.returncode, second.returncode) == (4, 0), first.stderr + second.stderr
    assert "its file in the state folder is gone" in first.stderr
    assert stored == [["1604591025000000007", "1604591025000000008"]]
    assert call_statuses(folder, file) == [CallStatus.UNCHANGED] * 5


def upload(service, folder, file):
    """Upload a file with the command line, in its own process."""
    return subprocess.run(
        [sys.executable, "-m", "calltools", "upload", file, "--counter", str(COUNTER), "--yes"],
        env=os.environ
        | {"CALLTOOLS_API_URL": service.url, "CALLTOOLS_TOKEN": "canary", "CALLTOOLS_STATE_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def invented(name, group=None):
    [tag] = [field for field in FIELDS if field.name == "Tag"]
    return replace(tag, name=name, requirement=replace(tag.requirement, group=group))


def fingerprints(fields, **cells):
    call = tuple({**CELLS, **cells}.get(field.name, "") for field in fields)
    filled = tuple(field.name for field, cell in zip(fields, call, strict=True) if cell)
    return Fingerprinter(b"k" * 32, COUNTER, fields).fingerprints(call, filled, SEPARATOR.join(call).encode())


@pytest.mark.parametrize("group", [None, "identifier"])
@pytest.mark.parametrize("place", [0, 3, len(FIELDS)])
def test_a_later_column_that_is_empty_leaves_the_fingerprints_as_they_were(place, group):
    later = (*FIELDS[:place], invented("Later", group), *FIELDS[place:])

    assert fingerprints(later) == fingerprints(FIELDS)


def test_a_later_column_that_is_filled_changes_the_call_and_a_later_identifier_makes_another_call():
    call, rest, _ = fingerprints(FIELDS)
    cell, identifier = ((*FIELDS, invented("Later", group)) for group in (None, "identifier"))

    assert fingerprints(cell, Later="x")[0] == call
    assert fingerprints(cell, Later="x")[1] != rest
    assert fingerprints(identifier, Later="x")[0] != call


def test_later_columns_are_distinguished_by_name_and_not_by_order():
    one, two = invented("One"), invented("Two")

    assert fingerprints((*FIELDS, one, two), One="x") != fingerprints((*FIELDS, one, two), Two="x")
    assert fingerprints((*FIELDS, one, two), One="x") == fingerprints((*FIELDS, one), One="x")
    assert fingerprints((*FIELDS, one, two), One="x", Two="y") == fingerprints((two, one, *FIELDS), One="x", Two="y")


def test_a_scan_takes_any_number_of_columns():
    names = [f"Column{number}" for number in range(70)]
    held = np.arange(70, dtype=np.uint32)
    times = np.ones(70, np.int64)
    nothing = np.zeros(70, "V16"), np.zeros(70, "V8"), np.zeros(0, "V16"), np.zeros(0, "V16"), {}
    scan = CallScan(*nothing, held, [(name,) for name in names], np.ones(70, bool), times, np.ones(70, bool), times)

    assert [np.flatnonzero(scan.is_filled(name)).tolist() for name in names] == [[place] for place in range(70)]
    assert scan.columns(np.array([0, 16, 69])) == {"Column0", "Column16", "Column69"}


def test_an_uploading_has_a_kind_for_each_identifier():
    assert {*IDENTIFIER_KINDS} == {field.name for field in FIELDS if field.requirement.group == "identifier"}
