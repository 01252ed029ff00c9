"""A command line that cannot be understood, as the process answers it."""

import pytest

from tests.cli.test_commands import spawn


@pytest.mark.parametrize(
    ("words", "english", "russian"),
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
def test_what_is_not_understood_is_said_with_what_was_meant(words, english, russian):
    for language, sentence in (("en", english), ("ru", russian)):
        result = spawn(*words, env={"LANG": f"{language}_XX.UTF-8", "PATH": ""})

        assert result.returncode == 2
        assert sentence in result.stderr.decode()
        assert "--help" in result.stderr.decode()
        assert not result.stdout


@pytest.mark.parametrize(
    ("words", "sentence"), [(["--lang", "ru"], "Параметра"), (["--lang=en"], "There is no option")]
)
def test_the_language_asked_for_holds_also_for_what_is_not_understood(words, sentence):
    result = spawn("validate", "x", "--zzz", *words, env={"LANG": "de_DE.UTF-8", "PATH": ""})

    assert sentence in result.stderr.decode()


def test_nothing_asked_is_answered_by_the_help():
    result = spawn()

    assert result.returncode == 2
    assert "validate" in result.stderr.decode()
