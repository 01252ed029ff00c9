"""Revenue that comes later: convert, upload, convert again with outcomes; only the calls that it changed are sent."""

import csv
import io

from tests.uploading.conftest import CALL_COUNT, call_line, write_csv

MOMENT = 1760000000


def stored(service):
    return [[(row["ClientId"], row.get("Price", "")) for row in one.rows] for one in service.store.uploadings]


def test_only_calls_that_outcomes_changed_are_sent_again_and_once(run, upload, service, tmp_path):
    export = write_csv(tmp_path / "export.csv", [call_line(number) for number in range(CALL_COUNT)])
    options = ("--as-of", MOMENT + 86_400)
    run("convert", export, "-o", tmp_path / "calls.csv", *options)
    first = upload(tmp_path / "calls.csv")
    crm = tmp_path / "crm.csv"
    crm.write_text(
        "phone,time,Price,Currency\n"
        + "".join(f"+749500007{number:02},{MOMENT + 3600},{number}00.50,RUB\n" for number in (3, 7, 3)),
        encoding="utf-8",
    )

    converted = run("convert", export, "-o", tmp_path / "priced.csv", "--outcomes", crm, *options)
    unasked = upload(tmp_path / "priced.csv")
    changed = upload(tmp_path / "priced.csv", "--changed")
    again = upload(tmp_path / "priced.csv", "--changed")

    assert [one.exit_code for one in (first, converted, unasked, changed, again)] == [0] * 5
    assert "outcomes: taken 3 for 2 calls" in converted.stderr + converted.stdout
    assert "changed since: 2" in unasked.stderr
    assert [len(rows) for rows in stored(service)] == [CALL_COUNT, 2]
    assert stored(service)[1] == [("1604591025698235203", "601.00"), ("1604591025698235207", "700.50")]
    priced = list(csv.DictReader(io.StringIO((tmp_path / "priced.csv").read_text(encoding="utf-8"))))
    assert [row["Price"] for row in priced if row["Price"]] == ["601.00", "700.50"]
