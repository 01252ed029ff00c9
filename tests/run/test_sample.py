"""Invented exports: recognized as the vendor's, without an error, and each fault as often as it was asked for."""

import json
import re
import shlex
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

import calltools
from calltools.cli.app import app
from calltools.errors import OutputError, UsageError
from calltools.run.sample import SampleOptions, parse_faults, write_sample
from calltools.run.sample.values import PhoneChange, TimeShift, change_phone, number_id
from calltools.vendors.profile_library import load_built_in_profiles

SAMPLES = Path(__file__).parents[2] / "samples"
FORMS = {profile.name: next((SAMPLES / profile.name).glob("export.*")).suffix for profile in load_built_in_profiles()}
FILES = [*FORMS.items(), ("canonical", ".csv"), ("canonical", ".xlsx")]
#: What ranges of the samples are: an area code and zeros, or a range that is reserved for fiction.
FICTIONAL = re.compile(r"\+1[0-9]{3}55501[0-9]{2}|\+442079460[0-9]{3}|\+[0-9]{2,7}000[0-9]{4}")
LATER = 1774569600


def keywords(arguments):
    """Options of the command line as keywords of the library; repeated ones are lists."""
    given = {}
    words = shlex.split(arguments)
    for option, value in zip(words[::2], words[1::2], strict=True):
        name = option.removeprefix("--").replace("-", "_")
        name = {"own_number": "own_numbers", "inbound_context": "inbound_contexts"}.get(name, name)
        given[name] = [*given[name], value] if name in given else [value] if name.endswith("s") else value
    return given


@pytest.mark.parametrize(("name", "suffix"), FILES, ids=lambda one: one)
def test_a_sample_is_recognized_has_no_error_and_the_faults_it_was_asked_for(name, suffix, tmp_path):
    path = tmp_path / f"sample{suffix}"
    arguments = write_sample(name, path, SampleOptions(40, 17, faults={"CT214": 3}))
    plain = tmp_path / f"plain{suffix}"
    write_sample(name, plain, SampleOptions(40, 17))

    damaged, sound = (
        calltools.convert(one, as_of=LATER, ignore="CT501", **keywords(arguments)) for one in (path, plain)
    )

    assert sound.summary.vendor == (None if name == "canonical" else name)
    assert (sound.summary.by_severity["error"], sound.summary.rejected, sound.summary.written) == (0, 0, 40)
    assert damaged.summary.by_code["CT214"] == 3
    assert (damaged.summary.by_severity["error"], damaged.summary.rejected) == (3, 3)
    assert sound.summary.by_code["CT401"] == 0
    phones = sound.table["PhoneNumber"].to_pylist()
    assert all(map(FICTIONAL.fullmatch, filter(None, phones)))
    assert len(set(phones)) > 20
    assert len(set(sound.table["DateTime"].to_pylist())) > 10


@pytest.mark.parametrize(
    ("name", "faults"),
    [
        ("canonical", {"CT241": 3, "CT221": 2, "CT203": 1, "CT281": 4, "CT401": 2, "CT251": 1}),
        ("canonical.xlsx", {"CT209": 2, "CT242": 1}),
        ("calltouch-xlsx", {"CT245": 2}),
        ("sipuni", {"CT243": 2, "CT601": 1, "CT401": 1}),
        ("calltouch", {"CT203": 2, "CT204": 1, "CT271": 3}),
    ],
    ids=lambda one: one if isinstance(one, str) else ",".join(one),
)
def test_each_fault_is_found_exactly_so_often(name, faults, tmp_path):
    name, _, ending = name.partition(".")
    path = tmp_path / f"sample{'.' + ending if ending else FORMS.get(name, '.csv')}"

    arguments = write_sample(name, path, SampleOptions(60, 3, faults=faults))

    found = calltools.validate(path, as_of=LATER, **keywords(arguments)).summary.by_code
    assert {code: found[code] for code in faults} == faults
    assert {code for code in found if found[code] and code[:3] == "CT2"} <= faults.keys()


@pytest.mark.parametrize(("name", "suffix"), [("sipuni", ".csv"), ("calltouch", ".json"), ("canonical", ".xlsx")])
def test_the_same_seed_gives_the_same_bytes_and_another_one_other_calls(name, suffix, tmp_path):
    written = []
    for number, seed in enumerate((5, 5, 6)):
        path = tmp_path / f"{number}{suffix}"
        write_sample(name, path, SampleOptions(20, seed, faults={"CT214": 1}))
        written.append(path.read_bytes())

    assert written[0] == written[1] != written[2]


@pytest.mark.parametrize("percent", [0, 30, 100])
def test_so_many_are_missed(percent, tmp_path):
    path = tmp_path / "calls.csv"
    arguments = write_sample("sipuni", path, SampleOptions(400, 2, missed=percent))

    missed = Counter(calltools.convert(path, as_of=LATER, **keywords(arguments)).table["CallMissed"].to_pylist())

    assert abs(missed["1"] / 4 - percent) <= (0 if percent in {0, 100} else 6)


def test_the_form_of_the_vendor_stays(tmp_path):
    table, document = tmp_path / "a.csv", tmp_path / "b.json"
    write_sample("sipuni", table, SampleOptions(3))
    write_sample("mango-stats", document, SampleOptions(3))

    sample = (SAMPLES / "sipuni" / "export.csv").read_text(encoding="utf-8").splitlines()
    assert table.read_text(encoding="utf-8").splitlines()[:2] == sample[:2]
    assert len(table.read_text(encoding="utf-8").splitlines()) == 5
    made, known = (json.loads(path.read_bytes()) for path in (document, SAMPLES / "mango-stats" / "export.json"))
    assert made.keys() == known.keys()
    records = [record for page in made["data"] for record in page["list"]]
    assert len(records) == 3
    assert {type(value) for record in records for value in [record["context_start_time"]]} == {int}


def test_the_command_says_how_it_converts_and_refuses_what_cannot_be(tmp_path):
    path = tmp_path / "export.csv"

    def run(*words):
        return CliRunner().invoke(app, ["vendors", "sample", *map(str, words)], env={"CALLTOOLS_LANG": "en"})

    written = run("sipuni", "-o", path, "--records", 5)
    assert written.exit_code == 0
    command = written.stderr.partition("convert with: ")[2].split()
    converted = CliRunner().invoke(app, [*command[1:], "-o", str(tmp_path / "calls.csv")])
    assert converted.exit_code == 0
    assert run("sipuni", "-o", path).exit_code == OutputError.exit_code
    refused = [
        run("sipuni", "-o", tmp_path / "a.json"),
        run("nobody", "-o", tmp_path / "a.csv"),
        run("sipuni", "-o", tmp_path / "a.csv", "--faults", "CT209=1"),
        run("sipuni", "-o", tmp_path / "a.csv", "--faults", "CT999=1"),
        run("sipuni", "-o", tmp_path / "a.csv", "--faults", "CT241=x"),
        run("sipuni", "-o", tmp_path / "a.csv", "--faults", "CT214=9", "--records", 9),
    ]
    assert [one.exit_code for one in refused] == [2] * 6
    assert sorted(one.name for one in tmp_path.iterdir()) == ["calls.csv", "export.csv"]


def test_faults_are_codes_or_names_with_counts():
    assert parse_faults("CT241=3, phone-impossible=1,ct241") == {"CT241": 4, "CT243": 1}
    with pytest.raises(UsageError, match="CT241=many"):
        parse_faults("CT241=many")


@pytest.mark.parametrize(
    ("before", "after", "month_first"),
    [
        ("2026-03-02 10:00:05", "2026-03-03 11:00:05", False),
        ("02.03.2026 23:30", "04.03.2026 00:30", False),
        ("03/02/2026, 9:05 PM", "03/03/2026, 10:05 PM", True),
        ("Mon, 02 Mar 2026 07:10:59 +0000", "Tue, 03 Mar 2026 08:10:59 +0000", False),
        ("2026-03-02T10:00:05.120Z", "2026-03-03T11:00:05.120Z", False),
        ("1772434800.7", "1772524800.7", False),
        ("1772434800123", "1772524800123", False),
        ("1772434800123456781", "1772434800123456781", False),
        ("31.02.2026 10:00", "31.02.2026 10:00", False),
    ],
)
def test_times_move_in_their_own_layout(before, after, month_first):
    assert TimeShift(90_000, month_first).apply(before) == after


@pytest.mark.parametrize(
    ("caller", "cell", "after"),
    [
        ("+74950000101", "8 (495) 000-01-01", "8 (495) 000-00-07"),
        ("+74950000101", '"Гость" <84950000101>', '"Гость" <84950000007>'),
        ("+442079460001", "020 7946 0001", "020 7946 0007"),
        ("+12025550120", "(202) 555-0120", "(816) 555-0107"),
        ("+74951234567", "84951234567", None),
    ],
)
def test_a_caller_is_another_one_in_each_spelling(caller, cell, after):
    changed = change_phone(caller, lambda below: min(below - 1, 11) if below < 20 else 7)

    assert (changed.apply(cell) if isinstance(changed, PhoneChange) else None) == after


def test_an_id_has_the_number_of_its_record():
    assert [number_id(text, 42) for text in ("1772434800.7", "c0ffee009500", "abc", "MToxMDA100=")] == [
        "1772434800.42", "c0ffee000042", "abc42", "MToxMDA042=",
    ]  # fmt: skip
