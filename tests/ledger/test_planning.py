import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltools import ledger
from calltools.errors import LedgerError, SourceError
from calltools.files.csv.writers import serialize_records
from calltools.ledger import Acked, Ambiguous, CallStatus, NotSent, PartLimits, Rejected
from calltools.ledger.reservation import PartFileWriter
from tests.ledger.fakes import COUNTER, call, read_records, upload_file, write_calls, write_numbered_calls

STORED = Acked(1)
KINDS = ("UserId", "ClientId", "Yclid", "DateTime", "StaticCall", "PhoneNumber", "Tag")


def count_statuses(open_ledger, path, counter=COUNTER, again="none"):
    plan = ledger.plan_upload(open_ledger, path, counter, again)
    assert sum(plan.counts.values()) == plan.records
    return {status.name.lower(): count for status, count in plan.counts.items() if count} | {
        "sent": plan.records_to_send
    }


def test_the_calls_of_a_first_file_are_all_new(open_ledger, tmp_path):
    assert count_statuses(open_ledger, write_numbered_calls(tmp_path / "a.csv", 3)) == {"new": 3, "sent": 3}


def test_accepted_calls_are_known_whatever_the_order_of_rows_and_columns(open_ledger, tmp_path):
    upload_file(open_ledger, write_numbered_calls(tmp_path / "a.csv", 3), STORED)
    shuffled = write_calls(
        tmp_path / "b.csv",
        [call(2), call(0), call(1)],
        ("Tag", "PhoneNumber", "DateTime", "Currency", "Price", "ClientId"),
    )

    assert count_statuses(open_ledger, shuffled) == {"unchanged": 3, "sent": 0}


@pytest.mark.parametrize("name", ["Tag", "PhoneNumber"])
def test_a_cell_with_the_separator_of_fingerprints_is_refused(open_ledger, tmp_path, name):
    # Two calls could otherwise have one fingerprint: "a\x1f" beside "b", and "a" beside "\x1fb".
    cells = {"ClientId": "1", "DateTime": "2", "PhoneNumber": "+74950000000", "Tag": "a"}
    path = write_calls(tmp_path / "a.csv", [call(1), cells | {name: f"\x1f{cells[name]}"}])

    with pytest.raises(SourceError, match=r"U\+001F, call 2"):
        ledger.plan_upload(open_ledger, path, COUNTER)


def test_an_empty_column_is_like_none(open_ledger, tmp_path):
    upload_file(
        open_ledger,
        write_calls(tmp_path / "a.csv", [{"ClientId": "1", "DateTime": "2"}], ("ClientId", "DateTime", "Tag")),
        STORED,
    )

    assert count_statuses(
        open_ledger, write_calls(tmp_path / "b.csv", [{"ClientId": "1", "DateTime": "2"}], ("ClientId", "DateTime"))
    ) == {
        "unchanged": 1,
        "sent": 0,
    }


def test_a_placeholder_is_an_empty_cell_in_what_is_decided_and_sent(open_ledger, tmp_path):
    cells = {"UserId": "crm-1", "ClientId": "NULL", "Yclid": "(not set)", "DateTime": "1772434800", "Tag": "-"}
    path = write_calls(tmp_path / "a.csv", [cells], KINDS)

    (planned,) = ledger.plan_upload(open_ledger, path, COUNTER).parts
    sent = []
    upload_file(open_ledger, path, lambda attempt: sent.extend(read_records(attempt.file)) or STORED)
    again = write_calls(tmp_path / "b.csv", [{"UserId": "crm-1", "DateTime": "1772434800"}], KINDS)

    assert (planned.kind, planned.columns) == ("UserId", ("UserId", "DateTime"))
    assert sent == [{"UserId": "crm-1", "DateTime": "1772434800"}]
    assert count_statuses(open_ledger, again) == {"unchanged": 1, "sent": 0}
    assert count_statuses(open_ledger, path) == {"unchanged": 1, "sent": 0}


def test_a_call_whose_placeholders_were_sent_before_is_known(open_ledger, tmp_path, monkeypatch):
    """An earlier version sent NULL as it stood."""
    path = write_calls(tmp_path / "a.csv", [call(0, ClientId="NULL", UserId="crm-1")], KINDS)
    with monkeypatch.context() as earlier:
        earlier.setattr("calltools.ledger.calls.without_placeholders", lambda cells: cells)
        upload_file(open_ledger, path, STORED)

    assert count_statuses(open_ledger, path) == {"changed": 1, "sent": 0}


@pytest.mark.parametrize(
    ("cells", "status"),
    [
        ({"Price": "200"}, "changed"),
        ({"Tag": "целевой"}, "changed"),
        ({"Currency": ""}, "changed"),
        ({"PhoneNumber": "+74950009999"}, "new"),
        ({"DateTime": "1772434999"}, "new"),
        ({"ClientId": "7"}, "new"),
    ],
)
def test_another_price_is_the_same_call_and_another_caller_is_not(open_ledger, tmp_path, cells, status):
    upload_file(open_ledger, write_calls(tmp_path / "a.csv", [call(0)]), STORED)

    found = count_statuses(open_ledger, write_calls(tmp_path / "b.csv", [call(0, **cells)]))

    assert found == {status: 1, "sent": int(status == "new")}


def test_the_same_call_to_another_counter_is_another_call(open_ledger, tmp_path):
    path = write_numbered_calls(tmp_path / "a.csv", 2)
    upload_file(open_ledger, path, STORED)

    assert count_statuses(open_ledger, path, counter=7) == {"new": 2, "sent": 2}


def test_cells_that_are_equal_when_joined_are_distinguished(open_ledger, tmp_path):
    upload_file(
        open_ledger,
        write_calls(tmp_path / "a.csv", [{"UserId": "1", "ClientId": "23", "DateTime": "4"}], KINDS),
        STORED,
    )

    found = count_statuses(
        open_ledger, write_calls(tmp_path / "b.csv", [{"UserId": "12", "ClientId": "3", "DateTime": "4"}], KINDS)
    )

    assert found == {"new": 1, "sent": 1}


def test_a_call_twice_in_a_file_is_sent_once(open_ledger, tmp_path):
    path = write_calls(tmp_path / "a.csv", [call(0), call(1), call(0, Price="5"), call(0)])

    plan = ledger.plan_upload(open_ledger, path, COUNTER)
    [part] = upload_file(open_ledger, path, sent := SentFiles())

    assert plan.counts[CallStatus.DOUBLED] == 2
    assert part.rows == 2
    assert [record["Price"] for record in sent.records] == ["100", "100"]


class SentFiles:
    """An outcome that accepts every part and keeps what was sent."""

    def __init__(self):
        self.records, self.headers, self.texts = [], [], []

    def __call__(self, attempt):
        self.texts.append(attempt.file.read_bytes().decode())
        self.records += read_records(attempt.file)
        self.headers.append(self.texts[-1].splitlines()[0])
        return Acked(len(self.texts), attempt.part.rows, attempt.part.rows)


@pytest.mark.parametrize(("again", "sent"), [("none", 1), ("changed", 2), ("all", 3)])
def test_known_calls_are_sent_again_on_request(open_ledger, tmp_path, again, sent):
    upload_file(open_ledger, write_numbered_calls(tmp_path / "a.csv", 2), STORED)
    path = write_calls(tmp_path / "b.csv", [call(0), call(1, Price="7"), call(2)])

    assert count_statuses(open_ledger, path, again=again)["sent"] == sent


def test_a_second_sending_replaces_what_is_known(open_ledger, tmp_path):
    upload_file(open_ledger, write_numbered_calls(tmp_path / "a.csv", 1), STORED)
    path = write_calls(tmp_path / "b.csv", [call(0, Price="7")])
    upload_file(open_ledger, path, STORED, again="changed")

    assert count_statuses(open_ledger, path) == {"unchanged": 1, "sent": 0}
    assert count_statuses(open_ledger, tmp_path / "a.csv") == {"changed": 1, "sent": 0}
    assert ledger.find_faults(open_ledger) == []


def test_a_refused_second_sending_leaves_what_was_known(open_ledger, tmp_path):
    upload_file(open_ledger, write_numbered_calls(tmp_path / "a.csv", 1), STORED)
    path = write_calls(tmp_path / "b.csv", [call(0, Price="7"), call(1)])
    upload_file(open_ledger, path, Rejected("no"), again="changed")

    assert count_statuses(open_ledger, path) == {"changed": 1, "new": 1, "sent": 1}


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(Ambiguous("cut off"), "held"), (NotSent(), "waiting"), (Rejected("no"), "new"), (STORED, "unchanged")],
)
def test_the_same_file_after_each_outcome(open_ledger, tmp_path, outcome, status):
    path = write_numbered_calls(tmp_path / "a.csv", 2)
    [part] = upload_file(open_ledger, path, outcome)

    plan = ledger.plan_upload(open_ledger, path, COUNTER)

    assert plan.counts[CallStatus[status.upper()]] == 2
    assert dict(plan.open_parts) == ({part.id: 2} if status in {"held", "waiting"} else {})


def test_a_held_call_is_not_sent_even_with_all(open_ledger, tmp_path):
    path = write_numbered_calls(tmp_path / "a.csv", 1)
    upload_file(open_ledger, path, STORED)
    upload_file(open_ledger, path, Ambiguous("cut off"), again="all")

    assert count_statuses(open_ledger, path, again="all") == {"held": 1, "sent": 0}


def test_each_identifier_kind_is_an_uploading_of_its_own(open_ledger, tmp_path):
    path = write_calls(
        tmp_path / "a.csv",
        [
            {"UserId": "u1", "DateTime": "1"},
            {"Yclid": "71", "DateTime": "2"},
            {"UserId": "u2", "ClientId": "81", "Yclid": "72", "DateTime": "3"},
            {"DateTime": "4", "StaticCall": "1", "PhoneNumber": "+74950000004"},
            {"Yclid": "73", "UserId": "u3", "DateTime": "5"},
        ],
        KINDS,
    )
    sent = SentFiles()
    parts = upload_file(open_ledger, path, sent)

    assert [(part.kind, part.rows, part.dynamic, part.part, part.parts) for part in parts] == [
        ("ClientId", 2, 1, 1, 3),
        ("Yclid", 2, 2, 2, 3),
        ("UserId", 1, 1, 3, 3),
    ]
    assert sent.headers == [
        "UserId,ClientId,Yclid,DateTime,StaticCall,PhoneNumber",
        "UserId,Yclid,DateTime",
        "UserId,DateTime",
    ]
    assert [record["DateTime"] for record in sent.records] == ["3", "4", "2", "5", "1"]


def test_a_file_of_static_calls_alone_is_one_part_without_identifiers(open_ledger, tmp_path):
    path = write_calls(tmp_path / "a.csv", [{"DateTime": "1", "StaticCall": "1", "PhoneNumber": "+74950000001"}], KINDS)

    [part] = ledger.plan_upload(open_ledger, path, COUNTER).parts

    assert (part.kind, part.records, part.dynamic) == ("ClientId", 1, 0)
    assert part.columns == ("ClientId", "DateTime", "StaticCall", "PhoneNumber")


def test_parts_respect_the_limit_of_records(open_ledger, tmp_path):
    plan = ledger.plan_upload(
        open_ledger, write_numbered_calls(tmp_path / "a.csv", 25), COUNTER, limits=PartLimits(max_records=10)
    )

    assert [part.records for part in plan.parts] == [10, 10, 5]


def test_parts_respect_the_limit_of_bytes_with_quotes(open_ledger, tmp_path):
    path = write_calls(tmp_path / "a.csv", [call(n, Tag='"' * 50 + ",\r\n") for n in range(40)])
    plan = ledger.plan_upload(open_ledger, path, COUNTER, limits=PartLimits(max_bytes=2000))
    with ledger.hold_counter(open_ledger, COUNTER):
        parts = ledger.reserve(open_ledger, plan)
        sizes = [ledger.begin_attempt(open_ledger, part.id).file.stat().st_size for part in parts]

    assert sum(part.rows for part in parts) == 40
    assert max(sizes) <= 2000
    assert [part.size for part in parts] == sizes
    assert len(parts) < 8


def test_a_part_is_written_as_the_canonical_dialect(open_ledger, tmp_path):
    tags = ["", "a,b", 'say "x"', "two\nlines", "cr\rhere", " spaced "]
    path = write_calls(
        tmp_path / "a.csv", [{"ClientId": "1", "DateTime": str(n), "Tag": tag} for n, tag in enumerate(tags)]
    )
    sent = SentFiles()
    upload_file(open_ledger, path, sent)

    assert sent.texts == [
        'ClientId,DateTime,Tag\n1,0,\n1,1,"a,b"\n1,2,"say ""x"""\n1,3,"two\nlines"\n1,4,"cr\rhere"\n1,5, spaced \n'
    ]


def test_a_file_of_nothing_but_a_header_has_no_parts(open_ledger, tmp_path):
    assert count_statuses(open_ledger, write_numbered_calls(tmp_path / "a.csv", 0)) == {"sent": 0}


def test_blank_records_are_no_calls(open_ledger, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("\ufeffClientId,DateTime\r\n1,2\r\n\r\n,\r\n3,4\r\n".encode())

    assert count_statuses(open_ledger, path) == {"new": 2, "sent": 2}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"ClientId,Tag\n1,2\n",
        b"clientid,DateTime\n1,2\n",
        b"calls\nClientId,DateTime\n1,2\n",
        b"\nClientId,DateTime\n1,2\n",
        b"ClientId,DateTime,ClientId\n1,2,3\n",
        b"ClientId,DateTime,Unknown\n1,2,3\n",
        b"ClientId,DateTime\n1,2,3\n",
        b"ClientId,DateTime\n1\n",
        b'ClientId,DateTime\n1,"2\n',
        b"ClientId,DateTime\n1,\xff\n",
    ],
)
def test_a_file_that_is_not_plain_is_refused(open_ledger, tmp_path, data):
    path = tmp_path / "a.csv"
    path.write_bytes(data)

    with pytest.raises(SourceError) as refused:
        ledger.plan_upload(open_ledger, path, COUNTER)

    assert refused.value.key == "upload-not-canonical"


def test_a_missing_file_is_an_error(open_ledger, tmp_path):
    with pytest.raises(SourceError, match=r"gone\.csv"):
        ledger.plan_upload(open_ledger, tmp_path / "gone.csv", COUNTER)


@pytest.mark.parametrize("change", ["longer", "shorter", "other"])
def test_a_file_that_changes_between_plan_and_sending_is_refused(open_ledger, folder, tmp_path, change):
    path = write_numbered_calls(tmp_path / "a.csv", 4)
    plan = ledger.plan_upload(open_ledger, path, COUNTER)
    {
        "longer": lambda: write_numbered_calls(path, 5),
        "shorter": lambda: write_numbered_calls(path, 3),
        "other": lambda: write_numbered_calls(path, 4, first=1),
    }[change]()

    with ledger.hold_counter(open_ledger, COUNTER), pytest.raises(SourceError, match="changed"):
        ledger.reserve(open_ledger, plan)

    assert ledger.list_parts(open_ledger) == []
    assert list((folder / "spool").iterdir()) == []


def test_a_stale_plan_is_refused_as_a_whole(open_ledger, folder, tmp_path):
    path = write_calls(
        tmp_path / "a.csv", [call(0), {"Yclid": "5", "DateTime": "6"}], ("ClientId", "Yclid", "DateTime")
    )
    late = ledger.plan_upload(open_ledger, path, COUNTER)
    [first, second] = upload_file(open_ledger, path, NotSent())

    with ledger.hold_counter(open_ledger, COUNTER), pytest.raises(LedgerError) as refused:
        ledger.reserve(open_ledger, late)

    assert refused.value.key == "ledger-plan-stale"
    assert ledger.list_parts(open_ledger) == [first, second]
    assert len(list((folder / "spool").iterdir())) == 2
    assert ledger.find_faults(open_ledger) == []


def test_planning_writes_nothing_into_the_ledger(open_ledger, folder, tmp_path):
    before = (folder / "ledger.sqlite3-wal").read_bytes()

    ledger.plan_upload(open_ledger, write_numbered_calls(tmp_path / "a.csv", 100), COUNTER)

    assert (folder / "ledger.sqlite3-wal").read_bytes() == before
    assert list((folder / "spool").iterdir()) == []


@given(st.lists(st.tuples(*[st.text("ab,\"\n\r ;'\u00e9", max_size=5)] * 2), min_size=1, max_size=5))
def test_the_spool_and_the_writer_of_convert_write_one_dialect(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("part") / "1-mark.csv"
    part = PartFileWriter(path, b"key", ("UserId", "Tag"))
    for row in rows:
        part.write(row)
    part.finish()

    written = serialize_records([pa.array(column, pa.string()) for column in zip(*rows, strict=True)])
    assert path.read_bytes() == b"UserId,Tag\n" + bytes(written)
    assert part.size == path.stat().st_size
