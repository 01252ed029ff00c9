"""Packed files and archives: whole or refused by name, never a silently short file, never a bomb."""

import gzip
import lzma
import os
import stat
import struct
import subprocess
import sys
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import pytest

from calltools.errors import LimitError, SourceError, UnfitFileError
from calltools.files.folders import find_files
from calltools.files.limits import Limits
from calltools.files.packed import Packed, Unpacker, split_member
from tests.packing import PACK, pack, zip_of
from tests.test_pipeline import GOOD, NOW, as_csv

CONTENT = b"DateTime,PhoneNumber\n" + b"".join(b"17600000%02d,+7495000%04d\n" % (n % 100, n) for n in range(5000))
ENDINGS = [*PACK, ".zip"]


def unpack(path, member=None, limits=Limits()):  # noqa: B008 - frozen
    with Unpacker() as unpacker:
        return unpacker.plain_path(Packed(path, member), path.name, limits).read_bytes()


def refusal(path, member=None, limits=Limits()):  # noqa: B008 - frozen
    with pytest.raises((SourceError, UnfitFileError)) as fault:
        unpack(path, member, limits)
    return fault.value.key


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_packed_file_is_known_by_its_content(tmp_path, ending):
    path = tmp_path / "whatever.dat"
    path.write_bytes(pack(CONTENT, ending))

    assert unpack(path) == CONTENT


def test_a_plain_file_is_read_where_it_is(tmp_path):
    path = tmp_path / "calls.csv.gz"
    path.write_bytes(CONTENT)

    with Unpacker() as unpacker:
        assert unpacker.plain_path(Packed(path), "calls.csv.gz") == path


@pytest.mark.parametrize("ending", PACK)
def test_streams_one_after_the_other_are_one_file(tmp_path, ending):
    path = tmp_path / "calls"
    path.write_bytes(pack(CONTENT[:1000], ending) + pack(CONTENT[1000:], ending))

    assert unpack(path) == CONTENT


@pytest.mark.parametrize("ending", [".gz", ".xz"])
def test_padding_behind_the_end_is_no_damage(tmp_path, ending):
    path = tmp_path / "calls"
    path.write_bytes(pack(CONTENT, ending) + bytes(512))

    assert unpack(path) == CONTENT


@pytest.mark.parametrize("ending", PACK)
@pytest.mark.parametrize("junk", [b"junk behind the end", b"\1"])
def test_what_follows_the_end_is_not_left_out_in_silence(tmp_path, ending, junk):
    path = tmp_path / "calls"
    path.write_bytes(pack(CONTENT, ending) + junk)

    assert refusal(path) == "packed-damaged"


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_cut_off_anywhere_is_refused(tmp_path, ending):
    whole = pack(CONTENT, ending)
    path = tmp_path / f"calls{ending}"
    for size in [*range(10, len(whole), max(1, len(whole) // 60)), *range(len(whole) - 24, len(whole))]:
        path.write_bytes(whole[:size])

        assert refusal(path) == "packed-damaged", size


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".xz", ".zip"])
def test_a_byte_changed_on_the_way_gives_no_other_table(tmp_path, ending):
    whole = pack(CONTENT, ending)
    path = tmp_path / f"calls{ending}"
    for place in range(len(whole) // 3, len(whole) * 2 // 3, max(1, len(whole) // 40)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        path.write_bytes(damaged)

        assert refusal(path) == "packed-damaged", place


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_bomb_stops_at_its_ratio(tmp_path, ending):
    path = tmp_path / "bomb"
    path.write_bytes(pack(bytes(64 << 20), ending))

    with pytest.raises(LimitError) as fault:
        unpack(path)

    assert fault.value.key == "packed-ratio"
    assert "--limit entry-ratio=" in str(fault.value)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_stops_at_the_limit_of_its_size(tmp_path, ending):
    path = tmp_path / "large"
    path.write_bytes(pack(CONTENT, ending))

    with pytest.raises(LimitError) as fault:
        unpack(path, limits=Limits(unpacked=len(CONTENT) - 1))

    assert fault.value.key == "packed-size"
    assert "--limit unpacked=" in str(fault.value)
    assert unpack(path, limits=Limits(unpacked=len(CONTENT))) == CONTENT


@pytest.mark.parametrize("ending", ENDINGS)
def test_memory_does_not_grow_with_the_file(tmp_path, ending):
    path = tmp_path / "large"
    path.write_bytes(pack(bytes(64 << 20), ending))
    tracemalloc.start()
    try:
        with Unpacker() as unpacker:
            plain = unpacker.plain_path(Packed(path), path.name, Limits(entry_ratio=1_000_000_000))
            assert plain.stat().st_size == 64 << 20
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    # bzip2 in a zip gives what a piece of input holds; the window of xz is 8 MiB.
    assert peak < 24 << 20


def test_a_window_that_takes_too_much_memory_is_refused(tmp_path):
    path = tmp_path / "calls.xz"
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}]
    packed = bytearray(lzma.compress(CONTENT, filters=filters))
    path.write_bytes(packed)

    assert refusal(path) == "packed-memory"


@pytest.mark.parametrize("outer", ENDINGS)
@pytest.mark.parametrize("inner", ENDINGS)
def test_packed_within_packed_is_refused_by_name(tmp_path, outer, inner):
    path = tmp_path / "calls"
    path.write_bytes(pack(pack(CONTENT, inner), outer))

    assert refusal(path) == "packed-nested"


def test_of_several_tables_one_must_be_named(tmp_path):
    path = tmp_path / "calls.zip"
    path.write_bytes(zip_of({"a.csv": CONTENT, "b/c.json": b"[]", "readme.pdf": b"%PDF"}))

    with pytest.raises(UnfitFileError) as fault:
        unpack(path)

    assert fault.value.facts["names"] == "calls.zip/a.csv, calls.zip/b/c.json"
    assert unpack(path, "b/c.json") == b"[]"
    assert split_member(path / "b/c.json") == Packed(path, "b/c.json")
    assert refusal(path, "c.csv") == "file-missing"


def test_a_plain_file_has_no_members(tmp_path):
    path = tmp_path / "calls.csv"
    path.write_bytes(CONTENT)

    assert refusal(path, "march.csv") == "file-missing"


@pytest.mark.parametrize(
    ("stored", "name"),
    [
        ("звонки март №2.csv".encode("cp866"), "звонки март №2.csv"),
        ("Звонки/МАРТ.csv".encode("cp1251"), "Звонки/МАРТ.csv"),
        ("звонки.csv".encode(), "звонки.csv"),
        ("août réunion.csv".encode("cp437"), "août réunion.csv"),
    ],
)
def test_a_member_has_the_name_that_its_writer_gave_it(tmp_path, stored, name):
    path = tmp_path / "calls.zip"
    path.write_bytes(zip_of({"X" * len(stored): CONTENT}).replace(b"X" * len(stored), stored))

    [found] = find_files([str(path)]).files

    assert (found.member, found.name) == (name, f"{path}/{name}")
    assert unpack(path, name) == CONTENT


@pytest.mark.parametrize("members", [{}, {"a.pdf": b"", "b.pdf": b""}, {"__MACOSX/._a.csv": b"\0\5\x16\7"}])
def test_an_archive_without_a_table_says_so(tmp_path, members):
    path = tmp_path / "calls.zip"
    path.write_bytes(zip_of(members))

    assert refusal(path) == "packed-no-table"


@pytest.mark.parametrize("name", ["../a.csv", "/a.csv", "b/../../a.csv", "C:/a.csv", "..\\a.csv", "\\\\server\\a.csv"])
def test_a_member_named_like_a_place_outside_is_refused(tmp_path, name):
    path = tmp_path / "calls.zip"
    path.write_bytes(zip_of({name: CONTENT, "good.csv": CONTENT}))

    assert refusal(path, name) == "packed-unsafe"
    assert unpack(path, "good.csv") == CONTENT


def test_a_member_that_stands_twice_or_is_a_link_is_refused(tmp_path):
    path = tmp_path / "calls.zip"
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("twice.csv", CONTENT)
        archive.writestr("twice.csv", CONTENT[:100])
        link = zipfile.ZipInfo("link.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")

    assert (refusal(path, "twice.csv"), refusal(path, "link.csv")) == ("packed-unsafe", "packed-unsafe")


def patch_headers(content, offset_local, offset_central, value):
    """An archive with two bytes of each header of its members replaced."""
    patched = bytearray(content)
    for signature, offset in ((b"PK\3\4", offset_local), (b"PK\1\2", offset_central)):
        at = patched.find(signature)
        struct.pack_into("<H", patched, at + offset, value)
    return bytes(patched)


def test_an_encrypted_member_and_an_unknown_method_are_refused(tmp_path):
    whole, path = zip_of({"a.csv": CONTENT}), tmp_path / "calls.zip"
    path.write_bytes(patch_headers(whole, 6, 8, 1))
    assert refusal(path) == "packed-encrypted"

    path.write_bytes(patch_headers(whole, 8, 10, 9))
    assert refusal(path) == "packed-method"


def test_a_member_larger_than_the_archive_says_is_damaged(tmp_path):
    whole, path = bytearray(zip_of({"a.csv": CONTENT})), tmp_path / "calls.zip"
    struct.pack_into("<I", whole, whole.find(b"PK\1\2") + 24, 1000)
    path.write_bytes(whole)

    assert refusal(path) == "packed-damaged"


def open_handles():
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_files_unpacked_one_after_the_other_need_one_handle_and_leave_nothing(tmp_path):
    paths = [tmp_path / f"{number}.gz" for number in range(30)]
    for number, path in enumerate(paths):
        path.write_bytes(gzip.compress(b"%d" % number))
    before = open_handles()

    with Unpacker() as unpacker:
        plain = [unpacker.plain_path(Packed(path), path.name) for path in paths]
        held = open_handles()
        assert [unpacker.plain_path(Packed(path), path.name).read_bytes() for path in paths] == [
            b"%d" % number for number in range(30)
        ]

    assert (len(set(plain)), held - before, open_handles() - before) == (1, 1, 0)


def test_the_same_file_is_unpacked_once(tmp_path):
    path = tmp_path / "calls.gz"
    path.write_bytes(gzip.compress(CONTENT))

    with Unpacker() as unpacker:
        first = unpacker.plain_path(Packed(path), path.name)
        inode = first.stat().st_ino
        assert unpacker.plain_path(Packed(path), path.name).stat().st_ino == inode


def names_of(*arguments, **options):
    found = find_files(list(map(str, arguments)), **options)
    return [one.name for one in found.files], found


def test_an_archive_means_the_tables_in_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    members = {"b.csv": b"", "2026/a.xlsx": b"", "notes.pdf": b"", "__MACOSX/._b.csv": b"", "inner.zip": b""}
    (tmp_path / "calls.zip").write_bytes(zip_of(members))

    names, found = names_of("calls.zip")

    assert names == ["calls.zip/2026/a.xlsx", "calls.zip/b.csv", "calls.zip/inner.zip"]
    assert (found.taken, found.left_out) == ({"calls.zip": 3}, {"calls.zip": {"hidden": 1, "other": 1}})
    assert [one.member for one in names_of("calls.zip/b.csv")[1].files] == ["b.csv"]


def test_packed_tables_of_a_folder_are_taken(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.csv.gz", "b.json.zst", "c.tar.gz", "d.gz", "e.CSV.XZ", "f.zip"):
        (tmp_path / name).write_bytes(zip_of({"x.csv": b""}) if name == "f.zip" else b"")

    names, found = names_of(".")

    assert names == ["a.csv.gz", "b.json.zst", "e.CSV.XZ", "f.zip/x.csv"]
    assert found.left_out["."] == {"other": 2}


@pytest.fixture
def tree(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("x/a.csv", "x/y/b.csv", "x/y/z/c.log", "x/.hidden/d.csv", "x/y/~$e.xlsx", "x/f.pdf"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "x/y/loop").symlink_to(tmp_path / "x")
    return tmp_path


def test_folders_in_a_folder_are_looked_into_when_asked(tree):
    names, found = names_of("x", recursive=True)

    assert names == ["x/a.csv", "x/y/b.csv"]
    assert found.left_out["x"] == {"hidden": 1, "other": 2, "lock": 1, "folder": 1}
    assert names_of("x")[0] == ["x/a.csv"]


def test_a_pattern_is_what_a_shell_would_make_of_it(tree):
    assert names_of("x/**/*.csv")[0] == ["x/a.csv", "x/y/b.csv"]
    assert names_of("x/?.csv")[0] == ["x/a.csv"]
    # Who writes an ending means it; without one only tables are taken, and the rest is said.
    assert names_of("x/**/*.log")[0] == ["x/y/z/c.log"]
    names, found = names_of("x/*")
    assert (names, found.left_out["x/*"]) == (["x/a.csv"], {"hidden": 1, "folder": 1, "other": 1})


def test_a_file_of_that_very_name_is_no_pattern(tree):
    (tree / "calls[1].csv").write_bytes(b"")

    assert names_of("calls[1].csv")[0] == ["calls[1].csv"]


def test_a_pattern_that_nothing_fits_is_named(tree):
    (one,) = names_of("x/*.json")[1].files

    assert refusal(one.path) == "pattern-nothing"


WITHOUT_MODULES = """
import sys
sys.modules.update({"_lzma": None, "_bz2": None})
from calltools.__main__ import main
main()
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "code"), [("plain.csv", 0), ("calls.gz", 0), ("calls.bz2", 3), ("calls.xz", 3), ("lzma.zip", 3)]
)
def test_a_python_without_some_modules_reads_the_rest(tmp_path, name, code):
    content = as_csv([GOOD]).encode()
    method = {"calls.xz": ".xz", "calls.bz2": ".bz2", "calls.gz": ".gz"}.get(name)
    held = content if method is None else pack(content, method)
    (tmp_path / name).write_bytes(zip_of({"a.csv": content}, zipfile.ZIP_LZMA) if name == "lzma.zip" else held)

    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_MODULES, "validate", name, "--as-of", str(NOW), "--lang", "en"],
        cwd=tmp_path,
        env={**os.environ, "CALLTOOLS_STATE_DIR": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == code, done.stderr
    assert ("this Python was built without" in done.stderr) == (code == 3)
