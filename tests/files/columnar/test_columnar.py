"""Parquet and Arrow: typed columns as text, and the same answer as for the table in a CSV."""

import csv
import io
import json
import random
import uuid
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

import calltools
from calltools.errors import LimitError, SourceError
from calltools.files.columnar import child
from calltools.files.columnar.cells import format_column, lossy_cells
from calltools.files.columnar.reader import open_columnar
from calltools.files.inputs import OpenRequest
from calltools.files.limits import Limits
from calltools.files.opening import sniff_format
from calltools.model.batch import HeaderGuess, Hints
from tests.test_samples import SAMPLES

CALLS = {
    "DateTime": ["1772434800", "1772438400", "1772434800", "1772442000", "", "1772445600"],
    "PhoneNumber": ["+74950001234", "8 (495) 000-12-35", "+74950001234", "+74950001236", "+74950001237", ""],
    "ClientId": ["133591247640966458", "133591247640966459", "133591247640966458", "1.33591E+17", "1", ""],
    "Tag": ["a,b", 'quoted "word"', "a,b", "line\nbreak", "", " blank "],
}
AS_OF = 1_772_496_000


def write_parquet(path, table):
    pq.write_table(table, path, row_group_size=2)


def write_file(path, table):
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


def write_stream(path, table):
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(path, table.schema, options=options) as writer:
        writer.write_table(table)


WRITERS = {"parquet": write_parquet, "arrow file": write_file, "arrow stream": write_stream}


def read(path, limits=Limits(), identifiers=()):  # noqa: B008 - frozen
    form = sniff_format(path, path.name)
    request = OpenRequest(
        path, path.name, Hints(), lambda _: HeaderGuess(None, 0), limits, False, identifiers.__contains__, form
    )
    table = open_columnar(request)
    return table, [task() for task in table.tasks()]


def rows(batches):
    return [tuple(row.values()) for batch in batches for row in batch.columns.to_pylist()]


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        pytest.param(pa.array([2**63 - 1, None, -5]), ["9223372036854775807", "", "-5"], id="whole numbers"),
        pytest.param(pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615"], id="without a sign"),
        pytest.param(pa.array([True, None, False]), ["1", "", "0"], id="booleans are flags"),
        pytest.param(
            pa.array([74950001234.0, None, 0.1, 1e22, -0.0, 1234.5]),
            ["74950001234", "", "0.1", "1" + "0" * 22, "0", "1234.5"],
            id="doubles as in a workbook",
        ),
        pytest.param(pa.array([0.1, 75.0], pa.float32()), ["0.1", "75"], id="floats keep their digits"),
        pytest.param(pa.array([Decimal("1234.50")], pa.decimal128(10, 2)), ["1234.50"], id="decimals keep their scale"),
        pytest.param(pa.array([Decimal("0.0000001")], pa.decimal128(38, 7)), ["0.0000001"], id="no exponent"),
        pytest.param(pa.array([Decimal(10**37 + 1)], pa.decimal256(60, 0)), [str(10**37 + 1)], id="long decimals"),
        pytest.param(pa.array([date(2026, 3, 2), None]), ["2026-03-02", ""], id="dates"),
        pytest.param(pa.array([date(2026, 3, 2)], pa.date64()), ["2026-03-02"], id="dates in milliseconds"),
        pytest.param(
            pa.array([1_772_445_600, None], pa.timestamp("s")),
            ["2026-03-02 10:00:00", ""],
            id="wall-clock times",
        ),
        pytest.param(
            pa.array([1_772_434_800_250, -500], pa.timestamp("ms")),
            ["2026-03-02 07:00:00.25", "1969-12-31 23:59:59.5"],
            id="fractions of a second",
        ),
        pytest.param(
            pa.array([1_772_434_800], pa.timestamp("s", tz="Europe/Moscow")),
            ["2026-03-02 07:00:00+00:00"],
            id="moments with their offset",
        ),
        pytest.param(pa.array([75], pa.time32("s")), ["00:01:15"], id="times of day"),
        pytest.param(pa.array([75_500_000], pa.time64("us")), ["00:01:15.5"], id="times of day with a fraction"),
        pytest.param(
            pa.array([timedelta(hours=30, seconds=1), timedelta(seconds=-75), None]),
            ["30:00:01", "-00:01:15", ""],
            id="durations",
        ),
        pytest.param(pa.array(["a", None, "a"]).dictionary_encode(), ["a", "", "a"], id="dictionary"),
        pytest.param(
            pa.DictionaryArray.from_arrays(pa.array([0, 1]), pa.array([5.0, None, 1.0, 2.0])),
            ["5", ""],
            id="of doubles",
        ),
        pytest.param(pa.array(["a", None], pa.large_string()), ["a", ""], id="large text"),
        pytest.param(pa.array(["a", None], pa.string_view()), ["a", ""], id="text views"),
        pytest.param(pa.array(["ж".encode(), None]), ["ж", ""], id="bytes that are text"),
        pytest.param(pa.array([b"ab"], pa.binary(2)), ["ab"], id="bytes of one length"),
        pytest.param(pa.array([["a", "б"], None, []]), ['["a","б"]', "", "[]"], id="lists as in JSON"),
        pytest.param(
            pa.array([[("k", [b"x"])]], pa.map_(pa.string(), pa.list_(pa.binary()))), ['{"k":["x"]}'], id="maps"
        ),
        pytest.param(pa.array([[date(2026, 3, 2)]]), ['["2026-03-02"]'], id="dates in lists"),
        pytest.param(
            pa.array([[1_772_434_800_000_000_001], None, []], pa.list_(pa.timestamp("ns", "Europe/Moscow"))),
            ['["2026-03-02 07:00:00.000000001+00:00"]', "", "[]"],
            id="moments in lists",
        ),
        pytest.param(
            pa.array(
                [[{"at": 1_772_434_800, "n": 1}, None]], pa.list_(pa.struct({"at": pa.timestamp("s"), "n": "i8"}))
            ),
            ['[{"at":"2026-03-02 07:00:00","n":1},null]'],
            id="objects in lists",
        ),
        pytest.param(
            pa.array([[1, 2], None, [3, None]], pa.list_(pa.int8(), 2)).slice(1), ["", "[3,null]"], id="part of lists"
        ),
        pytest.param(pa.array([[1], None], pa.list_view(pa.int8())), ["[1]", ""], id="views of lists"),
        pytest.param(
            pa.array([[(1, "a"), (1, "b")], [(1, "c")]], pa.map_(pa.int8(), pa.string())),
            ['[[1,"a"],[1,"b"]]', '{"1":"c"}'],
            id="a key of a map twice",
        ),
        pytest.param(pa.nulls(2), ["", ""], id="no type"),
        pytest.param(pa.array([{}], pa.struct([])), [""], id="objects without keys"),
        pytest.param(pa.RunEndEncodedArray.from_arrays([1, 3], ["a", "b"]), ["a", "b", "b"], id="runs"),
        pytest.param(
            pa.array([uuid.UUID(int=5).bytes, None], pa.uuid()), ["00000000-0000-0000-0000-000000000005", ""], id="UUID"
        ),
        pytest.param(pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1], pa.int8())), ["1"], id="extension"),
    ],
)
def test_typed_cells_become_text(column, texts):
    assert format_column(column, "title").to_pylist() == texts


@pytest.mark.parametrize(
    ("column", "key"),
    [
        pytest.param(pa.array([b"\xff"]), "columnar-bytes", id="bytes"),
        pytest.param(pa.array([b"\xff"]).dictionary_encode(), "columnar-bytes", id="bytes in a dictionary"),
        pytest.param(pa.array([(1, 2, 3)], pa.month_day_nano_interval()), "columnar-type", id="intervals"),
        pytest.param(pa.array([[(1, 2, 3)]], pa.list_(pa.month_day_nano_interval())), "columnar-type", id="in lists"),
        pytest.param(pa.array([2**62 // 86_400_000 * 86_400_000], pa.date64()), "columnar-type", id="a far year"),
        pytest.param(
            pa.DictionaryArray.from_arrays(pa.array([0]), pa.array([{"a": 1}])), "columnar-type", id="kept objects"
        ),
        pytest.param(
            pa.RunEndEncodedArray.from_arrays([1], pa.array(["a"], pa.string_view())),
            "columnar-type",
            id="runs of views",
        ),
    ],
)
def test_a_column_without_text_is_refused_by_name(column, key):
    with pytest.raises(SourceError) as fault:
        format_column(column, "Запись")

    assert (fault.value.key, fault.value.facts["column"]) == (key, "Запись")


@pytest.mark.parametrize(
    ("column", "mask"),
    [
        pytest.param(pa.array([1e15, 999_999_999_999_999.0, None, -1e17]), [True, False, False, True], id="doubles"),
        pytest.param(pa.array([2.0**24, 5.0], pa.float32()), [True, False], id="floats hold seven digits"),
        pytest.param(pa.array([1e16, 1.0, 1.0]).dictionary_encode(), [True, False, False], id="dictionary"),
        pytest.param(
            pa.DictionaryArray.from_arrays([0], pa.array(["1" * 18], pa.string_view())),
            [False],
            id="views in a dictionary",
        ),
        pytest.param(pa.array([10**18]), [False], id="whole numbers are exact"),
        pytest.param(pa.array(["1" * 18]), [False], id="text is exact"),
    ],
)
def test_digits_that_a_type_does_not_hold_are_known(column, mask):
    assert lossy_cells(column).tolist() == mask


@pytest.mark.parametrize("form", WRITERS)
def test_an_identifier_in_a_floating_point_column_is_found(form, tmp_path):
    table = pa.table({"ClientId": [1.33591247640966458e17, 5.0, 1e15], "Price": [1e17, 1.0, 1.0]})
    WRITERS[form](tmp_path / "calls", table)

    _, batches = read(tmp_path / "calls", identifiers={"ClientId"})

    found = [(one["code"], one["place"], one["column"]) for batch in batches for one in batch.findings.to_rows()]
    assert found == [("CT209", 1, "ClientId"), ("CT209", 3, "ClientId")]


@pytest.mark.parametrize("form", WRITERS)
def test_objects_become_columns_and_numbers_of_rows_are_left_out(form, tmp_path):
    table = pa.table({"call": [{"id": 5, "from": {"n": "+7"}}, None], "__index_level_0__": [0, 1], "id": ["a", "b"]})
    WRITERS[form](tmp_path / "calls", table)

    read_table, batches = read(tmp_path / "calls")

    assert read_table.titles == ("call.id", "call.from.n", "id")
    assert rows(batches) == [("5", "+7", "a"), ("", "", "b")]
    assert [place for batch in batches for place in batch.places.tolist()] == [1, 2]


def answer(path, folder, **options):
    """What is found but for its place in the file, the counts, and the canonical bytes."""
    output = folder / f"{path.name}.converted.csv"
    found = calltools.convert(path, output, **options)
    checked = calltools.validate(path, **options)
    findings = [
        (one.code, one.record, one.column, one.value, one.fix)
        for one in (*found.findings, *checked.findings)
        # Of the bytes of a CSV and of lines above its header.
        if not one.code.startswith("CT00") and one.code not in {"CT010", "CT016", "CT018"}
    ]
    summary = found.summary
    return findings, (summary.read, summary.written, summary.skipped, summary.rejected), output.read_bytes()


def variants(table):
    """The same text in other types."""
    yield "plain", table
    for name, kind in (("large", pa.large_string()), ("view", pa.string_view()), ("bytes", pa.binary())):
        yield name, table.cast(pa.schema([(title, kind) for title in table.column_names]))
    encoded = [column.dictionary_encode() for column in table.columns]
    yield "dictionary", pa.table(encoded, names=table.column_names)
    nulls = [pa.array([one or None for one in column.to_pylist()], pa.string()) for column in table.columns]
    yield "nulls", pa.table(nulls, names=table.column_names)


def test_the_answer_is_that_for_the_same_table_in_a_csv(tmp_path):
    table = pa.table(CALLS)
    (tmp_path / "calls.csv").write_bytes(as_csv(table))
    expected = answer(tmp_path / "calls.csv", tmp_path, as_of=AS_OF, region="RU")
    forms = [(f"{name} {form}", one, WRITERS[form]) for name, one in variants(table) for form in WRITERS]

    for name, one, write in random.Random(7).sample(forms, 7):  # noqa: S311 - no secret
        path = tmp_path / name
        if not ("view" in name and "parquet" in name):
            write(path, one)
            assert answer(path, tmp_path, as_of=AS_OF, region="RU") == expected, name

    assert {code for code, *_ in expected[0]} >= {"CT203", "CT241", "CT401"}
    assert expected[1] == (6, 3, {}, 3)


def as_csv(table):
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows([table.column_names, *zip(*table.to_pydict().values(), strict=True)])
    return stream.getvalue().encode()


def test_an_export_is_recognized_and_gives_the_same_answer(tmp_path):
    text = (SAMPLES / "sipuni" / "export.csv").read_text(encoding="utf-8-sig")
    header, *records = filter(None, csv.reader(io.StringIO(text), delimiter=";"))
    columns = dict(zip(header, zip(*records, strict=True), strict=True))
    write_parquet(tmp_path / "export.csv", pa.table({title: list(cells) for title, cells in columns.items()}))
    options = {"timezone": "Europe/Moscow", "region": "RU", "static_call": "1", "as_of": AS_OF}

    expected = calltools.convert(SAMPLES / "sipuni" / "export.csv", tmp_path / "expected.csv", **options)
    found = calltools.convert(tmp_path / "export.csv", tmp_path / "found.csv", **options)

    assert found.summary.vendor == expected.summary.vendor == "sipuni"
    assert (tmp_path / "found.csv").read_bytes() == (tmp_path / "expected.csv").read_bytes()


def test_what_convert_writes_is_read_again(tmp_path):
    (tmp_path / "calls.csv").write_bytes(as_csv(pa.table(CALLS)))
    options = {"as_of": AS_OF, "region": "RU"}

    calltools.convert(tmp_path / "calls.csv", tmp_path / "calls.parquet", **options)
    calltools.convert(tmp_path / "calls.parquet", tmp_path / "again.csv", **options)
    calltools.convert(tmp_path / "calls.csv", tmp_path / "once.csv", **options)

    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "once.csv").read_bytes()


def test_typed_times_flags_and_durations_are_converted(tmp_path):
    moment = pa.array([1_772_434_800_250_000], pa.timestamp("us", tz="UTC"))
    columns = {
        "DateTime": moment,
        "PhoneNumber": pa.array([74950001234]),
        "UserId": pa.array(["u1"]),
        "TalkDuration": pa.array([timedelta(seconds=75)]),
        "CallMissed": pa.array([False]),
    }
    write_stream(tmp_path / "calls", pa.table(columns))

    calltools.convert(tmp_path / "calls", tmp_path / "calls.csv", as_of=AS_OF, region="RU")

    written = (tmp_path / "calls.csv").read_text(encoding="utf-8")
    assert written.splitlines()[1] == "u1,1772434800,+74950001234,75,0"


def test_text_of_a_large_file_waits_on_the_disk_and_is_read_more_than_once(tmp_path):
    texts = [f"{number:06}" * 20_000 for number in range(400)]
    write_stream(tmp_path / "calls", pa.table({"Tag": texts}))

    table, batches = read(tmp_path / "calls")

    assert [row for (row,) in rows(batches)] == texts
    assert [task().columns.num_rows for task in table.tasks()] == [len(batch) for batch in batches]
    assert len(batches) > 1


def test_a_table_without_columns_holds_nothing(tmp_path):
    write_stream(tmp_path / "calls", pa.table({}))

    table, batches = read(tmp_path / "calls")

    assert [one["code"] for one in table.findings.to_rows()] == ["CT001"]
    assert batches == []


def broken_files(path):
    """Name -> bytes of files that cannot be read, and what is said of them."""
    table = pa.table(CALLS)
    whole = {}
    for name, write in WRITERS.items():
        write(path, table)
        whole[name] = path.read_bytes()
        yield f"{name} cut off", whole[name][:-20], "columnar-damaged"
        yield f"{name} cut in two", whole[name][: len(whole[name]) // 2], "columnar-damaged"
    parquet = whole["parquet"]
    yield "only a signature", b"PAR1", "columnar-damaged"
    yield "metadata of two gigabytes", b"PAR1" + b"\xff" * 100 + b"\xff\xff\xff\x7fPAR1", "columnar-damaged"
    yield "encrypted", b"PARE" + parquet[4:-4] + b"PARE", "columnar-encrypted"
    bad = pa.StringArray.from_buffers(1, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff"))
    write_file(path, pa.table({"Tag": bad}))
    yield "text that is not UTF-8", path.read_bytes(), "columnar-bytes"
    same = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000_000, pa.int32()), pa.array(["x" * 1000]))
    write_parquet_at_once(path, pa.table({"Tag": same}))
    yield "a cell a million times", path.read_bytes(), "packed-ratio"


def write_parquet_at_once(path, table):
    pq.write_table(table, path, row_group_size=len(table))


def test_what_cannot_be_read_is_told_in_a_sentence(tmp_path):
    for name, content, key in broken_files(tmp_path / "made"):
        (tmp_path / "calls").write_bytes(content)

        with pytest.raises(SourceError) as fault:
            read(tmp_path / "calls")

        assert fault.value.key == key, name
        assert str(fault.value).startswith(("calls", "Column")), name


@pytest.mark.parametrize(
    ("limits", "key"),
    [
        pytest.param(Limits(columns=3), "too-many-columns", id="columns"),
        pytest.param(Limits(unpacked=1 << 20), "packed-size", id="size"),
        pytest.param(Limits(child_memory=400 << 20, entry_ratio=10**9), "columnar-memory", id="memory"),
    ],
)
def test_a_limit_is_named(limits, key, tmp_path):
    repeated = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), pa.array(["x" * 2_000]))
    write_parquet_at_once(tmp_path / "calls", pa.table(dict.fromkeys(CALLS, repeated)))

    with pytest.raises(LimitError) as fault:
        read(tmp_path / "calls", limits)

    assert fault.value.key == key


@pytest.mark.slow
@pytest.mark.parametrize("form", WRITERS)
def test_no_damage_is_more_than_a_sentence(form, tmp_path):
    WRITERS[form](tmp_path / "whole", pa.table(CALLS))
    whole = (tmp_path / "whole").read_bytes()
    chance = random.Random(form)  # noqa: S311 - no secret
    for _ in range(6):
        damaged = bytearray(whole)
        for _ in range(3):
            damaged[chance.randrange(8, len(whole))] = chance.randrange(256)
        (tmp_path / "calls").write_bytes(damaged)
        # Any other exception, and any end of this process, would be a fault.
        with suppress(SourceError):
            assert sum(map(len, read(tmp_path / "calls")[1])) <= len(CALLS["Tag"])


class Answers:
    """Lines of a parent."""

    def __init__(self, *lines):
        self._lines = [json.dumps(line).encode() + b"\n" for line in lines]

    def readline(self):
        return self._lines.pop(0) if self._lines else b""


def serve(path, *answers, **wanted):
    responses = io.BytesIO()
    limits = {"columns": 10, "unpacked": 1 << 30, "ratio": 200}
    request = {"path": str(path), "format": "parquet", **limits, **wanted}
    code = child.serve(Answers(request, *answers), responses)
    return code, responses.getvalue()


def test_the_process_answers_with_titles_and_then_sends_text(tmp_path):
    write_parquet(tmp_path / "calls", pa.table({"a": [1e16, 2.0, 3.0], "b": ["x", None, "z"]}))

    code, response = serve(tmp_path / "calls", [0])

    line, _, rest = response.partition(b"\n")
    assert (code, json.loads(line)) == (0, {"titles": ["a", "b"]})
    with pa.ipc.open_stream(rest) as stream:
        sent = list(stream.iter_batches_with_custom_metadata())
    assert [json.loads(metadata[b"lossy"]) for _, metadata in sent] == [[[0, 0]]]
    assert [batch.to_pydict() for batch, _ in sent] == [{"0": ["10000000000000000", "2", "3"], "1": ["x", "", "z"]}]


@pytest.mark.parametrize(
    ("fault", "key"),
    [
        (MemoryError(), "columnar-memory"),
        (pa.ArrowCapacityError(), "columnar-memory"),
        (OSError("cannot decrypt"), "columnar-encrypted"),
        (ValueError(), "columnar-damaged"),
    ],
)
def test_each_fault_of_the_process_has_a_sentence(fault, key):
    assert child.describe(fault) == {"error": key, "facts": {}}


def test_the_process_says_what_went_wrong_before_and_after_the_titles(tmp_path):
    write_parquet(tmp_path / "calls", pa.table({"a": ["x"]}))

    code, response = serve(tmp_path / "calls", columns=0)
    assert (code, json.loads(response)["error"]) == (child.EXIT_FAILED, "too-many-columns")

    _, response = serve(tmp_path / "calls", [], unpacked=1)
    with pa.ipc.open_stream(response.partition(b"\n")[2]) as stream:
        [(_, metadata)] = stream.iter_batches_with_custom_metadata()
    assert json.loads(metadata[b"fault"])["error"] == "packed-size"


def write_old_feather(path, table):
    with pytest.warns(DeprecationWarning, match="Feather V1"):
        feather.write_feather(table, path, version=1)


@pytest.mark.filterwarnings("ignore:Feather V1:DeprecationWarning")
@pytest.mark.parametrize("write", [*WRITERS.values(), write_old_feather], ids=[*WRITERS, "old Feather"])
def test_the_process_reads_each_form(write, tmp_path):
    table = pa.table({"__index_level_0__": [0, 1], "b": ["x", None]})
    table = table if write is write_old_feather else table.append_column("c", pa.array([{"d": 5}, None]))
    write(tmp_path / "calls", table)
    form = sniff_format(tmp_path / "calls", "calls")

    code, response = serve(tmp_path / "calls", [], format=form)

    line, _, rest = response.partition(b"\n")
    titles = json.loads(line)["titles"]
    with pa.ipc.open_stream(rest) as stream:
        columns = stream.read_all().to_pydict()
    assert code == 0
    assert dict(zip(titles, columns.values(), strict=True)) == {"b": ["x", ""]} | (
        {} if write is write_old_feather else {"c.d": ["5", ""]}
    )


def test_the_process_ends_when_nobody_wants_the_records(tmp_path):
    write_parquet(tmp_path / "calls", pa.table({"a": ["x"]}))

    assert serve(tmp_path / "calls") == (0, b'{"titles": ["a"]}\n')


def test_text_that_is_no_utf_8_is_refused_by_its_column(tmp_path):
    bad = pa.StringArray.from_buffers(1, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff"))
    write_file(tmp_path / "calls", pa.table({"Tag": bad}))

    _, response = serve(tmp_path / "calls", [], format="arrow")

    with pa.ipc.open_stream(response.partition(b"\n")[2]) as stream:
        [(_, metadata)] = stream.iter_batches_with_custom_metadata()
    assert json.loads(metadata[b"fault"]) == {"error": "columnar-bytes", "facts": {"column": "Tag"}}
