"""The findings on the broken samples, written down from the rules, file by file."""

from pathlib import Path

import pytest

import calltools
from tests import sample_workbooks

SAMPLES = Path(__file__).parent.parent / "samples"
AS_OF = 1773273600  # 2026-03-12

#: File -> (line, column, code) of each finding.
EXPECTED = {
    "structure.csv": {
        (3, None, "CT008"),
        (4, None, "CT008"),
        (5, None, "CT009"),
        (6, "Tag", "CT007"),
        (7, "Tag", "CT010"),
        (9, None, "CT019"),
    },
    "header.csv": {
        (1, "Client ID", "CT104"),
        (1, "datetime", "CT104"),
        (1, "Tag", "CT105"),
        (1, "Manager", "CT103"),
        (1, "", "CT106"),
        (1, "CallMised", "CT103"),
    },
    "rounded-by-excel.csv": {
        (None, "ClientId", "CT404"),
        *((line, "ClientId", "CT208") for line in (2, 3, 4)),
        *((line, "DateTime", "CT212") for line in (2, 3, 4)),
        *((line, "TalkDuration", "CT261") for line in (2, 3, 4)),
        *((line, "CallMissed", "CT251") for line in (2, 3, 4)),
        (2, "PhoneNumber", "CT246"),
        (3, "PhoneNumber", "CT246"),
        (4, "PhoneNumber", "CT241"),
        (2, "Price", "CT221"),
        (3, "Price", "CT221"),
    },
    "whole-file.csv": {
        (None, None, "CT402"),
        (None, "DateTime", "CT502"),
        (3, None, "CT401"),
        (4, "FirstTimeCaller", "CT405"),
        (4, "Currency", "CT303"),
        (4, "TalkDuration", "CT305"),
        (5, "Price", "CT304"),
        (5, "TalkDuration", "CT306"),
        (6, "DateTime", "CT501"),
        (7, None, "CT302"),
        (8, None, "CT301"),
        (9, None, "CT301"),
    },
    "excel-cp1251.csv": {
        (None, None, "CT003"),
        (None, None, "CT005"),
        (1, "ClientID", "CT104"),
        (2, "ClientID", "CT203"),
        (2, "DateTime", "CT212"),
        (2, "PhoneNumber", "CT241"),
        (2, "TalkDuration", "CT261"),
        (2, "CallMissed", "CT251"),
        (2, "Price", "CT221"),
        (3, "ClientID", "CT208"),
        (3, "DateTime", "CT213"),
        (3, "PhoneNumber", "CT242"),
        (3, "CallMissed", "CT251"),
        (3, "Price", "CT221"),
        (4, "ClientID", "CT204"),
        (4, "PhoneNumber", "CT245"),
        (4, "TalkDuration", "CT262"),
        (5, None, "CT008"),
        (6, "Tag", "CT006"),
        (7, "Currency", "CT303"),
    },
}


def found(path, **options):
    return calltools.validate(path, as_of=AS_OF, **options).findings


@pytest.mark.parametrize("exact_only", [False, True], ids=["fast path", "strict path"])
@pytest.mark.parametrize("name", EXPECTED)
def test_each_fault_is_found_once_and_no_other(name, exact_only):
    expected = [(one.line, one.column, one.code) for one in found(SAMPLES / "broken" / name, exact_only=exact_only)]

    assert set(expected) == EXPECTED[name]
    assert len(expected) == len(EXPECTED[name])


def test_every_broken_sample_is_in_the_readme():
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")

    assert {path.name for path in (SAMPLES / "broken").iterdir()} == {*EXPECTED, "calls.xlsx"}
    assert all(f"`{path.name}`" in readme for path in (SAMPLES / "broken").iterdir())


@pytest.mark.parametrize(
    ("make", "sample"),
    [(sample_workbooks.write_broken, "broken/calls.xlsx"), (sample_workbooks.write_good, "canonical/good.xlsx")],
)
def test_the_workbooks_are_those_that_the_maker_makes(make, sample, tmp_path):
    made = tmp_path / Path(sample).name
    make(made)

    ours = calltools.validate(made, as_of=AS_OF, show_values=True)
    theirs = calltools.validate(SAMPLES / sample, as_of=AS_OF, show_values=True)

    assert [(one.code, one.cell, one.value) for one in ours.findings] == [
        (one.code, one.cell, one.value) for one in theirs.findings
    ]
    assert ours.summary.read == theirs.summary.read


def test_the_good_workbook_holds_what_the_good_csv_holds(tmp_path):
    for name in ("good.csv", "good.xlsx"):
        calltools.convert(SAMPLES / "canonical" / name, tmp_path / f"{name}.csv", as_of=AS_OF)

    assert (tmp_path / "good.xlsx.csv").read_bytes() == (tmp_path / "good.csv.csv").read_bytes()
    assert len((tmp_path / "good.csv.csv").read_text(encoding="utf-8").splitlines()) > 30
