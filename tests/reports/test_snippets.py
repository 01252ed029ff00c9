"""The first finding of each rule in its record, as a terminal shows it."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from openpyxl import Workbook
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.reports.snippets import display_width, pad_to_width, truncate_to_width

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent.parent.parent
AS_OF = "2026-03-12T00:00:00Z"
TITLES = "ClientId,DateTime,PhoneNumber,TalkDuration,Tag"
GOOD = "1604591025698235234,1772434800,+74950000701,35,заявка"


def run(path, *options, **environ):
    """What the tool writes as bytes."""
    command = [sys.executable, "-m", "calltools", "validate", str(path), "--as-of", AS_OF, *options]
    return subprocess.run(
        command, capture_output=True, check=False, cwd=path.parent, env={**os.environ, "LC_ALL": "C.UTF-8", **environ}
    )


def report(path, *options):
    """The same in this process, which is faster."""
    arguments = ["validate", str(path), "--as-of", AS_OF, "--lang", "en", "--max-findings", "5", *options]
    return CliRunner().invoke(app, arguments, env={"NO_COLOR": "", "FORCE_COLOR": ""}).stdout


def calls(tmp_path, *records, titles=TITLES):
    path = tmp_path / "calls.csv"
    path.write_text("\n".join([titles, *records, ""]), encoding="utf-8")
    return path


def excerpt(text, rule):
    """The lines below the first finding of a rule."""
    lines = text.splitlines()
    first = next(number for number, line in enumerate(lines) if f" {rule} " in f" {line} ")
    return [line for line in lines[first + 1 :] if " | " in line or line.endswith(" |")][:3]


def test_the_cell_is_shown_among_its_neighbors_and_pointed_at(tmp_path):
    text = report(calls(tmp_path, GOOD, GOOD.replace(",35,", ",00:03:15,")))

    assert excerpt(text, "CT261") == [
        "      | ClientId  DateTime    PhoneNumber   TalkDuration  Tag",
        "    3 | 1604…34   1772434800  +7495***07**  00:03:15      заявка",
        "      |                                     ^^^^^^^^",
    ]


def test_an_empty_cell_is_pointed_at_too(tmp_path):
    text = report(calls(tmp_path, GOOD.replace("1772434800", "")))

    assert excerpt(text, "CT211")[2] == "      |           ^"


def test_a_finding_on_a_record_shows_the_record_and_points_at_nothing(tmp_path):
    lines = excerpt(report(calls(tmp_path, GOOD, GOOD.replace("1604591025698235234", ""))), "CT301")

    assert "+7495***07**" in lines[1]
    assert not any("^" in line for line in lines[:2])


def test_people_are_redacted_by_default(tmp_path):
    path = calls(tmp_path, GOOD.replace(",35,", ",00:03:15,"))

    assert "74950000701" not in report(path)
    assert "+74950000701" in excerpt(report(path, "--show-values"), "CT261")[1]


def test_unknown_columns_are_not_shown(tmp_path):
    path = calls(tmp_path, GOOD.replace(",35,", ",00:03:15,") + ",Анна Смирнова", titles=f"{TITLES},Менеджер")

    assert "Смирнова" not in report(path)


def test_hostile_cells_keep_the_line(tmp_path):
    tag = '"a\x1b[31m\n::error::x\u202e [bold]|"'
    lines = excerpt(report(calls(tmp_path, GOOD.replace(",35,заявка", f",00:03:15,{tag}"))), "CT261")

    assert lines[1].endswith(r"a\x1b[31m\n::error::x...")


@pytest.mark.parametrize("width", [40, 60, 100])
def test_a_narrow_terminal_gets_whole_lines(tmp_path, width):
    path = calls(tmp_path, GOOD.replace(",35,", ",00:03:15,"), GOOD.replace("+7", "8"))

    lines = on_a_terminal(path, width)

    long = [line for line in lines if len(line) > width]
    assert "00:03:15" in "\n".join(lines)
    # Other lines are a path, a table of counts or a command to copy, which cannot be folded.
    assert not [line for line in long if " | " in line or not re.search(":|^  calltools ", line)], long


def on_a_terminal(path, width):
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    command = [sys.executable, "-m", "calltools", "validate", path.name, "--as-of", AS_OF, "--lang", "ru"]
    environ = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "GITHUB_ACTIONS"}}
    child = subprocess.Popen(
        command, stdout=slave, stderr=subprocess.DEVNULL, cwd=path.parent, env={**environ, "NO_COLOR": "1"}
    )
    os.close(slave)
    found = b""
    try:
        while data := os.read(master, 65_536):
            found += data
    except OSError:
        pass  # the other end is closed
    child.wait(120)
    os.close(master)
    return found.decode().replace("\r\n", "\n").splitlines()


def test_colors_and_none(tmp_path):
    path = calls(tmp_path, GOOD.replace(",35,", ",00:03:15,"))

    assert "\x1b[1m\x1b[31m00:03:15    \x1b[0m" in report(path, "--color", "always")
    assert b"\x1b" not in run(path, "--max-findings", "5", NO_COLOR="1").stdout
    assert b"\x1b[31m" in run(path, "--max-findings", "5", FORCE_COLOR="1").stdout


def test_a_workbook_shows_the_row_of_its_sheet(tmp_path):
    workbook = Workbook()
    for row in ([], TITLES.split(","), GOOD.replace(",35,", ",00:03:15,").split(",")):
        workbook.active.append(row)
    workbook.save(tmp_path / "calls.xlsx")

    assert excerpt(report(tmp_path / "calls.xlsx"), "CT261")[1].startswith("    3 | 1604…34 ")


def test_of_an_export_only_columns_that_are_mapped_are_shown():
    text = report(HERE / "samples" / "broken" / "excel-cp1251.csv")

    assert excerpt(text, "CT221")[1].endswith("1 234,50")


@pytest.mark.parametrize("encoding", ["cp866", "cp1251"])
def test_old_consoles_get_sentences_they_can_show(tmp_path, encoding):
    path = calls(tmp_path, GOOD.replace("заявка", "₽ — «ё»…"), GOOD.replace("+7", "8"))

    done = run(path, "--lang", "ru", "--max-findings", "5", PYTHONIOENCODING=encoding)

    text = done.stdout.decode(encoding)
    assert done.returncode == 1
    assert "телефон" in text
    assert "\\u2014" not in text


def test_programs_get_utf_8_whatever_the_console(tmp_path):
    path = calls(tmp_path, GOOD.replace("заявка", '"—\tё"'))

    for form in ("json", "csv"):
        plain = run(path, "--output-format", form, "--lang", "ru").stdout
        assert run(path, "--output-format", form, "--lang", "ru", PYTHONIOENCODING="cp866").stdout == plain
        plain.decode()


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("звонок", 6), ("電話", 4), ("е\u0301", 1), ("", 0)], ids=str)
def test_width_of_texts(text, width):
    assert display_width(text) == width
    assert display_width(pad_to_width(text, 8)) == 8


def test_long_texts_are_cut_to_the_width():
    assert truncate_to_width("abcdefgh", 8) == "abcdefgh"
    assert truncate_to_width("abcdefghi", 8) == "abcde..."
    assert display_width(truncate_to_width("電話電話電話", 8)) <= 8
