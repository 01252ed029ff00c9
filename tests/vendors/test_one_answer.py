"""``vendors detect``, ``vendors new`` and ``convert`` agree on whose export a file is, whatever its header."""

import io
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.vendors import profile_library
from calltools.vendors.recognize import source_columns

PROFILES = profile_library.load_built_in_profiles()
NAMES = [profile.name for profile in PROFILES]
#: A cell that is neither a title nor, as the time and the phone of a record without a header are, a sign of one.
ROW = "x"
MORE = ["Комментарий", "note 2", "Ответственный из CRM", "id", "Status", "status", "Дата", "Направление", "start"]
#: What convert says when the profile is right, and the user must say more.
ASKED = ("--timezone", "--own-number", "--inbound-context", "--ignore CT105")


@st.composite
def headers(draw):
    """Titles of one profile, some of them missing, in another order and in other letters, with some more."""
    profile = draw(st.sampled_from(PROFILES))
    titles = list(source_columns(profile))
    kept = draw(st.one_of(st.just(titles), st.lists(st.sampled_from(titles), min_size=1, unique=True)))
    if draw(st.booleans()):
        kept = [*dict.fromkeys([*profile.recognize, *kept])]
    more = draw(st.lists(st.sampled_from(MORE), max_size=3, unique=True))
    drawn = draw(st.permutations([*kept, *(title for title in more if title not in kept)]))
    spell = draw(st.sampled_from([str, str.upper, str.lower, str.title, lambda title: f"  {title} "]))
    return [spell(title) for title in drawn]


@st.composite
def files(draw):
    """A header and two records, as somebody saved them."""
    titles = draw(headers())
    delimiter = draw(st.sampled_from([",", ";", "\t", "|"]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "cp1251", "utf-16"]))
    quoted = draw(st.booleans())
    guard = draw(st.sampled_from(["{}", "'{}", '="{}"', "\t{}"]))
    above = draw(st.sampled_from(["", "", "Отчёт за день\n", "Отчёт" + delimiter * (len(titles) - 1) + "\n"]))
    text = io.StringIO()
    text.write(above)
    for row in (titles, *[[guard.format(ROW)] * len(titles)] * 2):
        plain = not quoted and not any('"' in cell or delimiter in cell for cell in row)
        cells = row if plain else ['"' + cell.replace('"', '""') + '"' for cell in row]
        text.write(delimiter.join(cells) + "\n")
    return text.getvalue().encode(encoding, "replace")


def run(*arguments):
    result = CliRunner().invoke(app, [*map(str, arguments), "--lang", "en"])
    return result.exit_code, " ".join(result.output.split())


def answers(raw):
    """Of a file: the vendors of detect and of new, whether it is canonical, convert without and with vendors."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls.csv"
        path.write_bytes(raw)
        code, detected = run("vendors", "detect", path)
        by_detect = re.findall(r"--vendor ([\w-]+)", detected)
        assert (code == 0) == (len(by_detect) == 1), detected
        new = run("vendors", "new", path, "--no-input")[1]
        by_new = re.findall(r"There is a profile for this export already: --vendor ([\w-]+)", new)
        return by_detect, by_new, "canonical header" in detected, _convert(path, "auto"), {
            name: _convert(path, name) for name in by_detect or NAMES[:: len(NAMES) // 3]
        }  # fmt: skip


def _convert(path, vendor):
    """Whether a profile was used, and what was said."""
    code, said = run("convert", path, "--vendor", vendor, "-o", path.with_name("out.csv"), "--force")
    refused = "This is not an export of" in said or "No known export" in said or "Several profiles fit" in said
    assert code in (0, 1, 2), said
    assert code != 2 or refused or any(word in said for word in ASKED), said
    return not refused, said


@given(files())
def test_all_commands_say_the_same_vendor(raw):
    by_detect, by_new, is_canonical, (used, said), named = answers(raw)

    assert by_new in (by_detect, []) if is_canonical else by_new == by_detect
    if is_canonical:
        return
    assert used == (len(by_detect) == 1), said
    if used:
        # Of a doubled column convert says no more than that.
        assert by_detect[0] in said or "--ignore CT105" in said, said
    if len(by_detect) > 1:
        assert all(name in said for name in by_detect), said
    for name, (used_named, said_named) in named.items():
        assert used_named == (name in by_detect), (name, said_named)


@pytest.mark.parametrize("profile", PROFILES, ids=NAMES)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_whole_header_of_a_profile_is_its_own_by_every_delimiter(profile, delimiter):
    titles = dict.fromkeys([*profile.recognize, *source_columns(profile)])
    raw = "".join(delimiter.join(f'"{cell}"' for cell in row) + "\n" for row in (titles, [ROW] * len(titles))).encode()

    by_detect, by_new, _, (used, said), _ = answers(raw)

    assert by_detect == by_new == [profile.name]
    assert used, said
