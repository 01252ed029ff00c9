"""Outcomes from a CRM: each record reaches one call of a run, the latest of its person, or is told."""

import csv
import io
import random
from collections import Counter, defaultdict
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import xlsxwriter
from typer.testing import CliRunner

import calltools
from calltools.cli.app import app
from calltools.errors import UsageError

NOON = 1772434800  # 2 March 2026, 10:00 in Moscow
DAY = 86_400
LATER = NOON + 20 * DAY
ANNA, BORIS, VERA = "+74950000001", "+74950000002", "+74950000003"


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def calls_file(path, *calls, header="ClientId,DateTime,StaticCall,PhoneNumber"):
    return write(path, "\n".join([header, *(",".join(map(str, call)) for call in calls)]) + "\n")


def outcomes_file(path, *records, header="phone,time,Price,Currency,Tag"):
    return write(path, "\n".join([header, *(",".join(map(str, record)) for record in records)]) + "\n")


def convert(sources, outcomes, **options):
    return calltools.convert(sources, outcomes=outcomes, as_of=LATER, ignore=["CT301", "CT403", "CT501"], **options)


def money_of(result):
    rows = result.table.to_pylist()
    return [tuple(row.get(name) or "" for name in ("Price", "Currency", "Tag")) for row in rows]


@pytest.fixture
def calls(tmp_path):
    return calls_file(
        tmp_path / "calls.csv",
        ("", NOON, 1, ANNA),
        ("", NOON + DAY, 1, ANNA),
        ("", NOON, 1, BORIS),
        ("1604591025698235234", NOON, 1, ""),
    )


@pytest.mark.parametrize("large", [False, True], ids=["held", "read in another process"])
def test_what_a_rejected_call_got_is_not_counted_as_taken(tmp_path, large):
    good = [("", NOON + second, 1, BORIS) for second in range(60_000 if large else 1)]
    calls = calls_file(tmp_path / "calls.csv", ("", NOON, 1, ANNA, "x"), *((*call, "0") for call in good),
                       header="ClientId,DateTime,StaticCall,PhoneNumber,CallMissed")  # fmt: skip
    crm = outcomes_file(
        tmp_path / "crm.csv",
        (ANNA, NOON + 1, 1, "RUB", ""),
        (ANNA, NOON + 2, 2, "RUB", ""),
        (BORIS, LATER, 3, "RUB", ""),
    )
    output = tmp_path / "out.csv"

    result = convert(calls, crm, output=output)
    said = CliRunner().invoke(
        app, ["convert", str(calls), "--outcomes", str(crm), "-o", str(output), "--force", "--lang", "en",
              "--as-of", str(LATER)],
    )  # fmt: skip

    assert result.summary.rejected == 1
    assert {key: result.summary.outcomes[key] for key in ("taken", "calls", "rejected")} == {
        "taken": 1, "calls": 1, "rejected": 2,
    }  # fmt: skip
    assert "taken 1 for 1 calls, kept back because their calls are rejected 2" in said.stdout + said.stderr


@pytest.mark.parametrize(
    ("record", "reached"),
    [
        ((ANNA, NOON + 100), 0),
        ((ANNA, NOON), 0),
        ((ANNA, NOON + DAY), 1),
        ((ANNA, NOON + 9 * DAY), 1),
        ((ANNA, NOON - 1), None),
        ((VERA, NOON + 100), None),
        ((BORIS, NOON + 90 * DAY), 2),
        ((BORIS, NOON + 90 * DAY + 1), None),
        (("8 (495) 000-00-02", "02.03.2026 10:00:00"), 2),
        (("8 (495) 000-00-02", "02.03.2026"), 2),
        (("8 (495) 000-00-02", "01.03.2026"), None),
        ((f"{VERA}; {BORIS}", NOON + 1), 2),
    ],
)
def test_the_latest_call_of_the_person_that_is_not_later_gets_it(record, reached, calls, tmp_path):
    crm = outcomes_file(tmp_path / "crm.csv", (*record, "100", "RUB", "sold"))

    result = convert(calls, crm, timezone="Europe/Moscow", region="RU")

    expected = [("", "", "")] * 4
    if reached is not None:
        expected[reached] = ("100", "RUB", "sold")
    assert money_of(result) == expected
    assert Counter(one.code for one in result.findings)["CT608"] == (reached is None)
    assert result.summary.outcomes["taken"] + result.summary.outcome_files["no-call"] == 1


@pytest.mark.parametrize("other", ["", "2026-03-11"])
def test_dates_without_a_time_of_day_are_whole_days_beside_an_empty_cell(other, tmp_path):
    noon = datetime.fromtimestamp(NOON, UTC)
    call = calls_file(tmp_path / "calls.csv", ("", NOON, 1, ANNA))
    crm = outcomes_file(
        tmp_path / "crm.csv",
        (ANNA, f"{noon:%Y-%m-%d} 00:00:00", "100", "RUB", "sold"),
        (VERA, other, "200", "RUB", "sold"),
    )

    assert money_of(convert(call, crm, timezone="Europe/Moscow", region="RU")) == [("100", "RUB", "sold")]


def test_an_identifier_tells_the_person_as_well_as_a_phone(calls, tmp_path):
    crm = outcomes_file(
        tmp_path / "crm.csv",
        ("1604591025698235234", "", NOON + 5, "7.5"),
        ("", BORIS, NOON + 5, "8"),
        ("1604591025698235234", BORIS, NOON + 5, "9"),
        header="ClientID,Телефон,Дата,Сумма",
    )

    result = convert(calls, crm, currency="RUB")

    # Both calls of the last record are of one second: the first one of the file has it.
    assert money_of(result)[2:] == [("17", "RUB", ""), ("7.5", "RUB", "")]


def test_prices_of_one_call_add_up_exactly_and_tags_join(calls, tmp_path):
    crm = outcomes_file(
        tmp_path / "crm.csv",
        (BORIS, NOON + 1, "0.1", "RUB", "paid"),
        (BORIS, NOON + 2, "0.20", "RUB", "shipped"),
        (BORIS, NOON + 3, "", "", "paid"),
        (ANNA, NOON + 3, "9007199254740993", "RUB", ""),
        (ANNA, NOON + 4, "2", "RUB", ""),
    )

    result = convert(calls, crm)

    assert money_of(result)[0] == ("2", "RUB", "")
    assert money_of(result)[2] == ("0.30", "RUB", "paid; shipped")
    assert result.summary.outcome_files["price"] == 1  # longer than a sum can be exact


def test_of_several_currencies_nothing_is_taken(calls, tmp_path):
    crm = outcomes_file(
        tmp_path / "crm.csv",
        (BORIS, NOON + 1, "1", "RUB", "a"),
        (BORIS, NOON + 2, "1", "USD", "b"),
        (ANNA, NOON, 5, "KZT", ""),
    )

    result = convert(calls, crm, output=tmp_path / "out.csv", rejects=tmp_path / "bad.csv")

    assert money_of(convert(calls, crm)) == [("5", "KZT", ""), ("", "", ""), ("", "", ""), ("", "", "")]
    left = (tmp_path / "crm.rejects.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[:3] for line in left[1:]] == [["CT608", "2", BORIS], ["CT608", "3", BORIS]]
    [finding] = [one for one in result.findings if one.code == "CT608"]
    assert (finding.record, finding.column) == (3, "Price")
    assert "RUB, USD" in finding.message
    assert result.summary.outcomes == {"taken": 1, "calls": 1, "own": 0, "currencies": 2}


def test_what_the_export_says_itself_stays(tmp_path):
    header = "DateTime,StaticCall,PhoneNumber,Price,Currency,Tag"
    calls = calls_file(
        tmp_path / "calls.csv",
        (NOON, 1, ANNA, "7", "RUB", ""),
        (NOON, 1, BORIS, "", "RUB", "own"),
        (NOON, 1, VERA, "", "USD", ""),
        header=header,
    )
    crm = outcomes_file(tmp_path / "crm.csv", *((phone, NOON, "9", "RUB", "new") for phone in (ANNA, BORIS, VERA)))

    result = convert(calls, crm)

    assert money_of(result) == [("7", "RUB", "new"), ("9", "RUB", "own"), ("", "USD", "new")]
    assert [(one.record, one.column) for one in result.findings if one.code == "CT609"] == [
        (1, "Price"),
        (2, "Tag"),
        (3, "Currency"),
    ]


def test_an_outcome_reaches_one_call_of_all_files_and_of_overlapping_exports_each_copy_of_it(tmp_path):
    first = calls_file(tmp_path / "a.csv", ("", NOON, 1, ANNA), ("", NOON, 1, BORIS))
    second = calls_file(tmp_path / "b.csv", ("", NOON, 1, BORIS), ("", NOON + 5, 1, ANNA))
    crm = outcomes_file(tmp_path / "crm.csv", (ANNA, NOON + 9, 1, "RUB", ""), (BORIS, NOON + 9, 2, "RUB", ""))

    results = [convert(files, crm) for files in ([first, second], [second, first])]

    assert [price for price, *_ in money_of(results[0])] == ["", "2", "2", "1"]
    assert [price for price, *_ in money_of(results[1])] == ["2", "1", "", "2"]
    for key in ("taken", "calls"):
        assert [sum(one.outcomes[key] for one in result.summaries) for result in results] == [2, 2]


def test_what_cannot_be_used_is_told_before_all_with_its_first_place_and_written_beside_the_rejects(calls, tmp_path):
    crm = write(
        tmp_path / "deals.csv",
        "Телефон;Дата оплаты;Сумма;Валюта\n"
        f"{ANNA};02.03.2026 11:00;100;RUB\n"
        f"{VERA};02.03.2026 11:00;100;RUB\n"
        ";02.03.2026 11:00;100;RUB\n"
        f"{ANNA};вчера;100;RUB\n"
        f"{ANNA};02.03.2026 11:00;сто;RUB\n"
        f"{ANNA};02.03.2026 11:00;100;\n"
        f"{ANNA};02.03.2026 11:00;100 $;RUB\n"
        f"{ANNA};02.03.2026 11:00;;\n",
    )

    result = calltools.convert(
        calls, tmp_path / "out.csv", rejects=tmp_path / "bad.csv", outcomes=crm, as_of=LATER, timezone="Europe/Moscow"
    )

    told = [(one.column, one.record) for one in result.findings if one.code == "CT608"]
    assert [one.code for one in result.findings][: len(told)] == ["CT608"] * len(told)
    assert sorted(told) == [(f"deals.csv:{line}", None) for line in (3, 4, 5, 6, 7, 9)]
    counts = result.summary.outcome_files
    assert counts == {
        "read": 8, "damaged": 0, "no-call": 1, "person": 1, "time": 1, "price": 1, "currency": 2, "nothing": 1,
    }  # fmt: skip
    left = (tmp_path / "deals.rejects.csv").read_text(encoding="utf-8").splitlines()
    assert left[0] == "calltools_codes,calltools_place,Телефон,Дата оплаты,Сумма,Валюта"
    assert [line.split(",")[:2] for line in left[1:]] == [["CT608", str(line)] for line in range(3, 10)]
    again = convert(calls, tmp_path / "deals.rejects.csv", timezone="Europe/Moscow")
    assert again.summary.outcome_files["read"] == 7


def test_a_record_of_two_overlapping_files_counts_once_and_within_a_file_twice(calls, tmp_path):
    sale, other = (BORIS, NOON + 1, 10, "RUB", ""), (BORIS, NOON + 2, 1, "RUB", "")
    first = outcomes_file(tmp_path / "march.csv", sale, sale)
    second = outcomes_file(tmp_path / "april.csv", sale, other)

    result = convert(calls, [first, second])

    assert money_of(result)[2] == ("21", "RUB", "")
    assert result.summary.outcome_files == {"read": 4, "damaged": 0, "repeated": 1}


def test_rejects_given_again_beside_the_files_they_come_from_count_no_sale_twice(calls, tmp_path):
    sale, other, lonely = (BORIS, NOON + 1, 10, "RUB", ""), (BORIS, NOON + 2, 1, "RUB", ""), (VERA, NOON, 5, "RUB", "")
    first = outcomes_file(tmp_path / "march.csv", sale, lonely)
    second = outcomes_file(tmp_path / "april.csv", sale, other, lonely)
    convert(calls, [first, second], output=tmp_path / "out.csv", rejects=tmp_path / "bad.csv")
    march, april = tmp_path / "march.rejects.csv", tmp_path / "april.rejects.csv"
    later = calls_file(tmp_path / "later.csv", ("", NOON, 1, VERA))

    again = convert([calls, later], [first, april])
    beside = convert([calls, later], [first, second, march, april])

    assert [line.partition(",")[2] for line in march.read_text().splitlines()[1:]] == [f"3,{VERA},{NOON},5,RUB,"]
    assert len(april.read_text().splitlines()) == 1
    assert money_of(again)[2:] == [("10", "RUB", ""), ("", "", ""), ("5", "RUB", "")]
    assert money_of(beside)[2:] == [("11", "RUB", ""), ("", "", ""), ("5", "RUB", "")]


def test_what_would_make_the_call_faulty_is_not_taken_or_mended(calls, tmp_path):
    crm = write(
        tmp_path / "crm.csv",
        "phone,time,Price,Currency,Tag\n"
        f"{ANNA},{NOON + 2 * DAY},5,RUR,\n"
        f"{ANNA},{NOON + 2 * DAY},5,ZZZ,\n"
        f'{BORIS},{NOON},5,rub," paid\tin full\nby card"\n',
    )

    result = convert(calls, crm)

    assert money_of(result)[1:3] == [("", "", ""), ("5", "RUB", "paid in full by card")]
    assert result.summary.outcome_files["currency"] == 2
    assert result.summary.rejected == 0


def test_amounts_without_a_currency_are_refused(calls, tmp_path):
    crm = outcomes_file(tmp_path / "crm.csv", (ANNA, NOON, "5"), header="phone,time,Price")

    with pytest.raises(UsageError, match="--currency") as fault:
        convert(calls, crm)
    assert fault.value.exit_code == 2
    assert money_of(convert(calls, crm, currency="RUB"))[0] == ("5", "RUB", "")


@pytest.mark.parametrize(
    ("header", "missing"),
    [
        ("phone,Price,Currency", "time"),
        ("time,Price,Currency", "phone"),
        ("phone,time,Currency", "Price"),
        ("phone,time,Сумма сделки,Бюджет", "Price"),
    ],
)
def test_columns_that_are_not_clear_are_named(header, missing, calls, tmp_path):
    crm = outcomes_file(tmp_path / "crm.csv", header=header)

    with pytest.raises(UsageError, match="--outcome-columns") as fault:
        convert(calls, crm)
    assert fault.value.facts["missing"] == missing


def test_columns_may_be_named(calls, tmp_path):
    crm = outcomes_file(tmp_path / "crm.csv", (ANNA, NOON, "5", "6"), header="Кто,Когда,Сумма сделки,Бюджет")
    columns = {"phone": "Кто", "time": "Когда", "Price": "Бюджет"}

    assert money_of(convert(calls, crm, outcome_columns=columns, currency="RUB"))[0] == ("6", "RUB", "")


def test_a_workbook_with_dates_and_numbers_and_ids_that_lost_digits(calls, tmp_path):
    crm = tmp_path / "crm.xlsx"
    with xlsxwriter.Workbook(crm) as workbook:
        sheet = workbook.add_worksheet("Сделки")
        day = workbook.add_format({"num_format": "dd.mm.yyyy"})
        sheet.write_row(0, 0, ["ClientID", "Телефон", "Дата закрытия", "Бюджет", "Стадия"])
        for row, phone in enumerate((ANNA, BORIS), start=1):
            sheet.write_number(row, 0, 1604591025698235234)
            sheet.write_string(row, 1, phone)
            sheet.write_number(row, 2, 46083, day)  # 2 March 2026
            sheet.write_number(row, 3, 1500.5)
            sheet.write_string(row, 4, "Успешно")

    result = convert(calls, crm, timezone="Europe/Moscow", currency="RUB")

    assert money_of(result) == [("1500.5", "RUB", "Успешно"), ("", "", ""), ("1500.5", "RUB", "Успешно"), ("", "", "")]
    lost = [one.column for one in result.findings if one.code == "CT209"]
    assert lost == ["ClientID (crm.xlsx:2)", "ClientID (crm.xlsx:3)"]
    assert result.summary.by_code["CT209"] == 2


def naive(calls, outcomes, window):
    """The calls with what outcomes say of them, by loops; calls and outcomes are tuples."""
    chosen = defaultdict(list)
    for phone, moment, price, tag in outcomes:
        fitting = [
            (call[1], -number)
            for number, call in enumerate(calls)
            if call[2] == phone and 0 <= moment - call[1] <= window
        ]
        if fitting:
            best = calls[-max(fitting)[1]]
            for number in (number for number, call in enumerate(calls) if call == best):
                chosen[number].append((price, tag))
    return [
        (
            str(sum((Decimal(price) for price, _ in chosen[number]), Decimal(0))) if chosen[number] else "",
            "; ".join(dict.fromkeys(tag for _, tag in chosen[number] if tag)),
        )
        for number in range(len(calls))
    ]


@pytest.fixture
def many(tmp_path):
    """Forty files of calls, two of outcomes, and what the calls should get."""
    chance = random.Random(53)  # noqa: S311 - invented calls
    phones = [f"+7495000{n:04}" for n in range(40)]
    calls = [(number, NOON + chance.randrange(30) * 3600, chance.choice(phones)) for number in range(400)]
    for number in range(20, 400, 4):  # exports overlap: copies in the same file, and in later ones
        calls[number] = chance.choice(calls[:number])
    outcomes = [
        (
            chance.choice(phones),
            NOON + chance.randrange(-10, 60) * 3600,
            f"{chance.randrange(999)}.{chance.randrange(10, 100)}",
            chance.choice(["", "a", "b"]),
        )
        for _ in range(150)
    ]
    files = [
        calls_file(
            tmp_path / f"{n:02}.csv",
            *((10**15 + number, time, 0, phone) for number, time, phone in calls[n * 10 : n * 10 + 10]),
        )
        for n in range(40)
    ]
    crm = [
        outcomes_file(tmp_path / f"crm{n}.csv", *((phone, time, price, "RUB", tag) for phone, time, price, tag in part))
        for n, part in enumerate((outcomes[:50], outcomes[50:]))
    ]
    return files, crm, naive(calls, outcomes, 20 * 3600)


@pytest.mark.parametrize("options", [{}, {"exact_only": True}], ids=["fast", "exact"])
def test_each_outcome_reaches_the_call_that_a_loop_finds(many, options):
    files, crm, expected = many

    result = convert(files, crm, outcome_window_s=20 * 3600, **options)

    assert [(price, tag) for price, _, tag in money_of(result)] == expected
    counts = sum((one.outcomes + one.outcome_files for one in result.summaries), Counter())
    assert counts["read"] == 150 == counts["taken"] + counts["no-call"]
    calls = {(row["ClientId"], row["DateTime"]) for row in result.table.to_pylist() if row["Price"]}
    assert counts["calls"] == len(calls) < sum(bool(price) for price, _ in expected)


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_the_command_line_gives_the_same_whatever_the_processes(many, jobs, tmp_path):
    files, crm, expected = many
    words = [word for path in crm for word in ("--outcomes", str(path))]
    words += ["--outcome-window", "20h", "--as-of", str(LATER), "--jobs", jobs, "-o", str(tmp_path / "out.csv")]

    ended = CliRunner().invoke(app, ["convert", *map(str, files), *words], env={"CALLTOOLS_LANG": "en"})

    assert ended.exit_code == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text(encoding="utf-8"))))
    assert [(row["Price"], row["Tag"]) for row in rows] == expected
    assert "records of the files of outcomes: 150, no call" in ended.stdout
