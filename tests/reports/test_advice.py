"""What advice proposes: nothing that was given already, in any form of report and in both languages."""

import html
import json
import re
from dataclasses import replace

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.model.batch import Given
from calltools.reports.wording import format_advice
from calltools.texts.sentences import OPTION_ADVICE, RULE_SENTENCES
from tests.conftest import NOW
from tests.reports.sample_findings import CSV
from tests.rules import case_files

PAIRS = [
    pytest.param(code, name.replace("_", "-"), id=f"{code} --{name}")
    for code, names in OPTION_ADVICE.items()
    for name in names
]
#: Values that no advice has as its example.
VALUES = {
    "timezone": "Asia/Omsk", "region": "KZ", "currency": "EUR", "static-call": "0", "date-order": "mdy", "sheet": "Calls",
    "header-row": "3", "identifier-window": "2d", "identifiers": "ids.csv", "as-of": "2026-03-10T00:00:00Z",
    "duration-format": "h:mm", "outcome-window": "2d",
}  # fmt: skip
GIVEN_WORDS = {"en": "`{}` was given", "ru": "задано `{}`"}


def given(option, **more):
    return replace(CSV, given=(Given(option, VALUES[option], **more),))


def proposals(text, option, language):
    """What a text proposes in code with an option, beside what it says was given."""
    rest = text.replace(GIVEN_WORDS[language].format(f"--{option} {VALUES[option]}"), "")
    return [part for part in re.findall(r"`([^`]+)`", rest) if f"--{option}" in part]


def test_an_advice_names_options_only_where_it_knows_whether_they_were_given():
    assert [code for code, (_, advice) in RULE_SENTENCES.items() if "--" in "".join(advice)] == []
    assert {
        code: sorted(set(re.findall(r"\{(\w+)\}", "".join(advice))))
        for code, (_, advice) in RULE_SENTENCES.items()
        if "{" in "".join(advice)
    } == {code: sorted(names) for code, names in OPTION_ADVICE.items()}


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize(("code", "option"), PAIRS)
def test_an_option_that_was_not_given_is_proposed(code, option, language):
    assert proposals(format_advice(code, language, CSV), option, language)


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("converting", [False, True], ids=["validate", "convert"])
@pytest.mark.parametrize(("code", "option"), PAIRS)
def test_an_option_that_was_given_is_said_with_its_value_and_not_proposed_again(code, option, converting, language):
    source = replace(given(option), converting=converting)

    advice = format_advice(code, language, source)

    said = f"--{option} {VALUES[option]}"
    assert GIVEN_WORDS[language].format(said) in advice
    for part in proposals(advice, option, language):
        # A command takes the options of the run in, and is not the one that was just run.
        assert part.startswith("calltools convert calls.csv ")
        assert said in part
        others = set(re.findall("--[a-z-]+", part)) - {f"--{option}"}
        assert others or not converting


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize(("code", "option"), [("CT241", "region"), ("CT212", "timezone"), ("CT603", "timezone")])
def test_what_the_profile_says_is_not_proposed_either(code, option, language):
    advice = format_advice(code, language, given(option, by_profile=True))

    assert f"--{option}" not in advice
    assert VALUES[option] in advice


def test_a_name_that_ends_code_or_a_cell_of_a_table_stands_in_no_command():
    named = [replace(CSV, name=name) for name in ("a`b.csv", "a|b.csv", "a\u202eb.csv", "")]

    assert {format_advice("CT241", "en", source) for source in named} == {format_advice("CT241", "en", None)}
    assert '`calltools convert "my calls.csv" --region RU`' in format_advice(
        "CT241", "en", replace(CSV, name="my calls.csv")
    )


#: Two cases of each rule, each run with all options of its advice.
RUNS = [
    pytest.param(code, block, command, id=f"{code} {number} {command}")
    for code in OPTION_ADVICE
    for number, block in enumerate(case_files.read(code)["fail"][:2])
    for command in ("validate", "convert")
]


def run_in_all_forms(block, options, command, language, folder):
    """The advice of every form that a run of the command line writes, by form."""
    path = case_files.write_file(block, folder)
    given = {"--as-of": str(NOW)} | {
        f"--{name.replace('_', '-')}": str(value) for name, value in block.get("options", {}).items()
    }
    given |= {f"--{name.replace('_', '-')}": str(value) for name, value in block.get("hints", {}).items()}
    if "profile" in block:
        given["--vendor"] = str(case_files.write_text(folder / "profile.toml", block["profile"]))
    if "identifiers" in block:
        given["--identifiers"] = str(case_files.write_text(folder / "identifiers.csv", block["identifiers"]))
    if "outcomes" in block:
        given["--outcomes"] = str(case_files.write_text(folder / "outcomes.csv", block["outcomes"]))
    given = options | given
    reports = [folder / f"report{ending}" for ending in (".md", ".html", ".xml", ".sarif", ".xlsx")]
    arguments = [text for pair in given.items() for text in pair]
    arguments += [text for report in reports for text in ("--report", str(report))]
    output = ["-o", str(folder / "out.csv")] if command == "convert" else []
    form = "github" if command == "convert" else "text"
    words = [command, str(path), *output, *arguments, "--force", "--lang", language, "--output-format", form]
    done = CliRunner().invoke(app, words)
    assert done.exit_code in {0, 1}, done.stderr
    texts = {form: done.stdout}
    for report in reports:
        texts[report.suffix] = _advice_in(report)
    return given, {form: re.sub(r"\s+", " ", text) for form, text in texts.items()}


def _advice_in(report):
    if report.suffix == ".xlsx":
        return " ".join(
            str(cell)
            for sheet in load_workbook(report)
            for row in sheet.iter_rows(values_only=True)
            for cell in row
            if cell
        )
    text = report.read_text(encoding="utf-8")
    if report.suffix == ".sarif":
        return " ".join(result["properties"]["advice"] for result in json.loads(text)["runs"][0]["results"])
    if report.suffix == ".html":
        told = re.findall("<p>((?:[^<]|</?code>|</?b>)*)</p>", text)
        return html.unescape(re.sub("</?(?:code|b)>", "", " ".join(told)))
    return html.unescape(text)


@pytest.mark.slow
@pytest.mark.parametrize(("code", "block", "command"), RUNS)
def test_no_form_of_a_run_proposes_what_was_given(code, block, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    language = "ru" if command == "convert" else "en"
    names = [name.replace("_", "-") for name in OPTION_ADVICE[code]]
    ids = case_files.write_text(tmp_path / "ids.csv", "phone,time,ClientId\n+74950000001,1772434800,16045910\n")

    options = {f"--{name}": ids.name if name == "identifiers" else VALUES[name] for name in names}
    used, texts = run_in_all_forms(block, options, command, language, tmp_path)

    found = code in next(iter(texts.values()))
    for name in names:
        # Times may be spelled another way.
        value = "[0-9TZ:-]+" if name == "as-of" else re.escape(used[f"--{name}"])
        for form, told in texts.items():
            # So the manual of CT606 begins, in every run that has findings of it.
            text = told.replace("--identifiers was given and this call found no partner", "")
            assert re.findall(rf"--{name} (?!{value})\S+", text) == [], form
            assert bool(re.search(rf"--{name} {value}", text)) or not found, form


def test_the_cases_show_each_rule_with_an_advice_of_an_option():
    assert {param.values[0] for param in RUNS} == set(OPTION_ADVICE)


def test_a_damaged_id_may_come_from_the_second_file_that_was_given():
    assert "empty the cell" in format_advice("CT209", "en", given("identifiers"))
    assert "`--identifiers ids.csv`: если в том файле есть этот номер, очистите ячейку" in format_advice(
        "CT209", "ru", given("identifiers")
    )
