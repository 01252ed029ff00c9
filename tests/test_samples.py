"""Each sample is converted to the bytes that were written down for it without calltools."""

import json
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

import calltools
from calltools.cli.app import app

SAMPLES = Path(__file__).parent.parent / "samples"
AS_OF = "2026-03-12T00:00:00Z"
MORE = Path(__file__).parent / "vendors" / "more"
#: Vendor, or vendor/case -> folder.
FOLDERS = {path.parent.name: path.parent for path in sorted(SAMPLES.glob("*/options"))} | {
    f"{path.parts[-3]}/{path.parts[-2]}": path.parent for path in sorted(MORE.glob("*/*/options"))
}


def convert(name, tmp_path, *more):
    folder = FOLDERS[name]
    (export,) = folder.glob("export.*")
    arguments = [*shlex.split((folder / "options").read_text(encoding="utf-8")), *more]
    report = tmp_path / "findings.jsonl"
    result = CliRunner().invoke(
        app,
        ["convert", str(export), "--as-of", AS_OF, "--lang", "en", "-o", str(tmp_path / "calls.csv"),
         "--report", str(report), *arguments],
    )  # fmt: skip
    return result, tmp_path / "calls.csv", report


def test_every_profile_has_a_sample():
    profiles = {path.stem for path in (SAMPLES.parent / "schemas" / "vendors").glob("*.toml")}

    assert profiles == {path.parent.name for path in SAMPLES.glob("*/options")}


@pytest.mark.parametrize("name", FOLDERS)
def test_a_sample_is_converted_to_the_expected_bytes(name, tmp_path):
    result, output, report = convert(name, tmp_path)

    expected = (FOLDERS[name] / "expected.findings.jsonl").read_text(encoding="utf-8").splitlines()
    assert result.exit_code == any(json.loads(line)["severity"] == "error" for line in expected), result.output
    assert output.read_bytes() == (FOLDERS[name] / "expected.csv").read_bytes()
    keys = ("code", "severity", "record", "line", "row", "column")
    found = [{key: json.loads(line)[key] for key in keys} for line in report.read_text(encoding="utf-8").splitlines()]
    assert found == [{key: json.loads(line)[key] for key in keys} for line in expected]


@pytest.mark.parametrize("name", FOLDERS)
def test_the_strict_path_gives_the_same_findings(name, tmp_path):
    _, output, _ = convert(name, tmp_path, "--no-fast-path")

    assert output.read_bytes() == (FOLDERS[name] / "expected.csv").read_bytes()


@pytest.mark.parametrize("name", ["good.csv", "good.xlsx"])
def test_good_canonical_files_are_clean(name):
    result = calltools.validate(SAMPLES / "canonical" / name, as_of=1773273600)

    assert result.findings == ()
    assert result.summary.read == 30


def test_findings_of_the_broken_workbook_name_their_cells():
    result = calltools.validate(SAMPLES / "broken" / "calls.xlsx", as_of=1773273600)

    found = {(one.code, one.cell) for one in result.findings if one.cell}
    assert found >= {
        ("CT209", "A5"),
        ("CT241", "C5"),
        ("CT221", "G5"),
        ("CT232", "H5"),
        ("CT212", "B6"),
        ("CT242", "C6"),
        ("CT261", "D6"),
        ("CT281", "F6"),
        ("CT251", "E7"),
        ("CT015", "G7"),
        ("CT233", "H7"),
        ("CT014", "A9"),
        ("CT245", "C9"),
        ("CT203", "A10"),
        ("CT243", "C11"),
        ("CT282", "F11"),
    }
    assert {(one.code, one.row) for one in result.findings} >= {("CT009", 8), ("CT016", 3)}
    # An unreadable cell is not reported as missing as well.
    assert not {one.code for one in result.findings} & {"CT301", "CT304"}
