"""Rejects: records with an error, as they came, in the order of the file, each with its place and its codes."""

import csv

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
