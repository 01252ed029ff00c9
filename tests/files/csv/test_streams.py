"""Exports that put every cell in quotes and do not double those inside."""

import io

import pytest

import calltools
from calltools.errors import ProfileError
from calltools.files.csv.streams import DoubledQuotesStream
from calltools.vendors.loader import load_profile
from tests.conftest import NOW

PROFILE = """
name = "loose"
title = "Loose"
confidence = "code-seen"
recognize = ["When", "Who", "Number"]
[read]
quotes = "undoubled"
[fields.DateTime]
from = "When"
format = "unix"
[fields.PhoneNumber]
from = "Number"
[fields.Tag]
from = "Who"
"""


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b'"a","b"\n', b'"a","b"\n'),
        (b'"a "b" c","d"\n', b'"a ""b"" c","d"\n'),
        (b'"say "x"","d"\r\n', b'"say ""x""","d"\r\n'),
        (b'""x" y","d"', b'"""x"" y","d"'),
        (b'"Bob "B", Jr","d"\n', b'"Bob ""B"", Jr","d"\n'),
        (b'"","",""\n"","",""\n', b'"","",""\n"","",""\n'),
        (b'"a","b", "c"\n', b'"a","b","c"\n'),
        (b"", b""),
    ],
)
def test_only_quotes_inside_cells_are_doubled(written, read):
    assert DoubledQuotesStream(io.BytesIO(written), ",").read() == read


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_it_is_read_by_any_size(size):
    stream = DoubledQuotesStream(io.BytesIO(b'"1";"a "b" c"\n' * 50), ";")

    parts = list(iter(lambda: stream.read(size), b""))

    assert b"".join(parts) == b'"1";"a ""b"" c"\n' * 50
    assert all(len(part) == size for part in parts[:-1])


@pytest.mark.parametrize("vendor", ["loose.toml", "auto"])
def test_records_with_inner_quotes_are_read_whole(vendor, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "calltools-vendors").mkdir()
    for place in (tmp_path, tmp_path / "calltools-vendors"):
        (place / "loose.toml").write_text(PROFILE, encoding="utf-8")
    (tmp_path / "export.csv").write_text(
        '"When","Who","Number"\n'
        '"1772434800","OOO "Romashka", Moscow","+74950000001"\n'
        '"1772434860","plain", "+74950000002"\n',
        encoding="utf-8",
    )

    result = calltools.convert("export.csv", "out.csv", vendor=vendor, as_of=NOW, static_call="1")

    assert (result.summary.written, result.summary.rejected) == (2, 0)
    written = (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()
    assert written[1:] == [
        ',1772434800,1,+74950000001,"OOO ""Romashka"", Moscow"',
        ",1772434860,1,+74950000002,plain",
    ]


def test_another_word_is_refused():
    with pytest.raises(ProfileError, match=r"read\.quotes"):
        load_profile(PROFILE.replace("undoubled", "none"), "loose.toml")
