"""Pitfalls of exports, each of which has cost somebody wrong reports: no profile of a vendor has one."""

import csv
import json
import shlex
from collections import Counter
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import calltools
from calltools.errors import CalltoolsError, UsageError, VendorError
from calltools.vendors import profile_library
from tests.conftest import NOW

# Many examples of a few laws: tracing each of them takes half as long again.
pytestmark = pytest.mark.untraced

SAMPLES = Path(__file__).parent.parent.parent / "samples"
MORE = Path(__file__).parent / "more"
PROFILES = {profile.name: profile for profile in profile_library.load_built_in_profiles()}
AS_OF = 1773273600
HEADLESS = {"asterisk": ",", "asterisk-custom": ",", "freeswitch": ",", "mango": ";", "megafon": ","}
SIPUNI = "Тип;Статус;Время;Схема;Откуда;Куда;Кто ответил;Продолжительность звонка;Продолжительность разговора;Время ответа;Оценка;ID записи;Метка;ID заказа звонка"
MASTER = '"","{src}","s","from-trunk",{clid},"PJSIP/t-1","PJSIP/210-1","Dial","PJSIP/210","{start}","{start}","{start}",72,60,"ANSWERED","DOCUMENTATION"'


def columns(profile, field):
    """What a profile takes for a field, but for constants."""
    return {name for step in profile.fields.get(field, ()) for name in (*step.columns, *step.difference, *step.sum)}


def sample_options(name, folder=SAMPLES):
    """How a sample is converted, as the options of the library."""
    words = iter(shlex.split((folder / name / "options").read_text(encoding="utf-8")))
    found = {}
    for word in words:
        key = word.removeprefix("--").replace("-", "_")
        if key in {"own_number", "inbound_context"}:
            found[f"{key}s"] = (*found.get(f"{key}s", ()), next(words))
        else:
            found[key] = next(words)
    return found


def export(name):
    (path,) = (SAMPLES / name).glob("export.*")
    return path


def convert_sample(name, tmp_path, **more):
    output = tmp_path / "calls.csv"
    result = calltools.convert(export(name), output, as_of=AS_OF, force=True, **{**sample_options(name), **more})
    return result.summary, output.read_bytes()


def rows_of(path, tmp_path, **options):
    """The written records, and the result."""
    output = tmp_path / "calls.csv"
    result = calltools.convert(path, output, force=True, **{"as_of": NOW, "static_call": "1", **options})
    with output.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream)), result


def write_export(tmp_path, *lines, name="export.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


# Which columns may be taken at all, for fields that others look like.


@pytest.mark.parametrize(
    ("field", "allowed"),
    [
        (
            "ClientId",
            {"yaClientId", "ym_client_id", "metrika_client_id", "ym_uid", "visit.metrika_client_id",
             "visit_metrika_client_id"},
        ),
        ("UserId", set()),
        ("Price", {"sale_cost", "value"}),
        ("Currency", set()),
        ("CallTrackerURL", {"call_card", "timeline_url"}),
        (
            "URL",
            {"callUrl", "url", "communication_page_url", "entrance_page", "landing_page", "lid_landing",
             "landing_page_url", "landing", "visit.landing_page", "visit_landing_page", "entryPoints"},
        ),
        (
            "FirstTimeCaller",
            {"uniqueCall", "communication_number", "conversations_number", "Новый клиент", "first_call",
             "unique_call", "repeated_flag", "count_call", "attributes"},
        ),
    ],
)  # fmt: skip
def test_only_these_columns_mean_it(field, allowed):
    taken = {name for profile in PROFILES.values() for name in columns(profile, field)}

    assert taken <= allowed


def test_a_click_is_taken_from_its_own_column_or_from_an_address():
    steps = [step for profile in PROFILES.values() for step in profile.fields.get("Yclid", ())]

    assert {step.url_parameter or step.columns for step in steps} == {("yclid",), "yclid", ("entryPoints",)}


#: Where an export has both, the column with the talk time; the other has the duration of the whole call.
TALK = {
    "3cx": {"Talking"},
    "aircall": {"duration (in call)"},
    "asterisk": {"billsec"},
    "asterisk-custom": {"CDR(billsec)"},
    "binotel": {"billsec"},
    "five9": {"TALK TIME"},
    "freepbx": {"billsec"},
    "freeswitch": {"billsec"},
    "fusionpbx": {"billsec"},
    "mango": {"finish", "answer"},
    "onlinepbx": {"user_talk_time"},
    "ringostat": {"billsec"},
    "sipuni": {"Длительность разговора", "Длительность разговора, сек", "Продолжительность разговора"},
    "telphin": {"bridged_duration"},
    "uis": {"clean_talk_duration", "talk_duration"},
}


@pytest.mark.parametrize("name", TALK)
def test_the_whole_call_is_not_talk(name):
    assert columns(PROFILES[name], "TalkDuration") == TALK[name]


def test_milliseconds_are_read_with_their_scale_or_not_at_all():
    steps = [(name, step) for name, one in PROFILES.items() for field in one.fields.values() for step in field]

    assert not [name for name, step in steps for column in step.columns if column in {"billmsec", "duration_ms"}]
    assert {(name, *step.columns) for name, step in steps if step.scale} == {
        ("beeline", "startDate"),
        ("beeline", "duration"),
        ("mts", "callTime"),
    }


def test_exports_of_all_calls_map_their_direction():
    everything = {
        name for name, one in PROFILES.items() if not (one.rows.direction or one.rows.context or one.rows.called)
    }

    assert everything == {"calltouch", "calltouch-xlsx", "roistat", "didww", "callibri", "k50"}


def test_a_profile_is_recognized_by_its_column_of_direction():
    for one in PROFILES.values():
        columns = {name for step in one.rows.direction if step.values for name in step.columns}
        assert not columns or one.rows.context or one.rows.called or columns & set(one.recognize), one.name


# What is left out is counted by its reason.

LEFT_OUT = {
    "3cx": ("Direction", {"Outbound": "outgoing", "Internal": "internal"}),
    "aircall": ("direction", {"outbound": "outgoing"}),
    "beeline": ("direction", {"OUTBOUND": "outgoing"}),
    "binotel": ("callType", {"1": "outgoing"}),
    "callrail": ("direction", {"outbound": "outgoing"}),
    "five9": ("CALL TYPE", {"Outbound": "outgoing"}),
    "ivozprovider": ("direction", {"outbound": "outgoing"}),
    "onlinepbx": ("accountcode", {"outbound": "outgoing", "local": "internal"}),
    "sipuni": ("Тип", {"Исходящий": "outgoing", "Внутренний": "internal"}),
    "telphin": ("flow", {"out": "outgoing"}),
    "uis": ("direction", {"out": "outgoing"}),
}


def records(path, delimiter):
    if path.suffix == ".json":
        data = json.loads(path.read_text(encoding="utf-8"))
        return data if isinstance(data, list) else next(value for value in data.values() if isinstance(value, list))
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader((line for line in stream if line.strip()), delimiter=delimiter))


@pytest.mark.parametrize("name", LEFT_OUT)
def test_calls_that_do_not_come_in_are_left_out_and_counted(name, tmp_path):
    column, reasons = LEFT_OUT[name]
    expected = Counter(
        reasons[one[column]] for one in records(export(name), PROFILES[name].delimiter or ",") if one[column] in reasons
    )

    summary, _ = convert_sample(name, tmp_path)

    assert expected
    assert summary.skipped == expected
    assert summary.adds_up


# A value that no document describes is named, for every vendor.


def mapped_columns(profile):
    """Columns whose values are mapped by a table without a default."""
    for steps in (profile.fields.get("CallMissed", ()), profile.rows.direction):
        for step in steps:
            if step.values and step.otherwise is None and step.extract is None and len(step.columns) == 1:
                yield step.columns[0]


WORDS = [(name, column) for name, profile in PROFILES.items() for column in dict.fromkeys(mapped_columns(profile))]


@pytest.mark.parametrize(("name", "column"), WORDS)
def test_an_unknown_word_is_named_and_its_record_rejected(name, column, tmp_path):
    trials = [one for one in PROFILES[name].examples if not one.skipped and one.source.get(column)]

    results = [convert_unknown_value(PROFILES[name], one, column, tmp_path) for one in trials]

    # Where another column proves that somebody talked, the value is not read.
    named = [one for one in results if ("CT601", column) in {(found.code, found.column) for found in one.findings}]
    assert named
    assert {(one.summary.written, one.summary.rejected) for one in named} == {(0, 1)}


def convert_unknown_value(profile, trial, column, tmp_path):
    """The result of an example with an unknown value in a column."""
    titles = list(dict.fromkeys([*trial.source, *profile.recognize]))
    path = tmp_path / "export.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=profile.delimiter or ",", quoting=csv.QUOTE_ALL)
        writer.writerows([titles, [{**trial.source, column: "нечто новое"}.get(title, "") for title in titles]])
    own, contexts = trial.assume.get("own_number"), trial.assume.get("inbound_context")
    return rows_of(
        path, tmp_path, vendor=profile.name, timezone=trial.assume.get("timezone"), region=trial.assume.get("region"),
        own_numbers=(own,) if own else (), inbound_contexts=(contexts,) if contexts else (),
    )[1]  # fmt: skip


def test_words_of_many_vendors_are_tested():
    assert {name for name, _ in WORDS} >= {"beeline", "binotel", "five9", "ringcentral", "sinch", "sipuni", "aircall"}


# Times and zones.

LOCAL = [path.parent.name for path in SAMPLES.glob("*/options") if "--timezone" in path.read_text(encoding="utf-8")]
PROVEN = [path.parent.name for path in SAMPLES.glob("*/options") if path.parent.name not in LOCAL]
EPOCHS = [name for name in LOCAL if PROFILES[name].epoch_id]


@pytest.mark.parametrize("name", LOCAL)
def test_a_wall_clock_without_a_zone_is_refused(name, tmp_path):
    with pytest.raises(UsageError, match="--timezone"):
        convert_sample(name, tmp_path, timezone=None)

    assert not (tmp_path / "calls.csv").exists()


@pytest.mark.parametrize("name", PROVEN)
def test_a_time_that_proves_its_zone_is_not_moved_by_another(name, tmp_path):
    assert convert_sample(name, tmp_path, timezone="Asia/Tokyo")[1] == convert_sample(name, tmp_path)[1]


@pytest.mark.parametrize("name", EPOCHS)
def test_ids_with_an_epoch_refuse_a_wrong_zone_and_name_the_right_one(name, tmp_path):
    right = datetime(2026, 3, 2, tzinfo=ZoneInfo(sample_options(name)["timezone"])).utcoffset()

    with pytest.raises(UsageError, match=f"Asia/Tokyo .* UTC[+]{right.seconds // 3600:02}:00.* --timezone"):
        convert_sample(name, tmp_path, timezone="Asia/Tokyo")

    assert not (tmp_path / "calls.csv").exists()


def test_some_exports_have_such_ids():
    assert {"sipuni", "asterisk", "freepbx"} <= set(EPOCHS)


@pytest.mark.parametrize(
    ("time", "zone", "epoch"),
    [
        ("18.01.2014 14:00:00", "Europe/Moscow", 1390039200),  # four hours east of Greenwich then
        ("18.01.2018 14:00:00", "Europe/Moscow", 1516273200),  # three hours since 26 October 2014
        ("10.07.2010 14:00:00", "Europe/Moscow", 1278756000),  # summer time until 2011
    ],
)
def test_a_zone_is_that_of_its_day(time, zone, epoch, tmp_path):
    path = write_export(tmp_path, SIPUNI, f"входящий;отвечен;{time};;84950000001;210;1;40;33;7;;;;")

    rows, _ = rows_of(path, tmp_path, timezone=zone, as_of=epoch + 3600)

    assert [row["DateTime"] for row in rows] == [str(epoch)]


@pytest.mark.parametrize(
    ("date", "epoch"), [("03/02/2026 10:00:00", "1770102000"), ("02/03/2026 9:00:00", "1772431200")]
)
def test_days_come_first_where_the_profile_has_it_so(date, epoch, tmp_path):
    head = "callId,date,duration,callerNumber,phoneNumber,successful,yaClientId"
    path = write_export(tmp_path, head, f"1,{date},35,74950000001,74950000000,true,1604591025698235234")

    rows, _ = rows_of(path, tmp_path, timezone="Europe/Moscow", static_call=None, as_of=int(epoch) + 3600)

    assert [row["DateTime"] for row in rows] == [epoch]


def test_a_date_of_the_other_order_is_named_and_not_turned(tmp_path):
    head = "callId,date,duration,callerNumber,phoneNumber,successful,yaClientId"
    path = write_export(tmp_path, head, "1,03/22/2026 10:00:00,35,74950000001,74950000000,true,1604591025698235234")

    rows, result = rows_of(path, tmp_path, timezone="Europe/Moscow", static_call=None)

    assert rows == []
    assert {one.column for one in result.findings if one.severity == "error"} == {"date"}


# Numbers of callers.


@pytest.mark.parametrize(
    ("src", "phone"),
    [
        ("84950000001", "+74950000001"),
        ("74950000001", "+74950000001"),
        ("+74950000001", "+74950000001"),
        ("810442079460001", "+442079460001"),
        ("sip:+74950000001@192.0.2.1", "+74950000001"),
        ("anonymous", ""),
        ("sip:office@192.0.2.1", ""),
        ("", ""),
        ("220501", None),
        ("2205010", None),
        ("+7965", None),
        ("210", None),
    ],
)
def test_a_number_is_repaired_emptied_or_its_record_rejected(src, phone, tmp_path):
    path = write_export(tmp_path, MASTER.format(src=src, clid='""', start="2026-03-02 10:00:00"))

    rows, result = rows_of(
        path, tmp_path, timezone="Europe/Moscow", region="RU", inbound_contexts=("from-trunk",), vendor="asterisk"
    )

    assert [row.get("PhoneNumber", "") for row in rows] == ([] if phone is None else [phone])
    assert result.summary.withheld == (phone == "" and src != "")


def test_ten_digits_are_american_only_with_a_region(tmp_path):
    def five9(**options):
        return convert_sample("five9", tmp_path, **options)[0]

    assert five9().rejected == 0
    assert five9(region=None).written == 0


# The shape of files.


@pytest.mark.parametrize(
    "path",
    [*SAMPLES.glob("*/export.*"), *MORE.glob("*/*/export.*")],
    ids=lambda path: str(path.parent.relative_to(SAMPLES.parent)),
)
def test_each_record_is_written_left_out_or_rejected(path, tmp_path):
    result = calltools.convert(
        path, tmp_path / "calls.csv", as_of=AS_OF, **sample_options(path.parent.name, path.parent.parent)
    )

    with (tmp_path / "calls.csv").open(encoding="utf-8", newline="") as stream:
        assert sum(1 for _ in csv.DictReader(stream)) == result.summary.written
    assert result.summary.adds_up
    assert (result.summary.rejected > 0) == any(one.severity == "error" for one in result.findings)


@pytest.mark.parametrize("name", HEADLESS)
def test_the_first_record_of_a_file_without_a_header_is_a_call(name, tmp_path):
    with export(name).open(encoding="utf-8", newline="") as stream:
        count = sum(1 for row in csv.reader(stream, delimiter=HEADLESS[name]) if row)

    summary, _ = convert_sample(name, tmp_path)

    assert summary.read == count
    assert summary.adds_up


@pytest.mark.parametrize("name", HEADLESS)
def test_a_header_that_somebody_put_before_it_is_no_call(name, tmp_path):
    delimiter = HEADLESS[name]
    width = len(next(csv.reader([export(name).read_text(encoding="utf-8").splitlines()[0]], delimiter=delimiter)))
    titles = next(shape.titles for shape in PROFILES[name].shapes if len(shape.titles) == width)
    path = tmp_path / "export.csv"
    path.write_text(f"{delimiter.join(titles)}\n" + export(name).read_text(encoding="utf-8"), encoding="utf-8")

    calltools.convert(path, tmp_path / "headed.csv", as_of=AS_OF, **sample_options(name))

    assert (tmp_path / "headed.csv").read_bytes() == convert_sample(name, tmp_path)[1]


def test_an_empty_line_behind_the_header_titles_of_nothing_and_a_tab_in_an_id_are_no_fault(tmp_path):
    rows = [
        f"входящий;отвечен;02.03.2026 10:00:0{second};;84950000001;210;1;40;33;7;;177243480{second}.1\t;;;;"
        for second in range(6)
    ]
    path = write_export(tmp_path, f"{SIPUNI};;", "", *rows)

    out, result = rows_of(path, tmp_path, timezone="Europe/Moscow")

    assert len(out) == result.summary.read == 6
    assert {one.code for one in result.findings} == {"CT005", "CT301", "CT403"}
    with pytest.raises(UsageError, match="Europe/Moscow"):
        rows_of(path, tmp_path, timezone="Asia/Tokyo")


def test_an_export_saved_anew_by_a_russian_excel_is_the_same_calls(tmp_path):
    path = tmp_path / "export.csv"
    path.write_bytes(export("sipuni").read_text(encoding="utf-8").replace("\n", "\r\n").encode("cp1251"))

    result = calltools.convert(path, tmp_path / "saved.csv", as_of=AS_OF, **sample_options("sipuni"))

    assert "CT003" in {one.code for one in result.findings}
    assert (tmp_path / "saved.csv").read_bytes() == convert_sample("sipuni", tmp_path)[1]


@pytest.mark.parametrize("clid", ['"""Name"" <84950000001>"', '""', '"ООО ""Ромашка"", отдел"'])
def test_quotes_in_the_name_of_a_caller_shift_nothing(clid, tmp_path):
    lines = [MASTER.format(src=f"8495000000{n}", clid=clid, start=f"2026-03-02 10:0{n}:00") for n in range(5)]

    rows, result = rows_of(
        write_export(tmp_path, *lines),
        tmp_path,
        timezone="Europe/Moscow",
        region="RU",
        inbound_contexts=("from-trunk",),
    )

    assert [(row["PhoneNumber"], row["TalkDuration"]) for row in rows] == [(f"+7495000000{n}", "60") for n in range(5)]
    assert result.summary.rejected == 0


def test_a_record_with_broken_quotes_is_named_and_hurts_no_other(tmp_path):
    lines = [MASTER.format(src=f"8495000000{n}", clid='""', start=f"2026-03-02 10:0{n}:00") for n in range(5)]
    lines[2] = MASTER.format(src="84950000002", clid='""Name" <1115>"', start="2026-03-02 10:02:00")

    rows, result = rows_of(
        write_export(tmp_path, *lines),
        tmp_path,
        timezone="Europe/Moscow",
        region="RU",
        inbound_contexts=("from-trunk",),
    )

    assert {row["PhoneNumber"] for row in rows} >= {f"+7495000000{n}" for n in (0, 1, 3, 4)}
    assert {one.line for one in result.findings if one.code in {"CT006", "CT007", "CT008"}} == {3}
    assert result.summary.adds_up


@pytest.mark.parametrize(
    "word",
    ["<не указано>", "<не заполнено>", "(not set)", "(not provided)", "(none)", "NULL", "[]", "[None]", "null", "-"],
)
def test_words_for_nothing_are_nothing(word, tmp_path):
    head = "start_time,direction,is_lost,contact_phone_number,virtual_phone_number,tags,entrance_page,ym_client_id"
    row = f"2026-03-02 10:00:00,in,false,74950000001,74950000000,{word},{word},{word}"

    rows, _ = rows_of(write_export(tmp_path, head, row), tmp_path, timezone="Europe/Moscow")

    assert word not in rows[0].values()
    assert rows[0]["PhoneNumber"] == "+74950000001"


# Several rows of one call.


def test_the_second_leg_to_a_telephone_is_not_a_call_to_the_number(tmp_path):
    row = '"84950000001","84950000001","{to}","public","2026-03-02 10:00:0{n}","2026-03-02 10:00:08","2026-03-02 10:00:50","50","42","NORMAL_CLEARING","a5c9f6c0-e752-11e3-9bfb-00{n}deadbeef0","","","PCMA","PCMA"'
    path = write_export(tmp_path, row.format(to="74950000009", n=0), row.format(to="1001", n=1))

    rows, result = rows_of(path, tmp_path, timezone="Europe/Moscow", region="RU", own_numbers=("74950000009",))

    assert [row["PhoneNumber"] for row in rows] == ["+74950000001"]
    assert result.summary.skipped == {"outgoing": 1}


@pytest.mark.parametrize("name", ["asterisk", "asterisk-custom", "cucm", "freepbx", "ringcentral", "twilio", "webex"])
def test_legs_are_counted_and_no_calls_of_their_own(name, tmp_path):
    summary, _ = convert_sample(name, tmp_path)

    assert summary.skipped["leg"] > 0
    assert summary.adds_up


# Files that look like another export.


def test_the_simple_call_log_without_a_direction_is_refused(tmp_path):
    head = '"Type","Phone Number","Name","Date","Time","Action","Action Result","Result Description","Duration","Attachment"'
    path = write_export(
        tmp_path, head, 'Voice,(202) 555-0121,"Ann",Mon 3/2/2026,1:05:09 PM,Phone Call,Accepted,,0:02:11,'
    )

    with pytest.raises(CalltoolsError, match="No known export"):
        rows_of(path, tmp_path, timezone="UTC")
    with pytest.raises(VendorError, match="Leg, Direction, From,"):
        rows_of(path, tmp_path, timezone="UTC", vendor="ringcentral")


def test_titles_in_another_language_are_refused_and_not_guessed(tmp_path):
    head = "Fecha,Origen,Grupo de timbrado,Destino,Canal origen,Codigo de cuenta,Canal destino,Estado,Duracion"
    path = write_export(tmp_path, head, "2026-03-02 10:00:00,84950000001,,210,SIP/t,,SIP/210,ANSWERED,65s (1m 5s)")

    with pytest.raises(VendorError, match="No known export"):
        rows_of(path, tmp_path, timezone="UTC")
    with pytest.raises(VendorError, match="Source"):
        rows_of(path, tmp_path, timezone="UTC", vendor="issabel")


def test_a_log_of_anybody_is_no_export_of_which_all_calls_are_incoming(tmp_path):
    # With a profile that knows no direction the outgoing call would have our own number as its caller.
    head = "date,direction,caller,callee,duration,status"
    row = "2026-03-02 10:05:00,out,+74951112233,+74950000002,60,ANSWER"

    with pytest.raises(VendorError, match="No known export"):
        rows_of(write_export(tmp_path, head, row), tmp_path, timezone="UTC", static_call=None)


def test_records_that_a_webhook_sent_twice_are_reported(tmp_path):
    head = "id,caller,callee,date,duration,status,visit_id,visit_metrika_client_id"
    row = "1,74950000001,74950000000,2026-03-02T07:00:00+0000,44,ANSWER,1001,1604591025698235234"

    _, result = rows_of(write_export(tmp_path, head, row, row), tmp_path, static_call=None)

    assert "CT401" in {one.code for one in result.findings}


@pytest.mark.parametrize("vendor", ["auto", "calltouch"])
def test_values_that_a_program_joined_with_commas_are_refused_with_that_reason(vendor, tmp_path):
    row = "9001,calldisconnected,1,,29/06/2023 13:06:05,35,74950000101,,74950000001,Анна,true,true,a, b,https://example.com/"

    with pytest.raises(VendorError, match="joined values with commas, they shift") as refused:
        rows_of(write_export(tmp_path, *[row] * 5), tmp_path, vendor=vendor, timezone="Europe/Moscow")

    assert "Анна" not in str(refused.value)
    assert "склеила значения запятыми" in refused.value.say("ru")
