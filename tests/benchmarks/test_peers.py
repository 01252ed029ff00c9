"""Benchmarks against peers: the gate, the table, the plot, merging, limits. No time is asserted."""

import json
import os
import re
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

from benchmarks.peers import gate, plot, rules, run, table
from benchmarks.peers.participants import PARTICIPANTS
from benchmarks.run import AS_OF, TOOL, StoppedError, measure_peak, measure_seconds
from calltools.fields.kinds import currency

SVG = "{http://www.w3.org/2000/svg}"
#: The peers whose packages the tests have anyway.
AT_HAND = (
    "csv_loop",
    "csv_loop_phonenumbers",
    "polars_expressions",
    "duckdb_sql",
    "pandera_schema",
    "pandera_element_wise",
)


def figures(seconds, peak, floor=0.5):
    return {
        "date": "2026-03-10",
        "cores": 2,
        "load": 0.1,
        "seconds": seconds,
        "floor": floor,
        "peak_mib": peak,
        "rounds": 3,
    }


RESULTS = {
    "gate": {
        "csv_loop": {"same": 1244, "missing": {}, "more": {}},
        "frictionless_schema": {"same": 1238, "missing": {"Price": 1, "TalkDuration": 2}, "more": {"Tag": 4}},
    },
    "sizes": {
        "10000": {
            "floor": figures(0.5, 80),
            "calltools": figures(1.0, 150),
            "csv_loop": figures(0.25, 6),
            "frictionless_schema": figures(7.5, 64),
        },
        "100000": {
            "floor": figures(0.5, 150),
            "calltools": figures(2.0, 300),
            "csv_loop": figures(2.5, 6),
            "frictionless_schema": {"date": "2026-03-10", "cores": 2, "load": 0.1, "stopped": "> 60 s"},
        },
    },
}


@pytest.fixture(scope="module")
def gate_file(tmp_path_factory):
    """A file with the odd records, and what calltools finds in it."""
    folder = tmp_path_factory.mktemp("gate")
    file, findings = folder / "calls.csv", folder / "findings.csv"
    gate.write_file(run.generate(folder, 500), file)
    subprocess.run([*TOOL, "validate", file, "--as-of", AS_OF, "--report", findings], check=False, capture_output=True)
    return file, findings


@pytest.mark.parametrize("name", AT_HAND)
def test_peers_report_the_same_cells(name, gate_file, tmp_path):
    file, findings = gate_file
    report = tmp_path / "report.csv"
    subprocess.run([sys.executable, run.HERE / f"{name}.py", file, report], check=True)

    ours = gate.reported_by_calltools(findings, phones_in_full=PARTICIPANTS[name].phones_in_full)

    assert gate.compare(ours, gate.reported_by_peer(report)) == {"same": len(ours), "missing": {}, "more": {}}
    # Each rule of the table has a record that breaks it.
    assert {column for _, column in ours} == {*rules.FORMS, "Currency"}


def test_the_gate_says_what_differs():
    ours, peers = {(1, "Price"), (2, "Price"), (3, "Tag")}, {(1, "Price"), (2, "Tag")}

    assert gate.compare(ours, peers) == {"same": 1, "missing": {"Price": 1, "Tag": 1}, "more": {"Tag": 1}}


def test_peers_know_the_currencies_that_calltools_knows():
    assert set(currency.current_codes()) == rules.CURRENCIES


def test_the_table_shows_ratios_limits_growth_and_differences():
    rows = {
        line.split(" | ")[0].strip("| "): line for line in table.table(RESULTS).splitlines() if line.startswith("| ")
    }

    assert (
        "| **2.0**, 1.00 s, 150 MiB | **4.0**, 2.00 s, 300 MiB | time × 2.0, memory × 2.0 | these |"
        in rows["calltools"]
    )
    assert (
        "| **0.5**, 0.25 s, 6 MiB | **5.0**, 2.50 s, 6 MiB | time × 10.0, memory × 1.0 | 1,244 same |"
        in rows["csv loop"]
    )
    assert "| > 60 s |  | 1,238 same, 3 missing (Price, TalkDuration), 4 more (Tag) |" in rows["frictionless"]
    assert "DuckDB SQL" not in rows
    assert "busy" not in table.table(RESULTS)


def test_figures_of_a_busy_machine_say_so():
    busy = {name: {**one, "load": 9.5} for name, one in RESULTS["sizes"]["10000"].items()}
    results = {"gate": {}, "sizes": {"10000": busy, "100000": RESULTS["sizes"]["100000"]}}

    assert "10,000 records: 2026-03-10, 2 cores, load 9.5 before (busy" in table.table(results)
    assert "| ratio, peak (machine busy) | 2.0, 150 MiB |" in table.short_table(results, 10_000)
    assert "| ratio, peak | 4.0, 300 MiB |" in table.short_table(results)


def test_the_plot_has_a_line_for_each_that_was_measured():
    text = plot.plot(RESULTS)
    picture = ET.fromstring(text)  # noqa: S314 - our own
    lines = [
        (
            group.get("class"),
            [tuple(map(float, point.split(","))) for point in group.find(f"{SVG}polyline").get("points").split()],
        )
        for group in picture.iter(f"{SVG}g")
    ]

    ratio, memory, growth = lines[:3], lines[3:7], lines[7:]
    assert [sorted(name for name, _ in panel) for panel in (ratio, memory, growth)] == [
        ["calltools", "csv_loop", "frictionless_schema"],
        *[["calltools", "csv_loop", "floor", "frictionless_schema"]] * 2,
    ]
    assert {name: len(points) for name, points in growth} == {
        "floor": 2,
        "calltools": 2,
        "csv_loop": 2,
        "frictionless_schema": 1,
    }
    # Higher in the picture is more; twice as much is the same way up from everywhere.
    heights = {name: [down for _, down in points] for name, points in growth}
    assert (
        heights["frictionless_schema"][0] < heights["csv_loop"][1] < heights["calltools"][1] < heights["calltools"][0]
    )
    assert heights["calltools"][0] - heights["calltools"][1] == pytest.approx(
        heights["csv_loop"][0] - heights["floor"][0], abs=0.2
    )
    assert "frictionless 7.5 (10k)" in text
    assert "prefers-color-scheme:dark" in text


def test_names_beside_the_curves_do_not_lie_on_one_another():
    everybody = {str(size): dict.fromkeys(PARTICIPANTS, figures(1.0, 100)) for size in (10_000, 100_000)}

    picture = ET.fromstring(plot.plot({"sizes": everybody, "gate": {}}))  # noqa: S314 - our own

    names = [[float(group.find(f"{SVG}text").get(at)) for at in ("x", "y")] for group in picture.iter(f"{SVG}g")]
    assert len(names) == 3 * len(PARTICIPANTS) - 1
    assert [
        (one, other)
        for one in names
        for other in names
        if one is not other and one[0] == other[0] and abs(one[1] - other[1]) < 12
    ] == []


def test_figures_of_another_size_and_of_other_peers_stay(tmp_path):
    results = json.loads(json.dumps(RESULTS))

    run.merge(results, {"calltools": figures(9.0, 500)}, 1_000_000)
    run.merge(results, {"calltools": figures(1.5, 140)}, 10_000)
    run.write(results, tmp_path)

    stored = json.loads((tmp_path / "peers.json").read_text(encoding="utf-8"))["sizes"]
    assert list(stored) == ["10000", "100000", "1000000"]
    assert stored["10000"]["calltools"]["seconds"] == 1.5
    assert stored["10000"]["csv_loop"] == RESULTS["sizes"]["10000"]["csv_loop"]
    assert (tmp_path / "peers.svg").stat().st_size < 200_000


def test_the_published_table_and_plot_are_those_of_the_figures():
    results = json.loads((run.RESULTS / "peers.json").read_text(encoding="utf-8"))

    assert (run.RESULTS / "peers.md").read_text(encoding="utf-8") == table.table(results)
    assert (run.RESULTS / "peers.svg").read_text(encoding="utf-8") == plot.plot(results)


def test_the_readme_shows_the_figures():
    readme = run.HERE.parent.parent / "README.md"
    short = table.short_table(json.loads((run.RESULTS / "peers.json").read_text(encoding="utf-8")))
    if os.environ.get("CALLTOOLS_GOLDEN") == "rewrite":
        text = readme.read_text(encoding="utf-8")
        readme.write_text(re.sub(r"\| [\d,]+ records \|.*\n.*\n.*\n", short, text), encoding="utf-8")

    assert f"\n{short}\n" in readme.read_text(encoding="utf-8")


def test_what_is_over_a_limit_or_fails_is_stopped():
    asleep = [sys.executable, "-c", "import time; time.sleep(600)"]

    with pytest.raises(StoppedError, match="> 0 s"):
        measure_seconds(asleep, limit=0.2)
    with pytest.raises(StoppedError, match="> 0 s"):
        measure_peak(asleep, limit=0.2)
    with pytest.raises(StoppedError, match="> 1 MiB"):
        measure_peak(asleep, limit_mib=1)
    with pytest.raises(StoppedError, match=r"failed \(1\)"):
        measure_seconds([sys.executable, "-c", "raise SystemExit(1)"], highest_exit_code=0)


def test_each_participant_has_a_script_and_pinned_packages():
    pinned = (run.HERE / "requirements.txt").read_text(encoding="utf-8").splitlines()

    assert [
        name for name in PARTICIPANTS if name not in {"floor", "calltools"} and not (run.HERE / f"{name}.py").exists()
    ] == []
    assert [line for line in pinned if line and not line.startswith("#") and line.count("==") != 1] == []
