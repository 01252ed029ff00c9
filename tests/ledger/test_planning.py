import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltools import ledger
from calltools.errors import LedgerError, SourceError
from calltools.files.csv.writers import serialize_records
from calltools.ledger import Acked, Ambiguous, CallStatus, NotSent, PartLimits, Rejected
from calltools.ledger.spool import PartFileWriter
from tests.ledger.fakes import COUNTER, call, read_records, upload_file, write_calls, write_numbered_calls

STORED = Acked(1)
KINDS = ("UserId", "ClientId", "Yclid", "DateTime", "StaticCall", "PhoneNumber", "Tag")


def count_statuses(book, path, counter=COUNTER, again="none"):
    plan = ledger.plan_upload(book, path, counter, again)
    assert sum(plan.counts.values()) == plan.records
    return {verdict.name.lower(): count for verdict, count in plan.counts.items() if count} | {
        "sent": plan.records_to_send
    }


def test_the_calls_of_a_first_file_are_all_new(book, tmp_path):
    assert count_statuses(book, write_numbered_calls(tmp_path / "a.csv", 3)) == {"new": 3, "sent": 3}


def test_accepted_calls_are_known_whatever_the_order_of_rows_and_columns(book, tmp_path):
    upload_file(book, write_numbered_calls(tmp_path / "a.csv", 3), STORED)
    shuffled = write_calls(
        tmp_path / "b.csv",
        [call(2), call(0), call(1)],
        ("Tag", "PhoneNumber", "DateTime", "Currency", "Price", "ClientId"),
    )

    assert count_statuses(book, shuffled) == {"unchanged": 3, "sent": 0}


def test_an_empty_column_is_like_none(book, tmp_path):
    upload_file(
        book,
        write_calls(tmp_path / "a.csv", [{"ClientId": "1", "DateTime": "2"}], ("ClientId", "DateTime", "Tag")),
        STORED,
    )

    assert count_statuses(
        book, write_calls(tmp_path / "b.csv", [{"ClientId": "1", "DateTime": "2"}], ("ClientId", "DateTime"))
    ) == {
        "unchanged": 1,
        "sent": 0,
    }


@pytest.mark.parametrize(
    ("cells", "verdict"),
    [
        ({"Price": "200"}, "changed"),
        ({"Tag": "целевой"}, "changed"),
        ({"Currency": ""}, "changed"),
        ({"PhoneNumber": "+74950009999"}, "new"),
        ({"DateTime": "1772434999"}, "new"),
        ({"ClientId": "7"}, "new"),
    ],
)
def test_another_price_is_the_same_call_and_another_caller_is_not(book, tmp_path, cells, verdict):
    upload_file(book, write_calls(tmp_path / "a.csv", [call(0)]), STORED)

    found = count_statuses(book, write_calls(tmp_path / "b.csv", [call(0, **cells)]))

    assert found == {verdict: 1, "sent": int(verdict == "new")}


def test_the_same_call_to_another_counter_is_another_call(book, tmp_path):
    path = write_numbered_calls(tmp_path / "a.csv", 2)
    upload_file(book, path, STORED)

    assert count_statuses(book, path, counter=7) == {"new": 2, "sent": 2}


def test_cells_that_look_alike_when_put_together_are_told_apart(book, tmp_path):
    upload_file(
        book, write_calls(tmp_path / "a.csv", [{"UserId": "1", "ClientId": "23", "DateTime": "4"}], KINDS), STORED
    )

    found = count_statuses(
        book, write_calls(tmp_path / "b.csv", [{"UserId": "12", "ClientId": "3", "DateTime": "4"}], KINDS)
    )

    assert found == {"new": 1, "sent": 1}


def test_a_call_twice_in_a_file_is_sent_once(book, tmp_path):
    path = write_calls(tmp_path / "a.csv", [call(0), call(1), call(0, Price="5"), call(0)])

    plan = ledger.plan_upload(book, path, COUNTER)
    [batch] = upload_file(book, path, sent := SentFiles())

    assert plan.counts[CallStatus.DOUBLED] == 2
    assert batch.rows == 2
    assert [record["Price"] for record in sent.records] == ["100", "100"]


class SentFiles:
    """Accepts everything and keeps what was sent."""

    def __init__(self):
        self.records, self.headers, self.texts = [], [], []

    def __call__(self, sending):
        self.texts.append(sending.file.read_bytes().decode())
        self.records += read_records(sending.file)
        self.headers.append(self.texts[-1].splitlines()[0])
        return Acked(len(self.texts), sending.batch.rows, sending.batch.rows)


@pytest.mark.parametrize(("again", "sent"), [("none", 1), ("changed", 2), ("all", 3)])
def test_known_calls_go_again_when_asked_for(book, tmp_path, again, sent):
    upload_file(book, write_numbered_calls(tmp_path / "a.csv", 2), STORED)
    path = write_calls(tmp_path / "b.csv", [call(0), call(1, Price="7"), call(2)])

    assert count_statuses(book, path, again=again)["sent"] == sent


def test_what_was_sent_again_is_what_is_known_from_then_on(book, tmp_path):
    upload_file(book, write_numbered_calls(tmp_path / "a.csv", 1), STORED)
    path = write_calls(tmp_path / "b.csv", [call(0, Price="7")])
    upload_file(book, path, STORED, again="changed")

    assert count_statuses(book, path) == {"unchanged": 1, "sent": 0}
    assert count_statuses(book, tmp_path / "a.csv") == {"changed": 1, "sent": 0}
    assert ledger.find_faults(book) == []


def test_a_refused_second_sending_leaves_what_was_known(book, tmp_path):
    upload_file(book, write_numbered_calls(tmp_path / "a.csv", 1), STORED)
    path = write_calls(tmp_path / "b.csv", [call(0, Price="7"), call(1)])
    upload_file(book, path, Rejected("no"), again="changed")

    assert count_statuses(book, path) == {"changed": 1, "new": 1, "sent": 1}


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [(Ambiguous("cut off"), "held"), (NotSent(), "waiting"), (Rejected("no"), "new"), (STORED, "unchanged")],
)
def test_the_same_file_after_each_outcome(book, tmp_path, outcome, verdict):
    path = write_numbered_calls(tmp_path / "a.csv", 2)
    [batch] = upload_file(book, path, outcome)

    plan = ledger.plan_upload(book, path, COUNTER)

    assert plan.counts[CallStatus[verdict.upper()]] == 2
    assert dict(plan.open_parts) == ({batch.id: 2} if verdict in {"held", "waiting"} else {})


def test_a_held_call_is_not_sent_even_with_all(book, tmp_path):
    path = write_numbered_calls(tmp_path / "a.csv", 1)
    upload_file(book, path, STORED)
    upload_file(book, path, Ambiguous("cut off"), again="all")

    assert count_statuses(book, path, again="all") == {"held": 1, "sent": 0}


def test_each_identifier_kind_is_an_uploading_of_its_own(book, tmp_path):
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
    batches = upload_file(book, path, sent)

    assert [(batch.kind, batch.rows, batch.dynamic, batch.part, batch.parts) for batch in batches] == [
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


def test_a_file_of_static_calls_alone_is_one_part_without_identifiers(book, tmp_path):
    path = write_calls(tmp_path / "a.csv", [{"DateTime": "1", "StaticCall": "1", "PhoneNumber": "+74950000001"}], KINDS)

    [part] = ledger.plan_upload(book, path, COUNTER).parts

    assert (part.kind, part.records, part.dynamic) == ("ClientId", 1, 0)
    assert part.columns == ("ClientId", "DateTime", "StaticCall", "PhoneNumber")


def test_parts_keep_under_the_number_of_records(book, tmp_path):
    plan = ledger.plan_upload(
        book, write_numbered_calls(tmp_path / "a.csv", 25), COUNTER, limits=PartLimits(max_records=10)
    )

    assert [part.records for part in plan.parts] == [10, 10, 5]


def test_parts_keep_under_the_size_also_with_quotes(book, tmp_path):
    path = write_calls(tmp_path / "a.csv", [call(n, Tag='"' * 50 + ",\r\n") for n in range(40)])
    plan = ledger.plan_upload(book, path, COUNTER, limits=PartLimits(max_bytes=2000))
    with ledger.hold_counter(book, COUNTER):
        batches = ledger.reserve(book, plan)
        sizes = [ledger.begin_attempt(book, batch.id).file.stat().st_size for batch in batches]

    assert sum(batch.rows for batch in batches) == 40
    assert max(sizes) <= 2000
    assert [batch.size for batch in batches] == sizes
    assert len(batches) < 8


def test_a_part_is_written_as_the_canonical_dialect(book, tmp_path):
    tags = ["", "a,b", 'say "x"', "two\nlines", "cr\rhere", " spaced "]
    path = write_calls(
        tmp_path / "a.csv", [{"ClientId": "1", "DateTime": str(n), "Tag": tag} for n, tag in enumerate(tags)]
    )
    sent = SentFiles()
    upload_file(book, path, sent)

    assert sent.texts == [
        'ClientId,DateTime,Tag\n1,0,\n1,1,"a,b"\n1,2,"say ""x"""\n1,3,"two\nlines"\n1,4,"cr\rhere"\n1,5, spaced \n'
    ]


def test_a_file_of_nothing_but_a_header_has_no_parts(book, tmp_path):
    assert count_statuses(book, write_numbered_calls(tmp_path / "a.csv", 0)) == {"sent": 0}


def test_blank_records_are_no_calls(book, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("\ufeffClientId,DateTime\r\n1,2\r\n\r\n,\r\n3,4\r\n".encode())

    assert count_statuses(book, path) == {"new": 2, "sent": 2}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"ClientId,Tag\n1,2\n",
        b"DateTime,Tag\n1,2\n",
        b"ClientId,DateTime,ClientId\n1,2,3\n",
        b"ClientId,DateTime,Unknown\n1,2,3\n",
        b"ClientId,DateTime\n1,2,3\n",
        b"ClientId,DateTime\n1\n",
        b'ClientId,DateTime\n1,"2\n',
        b"ClientId,DateTime\n1,\xff\n",
    ],
)
def test_a_file_that_is_not_canonical_is_refused(book, tmp_path, data):
    path = tmp_path / "a.csv"
    path.write_bytes(data)

    with pytest.raises(SourceError) as refused:
        ledger.plan_upload(book, path, COUNTER)

    assert refused.value.key == "upload-not-canonical"


def test_a_missing_file_is_named(book, tmp_path):
    with pytest.raises(SourceError, match=r"gone\.csv"):
        ledger.plan_upload(book, tmp_path / "gone.csv", COUNTER)


@pytest.mark.parametrize("change", ["longer", "shorter", "other"])
def test_a_file_that_changes_between_plan_and_sending_is_refused(book, folder, tmp_path, change):
    path = write_numbered_calls(tmp_path / "a.csv", 4)
    plan = ledger.plan_upload(book, path, COUNTER)
    {
        "longer": lambda: write_numbered_calls(path, 5),
        "shorter": lambda: write_numbered_calls(path, 3),
        "other": lambda: write_numbered_calls(path, 4, first=1),
    }[change]()

    with ledger.hold_counter(book, COUNTER), pytest.raises(SourceError, match="changed"):
        ledger.reserve(book, plan)

    assert ledger.list_parts(book) == []
    assert list((folder / "spool").iterdir()) == []


def test_a_plan_that_another_upload_overtook_is_refused_whole(book, folder, tmp_path):
    path = write_calls(
        tmp_path / "a.csv", [call(0), {"Yclid": "5", "DateTime": "6"}], ("ClientId", "Yclid", "DateTime")
    )
    late = ledger.plan_upload(book, path, COUNTER)
    [first, second] = upload_file(book, path, NotSent())

    with ledger.hold_counter(book, COUNTER), pytest.raises(LedgerError) as refused:
        ledger.reserve(book, late)

    assert refused.value.key == "ledger-plan-stale"
    assert ledger.list_parts(book) == [first, second]
    assert len(list((folder / "spool").iterdir())) == 2
    assert ledger.find_faults(book) == []


def test_planning_writes_nothing_into_the_ledger(book, folder, tmp_path):
    before = (folder / "ledger.sqlite3-wal").read_bytes()

    ledger.plan_upload(book, write_numbered_calls(tmp_path / "a.csv", 100), COUNTER)

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
