"""Ledgers that released versions wrote: their calls are known again, whatever the table of fields has become."""

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calltools import ledger
from calltools.fields.table import FIELDS
from calltools.ledger import CallStatus
from calltools.ledger.calls import SEPARATOR, make_fingerprinter
from calltools.ledger.planning import IDENTIFIER_KINDS
from calltools.ledger.scan import CallScan
from tests.ledger.fakes import COUNTER, Clock

RELEASED = Path(__file__).parent / "released"
#: What the ledger of each version knows of the calls of its ``calls.csv``, in order.
KNOWN = [CallStatus.UNCHANGED, CallStatus.UNCHANGED, CallStatus.HELD, CallStatus.UNCHANGED, CallStatus.HELD, CallStatus.HELD,
         CallStatus.WAITING, CallStatus.NEW]  # fmt: skip
VERSIONS = pytest.mark.parametrize("version", sorted(path.name for path in RELEASED.iterdir()))
#: Cells of a call to which the service's invented columns are added.
CELLS = {"ClientId": "1604591025000000001", "DateTime": "1772434800", "PhoneNumber": "+74950000001", "Tag": "lead"}


@pytest.fixture
def copied(tmp_path):
    def copy(version):
        shutil.copytree(RELEASED / version, tmp_path / version)
        return tmp_path / version

    return copy


def verdicts(folder, path):
    with ledger.open_ledger_in(folder, Clock()) as book:
        assert ledger.find_faults(book) == []
        return ledger.plan_upload(book, path, COUNTER).statuses.tolist()


@VERSIONS
def test_a_released_ledger_knows_its_calls(copied, version):
    folder = copied(version)

    assert verdicts(folder, folder / "calls.csv") == KNOWN


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

    assert verdicts(folder, folder / "calls.csv") == [*KNOWN[:number], CallStatus.CHANGED, *KNOWN[number + 1 :]]


def invented(name, group=None):
    [tag] = [field for field in FIELDS if field.name == "Tag"]
    return replace(tag, name=name, requirement=replace(tag.requirement, group=group))


def fingerprints(fields, **cells):
    call = tuple({**CELLS, **cells}.get(field.name, "") for field in fields)
    return make_fingerprinter(b"k" * 32, COUNTER, fields)(call, SEPARATOR.join(call).encode())


@pytest.mark.parametrize("group", [None, "identifier"])
@pytest.mark.parametrize("place", [0, 3, len(FIELDS)])
def test_a_later_column_that_is_empty_leaves_the_fingerprints_as_they_were(place, group):
    later = (*FIELDS[:place], invented("Later", group), *FIELDS[place:])

    assert fingerprints(later) == fingerprints(FIELDS)


def test_a_later_column_that_is_filled_changes_the_call_and_a_later_identifier_makes_another_call():
    call, rest = fingerprints(FIELDS)
    cell, identifier = ((*FIELDS, invented("Later", group)) for group in (None, "identifier"))

    assert fingerprints(cell, Later="x")[0] == call
    assert fingerprints(cell, Later="x")[1] != rest
    assert fingerprints(identifier, Later="x")[0] != call


def test_later_columns_are_told_apart_by_their_names_and_not_by_their_order():
    one, two = invented("One"), invented("Two")

    assert fingerprints((*FIELDS, one, two), One="x") != fingerprints((*FIELDS, one, two), Two="x")
    assert fingerprints((*FIELDS, one, two), One="x") == fingerprints((*FIELDS, one), One="x")
    assert fingerprints((*FIELDS, one, two), One="x", Two="y") == fingerprints((two, one, *FIELDS), One="x", Two="y")


def test_the_columns_that_a_part_holds_are_as_many_as_there_are():
    names = [f"Column{number}" for number in range(70)]
    held = np.arange(70, dtype=np.uint32)
    nothing = np.zeros(70, "V16"), np.zeros(70, "V8")
    found = CallScan(*nothing, held, [(name,) for name in names], np.ones(70, bool), np.ones(70, np.int64))

    assert [np.flatnonzero(found.holding(name)).tolist() for name in names] == [[place] for place in range(70)]
    assert found.columns(np.array([0, 16, 69])) == {"Column0", "Column16", "Column69"}


def test_an_uploading_has_a_kind_for_each_identifier():
    assert {*IDENTIFIER_KINDS} == {field.name for field in FIELDS if field.requirement.group == "identifier"}
