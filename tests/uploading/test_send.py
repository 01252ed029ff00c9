"""``calltools send``: a person at a terminal answers what the files do not say; a script names it by options."""

import csv
import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from openpyxl import Workbook

from calltools.cli.options import ReadingOptions
from calltools.cli.send_answers import command_again
from calltools.cli.upload_options import FollowOptions
from tests.uploading.conftest import COUNTER
from tests.uploading.pseudo_terminal import Terminal

SAMPLES = Path(__file__).parent.parent.parent / "samples"
NAME = "звонки.xlsx"
#: Calls of the sample that are incoming, and those of them whose caller the CRM knows.
SENT, JOINED = 21, 15
QUICK = ("--timeout", "60", "--poll-interval", "0.05", "--as-of", "2026-03-12T00:00:00Z")
SAID = ("--timezone", "Europe/Moscow", "--identifiers", NAME, "--identifiers-sheet", "CRM", "--static-call", "auto")

at_terminal = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there"),
    pytest.mark.usefixtures("default_signals"),
]


def read_rows(path, delimiter):
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return [row for row in csv.reader(stream, delimiter=delimiter) if any(row)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A workbook with the calls of a PBX below a title, and a CRM in its second sheet."""
    book = Workbook()
    calls, crm = book.active, book.create_sheet("CRM")
    calls.title = "Звонки"
    calls.append(["Отчёт по звонкам"])
    for row in read_rows(SAMPLES / "sipuni" / "export.csv", ";"):
        calls.append(row)
    for row in read_rows(SAMPLES / "walkthrough" / "crm.csv", ";"):
        crm.append(row)
    place = tmp_path / "work"
    place.mkdir()
    book.save(place / NAME)
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def terminal(environment, folder):
    def opened(*arguments, **more):
        return Terminal({**environment, **more}, "send", NAME, *QUICK, *arguments)

    return opened


def answer(screen, question, typed, end=": "):
    """Wait for a question, and for its prompt; answer it, and forget the screen."""
    screen.until(question)
    screen.text = screen.text[screen.text.index(question) :]
    screen.until(end)
    screen.type(f"{typed.replace('Enter', '')}\n")


def last_command(text):
    """The command that the screen shows at last."""
    return next(line for line in reversed(text.splitlines()) if line.strip().startswith("calltools send")).strip()


WORDS = {
    "ru": {
        "zone": "По какому часовому поясу", "refused": "не время пояса", "identifiers": "Есть ли второй файл",
        "static": "Что делать со звонками", "counter": "В какой счётчик", "goal": "Какую цель", "confirm": "Отправить звонков: 21",
        "job": "Сохранить ответы как задание", "name": "частью путей", "back": "назад", "yes": "да", "wrong": "Омск",
    },
    "en": {
        "zone": "In which time zone", "refused": "are not those of", "identifiers": "Is there a second file",
        "static": "What becomes of the", "counter": "To which counter", "goal": "Which goal", "confirm": "Send 21 calls",
        "job": "Keep these answers as a job", "name": "part of paths", "back": "back", "yes": "y", "wrong": "Omsk",
    },
}  # fmt: skip


class TestAtATerminal:
    pytestmark = at_terminal

    @pytest.mark.parametrize("language", ["ru", "en"])
    def test_a_workbook_with_a_crm_sheet_is_sent_without_another_word(self, terminal, service, folder, language):
        words = WORDS[language]
        with terminal("-o", "calls.csv", CALLTOOLS_LANG=language) as screen:
            # The ids of the calls contradict this zone, and all else is asked as before.
            answer(screen, words["zone"], words["wrong"])
            screen.until("! ")
            answer(screen, words["zone"], "Enter")
            answer(screen, words["identifiers"], words["back"])
            answer(screen, words["zone"], "1")
            answer(screen, words["identifiers"], "Enter")
            answer(screen, words["static"], "7")
            answer(screen, words["static"][:4], "1")
            answer(screen, words["counter"], "Enter")
            answer(screen, words["goal"], "Звонок")
            answer(screen, words["confirm"], words["back"], "] ")
            answer(screen, words["goal"], "?")
            screen.until("Ctrl-C")
            screen.type("Звонок\n")
            answer(screen, words["confirm"], "?", "] ")
            screen.until(words["confirm"])
            assert service.posts == []
            screen.type(f"{words['yes']}\n")
            screen.until(words["job"])
            text = screen.text
            screen.type("ромашка (март)\n")
            screen.until(words["name"])
            screen.type("ромашка\n")
            code, out = screen.end()

        assert code == 0
        assert f"accepted {SENT}" in out or f"принято {SENT}" in out
        (uploading,) = service.store.uploadings
        assert sum(bool(row["ClientId"]) for row in uploading.rows) == JOINED
        assert [one["query"].get("new_goal_name") for one in service.posts] == ["Звонок"]
        first = (folder / "calls.csv").read_bytes()
        environment = {**os.environ, "CALLTOOLS_STATE_DIR": str(folder / "other"), "CALLTOOLS_LANG": language}
        again = shlex.split(last_command(text))
        assert again[:3] == ["calltools", "send", NAME]
        result = subprocess.run(
            [sys.executable, "-m", *again, "--force", "--dry-run"], env=environment, capture_output=True, check=False
        )
        assert result.returncode == 0, result.stderr.decode()
        assert (folder / "calls.csv").read_bytes() == first
        (job,) = tomllib.loads((folder / "calltools.toml").read_text(encoding="utf-8"))["jobs"]
        assert (job["name"], job["inputs"], job["counter"], job["goal"]) == ("ромашка", [NAME], int(COUNTER), "Звонок")

    def test_a_confirmed_profile_stays_after_ctrl_c_and_goes_with_back(self, environment, folder):
        (folder / "week.csv").write_text("Когда;Кто\n02.03.2026 10:00:00;+74950000100\n", encoding="utf-8")
        with Terminal(environment, "send", "week.csv", *QUICK) as screen:
            for question in ("time of the call", "caller", "incoming", "missed", "talk", "wait"):
                answer(screen, question, "Enter")
            answer(screen, "week.toml", "mine.toml")
            screen.until("In which time zone")
            was_there = (folder / "mine.toml").exists()
            answer(screen, "In which time zone", "back")
            answer(screen, "week.toml", "Enter")
            screen.until("In which time zone")
            screen.interrupt()
            code, _ = screen.end()

        assert (code, was_there) == (130, True)
        assert sorted(path.name for path in folder.glob("*.toml")) == ["week.toml"]
        assert "also if you stop here" in screen.text

    def test_a_profile_that_was_replaced_comes_back_with_back(self, environment, folder):
        (folder / "week.csv").write_text("Когда;Кто\n02.03.2026 10:00:00;+74950000100\n", encoding="utf-8")
        (folder / "mine.toml").write_text("# mine\n", encoding="utf-8")
        with Terminal(environment, "send", "week.csv", "--force", *QUICK) as screen:
            for question in ("time of the call", "caller", "incoming", "missed", "talk", "wait"):
                answer(screen, question, "Enter")
            answer(screen, "week.toml", "mine.toml")
            screen.until("In which time zone")
            replaced = (folder / "mine.toml").read_text(encoding="utf-8")
            answer(screen, "In which time zone", "back")
            screen.until("week.toml")
            screen.interrupt()
            screen.end()

        assert replaced != (folder / "mine.toml").read_text(encoding="utf-8") == "# mine\n"

    def test_after_back_only_what_the_run_has_written_is_replaced(self, environment, folder):
        (folder / "week.csv").write_text("Когда;Кто\n02.03.2026 10:00:00;+74950000100\n", encoding="utf-8")
        (folder / "precious.toml").write_text("# mine\n", encoding="utf-8")
        said = (*SAID, "--region", "RU", "--counter", COUNTER, "--goal", "Звонок", "-o", "calls.csv")
        with Terminal(environment, "send", "week.csv", *said, *QUICK) as screen:
            for question in ("time of the call", "caller", "incoming", "missed", "talk", "wait"):
                answer(screen, question, "Enter")
            answer(screen, "week.toml", "mine.toml")
            answer(screen, "Send 1 call", "back", "] ")
            answer(screen, "week.toml", "precious.toml")
            screen.until("precious.toml already exists")
            screen.type("other.toml\n")
            answer(screen, "Send 1 call", "n", "] ")
            screen.until("Keep these answers as a job")
            screen.type("\n")
            code, _ = screen.end()

        assert code == 0
        assert (folder / "precious.toml").read_text(encoding="utf-8") == "# mine\n"
        assert (folder / "calls.csv").exists()

    def test_ctrl_c_leaves_nothing_behind(self, terminal, service, folder):
        before = sorted(folder.rglob("*"))
        with terminal("-o", "calls.csv") as screen:
            answer(screen, "In which time zone", "1")
            screen.until("Is there a second file")
            screen.interrupt()
            code, out = screen.end()

        assert (code, out) == (130, "")
        assert sorted(folder.rglob("*")) == before
        assert service.requests == []

    def test_no_is_an_answer(self, terminal, service):
        with terminal(*SAID, "--counter", COUNTER, "--goal", "Звонок") as screen:
            screen.until("Send 21 calls")
            screen.type("n\n")
            screen.until("Keep these answers as a job")
            screen.type("\n")
            code, _ = screen.end()

        assert code == 0
        assert service.posts == []

    def test_a_file_of_another_client_that_comes_meanwhile_is_not_sent_with_the_others(
        self, environment, service, folder
    ):
        (folder / "in").mkdir()
        calls = (SAMPLES / "sipuni" / "export.csv").read_bytes()
        (folder / "in" / "b.csv").write_bytes(calls)
        said = 'timezone = "Europe/Moscow"\nstatic-call = "auto"\n[[overrides]]\nfiles = "b.csv"\ncounter = 2\n'
        (folder / "calltools.toml").write_text(said, encoding="utf-8")
        with Terminal(environment, "send", "in/", *QUICK) as screen:
            screen.until("Which goal")
            (folder / "in" / "a.csv").write_bytes(calls)
            screen.type("\n")
            code, _ = screen.end()

        assert code == 2
        assert "in/a.csv (--counter …)" in screen.text
        assert service.posts == []

    def test_who_has_no_token_is_told_the_command_and_may_get_one_at_once(self, terminal, service):
        with terminal(*SAID, CALLTOOLS_TOKEN="", PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring") as screen:
            screen.until("calltools login")
            screen.until("Get a token now?")
            screen.type("n\n")
            code, _ = screen.end()

        assert code == 2
        assert service.requests == []


@pytest.fixture
def clients(folder):
    """Calls of two clients; of the second the configuration names a counter and a goal."""
    for name in ("client-a", "client-b"):
        (folder / name).mkdir()
        (folder / name / "calls.csv").write_bytes((SAMPLES / "sipuni" / "export.csv").read_bytes())

    def configured(counter):
        text = f'{counter}timezone = "Europe/Moscow"\nstatic-call = "auto"\n'
        own = 'files = "client-b/*.csv"\ncounter = 22222222\ngoal = "Client B"\n'
        (folder / "calltools.toml").write_text(f"{text}[[overrides]]\n{own}", encoding="utf-8")

    configured("counter = 11111111\n")
    return configured


@pytest.mark.usefixtures("folder", "service")
class TestInAScript:
    def test_what_is_missing_is_named_by_its_option(self, run):
        result = run("send", NAME)

        assert result.exit_code == 2
        assert all(word in result.stderr for word in ("In which time zone", "--timezone", "--counter"))
        assert "--timezone Europe/Moscow --counter … --yes" in result.stderr

    def test_calls_are_never_sent_without_a_word(self, run, service):
        result = run("send", NAME, *SAID, "--counter", COUNTER)

        assert result.exit_code == 2
        assert "--yes" in result.stderr
        assert service.requests == []

    @pytest.mark.parametrize("output", ["made/", "made/calls-{part}.csv"])
    def test_an_output_of_several_files_is_refused_before_anything_is_written(self, output, run, service, folder):
        result = run("send", NAME, *SAID, "--counter", COUNTER, "--yes", "-o", output)

        assert result.exit_code == 2
        assert "send writes one file" in result.stderr
        assert service.requests == []
        assert not (folder / "made").exists()

    def test_with_all_options_nothing_is_asked(self, run, service):
        result = run("send", NAME, *SAID, *QUICK, "--counter", COUNTER, "--yes", "--wait")

        assert result.exit_code == 0, result.stderr
        assert len(service.store.uploadings[0].rows) == SENT
        assert "written 21" in result.stderr

    def test_it_sends_what_convert_writes(self, run, folder):
        converted = run("convert", NAME, *SAID, "--as-of", "2026-03-12T00:00:00Z", "-o", "one.csv")
        sent = run("send", NAME, *SAID, *QUICK, "--counter", COUNTER, "--yes", "-o", "two.csv")

        assert (converted.exit_code, sent.exit_code) == (0, 0)
        assert (folder / "one.csv").read_bytes() == (folder / "two.csv").read_bytes()

    def test_a_wrong_option_is_refused_as_convert_refuses_it(self, run):
        result = run("send", NAME, "--timezone", "Asia/Omsk", "--counter", COUNTER, "--yes")
        as_before = run("convert", NAME, "--timezone", "Asia/Omsk")

        assert result.exit_code == 2
        assert result.stderr.splitlines()[0] == as_before.stderr.splitlines()[0]
        assert result.stderr.splitlines()[-1].startswith(f"  calltools send {NAME} ")
        assert "--timezone Europe/Moscow" in result.stderr

    def test_what_the_configuration_says_of_a_file_is_not_asked(self, run, folder):
        (folder / "other.csv").write_bytes((SAMPLES / "sipuni" / "export.csv").read_bytes())
        said = 'files = ["other.csv"]\ntimezone = "Europe/Moscow"\nstatic-call = "1"\n'
        (folder / "calltools.toml").write_text(f"[[overrides]]\n{said}", encoding="utf-8")

        result = run("send", "other.csv", "--counter", COUNTER, "--yes", "--dry-run", *QUICK[4:])

        assert result.exit_code == 0, result.stderr

    @pytest.mark.usefixtures("clients")
    def test_calls_go_to_the_counter_of_their_client(self, run, service):
        result = run("send", "client-b/calls.csv", "--yes", *QUICK)

        assert result.exit_code == 0, result.stderr
        assert [(one.counter, one.goal) for one in service.store.uploadings] == [(22222222, "Client B")]

    def test_a_counter_of_the_client_alone_is_not_asked(self, run, service, clients):
        clients("")

        result = run("send", "client-b/", "--yes", *QUICK)

        assert result.exit_code == 0, result.stderr
        assert [one.counter for one in service.store.uploadings] == [22222222]

    @pytest.mark.parametrize("counter", ["", "counter = 11111111\n"], ids=["none", "another"])
    @pytest.mark.parametrize("how", [["--yes"], ["--plan"]], ids=" ".join)
    def test_calls_of_two_clients_are_never_sent_to_one(self, run, service, clients, counter, how):
        clients(counter)

        result = run("send", "client-b/", "client-a/", *how, *QUICK)

        assert result.exit_code == 2
        assert "--counter 22222222" in result.stderr
        assert "client-a/calls.csv" in result.stderr
        assert "  calltools send client-b/calls.csv --" in result.stderr
        assert service.requests == []

    @pytest.mark.usefixtures("clients")
    def test_the_counter_of_the_command_line_goes_before(self, run, service):
        result = run("send", "client-b/calls.csv", "--counter", "3", "--goal", "Mine", "--yes", *QUICK)

        assert result.exit_code == 0, result.stderr
        assert [(one.counter, one.goal) for one in service.store.uploadings] == [(3, "Mine")]

    def test_an_export_that_nobody_knows_needs_a_profile(self, run, folder):
        (folder / "week.csv").write_text("Когда;Кто\n02.03.2026 10:00;84950000100\n", encoding="utf-8")
        result = run("send", "week.csv", "--counter", COUNTER, "--yes")

        assert result.exit_code == 2
        assert "calltools vendors new" in result.stderr

    @pytest.mark.parametrize("named", [["week.csv"], ["known.csv", "in/week.csv"], ["in/"]], ids=" ".join)
    def test_the_next_command_names_the_file_that_nobody_knows(self, run, folder, named):
        (folder / "in").mkdir()
        (folder / "known.csv").write_bytes((SAMPLES / "sipuni" / "export.csv").read_bytes())
        for name in ("week.csv", "in/week.csv"):
            (folder / name).write_text("Когда;Кто\n02.03.2026 10:00;84950000100\n", encoding="utf-8")
        result = run("send", *named, *SAID, "--counter", COUNTER, "--yes")

        where = "week.csv" if named == ["week.csv"] else "in/week.csv"
        assert result.exit_code == 2
        assert result.stderr.splitlines()[-1] == f"  calltools vendors new {where} -o week.toml"

    def test_what_the_options_name_is_no_export_of_the_folder(self, run, folder):
        exports = folder / "exports"
        exports.mkdir()
        (exports / "calls.csv").write_bytes((SAMPLES / "sipuni" / "export.csv").read_bytes())
        (exports / "crm.csv").write_bytes((SAMPLES / "walkthrough" / "crm.csv").read_bytes())
        (exports / "sales.csv").write_text("phone;time;price\n+74950000100;02.03.2026 10:00;5\n", encoding="utf-8")
        beside = ("--identifiers", "exports/crm.csv", "--outcomes", "exports/sales.csv", "--currency", "RUB")
        said = ("--timezone", "Europe/Moscow", "--static-call", "auto", "-o", "exports/made.csv")
        for _ in range(2):  # the second time the output is there
            result = run("send", "exports/", *beside, *said, *QUICK[4:], "--force", "--dry-run")

            assert result.exit_code == 0, result.stderr

    def test_the_command_that_does_it_again_keeps_options_of_zero(self):
        groups = [ReadingOptions(header_row=0), FollowOptions(min_linked=0.0, poll_interval=5)]
        given = frozenset({"header_row", "min_linked", "yes"})

        again = command_again(["calls.csv"], groups, given, {}, wait=False)

        assert again == "calltools send calls.csv --header-row 0 --min-linked 0 --yes"

    def test_standard_input_is_refused(self, run):
        assert run("send", "-").exit_code == 2
