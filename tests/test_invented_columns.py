"""A column that the service adds is one row of the table: rules, ledger, template, schemas and documents follow."""

import csv
import io
import json
import re
import shutil
from pathlib import Path

import openpyxl
import pytest

from calltools.fields.kinds import KINDS
from calltools.fields.table import FIELD_NAMES
from tests.conftest import NOW
from tests.invented_columns import INVENTED, add_columns, run

RELEASED = Path(__file__).parent / "ledger" / "released" / "0.1.0"
GOOD = {"ClientId": "1604591025698235234", "DateTime": str(NOW - 60)}
OLD_NAMES = rf"^(the )?({'|'.join(FIELD_NAMES)})\b"
#: Kind, a faulty cell, the rule that names it.
FAULTS = [
    ("user-id", "client 1042\u200b", "user-id-unprintable"),
    ("user-id", "1.60459E+18", "id-in-scientific-notation"),
    ("user-id", "=1042", "text-starts-formula"),
    ("client-id", "client-1604591025", "client-id-not-digits"),
    ("client-id", "1234567890.1604591025", "google-client-id"),
    ("client-id", "0", "client-id-out-of-range"),
    ("click-id", "EAIaIQobChMI", "yclid-not-digits"),
    ("click-id", "5871026893740000000", "id-digits-cut"),
    ("click-id", "1234567890.0", "id-with-decimal-tail"),
    ("unix-time", "09.03.2026 10:00", "datetime-not-unix"),
    ("unix-time", "1772434800000", "datetime-not-seconds"),
    ("unix-time", "4102444800", "datetime-in-future"),
    ("unix-time", "1000000000", "datetime-implausible"),
    ("flag", "yes", "flag-not-0-or-1"),
    ("money", "12,50", "price-not-decimal"),
    ("money", "-1", "price-negative"),
    ("currency", "XYZ", "currency-unknown"),
    ("currency", "rub", "currency-not-upper-case"),
    ("currency", "RUR", "currency-withdrawn"),
    ("currency", "XAU", "currency-not-money"),
    ("phone", "84950000001", "phone-not-international"),
    ("phone", "+7 495 000-00-01", "phone-with-punctuation"),
    ("phone", "+74950000000111", "phone-impossible"),
    ("phone", "anonymous", "phone-not-a-number"),
    ("phone", "74950000001.0", "phone-stored-as-number"),
    ("seconds", "00:03:15", "duration-not-seconds"),
    ("seconds", "-5", "duration-negative"),
    ("seconds", "90000", "duration-implausible"),
    ("text", "=1+1", "text-starts-formula"),
    ("text", "sold\x07", "control-character"),
    ("url", "example.com/catalog", "url-not-absolute"),
    ("url", "https://example.com/?password=secret", "url-with-secret"),
    *((kind, "(not set)", "placeholder-value") for kind in KINDS),
    *((kind, f" {INVENTED[kind]}\u200b", "invisible-character") for kind in KINDS if KINDS[kind].typed),
]
PROFILE = """
name = "ours"
title = "Ours"
confidence = "code-seen"
recognize = ["When", "Rang"]

[description]
en = "Ours"
ru = "Наша"

[fields.DateTime]
from = "When"
format = "%d.%m.%Y %H:%M:%S"

[fields.NewSeconds]
from = "Rang"
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return add_columns(tmp_path_factory.mktemp("tree"))


def validate_records(tree, records, *arguments):
    """The findings of ``validate``: (record, column, rule)."""
    text = io.StringIO()
    out = csv.DictWriter(text, [*GOOD, *INVENTED.values()], restval="", lineterminator="\n")
    out.writeheader()
    out.writerows(GOOD | {"DateTime": str(NOW - 60 - n)} | record for n, record in enumerate(records))
    path = tree / "calls.csv"
    path.write_text(text.getvalue(), encoding="utf-8")
    done = run(tree, "-m", "calltools", "validate", path, "--as-of", NOW, "--output-format", "json", *arguments)
    assert done.stderr == ""
    return [(one["record"], one["column"], one["name"], one["message"]) for one in json.loads(done.stdout)["findings"]]


@pytest.mark.parametrize("options", [[], ["--no-fast-path"]])
def test_the_rules_of_a_kind_look_at_every_column_of_it(tree, options):
    found = validate_records(tree, [{INVENTED[kind]: cell} for kind, cell, _ in FAULTS], *options)
    named = {(record, column, name) for record, column, name, _ in found}

    expected = {(number, INVENTED[kind], name) for number, (kind, _, name) in enumerate(FAULTS, start=1)}
    assert expected - named == set()
    assert {column for _, column, _ in named} == {*INVENTED.values()}
    # No sentence names another column than the one with the cell. "Currency RUR" is the money itself.
    assert [
        output for _, _, name, output in found if re.search(OLD_NAMES, output) and name != "currency-withdrawn"
    ] == []


def test_good_cells_of_new_columns_pass(tree):
    good = {INVENTED[kind]: next(one.canonical for one in KINDS[kind].examples if one.canonical) for kind in KINDS}

    assert validate_records(tree, [good, {}]) == []


def test_new_columns_are_written_where_the_table_has_them(tree):
    raw = tree / "raw.csv"
    raw.write_text("NewSeconds,DateTime,NewPhone,ClientId\n00:03:15,1773100700,+7 495 000-00-01,1604591025698235234\n")

    done = run(tree, "-m", "calltools", "convert", raw, "--as-of", NOW, "-o", tree / "out.csv", "--force")

    assert done.returncode == 0, done.stderr
    assert (tree / "out.csv").read_text() == (
        "ClientId,NewPhone,NewSeconds,DateTime\n1604591025698235234,+74950000001,195,1773100700\n"
    )


def test_calls_of_a_released_ledger_are_found_when_columns_were_added(tree, tmp_path):
    shutil.copytree(RELEASED, tmp_path / "state")
    program = (
        "import sys, csv; from pathlib import Path; from calltools import ledger; from calltools.fields.table import FIELD_NAMES\n"
        "folder = Path(sys.argv[1])\n"
        "def verdicts(path):\n"
        "    plan = ledger.plan_upload(opened, path, 12345678)\n"
        "    return [ledger.CallStatus(number).name for number in plan.statuses.tolist()], [part.columns for part in plan.parts]\n"
        "with ledger.open_ledger_in(folder, lambda: 1773100800) as opened:\n"
        "    print(*verdicts(folder / 'calls.csv'), sep='\\n')\n"
        "    calls = list(csv.DictReader((folder / 'calls.csv').open(encoding='utf-8', newline='')))\n"
        "    for call in calls: call.update(dict.fromkeys(FIELD_NAMES, '') | call)\n"
        "    calls[0]['NewText'] = 'x'\n"
        "    calls[7]['NewUrl'] = 'https://example.com'\n"
        "    with (folder / 'more.csv').open('w', encoding='utf-8', newline='') as stream:\n"
        "        out = csv.DictWriter(stream, FIELD_NAMES); out.writeheader(); out.writerows(calls)\n"
        "    print(*verdicts(folder / 'more.csv'), sep='\\n')\n"
    )

    done = run(tree, "-c", program, tmp_path / "state")

    known_columns = ["UNCHANGED", "UNCHANGED", "HELD", "UNCHANGED", "HELD", "HELD", "WAITING", "NEW"]
    columns = "ClientId", "DateTime", "PhoneNumber"
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        str(known_columns),
        str([columns]),
        str(["CHANGED", *known_columns[1:]]),
        str([("ClientId", "NewUrl", "DateTime", "PhoneNumber")]),
    ]


def test_an_upload_has_nothing_to_send_of_accepted_calls_when_columns_were_added(tree, tmp_path):
    shutil.copytree(RELEASED, tree / "state")
    lines = (RELEASED / "calls.csv").read_text(encoding="utf-8").splitlines()
    # Two accepted calls; the new column exists and is empty.
    accepted = tmp_path / "accepted.csv"
    accepted.write_text("".join(f"{line},{new}\n" for line, new in zip(lines[:3], ["NewText", "", ""], strict=True)))

    arguments = ["upload", accepted, "--counter", "12345678", "--plan", "--lang", "en"]
    done = run(tree, "-m", "calltools", *arguments)

    assert done.returncode == 0, done.stderr
    output = done.stdout + done.stderr
    assert "0 of 2 calls to send" in output
    assert "  sent before: 2\n" in output


@pytest.mark.parametrize("notation", ["table-schema", "json-schema", "csvw", "markdown", "pandera"])
def test_schemas_have_new_columns(tree, notation):
    done = run(tree, "-m", "calltools", "schema", notation)

    assert done.returncode == 0, done.stderr
    assert [
        name for name in INVENTED.values() if f'"{name}"' not in done.stdout and f"`{name}`" not in done.stdout
    ] == []


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_templates_have_new_columns(tree, ending):
    path = tree / f"template.{ending}"

    done = run(tree, "-m", "calltools", "template", path)

    assert done.returncode == 0, done.stderr
    if ending == "csv":
        [titles] = csv.reader(io.StringIO(path.read_text(encoding="utf-8")))
    else:
        titles = [cell.value for cell in openpyxl.load_workbook(path).worksheets[0][2]]
    place = titles.index("DateTime")
    assert titles == [*FIELD_NAMES[:3], *INVENTED.values(), *FIELD_NAMES[3:]]
    assert titles[place - len(INVENTED) : place] == [*INVENTED.values()]


@pytest.mark.parametrize("ending", ["html", "xlsx"])
def test_reports_show_findings_in_new_columns(tree, ending):
    path, report = tree / "bad.csv", tree / f"report.{ending}"
    path.write_text("ClientId,DateTime,NewSeconds\n1604591025698235234,1773100700,soon\n", encoding="utf-8")

    done = run(tree, "-m", "calltools", "validate", path, "--as-of", NOW, "--report", report, "--force")

    assert done.returncode == 1, done.stderr
    if ending == "html":
        assert "NewSeconds soon is not a whole number of seconds" in report.read_text(encoding="utf-8")
    else:
        cells = [cell for sheet in openpyxl.load_workbook(report) for row in sheet.values for cell in row]
        assert "NewSeconds" in cells


def test_a_profile_may_map_new_columns(tree):
    (tree / "ours.toml").write_text(PROFILE, encoding="utf-8")
    (tree / "ours.csv").write_text("When,Rang\n09.03.2026 10:00:00,00:00:07\n", encoding="utf-8")

    arguments = f"ours.csv --vendor ./ours.toml --as-of {NOW} --timezone UTC --static-call 1 -o -"
    done = run(tree, "-m", "calltools", "convert", *arguments.split())

    assert done.stdout == "ClientId,NewSeconds,DateTime,StaticCall\n,7,1773050400,1\n", done.stderr
