"""Guards of spreadsheets around the cells of an export: what a profile compares and computes is behind them."""

import csv
import io

import pyarrow as pa
import pytest

import calltools
from calltools.vendors.transforms import condition_mask, translate_words
from tests.vendors.test_export_pitfalls import AS_OF, HEADLESS, SAMPLES, sample_options

OTHERS = {*HEADLESS, "fusionpbx"}
#: Samples whose cells a program may guard: CSV with a header, and with quotes as CSV has them.
NAMES = sorted(path.parent.name for path in SAMPLES.glob("*/export.csv") if path.parent.name not in OTHERS)
GUARDS = {"apostrophe": "'{}", "formula": '="{}"', "control": "\x1f{}", "both": "\x1f'{}"}
#: In free text a guard stays, and with it the note on it.
FREE_TEXT = {"Tag", "UserId"}


def convert(path, options, tmp_path):
    output = tmp_path / "calls.csv"
    calltools.convert(path, output, force=True, as_of=AS_OF, **options)
    with output.open(encoding="utf-8", newline="") as file:
        return [{name: cell for name, cell in row.items() if name not in FREE_TEXT} for row in csv.DictReader(file)]


@pytest.mark.parametrize("guard", GUARDS.values(), ids=list(GUARDS))
@pytest.mark.parametrize("name", NAMES)
def test_an_export_with_guards_is_read_as_without(name, guard, tmp_path):
    text = (SAMPLES / name / "export.csv").read_text(encoding="utf-8-sig")
    delimiter = max(";,\t", key=text.splitlines()[0].count)
    titles, *records = csv.reader(io.StringIO(text), delimiter=delimiter)
    for file, spell in (("plain.csv", "{}"), ("guarded.csv", guard)):
        with (tmp_path / file).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, delimiter=delimiter)
            writer.writerows([titles, *([spell.format(cell) if cell else "" for cell in row] for row in records)])

    options = {"vendor": name, **sample_options(name)}
    plain = convert(tmp_path / "plain.csv", options, tmp_path)

    assert convert(tmp_path / "guarded.csv", options, tmp_path) == plain
    assert plain


WORDS = {"Answered": "0", "No answer": "1", "'quoted": "2"}


@pytest.mark.parametrize(
    "guarded", ["'answered", '="answered"', "\x1fanswered", "'Answered ", ' ="ANSWERED"', "answered"]
)
def test_a_word_is_looked_up_without_its_guard(guarded):
    cells, unknown = translate_words(pa.array([guarded]), WORDS, None)

    assert (cells.to_pylist(), unknown.tolist()) == (["0"], [False])


def test_a_word_of_the_profile_may_begin_like_a_guard():
    cells, unknown = translate_words(pa.array(["'quoted", "quoted"]), WORDS, None)

    assert (cells.to_pylist(), unknown.tolist()) == (["2", "quoted"], [False, True])


def test_an_unknown_word_keeps_its_guard():
    cells, unknown = translate_words(pa.array(["'busy"]), WORDS, None)

    assert (cells.to_pylist(), unknown.tolist()) == (["'busy"], [True])


def test_a_number_above_zero_may_be_written_by_a_spreadsheet():
    cells = pa.array(["60.0", "0:01:00", "00:01:00", "1 min", "'5", "0.0", "0:00:00", "00:00", "'0"])

    assert condition_mask({"a": (">0",)}, lambda _: cells, len(cells)).tolist() == [True] * 5 + [False] * 4


def test_a_placeholder_or_a_withheld_number_may_be_guarded(tmp_path):
    path = tmp_path / "sipuni.csv"
    path.write_text(
        "Тип;Статус;Время;Откуда;Куда;Длительность разговора;Время ответа\n"
        'Входящий;Отвечен;\'02.03.2026 10:00:00;\'anonymous;210;\'-;"="""""\n',
        encoding="utf-8",
    )

    (row,) = convert(path, {"timezone": "Europe/Moscow", "static_call": "1"}, tmp_path)

    assert row["DateTime"] == "1772434800"
    assert not {name for name in ("PhoneNumber", "TalkDuration", "HoldDuration") if row.get(name)}


def test_a_tag_keeps_its_guard(tmp_path):
    path = tmp_path / "sipuni.csv"
    path.write_text(
        "Тип;Статус;Время;Откуда;Куда;Метка;Теги\n'Входящий;'Отвечен;'02.03.2026 10:00:00;'+74950000101;210;'a;'b\n",
        encoding="utf-8",
    )
    output = tmp_path / "calls.csv"

    calltools.convert(path, output, timezone="Europe/Moscow", static_call="1", as_of=AS_OF)

    assert "'a; 'b" in output.read_text(encoding="utf-8")
