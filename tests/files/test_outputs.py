"""Converted files in each form: the same records, whole or not at all, the same bytes every time."""

import gzip

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import calltools
from calltools.errors import OutputError, UsageError
from calltools.files.csv.writers import CanonicalWriter
from calltools.files.decompression import load_zstd
from calltools.files.parts import Part, write_parts
from tests.test_pipeline import GOOD, NOW, as_csv

ROWS = [GOOD | {"PhoneNumber": f"+7495000{n:04}", "Tag": ("", 'a "b", c', "строка\nвторая")[n % 3]} for n in range(500)]


def convert(tmp_path, name, **options):
    source = tmp_path / "calls.csv"
    source.write_text(as_csv(ROWS), encoding="utf-8", newline="")
    calltools.convert(source, tmp_path / name, as_of=NOW, **options)
    return (tmp_path / name).read_bytes()


def test_packed_csv_holds_the_bytes_of_the_csv(tmp_path):
    plain = convert(tmp_path, "out.csv")

    assert gzip.decompress(convert(tmp_path, "out.csv.gz")) == plain
    assert load_zstd().decompress(convert(tmp_path, "OUT.CSV.ZST")) == plain
    assert plain.count(b"+7495000") == 500


def test_parquet_holds_the_cells_of_the_csv_as_text(tmp_path):
    convert(tmp_path, "out.parquet")
    plain = convert(tmp_path, "out.csv").decode()

    table = pq.read_table(tmp_path / "out.parquet")

    assert table.column_names == plain.partition("\n")[0].split(",")
    assert {str(kind) for kind in table.schema.types} == {"string"}
    assert table["PhoneNumber"].to_pylist() == [row["PhoneNumber"] for row in ROWS]
    # An empty cell is no text, and so no text in Parquet.
    assert table["Tag"].to_pylist() == [row["Tag"] or None for row in ROWS]


@pytest.mark.parametrize("name", ["out.csv.gz", "out.csv.zst", "out.parquet"])
def test_the_same_records_give_the_same_bytes(tmp_path, name):
    first = convert(tmp_path, name)
    (tmp_path / "other").mkdir()

    assert convert(tmp_path, f"other/{name}") == first


@pytest.mark.parametrize("name", ["out.csv.gz", "out.csv.zst", "out.parquet"])
def test_the_bytes_do_not_depend_on_the_batches(tmp_path, name):
    convert(tmp_path, "out.parquet")
    table = pq.read_table(tmp_path / "out.parquet")
    table = table.set_column(table.column_names.index("Tag"), "Tag", pc.fill_null(table["Tag"], ""))
    written = []
    for size in (500, 37):
        path = tmp_path / f"{size}-{name}"
        with CanonicalWriter(path, force=False) as writer:
            for start in range(0, len(table), size):
                writer.write(table.slice(start, size).combine_chunks())
            writer.close()
        written.append(path.read_bytes())

    assert written[0] == written[1]


def test_row_groups_are_of_one_size(tmp_path):
    source = tmp_path / "many.csv"
    rows = [GOOD | {"PhoneNumber": f"+7495{n:07}", "DateTime": str(NOW - 1000 - n)} for n in range(130_000)]
    source.write_text(as_csv(rows), encoding="utf-8", newline="")

    calltools.convert(source, tmp_path / "out.parquet", as_of=NOW)

    found = pq.ParquetFile(tmp_path / "out.parquet").metadata
    assert [found.row_group(group).num_rows for group in range(found.num_row_groups)] == [100_000, 30_000]


@pytest.mark.parametrize("name", ["out.csv.gz", "out.csv.zst", "out.parquet"])
def test_a_form_appears_whole_or_not_at_all(tmp_path, name):
    (tmp_path / name).write_bytes(b"precious")

    with pytest.raises(OutputError):
        convert(tmp_path, name)
    assert (tmp_path / name).read_bytes() == b"precious"

    with pytest.raises(RuntimeError), CanonicalWriter(tmp_path / f"new-{name}", force=False):
        raise RuntimeError
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["calls.csv", name])
    assert convert(tmp_path, name, force=True) != b"precious"


@pytest.mark.parametrize("name", ["out.xlsx", "out.gz", "out.csv.bz2", "out.json"])
def test_another_ending_is_refused_with_those_that_are_written(tmp_path, name):
    with pytest.raises(UsageError) as fault:
        convert(tmp_path, name)

    assert fault.value.key == "output-ending"
    assert ".csv, .csv.gz, .csv.zst, .parquet" in str(fault.value)


def test_a_part_that_cannot_get_its_name_leaves_nothing_beside_it(tmp_path):
    target = tmp_path / "calls-00000.csv"
    target.mkdir()

    with pytest.raises(OutputError):
        write_parts([Part(target, (), ("ClientId", "DateTime"), tmp_path)])

    assert list(tmp_path.iterdir()) == [target]
