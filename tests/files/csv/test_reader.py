"""CSV as exports have it: encodings, delimiters, title rows, line ends; written and read again."""

import contextlib
import csv
import io
import os
import stat
import time

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from calltools.errors import LimitError, OutputError, SourceError
from calltools.fields.table import FIELD_NAMES
from calltools.files.atomic import AtomicFile, refuse_same_files
from calltools.files.csv import reader
from calltools.files.csv.writers import CanonicalWriter
from calltools.files.inputs import OpenRequest
from calltools.files.limits import Limits
from calltools.model.batch import Hints
from calltools.vendors.recognize import create_header_finder

RUSSIAN = "ClientId;DateTime;Tag\r\n1;2;Заявка с сайта\r\n3;4;Повторный звонок, консультация\r\n"


def read(path, hints=None, *, exact_only=False, limits=None):
    request = OpenRequest(path, path.name, hints or Hints(), create_header_finder(()), limits or Limits(), exact_only)
    table = reader.open_csv(request)
    rows, findings, blanks, count = [], table.findings.to_rows(), [], 0
    for task in table.tasks():
        batch = task().shift_records(count)
        count += batch.read
        cells = zip(*(column.to_pylist() for column in batch.columns.columns), strict=True)
        rows += zip(batch.records.tolist(), batch.places.tolist(), cells, strict=True)
        findings += batch.findings.to_rows()
        blanks += [place for first, last in batch.blanks.tolist() for place in range(first, last + 1)]
    return table, rows, findings, blanks


@pytest.fixture
def write(tmp_path):
    def written(data):
        path = tmp_path / "calls.csv"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    return written


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("cp1251", "cp1251"),
        ("cp866", "cp866"),
        ("koi8-r", "koi8-r"),
        ("utf-16", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32-le"),
    ],
)
def test_russian_text_is_read_in_the_encodings_of_exports(write, encoding, name):
    table, rows, findings, _ = read(write(RUSSIAN.encode(encoding)))

    assert table.source.encoding == name
    assert [cells[2] for _, _, cells in rows] == ["Заявка с сайта", "Повторный звонок, консультация"]
    codes = {row["code"] for row in findings}
    assert codes == {"CT005"} | ({"CT003"} if name != "utf-8" else {"CT004"} if encoding == "utf-8-sig" else set())


@pytest.mark.parametrize("encoding", ["cp1251", "cp866"])
@pytest.mark.parametrize("words", ["ИСТИНА;ЛОЖЬ;ИСТИНА", "ВХОДЯЩИЙ;ОТВЕЧЕН;ИВАНОВ", "принят;ИТОГО;ПРОПУЩЕН"])
def test_words_in_capitals_are_not_taken_for_small_letters_of_another_encoding(write, encoding, words):
    table, rows, _, _ = read(write(f"a;b;c\n{words}\n".encode(encoding)))

    assert table.source.encoding == encoding
    assert list(rows[0][2]) == words.split(";")


@pytest.mark.parametrize(
    "words",
    ["Café Zürich;Müller", "Français;à Paris", "Peña;año", "Grüße;MÜLLER", "Zürich;x", "«Très bien»;l’été", "Malmö;Å"],
)
@pytest.mark.parametrize("count", [1, 400])
def test_western_text_is_not_read_as_russian(write, words, count):
    text = "ClientId;Tag;City\n" + "".join(f"{number};{words}\n" for number in range(count))

    with pytest.raises(SourceError, match="--encoding"):
        read(write(text.encode("cp1252")))
    assert list(read(write(text.encode("cp1252")), Hints(encoding="cp1252"))[1][0][2][1:]) == words.split(";")


@pytest.mark.parametrize("encoding", ["cp1251", "cp866", "koi8-r"])
@pytest.mark.parametrize(
    "words",
    [
        "ремонт iPhone'ов;Петров",
        "SMM-щик;Иванов",
        "бумага А4x;Заявка",
        "настройка CRMки;Вход",
        "VIPам скидка;Да, удобно",
    ],
)
def test_latin_letters_in_a_russian_text_hide_no_encoding(write, encoding, words):
    table, rows, _, _ = read(write(f"ClientId;Tag;City\n1;{words}\n".encode(encoding)))

    assert (table.source.encoding, list(rows[0][2][1:])) == (encoding, words.split(";"))


@pytest.mark.parametrize("words", ["ГАЗель Next", "Ad №5", "«Promo»"])
def test_known_titles_tell_the_encoding_of_few_russian_signs_beside_latin_words(write, words):
    text = "ClientId,DateTime,PhoneNumber,Tag\n" + f"1604591025698235,1772434800,+74950000100,{words}\n" * 5

    table, rows, _, _ = read(write(text.encode("cp1251")))

    assert (table.source.encoding, rows[0][2][3]) == ("cp1251", words)


def test_an_unclear_encoding_is_refused_until_it_is_given(write):
    path = write(b"ClientId,Tag\n1,\x90\x91\xfe\n")

    with pytest.raises(SourceError, match="--encoding"):
        read(path)
    assert read(path, Hints(encoding="cp1251"))[1][0][2][0] == "1"


@pytest.mark.parametrize("spelling", ["cp65001", "CP65001", "u8", "utf8", "UTF_8", "utf-8-sig"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_every_name_of_utf8_is_utf8(write, spelling, mark):
    table, rows, findings, _ = read(write(mark + RUSSIAN), Hints(encoding=spelling))

    assert (table.source.encoding, rows[0][2][2]) == ("utf-8", "Заявка с сайта")
    assert {row["code"] for row in findings} == ({"CT004", "CT005"} if mark else {"CT005"})


@pytest.mark.parametrize("encoding", ["gb18030", "gbk", "big5", "shift_jis", "euc_jp", "euc_kr", "iso2022_jp", "utf_7"])
@pytest.mark.parametrize("exact_only", [False, True])
def test_encodings_of_several_bytes_a_letter_are_read_as_python_does(write, encoding, exact_only):
    # The second byte of some of these letters is a delimiter or a backslash of ASCII.
    word = {"shift_jis": "表能", "euc_kr": "한국", "big5": "許功", "gb18030": "丂亅"}.get(encoding, "本日")
    text = f'ClientId|DateTime|Tag\r\n1|2|"{word}"\r\n3|4|b{word}\r\n'

    _, rows, _, _ = read(write(text.encode(encoding)), Hints(encoding=encoding), exact_only=exact_only)

    assert [cells for _, _, cells in rows] == [("1", "2", word), ("3", "4", "b" + word)]


def test_a_line_of_another_encoding_is_named_and_the_others_go_on(write):
    good = [f"{number},2,заявка {number}".encode() for number in range(20)]
    good[7] = "7,2,заявка".encode("cp1251")

    _, rows, findings, _ = read(write(b"\n".join([b"ClientId,DateTime,Tag", *good]) + b"\n"))

    assert [(row["code"], row["record"], row["place"]) for row in findings] == [("CT020", 8, 9)]
    assert len(rows) == 19


@pytest.mark.parametrize(("delimiter", "word"), [(",", None), (";", "semicolon"), ("\t", "tab"), ("|", "pipe")])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(write, delimiter, word, end):
    lines = [delimiter.join(cells) for cells in (("ClientId", "DateTime", "Tag"), ("1", "2", "a,b;c"), ("3", "4", "x"))]
    quoted = [line.replace("a,b;c", '"a,b;c"') for line in lines]

    _, rows, findings, _ = read(write(end.join(quoted) + end))

    assert rows == [(1, 2, ("1", "2", "a,b;c")), (2, 3, ("3", "4", "x"))]
    found = {row["code"]: row["detail"] for row in findings}
    assert found == ({"CT005": word} if word else {}) | ({"CT018": "CR"} if end == "\r" else {})


def test_title_rows_blank_lines_and_line_breaks_keep_the_lines_true(write):
    text = 'Отчёт\n\n"ClientId",DateTime,Tag\n1,2,"a\nb\r\nc"\n\n,,\n3,4,x\nClientId,DateTime,Tag\n5,6,y\n\n'

    table, rows, findings, blanks = read(write(text))

    assert table.source.header_row == 3
    assert [(number, place) for number, place, _ in rows] == [(1, 4), (2, 9), (3, 10), (4, 11)]
    assert blanks == [7, 8, 12]
    assert {row["code"] for row in findings} == {"CT016", "CT010", "CT019"}


def test_the_first_second_kind_of_line_end_is_named_once(write):
    _, _, findings, _ = read(write("ClientId,DateTime\n1,2\r\n3,4\n5,6\r\n"))

    assert [(row["code"], row["detail"]) for row in findings] == [("CT018", "CRLF+LF")]


@pytest.mark.parametrize(
    ("hints", "titles"),
    [
        (Hints(header_row=0), ("column 1", "column 2")),
        (Hints(header_row=2), ("1", "2")),
        (Hints(delimiter=";"), ("a,b",)),
    ],
)
def test_hints_of_the_user_are_taken(write, hints, titles):
    assert read(write("a,b\n1,2\n3,4\n"), hints)[0].titles == titles


def test_a_header_row_that_is_not_there_is_refused(write):
    with pytest.raises(SourceError, match="up to line 3"):
        read(write("a,b\n1,2\n3,4\n"), Hints(header_row=4))


def test_a_beginning_without_a_line_end_is_named(write):
    with pytest.raises(SourceError, match="line end is missing"):
        read(write("z" * (1 << 20)))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("z" * (1 << 20), id="no line"),
        pytest.param("z" * ((1 << 17) + 1) + "\nx,y\n1,2\n", id="a cell too long"),
    ],
)
def test_the_limit_of_cells_that_the_whole_process_has_changes_nothing(write, text):
    """The ledger raises it, and users of the library may."""
    before = csv.field_size_limit(64 << 20)
    try:
        with pytest.raises(SourceError, match="line end is missing"):
            read(write(text))
    finally:
        csv.field_size_limit(before)


def test_a_cell_as_long_as_python_reads_is_a_title(write):
    title = "z" * (1 << 17)

    assert read(write(f"{title},x\n1,2\n"))[0].titles == (title, "x")


def test_a_header_of_a_million_titles_is_refused_in_time(write):
    start = time.process_time()

    with pytest.raises(LimitError, match="16384"):
        read(write(",".join(f"c{number}" for number in range(10**6)) + "\n"))

    assert time.process_time() - start < 10


def test_bytes_of_no_text_are_refused(write):
    with pytest.raises(SourceError, match="bytes that no text has"):
        read(write(bytes(range(256)) * 40))


@pytest.mark.parametrize(
    ("lines", "header"),
    [
        (["TimeZone=Europe,,", "Caller,Start,Value", "+74950000101,2026-11-24,1500", "+74950000102,2026-11-24,"], 2),
        (["Report,November,,", "From,To,Start,Value", "1,2,3,4", "1,2,3,", "1,2,3,4"], 2),
        (["Caller,Start,Value", "+74950000101,2026-11-24,1500"], 1),
        ([",Caller,Start", "0,+74950000101,2026-11-24"], 1),
        (["74950000101,210,75", "74950000102,210,", "74950000103,,75"], 1),
    ],
    ids=["padded title", "padded cells of a title", "header", "unnamed column", "records"],
)
def test_a_header_of_unknown_titles_is_the_first_wide_row_of_words(write, lines, header):
    table, *_ = read(write("\n".join(lines) + "\n"))

    assert table.source.header_row == header


def test_a_separator_before_every_value_is_text(write):
    _, *batches = read(write("ClientId,DateTime\n" + "\x1f1,\x1f2\n" * 20))

    assert sum(len(batch) for batch in batches) == 20


def test_a_zero_byte_hides_no_encoding(write):
    text = "DateTime;Tag\n" + "".join(f"{number};Заявка с сайта\n" for number in range(20))

    table, *_ = read(write(text.encode("cp1251").replace(b" ", b"\0", 1)))

    assert table.source.encoding == "cp1251"


def test_limits_are_named(write):
    with pytest.raises(LimitError, match="16"):
        read(write(",".join("abcdefghijklmnopqrstuvwxyz") + "\n"), limits=Limits(columns=16))
    long = "ClientId,Tag\n1," + "x" * 3000 + "\n"
    with pytest.raises(LimitError, match="line 3 is longer than 1 MiB"):
        read(write(long + "1," + "y" * (12 << 20)), limits=Limits(record_bytes=1 << 20))


def test_a_quote_that_never_closes_does_not_eat_the_file(write):
    rows = [f"{number},2,plain" for number in range(2000)]
    rows[5] = '5,2,"open'

    _, found, findings, _ = read(
        write("\n".join(["ClientId,DateTime,Tag", *rows]) + "\n"), limits=Limits(quoted_bytes=2000)
    )

    assert [(row["code"], row["record"], row["place"]) for row in findings] == [("CT006", 6, 7)]
    assert len(found) == 1999


@pytest.mark.parametrize("data", [b"", b"\n\n \t\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"])
def test_a_file_of_nothing_is_empty(write, data):
    table, rows, findings, _ = read(write(data))

    assert (table.titles, rows, [row["code"] for row in findings]) == ((), [], ["CT001"])


# Without digits: lines of numbers between two quotes may be calls that stray quotes have swallowed.
records = st.tuples(*[st.text(st.sampled_from('ab,;"\n\r\té '), max_size=6)] * 3)


@given(st.lists(records, max_size=8), st.sampled_from([7, 23, 1 << 20]))
def test_well_formed_records_are_read_unchanged_on_both_paths(tmp_path_factory, rows, size):
    path = tmp_path_factory.mktemp("csv") / "calls.csv"
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([("ClientId", "DateTime", "Tag"), *rows])
    path.write_bytes(stream.getvalue().encode())
    before, reader.BLOCK_SIZE = reader.BLOCK_SIZE, size
    try:
        fast, exact = read(path), read(path, exact_only=True)
    finally:
        reader.BLOCK_SIZE = before

    assert [row for _, _, row in fast[1]] == [row for row in rows if any(row)]
    assert fast[1:] == exact[1:]


@st.composite
def torn_texts(draw):
    """Well-formed records with a few characters added, removed or changed."""
    stream = io.StringIO()
    ends, quoting = st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL])
    rows = draw(st.lists(st.tuples(*[st.text(st.sampled_from('a1,"\n\ré'), max_size=6)] * 3), max_size=6))
    csv.writer(stream, lineterminator=draw(ends), quoting=draw(quoting)).writerows(rows)
    text = stream.getvalue()
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(["", '"', ",", "\n", "\r", "a"])) + text[at + draw(st.integers(0, 1)) :]
    return text


texts = st.one_of(st.text(st.sampled_from('ab1,"\n\r;é'), max_size=60), torn_texts())


@given(texts, st.sampled_from([1, 5, 17, 1 << 20]))
@example('11"é\n1\r1,,', 5)
@example('"111\r1,,\r"é', 5)
# A cell of several lines, the last of which looks like the start of another.
@example('\r,",;;"\n;bb\n",b\ra\r111"\n;', 5)
@example('\n"\n,,a\r\r\r",,b\n11\r"a",;,b"\na,\n\r\n,a\r"\n,\n;1', 17)
# A quote that ends a ragged line, where the next one seems to open a cell.
@example('";\n,\né,,"\n\n\r"\n""b;1\ré,aé\n1\n""\n\n"\na1\n,1",', 5)
@example(',b1\n",aéb\n\ré,b,\n\r,",""\r"b,é;é\n"', 5)
@example(',,\rb,\r;b\n"11\rab,1,\r"\n1,', 5)
def test_any_text_is_read_alike_on_both_paths_and_in_any_blocks(tmp_path_factory, text, size):
    path = tmp_path_factory.mktemp("csv") / "calls.csv"
    path.write_bytes(b"ClientId,DateTime,Tag\n" + text.encode())
    whole = read(path)
    before, reader.BLOCK_SIZE = reader.BLOCK_SIZE, size
    try:
        fast, exact = read(path), read(path, exact_only=True)
    finally:
        reader.BLOCK_SIZE = before
    assert fast[1] == exact[1] == whole[1]
    assert fast[3] == exact[3] == whole[3]
    assert in_order(fast[2]) == in_order(exact[2]) == in_order(whole[2])


def in_order(findings):
    """In the order of the pipeline."""
    return sorted((row["place"], str(row)) for row in findings)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_with_a_sentence(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("csv") / "calls.csv"
    path.write_bytes(data)

    with contextlib.suppress(SourceError, LimitError):
        read(path)


columns = st.lists(st.tuples(*[st.text(st.sampled_from('a1,"\n é'), max_size=5)] * 3), min_size=1, max_size=9)


@given(columns)
def test_the_writer_writes_as_the_csv_module_and_reading_gives_the_same_cells(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "out.csv"
    names = ("ClientId", "DateTime", "Tag")
    table = pa.table([pa.array(column, pa.string()) for column in zip(*rows, strict=True)], list(names))
    with CanonicalWriter(path, force=False) as writer:
        writer.write(table)
        writer.close()

    used = [name for name in names if name in {"ClientId", "DateTime"} or any(table[name].to_pylist())]
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow(used)
    csv.writer(stream, lineterminator="\n").writerows(zip(*(table[name].to_pylist() for name in used), strict=True))
    assert path.read_bytes().decode() == stream.getvalue()


def test_only_columns_that_hold_something_are_written(tmp_path):
    path = tmp_path / "out.csv"
    with CanonicalWriter(path, force=False) as writer:
        writer.write(pa.table({"DateTime": ["1"], "Tag": [""], "UserId": ["u"]}))
        writer.write(pa.table({"DateTime": ["2"], "URL": ["https://example.com/"]}))
        writer.write(pa.table({name: pa.array([], pa.string()) for name in FIELD_NAMES}))
        writer.close()

    assert path.read_text(encoding="utf-8") == "UserId,DateTime,URL\nu,1,\n,2,https://example.com/\n"


def test_outputs_are_refused_before_anything_is_written(tmp_path):
    there = tmp_path / "there.csv"
    there.write_text("mine", encoding="utf-8")
    (tmp_path / "link.csv").symlink_to(there)
    (tmp_path / "hard.csv").hardlink_to(there)

    for place, key in [
        (there, "output-exists"),
        (tmp_path / "link.csv", "output-link"),
        (tmp_path, "output-folder"),
        (tmp_path / "none" / "x.csv", "output-no-folder"),
    ]:
        with pytest.raises(OutputError) as refused, AtomicFile(place, force=False):
            pass
        assert refused.value.key == key
    for same in (there, tmp_path / "THERE.csv", tmp_path / "hard.csv", tmp_path / "link.csv"):
        with pytest.raises(OutputError):
            refuse_same_files([same], [there])
    refuse_same_files([tmp_path / "other.csv"], [there])
    assert there.read_text(encoding="utf-8") == "mine"


def test_nothing_is_left_behind_when_writing_stops(tmp_path):
    with contextlib.suppress(KeyboardInterrupt), CanonicalWriter(tmp_path / "out.csv", force=False) as writer:
        writer.write(pa.table({"DateTime": ["1"]}))
        raise KeyboardInterrupt
    with contextlib.suppress(ValueError), AtomicFile(tmp_path / "b.csv", force=False) as stream:
        stream.write(b"half")
        raise ValueError

    assert list(tmp_path.iterdir()) == []


def test_a_place_taken_meanwhile_is_not_overwritten(tmp_path):
    path = tmp_path / "out.csv"
    beside = AtomicFile(path, force=False)
    with beside as stream:
        stream.write(b"ours")
        path.write_text("theirs", encoding="utf-8")
        with pytest.raises(OutputError):
            beside.commit()

    assert [one.name for one in tmp_path.iterdir()] == ["out.csv"]
    assert path.read_text(encoding="utf-8") == "theirs"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    with AtomicFile(pipe, force=False) as stream:
        stream.write(b"calls")

    assert os.read(reader, 100) == b"calls"
    assert pipe.is_fifo()
    assert [one.name for one in tmp_path.iterdir()] == ["pipe.csv"]
    os.close(reader)


def test_a_file_is_on_the_disk_before_it_appears_and_its_name_behind_it(tmp_path, monkeypatch):
    path, steps, fsync = tmp_path / "out.csv", [], os.fsync

    def watched(handle):
        there = os.fstat(handle)
        steps.append(
            (stat.S_ISDIR(there.st_mode), there.st_size if stat.S_ISREG(there.st_mode) else None, path.exists())
        )
        fsync(handle)

    monkeypatch.setattr(os, "fsync", watched)

    with AtomicFile(path, force=False) as stream:
        stream.write(b"a,b\n")

    assert steps == [(False, 4, False), (True, None, True)]
