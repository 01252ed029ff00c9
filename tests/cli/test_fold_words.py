"""Sentences on a terminal are folded at words, and commands stay in one line, so that they can be copied."""

import io

import pytest

from calltools.cli.terminal import fold_words

COMMAND = "calltools uploads check --counter 12345678 --lang ru --ca-file authority.pem"


class Screen(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    monkeypatch.setenv("COLUMNS", "41")
    monkeypatch.setenv("LINES", "24")


def test_a_sentence_is_folded_at_words_with_its_indent_and_a_prompt_keeps_its_end():
    folded = fold_words("  the reports show these calls within two hours at most: ", Screen())

    assert folded == "  the reports show these calls within\n  two hours at most: "


@pytest.mark.parametrize("begin", ["", "  ", "Then: "])
def test_a_command_is_never_broken(begin):
    lines = fold_words(f"Shown soon.\n{begin}{COMMAND}", Screen()).splitlines()

    assert lines[-1].strip() == COMMAND


def test_a_log_is_left_as_it_is():
    text = f"a long sentence that does not fit in forty columns, and {COMMAND}"

    assert fold_words(text, io.StringIO()) == text
