"""Files recognized by their content; files named by an argument."""

import gzip
import io
import os
import zipfile
from pathlib import Path

import pytest

from calltools.errors import SourceError
from calltools.files.folders import FoundFile, find_files
from calltools.files.inputs import INPUTS
from calltools.files.opening import copy_stdin, open_table, sniff_format
from calltools.model.batch import HeaderGuess, Hints


def judge(rows):
    return HeaderGuess(0, 1)


def ole(*names):
    """An OLE file as far as its directory."""
    entries = b"".join(name.encode("utf-16-le").ljust(128, b"\0") for name in ("Root Entry", *names))
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0") + entries


def zipped(*names):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        for name in names:
            package.writestr(name, "<a/>")
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param(b"", "text", id="nothing"),
        pytest.param(b"a,b\n1,2\n", "text", id="csv"),
        pytest.param(b"[Date],Phone\n", "text", id="csv that begins with a bracket"),
        pytest.param(b"{Date},Phone\n", "text", id="csv that begins with a brace"),
        pytest.param("дата;телефон\n".encode("cp1251"), "text", id="cp1251"),
        pytest.param("дата;телефон\n".encode("utf-16"), "text", id="utf-16"),
        pytest.param(b'[{"a":1}]', "json", id="list"),
        pytest.param(b'\xef\xbb\xbf \n[ {"a":1}]', "json", id="list behind a mark and space"),
        pytest.param(b"[];1772434800;1772434860\n", "text", id="csv whose first cell is an empty list"),
        pytest.param(b"[]\r\n", "json", id="empty list"),
        pytest.param(b'{"a":1}', "json", id="object"),
        pytest.param('{"a":1}'.encode("utf-16-le"), "json", id="object in utf-16-le"),
        pytest.param('{"a":1}'.encode("utf-16-be"), "json", id="object in utf-16-be"),
        pytest.param('[{"a":1}]'.encode("utf-16"), "json", id="list in utf-16"),
        pytest.param(zipped("[Content_Types].xml", "xl/workbook.xml"), "xlsx", id="xlsx"),
        pytest.param(zipped("[Content_Types].xml", "book/workbook.xml"), "xlsx", id="xlsx of another producer"),
        pytest.param(zipped("[Content_Types].xml", "xl/workbook.bin"), "xlsb", id="xlsb"),
        pytest.param(zipped("mimetype", "content.xml"), "ods", id="ods"),
        pytest.param(ole("Workbook"), "xls", id="xls"),
        pytest.param(ole("Book"), "xls", id="xls of 1995"),
    ],
)
def test_the_content_decides_the_form_of_a_file(tmp_path, content, kind):
    path = tmp_path / "export.xls"
    path.write_bytes(content)

    assert sniff_format(path, "export.xls") == kind


SPREADSHEET = b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">'


@pytest.mark.parametrize(
    ("content", "key", "what"),
    [
        pytest.param(b"<html><table>", "source-html", None, id="html"),
        pytest.param(b"\n <TABLE border=1>", "source-html", None, id="table of html"),
        pytest.param("<!DOCTYPE html>".encode("utf-16"), "source-html", None, id="html in utf-16"),
        pytest.param(b'<?xml version="1.0"?><html xmlns="x">', "source-html", None, id="xhtml"),
        pytest.param(b"MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\n", "source-mhtml", None, id="mhtml"),
        pytest.param(SPREADSHEET, "source-xml-spreadsheet", None, id="xml spreadsheet"),
        pytest.param(b'<?xml version="1.0"?><calls/>', "source-other", "XML", id="other xml"),
        pytest.param(b"%PDF-1.7", "source-other", "PDF", id="pdf"),
        pytest.param(b"{\\rtf1", "source-other", "RTF", id="rtf"),
        pytest.param(b"\x89PNG\r\n", "source-other", "PNG", id="picture"),
        pytest.param(gzip.compress(b"a,b\n"), "source-archive", "gzip", id="gzip"),
        pytest.param(zipped("calls.csv"), "source-archive", "zip", id="zip"),
        pytest.param(zipped("[Content_Types].xml", "word/document.xml"), "source-other", "Word", id="docx"),
        pytest.param(b"PK\x03\x04 cut off", "workbook-damaged", None, id="cut zip"),
        pytest.param(ole("EncryptedPackage", "Workbook"), "workbook-password", None, id="password"),
        pytest.param(ole("WordDocument"), "source-other", "Word", id="doc"),
        pytest.param(ole("Else"), "source-ole", None, id="other ole"),
        pytest.param(ole() + b"\1" + "Workbook".encode("utf-16-le").ljust(127, b"\0"), "source-ole", None, id="ole"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_named_with_advice(tmp_path, content, key, what):
    path = tmp_path / "export.xls"
    path.write_bytes(content)

    with pytest.raises(SourceError) as fault:
        open_table(path, "export.xls", Hints(), judge)

    assert (fault.value.key, fault.value.facts.get("what")) == (key, what or fault.value.facts.get("what"))
    assert "export.xls" in str(fault.value)


def test_an_xls_of_one_stream_that_is_broken_is_damaged(tmp_path):
    path = tmp_path / "export.xls"
    path.write_bytes(ole("Workbook"))

    with pytest.raises(SourceError) as fault:
        open_table(path, "export.xls", Hints(), judge)

    assert fault.value.key in {"workbook-damaged", "workbook-memory"}


def test_json_is_opened_by_content(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text('[{"a": 1}]', encoding="utf-8")

    assert open_table(path, "export.csv", Hints(), judge).source.format is INPUTS["json"].format


def test_text_named_xls_is_read_as_text(tmp_path):
    path = tmp_path / "export.xls"
    path.write_text("DateTime,Tag\n1,a\n", encoding="utf-8")

    table = open_table(path, "export.xls", Hints(), judge)

    assert (table.source.format, table.titles) == (INPUTS["csv"].format, ("DateTime", "Tag"))


@pytest.mark.parametrize(
    ("make", "key"),
    [
        pytest.param(lambda _: None, "file-missing", id="missing"),
        pytest.param(lambda path: path.mkdir(), "file-folder", id="folder"),
        pytest.param(os.mkfifo, "file-special", id="pipe"),
        pytest.param(lambda path: path.symlink_to(path), "file-unreadable", id="link to itself"),
    ],
)
def test_what_is_no_file_is_refused(tmp_path, make, key):
    path = tmp_path / "calls.csv"
    make(path)

    with pytest.raises(SourceError) as fault:
        open_table(path, "calls.csv", Hints(), judge)

    assert fault.value.key == key


def test_a_name_that_no_file_can_have_is_refused(tmp_path):
    with pytest.raises(SourceError) as fault:
        open_table(tmp_path / "a\0b", "a", Hints(), judge)

    assert fault.value.key in {"file-unreadable", "file-missing"}


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that opens and cannot be read")
def test_a_truncated_file_is_refused_with_a_sentence():
    with pytest.raises(SourceError) as fault:
        open_table(Path("/proc/self/mem"), "calls.csv", Hints(), judge)

    assert fault.value.key == "file-unreadable"


def test_a_folder_means_the_tables_in_it(tmp_path):
    for name in ("b.CSV", "a.xlsx", "~$a.xlsx", ".~lock.a.xlsx#", "notes.md", "c.jsonl"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    (tmp_path / "inner.csv").mkdir()

    found = find_files([str(tmp_path), str(tmp_path / "no.csv"), str(tmp_path / "a.xlsx")])

    assert [one.path.name for one in found.files] == ["a.xlsx", "b.CSV", "c.jsonl", "no.csv", "a.xlsx"]
    assert all(str(one.path) == one.name for one in found.files)
    assert found.taken == {str(tmp_path): 3}
    assert found.left_out == {str(tmp_path): {"lock": 2, "other": 1, "folder": 1}}


def test_hidden_files_and_what_the_command_names_for_something_else_are_not_taken(tmp_path):
    for name in ("a.csv", "._a.csv", ".hidden.csv", "out.csv", "second.csv"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    (tmp_path / "link.csv").symlink_to(tmp_path / "out.csv")
    (tmp_path / "nowhere.csv").symlink_to(tmp_path / "gone.csv")

    others = [tmp_path / "out.csv", tmp_path / "second.csv", tmp_path / "new.csv"]
    found = find_files([str(tmp_path)], others=others, is_own=lambda path: path.name == "a.csv")

    assert found.left_out == {str(tmp_path): {"hidden": 2, "named": 3, "other": 1, "own": 1}}
    assert found.files == [FoundFile(tmp_path, str(tmp_path))]


def test_a_hidden_file_that_is_named_is_taken_and_a_lock_file_only_alone(tmp_path):
    hidden, lock = str(tmp_path / ".a.csv"), str(tmp_path / "~$a.xlsx")

    assert find_files([hidden, lock]).files == [FoundFile(Path(hidden), hidden)]
    assert find_files([hidden, lock]).left_out == {str(tmp_path): {"lock": 1}}
    assert find_files([lock]).files == [FoundFile(Path(lock), lock)]


def test_a_folder_without_tables_stays_to_be_reported(tmp_path):
    assert find_files([str(tmp_path)]).files == [FoundFile(tmp_path, str(tmp_path))]


def test_standard_input_is_copied_and_the_copy_goes_away():
    with copy_stdin(io.BytesIO(b"a,b\n" * 10)) as path:
        assert path.read_bytes() == b"a,b\n" * 10
        assert path.parent.stat().st_mode & 0o077 == 0

    assert not path.exists()
