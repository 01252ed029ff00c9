"""The whole pipeline: counts add up, and the answer depends on nothing but the file."""

import contextlib
import csv
import io
import random

import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import calltools
from calltools import pipeline
from calltools.cli.app import app
from calltools.errors import SourceError, UsageError
from calltools.fields.table import FIELD_NAMES
from calltools.files.csv import reader
from tests.conftest import NOW

GOOD = {
    "ClientId": "1604591025698235234",
    "DateTime": str(NOW - 86_400),
    "PhoneNumber": "+442079460000",
    "TalkDuration": "30",
    "CallMissed": "0",
    "Tag": "заявка",
    "URL": "https://example.com/",
}
ODD = {
    "ClientId": ["1.60459E+18", "160459102569823523x", "", "1604591025698230000", "12345678.1604591025"],
    "DateTime": ["", "02.03.2026 10:00", "1772434800000", str(NOW + 10_000), "0", str(NOW - 30 * 86_400)],
    "PhoneNumber": ["8 (495) 000-00-00", "anonymous", "+7965", "+7 495 000 00 00", ""],
    "TalkDuration": ["00:01:00", "-1", "999999", "0"],
    "CallMissed": ["да", "1", "2"],
    "Tag": ["(not set)", "=1+1", 'with "quotes", commas\nand lines', " ", "NUL\x00"],
    "URL": ["example.com", "https://a:b@example.com/", "https://пример.рф/", " https://example.com/"],
}


def as_csv(rows, header=None):
    stream = io.StringIO()
    writer = csv.DictWriter(stream, header or list(GOOD), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def some_rows(count, seed=0):
    choose = random.Random(seed)  # noqa: S311 - sample calls, not secrets
    rows = []
    for _ in range(count):
        row = dict(GOOD)
        for name in choose.sample(list(ODD), choose.choice([0, 0, 0, 1, 2])):
            row[name] = choose.choice(ODD[name])
        rows.append(row)
    return rows


def facts(result):
    return [(one.code, one.severity, one.record, one.line, one.column, one.value, one.fix) for one in result.findings]


@pytest.fixture
def write(tmp_path):
    def written(text, name="calls.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return written


def test_a_good_file_has_no_finding(write):
    result = calltools.validate(write(as_csv([GOOD | {"DateTime": str(NOW - n)} for n in range(50)])), as_of=NOW)

    assert result.findings == ()
    assert result.summary.read == 50


def test_every_odd_cell_is_found_at_its_line(write):
    rows = [GOOD | {"DateTime": str(NOW - n)} for n in range(20)]
    rows[7] |= {"PhoneNumber": "8 (495) 000-00-00"}

    (finding,) = calltools.validate(write(as_csv(rows)), as_of=NOW).findings

    assert (finding.code, finding.record, finding.line, finding.column) == ("CT241", 8, 9, "PhoneNumber")
    assert "000-00-00" not in str(finding)


def test_the_fast_path_and_the_schema_alone_give_the_same_findings(write):
    path = write(as_csv(some_rows(3000)))

    fast = calltools.validate(path, as_of=NOW)
    slow = calltools.validate(path, as_of=NOW, exact_only=True)

    assert facts(fast) == facts(slow)
    assert fast.summary.by_code["CT241"]


@pytest.mark.parametrize("block_size", [64, 1000, 10_000])
def test_block_size_does_not_change_the_answer(write, monkeypatch, block_size):
    path = write(as_csv(some_rows(400)))
    whole = facts(calltools.validate(path, as_of=NOW))

    monkeypatch.setattr(reader, "BLOCK_SIZE", block_size)

    assert facts(calltools.validate(path, as_of=NOW)) == whole


@pytest.mark.parametrize(
    "last",
    ["22/02/2026 10:00", "02/22/2026 10:00", "22.02.2026 10:00", "2026-02-03 10:00:00", "02.22.2026 10:00"],
)
@pytest.mark.parametrize(
    "first",
    ["02/03/2026 {:02}:00", "02.03.2026 {:02}:00", "2026-03-02 {:02}:00:00", "22/02/2026 {:02}:00", "17724348{:02}"],
)
@pytest.mark.parametrize("tag", ["10.12.2026/3", 'обед "у Анны"'])
def test_dates_tell_their_order_wherever_they_stand(write, monkeypatch, first, last, tag):
    rows = [GOOD | {"DateTime": first.format(hour % 24), "Tag": tag} for hour in range(60)]
    path = write(as_csv([*rows, GOOD | {"DateTime": last}]))
    options = {"as_of": NOW, "timezone": "Europe/Moscow"}
    whole = facts(calltools.validate(path, **options))

    monkeypatch.setattr(reader, "BLOCK_SIZE", 1000)

    assert facts(calltools.validate(path, **options)) == whole


@pytest.mark.parametrize("tag", ["заявка", 'обед "у Анны"'])
def test_records_are_read_once_if_no_other_date_can_change_what_their_dates_show(write, monkeypatch, tag):
    parsed, parse = [], pyarrow.csv.read_csv
    monkeypatch.setattr(reader, "BLOCK_SIZE", 1000)
    monkeypatch.setattr(pyarrow.csv, "read_csv", lambda *given: parsed.append(given) or parse(*given))

    def count_blocks(time):
        parsed.clear()
        rows = [GOOD | {"DateTime": time.format(hour % 24), "Tag": tag} for hour in range(200)]
        calltools.validate(write(as_csv(rows)), as_of=NOW, timezone="Europe/Moscow")
        return len(parsed)

    assert count_blocks("02/03/2026 {:02}:00") <= count_blocks("02/03/20260 {:02}:00") + 1


def test_a_near_clean_file_is_judged_in_few_calls(write, monkeypatch):
    from calltools.validation.pandera_schema import PanderaSchema  # noqa: PLC0415 - heavy

    calls, judge = [], PanderaSchema.failed_checks
    monkeypatch.setattr(
        PanderaSchema, "failed_checks", lambda self, *given: calls.append(len(given[0]["Tag"])) or judge(self, *given)
    )
    monkeypatch.setattr(reader, "BLOCK_SIZE", 20_000)
    monkeypatch.setattr("calltools.workers.groups._IDLE_GROUP_RECORDS", 600)
    monkeypatch.setattr("calltools.workers.groups._MAX_RECORDS_PER_GROUP", 600)
    rows = [GOOD | {"DateTime": str(NOW - 100 - n)} for n in range(2_000)]
    path = write(as_csv([GOOD | {"Price": "12,50"}, *rows, GOOD | {"Price": "1,50"}], [*GOOD, "Price"]))

    result = calltools.validate(path, as_of=NOW)

    assert [one.record for one in result.findings if one.code == "CT221"] == [1, 2_002]
    assert calls == [2]


def test_the_order_of_columns_changes_nothing(write):
    rows = some_rows(300)
    turned = list(reversed(list(GOOD)))

    one = calltools.validate(write(as_csv(rows)), as_of=NOW)
    other = calltools.validate(write(as_csv(rows, turned), "turned.csv"), as_of=NOW)

    assert sorted(map(str, facts(one))) == sorted(map(str, facts(other)))


def test_counts_add_up_and_a_converted_file_is_clean(write, tmp_path):
    path, output = write(as_csv(some_rows(500))), tmp_path / "out.csv"

    result = calltools.convert(path, output, as_of=NOW, timezone="Europe/Moscow", region="RU")

    assert result.summary.adds_up
    assert result.summary.written > 300
    again = calltools.validate(output, as_of=NOW)
    assert not again.summary.by_severity["error"]
    assert again.summary.read == result.summary.written


def test_converting_twice_changes_nothing(write, tmp_path):
    first, second = tmp_path / "one.csv", tmp_path / "two.csv"
    calltools.convert(write(as_csv(some_rows(200))), first, as_of=NOW, region="RU")

    calltools.convert(first, second, as_of=NOW)

    assert second.read_bytes() == first.read_bytes()


@pytest.mark.parametrize("size", [1, 7])
def test_repeated_records_have_the_same_findings_in_chunks_of_any_size(write, tmp_path, monkeypatch, size):
    path, reports = write(as_csv(some_rows(40) * 2)), []
    for name in ("all", "some"):
        report = tmp_path / f"{name}.jsonl"
        assert CliRunner().invoke(app, ["validate", str(path), "--as-of", str(NOW), "--report", str(report)]).exit_code
        reports.append(report.read_text(encoding="utf-8").splitlines())
        monkeypatch.setattr(pipeline, "CLOSING_FINDINGS_PER_EMIT", size)

    assert sum('"CT401"' in line for line in reports[0]) > size
    assert reports[1] == reports[0]


@given(st.lists(st.fixed_dictionaries({name: st.sampled_from([GOOD[name], *ODD[name]]) for name in GOOD}), max_size=12))
def test_both_paths_agree_on_any_records(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("any") / "calls.csv"
    path.write_text(as_csv(rows), encoding="utf-8")

    assert facts(calltools.validate(path, as_of=NOW)) == facts(calltools.validate(path, as_of=NOW, exact_only=True))


@given(st.binary(max_size=400))
def test_any_bytes_give_a_result_or_a_typed_error(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "calls.csv"
    path.write_bytes(data)

    with contextlib.suppress(SourceError, UsageError):
        assert calltools.validate(path, as_of=NOW, vendor="none").summary.adds_up


def test_blank_records_between_records_are_named_and_trailing_ones_are_not(write):
    lines = as_csv([GOOD | {"DateTime": str(NOW - n)} for n in range(4)]).splitlines()
    lines[2:2] = ["", "," * (len(GOOD) - 1)]

    result = calltools.validate(write("\n".join([*lines, "", "", ""])), as_of=NOW)

    assert [(one.code, one.line, one.last_line, one.record) for one in result.findings] == [("CT009", 3, 4, None)]
    assert result.summary.read == 4


def test_a_header_alone_is_no_records(write):
    assert [one.code for one in calltools.validate(write(",".join(FIELD_NAMES) + "\n")).findings] == ["CT002"]


def test_an_empty_file_is_a_finding(write):
    assert [one.code for one in calltools.validate(write(b"")).findings] == ["CT001"]


def test_a_table_keeps_text_from_end_to_end(write, tmp_path):
    long = GOOD | {"ClientId": "18446744073709551615", "Price": "0.10"}
    output = tmp_path / "out.csv"

    calltools.convert(write(as_csv([long], [*GOOD, "Price"])), output, as_of=NOW)

    table = pa.csv.read_csv(output, convert_options=pa.csv.ConvertOptions(column_types={"ClientId": pa.string()}))
    assert table["ClientId"].to_pylist() == ["18446744073709551615"]
    assert ",0.10," in output.read_text(encoding="utf-8")
