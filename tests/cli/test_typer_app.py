"""Values are those that typer makes, without pydantic; a command line that cannot be parsed is explained."""

import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from calltools.cli.app import app
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
    for text in TEXTS:
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
        pytest.param(["validate"], "FILE... is missing", "Не указано: FILE...", id="argument"),
    ],
)  # fmt: skip
def test_a_usage_error_names_what_was_meant(arguments, english, russian):
    for language, sentence in (("en", english), ("ru", russian)):
        result = spawn(*arguments, env={"LANG": f"{language}_XX.UTF-8", "PATH": ""})

        assert result.returncode == 2
        assert sentence in result.stderr.decode()
        assert "--help" in result.stderr.decode()
        assert not result.stdout


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
