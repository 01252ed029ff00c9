"""Rejects: records with an error, as they came, in the order of the file, each with its place and its codes."""

import csv
import json

from tests.cli.test_commands import NOW, run

TEXT = """\
ClientId,DateTime,PhoneNumber,CallMissed,FirstTimeCaller,Tag
1604591025698235234,1773014400,+74950000001,0,0,good
1604591025698235235,1773014401,+74950000002,maybe,maybe,two flags
1604591025698235236,1773014402,+74950000003,0,0,one,too many
1604591025698235237,1773014403,+74950000004,0,0,good
1604591025698235238,03.03.2026,123,0,0,"a time, a phone"
1604591025698235239,1773014405
"""


def test_rejects_are_in_the_order_of_the_file_with_each_code_once(tmp_path):
    calls, rejects = tmp_path / "calls.csv", tmp_path / "rejects.csv"
    calls.write_text(TEXT, encoding="utf-8")

    result = run("convert", calls, "-o", tmp_path / "out.csv", "--rejects", rejects, "--as-of", NOW, "--lang", "en")

    assert result.stderr.splitlines()[-1] == "read 6 = written 2 + rejected 4"
    assert list(csv.reader(rejects.read_text(encoding="utf-8").splitlines())) == [
        ["calltools_codes", "calltools_place", *TEXT.splitlines()[0].split(",")],
        ["CT251", "3", "1604591025698235235", "1773014401", "+74950000002", "maybe", "maybe", "two flags"],
        ["CT008", "4", "1604591025698235236", "1773014402", "+74950000003", "0", "0", "one", "too many"],
        ["CT212 CT245", "6", "1604591025698235238", "03.03.2026", "123", "0", "0", "a time, a phone"],
        ["CT008", "7", "1604591025698235239", "1773014405"],
    ]


LEGS = """\
src,dst,dcontext,lastapp,start,answer,duration,billsec,disposition,uniqueid,linkedid
84950000001,s,from-trunk,Dial,2026-03-09 10:00:00,,15,0,NO ANSWER,1773050400.1,1773050400.1
84950000001,210,from-queue,Di"al,2026-03-09 10:00:15,2026-03-09 10:00:17,62,60,ANSWERED,1773050415.2,1773050400.1
84950000002,s,from-trunk,Dial,2026-03-09 11:00:00,,15,0,NO ANSWER,1773054000.1,1773054000.1
84950000002,210,from-queue,Dial,2026-03-09 11:00:15,2026-03-09 11:00:17,62,60,ANSWERED,1773054015.2,1773054000.1
849500,s,from-trunk,Dial,2026-03-09 12:00:00,,15,0,NO ANSWER,1773057600.1,1773057600.1
849500,210,from-queue,Dial,2026-03-09 12:00:15,2026-03-09 12:00:17,62,60,ANSWERED,1773057615.2,1773057600.1
84950000004,s,from-internal,Dial,2026-03-09 13:00:00,,15,0,NO ANSWER,1773061200.1,1773061200.1
84950000004,210,from-internal,Dial,2026-03-09 13:00:15,,15,0,NO ANSWER,1773061215.2,1773061200.1
"""
LEG_OPTIONS = ["--vendor", "asterisk", "--timezone", "UTC", "--region", "RU", "--inbound-context", "from-trunk",
               "--static-call", "1", "--as-of", NOW, "--lang", "en"]  # fmt: skip


def test_a_call_is_rejected_with_all_its_legs(tmp_path):
    calls, rejects = tmp_path / "calls.csv", tmp_path / "rejects.csv"
    calls.write_text(LEGS, encoding="utf-8")

    result = run("convert", calls, "-o", tmp_path / "out.csv", "--rejects", rejects, *LEG_OPTIONS)

    assert result.stderr.splitlines()[-1] == "read 8 = written 1 + skipped 3 (legs 2, outgoing 1) + rejected 4"
    rows = list(csv.reader(rejects.read_text(encoding="utf-8").splitlines()))
    assert [row[:2] for row in rows[1:]] == [["CT611", "2"], ["CT007", "3"], ["CT245", "6"], ["CT245", "7"]]
    assert [row[2:] for row in rows[3:]] == [line.split(",") for line in LEGS.splitlines()[5:7]]


def test_the_counts_add_up_for_validate_too(tmp_path):
    calls = tmp_path / "calls.csv"
    calls.write_text(LEGS, encoding="utf-8")

    result = run("validate", calls, *LEG_OPTIONS, "--output-format", "json")

    (file,) = json.loads(result.stdout)["files"]
    assert (file["records"], file["skipped"], file["rejected"]) == (8, {"leg": 2, "outgoing": 1}, 4)
