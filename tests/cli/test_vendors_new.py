"""``vendors new``: a sample becomes a profile, with answers of options or of a person, and is run at once."""

import os
import pty
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from calltools.cli.app import app

SAMPLES = Path(__file__).parent.parent.parent / "samples"
EXPORT = (
    "Начало;Кто;Куда;Вид;Итог;Сек\n"
    "02.03.2026 10:00:00;8 (495) 000-00-01;100;А;ок;35\n"
    "02.03.2026 11:00:00;8 (495) 000-00-02;100;Б;ок;15\n"
    "02.03.2026 12:00:00;8 (495) 000-00-03;100;А;мимо;0\n"
)
ANSWERS = ["--column", "PhoneNumber=Кто", "--column", "direction=Вид", "--column", "CallMissed=Итог",
           "--column", "TalkDuration=Сек", "--word", "А=incoming", "--word", "Б=outgoing", "--word", "ок=answered",
           "--word", "мимо=missed"]  # fmt: skip


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "мой экспорт.csv"
    path.write_text(EXPORT, encoding="utf-8")
    return path


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_a_sample_whose_titles_speak_needs_no_answer(tmp_path):
    path = tmp_path / "mine.toml"

    result = run("vendors", "new", SAMPLES / "sipuni" / "export.csv", "-o", path, "--lang", "en")
    tested = run("vendors", "test", path)

    assert result.exit_code == 0, result.output
    assert "incoming 21" in result.stderr
    assert tested.exit_code == 0
    profile = tomllib.loads(path.read_text(encoding="utf-8"))
    assert profile["rows"]["direction"]["values"]["Входящий"] == "incoming"
    assert profile["examples"][0]["expect"]["DateTime"] == "1772434800"


def test_options_answer_what_cannot_be_guessed(export, tmp_path):
    path = tmp_path / "mine.toml"

    result = run("vendors", "new", export, "-o", path, "--lang", "en", *ANSWERS)
    tested = run("vendors", "test", path)
    converted = run("convert", export, "--vendor", path, "--timezone", "Europe/Moscow", "--static-call", "1",
                    "--as-of", "2026-03-12T00:00:00Z")  # fmt: skip

    assert result.exit_code == 0, result.output
    assert "read 3, incoming 2, left out outgoing 1" in result.stderr
    assert tested.exit_code == 0
    assert converted.stdout.splitlines() == [
        "ClientId,DateTime,StaticCall,PhoneNumber,TalkDuration,CallMissed",
        ",1772434800,1,+74950000001,35,0",
        ",1772442000,1,+74950000003,0,1",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--column", "PhoneNumber=Нет такого"], "Нет такого"),
        (["--column", "Phone=Кто"], "PhoneNumber"),
        (["--word", "А=both"], "incoming"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(export, words, said):
    result = run("vendors", "new", export, "--lang", "en", *words)

    assert result.exit_code == 2
    assert said in result.output


def test_a_column_can_be_told_to_be_none(export):
    result = run("vendors", "new", export, *ANSWERS, "--column", "TalkDuration=-")

    assert "TalkDuration" not in tomllib.loads(result.stdout)["fields"]


def test_no_number_of_the_sample_is_written_down(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text("Время;Телефон\n02.03.2026 10:00:00;74951234567\n", encoding="utf-8")

    result = run("vendors", "new", path)

    assert "1234567" not in result.stdout


def test_a_person_at_a_terminal_is_asked(export, tmp_path):
    path = tmp_path / "mine.toml"
    ours, theirs = pty.openpty()
    answers = [
        "Начало",
        "Кто",
        "Вид",
        "Итог",
        "Сек",
        "-",
        "%d.%m.%Y %H:%M:%S",
        "incoming",
        "outgoing",
        "missed",
        "answered",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "calltools", "vendors", "new", str(export), "-o", str(path), "--lang", "ru"],
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env={**os.environ, "TERM": "dumb"},
    )
    os.close(theirs)
    os.write(ours, "".join(f"{answer}\n" for answer in answers).encode())
    shown = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(ours)

    assert process.wait(timeout=30) == 0, shown.decode()
    profile = tomllib.loads(path.read_text(encoding="utf-8"))
    assert profile["fields"]["PhoneNumber"]["from"] == "Кто"
    assert profile["fields"]["CallMissed"]["values"] == {"мимо": "1", "ок": "0"}
    assert profile["rows"]["direction"]["values"] == {"А": "incoming", "Б": "outgoing"}
    assert "входящих 2" in shown.decode()
