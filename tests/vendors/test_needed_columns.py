"""What a profile needs of a file: the columns that its fields read, in any order, by any delimiter, in any encoding."""

import csv
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

import calltools
from calltools.errors import UsageError, VendorError
from calltools.fields.table import IDENTIFIER_FIELDS
from calltools.files.opening import open_table
from calltools.model.batch import Hints, unique_titles
from calltools.vendors import profile_library
from calltools.vendors.binding import MappingOptions, bind_profile, is_possible_step
from calltools.vendors.loader import load_profile
from calltools.vendors.recognize import create_header_finder, match_header, normalize_title, source_columns

# Many examples of a few laws: tracing each of them takes half as long again.
pytestmark = pytest.mark.untraced

#: 2026-03-12, just after the calls of the samples.
AS_OF = 1773273600
SAMPLES = Path(__file__).parent.parent.parent / "samples"
PROFILES = {profile.name: profile for profile in profile_library.load_built_in_profiles()}
#: Columns that are not read and yet needed, because the others could be anybody's; each profile says why.
UNREAD = {
    "calltouch-xlsx": {"Куда звонили"},
    "didww": {"Destination DID"},
    "freeswitch": {"uuid"},
    "issabel": {"Src. Channel", "Dst. Channel"},
    "ivozprovider": {"callee"},
    "roistat": {"callee", "visit_id"},
    "sipuni": {"Куда"},
}
#: What a person must add where a column that would tell it is missing.
ASKED = {"timezone-needed", "timezone-needed-suggested", "incoming-unknown", "incoming-unknown-there", "called-unknown"}
SAVED = [(",", "utf-8-sig"), (",", "utf-16"), (";", "cp1251"), (";", "utf-8"), ("\t", "utf-16"), ("\t", "cp1251")]
COUNTING = {"own_number": "own_numbers", "inbound_context": "inbound_contexts"}


class Sample:
    """The sample of a vendor as titles and rows, and its conversion."""

    def __init__(self, name, tmp_path):
        self.profile, self.folder = PROFILES[name], tmp_path
        (path,) = (SAMPLES / name).glob("export.*")
        hints = Hints(quotes=self.profile.quotes)
        table = open_table(path, path.name, hints, create_header_finder(tuple(PROFILES.values())))
        cells = [[task().cells(title).to_pylist() for title in unique_titles(table.titles)] for task in table.tasks()]
        self.titles = list(table.titles)
        self.columns = [[cell for batch in cells for cell in batch[place]] for place in range(len(self.titles))]
        words = iter(shlex.split((SAMPLES / name / "options").read_text(encoding="utf-8")))
        self.options = {}
        for word in words:
            key, value = word[2:].replace("-", "_"), next(words)
            if key in COUNTING:
                self.options[COUNTING[key]] = (*self.options.get(COUNTING[key], ()), value)
            elif key != "vendor":
                self.options[key] = value

    def convert(self, places, vendor, delimiter=",", encoding="utf-8"):
        """The bytes that come out of the columns at some places, saved again."""
        path, out = self.folder / "export.csv", self.folder / "out.csv"
        # A letter that an encoding lacks stands in names that no field reads.
        with path.open("w", encoding=encoding, errors="replace", newline="") as stream:
            writer = csv.writer(stream, delimiter=delimiter)
            writer.writerow([self.titles[place] for place in places])
            writer.writerows(zip(*(self.columns[place] for place in places), strict=True))
        calltools.convert(path, out, as_of=AS_OF, vendor=vendor, force=True, **self.options)
        return out.read_bytes()

    def convert_records(self, places):
        return list(csv.DictReader(self.convert(places, self.profile.name).decode().splitlines()))

    def try_to_convert(self, places):
        """The records, or why there are none."""
        try:
            return self.convert_records(places), None
        except UsageError as fault:
            return [], fault

    def remaining_readers(self, field, titles):
        """The steps of a field that still read something of a header."""
        there = {normalize_title(title): place for place, title in enumerate(titles)}
        steps = self.profile.fields.get(field, ())
        return [step for step in steps if step.constant is None and is_possible_step(step, there)]


@pytest.fixture(params=PROFILES)
def sample(request, tmp_path):
    return Sample(request.param, tmp_path)


@pytest.mark.parametrize("name", PROFILES)
def test_only_columns_that_are_read_are_needed(name):
    profile = PROFILES[name]
    read = source_columns(replace(profile, recognize=()))

    assert {*profile.recognize} - {*read} == UNREAD.get(name, set())


def test_a_column_less_changes_no_other_value_and_makes_up_none(sample):
    everything = range(len(sample.titles))
    whole = sample.convert_records(everything)
    keys = {*map(normalize_title, (*sample.profile.rows.one_call_by, *sample.profile.rows.one_call_by_all))}
    for dropped, title in enumerate(sample.titles):
        places = [place for place in everything if place != dropped]
        left = [sample.titles[place] for place in places]
        found, fault = sample.try_to_convert(places)
        if fault is not None:
            missing = fault.key == "vendor-misfit" and title.casefold() in fault.say().casefold()
            assert missing or fault.key in ASKED, (title, fault.say())
            continue
        if normalize_title(title) in keys:
            continue
        readers = [name for name in sample.profile.fields if reads(sample.profile, name, title)]
        if len(found) != len(whole):
            # Calls are rejected: nothing says whose they are, or another column says it in other words.
            assert {*readers} & {*IDENTIFIER_FIELDS, "StaticCall"} or any(
                sample.remaining_readers(name, left) for name in readers
            )
            continue
        for before, after in zip(whole, found, strict=True):
            changed = {name for name, cell in before.items() if after.get(name, "") != cell}
            made_up = [name for name in changed if after.get(name) and not sample.remaining_readers(name, left)]
            assert changed <= {*readers, "StaticCall", "Currency"}, title
            assert {*made_up} <= {"StaticCall"}, title


def reads(profile, field, title):
    return normalize_title(title) in {normalize_title(one) for step in profile.fields[field] for one in step.titles}


def test_the_order_of_the_columns_says_nothing(sample):
    expected = sample.convert(range(len(sample.titles)), sample.profile.name)
    backwards = range(len(sample.titles) - 1, -1, -1)
    turned = [*range(3, len(sample.titles)), 0, 1, 2]

    assert expected == (SAMPLES / sample.profile.name / "expected.csv").read_bytes()
    for places in (backwards, turned):
        assert sample.convert(places, sample.profile.name) == expected
        assert sample.convert(places, "auto") == expected


@pytest.mark.parametrize(("delimiter", "encoding"), SAVED)
def test_delimiter_and_encoding_are_no_condition(sample, delimiter, encoding):
    everything = range(len(sample.titles))
    expected = (SAMPLES / sample.profile.name / "expected.csv").read_bytes()

    assert sample.convert(everything, sample.profile.name, delimiter, encoding) == expected
    assert sample.convert(everything, "auto", delimiter, encoding) == expected


OWN = """
name = "own"
title = "Own"
confidence = "documented"
recognize = ["When"]
[fields.DateTime]
from = "When"
format = "unix"
"""


def bound(steps, *titles):
    return bind_profile(load_profile(OWN + steps, "own.toml"), ("When", *titles), MappingOptions()).fields


@pytest.mark.parametrize(
    ("titles", "kept"),
    [(("Talk", "State"), 2), (("Talk",), 0), (("State",), 0)],
    ids=["both", "no state", "no talk"],
)
def test_a_constant_does_not_stand_for_a_missing_column(titles, kept):
    steps = """
[[fields.TalkDuration]]
from = "Talk"
when = { State = "ok" }
[[fields.TalkDuration]]
constant = "0"
"""

    assert len(bound(steps, *titles).get("TalkDuration", ())) == kept


def test_what_a_missing_column_would_rule_out_is_not_read():
    steps = """
[[fields.TalkDuration]]
constant = "0"
when = { State = "missed" }
[[fields.TalkDuration]]
from = "Length"
"""

    assert "TalkDuration" not in bound(steps, "Length")
    assert len(bound(steps, "Length", "State")["TalkDuration"]) == 2


def test_a_missing_column_is_empty_where_the_condition_takes_empty_cells():
    steps = """
[fields.TalkDuration]
from = "Length"
when = { Kind = ["", "call"] }
"""

    assert len(bound(steps, "Length")["TalkDuration"]) == 1


def test_a_constant_stays_the_counterpart_of_a_condition_that_can_be_read():
    steps = """
[[fields.CallMissed]]
from = "State"
[[fields.CallMissed]]
constant = "0"
when = { Talk = ">0" }
[[fields.CallMissed]]
constant = "1"
"""

    assert [step.constant for step in bound(steps, "Talk")["CallMissed"]] == ["0", "1"]
    assert "CallMissed" not in bound(steps, "Other")


def test_a_sum_needs_all_of_its_columns():
    steps = '[fields.HoldDuration]\nsum = ["Queue", "Ring"]\n'

    assert "HoldDuration" in bound(steps, "Queue", "Ring")
    assert "HoldDuration" not in bound(steps, "Queue")


@pytest.mark.parametrize(
    "rows",
    [
        '[rows]\ncalled = "To"\n',
        '[rows]\ncontext = "To"\n',
        '[rows.direction]\nfrom = "To"\nvalues = { "in" = "incoming" }\n',
        '[[rows.direction]]\nconstant = "incoming"\nwhen = { To = "in" }\n[[rows.direction]]\nconstant = "outgoing"\n',
        '[[rows.direction]]\nconstant = "fax"\nwhen = { Kind = "fax" }\n[[rows.direction]]\nfrom = "To"\n',
    ],
    ids=["called", "context", "direction", "constants", "constant before"],
)
def test_a_header_that_cannot_tell_incoming_calls_is_refused_with_the_column(rows):
    profile = load_profile(OWN + rows, "own.toml")

    assert match_header(profile, ("When", "Kind", "To")).matches
    with pytest.raises(VendorError) as refused:
        bind_profile(profile, ("When", "Kind"), MappingOptions())
    assert refused.value.facts["missing"] == "To"
