"""A form of output is one module and one line in ``REPORTERS``: an invented one is added to a copy of the package."""

import re
from pathlib import Path

import pytest

from calltools.reports import REPORTERS, endings
from tests.extended_package import extend_package

ROOT = Path(__file__).parent.parent.parent
MODULE = '''
"""An invented form: the code of each finding, and how many files were read."""


class Reporter:
    def __init__(self, stream, options):
        self.stream, self.options = stream, options

    def start(self, source, name):
        self.stream.write(f"<{name}>")

    def take(self, findings):
        for code in findings.table["code"].to_pylist():
            self.stream.write(f"<{code}>")

    def finish(self, summary):
        pass

    def close(self, summaries):
        self.stream.write(f"<{len(summaries)} read>")
'''
LINE = '"invented-form": Form("invented:Reporter", ".invented.json"),'
ON_SCREEN = [name for name, form in REPORTERS.items() if form.on_screen]
CALLS = "DateTime,PhoneNumber,ClientId\n2026-03-02 10:00:00,+74950001234,133591247640966458\n"


@pytest.fixture(scope="module")
def calltools(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reporter")
    (folder / "calls.csv").write_text(CALLS, encoding="utf-8")
    return extend_package(folder, "reports/invented.py", MODULE, "reports/__init__.py:REPORTERS", LINE)


def test_an_invented_form_is_in_the_help(calltools):
    output = calltools("validate", "--help")

    assert f"|{ON_SCREEN[-1]}|invented-form>" in re.sub(r"\s", "", output)
    assert f"{endings()[-1]} .invented.json; repeatable." in re.sub(r"\s+", " ", output)


def test_an_invented_form_is_written_to_the_screen_and_to_a_file(calltools):
    arguments = ("validate", "calls.csv", "--as-of", "2026-03-03T00:00:00Z", "--exit-zero")

    output = calltools(*arguments, "--output-format", "invented-form", "--report", "r.invented.json", "--force")

    assert re.fullmatch(r"<calls\.csv>(<CT\d{3}>)+<1 read>", output)
    assert (calltools.folder / "r.invented.json").read_text(encoding="utf-8") == output


def test_an_invented_form_is_named_where_another_is_refused(calltools):
    ending = calltools("validate", "calls.csv", "--report", "r.pdf", code=2)
    option = calltools("validate", "calls.csv", "--output-format", "pdf", code=2)
    (calltools.folder / "calltools.toml").write_text('output-format = "pdf"\n', encoding="utf-8")
    refused = calltools("config", "show", code=2)
    (calltools.folder / "calltools.toml").write_text('output-format = "invented-form"\n', encoding="utf-8")
    taken = calltools("validate", "calls.csv", "--exit-zero")
    (calltools.folder / "calltools.toml").unlink()

    assert f"{endings()[-1]}, .invented.json" in ending
    assert "invented-form" in option
    assert f"{ON_SCREEN[-1]}, invented-form" in refused
    assert taken.startswith("<calls.csv>")


def test_the_readme_lists_the_forms_and_the_endings():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.split("### Reports\n")[1].split("\n### ")[0]
    listed = re.search(r"`--output-format` chooses what stands on standard output: ([^.]*)\.", section)
    rows = [row.split("|")[1] for row in section.splitlines() if row.startswith("| `.")]

    assert listed[1].split(", ") == ON_SCREEN
    assert sorted(re.findall(r"`(\.[a-z.]+)`", "".join(rows))) == sorted(endings())


def test_no_two_forms_share_an_ending():
    assert len(set(endings())) == len(endings())
