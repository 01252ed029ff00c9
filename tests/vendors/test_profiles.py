"""Profiles: all mistakes are named at once, and examples pass."""

import pyarrow as pa
import pytest

from calltools.errors import ProfileError, SourceError, UsageError, VendorError
from calltools.vendors import profile_library, profile_tests, transforms
from calltools.vendors.binding import MappingOptions, bind_profile
from calltools.vendors.loader import load_profile
from calltools.vendors.recognize import create_header_finder, is_canonical_header, recognize_profile

PLAIN = """
name = "plain"
title = "Plain"
confidence = "code-seen"
recognize = ["When", "Who"]
[fields.DateTime]
from = "When"
format = "%Y-%m-%d %H:%M:%S"
[fields.PhoneNumber]
from = "Who"
"""


def problems(text):
    with pytest.raises(ProfileError) as refused:
        load_profile(text, "mine.toml")
    return {path: key for path, key, _ in refused.value.problems}, refused.value


def test_what_a_profile_takes_for_granted_must_exist():
    found, _ = (
        problems(f"""{PLAIN.replace("recognize", 'region = "ru"' + chr(10) + 'currency = "RUR"' + chr(10) + "recognize", 1)}
[[examples]]
why = "no zone"
source = {{ When = "2026-03-02 10:00:00", Who = "1" }}
expect = {{ DateTime = "1772434800" }}
assume = {{ timezone = "Europe/Moskow", region = "ZZ" }}
[read]
encoding = "windows1251x"
delimiter = "ab"
""")
    )

    assert found == {
        "$.read.encoding": "encoding-unknown",
        "$.read.delimiter": "profile-not-one-of",
        "$.region": "region-unknown",
        "$.currency": "currency-withdrawn",
        "$.examples[0].assume.timezone": "zone-unknown-near",
        "$.examples[0].assume.region": "region-unknown",
    }


def test_every_mistake_is_named_at_once_with_its_path():
    found, fault = problems("""
name = "x"
confidence = "sure"
recognise = ["a"]
aliases = [1]
epoch_id = 5
rows = 3
[read]
delimeter = ";"
[[shapes]]
columns = ["a"]
[patterns]
b = "["
a = "ok"
[fields.DateTime]
from = "a"
first_of = ["b"]
format = ["what"]
zone = "Europe/Moskow"
[fields.PhoneNumber]
fron = "b"
[fields.Prise]
from = "c"
[fields.TalkDuration]
from = "d"
scale = "0.5"
values = { a = 1 }
[fields.HoldDuration]
difference = ["a"]
[fields.Tag]
from = "e"
extract = "no group"
[[fields.URL]]
from = "f"
extract = "(("
[[fields.URL]]
constant = 7
[[examples]]
source = { a = "1" }
expect = { DateTim = "1" }
assume = { time_zone = "UTC" }
""")

    assert (
        found.items()
        >= {
            "$": "profile-missing",
            "$.confidence": "profile-not-one-of",
            "$.recognise": "profile-unknown-word",
            "$.aliases": "profile-not-text",
            "$.epoch_id": "profile-not-text",
            "$.rows": "profile-not-a-table",
            "$.read.delimeter": "profile-unknown-word",
            "$.patterns.b": "profile-no-such-column",
            "$.fields.DateTime": "profile-one-pick",
            "$.fields.DateTime.format": "profile-layout",
            "$.fields.DateTime.zone": "zone-unknown",
            "$.fields.PhoneNumber.fron": "profile-unknown-word",
            "$.fields.Prise": "profile-unknown-word",
            "$.fields.TalkDuration.scale": "profile-not-one-of",
            "$.fields.TalkDuration.values.a": "profile-not-text",
            "$.fields.HoldDuration.difference": "profile-two-columns",
            "$.fields.Tag.extract": "profile-one-group",
            "$.fields.URL[0].extract": "profile-pattern",
            "$.fields.URL[1].constant": "profile-not-text",
            "$.examples[0].expect.DateTim": "profile-unknown-word",
            "$.examples[0].assume.time_zone": "profile-unknown-word",
        }.items()
    )
    assert len(fault.problems) == len({str(problem) for problem in fault.problems})
    assert "$.fields.Prise" in fault.say("en")
    assert "ближайшее — Price" in fault.say("ru")


@pytest.mark.parametrize(
    ("text", "path", "key"),
    [
        ("name = ", "$", "profile-not-toml"),
        (PLAIN.replace("[fields.DateTime]", "[fields.Tag]"), "$.fields", "profile-missing"),
        (PLAIN + "shapes = 3", "$.fields.PhoneNumber.shapes", "profile-unknown-word"),
        ("shapes = 3\nexamples = [1]\n" + PLAIN, "$.shapes", "profile-not-a-list"),
        ("shapes = [3]\n" + PLAIN, "$.shapes[0]", "profile-not-a-table"),
        ("examples = [1]\n" + PLAIN, "$.examples[0]", "profile-not-a-table"),
        (PLAIN + 'when = "answered"', "$.fields.PhoneNumber.when", "profile-missing"),
        (PLAIN + 'when = "missed"', "$.fields.PhoneNumber.when", "profile-not-a-table"),
        (
            PLAIN.replace('[fields.PhoneNumber]\nfrom = "Who"', "[fields]\nPhoneNumber = 3"),
            "$.fields.PhoneNumber",
            "profile-not-a-table",
        ),
    ],
)
def test_one_mistake(text, path, key):
    assert problems(text)[0].get(path) == key


def test_where_no_word_is_near_all_are_named():
    with pytest.raises(ProfileError, match="it has from, first_of, join") as caught:
        load_profile(PLAIN + 'xyzzy = "RU"\n', "mine")

    assert "есть from, first_of, join" in caught.value.say("ru")


def test_a_step_names_the_test_of_answered_calls():
    profile = load_profile(PLAIN + 'when = "answered"\n[rows]\nanswered = { Status = ["ok", ""] }\n', "mine")

    assert profile.fields["PhoneNumber"][0].when == profile.rows.answered == {"Status": ("ok", "")}


def test_a_field_that_is_no_table_is_named():
    found, _ = problems("name='x'\ntitle='x'\nconfidence='code-seen'\nrecognize=['a']\n[fields]\nDateTime = 3")

    assert found == {"$.fields.DateTime": "profile-not-a-table"}


def test_all_built_in_examples_pass():
    for profile in profile_library.load_profiles():
        assert profile.examples
        assert profile_tests.run_examples(profile) == []


def test_a_wrong_example_is_reported():
    text = (
        PLAIN
        + """
[[examples]]
why = "wrong on purpose"
source = { When = "2026-03-02 10:00:00", Who = "+74950000001" }
assume = { timezone = "Europe/Moscow", static_call = "1" }
expect = { DateTime = "1", StaticCall = "1" }
"""
    )

    (failure,) = profile_tests.run_examples(load_profile(text, "mine"))

    assert (failure.number, failure.field, failure.expected, failure.got) == (1, "DateTime", "1", "1772434800")


def test_profiles_are_found_by_alias_path_and_name(tmp_path, monkeypatch):
    mine = tmp_path / "mine.toml"
    mine.write_text(PLAIN, encoding="utf-8")
    (tmp_path / "calltools-vendors").mkdir()
    (tmp_path / "calltools-vendors" / "plain.toml").write_text(PLAIN, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    assert profile_library.find_profile(str(mine)).name == "plain"
    assert profile_library.find_profile("PLAIN").title == "Plain"
    assert profile_library.find_profile("comagic").name == "uis"
    with pytest.raises(VendorError, match="sipuni"):
        profile_library.find_profile("sipuny")
    with pytest.raises(SourceError):
        profile_library.find_profile(str(tmp_path / "none.toml"))


def test_a_profile_in_a_folder_is_found_by_its_name_as_it_is_spelled(tmp_path, monkeypatch):
    folder = tmp_path / "calltools-vendors"
    folder.mkdir()
    # As editors of Windows save it.
    text = PLAIN.replace('"plain"', '"Our PBX"', 1)
    (folder / "ours.TOML").write_text(text, encoding="utf-8-sig")
    (folder / "ours.toml").write_text(text, encoding="utf-8-sig")
    (folder / "old.toml").mkdir()
    # Emacs locks a file that is being edited by a link to nowhere.
    (folder / ".#ours.toml").symlink_to("somebody@host.1:2")
    monkeypatch.chdir(tmp_path)

    assert profile_library.find_profile("Our PBX").title == "Plain"
    assert profile_library.find_profile("our pbx").title == "Plain"
    assert profile_library.find_profile("calltools-vendors/ours.TOML").name == "Our PBX"
    with pytest.raises(VendorError, match=r"Did you mean Our PBX\? `calltools vendors list` shows them all"):
        profile_library.find_profile("our-pbx")
    with pytest.raises(VendorError, match=r"called qqqqqq\. `calltools vendors list` shows all"):
        profile_library.find_profile("qqqqqq")


def test_a_profile_that_is_no_text_is_named_and_no_defect(tmp_path, monkeypatch):
    (tmp_path / "calltools-vendors").mkdir()
    (tmp_path / "calltools-vendors" / "old.toml").write_bytes(PLAIN.replace("Plain", "Наша").encode("cp1251"))
    monkeypatch.chdir(tmp_path)

    for find in (profile_library.load_profiles, lambda: profile_library.find_profile("calltools-vendors/old.toml")):
        with pytest.raises(ProfileError, match=r"old\.toml") as caught:
            find()
        assert "UTF-8" in caught.value.say("ru")


@pytest.mark.parametrize("pattern", ["(?<=7 )([0-9]+)", r"([0-9]+)\Z", "([0-9]+)(?=x)"])
def test_a_pattern_that_python_reads_and_arrow_does_not_is_refused_when_it_is_read(pattern):
    assert problems(f"{PLAIN}extract = '{pattern}'\n")[0] == {"$.fields.PhoneNumber.extract": "profile-pattern"}


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("[(]([0-9]+)[)]", "a (12) b", "12"),
        (r"\(([0-9]+)\)", "a (12) b", "12"),
        ("[])(]([0-9]+)", "]12", "12"),
        (r"[\](]([0-9]+)", "(12", "12"),
        ("(?:a|b)([0-9]+)", "b12", "12"),
        ("(?P<number>[0-9]+)", "a12", "12"),
    ],
)
def test_the_group_of_a_pattern_is_found_beside_brackets_that_are_none(pattern, text, found):
    assert transforms.extract(pa.array([text, "x"]), pattern).to_pylist() == [found, ""]


def test_a_query_parameter_is_no_pattern():
    assert transforms.url_parameter(pa.array(["https://x/?a(b=5", "https://x/?utm.c=6"]), "a(b").to_pylist() == [
        "5",
        "",
    ]
    assert transforms.url_parameter(pa.array(["https://x/?utmxc=6"]), "utm.c").to_pylist() == [""]


def test_a_product_that_no_number_of_64_bits_holds_is_left_as_it_is():
    # Modulo 2 ** 64 the second one would be 44 seconds.
    assert transforms.scale(pa.array(["63870.0", "90"]), "0.001").to_pylist() == ["63", "0"]
    assert transforms.scale(pa.array(["2.0", "3"]), "60").to_pylist() == ["120", "180"]
    assert transforms.scale(pa.array(["90", "307445734561825861"]), "60").to_pylist() == ["5400", "307445734561825861"]


@pytest.mark.parametrize(
    ("titles", "canonical"),
    [
        (["ClientId", "DateTime"], True),
        (["clientid", "date time", "x"], True),
        (["ClentId", "DateTimme", "PhoneNumbre", "Prixe"], True),
        (["ClientId", "a", "b"], False),
        (["ClientId", "DateTime", "a", "b", " "], True),
        (["ClientId", "DateTime", "a", "b", "c"], False),
        ([], False),
    ],
)
def test_canonical_headers_forgive_case_spaces_and_one_slip(titles, canonical):
    assert is_canonical_header(titles) is canonical


def test_one_profile_fits_or_the_header_is_refused():
    profile = load_profile(PLAIN, "mine")
    other = load_profile(PLAIN.replace('"plain"', '"other"'), "other")

    assert recognize_profile(["who", " When "], [profile], "calls.csv") is profile
    with pytest.raises(VendorError, match="plain, other"):
        recognize_profile(["Who", "When"], [profile, other], "calls.csv")
    with pytest.raises(VendorError, match="nothing of it"):
        recognize_profile(["nothing of it"], [profile], "calls.csv")
    with pytest.raises(VendorError, match="nearest is plain, which also needs When"):
        recognize_profile(["who", "where"], [profile], "calls.csv")


def test_a_file_without_a_header_is_recognized_by_its_shape():
    shaped = load_profile(
        PLAIN + '[[shapes]]\ncolumns = ["When", "Who", "x"]\n[patterns]\nWhen = "[0-9-]{10}"\nWho = "[0-9]+"\nx = ".*"',
        "s",
    )
    rows = [["2026-03-02", "7495", "a"], ["2026-03-03", "7495", ""]]

    guess = create_header_finder([shaped])(rows)

    assert (guess.index, guess.titles) == (None, ("When", "Who", "x"))
    assert create_header_finder([shaped])([["When", "Who"], ["a", "b"]]).index == 0
    assert create_header_finder([])([]).score == 0


def test_a_record_that_holds_a_known_title_is_no_header():
    judge = create_header_finder(profile_library.load_built_in_profiles())
    rows = [["Fecha", "Origen", "Estado"], ["2026-03-02 10:00:00", "84950000001", "ANSWERED"]]

    assert (judge(rows).index, judge(rows).score) == (0, 0)
    assert judge([["x", "y", "Answered"], ["a", "b", "c"]]).score == 1


def test_a_vendor_that_was_named_needs_fewer_rows_of_its_shape():
    mango = profile_library.find_profile("mango")
    (shape,) = [one for one in mango.shapes if len(one.titles) == 8]
    good = ["[]", "1772434800", "1772434860", "1772434808", "74950000001", "74950000002", "74950000002", "x"]
    rows = [good, good, ["Total", *good[1:]]]

    assert create_header_finder([mango])(rows).titles == shape.titles
    assert create_header_finder(profile_library.load_built_in_profiles())(rows).titles == ()


def test_a_missing_zone_and_wrong_headers_are_refused():
    profile = load_profile(PLAIN, "mine")

    with pytest.raises(UsageError, match="--timezone"):
        bind_profile(profile, ("When", "Who"), MappingOptions())
    with pytest.raises(VendorError, match="Who"):
        bind_profile(profile, ("When",), MappingOptions(timezone="UTC"))


@pytest.mark.parametrize("layout", ["%d.%m.%Y", "%Y-%m-%d", "%d %b %Y"])
def test_a_layout_of_dates_alone_would_put_calls_at_midnight(layout):
    found, _ = problems(PLAIN.replace("%Y-%m-%d %H:%M:%S", layout))

    assert found == {"$.fields.DateTime.format": "profile-layout"}
