"""``--help``: in the reader's language, and nothing of it cut."""

import re

import pytest
import typer
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.cli.help_pages import translate
from calltools.texts.help import RUSSIAN_HELP, RUSSIAN_WORDS


def commands(command=None, path=()):
    command = command or typer.main.get_command(app)
    yield path, command
    for name, one in getattr(command, "commands", {}).items():
        yield from commands(one, (*path, name))


ALL = [pytest.param(path, command, id=" ".join(path) or "calltools") for path, command in commands()]


def help_of(path, *words, **environ):
    done = CliRunner().invoke(app, [*path, "--help", *words], env={"LC_ALL": "C.UTF-8", "COLUMNS": "80", **environ})
    assert done.exit_code == 0, done.output
    return done.output


def texts_of(command):
    yield from (text for text in (command.help, command.epilog) if text and not text.startswith("Examples"))
    yield from (one.help for one in command.params if getattr(one, "help", None))


@pytest.mark.parametrize(("path", "command"), ALL)
def test_every_text_of_help_has_a_russian_one(path, command):
    missing = [" ".join(text.split()) for text in texts_of(command) if not re.search("[а-яё]", translate(text))]

    assert missing == [], "add them to calltools/texts/help.py"


def test_no_russian_text_is_left_of_an_option_that_has_gone():
    used = {" ".join(text.split()) for _, command in commands() for text in texts_of(command)}

    assert set(RUSSIAN_HELP) - used - {"Show this message and exit."} == set()


@pytest.mark.parametrize(("path", "command"), ALL)
@pytest.mark.parametrize("how", ["option", "locale"])
def test_help_is_russian_for_a_russian_reader(path, command, how):
    said = help_of(path, "--lang", "ru") if how == "option" else help_of(path, LC_ALL="ru_RU.UTF-8")

    shown = said.partition("Примеры:")[0]
    english = set(re.findall(r"(?<!-)\b(?:the|of|and|default|required|Usage|Options|Commands|Arguments)\b", shown))
    assert shown.startswith("Использование: calltools ")
    assert english == set()
    words = {word for one in command.params for word in one.opts if word.startswith("--")}
    assert [word for word in words if word not in said] == []


@pytest.mark.parametrize(("path", "command"), ALL)
def test_summaries_are_not_cut(path, command):
    for said in (help_of(path), help_of(path, "--lang", "ru")):
        assert not re.search(r"\.\.\.$", said.partition("\n")[2], re.MULTILINE)
    listed = " ".join(help_of(path).split())
    for one in getattr(command, "commands", {}).values():
        assert " ".join(one.help.split("\n\n")[0].split()) in listed


def test_examples_stand_in_one_line_each_so_that_they_can_be_copied():
    lines = help_of(("upload",)).partition("Examples:\n")[2].splitlines()

    assert lines[-1].startswith("  calltools convert export.csv ")
    assert lines[-1].endswith("--yes --wait")
    assert all(line.startswith("  calltools ") for line in lines)


def test_english_help_says_nothing_twice():
    said = help_of(("validate",))

    assert said.startswith("Usage: calltools validate [OPTIONS] FILE...\n")
    assert "<list" not in said


def test_the_language_before_a_command_is_for_help_alone():
    done = CliRunner().invoke(app, ["--lang", "ru", "rules"], env={"LC_ALL": "C.UTF-8"})

    assert done.exit_code == 2


def test_words_that_stand_for_values_are_those_of_the_advice():
    assert (RUSSIAN_WORDS["ZONE"], RUSSIAN_WORDS["FILE"]) == ("ПОЯС", "ФАЙЛ")
