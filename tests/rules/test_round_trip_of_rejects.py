"""What was rejected stays rejected for the same reason when the rejects are converted as they are."""

import csv
from io import StringIO

import pytest

from calltools.errors import UsageError
from calltools.run import ConversionSink, InputFile, RunOptions, Session, resolve
from calltools.run.sinks import FindingsCollector
from tests.conftest import NOW
from tests.rules import case_files
from tests.rules.test_cases import CODES

# Many examples of a few laws: tracing each of them takes half as long again.
pytestmark = pytest.mark.untraced


def rejecting_blocks():
    return [
        pytest.param(block, id=f"{code}-{kind}-{number}")
        for code in CODES
        for kind in ("fail", "pass")
        for number, block in enumerate(case_files.read(code).get(kind, []), 1)
        # A file with a doubled column is not converted at all.
        if "size" not in block and "refused" not in block and (code, kind) != ("CT105", "fail")
    ]


def options_of(block, folder):
    given = {
        name: tuple(value) if isinstance(value, list) else value for name, value in block.get("options", {}).items()
    }
    options = {"as_of": NOW} | given
    if "profile" in block:
        options["vendor"] = str(case_files.write_text(folder / "profile.toml", block["profile"]))
    if "identifiers" in block:
        options["identifiers"] = case_files.write_text(folder / "identifiers.csv", block["identifiers"])
    return options


def convert(path, out, rejects, options):
    """The summary of a conversion, and its rejects: codes and cells of each record."""
    with ConversionSink(out, rejects) as sink:
        collector = FindingsCollector()
        (summary,) = Session(
            [InputFile(path, path.name, resolve(RunOptions(**options)))], [collector, sink], converting=True
        ).run()
    rows = list(csv.reader(StringIO(rejects.read_bytes().decode("utf-8", "surrogatepass"), newline="")))
    return summary, rows


@pytest.mark.parametrize("block", rejecting_blocks())
def test_rejects_that_nobody_mended_stay_rejected_for_the_same_reason(block, tmp_path):
    options = options_of(block, tmp_path)
    first_options = options | {"hints": case_files.Hints(**block.get("hints", {}))}
    first, rows = convert(
        case_files.write_file(block, tmp_path), tmp_path / "out.csv", tmp_path / "rejects.csv", first_options
    )
    assert first.adds_up
    if not first.rejected:
        return

    try:
        again, rows_again = convert(tmp_path / "rejects.csv", tmp_path / "out2.csv", tmp_path / "rejects2.csv", options)
    except UsageError as refusal:
        # Only rejected records are left, and all of them contradict the zone.
        if refusal.key != "zone-contradicted":
            raise
        return

    assert (again.written, again.rejected) == (0, first.rejected)
    assert rows_again[0] == rows[0]
    assert [[row[0], *row[2:]] for row in rows_again] == [[row[0], *row[2:]] for row in rows]
    assert not {"CT103", "CT104", "CT106"} & set(again.by_code) - set(first.by_code)


def repaired_blocks():
    return [
        pytest.param(code, block, id=f"{code}-{number}")
        for code in CODES
        for number, block in enumerate(case_files.read(code)["fail"], 1)
        if "cells" in block and not block.get("other_codes") and all(after for _, after in case_files.pairs(block))
    ]


@pytest.mark.parametrize(("code", "block"), repaired_blocks())
def test_rejects_that_are_mended_are_written(code, block, tmp_path):
    options = options_of(block, tmp_path) | {"static_call": "1"}
    options.pop("timezone", None)
    options.pop("region", None)
    first, rows = convert(
        case_files.write_file(block, tmp_path), tmp_path / "out.csv", tmp_path / "rejects.csv", options
    )
    if not first.rejected:
        return
    repairs = dict(case_files.pairs(block))
    for row in rows[1:]:
        row[:] = [repairs.get(cell, cell) or "" for cell in row]
    mended = StringIO(newline="")
    csv.writer(mended).writerows(rows)
    (tmp_path / "rejects.csv").write_text(mended.getvalue(), encoding="utf-8")

    again, _ = convert(tmp_path / "rejects.csv", tmp_path / "out2.csv", tmp_path / "rejects2.csv", options)

    assert (again.written, again.rejected) == (first.rejected, 0)


MARKED = [
    pytest.param("CT209", [["ClientId", "DateTime"], [1604591025698235234, "1773014400"]], id="an id as a number"),
    pytest.param("CT209", [["UserId", "DateTime"], [1604591025698235234, "1773014400"]], id="an own id as a number"),
    pytest.param("CT014", [["ClientId", "DateTime"], ["=A9", "1773014400"]], id="a formula without a value"),
    pytest.param("CT015", [["ClientId", "DateTime"], ["#REF!", "1773014400"]], id="an error cell"),
]


@pytest.mark.parametrize(("code", "cells"), MARKED)
def test_a_damaged_cell_of_a_workbook_is_marked_until_it_is_mended(code, cells, tmp_path):
    path = case_files.write_workbook(tmp_path / "calls.xlsx", [{"title": "Calls", "rows": cells}])
    options = {"as_of": NOW, "static_call": "1"}
    first, rows = convert(path, tmp_path / "out.csv", tmp_path / "rejects.csv", options)
    again, rows_again = convert(tmp_path / "rejects.csv", tmp_path / "out2.csv", tmp_path / "rejects2.csv", options)
    text = (tmp_path / "rejects.csv").read_text(encoding="utf-8")
    mended = tmp_path / "mended.csv"
    mended.write_text(text.replace(rows[1][2], "1604591025698235235"), encoding="utf-8")
    last, _ = convert(mended, tmp_path / "out3.csv", tmp_path / "rejects3.csv", options)

    assert (first.by_code[code], again.by_code[code], again.written) == (1, 1, 0)
    assert rows[1][2].startswith(f"[{code}]")
    assert rows_again[1][2] == rows[1][2]
    assert (last.written, last.rejected) == (1, 0)


def test_a_mark_counts_without_the_columns_of_rejects_too(tmp_path):
    calls = tmp_path / "calls.csv"
    calls.write_text("UserId,DateTime\n[CT209] 1604591025698235136,1773014400\n[vip],1773014401\n", encoding="utf-8")

    summary, rows = convert(calls, tmp_path / "out.csv", tmp_path / "rejects.csv", {"as_of": NOW})

    assert (summary.written, summary.rejected) == (1, 1)
    assert rows[1][:3] == ["CT209", "2", "[CT209] 1604591025698235136"]


def test_a_wrong_quote_is_marked_until_it_is_mended(tmp_path):
    calls, header = tmp_path / "calls.csv", "ClientId,DateTime,Tag\n"
    good = "1604591025698235234,1773014400,a\n"
    calls.write_text(f'{header}{good}1604591025698235235,1773014401,15" tires\n{good}', encoding="utf-8")
    options = {"as_of": NOW}
    first, rows = convert(calls, tmp_path / "out.csv", tmp_path / "rejects.csv", options)
    again, _ = convert(tmp_path / "rejects.csv", tmp_path / "out2.csv", tmp_path / "rejects2.csv", options)
    text = (tmp_path / "rejects.csv").read_text(encoding="utf-8")
    (tmp_path / "mended.csv").write_text(text.replace("[CT007] ", ""), encoding="utf-8")
    last, _ = convert(tmp_path / "mended.csv", tmp_path / "out3.csv", tmp_path / "rejects3.csv", options)

    assert rows[1] == ["CT007", "3", "1604591025698235235", "1773014401", '[CT007] 15" tires']
    assert (first.rejected, again.rejected, again.written) == (1, 1, 0)
    assert (last.written, (tmp_path / "out3.csv").read_text(encoding="utf-8").splitlines()[1]) == (
        1,
        '1604591025698235235,1773014401,"15"" tires"',
    )


def test_rejects_of_a_profile_with_its_own_encoding_are_read_as_they_were_written(tmp_path):
    profile = tmp_path / "pbx.toml"
    profile.write_text(
        'name = "pbx"\ntitle = "PBX"\nconfidence = "code-seen"\nrecognize = ["Когда", "Кто"]\n'
        'read = { encoding = "cp1251", delimiter = ";", quotes = "undoubled" }\n'
        'fields = { DateTime = { from = "Когда", format = "unix" }, PhoneNumber = { from = "Кто" }, '
        'Tag = { from = "Метка" } }\n',
        encoding="utf-8",
    )
    calls = tmp_path / "calls.csv"
    calls.write_bytes('"Когда";"Кто";"Метка"\n"1773014400";"12";"ООО "Ёж""\n'.encode("cp1251"))
    options = {"as_of": NOW, "vendor": str(profile), "static_call": "1"}
    first, _ = convert(calls, tmp_path / "out.csv", tmp_path / "rejects.csv", options)
    again, rows = convert(tmp_path / "rejects.csv", tmp_path / "out2.csv", tmp_path / "rejects2.csv", options)

    assert (first.rejected, again.rejected) == (1, 1)
    assert rows[1] == ["CT245", "2", "1773014400", "12", 'ООО "Ёж"']


def test_rejects_of_two_exports_in_one_file_are_refused(tmp_path):
    rejects = tmp_path / "rejects.csv"
    rejects.write_text(
        "calltools_codes,calltools_place,ClientId,DateTime\nCT212,2,1604591025698235235,soon\n"
        "calltools_codes,calltools_place,DateTime,ClientId\nCT212,2,soon,1604591025698235235\n",
        encoding="utf-8",
    )

    with pytest.raises(UsageError) as refusal:
        convert(rejects, tmp_path / "out.csv", tmp_path / "rejects2.csv", {"as_of": NOW})

    assert (refusal.value.key, refusal.value.facts["place"]) == ("rejects-of-several", 3)
    assert not (tmp_path / "out.csv").exists()
