"""The Russian manuals: one for each rule, complete, and with the same data as the English ones."""

import re

import pytest
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.rules.catalog import RULES, RULES_BY_CODE
from calltools.rules.manual import manual_for, parse_manual
from calltools.texts.manuals import RUSSIAN_MANUALS
from calltools.texts.rule_titles import RULE_TITLES

#: Words of data: Latin letters, digits and signs in examples of both languages.
DATA = re.compile(r"[A-Za-z0-9+][A-Za-z0-9+.:/_-]{5,}")
#: Both name the same cell in words of their own.
OWN_WORDS = {"CT003", "CT004", "CT005", "CT006", "CT007", "CT010", "CT012", "CT017", "CT206", "CT209", "CT282", "CT501"}


def test_every_rule_has_one_and_a_title_and_no_other():
    assert set(RUSSIAN_MANUALS) == set(RULE_TITLES) == {rule.code for rule in RULES}


def test_titles_are_words_of_a_language_and_no_two_rules_share_one():
    for titles in zip(*RULE_TITLES.values(), strict=True):
        assert len(set(titles)) == len(titles)
        assert all(len(title) <= 45 and not re.search(r"[a-zа-я]-[a-z]+-", title) for title in titles)


@pytest.mark.parametrize("code", RUSSIAN_MANUALS)
def test_every_section_is_there_in_russian(code):
    page = manual_for(RULES_BY_CODE[code], "ru")

    for text in (page.finds, page.why, page.fix):
        assert re.search("[а-яё]{3}", text)
        assert text[0].isupper() or not text[0].isalpha() or text.startswith(("http", "`"))
        assert text.endswith((".", "»", ")"))
    assert page.example.startswith("плохо: ")
    assert "\nхорошо: " in page.example
    assert page.source


@pytest.mark.parametrize("code", sorted(set(RUSSIAN_MANUALS) - OWN_WORDS))
def test_examples_are_about_the_same_data(code):
    english = set(DATA.findall(parse_manual(RULES_BY_CODE[code].manual).example))
    russian = set(DATA.findall(manual_for(RULES_BY_CODE[code], "ru").example))
    words = {word for word in english if re.fullmatch("[a-z-]+[.:]?", word)}

    assert (english - words) <= russian, english - words - russian


@pytest.mark.parametrize("code", RUSSIAN_MANUALS)
def test_no_word_mixes_two_alphabets(code):
    page = manual_for(RULES_BY_CODE[code], "ru")
    text = f"{page.finds} {page.why} {page.fix}"

    assert [
        word for word in re.findall(r"\w+", text) if re.search("[A-Za-z]", word) and re.search("[а-яё]", word)
    ] == []


@pytest.mark.parametrize("code", ["CT003", "CT241", "CT501"])
def test_the_command_prints_them(code):
    result = CliRunner().invoke(app, ["rules", code, "--lang", "ru"])

    assert RUSSIAN_MANUALS[code].finds in result.output
    assert "Почему" in result.output
    assert parse_manual(RULES_BY_CODE[code].manual).why.split(".")[0] not in result.output
