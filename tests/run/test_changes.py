"""The file of changes: each rewritten cell once, and together with the source it makes the output."""

import csv
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest

from calltools.files.folders import find_files
from calltools.run import ChangesSink, ConversionSink, InputFile, RunOptions, Session, is_own_file, resolve
from tests.conftest import NOW

SAMPLES = Path(__file__).parent.parent.parent / "samples"
UNTIDY = """\
 ClientID ;datetime;PhoneNumber;Price;StaticCall
1604591025698235234;12.03.2026 10:00;8 (495) 000-11-01;1 500,50;нет
;12.03.2026 10:01;+7 495 000-11-02;;1
1604591025698235236;;+74950001103;;0
1604591025698235237;1773298920;+74950001104;10.00;0
"""


def convert(path, folder, *, changes=True, all_or_nothing=False, **options):
    """The summary of a conversion, the records of its output, and those of the file of changes."""
    context = resolve(RunOptions(as_of=NOW + 10**6, **options))
    target = folder / "changes.csv" if changes else None
    with (
        ConversionSink(folder / "out.csv", all_or_nothing=all_or_nothing) as converted,
        ChangesSink(target, all_or_nothing=all_or_nothing) as sink,
    ):
        [summary] = Session([InputFile(path, path.name, context)], [sink, converted], converting=True).run()
    return summary, read(folder / "out.csv"), read(folder / "changes.csv"), sink.kinds


def read(path):
    return list(csv.DictReader(StringIO(path.read_text(encoding="utf-8"), newline=""))) if path.exists() else None


@pytest.fixture
def untidy(tmp_path):
    path = tmp_path / "untidy.csv"
    path.write_text(UNTIDY, encoding="utf-8")
    return path


def test_each_rewritten_cell_of_a_written_record_is_a_line(untidy, tmp_path):
    summary, _, changes, _ = convert(untidy, tmp_path, timezone="Europe/Moscow", region="RU", currency="RUB")

    assert summary.rejected == 1
    assert [tuple(one.values())[1:] for one in changes] == [
        ("1", "2", "DateTime", "datetime", "12.03.2026 10:00", "1773298800", "datetime-not-unix"),
        ("1", "2", "StaticCall", "StaticCall", "нет", "0", "flag-not-0-or-1"),
        ("1", "2", "Price", "Price", "1 500,50", "1500.50", "price-not-decimal"),
        ("1", "2", "Currency", "", "", "RUB", "option"),
        ("1", "2", "PhoneNumber", "PhoneNumber", "8 (495) 000-11-01", "+74950001101", "phone-not-international"),
        ("2", "3", "DateTime", "datetime", "12.03.2026 10:01", "1773298860", "datetime-not-unix"),
        ("2", "3", "PhoneNumber", "PhoneNumber", "+7 495 000-11-02", "+74950001102", "phone-with-punctuation"),
        ("4", "5", "Currency", "", "", "RUB", "option"),
    ]


def test_the_kinds_have_their_first_change_redacted(untidy, tmp_path):
    _, _, changes, kinds = convert(untidy, tmp_path, changes=False, timezone="Europe/Moscow", region="RU")

    assert changes is None
    found = {(kind.field, kind.why): (first.count, first.place) for kind, first in kinds.items()}
    assert found[("DateTime", "datetime-not-unix")] == (2, 2)
    assert found[("PhoneNumber", "phone-with-punctuation")] == (1, 3)
    assert not any("000110" in text for first in kinds.values() for text in first.cells.values())


def test_nothing_is_said_of_records_that_are_held_back(untidy, tmp_path):
    _, out, changes, kinds = convert(untidy, tmp_path, all_or_nothing=True, timezone="Europe/Moscow", region="RU")

    assert (out, changes, kinds) == (None, None, {})


def test_a_file_that_breaks_off_ends_no_other(untidy, tmp_path):
    """Rejects of two exports in one file are refused at the second header."""
    broken = tmp_path / "rejects.csv"
    rejects = "calltools_codes,calltools_place,ClientId,DateTime\nCT201,2,1604591025698235238,1773298921\n"
    broken.write_text(rejects * 2, encoding="utf-8")
    context = resolve(RunOptions(as_of=NOW + 10**6, timezone="Europe/Moscow", region="RU"))

    with ConversionSink(tmp_path / "out.csv") as converted, ChangesSink(tmp_path / "changes.csv") as changes:
        files = [InputFile(path, path.name, context) for path in (untidy, broken)]
        good, unreadable = Session(files, [changes, converted], converting=True).run()

    assert (good.error is None, unreadable.error is None) == (True, False)
    assert len(read(tmp_path / "out.csv")) == good.written == 3
    assert {one["file"] for one in read(tmp_path / "changes.csv")} == {"untidy.csv"}


def test_the_changes_of_a_file_that_breaks_off_are_taken_back(tmp_path):
    with ChangesSink(tmp_path / "changes.csv") as sink:
        for name, before in (("good.csv", "нет"), ("broken.csv", "да"), ("last.csv", "0")):
            sink.start_file(name, None)
            sink.write_by_hand([(1, 2, "StaticCall", before, "1")])
            if name == "broken.csv":
                sink.drop_file()
        sink.close([])

    assert [(one["file"], one["before"]) for one in read(tmp_path / "changes.csv")] == [
        ("good.csv", "нет"),
        ("last.csv", "0"),
    ]


def test_a_joined_identifier_is_a_change(untidy, tmp_path):
    second = tmp_path / "crm.csv"
    second.write_text("phone,time,ClientId\n+74950001102,1773298000,1604591025698235299\n", encoding="utf-8")

    _, out, changes, _ = convert(untidy, tmp_path, timezone="Europe/Moscow", region="RU", identifiers=second)

    assert out[1]["ClientId"] == "1604591025698235299"
    [joined] = [one for one in changes if one["column"] == "ClientId"]
    assert (joined["record"], joined["before"], joined["why"]) == ("2", "", "identifiers")


def test_changes_in_a_folder_are_no_input(untidy, tmp_path):
    convert(untidy, tmp_path, timezone="Europe/Moscow", region="RU")
    resaved = b"\xef\xbb\xbf" + (tmp_path / "changes.csv").read_bytes().replace(b"\n", b"\r\n")
    (tmp_path / "changes by Excel.csv").write_bytes(resaved)
    (tmp_path / "other.csv").write_text("file,record,place,column\na.csv,1,2,Price\n", encoding="utf-8")

    found = find_files([str(tmp_path)], others=[], is_own=is_own_file)

    assert [one.path.name for one in found.files] == ["other.csv", "out.csv", "untidy.csv"]
    assert found.left_out[str(tmp_path)] == {"own": 2}


@pytest.mark.parametrize("name", ["mango", "uis", "freepbx", "sipuni", "calltouch"])
def test_source_and_changes_make_the_output(name, tmp_path):
    """What a field is read from, with its changes applied, is what was written, in each record and each such field."""
    [path] = (SAMPLES / name).glob("export.*")
    given = (SAMPLES / name / "options").read_text(encoding="utf-8").split()
    named = zip(given[::2], given[1::2], strict=True)
    options = {name.removeprefix("--").replace("-", "_"): value for name, value in named}

    summary, out, changes, kinds = convert(path, tmp_path, **options)

    assert changes
    assert Counter((one["column"], one["why"]) for one in changes) == {
        (kind.field, kind.why): first.count for kind, first in kinds.items()
    }
    by_record: dict[str, dict[str, str]] = {}
    for one in changes:
        assert one["before"] != one["after"]
        by_record.setdefault(one["record"], {})[one["column"]] = one["after"]
    assert len({*by_record}) <= summary.written
    written = [frozenset(record.items()) for record in out]
    for cells in by_record.values():
        shown = {(field, after) for field, after in cells.items() if after or field in out[0]}
        assert any(shown <= record for record in written)
