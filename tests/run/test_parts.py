"""``-o 'DIR/calls-{part}.csv'``: parts that joined are the one file, and a manifest whose totals add up, or nothing."""

import gzip
import hashlib
import json
import os
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.files import parts
from calltools.files.csv import reader
from calltools.run import ConversionSink, InputFile, RunOptions, Session, resolve
from tests.test_pipeline import GOOD, NOW, as_csv, some_rows

OUTPUT = "out/calls-{part}.csv"


def convert(*arguments):
    words = ["convert", *map(str, arguments), "--as-of", str(NOW), "--lang", "en"]
    return CliRunner().invoke(app, words, env={"GITHUB_ACTIONS": ""})


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def manifest_of(folder):
    return json.loads((folder / "manifest.json").read_bytes())


def joined(folder):
    """The parts that the manifest names, one after the other, with the header once; they are what it says of them."""
    texts = []
    for part in manifest_of(folder)["parts"]:
        text = (folder / part["name"]).read_bytes()
        assert (part["bytes"], part["sha256"]) == (len(text), hashlib.sha256(text).hexdigest())
        texts.append(text.splitlines(keepends=True))
    assert len({lines[0] for lines in texts}) == 1
    return b"".join(chain(texts[0], *(lines[1:] for lines in texts[1:])))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(parts, "_PART_RECORDS", 2)
    monkeypatch.setattr(reader, "BLOCK_SIZE", 200)
    (tmp_path / "calls.csv").write_text(as_csv(some_rows(40)), encoding="utf-8")
    return tmp_path


@settings(max_examples=15)
@given(
    counts=st.lists(st.integers(0, 12), min_size=1, max_size=3),
    block=st.sampled_from([1, 150, 1000, 100_000]),
    most=st.sampled_from([1, 3, 100]),
    seed=st.integers(0, 99),
)
def test_the_parts_joined_are_the_one_file_for_every_block_and_part(counts, block, most, seed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    inputs = []
    for number, count in enumerate(counts):
        path = folder / f"{number}.csv"
        # A column is filled in some parts only.
        rows = [row | {"Tag": "a,b" if at % 7 == 6 else ""} for at, row in enumerate(some_rows(count, seed + number))]
        path.write_text(as_csv(rows), encoding="utf-8")
        inputs.append(InputFile(path, path.name, resolve(RunOptions(as_of=NOW))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "BLOCK_SIZE", block)
        patch.setattr(parts, "_PART_RECORDS", most)
        for output in (folder / "one.csv", folder / "out" / "{part}.csv"):
            with ConversionSink(output) as sink:
                summaries = Session(inputs, [sink], converting=True).run()

    manifest = manifest_of(folder / "out")
    assert joined(folder / "out") == (folder / "one.csv").read_bytes()
    assert names(folder / "out") == sorted(["manifest.json", *(one["name"] for one in manifest["parts"])])
    assert manifest["total"] == {
        "parts": len(manifest["parts"]),
        "bytes": sum(one["bytes"] for one in manifest["parts"]),
        "records": sum(one["records"] for one in manifest["parts"]),
    }
    said = manifest["counts"]
    assert said["written"] == manifest["total"]["records"] == sum(one.written for one in summaries)
    assert said["read"] == said["written"] + said["rejected"] + sum(said["skipped"].values()) == sum(counts)


@pytest.mark.parametrize("ending", [".csv.gz", ".parquet"])
def test_parts_have_the_form_of_their_ending(ending, folder):
    convert("calls.csv", "-o", f"one{ending}")
    done = convert("calls.csv", "-o", f"out/calls-{{part}}{ending}")

    files = [folder / "out" / one["name"] for one in manifest_of(folder / "out")["parts"]]
    assert done.exit_code == 1, done.stderr
    assert len(files) > 5
    if ending == ".parquet":
        read = pa.concat_tables([pq.read_table(path) for path in files])
        assert read.equals(pq.read_table(folder / f"one{ending}"))
    else:
        texts = [gzip.decompress(path.read_bytes()).partition(b"\n") for path in files]
        assert texts[0][0] + b"\n" + b"".join(rest for _, _, rest in texts) == gzip.decompress(
            (folder / "one.csv.gz").read_bytes()
        )


def test_parts_are_canonical_files_and_are_joined_by_converting_them(folder):
    convert("calls.csv", "-o", "one.csv")
    convert("calls.csv", "-o", OUTPUT)

    done = convert("out/", "-o", "again.csv")

    assert done.exit_code == 0, done.stderr
    assert (folder / "again.csv").read_bytes() == (folder / "one.csv").read_bytes()
    assert "not taken: 1 (" in done.stderr


def test_records_of_people_are_for_their_owner_alone(folder):
    convert("calls.csv", "-o", OUTPUT)

    assert {oct(path.stat().st_mode & 0o777) for path in (folder / "out").iterdir()} == {"0o600"}


def test_what_is_there_is_replaced_only_when_told_to_and_then_all_of_it(folder):
    convert("calls.csv", "-o", OUTPUT)
    (folder / "out" / "calls-notes.csv").write_bytes(b"mine")
    before = names(folder / "out")
    (folder / "few.csv").write_text(as_csv([GOOD]), encoding="utf-8")

    refused = convert("few.csv", "-o", OUTPUT)
    (folder / "out" / "manifest.json").unlink()
    also_refused = convert("few.csv", "-o", OUTPUT)
    left = names(folder / "out")
    forced = convert("few.csv", "-o", OUTPUT, "--force")

    assert (refused.exit_code, also_refused.exit_code, forced.exit_code) == (2, 2, 0)
    assert "already exists" in refused.stderr
    assert left == [name for name in before if name != "manifest.json"]
    assert names(folder / "out") == ["calls-00000.csv", "calls-notes.csv", "manifest.json"]


def test_parts_that_are_read_are_not_replaced(folder):
    convert("calls.csv", "-o", OUTPUT)
    before = joined(folder / "out")

    done = convert("out/calls-00001.csv", "-o", OUTPUT, "--force")

    assert done.exit_code == 2
    assert joined(folder / "out") == before


def test_a_part_that_cannot_be_written_leaves_none(folder):
    # Nobody looks for a folder of that name: it is found when the part gets its name.
    (folder / "out" / "calls-00003.csv").mkdir(parents=True)

    done = convert("calls.csv", "-o", OUTPUT, "--force")

    assert done.exit_code == 2, done.stderr
    assert "calls-00003.csv" in done.stderr
    assert names(folder / "out") == ["calls-00003.csv"]


@pytest.mark.parametrize("more", [["--on-error", "fail"], ["--rejects", "nowhere/rejects.csv"]])
def test_all_or_nothing(more, folder):
    done = convert("calls.csv", "-o", OUTPUT, *more)

    assert done.exit_code == (2 if "nowhere" in more[1] else 1)
    assert not (folder / "out").exists()


def test_an_output_without_records_is_one_part_with_a_header(folder):
    (folder / "bad.csv").write_text(as_csv([GOOD | {"PhoneNumber": "12"}]), encoding="utf-8")

    done = convert("bad.csv", "-o", OUTPUT)

    assert done.exit_code == 1
    assert names(folder / "out") == ["calls-00000.csv", "manifest.json"]
    assert (folder / "out" / "calls-00000.csv").read_bytes().count(b"\n") == 1


def test_of_a_file_that_breaks_off_no_record_is_in_a_part(folder):
    good = as_csv([GOOD] * 9)
    (folder / "broken.csv").write_text(good + "x" * 3_000_000, encoding="utf-8")
    (folder / "good.csv").write_text(good, encoding="utf-8")

    done = convert("broken.csv", "good.csv", "-o", OUTPUT, "--limit", "record-bytes=100000")

    assert done.exit_code == 3, done.stderr
    assert manifest_of(folder / "out")["total"]["records"] == 9
    assert joined(folder / "out").count(b"\n") == 10


def test_the_folder_is_made_if_only_it_is_missing():
    done = convert("calls.csv", "-o", "no/where/{part}.csv")

    assert done.exit_code == 2
    assert "There is no folder for" in done.stderr
    assert not Path("no").exists()
    assert os.listdir() == ["calls.csv"]  # noqa: PTH208 - hidden ones, too
