"""README.ru.md says what README.md says: the same headings, commands, tables, options and links."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENGLISH, RUSSIAN = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.ru.md"))
#: What stands in both for any file, by the language.
FILES = {"FILE": "ФАЙЛ", "PATH": "ПУТЬ"}


def without_blocks(text):
    return re.sub(r"```.*?```\n", "", text, flags=re.DOTALL)


def levels(text):
    return [len(found) for found in re.findall(r"^(#+) ", without_blocks(text), re.MULTILINE)]


def commands(text):
    """The lines of all code blocks that are commands, without their comments."""
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    return [re.sub(r"\s+#.*", "", line) for block in blocks for line in block.splitlines()]


def programs(text):
    """The code blocks in some language, without comments."""
    blocks = re.findall(r"```(?:toml|python)\n(.*?)```", text, re.DOTALL)
    return [[re.sub(r"\s*#.*", "", line) for line in block.splitlines()] for block in blocks]


def tables(text):
    """Of each table the cells of its first column below the title, and the number of its columns."""
    found = re.findall(r"(?:^\|.*\n)+", without_blocks(text), re.MULTILINE)
    rows = [[re.split(r"(?<!\\)\|", line.strip("|\n")) for line in table.splitlines()] for table in found]
    return [([row[0].strip() for row in table[2:]], {len(row) for row in table}) for table in rows]


def code(text):
    """Options and commands in the text, with the Russian words for what stands for a value put back."""
    pieces = re.findall(r"`([^`\n]+)`", without_blocks(text))
    joined = " ".join(pieces)
    for english, russian in FILES.items():
        joined = joined.replace(russian, english)
    return sorted(set(re.findall(r"--[a-z-]+|calltools [a-z]+|CALLTOOLS_[A-Z_]+|CT\d{3}", joined)))


def links(text):
    targets = re.findall(r"\]\(([^)#]*)(?:#[^)]*)?\)", text)
    return sorted(target for target in targets if target not in {"README.md", "README.ru.md"})


@pytest.mark.parametrize("part", [levels, commands, programs, tables, code, links])
def test_both_say_the_same(part):
    assert part(RUSSIAN) == part(ENGLISH), f"{part.__name__} of README.ru.md are not those of README.md"


def test_each_leads_to_the_other():
    assert "](README.ru.md)" in ENGLISH
    assert "](README.md)" in RUSSIAN


def test_no_sentence_is_left_in_english():
    lines = [
        line for line in without_blocks(RUSSIAN).splitlines() if line and not line.startswith(("|---", "![", "# "))
    ]
    bare = [re.sub(r"`[^`]*`|\[[^\]]*\]\([^)]*\)", "", line) for line in lines]

    rows_of_numbers = {line for line in lines if line.startswith(("| 1,000,000", "| ratio"))}
    assert [
        line
        for line, words in zip(lines, bare, strict=True)
        if line not in rows_of_numbers and not re.search("[а-яё]{3}", words, re.IGNORECASE)
    ] == []
