"""The commands that show something: rules, vendors, schema, template."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.rules.catalog import RULES
from calltools.rules.manual import parse_manual
from calltools.vendors import profile_library

SAMPLES = Path(__file__).parents[2] / "samples"


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_rule_has_a_page_in_both_languages(rule):
    english, russian = run("rules", rule.code, "--lang", "en"), run("rules", rule.name, "--lang", "ru")

    assert english.exit_code == russian.exit_code == 0
    assert parse_manual(rule.manual).finds in english.stdout
    assert rule.name in russian.stdout
    assert "Что делать" in russian.stdout


def test_the_russian_catalog_agrees_with_the_page_of_each_rule():
    lines = {line.split()[0]: line for line in run("rules", "--lang", "ru").stdout.splitlines() if "  CT" in line}

    for rule in RULES:
        finds = run("rules", rule.code, "--lang", "ru").stdout.splitlines()[2].removesuffix(".")
        assert lines[rule.code].casefold().endswith(finds.casefold()), rule.code


def test_the_catalog_lists_every_rule_once():
    for lang in ("en", "ru"):
        lines = run("rules", "--lang", lang).stdout.splitlines()
        assert [line.split()[0] for line in lines if line.startswith("  CT")] == [rule.code for rule in RULES]


@pytest.mark.parametrize(
    ("word", "near"), [("CT24l", "CT24"), ("phone-imposible", "phone-impossible"), ("zzzzz", "zzzzz")]
)
def test_an_unknown_rule_is_refused_with_the_nearest(word, near):
    result = run("rules", word, "--lang", "en")

    assert result.exit_code == 2
    assert near.lower() in result.stderr.lower()


def test_a_manual_without_a_section_is_a_fault():
    with pytest.raises(ValueError, match="Source"):
        parse_manual("Finds.\n\nWhy:\n    x\n\nExample:\n    y\n\nFix:\n    z\n")


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_vendors_are_listed_and_shown(lang):
    listed = run("vendors", "list", "--lang", lang).stdout

    assert all(f"\n  {one.name} " in listed for one in profile_library.load_built_in_profiles())
    shown = run("vendors", "show", "asterisk", "--lang", lang)
    assert shown.exit_code == 0
    assert "disposition" in shown.stdout
    assert "answer - start" in shown.stdout


@pytest.mark.parametrize("lang", ["en", "ru"])
@pytest.mark.parametrize("width", [80, 100, 160])
@pytest.mark.parametrize("arguments", [["list"], ["show", "aircall"], ["detect", SAMPLES / "freepbx" / "export.csv"]])
def test_pages_on_vendors_are_as_wide_as_the_terminal(arguments, width, lang, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))

    lines = run("vendors", *arguments, "--lang", lang).stdout.splitlines()

    # A path, and a word with no space in it, are not broken.
    assert max(len(line) for line in lines if " is an export" not in line and " — выгрузка" not in line) <= width
    assert max(map(len, lines)) > width * 0.6


def test_a_profile_of_the_project_is_marked_in_the_list(tmp_path, monkeypatch):
    (tmp_path / "calltools-vendors").mkdir()
    (tmp_path / "calltools-vendors" / "mine.toml").write_text(
        'name="mine"\ntitle="Mine"\nconfidence="real-file"\nrecognize=["a"]\n[fields.DateTime]\nfrom="a"\nformat="unix"\n',
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)

    listed = run("vendors", "list", "--lang", "en").stdout

    assert [line.split()[0] for line in listed.splitlines() if "Your own profile" in line] == ["mine"]


@pytest.mark.parametrize(
    ("name", "lang", "expected"),
    [
        ("uis", "en", ["--timezone ZONE is needed", "only with --currency", "communication_type"]),
        ("asterisk", "en", ["--timezone ZONE is needed", "--own-number", "--static-call 1"]),
        ("mango", "ru", ["--static-call 1", "* = internal", "или"]),
        ("calltouch", "en", ["Known by the columns callerNumber"]),
        ("five9", "ru", ["не проверен"]),
    ],
)
def test_the_page_of_a_vendor_names_the_options_of_a_run(name, lang, expected):
    shown = " ".join(run("vendors", "show", name, "--lang", lang).stdout.split())

    assert [word for word in expected if word not in shown] == []
    assert ("--timezone" in shown) == (name in {"uis", "asterisk", "five9"})


def test_detect_explains_why_the_others_do_not_fit():
    output = " ".join(run("vendors", "detect", SAMPLES / "freepbx" / "export.csv", "--lang", "en").stdout.split())

    assert "known by the columns calldate, lastapp, billsec, disposition" in output
    assert "not asterisk: missing start; found lastapp, billsec, disposition" in output
    assert all(one.name in output for one in profile_library.load_built_in_profiles())
    assert "known by the number of columns" in run("vendors", "detect", SAMPLES / "mango" / "export.csv").stdout


def test_detect_points_to_a_profile_of_ones_own(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text("Когда;Кто\n02.03.2026 10:00:00;74950000001\n", encoding="utf-8")

    result = run("vendors", "detect", path, "--lang", "en")

    assert result.exit_code == 1
    assert "calltools vendors new" in result.stdout


@pytest.mark.parametrize(
    ("sample", "code", "expected"),
    [
        ("samples/uis/export.csv", 0, "--vendor uis"),
        ("samples/calltouch/export.json", 0, "--vendor calltouch"),
        ("samples/asterisk/export.csv", 0, "--vendor asterisk"),
        ("samples/canonical/good.csv", 1, "canonical"),
        ("samples/broken/excel-cp1251.csv", 1, "canonical"),
    ],
)
def test_detect_names_the_profile_that_fits(sample, code, expected):
    result = run("vendors", "detect", Path(__file__).parents[2] / sample, "--lang", "en")

    assert result.exit_code == code, result.output
    assert expected in result.stdout


def test_examples_are_run(tmp_path):
    assert run("vendors", "test").exit_code == 0
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(
        'name="w"\ntitle="w"\nconfidence="code-seen"\nrecognize=["a"]\n[fields.DateTime]\nfrom="a"\nformat="unix"\n'
        '[[examples]]\nwhy="x"\nsource={a="1"}\nexpect={DateTime="2"}\n',
        encoding="utf-8",
    )

    result = run("vendors", "test", wrong, "--lang", "en")

    assert result.exit_code == 1
    assert "DateTime should be 2, and is 1" in result.stdout


def test_a_new_profile_is_written_and_used(tmp_path):
    sample = tmp_path / "pbx.csv"
    sample.write_text("Дата;Откуда;Статус\n02.03.2026 10:00:00;+74950000001;принят\n", encoding="utf-8")
    profile = tmp_path / "pbx.toml"

    assert run("vendors", "new", sample, "-o", profile).exit_code == 0
    assert "LOOK" in run("vendors", "new", sample).stdout
    assert run("vendors", "new", sample, "-o", profile).exit_code == 2
    done = run("convert", sample, "--vendor", profile, "--timezone", "Europe/Moscow", "--static-call", "1",
               "--as-of", "2026-03-12T00:00:00Z", "-o", tmp_path / "out.csv")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert run("vendors", "new", tmp_path / "none.csv").exit_code == 3
    empty = tmp_path / "empty.csv"
    empty.write_text("", encoding="utf-8")
    assert run("vendors", "new", empty).exit_code == 2


def test_version_is_printed():
    assert run("--version").stdout.startswith("calltools ")
