"""Vendors without a converter are known, and files that only look like calls are refused."""

import pytest
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.vendors import profile_library
from calltools.vendors.profile_library import load_unsupported_vendors

KNOWN = load_unsupported_vendors(profile_library.schemas_folder())
NAMES = ["Google Ads", "CallTrackingMetrics", "WhatConverts", "Invoca", "Nimbata", "Phonexa", "Dialpad", "OpenPhone",
             "JustCall", "Zoom", "Amazon Connect", "PrimeGate", "Alloka", "T2", "VitalPBX", "Kamailio"]  # fmt: skip
LOOK_ALIKES = {
    "radiology": "Call ID,Time,Radiologist,Finding,Notified,Read back\n1,2026-03-02 10:00,Dr. A,nodule,Dr. B,yes\n",
    "billing": "Account,Service,Period,Minutes,Rate,Amount\n100,voice,2026-03,120,0.02,2.40\n",
    "objects": "call,caller,result\n[object Object],[object Object],[object Object]\n",
    "no phones": "Дата,Менеджер,Длительность\n02.03.2026 10:00:00,Менеджер 1,35\n",
}


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_refusal_gives_the_reason_and_the_advice(tmp_path, name, language):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")

    result = run("convert", path, "--vendor", name, "--lang", language)

    (one,) = [vendor for vendor in KNOWN if vendor.has_name(name)]
    assert result.exit_code == 2
    assert one.reasons[language] in result.output
    assert "calltools vendors new" in result.output


def test_no_name_of_theirs_is_that_of_a_profile():
    profiles = {
        word for profile in profile_library.load_built_in_profiles() for word in (profile.name, *profile.aliases)
    }

    assert not [one.name for one in KNOWN if any(one.has_name(word) for word in profiles)]


def test_the_list_ends_with_them():
    result = run("vendors", "list", "--lang", "en")

    assert all(one.title in result.output.partition("without a converter")[2] for one in KNOWN)


@pytest.mark.parametrize("text", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
@pytest.mark.parametrize("command", ["validate", "convert"])
def test_look_alikes_are_refused(tmp_path, command, text):
    path = tmp_path / "calls.csv"
    path.write_text(text, encoding="utf-8")

    result = run(command, path, "--timezone", "UTC", "--static-call", "1", "--lang", "en")

    assert result.exit_code == 2, result.output
    assert "No known export" in result.output


@pytest.mark.parametrize("text", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
@pytest.mark.parametrize("profile", profile_library.load_built_in_profiles(), ids=lambda profile: profile.name)
def test_a_wrong_vendor_is_refused_with_what_it_needs(tmp_path, profile, text):
    path = tmp_path / "calls.csv"
    path.write_text(text, encoding="utf-8")

    result = run("convert", path, "--vendor", profile.name, "--timezone", "UTC", "--lang", "en")

    assert result.exit_code == 2, result.output
