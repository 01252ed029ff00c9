"""Files that are not of calls are named as what they are, by every command that opens one."""

import pytest
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.errors import NotCallsError
from calltools.vendors import profile_library
from calltools.vendors.not_calls import load_kinds, refuse_not_calls
from calltools.vendors.recognize import is_canonical_header, match_header

KINDS = load_kinds(profile_library.schemas_folder())
GOOGLE = "Google Click ID,Conversion Name,Conversion Time,Conversion Value,Conversion Currency\n"
CLICK = "Cj0KCQiA,Заявка,2026-11-24 12:15:03,1500,RUB\n"
CALLS = "Caller's Phone Number,Call Start Time,Conversion Name,Conversion Time\n"
CALL = "+74950000101,2026-11-24 10:15:03,Звонок,2026-11-24 12:15:03\n"
#: What they are called, and the text of each file.
FILES = {
    "Target": ("offline conversions", "ClientId,Target,DateTime,Price\n1732440000123456789,order,1773000000,10\n"),
    "PurchaseId": ("offline conversions", "PurchaseId,DateTime,Price,Currency\nA-1,1773000000,10,RUB\n"),
    "PurchaseId and Target": ("offline conversions", "PurchaseId;Target;DateTime\nA-1;order;1773000000\n"),
    "click conversions": ("Google Ads", GOOGLE + CLICK),
    "click conversions below their parameters": ("Google Ads", "Parameters:TimeZone=Europe/Moscow\n" + GOOGLE + CLICK),
    "call conversions below a padded line": ("Google Ads", "Parameters:TimeZone=+0300,,,\n" + CALLS + CALL),
    "call conversions below two lines": ("Google Ads", "Report\nParameters:TimeZone=+0300,,,\n" + CALLS + CALL * 2),
    "simple orders": (
        "from a CRM",
        "id,create_date_time,client_uniq_id,client_ids,emails,phones,order_status,revenue,cost\n"
        "1,2026-03-02 10:00:00,77,1732440000123456789,,74950000001,PAID,1500,100\n",
    ),
    "orders": (
        "from a CRM",
        "id;client_uniq_id;client_type;create_date_time;order_status\n1;77;CONTACT;2026-03-02 10:00:00;PAID\n",
    ),
    "customers": ("from a CRM", "uniq_id,name,emails,phones\n77,Анна,,74950000001\n"),
    "expenses": ("expenses", "Date,UTMSource,UTMMedium,Expenses,Currency\n2026-03-02,yandex,cpc,10.5,RUB\n"),
    "user parameters": ("user parameters", "ClientID,Key,Value\n1732440000123456789,status,vip\n"),
    "report of the API of Direct": (
        "advertising",
        '"Report (2026-03-01 - 2026-03-02)"\nDate\tCampaignId\tCampaignName\tImpressions\tClicks\tCost\n'
        "2026-03-01\t1\tПоиск\t100\t7\t1500\n2026-03-02\t1\tПоиск\t90\t5\t1100\nTotal rows: 2\n",
    ),
    "report of the cabinet of Direct": (
        "advertising",
        "День;Кампания;№ Кампании;Показы;Клики;Расход (руб.)\n01.03.2026;Поиск;1;100;7;1500,00\n",
    ),
}
COMMANDS = [
    ("validate", "{file}"),
    ("convert", "{file}", "-o", "{out}", "--timezone", "Europe/Moscow", "--static-call", "1"),
    ("convert", "{file}", "-o", "{out}", "--vendor", "none", "--static-call", "1"),
    ("convert", "{file}", "-o", "{out}", "--vendor", "sipuni", "--timezone", "Europe/Moscow"),
    ("vendors", "detect", "{file}"),
    ("vendors", "new", "{file}", "--no-input", "-o", "{out}"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=[" ".join(words[:2]) + words[-1][-6:] for words in COMMANDS])
@pytest.mark.parametrize(("name", "text"), FILES.values(), ids=FILES)
def test_every_command_names_the_file_as_what_it_is(name, text, command, tmp_path):
    file, out = tmp_path / "file.csv", tmp_path / "out.csv"
    file.write_text(text, encoding="utf-8")

    result = CliRunner().invoke(app, [word.format(file=file, out=out) for word in command] + ["--lang", "en"])

    printed = " ".join(result.output.split())
    assert result.exit_code == 2, printed
    assert name in printed
    assert "uploads calls only" in printed
    assert not out.exists()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_each_group_of_titles_is_known_in_any_spelling_and_in_both_languages(kind):
    for group in kind.titles:
        with pytest.raises(NotCallsError) as refused:
            refuse_not_calls([title.upper().replace("_", " ") for title in ("more", *reversed(group))], "file.csv")
        for language in ("en", "ru"):
            assert kind.what[language] in refused.value.say(language)
            assert kind.goes[language] in refused.value.say(language)


def test_a_file_of_calls_with_a_column_more_is_one_of_calls():
    refuse_not_calls(["ClientId", "DateTime", "PhoneNumber", "Target"], "calls.csv")


def test_an_export_that_a_profile_knows_is_not_refused(tmp_path):
    profile = tmp_path / "own.toml"
    profile.write_text(
        'name = "own"\ntitle = "Own"\nconfidence = "documented"\nrecognize = ["DateTime", "Target"]\n'
        '[fields.DateTime]\nfrom = "DateTime"\n[fields.PhoneNumber]\nfrom = "Target"\n',
        encoding="utf-8",
    )
    file, out = tmp_path / "file.csv", tmp_path / "out.csv"
    file.write_text("Target,DateTime\n+74950000001,1773000000\n", encoding="utf-8")

    result = CliRunner().invoke(
        app,
        ["convert", str(file), "--vendor", str(profile), "--static-call", "1", "--as-of", "2026-03-12T00:00:00Z",
         "-o", str(out)],
    )  # fmt: skip

    assert result.exit_code == 0, result.output
    assert "+74950000001" in out.read_text(encoding="utf-8")


def test_no_known_export_has_such_titles():
    for profile in profile_library.load_built_in_profiles():
        for kind in KINDS.values():
            assert not any(match_header(profile, group).matches for group in kind.titles)


def test_a_new_profile_of_a_canonical_file_says_that_none_is_needed(tmp_path):
    file = tmp_path / "calls.csv"
    file.write_text("ClientId,DateTime,PhoneNumber\n1732440000123456789,1773000000,+74950000001\n", encoding="utf-8")

    result = CliRunner().invoke(app, ["vendors", "new", str(file), "--no-input", "--lang", "en"])

    assert is_canonical_header(["ClientId", "DateTime", "PhoneNumber"])
    assert result.exit_code == 0, result.output
    assert "has a canonical header: no vendor is needed" in " ".join(result.output.split())
