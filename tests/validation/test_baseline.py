import json
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltools.errors import UsageError
from calltools.model.finding import Findings
from calltools.validation.baseline import Baseline, accept_known, baseline_file_name, count_findings, read_baseline


def found(*spots):
    """Findings on records 1, 2, ... and the titles of their columns."""
    findings = Findings.from_rows(
        {"code": code, "record": number, "place": number, "column": title}
        for number, (code, title) in enumerate(spots, 1)
    )
    return findings, pa.array([title for _, title in spots], pa.string())


def records(findings):
    return findings.table["record"].to_pylist()


def write_baseline(tmp_path, content):
    path = tmp_path / "known.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_as_many_findings_are_accepted_as_the_baseline_counts():
    price, phone = ("CT221", "Price"), ("CT241", "PhoneNumber")

    beyond, accepted = accept_known(*found(price, phone, price, price), {price: 2, phone: 5}, {})

    assert records(beyond) == [4]
    assert accepted == {price: 2, phone: 1}


def test_what_went_by_before_is_not_accepted_again():
    price = ("CT221", "Price")

    beyond, accepted = accept_known(*found(price, price), {price: 3}, {price: 2})

    assert records(beyond) == [2]
    assert accepted == {price: 1}


def test_a_rule_in_another_column_is_another_finding():
    beyond, _ = accept_known(*found(("CT203", "ClientId"), ("CT203", "UserId")), {("CT203", "UserId"): 9}, {})

    assert records(beyond) == [1]


def test_a_finding_without_a_column_has_an_empty_title_in_the_baseline():
    beyond, accepted = accept_known(*found(("CT101", None)), {("CT101", ""): 1}, {})

    assert records(beyond) == []
    assert accepted == {("CT101", ""): 1}


def test_an_empty_baseline_leaves_all_findings():
    findings, titles = found(("CT221", "Price"))

    assert accept_known(findings, titles, {}, {}) == (findings, Counter())


@given(
    spots=st.lists(st.sampled_from([("CT221", "Price"), ("CT241", "PhoneNumber"), ("CT301", None)]), max_size=40),
    limits=st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)),
    cut=st.integers(0, 40),
)
def test_the_size_of_the_parts_changes_nothing(spots, limits, cut):
    known = dict(zip([("CT221", "Price"), ("CT241", "PhoneNumber"), ("CT301", "")], limits, strict=True))
    findings, titles = found(*spots)

    whole, accepted = accept_known(findings, titles, known, {})
    first, before = accept_known(Findings(findings.table.slice(0, cut)), titles.slice(0, cut), known, {})
    second, after = accept_known(Findings(findings.table.slice(cut)), titles.slice(cut), known, before)

    assert records(first) + records(second) == records(whole)
    assert before + after == accepted
    assert count_findings(findings, titles) == Counter((code, title or "") for code, title in spots)
    assert all(accepted[spot] == min(known[spot], count) for spot, count in count_findings(findings, titles).items())


def test_a_baseline_is_read_as_it_was_written(tmp_path):
    baseline = Baseline({"звонки.csv": {("CT221", "Цена"): 2, ("CT101", ""): 1}, "a.csv": {("CT241", "Phone"): 7}})

    assert read_baseline(write_baseline(tmp_path, baseline.to_json())) == baseline


def test_the_order_in_which_findings_came_does_not_change_the_bytes():
    one = Baseline().with_counts("a.csv", {("CT2", "x"): 1, ("CT1", "y"): 2}).with_counts("b.csv", {("CT1", ""): 1})
    other = Baseline().with_counts("b.csv", {("CT1", ""): 1}).with_counts("a.csv", {("CT1", "y"): 2, ("CT2", "x"): 1})

    assert one.to_json() == other.to_json()


def test_a_file_without_findings_is_not_listed():
    baseline = Baseline({"a.csv": {("CT221", "Price"): 2}}).with_counts("a.csv", {("CT221", "Price"): 0})

    assert json.loads(baseline.to_json()) == {"version": 1, "files": {}}


def test_a_file_is_called_the_same_from_its_folder_and_by_its_whole_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert (
        baseline_file_name(str(tmp_path / "exports" / "calls.csv"))
        == baseline_file_name("./exports/calls.csv")
        == "exports/calls.csv"
    )


def test_a_name_that_is_no_text_can_be_written():
    assert Baseline().with_counts("\udcff.csv", {("CT221", "Price"): 1}).to_json().encode()


@pytest.mark.parametrize(
    ("content", "key", "where"),
    [
        pytest.param("ClientId,Price\n1,2\n", "baseline-not-one", "$", id="not JSON"),
        pytest.param("[" * 100_000, "baseline-not-one", "$", id="too deep"),
        pytest.param([], "baseline-not-one", "$.version", id="a list"),
        pytest.param({"files": {}}, "baseline-not-one", "$.version", id="no version"),
        pytest.param({"version": True, "files": {}}, "baseline-not-one", "$.version", id="a flag for a version"),
        pytest.param({"version": 2, "files": {}}, "baseline-version", None, id="another version"),
        pytest.param({"version": 1}, "baseline-not-one", "$.files", id="no files"),
        pytest.param({"version": 1, "files": {"a": []}}, "baseline-not-one", "$.files.a", id="a list of rules"),
        pytest.param(
            {"version": 1, "files": {"a": {"CT221": {"Price": "2"}}}},
            "baseline-not-one",
            "$.files.a.CT221.Price",
            id="a text for a count",
        ),
        pytest.param(
            {"version": 1, "files": {"a": {"CT221": {"Price": -2}}}},
            "baseline-not-one",
            "$.files.a.CT221.Price",
            id="a count below nothing",
        ),
    ],
)
def test_what_is_no_baseline_is_refused_with_the_place_of_the_fault(tmp_path, content, key, where):
    with pytest.raises(UsageError) as refused:
        read_baseline(write_baseline(tmp_path, content))

    assert refused.value.key == key
    assert refused.value.facts.get("where") == where


def test_a_baseline_that_is_missing_is_refused(tmp_path):
    with pytest.raises(UsageError) as refused:
        read_baseline(tmp_path / "no.json")

    assert refused.value.key == "baseline-unreadable"
