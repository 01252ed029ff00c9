"""Opening a ledger: permissions, damage, key, versions, file systems; and values that are never stored."""

import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from calltools import ledger
from calltools.errors import LedgerError, UsageError
from calltools.ledger import Acked, Ambiguous, CallStatus, NotSent, migrations
from calltools.ledger.folder import NETWORK_FILESYSTEMS, filesystem_type, refuse_network_folder, state_folder
from calltools.ledger.migrations import migrate
from calltools.settings import read_settings
from tests.ledger.fakes import COUNTER, Clock, call, upload_file, write_calls, write_numbered_calls

posix = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@posix
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_files_and_folders_are_private(folder, tmp_path, umask):
    before = os.umask(umask)
    try:
        with ledger.open_ledger_in(folder, Clock()) as open_ledger:
            upload_file(open_ledger, write_numbered_calls(tmp_path / "a.csv", 3), NotSent())
            found = {path: mode(path) for path in [folder, *folder.rglob("*")]}
    finally:
        os.umask(before)

    assert len(found) >= 8
    assert {mode for path, mode in found.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in found.items() if path.is_file()} == {0o600}


@posix
def test_files_that_others_could_read_become_private(folder):
    ledger.open_ledger_in(folder, Clock()).close()
    for path in (folder, folder / "ledger.key", folder / "ledger.sqlite3"):
        path.chmod(0o755)

    ledger.open_ledger_in(folder, Clock()).close()

    assert [mode(path) for path in (folder, folder / "ledger.key", folder / "ledger.sqlite3")] == [0o700, 0o600, 0o600]


def test_the_database_is_durable(open_ledger):
    pragmas = {
        name: open_ledger.connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
    }

    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}


@pytest.mark.parametrize("damage", ["zeros", "text", "cut"])
def test_a_damaged_ledger_is_refused_and_left_as_it_is(folder, tmp_path, damage):
    with ledger.open_ledger_in(folder, Clock()) as open_ledger:
        upload_file(open_ledger, write_numbered_calls(tmp_path / "a.csv", 2000), Acked(1))
    path = folder / "ledger.sqlite3"
    data = path.read_bytes()
    broken = {
        "zeros": data[:8192] + bytes(8192) + data[16384:],
        "text": b"not a database " * 900,
        "cut": data[: len(data) // 2],
    }[damage]
    path.write_bytes(broken)

    with pytest.raises(LedgerError) as refused:
        ledger.open_ledger_in(folder, Clock())

    assert (refused.value.key, refused.value.exit_code) == ("ledger-damaged", 4)
    assert path.read_bytes() == broken


@pytest.mark.parametrize("loss", ["gone", "other", "empty"])
def test_a_lost_key_is_refused(folder, loss):
    ledger.open_ledger_in(folder, Clock()).close()
    key = folder / "ledger.key"
    {"gone": key.unlink, "other": lambda: key.write_bytes(b"k" * 32), "empty": lambda: key.write_bytes(b"")}[loss]()

    with pytest.raises(LedgerError) as refused:
        ledger.open_ledger_in(folder, Clock())

    assert (refused.value.key, refused.value.exit_code) == ("ledger-key-lost", 4)
    assert key.exists() == (loss != "gone")


def test_two_ledgers_have_different_keys_and_never_show_them(tmp_path):
    with ledger.open_ledger_in(tmp_path / "a", Clock()) as one, ledger.open_ledger_in(tmp_path / "b", Clock()) as other:
        assert one.key != other.key
        assert len(one.key) == 32
        assert str(one.key) not in repr(one)


def test_a_ledger_of_a_later_version_is_refused(folder):
    with ledger.open_ledger_in(folder, Clock()) as open_ledger:
        open_ledger.connection.execute("PRAGMA user_version = 99")

    with pytest.raises(LedgerError, match="later version"):
        ledger.open_ledger_in(folder, Clock())


@pytest.mark.parametrize("form", [1, 2])
def test_a_ledger_of_an_earlier_form_is_brought_up_to_date(folder, form):
    shutil.copytree(Path(__file__).parent / "released" / "0.1.0", folder, dirs_exist_ok=True)
    with closing(sqlite3.connect(folder / "ledger.sqlite3")) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (2,)
        if form == 1:
            database.executescript("DROP TABLE clean; PRAGMA user_version = 1")
        numbers = [row[0] for row in database.execute("SELECT id FROM batch ORDER BY id")]

    with ledger.open_ledger_in(folder, Clock()) as open_ledger:
        assert open_ledger.connection.execute("PRAGMA user_version").fetchone() == (len(migrations.MIGRATIONS),)
        assert [part.id for part in ledger.list_parts(open_ledger)] == numbers
        plan = ledger.plan_upload(open_ledger, folder / "calls.csv", COUNTER)
        assert (plan.counts[CallStatus.UNCHANGED], plan.counts[CallStatus.HELD]) == (3, 3)
        assert not ledger.is_clean_file(open_ledger, "digest", "1")
        assert ledger.find_faults(open_ledger) == []


def test_a_migration_that_fails_half_way_leaves_the_version_before(tmp_path):
    connection = sqlite3.connect(tmp_path / "db", isolation_level=None)
    broken = (*migrations.MIGRATIONS[:1], "CREATE TABLE more (id INTEGER);\nCREATE TABLE batch (id INTEGER);")

    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, broken)

    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema")}
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert "batch" in tables
    assert "more" not in tables
    connection.close()


@pytest.mark.parametrize("statement", ["UPDATE event SET at = 0", "DELETE FROM event"])
def test_events_are_only_added(open_ledger, tmp_path, statement):
    upload_file(open_ledger, write_numbered_calls(tmp_path / "a.csv", 1), NotSent())

    with pytest.raises(sqlite3.IntegrityError, match="events are never"):
        open_ledger.connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE batch SET state = 'reserved'",
        "UPDATE batch SET rows = 7",
        "UPDATE attempt SET reason = 'x'",
        "DELETE FROM attempt",
    ],
)
def test_tables_that_differ_from_the_events_are_found(open_ledger, tmp_path, statement):
    upload_file(open_ledger, write_numbered_calls(tmp_path / "a.csv", 1), Acked(1))
    assert ledger.find_faults(open_ledger) == []

    open_ledger.connection.execute(statement)

    assert ledger.find_faults(open_ledger) == ["the events do not add up to the batches"]


ROT = {
    "call": "UPDATE row SET fp = {flipped} WHERE fp = (SELECT max(fp) FROM row WHERE batch = 1)",
    "content": "UPDATE row SET rest = zeroblob(8) WHERE fp = (SELECT min(fp) FROM row)",
    "part": "UPDATE row SET batch = 2 WHERE fp = (SELECT min(fp) FROM row WHERE batch = 1)",
    "lost": "DELETE FROM row WHERE fp = (SELECT min(fp) FROM row)",
    "sum": "UPDATE row_sum SET xor = zeroblob(24) WHERE batch = 1",
    "claim": "UPDATE claim SET fp = zeroblob(16) WHERE fp = (SELECT min(fp) FROM claim)",
    "claimed content": "UPDATE claim SET rest = zeroblob(8) WHERE fp = (SELECT min(fp) FROM claim)",
    "partial": "UPDATE partial SET fp = zeroblob(8) WHERE fp = (SELECT min(fp) FROM partial WHERE batch = 1) AND batch = 1",
    "lost partial": "DELETE FROM partial WHERE fp = (SELECT max(fp) FROM partial WHERE batch = 1) AND batch = 1",
    "state": "UPDATE batch SET state = 'resdrved' WHERE state = 'reserved'",
    "kind": "UPDATE batch SET kind = 'ClieotId' WHERE state = 'reserved'",
    "number": "UPDATE batch SET id = 7 WHERE state = 'reserved'",
    "attempt": "UPDATE attempt SET state = 'acjed' WHERE batch = 1",
    "decided": "UPDATE batch SET state = 'acjed' WHERE id = 1",
    "meta": "DELETE FROM meta WHERE name = 'last batch without partial'",
}


def write_ledger(folder, tmp_path, count):
    """Two accepted parts; some calls of the first are sent again by the second, one is refused, and a part waits."""
    with ledger.open_ledger_in(folder, Clock()) as open_ledger:
        first = write_numbered_calls(tmp_path / "a.csv", count)
        upload_file(open_ledger, first, Acked(1))
        changed = write_calls(tmp_path / "b.csv", [call(n, Price="200") for n in range(3)] + [call(count)])
        upload_file(open_ledger, changed, Acked(2), again="changed")
        upload_file(open_ledger, write_numbered_calls(tmp_path / "c.csv", 1, count + 9), ledger.Rejected("no"))
        # Waits: its calls are claimed beside the rows that they have.
        waiting = write_calls(tmp_path / "d.csv", [call(n, Price="300") for n in range(2)])
        with ledger.hold_counter(open_ledger, COUNTER):
            ledger.reserve(open_ledger, ledger.plan_upload(open_ledger, waiting, COUNTER, "changed"))
        assert ledger.find_faults(open_ledger) == []


def rot(folder, name):
    connection = sqlite3.connect(folder / "ledger.sqlite3", isolation_level=None)
    last = connection.execute("SELECT max(fp) FROM row WHERE batch = 1").fetchone()[0]
    flipped = f"x'{last[:-1].hex()}{last[-1] ^ 0x10:02x}'"
    assert connection.execute(ROT[name].format(flipped=flipped)).rowcount == 1
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",), "SQLite does not see it"
    connection.close()


@pytest.mark.parametrize("name", ROT)
def test_a_fingerprint_that_rots_is_found_when_the_ledger_is_opened(folder, tmp_path, name):
    write_ledger(folder, tmp_path, 20)
    rot(folder, name)

    with pytest.raises(LedgerError) as refused:
        ledger.open_ledger_in(folder, Clock())

    assert (refused.value.key, refused.value.exit_code) == ("ledger-damaged", 4)


@pytest.mark.parametrize(("name", "parts"), [("call", ["L1"]), ("part", ["L1", "L2"])])
def test_a_fingerprint_that_rots_in_a_large_ledger_is_found_by_the_whole_check(folder, tmp_path, name, parts):
    """To open it must not take seconds."""
    write_ledger(folder, tmp_path, 10_000)
    rot(folder, name)

    with ledger.open_ledger_in(folder, Clock()) as open_ledger:
        faults = ledger.find_faults(open_ledger)

    assert faults == [f"{part}: its fingerprints have changed" for part in parts]


def test_a_row_that_is_lost_in_a_large_ledger_is_found_when_it_is_opened(folder, tmp_path):
    write_ledger(folder, tmp_path, 10_000)
    rot(folder, "lost")

    with pytest.raises(LedgerError, match="damaged"):
        ledger.open_ledger_in(folder, Clock())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE attempt SET n = 0 WHERE batch = 1",
        "UPDATE event SET step = 'resdrve' WHERE id = 1",
        "UPDATE event SET batch = 2 WHERE id = 1",
        "UPDATE event SET facts = replace(facts, '\"digest\"', '\"digesu\"') WHERE id = 1",
        "UPDATE event SET facts = substr(facts, 2) WHERE id = 1",
        "UPDATE event SET facts = '[]' WHERE id = 1",
    ],
)
def test_an_event_that_rots_is_found_by_the_whole_check(folder, tmp_path, statement):
    write_ledger(folder, tmp_path, 3)
    with closing(sqlite3.connect(folder / "ledger.sqlite3", isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER event_stays")
        assert connection.execute(statement).rowcount == 1

    with ledger.open_ledger_in(folder, Clock()) as open_ledger:
        assert "the events do not add up to the batches" in ledger.find_faults(open_ledger)


def test_a_part_whose_number_rots_is_damage_and_no_defect(folder, tmp_path):
    write_ledger(folder, tmp_path, 3)
    with closing(sqlite3.connect(folder / "ledger.sqlite3")) as connection, connection:
        connection.execute("UPDATE batch SET id = 9 WHERE id = 2")

    with ledger.open_ledger_in(folder, Clock()) as open_ledger, ledger.hold_counter(open_ledger, COUNTER):
        [waiting] = ledger.waiting_parts(open_ledger)
        ledger.begin_attempt(open_ledger, waiting.id)
        with pytest.raises(LedgerError, match="damaged"):
            ledger.finish_attempt(open_ledger, waiting.id, Acked(3))


def test_a_check_beside_an_upload_finds_no_fault(open_ledger, folder, tmp_path):
    """The tables and the events are compared as of one moment."""
    upload_file(open_ledger, write_numbered_calls(tmp_path / "a.csv", 1), Acked(1))
    with ledger.open_ledger_in(folder, Clock()) as other:
        second = [write_numbered_calls(tmp_path / "b.csv", 1, 5)]

        def write_once(statement):
            """Another process writes after the parts were read, and before the events are."""
            if "FROM event" in statement and second:
                upload_file(other, second.pop(), Acked(2))

        open_ledger.connection.set_trace_callback(write_once)
        faults = ledger.find_faults(open_ledger)

    assert len(ledger.list_parts(open_ledger)) == 2
    assert faults == []


def test_a_fingerprint_of_another_type_is_damage_and_no_defect(folder, tmp_path):
    write_ledger(folder, tmp_path, 20)
    connection = sqlite3.connect(folder / "ledger.sqlite3", isolation_level=None)
    connection.execute(
        "UPDATE row SET rest = 'text that is longer than a fingerprint' WHERE fp = (SELECT min(fp) FROM row)"
    )
    connection.close()

    with pytest.raises(LedgerError, match="damaged"):
        ledger.open_ledger_in(folder, Clock())


MOUNTS = """\
22 1 252:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:40 / /net rw,relatime shared:3 - nfs4 server:/net rw
31 30 252:1 / /net/local rw - xfs /dev/vdb rw
32 22 0:41 / /media/two\\040words rw - cifs //server/share rw
33 22 0:42 / /over rw - nfs server:/over rw
34 22 252:2 / /over rw - ext4 /dev/vdc rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib", "ext4"),
        ("/net/anna/.local/state", "nfs4"),
        ("/net/local/anna", "xfs"),
        ("/network", "ext4"),
        ("/media/two words/x", "cifs"),
        ("/over/it", "ext4"),
    ],
)
def test_the_type_of_a_file_system_is_that_of_the_nearest_mount(path, kind):
    assert filesystem_type(Path(path), MOUNTS) == kind


def test_a_network_file_system_is_refused_before_anything_is_created(folder, tmp_path, monkeypatch):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"1 0 0:1 / / rw - ext4 x rw\n2 1 0:2 / {tmp_path.resolve()} rw - nfs4 x rw\n")
    monkeypatch.setattr("calltools.ledger.folder.MOUNTINFO", mounts)

    with pytest.raises(LedgerError) as refused:
        ledger.open_ledger_in(folder, Clock())

    assert (refused.value.key, refused.value.facts["kind"]) == ("ledger-network", "nfs4")
    assert not folder.exists()


def test_no_folder_is_refused_where_mounts_are_unknown(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("calltools.ledger.folder.MOUNTINFO", tmp_path / "none")

    refuse_network_folder(folder)

    assert filesystem_type(Path("/x"), "damaged line\n") == ""
    assert {"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs"} <= NETWORK_FILESYSTEMS


def test_a_folder_that_cannot_be_created_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(LedgerError) as refused:
        ledger.open_ledger_in(tmp_path / "file" / "state", Clock())

    assert refused.value.key == "ledger-no-folder"


def test_a_busy_ledger_is_not_reported_as_damaged(folder, open_ledger, tmp_path):
    open_ledger.connection.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(folder / "ledger.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(LedgerError) as refused:
        ledger.record_clean_file(open_ledger, "digest", "1")

    other.close()
    assert refused.value.key == "ledger-busy"


def test_a_full_disk_is_reported_and_loses_nothing(folder, open_ledger, tmp_path):
    [before] = upload_file(open_ledger, write_numbered_calls(tmp_path / "a.csv", 3), NotSent())
    open_ledger.connection.execute("PRAGMA max_page_count = 1")

    with pytest.raises(LedgerError) as refused:
        upload_file(open_ledger, write_numbered_calls(tmp_path / "b.csv", 5000, 100), Acked(1))

    assert refused.value.key == "ledger-unusable"
    assert ledger.list_parts(open_ledger) == [before]
    assert len(list((folder / "spool").iterdir())) == 1


def test_the_state_folder_comes_from_the_environment_or_the_platform():
    assert read_settings({"CALLTOOLS_STATE_DIR": "/here"}).state_dir == "/here"
    assert state_folder("/here") == Path("/here")
    with pytest.raises(UsageError) as refused:
        state_folder("here")
    assert refused.value.key == "ledger-relative"
    assert state_folder(read_settings({}).state_dir).name == "calltools"


CANARY = re.compile(rb"7495000|1604591025|\xd1\x86\xd0\xb5\xd0\xbb")


def test_no_personal_data_is_left_after_a_part_is_decided(folder, tmp_path):
    reason = "row 5: phone +74950000005, id 1604591025000000005"
    with ledger.open_ledger_in(folder, Clock()) as open_ledger:
        accepted = write_numbered_calls(tmp_path / "calls_74950000001.csv", 300)
        upload_file(open_ledger, accepted, Acked(1, 300, 300))
        upload_file(open_ledger, write_numbered_calls(tmp_path / "b.csv", 300, 1000), ledger.Rejected(reason))
        [lost] = upload_file(open_ledger, write_numbered_calls(tmp_path / "c.csv", 300, 2000), Ambiguous(reason))
        upload_file(open_ledger, accepted, ledger.Rejected(reason), again="all")
        assert [path for path in folder.rglob("*") if path.is_file() and CANARY.search(path.read_bytes())] == [
            folder / "spool" / f"{COUNTER}-{lost.mark}.csv"
        ]
        with ledger.hold_counter(open_ledger, COUNTER):
            ledger.give_up(open_ledger, lost.id)
        open_files = [path for path in folder.rglob("*") if path.is_file()]
        assert any(path.name.endswith("-wal") for path in open_files)
        assert [path for path in open_files if CANARY.search(path.read_bytes())] == []

    assert [path for path in folder.rglob("*") if path.is_file() and CANARY.search(path.read_bytes())] == []
    assert CANARY.search(accepted.read_bytes())


def test_fingerprints_of_one_call_differ_from_ledger_to_ledger(tmp_path):
    path = write_numbered_calls(tmp_path / "a.csv", 1)
    found = []
    for name in ("x", "y"):
        with ledger.open_ledger_in(tmp_path / name, Clock()) as open_ledger:
            upload_file(open_ledger, path, Acked(1))
            found += open_ledger.connection.execute("SELECT fp, rest FROM row").fetchall()

    assert [(len(fp), len(rest)) for fp, rest in found] == [(16, 8)] * 2
    assert found[0][0] != found[1][0]
    assert found[0][1] != found[1][1]


def test_an_upload_loads_neither_pandas_nor_pandera(folder, tmp_path):
    path = write_numbered_calls(tmp_path / "a.csv", 3)
    program = (
        "import sys, time; from pathlib import Path; from calltools import ledger\n"
        "with ledger.open_ledger_in(Path(sys.argv[1]), time.time) as open_ledger:\n"
        "    with ledger.hold_counter(open_ledger, 1):\n"
        "        [part] = ledger.reserve(open_ledger, ledger.plan_upload(open_ledger, Path(sys.argv[2]), 1))\n"
        "        ledger.begin_attempt(open_ledger, part.id); ledger.finish_attempt(open_ledger, part.id, ledger.Acked(1))\n"
        "print([name for name in ('pandas', 'pandera', 'pyarrow.csv') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program, folder, path], capture_output=True, check=True)

    assert done.stdout.decode().strip() == "[]"


def test_a_table_that_is_gone_when_a_counter_is_recovered_is_damage(open_ledger):
    open_ledger.connection.execute("ALTER TABLE batch RENAME TO gone")

    with pytest.raises(LedgerError) as refused, ledger.hold_counter(open_ledger, COUNTER):
        pass

    assert refused.value.key == "ledger-damaged"
