"""Words of the page: each that a template names is there, in both languages with the same facts, and none is left over."""

import ast
import re
from pathlib import Path

import calltools.ui
from calltools.texts.ui_labels import UI_LABELS

ROOM = Path(calltools.ui.__file__).parent


def named_in_templates():
    return {key for one in ROOM.glob("templates/*.j2") for key in re.findall(r'\bui\("(\w+)"', one.read_text(encoding="utf-8"))} | {
        key for one in ROOM.glob("templates/*.j2")
        for found in re.findall(r"\bui\(([^()]*)\)", one.read_text(encoding="utf-8")) for key in re.findall(r'"(\w+)"', found)
    }  # fmt: skip


def words_in_python():
    return {
        node.value
        for one in ROOM.glob("*.py")
        for node in ast.walk(ast.parse(one.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_word_of_a_template_is_there():
    assert named_in_templates() - {"en", "ru"} <= set(UI_LABELS) | {"…"}


def test_no_word_is_left_over():
    text = "".join(one.read_text(encoding="utf-8") for one in ROOM.glob("templates/*.j2"))
    used = {key for key in UI_LABELS if f'"{key}"' in text} | words_in_python()

    assert set(UI_LABELS) - used == set()


def test_both_languages_name_the_same_facts_and_russian_is_russian():
    facts = {key: [set(re.findall(r"{(\w+)", text)) for text in pair] for key, pair in UI_LABELS.items()}

    assert [key for key, (english, russian) in facts.items() if english != russian] == []
    assert [key for key, (_, russian) in UI_LABELS.items() if not re.search("[а-яё]", russian, re.IGNORECASE)] == [
        "language"
    ]
