"""Options from files and variables: precedence, origin, and what is refused."""

import json
import re
import tomllib
from dataclasses import fields

import pytest
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.cli.configuration.file import Config, Override, find_config
from calltools.cli.configuration.keys import OPTION_GROUPS, command_line_only, option_keys
from calltools.errors import ConfigError
from calltools.settings import options_from_environment
from tests.conftest import NOW
from tests.test_pipeline import GOOD, as_csv


def run(*arguments, **environ):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env=environ)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder of our own as the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def show_config(*arguments, **environ):
    """The output of ``config show``, read as TOML."""
    result = run("config", "show", *arguments, **environ)
    assert result.exit_code == 0, result.output
    return tomllib.loads(result.stdout)


def a_warning(folder, name="calls.csv"):
    """A file with one warning: a price without a currency."""
    row = GOOD | {"DateTime": str(NOW - 100), "Price": "12"}
    write(folder / name, as_csv([row], list(row)))
    return name


def exit_code(*arguments, **environ):
    return run("validate", *arguments, "--as-of", NOW, **environ).exit_code


COMMANDS = (["convert"], ["upload"], ["login"], ["doctor"])


def test_a_key_for_each_long_option_and_no_other():
    help_text = " ".join(run(*arguments, "--help", COLUMNS="300").output for arguments in COMMANDS)
    by_field = {one.name for group in OPTION_GROUPS for one in fields(group)}
    in_help = {word.replace("-", "_") for word in re.findall(r"--([a-z][a-z-]+)", help_text)} - {"help"}

    assert {*option_keys()} | command_line_only() == by_field == in_help
    assert {key.spelling for key in option_keys().values()} & {"plan", "dry-run", "all", "token", "token-file"} == set()


def test_without_a_file_the_defaults_hold():
    values = show_config()

    assert values["fail-on"] == "error"
    assert values["identifier-window"] == "21d"
    assert "timezone" not in values


def test_an_own_file_holds(folder):
    write(folder / "calltools.toml", 'fail-on = "warning"\n')

    assert show_config()["fail-on"] == "warning"
    assert exit_code(a_warning(folder)) == 1


def test_a_table_of_pyproject_holds(folder):
    write(folder / "pyproject.toml", '[project]\nname = "x"\n[tool.calltools]\nfail_on = "warning"\n')

    assert exit_code(a_warning(folder)) == 1


def test_the_nearest_file_upward_holds_alone(folder, monkeypatch):
    write(folder / "calltools.toml", 'fail-on = "warning"\nregion = "RU"\n')
    write(folder / "inner" / "pyproject.toml", '[tool.calltools]\nfail-on = "note"\n')
    write(folder / "inner" / "deep" / "pyproject.toml", "[project]\nname = 'calltools'\n")
    monkeypatch.chdir(folder / "inner" / "deep")

    values = show_config()

    assert values["fail-on"] == "note"
    assert "region" not in values


def test_an_own_file_beats_pyproject_beside_it(folder):
    write(folder / "pyproject.toml", '[tool.calltools]\nfail-on = "note"\n')
    write(folder / "calltools.toml", 'fail-on = "warning"\n')

    assert show_config()["fail-on"] == "warning"


def test_a_file_as_editors_of_windows_save_it_holds(folder):
    (folder / "calltools.toml").write_bytes(b'\xef\xbb\xbffail-on = "warning"\n')

    assert show_config()["fail-on"] == "warning"


@pytest.mark.parametrize("data", [b"this is no TOML", b"\xff\xfe", b"[tool.other]\nname = 'calltools'\n", b"tool = 1"])
def test_a_pyproject_of_others_is_no_concern(folder, data):
    (folder / "pyproject.toml").write_bytes(data)

    assert find_config(folder) == Config()


@pytest.mark.parametrize(
    ("file", "variable", "option", "code"),
    [
        pytest.param(None, None, None, 0, id="default: error"),
        pytest.param("warning", None, None, 1, id="file beats default"),
        pytest.param("warning", "error", None, 0, id="variable beats file"),
        pytest.param("error", "error", "warning", 1, id="option beats both"),
        pytest.param("warning", "warning", "error", 0, id="option wins with its default too"),
        pytest.param("warning", "", None, 1, id="an empty variable has no effect"),
    ],
)
def test_option_beats_variable_beats_file_beats_default(folder, file, variable, option, code):
    if file is not None:
        write(folder / "calltools.toml", f'fail-on = "{file}"\n')
    arguments = [] if option is None else ["--fail-on", option]

    assert exit_code(a_warning(folder), *arguments, CALLTOOLS_FAIL_ON=variable) == code


def test_the_language_of_the_file_beats_the_locale_and_its_variable_beats_the_file(folder):
    write(folder / "calltools.toml", 'lang = "ru"\n')
    name = a_warning(folder)

    by_file = run("validate", name, LANG="en_US.UTF-8", CALLTOOLS_LANG=None)
    by_variable = run("validate", name, LANG="ru_RU.UTF-8", CALLTOOLS_LANG="en_GB")

    assert "предупреждени" in by_file.output.lower()
    assert "предупреждени" not in by_variable.output.lower()


@pytest.mark.parametrize(
    ("variable", "text", "key", "value"),
    [
        ("CALLTOOLS_MAX_FINDINGS", "5", "max-findings", 5),
        ("CALLTOOLS_QUIET", "yes", "quiet", True),
        ("CALLTOOLS_FORCE", "0", "force", False),
        ("CALLTOOLS_OWN_NUMBER", "101, 102", "own-number", ["101", "102"]),
        ("CALLTOOLS_REPORT", "a.json,b.csv", "report", ["a.json", "b.csv"]),
        ("CALLTOOLS_IGNORE", "CT1,CT2", "ignore", "CT1,CT2"),
        ("CALLTOOLS_STATIC_CALL", "1", "static-call", "1"),
        ("CALLTOOLS_LANG", "ru_RU.UTF-8", "lang", "ru"),
        ("CALLTOOLS_COUNTER", "12345678", "counter", 12345678),
        ("CALLTOOLS_MIN_LINKED", "62.5", "min-linked", 62.5),
        ("CALLTOOLS_SETTLE_MINUTES", "30", "settle-minutes", 30),
        ("CALLTOOLS_ON_ABSENT", "resend", "on-absent", "resend"),
        ("CALLTOOLS_WAIT", "yes", "wait", True),
        ("CALLTOOLS_CA_FILE", "ca.pem", "ca-file", "ca.pem"),
    ],
)
def test_a_variable_is_read_as_its_option(variable, text, key, value):
    assert show_config(**{variable: text})[key] == value


def test_variables_that_are_no_options_are_left_alone():
    assert options_from_environment(["fail_on"], {"CALLTOOLS_TOKEN": "secret", "CALLTOOLS_FAIL_ON": "note"}) == {
        "fail_on": "note"
    }


def test_wrong_variables_end_with_2_and_are_all_named():
    result = run("config", "show", CALLTOOLS_FAIL_ON="erorr", CALLTOOLS_MAX_FINDINGS="0", CALLTOOLS_QUIET="maybe")

    assert result.exit_code == 2
    assert all(name in result.stderr for name in ("CALLTOOLS_FAIL_ON", "CALLTOOLS_MAX_FINDINGS", "CALLTOOLS_QUIET"))


def test_all_problems_of_a_file_are_named_at_once_with_their_paths(folder):
    write(
        folder / "calltools.toml",
        """
        vendr = "auto"
        fail-on = "erorr"
        quiet = 1
        max-findings = true
        timezone = 3
        region = "RU"
        report = ["a.json", 1]
        header-row = -1
        xyzzy = 1
        countr = 12345678
        token = "y0_secret"
        token-file = "token.txt"
        dry-run = true
        counter = 0
        timeout = nan
        wait-limit = inf
        poll-interval = "60"
        min-linked = 101
        on-error = "fail"
        on_error = "fail"
        [[overrides]]
        files = "*.csv"
        vedor = "none"
        baseline = "known.json"
        [[overrides]]
        vendor = "none"
        [[overrides]]
        files = 3
        """,
    )

    with pytest.raises(ConfigError) as refused:
        find_config(folder)

    assert [(path, key) for path, key, _ in refused.value.problems] == [
        ("$.vendr", "config-unknown-near"),
        ("$.fail-on", "profile-not-one-of"),
        ("$.quiet", "config-not-flag"),
        ("$.max-findings", "config-not-number"),
        ("$.timezone", "config-not-text"),
        ("$.report", "profile-not-text"),
        ("$.header-row", "config-not-number"),
        ("$.xyzzy", "config-unknown"),
        ("$.countr", "config-unknown-near"),
        ("$.token", "config-secret"),
        ("$.token-file", "config-secret"),
        ("$.dry-run", "config-by-hand"),
        ("$.counter", "config-not-whole-between"),
        ("$.timeout", "config-not-between"),
        ("$.wait-limit", "config-not-between"),
        ("$.poll-interval", "config-not-between"),
        ("$.min-linked", "config-not-between"),
        ("$.on_error", "config-twice"),
        ("$.overrides[0].vedor", "config-unknown-near"),
        ("$.overrides[0].baseline", "config-not-per-file"),
        ("$.overrides[1]", "profile-missing"),
        ("$.overrides[2].files", "profile-not-text"),
    ]
    assert "nearest is vendor" in str(refused.value)
    assert "nearest is counter" in str(refused.value)
    assert "y0_secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        pytest.param("calltools.toml", "fail-on = error", "$:", id="no TOML"),
        pytest.param("calltools.toml", "overrides = 1", "$.overrides:", id="overrides are no list"),
        pytest.param("calltools.toml", "overrides = [1]", "$.overrides[0]:", id="an override is no table"),
        pytest.param("pyproject.toml", "[tool]\ncalltools = 1", "$.tool.calltools:", id="no table of pyproject"),
        pytest.param("pyproject.toml", "[tool.calltools]\nx = 1", "$.tool.calltools.x:", id="a word of pyproject"),
        pytest.param("pyproject.toml", "[tool.calltools]\nx = ", "$:", id="a pyproject about us that is no TOML"),
    ],
)
def test_a_wrong_file_ends_with_2_before_anything_is_read(folder, name, text, where):
    write(folder / name, text)

    result = run("validate", "missing.csv")

    assert result.exit_code == 2
    assert where in result.stderr
    assert name in result.stderr


def test_a_file_that_is_no_text_ends_with_2(folder):
    (folder / "calltools.toml").write_bytes(b"\xff\xfe")

    assert run("config", "show").exit_code == 2


def test_overrides_hold_for_the_files_that_fit(folder):
    write(
        folder / "calltools.toml",
        """
        timezone = "Europe/Moscow"
        [[overrides]]
        files = "exports/*.csv"
        timezone = "Asia/Almaty"
        region = "KZ"
        [[overrides]]
        files = ["exports/special.csv", "other/**/x.csv"]
        region = "RU"
        """,
    )

    assert show_config("calls.csv")["timezone"] == "Europe/Moscow"
    assert (show_config("exports/a.csv")["timezone"], show_config("exports/a.csv")["region"]) == ("Asia/Almaty", "KZ")
    assert (show_config("exports/special.csv")["timezone"], show_config("exports/special.csv")["region"]) == (
        "Asia/Almaty",
        "RU",
    )
    assert show_config("other/deep/er/x.csv")["region"] == "RU"
    assert "region" not in show_config("exports/deep/a.csv")


@pytest.mark.parametrize(
    ("glob", "name", "fits"),
    [
        ("*.csv", "exports/a.csv", True),
        ("exports/*.csv", "exports/deep/a.csv", False),
        ("exports/**/*.csv", "exports/a.csv", True),
        ("exports/**", "exports/deep/a.csv", True),
        ("./exports/?.csv", "exports/a.csv", True),
        ("./a.csv", "exports/a.csv", False),
        ("./a.csv", "a.csv", True),
        ("exports/*.csv", "other/../exports/a.csv", True),
        ("exports/?.csv", "exports/ab.csv", False),
        ("a.csv", "axcsv", False),
        ("[a].csv", "[a].csv", True),
    ],
)
def test_a_glob_is_about_the_path_from_the_folder_of_the_file(folder, glob, name, fits):
    config = Config(folder, {}, (Override((glob,), {}),))

    assert config.matching_overrides(name) == ((0,) if fits else ())
    assert config.matching_overrides(str(folder / name)) == ((0,) if fits else ())


def test_each_file_of_a_run_is_read_by_its_own_overrides(folder):
    for name in ("a.csv", "b.csv", "c.csv"):
        a_warning(folder, name)
    write(
        folder / "calltools.toml",
        '[[overrides]]\nfiles = "b.csv"\nignore = ["CT303"]\n[[overrides]]\nfiles = "c.csv"\nselect = "CT2"\n',
    )

    result = run("validate", "a.csv", "b.csv", "c.csv", "--as-of", NOW, "--output-format", "json")

    assert {one["file"] for one in json.loads(result.stdout)["findings"]} == {"a.csv"}


def test_findings_in_a_file_with_overrides_tell_of_no_time_that_nobody_gave(folder):
    write(folder / "calls.csv", as_csv([GOOD | {"DateTime": "1600000000"}], list(GOOD)))
    write(folder / "calltools.toml", '[[overrides]]\nfiles = "calls.csv"\nignore = "CT303"\n')

    silent = run("validate", "calls.csv", "--lang", "en")
    told = run("validate", "calls.csv", "--lang", "en", "--as-of", "2026-11-29T00:00:00Z")

    assert "CT501" in silent.output
    assert "--as-of 20" not in silent.output
    assert "`--as-of 2026-11-29T00:00:00Z` was given" in " ".join(told.output.split())


def test_variables_and_options_beat_overrides(folder):
    name = a_warning(folder)
    write(folder / "calltools.toml", 'fail-on = "warning"\n[[overrides]]\nfiles = "*.csv"\nignore = "CT303"\n')

    assert exit_code(name) == 0
    assert exit_code(name, CALLTOOLS_IGNORE="CT101") == 1
    assert exit_code(name, "--ignore", "CT101") == 1


def test_an_override_is_checked_as_an_option_is(folder):
    write(folder / "calltools.toml", '[[overrides]]\nfiles = "*.csv"\ntimezone = "Europe/Moskva"\n')

    result = run("validate", a_warning(folder))

    assert result.exit_code == 2
    assert "Europe/Moskva" in result.stderr


def test_paths_start_at_the_folder_of_the_file(folder, monkeypatch):
    write(
        folder / "calltools.toml", 'baseline = "known.json"\nvendor = "none"\nreport = ["out/x.json"]\noutput = "-"\n'
    )
    (folder / "inner").mkdir()
    monkeypatch.chdir(folder / "inner")

    values = show_config()

    assert values["baseline"] == str(folder / "known.json")
    assert values["report"] == [str(folder / "out" / "x.json")]
    assert (values["vendor"], values["output"]) == ("none", "-")


def test_an_output_is_never_the_file_of_identifiers_of_an_override(folder):
    write(folder / "crm.csv", "phone,time,ClientId\n")
    write(folder / "calltools.toml", '[[overrides]]\nfiles = "calls.csv"\nidentifiers = "crm.csv"\n')

    result = run("convert", a_warning(folder), "-o", "crm.csv", "--force", "--timezone", "UTC")

    assert result.exit_code == 2
    assert (folder / "crm.csv").read_text(encoding="utf-8") == "phone,time,ClientId\n"


def test_convert_takes_its_outputs_from_the_file(folder):
    write(folder / "calltools.toml", 'output = "out.csv"\nforce = true\n')

    assert run("convert", a_warning(folder), "--as-of", NOW).exit_code == 0
    assert (folder / "out.csv").read_text(encoding="utf-8").startswith("ClientId,")


def test_origins_are_named(folder):
    write(
        folder / "calltools.toml",
        'fail_on = "warning"\nregion = "RU"\n[[overrides]]\nfiles = "*.csv"\nregion = "KZ"\n',
    )

    result = run("config", "show", "--origin", "calls.csv", "--lang", "en", CALLTOOLS_QUIET="1")

    lines = result.stdout.splitlines()
    assert 'fail-on = "warning"  # calltools.toml: $.fail_on' in lines
    assert 'region = "KZ"  # calltools.toml: $.overrides[0].region' in lines
    assert "quiet = true  # CALLTOOLS_QUIET" in lines
    assert 'identifier-window = "21d"  # default' in lines
    assert "# timezone is not set" in lines
    assert tomllib.loads(result.stdout)


def test_the_shown_configuration_is_the_same_when_it_is_the_file(folder):
    write(
        folder / "calltools.toml",
        'fail_on = "warning"\nown-number = ["101", "\\"quoted\\""]\nselect = ["CT1", "CT2"]\n',
    )
    before = run("config", "show").stdout
    write(folder / "calltools.toml", before)

    assert run("config", "show").stdout == before


def test_an_empty_input_of_a_job_is_refused_and_is_not_the_folder_of_the_file(folder):
    write(folder / "calltools.toml", '[[jobs]]\nname = "a"\ninputs = ["calls.csv", ""]\noutput = "out/"\n')

    with pytest.raises(ConfigError, match=r"\$\.jobs\[0\]\.inputs \(a\): The name of an input is empty"):
        find_config(folder)
