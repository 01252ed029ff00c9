"""``convert -o DIR/``: one file for each input, all of them together or none, in few file handles."""

import csv
import gzip
import json
import resource

import pytest
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.files.csv.writers import RejectsWriter
from calltools.files.decompression import load_zstd
from tests.packing import pack, zip_of
from tests.test_pipeline import GOOD, NOW, as_csv


def run(*arguments):
    words = ["convert", *map(str, arguments), "--as-of", str(NOW), "--lang", "en"]
    return CliRunner().invoke(app, words, env={"GITHUB_ACTIONS": ""})


def call(number, **cells):
    return GOOD | {"PhoneNumber": f"+7495000{number:04}", "DateTime": str(NOW - 1000 - number)} | cells


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture
def inputs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.csv").write_text(as_csv([call(1), call(2, PhoneNumber="12")]), encoding="utf-8")
    (tmp_path / "in/b.csv.gz").write_bytes(pack(as_csv([call(3)]).encode(), ".gz"))
    (tmp_path / "in/c.zip").write_bytes(zip_of({"x/d.csv": as_csv([call(4)]), "e.csv": as_csv([call(5)])}))
    (tmp_path / "in/f.csv").write_bytes(b"\x89PNG\r\n")
    return tmp_path / "in"


def test_each_input_has_an_output_of_its_name(inputs, tmp_path):
    done = run("in", "-o", "out/", "--rejects", "out")

    assert done.exit_code == 3, done.stderr
    assert tree(tmp_path / "out") == [
        f"{name}{ending}" for name in ("a", "b", "d", "e") for ending in (".csv", ".rejects.csv")
    ]
    for name, number in (("a", 1), ("b", 3), ("d", 4), ("e", 5)):
        with (tmp_path / "out" / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            assert [row["PhoneNumber"] for row in csv.DictReader(stream)] == [f"+7495000{number:04}"]
    assert len((tmp_path / "out/a.rejects.csv").read_text("utf-8").splitlines()) == 2
    assert "total of 5 files, 1 of them not read: read 5 = written 4 + rejected 1" in done.stderr


def test_each_output_is_the_one_that_its_input_alone_gives(inputs, tmp_path):
    run("in", "-o", "out/")
    run("in/a.csv", "-o", "alone.csv")

    assert (tmp_path / "out/a.csv").read_bytes() == (tmp_path / "alone.csv").read_bytes()


def test_all_or_nothing_holds_for_the_folder(inputs, tmp_path):
    done = run("in", "-o", "out/", "--on-error", "fail")

    assert done.exit_code == 3
    assert not (tmp_path / "out").exists()
    assert "written 0" in done.stderr.splitlines()[-1]


def test_what_is_there_is_not_overwritten_and_nothing_else_is_written(inputs, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/d.csv").write_text("mine", encoding="utf-8")

    done = run("in", "-o", "out")

    assert (done.exit_code, tree(tmp_path / "out")) == (2, ["d.csv"])
    assert "out/d.csv already exists" in done.stderr
    assert run("in", "-o", "out", "--force").exit_code == 3
    assert tree(tmp_path / "out") == ["a.csv", "b.csv", "d.csv", "e.csv"]


def test_an_input_is_never_overwritten(inputs):
    before = (inputs / "a.csv").read_bytes()

    done = run("in/a.csv", "-o", "in", "--force")

    assert done.exit_code == 2
    assert "is one of the inputs" in done.stderr
    assert (inputs / "a.csv").read_bytes() == before


def test_two_inputs_of_one_name_are_refused_before_anything(inputs, tmp_path):
    (inputs / "A.json").write_text("[]", encoding="utf-8")

    done = run("in", "-o", "out/")

    assert done.exit_code == 2
    assert "in/A.json and in/a.csv would both become out/a.csv" in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_folder_of_the_outputs_is_not_read(inputs, tmp_path):
    run("in", "--recursive", "-o", "in/out/")

    done = run("in", "--recursive", "-o", "in/out/", "--force")

    assert "in: files taken: 4; not taken: 1 (named in this command for something else: 1)" in done.stderr
    assert "written 4" in done.stderr.splitlines()[-1]


def test_rejects_of_each_input_need_a_folder(inputs, tmp_path):
    done = run("in", "-o", "out/", "--rejects", "rejects.csv")

    assert done.exit_code == 2
    assert "--rejects out/" in done.stderr
    assert not (tmp_path / "out").exists()


def test_more_inputs_than_file_handles(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    for number in range(120):
        (tmp_path / f"in/{number}.csv.gz").write_bytes(pack(as_csv([call(number)]).encode(), ".gz"))
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, before[1]))
    try:
        done = run("in", "-o", "out/", "--rejects", "out/", "--quiet")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)

    assert done.exit_code == 0, done.stderr
    assert len(tree(tmp_path / "out")) == 240


def test_each_input_has_a_report_of_its_name(inputs, tmp_path):
    done = run("in", "-o", "out/", "--report", "out/{stem}.json", "--report", "out/{stem}.html", "--report", "all.json")

    reports = {path.name: json.loads(path.read_bytes()) for path in (tmp_path / "out").glob("*.json")}
    assert done.exit_code == 3
    assert sorted(reports) == [f"{name}.json" for name in "abdef"]
    assert sorted(path.stem for path in (tmp_path / "out").glob("*.html")) == [*"abdef"]
    assert [one["path"] for one in reports["a.json"]["files"]] == ["in/a.csv"]
    assert "error" in reports["f.json"]["files"][0]
    whole = json.loads((tmp_path / "all.json").read_bytes())
    assert whole["findings"] == [one for name in "abde" for one in reports[f"{name}.json"]["findings"]]


def test_reports_of_each_input_overwrite_nothing_and_appear_together(inputs, tmp_path):
    (tmp_path / "b.sarif").write_bytes(b"mine")

    taken = run("in", "--check", "--report", "{stem}.sarif")
    twice = run("in/a.csv", "in/a.csv", "--check", "--report", "{stem}.sarif")
    failed = run("in", "-o", "out/", "--report", "{stem}.json", "--timezone", "Nowhere/Here")

    assert (taken.exit_code, twice.exit_code, failed.exit_code) == (2, 2, 2)
    assert "b.sarif already exists" in taken.stderr
    assert "a.sarif" in twice.stderr
    assert tree(tmp_path) == sorted(["b.sarif", "in", *(f"in/{one}" for one in tree(inputs))])


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_packed_rejects_are_those_that_are_not_packed(ending, inputs, tmp_path):
    (tmp_path / "in/g.csv").write_text(as_csv([call(6, PhoneNumber="12")]), encoding="utf-8")
    for name in ("rejects.csv", f"rejects.csv{ending}"):
        run("in", "-o", "out.csv", "--rejects", name, "--force")

    packed = (tmp_path / f"rejects.csv{ending}").read_bytes()
    unpacked = gzip.decompress(packed) if ending == ".gz" else load_zstd().decompress(packed)
    assert unpacked == (tmp_path / "rejects.csv").read_bytes()
    assert unpacked.count(b"\n") == 3
    (tmp_path / "in/rejects.csv.gz").write_bytes(packed)
    assert "files taken: 5; not taken: 1 (" in run("in", "--check").stderr


def test_packed_rejects_of_a_file_that_broke_off_are_taken_back(tmp_path):
    with RejectsWriter(tmp_path / "rejects.csv.gz", force=False) as writer:
        for titles in (("a",), ("b",), ("c",)):
            writer.start_file()
            writer.write_header(titles)
            if titles == ("b",):
                writer.drop_file()
        writer.close()

    lines = gzip.decompress((tmp_path / "rejects.csv.gz").read_bytes()).decode().splitlines()
    assert [line.rpartition(",")[2] for line in lines] == ["a", "c"]
