"""Unverified profiles print a warning whenever they are used, in both languages."""

import shlex

import pytest
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.vendors import profile_library
from tests.vendors.test_recognize import FOLDERS

PROFILES = {profile.name: profile for profile in profile_library.load_built_in_profiles()}
#: Known from descriptions, from other programs, or from a file too small to trust.
PRESETS = {"calltouch-xlsx", "callibri", "3cx", "ringcentral", "issabel", "five9", "beeline", "binotel", "sinch", "ivozprovider", "webex",
           "cucm"}  # fmt: skip


def run_profile(name, command, language):
    (export,) = FOLDERS[name].glob("export.*")
    arguments = shlex.split((FOLDERS[name] / "options").read_text(encoding="utf-8"))
    result = CliRunner().invoke(
        app, [command, str(export), "--as-of", "2026-03-12T00:00:00Z", "--lang", language, *arguments]
    )
    return " ".join(result.stderr.split() if command == "convert" else result.output.split())


def test_the_presets_are_marked():
    assert {name for name, one in PROFILES.items() if one.confidence == "code-seen"} >= PRESETS


@pytest.mark.parametrize("command", ["convert", "validate"])
@pytest.mark.parametrize("name", PROFILES)
def test_unverified_profiles_print_a_warning(name, command):
    unverified = PROFILES[name].confidence == "code-seen"

    assert ("This profile is UNVERIFIED" in run_profile(name, command, "en")) == unverified
    assert ("Этот профиль НЕ ПРОВЕРЕН" in run_profile(name, command, "ru")) == unverified
