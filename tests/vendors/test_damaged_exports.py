"""Exports with legs, damaged anywhere: each record is written, skipped or rejected, and rejects stay rejected."""

import csv
from io import StringIO

from hypothesis import given
from hypothesis import strategies as st

from calltools.model.batch import Hints
from calltools.run import ConversionSink, InputFile, RunOptions, Session, resolve
from tests.conftest import NOW

TITLES = "src,dst,dcontext,lastapp,start,answer,duration,billsec,disposition,uniqueid,linkedid"
OPTIONS = {
    "as_of": NOW, "vendor": "asterisk", "timezone": "UTC", "region": "RU", "inbound_contexts": ("from-trunk",),
    "static_call": "1",
}  # fmt: skip


def a_record(chance, number):
    second, answered = chance.randrange(3600), chance.random() < 0.6
    start = f"2026-03-09 10:{second // 60:02}:{second % 60:02}"
    return ",".join(
        [
            chance.choice(["84950000001", "210", "849500", "84950000003"]),
            "s",
            chance.choice(["from-trunk", "from-internal"]),
            chance.choice(["Dial", "Queue", "VoiceMail"]),
            start,
            start if answered else "",
            str(chance.randint(10, 99)),
            str(chance.randint(0, 60)) if answered else "0",
            "ANSWERED" if answered else chance.choice(["NO ANSWER", "NO ANSWER", "WHAT"]),
            f"177305{second:04}.{number}",
            chance.choice(["", *[f"177305{link}400.1" for link in range(5)]]),
        ]
    )


def damaged(record, chance):
    at, luck = chance.randint(1, len(record)), chance.random()
    if luck < 0.06:
        return record[:at] + '"' + record[at:]
    if luck < 0.1:
        return record[:at]
    if luck < 0.13:
        return record[:at] + "," + record[at:]
    if luck < 0.15:
        return record[:at] + "\0" + record[at:]
    return TITLES if luck < 0.17 else record


def convert(path, folder, name, **options):
    out, rejects = folder / f"{name}.csv", folder / f"{name}-rejects.csv"
    with ConversionSink(out, rejects, force=True) as sink:
        (summary,) = Session(
            [InputFile(path, path.name, resolve(RunOptions(**OPTIONS, **options)))], [sink], converting=True
        ).run()
    written = out.read_text(encoding="utf-8").splitlines()[1:]
    rows = list(csv.reader(StringIO(rejects.read_bytes().decode("utf-8", "surrogatepass"), newline="")))[1:]
    assert summary.adds_up
    assert (summary.written, summary.rejected) == (len(written), len(rows))
    return summary, rows


@given(st.randoms(use_true_random=False))
def test_each_record_is_counted_once_and_rejects_stay_rejected(tmp_path_factory, chance):
    folder = tmp_path_factory.mktemp("damaged")
    records = [damaged(a_record(chance, number), chance) for number in range(chance.randint(1, 14))]
    lines = [line.encode() for line in records]
    lines = [line[:20] + b"\xd0" + line[20:] if chance.random() < 0.03 else line for line in lines]
    (folder / "calls.csv").write_bytes(b"\n".join([TITLES.encode(), *lines, b""]))

    first, rows = convert(folder / "calls.csv", folder, "out", hints=Hints(encoding="utf-8"))

    if first.rejected:
        again, rows_again = convert(folder / "out-rejects.csv", folder, "again")
        assert (again.written, again.rejected) == (0, first.rejected)
        assert [row[2:] for row in rows_again] == [row[2:] for row in rows]
