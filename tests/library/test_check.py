"""``calltools.check``: the rows of a table, good and bad, from every library with the Arrow stream interface."""

import pickle
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import calltools
from calltools.errors import SourceError, UsageError
from calltools.files.opening import open_table
from calltools.files.private_table import write_private_table
from calltools.model.batch import HeaderGuess, Hints
from tests.conftest import NOW

CALLS = {
    "DateTime": ["1773014400", "1773018000", "soon", "1773014400"],
    "ClientId": ["1604591025698235234", None, "5", "1604591025698235234"],
    "PhoneNumber": ["+74950000001", "8 495 000-00-02", "", "+74950000001"],
}
FOUND = {("CT301", 2, None), ("CT241", 2, "PhoneNumber"), ("CT212", 3, "DateTime"), ("CT401", 4, None)}


def as_dictionary(table):
    return pa.table({name: table[name].dictionary_encode() for name in table.column_names})


MAKERS = {
    "pandas": pd.DataFrame,
    "pandas-object": lambda calls: pd.DataFrame(calls, dtype=object),
    "pandas-arrow": lambda calls: pd.DataFrame(calls, dtype="string[pyarrow]"),
    "pandas-categories": lambda calls: pd.DataFrame(calls, dtype="category"),
    "polars": pl.DataFrame,
    "pyarrow": pa.table,
    "pyarrow-dictionary": lambda calls: as_dictionary(pa.table(calls)),
    "pyarrow-batch": pa.RecordBatch.from_pydict,
    "pyarrow-reader": lambda calls: pa.RecordBatchReader.from_stream(pa.table(calls)),
    "duckdb": lambda calls: duckdb.from_arrow(pa.table(calls)),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_rows_of_any_table_are_split_unchanged(make):
    checked = calltools.check(make(CALLS), as_of=NOW)

    rows = pa.table(CALLS).to_pylist()
    assert checked.good.to_pylist() == [rows[0], rows[3]]
    assert checked.bad.to_pylist() == [rows[1], rows[2]]
    assert checked.mask.tolist() == [True, False, False, True]
    found = {(one["code"], one["record"], one["column"]) for one in checked.findings.to_pylist()}
    assert found == FOUND
    assert checked.counts == {"CT212": 1, "CT241": 1, "CT301": 1, "CT401": 1}


def test_a_table_is_judged_as_the_file_of_its_cells_is(tmp_path):
    pd.DataFrame(CALLS).to_csv(tmp_path / "calls.csv", index=False)

    of_file = calltools.validate(tmp_path / "calls.csv", as_of=NOW)
    of_table = calltools.check(pd.DataFrame(CALLS), as_of=NOW)

    columns = ["code", "name", "severity", "record", "column", "value"]
    assert of_table.findings_table.select(columns).equals(of_file.findings_table.select(columns))
    assert of_table.exit_code == of_file.exit_code == 1


def test_a_pandas_index_is_no_column_and_the_mask_fits_the_frame():
    frame = pd.DataFrame(CALLS, index=[9, 4, 7, 1])

    checked = calltools.check(frame, as_of=NOW)

    assert "CT103" not in checked.counts
    assert frame[checked.mask].index.tolist() == [9, 1]
    assert checked.good.to_pandas()["PhoneNumber"].tolist() == ["+74950000001"] * 2


def test_phones_and_ids_are_masked_unless_they_are_asked_for():
    plain = calltools.check(pd.DataFrame(CALLS), as_of=NOW, show_values=True)
    masked = calltools.check(pd.DataFrame(CALLS), as_of=NOW)

    assert "8 495 000-00-02" in plain.findings["value"].to_pylist()
    assert "8 495 000-00-02" not in str(masked.findings.to_pylist())


def test_a_vendors_export_is_recognized_and_its_outgoing_calls_are_neither_good_nor_bad():
    export = pd.read_csv("samples/sipuni/export.csv", sep=None, dtype=str, engine="python", encoding_errors="replace")

    checked = calltools.check(export, timezone="Europe/Moscow", static_call="auto", as_of="2026-03-12T00:00:00Z")

    assert checked.summary.vendor == "sipuni"
    left_out = checked.summary.skipped.total()
    assert left_out
    assert len(checked.good) + len(checked.bad) + left_out == len(export)


@pytest.mark.parametrize(
    "column",
    [
        pl.Series(["a", "b"], dtype=pl.Categorical),
        pl.Series(["a", "b"], dtype=pl.Enum(["a", "b"])),
        pl.Series([["a"], None]),
        pl.Series([["a"], ["b"]], dtype=pl.Array(pl.String, 1)),
        pl.Series([{"a": "b"}, None]),
        pa.RunEndEncodedArray.from_arrays([1, 2], ["a", "b"]),
        pa.array([[("a", "b")], []], pa.map_(pa.string_view(), pa.string_view())),
        pa.DictionaryArray.from_arrays([0, 1], pa.array([b"a", b"b"], pa.binary_view())),
    ],
    ids=lambda column: str(getattr(column, "dtype", None) or column.type),
)
def test_rows_are_split_whatever_types_their_columns_have(column):
    calls = pa.table({"DateTime": ["1773014400"] * 2, "ClientId": ["5", "6"], "PhoneNumber": ["+74950000001", "5"]})
    values = pa.table({"Tag": column} if isinstance(column, pa.Array) else pl.DataFrame({"Tag": column}))["Tag"]

    checked = calltools.check(calls.append_column("Tag", values), as_of=NOW)

    tags = values.to_pylist()
    assert checked.mask.tolist() == [True, False]
    assert (checked.good["Tag"].to_pylist(), checked.bad["Tag"].to_pylist()) == (tags[:1], tags[1:])


def test_a_categorical_identifier_of_polars_is_judged():
    frame = pl.DataFrame(CALLS).cast({"ClientId": pl.Categorical})

    assert calltools.check(frame, as_of=NOW).counts == calltools.check(pl.DataFrame(CALLS), as_of=NOW).counts


# -- typed columns ------------------------------------------------------------------------------

MOMENT = datetime(2026, 3, 2, 7, tzinfo=UTC)
TYPED = {
    "int64": (pa.array([1773014400, None]), ["1773014400", ""]),
    "uint64": (pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615"]),
    "whole float": (pa.array([1773014400.0, None]), ["1773014400", ""]),
    "float": (pa.array([1500.5, 0.1]), ["1500.5", "0.1"]),
    "boolean": (pa.array([True, False, None]), ["1", "0", ""]),
    "decimal": (pa.array([Decimal("1500.50"), None]), ["1500.50", ""]),
    "nothing": (pa.nulls(2), ["", ""]),
    "moment": (pa.array([MOMENT], pa.timestamp("us", "Europe/Moscow")), ["2026-03-02 07:00:00+00:00"]),
    "wall clock": (pa.array([MOMENT.replace(tzinfo=None)], pa.timestamp("ns")), ["2026-03-02 07:00:00"]),
    "date": (pa.array([MOMENT.date()]), ["2026-03-02"]),
    "span": (pa.array([75_000, None], pa.duration("ms")), ["00:01:15", ""]),
    "view": (pa.array(["a", None], pa.string_view()), ["a", ""]),
    "dictionary": (pa.array(["a", None]).dictionary_encode(), ["a", ""]),
}


@pytest.mark.parametrize(("column", "texts"), TYPED.values(), ids=TYPED)
def test_cells_of_a_type_are_the_text_that_a_file_of_parquet_has(column, texts, tmp_path):
    table = pa.table({"Tag": pa.chunked_array([column, column.slice(1)])})
    with (tmp_path / "table").open("wb") as stream:
        write_private_table(table, stream, "table")

    opened = open_table(tmp_path / "table", "table", Hints(), lambda _: HeaderGuess(0, 1))

    assert [cell for task in opened.tasks() for cell in task().cells("Tag").to_pylist()] == texts + texts[1:]


def test_a_table_is_judged_as_the_parquet_file_of_it_is(tmp_path):
    frame = pd.DataFrame(
        {"DateTime": [1773014400] * 3, "ClientId": [1.6e18, 5.0, None], "CallMissed": [True, False, 0]}
    )
    frame["CallMissed"] = frame["CallMissed"].astype(bool)
    frame.to_parquet(tmp_path / "calls.parquet")

    of_file = calltools.validate(tmp_path / "calls.parquet", as_of=NOW)
    of_table = calltools.check(frame, as_of=NOW)

    assert of_table.counts == of_file.counts == {"CT209": 1, "CT301": 1}
    columns = [name for name in of_file.findings_table.column_names if name != "file"]
    assert of_table.findings_table.select(columns).equals(of_file.findings_table.select(columns))


def test_cells_without_a_text_are_refused_with_the_name_of_their_column():
    column = pa.array([pa.scalar((1, 2, 3), pa.month_day_nano_interval())])

    with pytest.raises(SourceError, match=r"ClientId.*my calls") as refused:
        calltools.check(pa.table({"ClientId": column, "DateTime": ["1773014400"]}), name="my calls", as_of=NOW)

    assert refused.value.exit_code == 3


def test_nobody_else_can_write_a_private_table(tmp_path):
    with (tmp_path / "table").open("wb") as stream:
        write_private_table(pa.table(CALLS), stream, "table")
    program = "import calltools; calltools.validate('table')"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, cwd=tmp_path, timeout=120)

    assert b"SourceError" in done.stderr


def test_moments_and_spans_of_a_typed_table_are_converted_exactly():
    frame = pd.DataFrame(
        {
            "DateTime": pd.to_datetime([1773014400], unit="s", utc=True).tz_convert("Asia/Almaty"),
            "ClientId": [1604591025698235234],
            "Price": [1500.5],
            "Currency": ["RUB"],
            "TalkDuration": pd.to_timedelta([75], unit="s"),
            "CallMissed": [False],
        }
    )

    converted = calltools.convert(frame, as_of=NOW)

    assert converted.ok
    assert converted.table.to_pylist() == [
        {
            "ClientId": "1604591025698235234",
            "DateTime": "1773014400",
            "Price": "1500.5",
            "Currency": "RUB",
            "TalkDuration": "75",
            "CallMissed": "0",
        }
    ]


@pytest.mark.parametrize(("given", "named"), [(["5"], "list"), (5, "int"), (pd.Series(["5"]), "Series"), ({}, "dict")])
def test_what_is_no_table_is_refused(given, named):
    with pytest.raises(UsageError, match=f"A {named} is no table"):
        calltools.check(given)


@pytest.mark.parametrize("name", ["sparse", "complex", "i128", "surrogate"])
def test_a_column_that_arrow_does_not_know_is_named(name):
    columns = {
        "sparse": lambda: pd.DataFrame({"DateTime": ["5"], "Tag": pd.arrays.SparseArray([1])}),
        "complex": lambda: pd.DataFrame({"DateTime": ["5"], "Tag": [1j]}),
        "i128": lambda: pl.DataFrame({"DateTime": ["5"], "Tag": pl.Series([5], dtype=pl.Int128)}),
        "surrogate": lambda: pd.DataFrame({"DateTime": ["5"], "Tag": pd.Series(["\ud800"], dtype=object)}),
    }

    with pytest.raises(SourceError, match="column Tag of my calls has a type") as refused:
        calltools.check(columns[name](), name="my calls", as_of=NOW)

    assert refused.value.__cause__ is None


@pytest.mark.parametrize("values", [pd.period_range("2026-03-09", periods=2, freq="s"), pd.interval_range(0, 2)])
def test_periods_and_intervals_of_pandas_are_not_taken_for_numbers(values, tmp_path):
    frame = pd.DataFrame({"DateTime": values, "ClientId": ["5", "6"]})
    frame.to_parquet(tmp_path / "calls.parquet")

    for run in (lambda: calltools.check(frame, as_of=NOW), lambda: calltools.validate(tmp_path / "calls.parquet")):
        with pytest.raises(SourceError, match=r'Column "DateTime".*pandas\.(period|interval).*no text'):
            run()


def test_two_columns_of_one_name_are_named():
    frame = pd.DataFrame([["1773014400", "5", "6"]], columns=["DateTime", "ClientId", "ClientId"])

    with pytest.raises(SourceError, match="two columns ClientId"):
        calltools.check(frame, as_of=NOW)


def test_what_has_not_been_computed_says_how_it_is():
    with pytest.raises(UsageError, match=r"\.collect\(\)"):
        calltools.check(pl.DataFrame(CALLS).lazy())


def test_no_command_is_given_the_name_of_a_table():
    with pytest.raises(UsageError, match="calltools send FILE") as refused:
        calltools.check(pa.table({"a": ["1"]}))

    assert "calltools send ФАЙЛ" in refused.value.say("ru")


def test_a_column_of_several_types_is_named_and_its_cells_are_not():
    frame = pd.DataFrame({"DateTime": ["1773014400", 5], "PhoneNumber": ["+74950000001", "+74950000001"]})

    with pytest.raises(SourceError, match="column DateTime") as refused:
        calltools.check(frame)

    assert "1773014400" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("table", [pa.table({}), pa.table({"DateTime": pa.array([], pa.string())})])
def test_a_table_without_records_is_an_error_of_the_data(table):
    checked = calltools.check(table, as_of=NOW)

    assert not checked.ok
    assert checked.good.num_rows == checked.bad.num_rows == 0


# -- results as values --------------------------------------------------------------------------


def test_results_compare_hash_pickle_and_print_in_one_line():
    one, two = (calltools.check(pd.DataFrame(CALLS), as_of=NOW) for _ in range(2))
    other = calltools.check(pd.DataFrame(CALLS).head(2), as_of=NOW)

    assert one == two == pickle.loads(pickle.dumps(one))  # noqa: S301 - our own
    assert hash(one) == hash(two)
    assert one != other
    assert one != 5
    assert repr(one) == "<calltools.Checked table: read 4, rejected 2; 3 errors, 1 warning>"
    assert len(one._repr_html_()) < 500
    assert "+7495" not in repr(one) + one._repr_html_()


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_error_is_in_the_language_that_is_asked_for_and_in_no_other(language):
    checked = {one: calltools.check(pd.DataFrame(CALLS), as_of=NOW, language=one) for one in ("en", "ru")}
    first = {
        one: next(found["message"] for found in each.findings.to_pylist() if found["severity"] == "error")
        for one, each in checked.items()
    }

    with pytest.raises(calltools.DataError) as raised:
        checked[language].raise_for_errors()

    assert raised.value.facts["first"] == first[language]
    assert str(raised.value).endswith(f"The first, in record 2: {first['en']}")
    assert raised.value.say("ru").endswith(f"Первая, в записи 2: {first['ru']}")


def test_errors_are_raised_when_they_are_asked_for_and_pickle():
    checked = calltools.check(pd.DataFrame(CALLS), as_of=NOW)

    with pytest.raises(calltools.DataError, match=r"table: 2 of 4 records have errors .* in record 2") as raised:
        checked.raise_for_errors()

    again = pickle.loads(pickle.dumps(raised.value))  # noqa: S301 - our own
    assert (str(again), again.say("ru"), again.exit_code) == (str(raised.value), raised.value.say("ru"), 1)
    good = calltools.check(pd.DataFrame(CALLS).head(1), as_of=NOW)
    assert good.raise_for_errors() is good
