"""Each sample and each second file fits the profile of its own vendor and no other; a wrong name is refused with the right one."""

import json
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.errors import VendorError
from calltools.files.json.reader import flatten_record, parse_records
from calltools.files.opening import open_table
from calltools.model.batch import Hints
from calltools.vendors import profile_library
from calltools.vendors.recognize import (
    create_header_finder,
    match_header,
    normalize_title,
    refuse_mismatch,
    source_columns,
)

ROOT = Path(__file__).parent.parent.parent
PROFILES = profile_library.load_built_in_profiles()
FOLDERS = {path.parent.name: path.parent for path in sorted((ROOT / "samples").glob("*/options"))} | {
    f"{path.parts[-3]}/{path.parts[-2]}": path.parent
    for path in sorted((ROOT / "tests" / "vendors" / "more").glob("*/*/options"))
}


def export(name):
    (path,) = FOLDERS[name].glob("export.*")
    return path


def options(name):
    return shlex.split((FOLDERS[name] / "options").read_text(encoding="utf-8"))


#: Files that are recognized without a name; the others have too many quotes inside cells to be divided without one.
RECOGNIZED = [name for name in FOLDERS if "--vendor" not in options(name)]


def open_export(path, quotes=None):
    return open_table(path, path.name, Hints(quotes=quotes), create_header_finder(PROFILES))


@pytest.mark.parametrize("name", FOLDERS)
def test_a_file_fits_its_own_profile_and_no_other(name):
    table = open_export(export(name), None if name in RECOGNIZED else "undoubled")

    fitting = [profile.name for profile in PROFILES if match_header(profile, table.titles).matches]

    assert fitting == [name.partition("/")[0]]


@pytest.mark.parametrize("name", [name for name in FOLDERS if export(name).suffix == ".json"])
def test_one_call_as_json_lines_is_read_as_the_call(name, tmp_path):
    """Whatever lists it holds: a record with all keys of its export is that record, not what is in it."""
    text = export(name).read_text(encoding="utf-8")
    records = parse_records(text, name, lambda titles: profile_fits(name, titles))
    told = [one for one in records if profile_fits(name, [*flatten_record(one)])]
    path = tmp_path / "one.jsonl"

    for one in told:
        path.write_text(json.dumps(one), encoding="utf-8")
        table = open_export(path)
        assert table.titles == (*flatten_record(one),)
        assert sum(len(task()) for task in table.tasks()) == 1
    assert told


def profile_fits(name, titles):
    [profile] = [one for one in PROFILES if one.name == name.partition("/")[0]]
    return match_header(profile, titles).matches


@pytest.mark.parametrize("name", RECOGNIZED)
def test_detect_names_the_vendor(name):
    result = CliRunner().invoke(app, ["vendors", "detect", str(export(name)), "--lang", "en"])

    assert result.exit_code == 0, result.output
    assert f"--vendor {name.partition('/')[0]}\n" in result.output


@pytest.mark.parametrize("name", [name for name in FOLDERS if "/" not in name])
def test_a_wrong_vendor_is_refused_with_what_was_expected_found_and_right(name, tmp_path):
    titles = open_export(export(name)).titles
    for wrong in (profile for profile in PROFILES if profile.name != name):
        result = CliRunner().invoke(
            app,
            ["convert", str(export(name)), "--vendor", wrong.name, "--lang", "en", "-o", str(tmp_path / "x"),
             *options(name)],
        )  # fmt: skip

        printed = " ".join(result.output.split())
        if name == "mango-stats" and "--records" in printed:
            # For another vendor nothing tells which of its lists holds the calls: that is asked first.
            assert "data[].list" in printed
            continue
        there = {normalize_title(title) for title in titles}
        assert result.exit_code == 2, (wrong.name, printed)
        assert ", ".join(one for one in wrong.recognize if normalize_title(one) not in there) in printed
        assert titles[0] in printed
        assert f"--vendor {name}." in printed
        assert not (tmp_path / "x").exists()


def test_the_refusal_has_a_russian_sentence():
    result = CliRunner().invoke(app, ["convert", str(export("sipuni")), "--vendor", "mango", "--lang", "ru"])

    printed = " ".join(result.output.split())
    assert result.exit_code == 2
    assert "нужны столбцы start, finish, answer" in printed
    assert "в файле Тип, Статус, Время" in printed
    assert "--vendor sipuni." in printed


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_an_export_without_any_column_of_the_time_is_refused(profile):
    times = {name for step in profile.fields["DateTime"] for name in (*step.columns, *step.difference, *step.sum)}
    titles = [title for title in source_columns(profile) if title not in times]

    with pytest.raises(VendorError) as fault:
        refuse_mismatch(profile, titles)

    assert times & set(fault.value.facts["missing"].split(", "))


@pytest.mark.parametrize(
    ("alias", "name"), [(alias, profile.name) for profile in PROFILES for alias in (*profile.aliases, profile.name)]
)
def test_a_vendor_answers_to_each_of_its_names(alias, name, tmp_path):
    output = tmp_path / "calls.csv"

    CliRunner().invoke(
        app,
        ["convert", str(export(name)), "--vendor", alias.upper(), "--as-of", "2026-03-12T00:00:00Z", "-o", str(output),
         *options(name)],
    )  # fmt: skip

    assert output.read_bytes() == (FOLDERS[name] / "expected.csv").read_bytes()
