"""A log of SQL statements is no table: each is rejected, not read by halves."""

import pytest

import calltools
from tests.conftest import NOW

LINE = (
    'INSERT INTO cdr VALUES ("x","84950000001","74950000001","public","2026-03-02 10:00:00","2026-03-02 10:00:08",'
    '"2026-03-02 10:00:50","50","42","NORMAL_CLEARING","a5c9f6c0-e752-11e3-8bfb-00000000000{}","", "");'
)


@pytest.mark.parametrize("vendor", ["auto", "freeswitch"])
def test_no_record_is_read_from_statements(vendor, tmp_path):
    path = tmp_path / "Master.csv"
    path.write_text("\n".join(LINE.format(number) for number in range(6)) + "\n", encoding="utf-8")

    result = calltools.convert(
        path, tmp_path / "out.csv", vendor=vendor, as_of=NOW, timezone="UTC", inbound_contexts=("public",)
    )

    assert (result.summary.written, result.summary.rejected) == (0, 6)
    assert {finding.code for finding in result.findings} == {"CT007"}
