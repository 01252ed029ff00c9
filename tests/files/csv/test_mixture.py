"""Lines of UTF-8 and of one byte a letter in one file: each that is not in the encoding of the file is CT020."""

import re

import pytest

from calltools.files.csv import reader
from calltools.files.csv.mixture import is_record_of_utf8
from calltools.model.batch import Hints
from calltools.texts.sentences import RULE_SENTENCES
from tests.cli.test_commands import NOW, run
from tests.files.csv.test_reader import read

RUSSIAN_ENCODINGS = ["cp1251", "cp866", "koi8-r", "iso8859-5", "mac-cyrillic"]
LETTERS = "".join(map(chr, range(ord("А"), ord("я") + 1))) + "Ёё"
SIGNS = "«»—–…№“”„’•°\xa0"
TAGS = ["Заявка с сайта", "да", "обратный звонок", "ПЁТР", "Ромашка 5", "C-1", ""]


def as_letters_of_latin(text, encoding):
    return text.encode(encoding, "ignore").decode("latin-1")


def words_of_the_texts():
    """All Russian words that the project itself writes, in the shapes that cells have."""
    sentences = re.findall(r"[А-яЁё]+", repr(RULE_SENTENCES))
    for word in sorted(set(sentences)):
        initial = word[0].upper()
        yield from (word, word.upper(), word.title(), word[:2], word[:3].upper(), f"«{word}»", f"{word[:4]}…")
        yield from (f"{initial}.", f"{initial}№5", f"{initial}—1", f"{initial}\xa05", f"{initial}»", f"№5{initial}")


@pytest.mark.parametrize("encoding", RUSSIAN_ENCODINGS)
def test_no_sound_cell_is_taken_for_utf8(encoding):
    words = list(words_of_the_texts())

    assert len(words) > 5_000
    assert [word for word in words if is_record_of_utf8((as_letters_of_latin(word, encoding),), encoding)] == []


@pytest.mark.parametrize("encoding", ["cp1251", "cp866"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_no_cell_of_three_letters_and_signs_is_taken_for_utf8(encoding, count):
    signs = [sign.encode(encoding, "ignore") for sign in LETTERS + SIGNS]

    def valid(prefix, left):
        """All texts of the signs that happen to be valid UTF-8, or its beginning: no other one can be taken for it."""
        for sign in signs:
            try:
                (prefix + sign).decode()
            except UnicodeDecodeError as error:
                if error.reason != "unexpected end of data":
                    continue
            yield from valid(prefix + sign, left - 1) if left > 1 else [prefix + sign]

    assert [text for text in valid(b"", count) if is_record_of_utf8((text.decode("latin-1"),), encoding)] == []


@pytest.mark.parametrize("encoding", RUSSIAN_ENCODINGS)
def test_every_word_of_two_letters_in_utf8_is_known(encoding):
    words = [word for word in words_of_the_texts() if len(re.findall("[А-яЁё]", word)) > 1]

    assert [word for word in words if not is_record_of_utf8(("1", as_letters_of_latin(word, "utf-8")), encoding)] == []


def test_short_words_of_several_cells_prove_together():
    assert not is_record_of_utf8(("1", as_letters_of_latin("а", "utf-8")), "cp1251")
    assert is_record_of_utf8((as_letters_of_latin("а", "utf-8"), as_letters_of_latin("и", "utf-8")), "cp1251")
    # The third cell is Windows-1251: then the others are, too.
    mixed = (*(as_letters_of_latin(word, "utf-8") for word in "аи"), as_letters_of_latin("склад", "cp1251"))
    assert not is_record_of_utf8(mixed, "cp1251")


def lines(encoding, first, title="Tag"):
    records = [f"{number},2,{TAGS[number % len(TAGS)]}" for number in range(first, first + 21)]
    return [line.encode(encoding) for line in [f"ClientId,DateTime,{title}", *records]]


@pytest.mark.parametrize("exact_only", [False, True])
@pytest.mark.parametrize("block_size", [40, 1 << 20])
@pytest.mark.parametrize("title", ["Tag", "Метка"])
@pytest.mark.parametrize("encoding", ["cp1251", "cp866", "koi8-r"])
@pytest.mark.parametrize("utf8_first", [False, True])
def test_two_exports_put_together(tmp_path, monkeypatch, utf8_first, encoding, title, block_size, exact_only):
    monkeypatch.setattr(reader, "BLOCK_SIZE", block_size)
    first, second = ("utf-8", encoding) if utf8_first else (encoding, "utf-8")
    path = tmp_path / "calls.csv"
    path.write_bytes(b"\n".join(lines(first, 0, title) + lines(second, 21)[1:]) + b"\n")

    table, rows, findings, _ = read(path, exact_only=exact_only)

    assert table.source.encoding == first
    assert table.titles[2] == title
    # The two plain tags of seven are alike in all encodings.
    foreign = [number for number in range(21, 42) if not TAGS[number % len(TAGS)].isascii()]
    wanted = [("CT020", number + 1, number + 2) for number in foreign]
    assert [(row["code"], row["record"], row["place"]) for row in findings if row["code"] == "CT020"] == wanted
    read_tags = {number: cells[2] for number, _, cells in rows}
    assert read_tags == {number + 1: TAGS[number % len(TAGS)] for number in range(42) if number not in foreign}


def test_the_encoding_that_the_user_gives_is_no_excuse(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_bytes("ClientId,DateTime,Tag\n1,2,заявка\n3,4,plain\n".encode())

    for encoding in ("cp1251", "windows-1251", "cp1252", "latin-1"):
        _, rows, findings, _ = read(path, Hints(encoding=encoding))

        assert [row["place"] for row in findings if row["code"] == "CT020"] == [2], encoding
        assert [cells[2] for _, _, cells in rows] == ["plain"]


@pytest.mark.parametrize("first", ["cp1251", "utf-8"])
def test_nothing_of_the_other_encoding_is_written_and_rejects_hold_what_the_file_holds(tmp_path, first):
    second = "utf-8" if first == "cp1251" else "cp1251"
    lines = [f"{1604591025698235234 + number},{1772434800 + number},заявка {number}" for number in range(20)]
    path, out, rejects = (tmp_path / name for name in ("calls.csv", "out.csv", "rejects.csv"))
    text = "\n".join(["ClientId,DateTime,Tag", *lines[:12], ""]).encode(first) + "\n".join(lines[12:]).encode(second)
    path.write_bytes(text)

    result = run("convert", path, "-o", out, "--rejects", rejects, "--as-of", NOW, "--lang", "en")

    assert result.stderr.splitlines()[-1] == "read 20 = written 12 + rejected 8"
    assert out.read_text(encoding="utf-8").splitlines()[1:] == lines[:12]
    again = run("convert", rejects, "-o", tmp_path / "again.csv", "--as-of", NOW, "--lang", "en")
    # Until somebody has looked: behind the mark stands the text, or a character of replacement for each letter.
    assert again.stderr.splitlines()[-1] == "read 8 = written 0 + rejected 8"
    kept = rejects.read_text(encoding="utf-8")
    assert kept.count("[CT020] ") == 8
    assert ("заявка 12" in kept) == (second == "utf-8")


@pytest.mark.parametrize("end", [b"\n", b""])
@pytest.mark.parametrize("word", ["Привет", "заявка", "лид", "Обратный звонок"])
def test_a_last_line_in_utf8_says_nothing_of_the_encoding_of_the_others(tmp_path, word, end):
    path = tmp_path / "calls.csv"
    record = f"1604591025698235234,1772434800,{word}"
    path.write_bytes(f"ClientId,DateTime,Tag\n{record}\n".encode("cp1251") + record.encode() + end)

    table, rows, findings, _ = read(path)

    assert table.source.encoding == "cp1251"
    assert [cells[2] for _, _, cells in rows] == [word]
    assert [row["place"] for row in findings if row["code"] == "CT020"] == [3]
