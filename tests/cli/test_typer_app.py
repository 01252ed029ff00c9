"""Values are those that typer makes, without pydantic; a command line that cannot be parsed is explained."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from calltools.cli.app import app
from calltools.cli.typer_app import CommandLineError, explain_usage_error, may_name_file
from tests.cli.test_commands import spawn
from tests.conftest import NOW

SAMPLES = Path(__file__).parents[2] / "samples"
TEXTS = (
    "",
    "x",
    "20",
    "0",
    "-1",
    "021",
    "1.5",
    "٣",
    " 7",
    "ru",
    "RU",
    "error",
    "text",
    "auto",
    "1",
    "a b",
    "/dev/null",
)


def parameters(command, words=()):
    context = typer.Context(command, info_name="calltools")
    yield from ((" ".join([*words, one.name]), context, one) for one in command.get_params(context))
    for name, below in getattr(command, "commands", {}).items():
        yield from parameters(below, [*words, name])


ALL = list(parameters(get_command(app)))


def outcome(make, context, value):
    try:
        return make(context, value)
    except typer.BadParameter.__mro__[1] as fault:
        return type(fault), fault.format_message()


def sample_values(one):
    several = one.multiple or one.nargs == -1
    yield None
    yield one.get_default(typer.Context(typer.core.TyperCommand("x")))
    # An empty name of a file is refused, though typer would take it.
    for text in TEXTS[1:] if may_name_file(one) else TEXTS:
        yield (text, "20") if several else text
    if several:
        yield ()


# Those of these parameters print something and end.
CALLED = {"install_completion", "show_completion", "help"}


@pytest.mark.skipif(not hasattr(ALL[0][2], "type_descriptor"), reason="a typer that makes values itself")
@pytest.mark.parametrize(
    ("context", "one"), [pytest.param(*rest, id=name) for name, *rest in ALL if rest[1].name not in CALLED]
)
def test_a_value_is_the_one_that_typer_makes(context, one):
    for value in sample_values(one):
        assert outcome(one.process_value, context, value) == outcome(
            lambda *words: type(one).process_value(one, *words), context, value
        ), value


@pytest.mark.parametrize(
    "arguments",
    [
        ["validate", str(SAMPLES / "canonical" / "good.csv"), "--as-of", str(NOW), "--max-findings", "5"],
        ["rules", "CT201"],
        ["vendors", "list"],
    ],
)
def test_a_command_starts_without_pydantic(arguments):
    code = (
        "import atexit, sys; from calltools.__main__ import main\n"
        f"sys.argv = ['calltools', *{arguments!r}]\n"
        "atexit.register(lambda: print(' pydantic' if 'pydantic' in sys.modules else ' without')); main()"
    )

    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stdout.split()

    assert output[-1] == "without"


@pytest.mark.parametrize(
    ("arguments", "english", "russian"),
    [
        pytest.param(["valdate", "x"], "no command valdate. Did you mean validate?",
                     "Команды valdate нет. Может быть, validate?", id="command"),
        pytest.param(["pyproject.toml"], "calltools send pyproject.toml   asks", "calltools send pyproject.toml   спросит",
                     id="file instead of a command"),
        pytest.param(["vendors", "shw"], "no command shw. Did you mean show?",
                     "Команды shw нет. Может быть, show?", id="command of a group"),
        pytest.param(["validate", "x", "--selct", "CT2"], "no option --selct. Did you mean --select?",
                     "Параметра --selct нет. Может быть, --select?", id="option"),
        pytest.param(["validate", "x", "--zzz"], "no option --zzz.", "Параметра --zzz нет.", id="option like none"),
        pytest.param(["validate", "x", "--fail-on", "wrning"], "--fail-on: wrning is not possible here. Did you mean "
                     "warning? Possible: error, warning, note.", "Может быть, warning? Возможно: error, warning, note.",
                     id="choice"),
        pytest.param(["validate", "x", "--max-findings", "0"], "--max-findings: a whole number is expected, 1 or more",
                     "--max-findings: здесь должно быть целое число, не меньше 1", id="number"),
        pytest.param(["validate", "x", "--report"], "--report needs a value", "У --report не указано значение", id="value"),
        pytest.param(["validate"], "FILE... is missing", "Не указано: FILE...\n", id="argument"),
        pytest.param(["rules", "CT201", "CT202", "x y"], "This is more than the command takes: CT202 x y.",
                     "Лишнее в команде: CT202 x y.", id="words too many"),
        pytest.param(["validate", "x", "--quiet=1"], "--quiet takes no value.", "У --quiet не бывает значения.",
                     id="value of a flag"),
        pytest.param(["uploads", "check", "--from", "1.2.2026"], "--from: a day is expected, such as 2026-03-01.",
                     "--from: здесь должен быть день, например 2026-03-01.", id="day"),
        pytest.param(["--timezone", "UTC", "validate", "x"],
                     "--timezone stands after the command: python -m calltools COMMAND --timezone",
                     "--timezone пишут после команды: python -m calltools КОМАНДА --timezone", id="option before its command"),
        pytest.param(["uploads", "--counter", "1", "list"],
                     "--counter stands after the command: python -m calltools uploads COMMAND --counter",
                     "--counter пишут после команды: python -m calltools uploads КОМАНДА --counter",
                     id="option before its command of a group"),
    ],
)  # fmt: skip
def test_a_usage_error_names_what_was_meant(arguments, english, russian):
    for language, sentence in (("en", english), ("ru", russian)):
        result = spawn(*arguments, env={"LANG": f"{language}_XX.UTF-8", "PATH": ""})

        assert result.returncode == 2
        assert sentence in result.stderr.decode()
        assert "--help" in result.stderr.decode()
        assert not result.stdout


def test_the_help_that_an_error_names_is_that_of_the_command():
    for arguments in (["--report"], ["--quiet=1"], ["--zzz"], []):
        result = spawn("validate", *arguments, env={"LANG": "en_XX.UTF-8", "PATH": ""})

        assert result.stderr.decode().splitlines()[1:] == ["Help: python -m calltools validate --help"]


_WRONG_VALUES = ("x y", "-1", "1e9", "٣", "2026-02-30", "99999999999999999999999")


@pytest.mark.parametrize("kind", ["value", "no value", "one more", "unknown", "nothing"])
def test_no_usage_error_is_english_in_russian(kind):
    """Of every command and every option: words of typer's own sentences follow one another; names of ours stand alone."""
    root = get_command(app)
    for path, command in leaves(root):
        options = [option for one in command.get_params(typer.Context(command)) for option in one.opts]
        options = [option for option in options if option.startswith("--") and option != "--help"]
        lines = {
            "value": [[option, wrong] for option in options for wrong in _WRONG_VALUES],
            "no value": [[option] for option in options] + [[f"{option}=1"] for option in options],
            "one more": [["x", "y", "z", "w"]],
            "unknown": [["--zzz"], ["-Z"]],
            "nothing": [[]],
        }[kind]
        for words in lines:
            error = parsed(root, [*path, *words])
            if error is None:
                continue
            sentence, help_line = explain_usage_error(error, "ru").splitlines()
            assert not re.search("[a-z]{2,} [a-z]{2,}", sentence), (path, words, sentence)
            assert re.search("[а-я]", sentence), (path, words, sentence)
            assert help_line == f"Справка: calltools {' '.join(path)} --help"


def leaves(group, path=()):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from leaves(command, (*path, name))
        else:
            yield (*path, name), command


def parsed(root, words):
    """Why the line is refused; nothing runs."""
    context, command = typer.Context(root, info_name="calltools"), root
    while hasattr(command, "commands"):
        name, *words = words
        command = command.commands[name]
        context = typer.Context(command, parent=context, info_name=name)
    try:
        command.parse_args(context, words)
    except CommandLineError as error:
        return error
    return None


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["validate", ""], id="input, which would be the working folder"),
        pytest.param(["upload", "calls.csv", "", "--yes"], id="one input of several"),
        pytest.param(["convert", "calls.csv", "--identifiers", ""], id="second file, which would be left out"),
        pytest.param(["convert", "calls.csv", "--outcomes", ""], id="file of outcomes"),
        pytest.param(["convert", "calls.csv", "-o", ""], id="output"),
        pytest.param(["validate", "calls.csv", "--report", ""], id="report"),
    ],
)
def test_an_empty_name_of_a_file_is_refused(words):
    error = parsed(get_command(app), words)

    assert error is not None
    assert "the value is empty" in explain_usage_error(error, "en")
    assert "значение пустое" in explain_usage_error(error, "ru")


@pytest.mark.parametrize(
    ("arguments", "sentence"), [(["--lang", "ru"], "Параметра"), (["--lang=en"], "There is no option")]
)
def test_a_usage_error_is_in_the_chosen_language(arguments, sentence):
    result = spawn("validate", "x", "--zzz", *arguments, env={"LANG": "de_DE.UTF-8", "PATH": ""})

    assert sentence in result.stderr.decode()


def test_a_command_line_without_words_prints_the_help():
    result = spawn()

    assert result.returncode == 2
    assert "validate" in result.stderr.decode()
