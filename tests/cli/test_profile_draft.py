"""``vendors new``: a sample becomes a profile, with answers from options or from a person, and runs at once."""

import csv
import os
import pty
import re
import shlex
import subprocess
import sys
import tomllib
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.cli.profile_draft import draft_profile
from calltools.run import RunOptions

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


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_profile_is_named_after_its_file_and_its_first_lines_name_the_command_that_tests_it(export, tmp_path):
    path = tmp_path / "my pbx.toml"

    run("vendors", "new", export, "-o", path, "--no-input", *ANSWERS)

    text = path.read_text(encoding="utf-8")
    command = next(line for line in text.splitlines() if "vendors test" in line).lstrip("# ")
    assert tomllib.loads(text)["name"] == "my-pbx"
    assert run(*shlex.split(command)[1:]).exit_code == 0


def test_a_sample_with_clear_titles_needs_no_answer(tmp_path):
    path = tmp_path / "mine.toml"

    result = run("vendors", "new", SAMPLES / "sipuni" / "export.csv", "-o", path, "--lang", "en")
    tested = run("vendors", "test", path)

    assert result.exit_code == 0, result.output
    assert "incoming 21" in result.stderr
    assert "already: --vendor sipuni." in result.stderr
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
    ("arguments", "sentence"),
    [
        (["--column", "PhoneNumber=Нет такого"], "Нет такого"),
        (["--column", "Phone=Кто"], "PhoneNumber"),
        (["--word", "А=both"], "incoming"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(export, arguments, sentence):
    result = run("vendors", "new", export, "--lang", "en", *arguments)

    assert result.exit_code == 2
    assert sentence in result.output


def test_an_option_leaves_out_a_guessed_column(export):
    result = run("vendors", "new", export, *ANSWERS, "--column", "TalkDuration=-")

    assert "TalkDuration" not in tomllib.loads(result.stdout)["fields"]


def test_no_number_of_the_sample_is_written_down(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text("Время;Телефон\n02.03.2026 10:00:00;74951234567\n", encoding="utf-8")

    result = run("vendors", "new", path)

    assert "1234567" not in result.stdout


#: Files in shapes that no profile has: bytes, and the records read from them.
UNSEEN = {
    "title-rows.csv": (
        (
            "Компания: ООО Ромашка;;;;;;\r\nПериод: 01.03.2026 - 03.03.2026;;;;;;\r\n"
            "Дата;Время;Номер абонента;Номер компании;Направление звонка;Итог;Разговор, сек\r\n"
            "02.03.2026;10:00:05;8 999 000-22-01;74950000001;Вход.;Успешно;45\r\n"
            "02.03.2026;10:10:05;8 999 000-22-02;74950000001;Вход.;Не дозвонились;10\r\n"
            "02.03.2026;10:20:05;8 999 000-22-03;74950000001;Исх.;Успешно;15\r\n"
        ).encode("cp1251"),
        ["1772434805,1,+79990002201,45,0", "1772435405,1,+79990002202,0,1"],
    ),
    "months-first.csv": (
        b'"Start","Caller ID","Called","Dir","Disposition","Len"\n'
        b'"03/02/2026 09:00:00 AM","+1 202 555 0111","+1 202 555 0100","I","Connected","00:01:05"\n'
        b'"03/02/2026 12:10:00 PM","+1 202 555 0112","+1 202 555 0100","I","Missed","00:00:09"\n'
        b'"03/22/2026 09:00:00 PM","+1 202 555 0100","+1 202 555 0113","O","Connected","00:00:30"\n',
        ["1772431200,1,+12025550111,65,0", "1772442600,1,+12025550112,0,1"],
    ),
    "no-header.csv": (
        b"2026-03-02 10:00:00,79990004401,74950000001,in,35\n2026-03-02 10:10:00,79990004402,74950000001,in,0\n",
        ["1772434800,1,+79990004401", "1772435400,1,+79990004402"],
    ),
    "milliseconds.json": (
        b'{"ok": true, "result": {"calls": ['
        b'{"at": 1772434800123, "client": {"phone": "+79990003301"}, "direction": "INBOUND", "missed": false, "talk_ms": 35010},'
        b'{"at": 1772434900123, "client": {"phone": "+79990003302"}, "direction": "OUTBOUND", "missed": true, "talk_ms": 1}]}}',
        ["1772434800,1,+79990003301,35,0"],
    ),
}


@pytest.mark.parametrize("name", UNSEEN)
def test_a_shape_not_seen_before_is_understood_and_runs_at_once(name, tmp_path):
    content, expected = UNSEEN[name]
    path, profile = tmp_path / name, tmp_path / "mine.toml"
    path.write_bytes(content)

    result = run("vendors", "new", path, "-o", profile, "--lang", "en")
    converted = run("convert", path, "--vendor", profile, "--timezone", "Europe/Moscow", "--static-call", "1",
                    "--as-of", "2026-03-12T00:00:00Z")  # fmt: skip

    assert result.exit_code == 0, result.output
    assert "already" not in result.stderr
    assert run("vendors", "test", profile).exit_code == 0
    assert converted.stdout.splitlines()[1:] == [f",{line}" for line in expected], converted.output
    assert not re.search("[0-9]000(?:22|44|33)0[12]|555 01", profile.read_text(encoding="utf-8"))


def test_a_workbook_with_title_rows_and_a_total_is_understood(tmp_path):
    path, profile = tmp_path / "report.xlsx", tmp_path / "mine.toml"
    workbook = Workbook()
    for row in (
        ["Отчёт о звонках"],
        [],
        ["№", "Дата и время", "Кто звонил", "Линия", "Вид вызова", "Результат", "Разговор", "Комментарий"],
        [1, datetime(2026, 3, 2, 10), "+7 (999) 000-11-01", "+7 (495) 000-00-01", "входящий", "принят", 65, "Анна"],  # noqa: DTZ001 - sheets know no zone
        [2, datetime(2026, 3, 2, 10, 5), "+7 (999) 000-11-02", "+7 (495) 000-00-01", "входящий", "пропущен", 7, ""],  # noqa: DTZ001 - see above
        [3, datetime(2026, 3, 2, 10, 9), "+7 (495) 000-00-01", "+7 (999) 000-11-03", "исходящий", "принят", 33, ""],  # noqa: DTZ001 - see above
        ["", "Итого", "", "", "", "", 105, ""],
    ):
        workbook.active.append(row)
    workbook.save(path)

    result = run("vendors", "new", path, "-o", profile, "--lang", "ru")
    converted = run("convert", path, "--vendor", profile, "--timezone", "Europe/Moscow", "--static-call", "1",
                    "--as-of", "2026-03-12T00:00:00Z", "--lang", "en")  # fmt: skip

    text = profile.read_text(encoding="utf-8")
    assert "входящих 2, не считаются: итоги 1, исходящие 1, непонятных слов 0" in result.stderr
    assert "# ПРОВЕРЬТЕ: ничего не взято из: №, Линия, Комментарий" in text
    assert "Анна" not in text
    assert "000-11-01" not in text
    assert converted.stdout.splitlines()[1:] == [",1772434800,1,+79990001101,65,0", ",1772435100,1,+79990001102,0,1"]


@pytest.mark.parametrize("folder", sorted(path.parent.name for path in SAMPLES.glob("*/options")))
def test_every_sample_gives_a_profile_that_loads_and_passes_its_examples(folder, tmp_path):
    (export,) = (SAMPLES / folder).glob("export.*")
    path = tmp_path / "mine.toml"

    result = run("vendors", "new", export, "-o", path)

    assert result.exit_code == 0, result.output
    assert run("vendors", "test", path).exit_code == 0
    taken = tomllib.loads(path.read_text(encoding="utf-8"))
    assert {"DateTime", "PhoneNumber"} <= set(taken["fields"])
    # Of the number of each record the last digits are gone.
    phones = set(re.findall(r"[+]?[0-9]{8,13}[1-9][0-9](?![0-9])", export.read_bytes().decode("utf-8", "ignore")))
    times = str(taken["examples"][0]["source"])
    assert not [one for one in phones if one in path.read_text(encoding="utf-8") and not one.startswith("17")], times


@pytest.mark.parametrize("content", ["", "Дата;Кто\n"])
def test_a_sample_without_calls_is_refused(content, tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(content, encoding="utf-8")

    result = run("vendors", "new", path, "--lang", "en")

    assert result.exit_code == 2
    assert "Give a sample" in result.output


def test_a_profile_does_not_take_the_name_of_a_built_in_one(tmp_path):
    path = tmp_path / "Sipuni.csv"
    path.write_bytes((SAMPLES / "sipuni" / "export.csv").read_bytes())

    assert tomllib.loads(run("vendors", "new", path).stdout)["name"] == "my-sipuni"


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

    assert process.wait(timeout=120) == 0, shown.decode()
    profile = tomllib.loads(path.read_text(encoding="utf-8"))
    assert profile["fields"]["PhoneNumber"]["from"] == "Кто"
    assert profile["fields"]["CallMissed"]["values"] == {"мимо": "1", "ок": "0"}
    assert profile["rows"]["direction"]["values"] == {"А": "incoming", "Б": "outgoing"}
    assert "входящих 2" in shown.decode()


PEOPLE = [
    "Иванов Пётр",
    "Пётр Иванов (210)",
    "ответил Иванов П.С.",
    "John Smith",
    "Smith, John",
    '[{"user": "Иванов Пётр"}]',
]
PHONES = ["74950001234", "+7 (495) 000-12-34", "8-495-000-12-34", "не отвечен 74950001234", "0001234567"]


@given(
    st.lists(
        st.sampled_from([*PEOPLE, *PHONES, "Отвечен", "Пропущен", "входящий", "No Answer", ""]), min_size=4, max_size=12
    ),
    st.permutations(["Начало", "Кто", "Статус", "Направление", "Тег", "Комментарий"]),
)
def test_a_draft_shows_neither_names_nor_numbers_of_people(tmp_path_factory, words, titles):
    path = tmp_path_factory.mktemp("draft") / "export.csv"
    records = [
        {"Начало": f"24.11.2026 10:1{number}:03", "Кто": "74950001234"} | {
            title: words[(number + shift) % len(words)] for shift, title in enumerate(titles) if title not in {"Начало", "Кто"}
        }
        for number in range(4)
    ]  # fmt: skip
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, titles, delimiter=";")
        writer.writeheader()
        writer.writerows(records)

    text, sentences = draft_profile(path, {}, RunOptions(), "ru", None)

    for shown in (text, sentences):
        assert not re.search("Иванов|Пётр|John|Smith|0001234|000-12-34", shown), shown


def test_the_country_that_the_phones_look_like_is_marked_as_a_guess(tmp_path):
    path, profile = tmp_path / "calls.csv", tmp_path / "mine.toml"
    path.write_text(
        "Дата,Номер абонента\n02.03.2026 10:00,8(495)000-12-34\n02.03.2026 10:05,8(495)000-13-34\n", "utf-8"
    )

    run("vendors", "new", path, "-o", profile, "--no-input", "--lang", "ru")

    lines = profile.read_text(encoding="utf-8").splitlines()
    assert lines[lines.index('region = "RU"') - 1] == "# ПРОВЕРЬТЕ: этой ли страны номера без кода страны (RU)?"
