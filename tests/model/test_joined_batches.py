"""Batches of several tables as one batch, and taken apart again."""

import numpy as np
import pyarrow as pa

from calltools.model.batch import Batch
from calltools.model.finding import Findings
from calltools.model.joined_batches import JoinedBatches


def batch_of(cells, first=1, **more):
    count = len(cells)
    return Batch(
        pa.table({"cell": pa.array(cells, pa.string())}),
        np.arange(first, first + count),
        np.arange(first + 1, first + 1 + count),
        **more,
    )


def test_what_was_made_of_joined_batches_belongs_to_each_as_if_it_were_alone():
    parts = [batch_of(["a", "b"], read=2), batch_of([]), batch_of(["c", "d", "e"], first=11, skipped={"total": 1})]
    joined = JoinedBatches.of(parts)
    keep = np.array([False, True, True, False, True])
    done = joined.batch.filter_rows(keep)
    done = done.with_notes("skipped", {"outgoing": joined.batch.records[~keep]})
    done = done.with_findings(
        Findings.for_rule("CT601", records=np.array([2, 5]), places=np.array([3, 14])),
        Findings.for_rule("CT602", records=np.array([3]), places=np.array([12])),
    )

    first, empty, last = (part.count_notes() for part in joined.split(done))

    assert first.columns["cell"].to_pylist() == ["b"]
    assert (first.records.tolist(), first.places.tolist(), first.read) == ([2], [3], 2)
    assert (dict(first.skipped), dict(last.skipped)) == ({"outgoing": 1}, {"total": 1, "outgoing": 1})
    assert (len(empty), dict(empty.skipped), len(empty.findings)) == (0, {}, 0)
    assert last.columns["cell"].to_pylist() == ["c", "e"]
    assert last.records.tolist() == [11, 13]
    assert [(row["code"], row["record"], row["place"]) for row in first.findings.to_rows()] == [("CT601", 2, 3)]
    assert [(row["code"], row["record"]) for row in last.findings.to_rows()] == [("CT601", 13), ("CT602", 11)]


def test_batches_with_findings_that_are_on_no_row_are_not_joined():
    plain = batch_of(["a"])

    assert JoinedBatches.can_be_joined(plain)
    assert not JoinedBatches.can_be_joined(
        plain.with_findings(Findings.for_rule("CT009", records=None, places=np.array([3])))
    )
