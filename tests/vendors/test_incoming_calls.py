"""Incoming calls of exports that mark some of them, and legs with keys of several columns."""

import pytest
from typer.testing import CliRunner

import calltools
from calltools.cli.app import app
from calltools.errors import UsageError
from calltools.vendors.binding import MappingOptions, bind_profile
from calltools.vendors.loader import load_profile
from tests.conftest import NOW

PROFILE = """
name = "partly"
title = "Partly"
confidence = "code-seen"
recognize = ["When", "Who"]
[rows]
{rows}
[fields.DateTime]
from = "When"
format = "unix"
[fields.PhoneNumber]
from = "Who"
"""
BOTH = """
context = "Context"
called = "Called"
direction = { from = "Line", values = { "" = "outgoing" }, otherwise = "incoming" }
"""
ROWS = [
    "1772434800,+74950000001,trunk,100,",
    "1772434900,+74950000002,inside,100,74950000000",
    "1772435000,+74950000003,inside,200,",
    "1772435100,+74950000004,inside,300,",
]


def phones(tmp_path, profile, header, rows, **options):
    (tmp_path / "own.toml").write_text(profile, encoding="utf-8")
    (tmp_path / "export.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    calltools.convert(
        tmp_path / "export.csv", tmp_path / "out.csv", vendor=str(tmp_path / "own.toml"), as_of=NOW, static_call="1",
        **options,
    )  # fmt: skip
    return [line.split(",")[3][-1] for line in (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()[1:]]


@pytest.mark.parametrize(
    ("options", "incoming"),
    [
        ({}, ["2"]),
        ({"inbound_contexts": ("trunk",)}, ["1", "2"]),
        ({"own_numbers": ("200",)}, ["2", "3"]),
        ({"inbound_contexts": ("trunk",), "own_numbers": ("200",)}, ["1", "2", "3"]),
    ],
)
def test_options_of_the_user_add_to_the_columns(options, incoming, tmp_path):
    profile = PROFILE.replace("{rows}", BOTH)

    assert phones(tmp_path, profile, "When,Who,Context,Called,Line", ROWS, **options) == incoming


CALLED = PROFILE.replace("{rows}", 'called = "Called"')
SPELLINGS = ["74950000100", "84950000100", "+7 (495) 000-01-00", "+74950000100", "74950000200", "100"]


@pytest.mark.parametrize("own", ["+74950000100", "84950000100", "7 495 000 01 00", " 8 (495) 000-01-00"])
def test_an_own_number_is_compared_as_a_number(own, tmp_path):
    rows = [f"177243{n}000,+7495000000{n},{called}" for n, called in enumerate(SPELLINGS, 1)]

    assert phones(tmp_path, CALLED, "When,Who,Called", rows, own_numbers=(own,), region="RU") == ["1", "2", "3", "4"]


def test_without_a_country_a_plus_and_punctuation_still_do_not_matter(tmp_path):
    rows = [f"177243{n}000,+7495000000{n},{called}" for n, called in enumerate(SPELLINGS, 1)]

    assert phones(tmp_path, CALLED, "When,Who,Called", rows, own_numbers=("+74950000100",)) == ["1", "3", "4"]


def test_an_extension_stays_as_it_is(tmp_path):
    rows = ["1772431000,+74950000001,100", "1772432000,+74950000002,0100", "1772433000,+74950000003,84950000100"]

    assert phones(tmp_path, CALLED, "When,Who,Called", rows, own_numbers=("100",), region="RU") == ["1"]


@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "No record has what you gave"), ("ru", "Ни в одной записи нет того")]
)
def test_what_never_occurs_is_said(language, sentence, tmp_path):
    (tmp_path / "own.toml").write_text(PROFILE.replace("{rows}", BOTH), encoding="utf-8")
    (tmp_path / "export.csv").write_text("\n".join(["When,Who,Context,Called,Line", *ROWS]) + "\n", encoding="utf-8")
    command = ["convert", str(tmp_path / "export.csv"), "--vendor", str(tmp_path / "own.toml"), "--static-call", "1",
               "--as-of", "2026-03-12T00:00:00Z", "--lang", language, "--own-number", "200"]  # fmt: skip

    said = CliRunner().invoke(app, [*command, "--own-number", "74950000999", "--inbound-context", "trnk"])
    seen = CliRunner().invoke(app, [*command, "--inbound-context", "trunk"])

    assert sentence in said.stderr
    assert "74950000999, trnk" in said.stderr
    assert sentence not in seen.stderr


def test_without_a_column_of_direction_the_user_must_give_it():
    profile = load_profile(PROFILE.replace("{rows}", BOTH), "own")

    with pytest.raises(UsageError, match="--inbound-context"):
        bind_profile(profile, ("When", "Who", "Context", "Called"), MappingOptions())
    assert bind_profile(profile, ("When", "Who", "Context", "Called"), MappingOptions(own_numbers=("1",)))


def test_a_value_for_a_missing_column_has_no_effect():
    profile = load_profile(PROFILE.replace("{rows}", BOTH), "own")

    with pytest.raises(UsageError, match="--own-number") as refused:
        bind_profile(profile, ("When", "Who", "Called"), MappingOptions(inbound_contexts=("trunk",)))

    assert "Called" in refused.value.say("en")
    assert "--inbound-context" not in refused.value.say("en")
    assert "Called" in refused.value.say("ru")


def test_legs_have_all_the_columns_of_their_key_in_common(tmp_path):
    profile = PROFILE.replace("{rows}", 'one_call_by_all = ["Node", "Id"]')
    rows = [
        "1772434800,+74950000001,1,7",
        "1772434810,+74950000002,2,7",
        "1772434820,+74950000003,1,7",
        "1772434830,+74950000004,1,",
        "1772434840,+74950000005,1,",
    ]

    assert phones(tmp_path, profile, "When,Who,Node,Id", rows) == ["1", "2", "4", "5"]


def converted_by_context(tmp_path, lines, *arguments):
    (tmp_path / "own.toml").write_text(PROFILE.replace("{rows}", 'context = "Context"'), encoding="utf-8")
    (tmp_path / "export.csv").write_text("\n".join(["When,Who,Context", *lines]) + "\n", encoding="utf-8")
    return CliRunner().invoke(
        app,
        ["convert", str(tmp_path / "export.csv"), "--vendor", str(tmp_path / "own.toml"), "--static-call", "1",
         "--as-of", "2026-03-12T00:00:00Z", "--lang", "en", *arguments],
    )  # fmt: skip


def test_the_error_lists_contexts_but_no_number(tmp_path):
    lines = [row.rpartition(",")[0].rpartition(",")[0] for row in ROWS]

    refused = converted_by_context(tmp_path, [*lines, "1772435200,+74950000005,+74950000006"])
    empty = converted_by_context(tmp_path, [])

    assert refused.exit_code == empty.exit_code == 2
    assert "beginning of the file: inside: 3, trunk: 1, ***: 1." in refused.stderr
    assert "does not say which calls are incoming" in empty.stderr
    assert "beginning of" not in empty.stderr


@pytest.mark.parametrize(("context", "warned"), [("trnk", True), ("trunk", False)])
def test_a_file_of_which_nothing_counts_is_not_passed_in_silence(context, warned, tmp_path):
    lines = [row.rpartition(",")[0].rpartition(",")[0] for row in ROWS]

    result = converted_by_context(tmp_path, lines, "--inbound-context", context)

    assert result.exit_code == 0
    assert ("NO RECORD counts as an incoming call" in result.stderr) is warned
