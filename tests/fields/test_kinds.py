"""Each kind by its examples, and the laws that every kind keeps for any text."""

import re
from functools import cache

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calltools.fields.kernels.cell_kernels import PLACEHOLDERS, control_character
from calltools.fields.kinds import KINDS
from calltools.fields.table import FIELDS
from calltools.model.assumptions import Assumptions
from calltools.rules.catalog import RULES, RULES_BY_NAME
from tests.conftest import NOW

#: A field of each kind, for the rules that look at it.
FIELD = {field.kind: field.name for field in FIELDS}
EXAMPLES = [
    pytest.param(kind, example, id=f"{kind.name}: {example.text!r} {dict(example.assumptions) or ''}")
    for kind in KINDS.values()
    for example in kind.examples
]
#: Assumptions that a user may give.
ASSUMPTIONS = [
    Assumptions(NOW),
    Assumptions(NOW, timezone="Europe/Moscow", region="RU", date_order="dmy"),
    Assumptions(NOW, timezone="America/New_York", region="US", date_order="mdy"),
    Assumptions(NOW, timezone="Europe/London", region="GB", date_order="ymd"),
]
#: Faults that have a repair in any cell.
ALWAYS = {
    "invisible-character", "placeholder-value", "id-with-decimal-tail", "currency-not-upper-case",
    "phone-with-punctuation",
}  # fmt: skip
#: Faults that rewriting repairs for some cells. What has a repair of its own is offered, and never written.
REPAIRED = {rule.name for rule in RULES if rule.fix and rule.repair is None}
#: Ten kinds, many cells an example.
FEWER = settings(max_examples=settings.default.max_examples // 4)


def cells(*texts):
    return pa.array(texts, pa.string())


def faults(kind, texts, assumptions):
    """Names of the cell rules that fire on each text in the field of a kind."""
    rules = [rule for rule in RULES if rule.cell is not None and FIELD[kind.name] in rule.columns]
    masks = {rule.name: rule.cell(cells(*texts), assumptions) for rule in rules}
    return [{name for name, mask in masks.items() if mask[row]} for row in range(len(texts))]


def normalized(kind, texts, assumptions):
    return kind.normalize(cells(*texts), assumptions).to_pylist()


def test_there_is_a_field_of_every_kind():
    assert set(FIELD) == set(KINDS)


@pytest.mark.parametrize(("kind", "example"), EXAMPLES)
def test_an_example_is_normalized_as_written(kind, example):
    assumptions = Assumptions(NOW, **dict(example.assumptions))

    (after,) = normalized(kind, [example.text], assumptions)

    assert after == (example.text if example.canonical is None else example.canonical)


@pytest.mark.parametrize(("kind", "example"), EXAMPLES)
def test_an_example_has_the_finding_it_names(kind, example):
    assumptions = Assumptions(NOW, **dict(example.assumptions))
    (named,) = faults(kind, [example.text], assumptions)

    if example.fault:
        assert named == {example.fault}
        assert not kind.sound(cells(example.text), assumptions)[0]
    elif example.canonical == example.text:
        assert named == set()


@pytest.mark.parametrize(("kind", "example"), EXAMPLES)
def test_the_normalized_cell_of_an_example_has_no_fault(kind, example):
    if example.canonical is not None:
        (named,) = faults(kind, [example.canonical], Assumptions(NOW, **dict(example.assumptions)))
        assert named <= {"datetime-missing"}
        assert example.canonical == "" or re.fullmatch(kind.pattern, example.canonical)


def test_every_fault_of_an_example_is_a_rule():
    assert {example.fault for kind in KINDS.values() for example in kind.examples} - {None} <= set(RULES_BY_NAME)


# Cells as people and programs write them: examples of the kind, repaired and damaged, and any text.
SIGNS = st.sampled_from([*" \u00a0\u200b\ufeff\t\x00,.;:+-()/eE₽%'\"0189", "+7", "8 (", ".0", "T", "Z"])


@cache
def spelled(kind):
    """Texts near the examples of the kind."""
    known = st.sampled_from(
        [text for one in kind.examples for text in (one.text, one.canonical) if text is not None] + sorted(PLACEHOLDERS)
    )
    damaged = st.builds(
        lambda text, at, sign, cut: text[: at % (len(text) + 1)] + sign + text[at % (len(text) + 1) + cut :],
        known,
        st.integers(0, 40),
        SIGNS | st.just(""),
        st.integers(0, 2),
    )
    digits = st.from_regex(r"\A[+-]?[0-9]{0,21}([.,:/ -][0-9]{0,4}){0,3}\Z")
    times = st.datetimes().map(lambda moment: moment.strftime("%d.%m.%Y %H:%M:%S"))
    return known | damaged | digits | times | st.text(max_size=12) | st.from_regex(kind.pattern, fullmatch=True)


@pytest.fixture(params=KINDS.values(), ids=list(KINDS))
def kind(request):
    return request.param


def columns(kind):
    return st.lists(spelled(kind), min_size=4, max_size=16)


@FEWER
@given(data=st.data(), assumptions=st.sampled_from(ASSUMPTIONS))
def test_normalizing_twice_is_normalizing_once(kind, data, assumptions):
    once = normalized(kind, data.draw(columns(kind)), assumptions)

    assert normalized(kind, once, assumptions) == once


@FEWER
@given(data=st.data(), assumptions=st.sampled_from(ASSUMPTIONS))
def test_canonical_text_is_never_touched(kind, data, assumptions):
    texts = data.draw(columns(kind))
    sound = kind.sound(cells(*texts), assumptions)

    after = normalized(kind, texts, assumptions)

    untouched = [text for text, good in zip(texts, sound, strict=True) if good]
    assert [text for text, good in zip(after, sound, strict=True) if good] == untouched


@FEWER
@given(data=st.data(), assumptions=st.sampled_from(ASSUMPTIONS))
def test_sound_text_has_no_fault(kind, data, assumptions):
    texts = data.draw(columns(kind))
    sound = kind.sound(cells(*texts), assumptions)

    named = faults(kind, texts, assumptions)

    # Whether a cell may be empty is decided by the field: DateTime must not be.
    good = [(text, names) for text, names, good in zip(texts, named, sound, strict=True) if good and text]
    assert [pair for pair in good if pair[1]] == []


def test_an_empty_cell_is_sound_where_the_field_may_be_empty():
    # The validation assumes this of a wholly empty column.
    assert [
        one.name
        for one in FIELDS
        if not one.requirement.cell and not KINDS[one.kind].sound(cells("", ""), ASSUMPTIONS[0]).all()
    ] == []


@FEWER
@given(data=st.data(), assumptions=st.sampled_from(ASSUMPTIONS))
def test_rewriting_a_cell_removes_its_only_fault(kind, data, assumptions):
    texts = data.draw(columns(kind))

    after = normalized(kind, texts, assumptions)

    before, behind = faults(kind, texts, assumptions), faults(kind, after, assumptions)
    changed = [(x, y) for x, y, old, new in zip(before, behind, texts, after, strict=True) if old != new]
    assert [(x, y) for x, y in changed if len(x) == 1 and x & y & REPAIRED] == []


@FEWER
@given(data=st.data(), assumptions=st.sampled_from(ASSUMPTIONS))
def test_faults_with_one_repair_are_removed_from_every_cell_without_a_control_character(kind, data, assumptions):
    texts = [text for text in data.draw(columns(kind)) if not control_character(cells(text))[0]]

    after = normalized(kind, texts, assumptions)

    assert [
        (text, named) for text, named in zip(after, faults(kind, after, assumptions), strict=True) if named & ALWAYS
    ] == []


@FEWER
@given(data=st.data(), assumptions=st.sampled_from(ASSUMPTIONS))
def test_a_cell_is_judged_independently_of_its_neighbors(kind, data, assumptions):
    texts = data.draw(columns(kind))

    together = normalized(kind, texts, assumptions)

    assert together == [normalized(kind, [text], assumptions)[0] for text in texts]


def spellings(kind):
    """Spellings of one number as people write it; all are the same but for what stands around the digits."""
    if kind.name == "phone":
        number = st.tuples(st.sampled_from(["495", "916", "800"]), st.text("0123456789", min_size=7, max_size=7))
        forms = [
            "+7{0}{1}",
            "8 ({0}) {1}",
            "7{0}{1}.0",
            "{0}{1}",
            "8-{0}-{1}",
            "007 {0} {1}",
            " +7 {0} {1}",
            "7 {0}{1}",
        ]
    else:
        number = st.tuples(st.sampled_from(["16045910", "1", "99"]), st.text("123456789", min_size=9, max_size=11))
        forms = ["{0}{1}", "{0}{1}.0", " {0}{1}", "{0}{1}\u00a0"]
    return st.builds(lambda form, parts: form.format(*parts), st.sampled_from(forms), number)


@pytest.mark.parametrize("name", ["phone", "client-id", "click-id", "user-id"])
@given(data=st.data())
def test_a_cell_and_its_repair_leave_four_digits_unknown_together(name, data):
    """A digit is unknown if another one in its place would be shown alike, in the cell and in its repair."""
    kind = KINDS[name]
    text = data.draw(spellings(kind))
    places = [place for place, sign in enumerate(text) if sign.isdecimal()]
    variants = [(at, f"{text[:at]}{digit}{text[at + 1 :]}") for at in places for digit in "123456789"]
    written = [text, *(variant for _, variant in variants)]
    repaired = normalized(kind, written, ASSUMPTIONS[1])

    shown = list(zip(kind.redact(cells(*written)).to_pylist(), kind.redact(cells(*repaired)).to_pylist(), strict=True))

    known = {at for (at, _), other in zip(variants, shown[1:], strict=True) if other != shown[0]}
    unknown = [at for at in places if at not in known]
    assert len(unknown) >= 4


@FEWER
@given(data=st.data())
def test_a_hidden_cell_shows_no_long_run_of_its_digits(kind, data):
    if kind.redact is None:
        return
    texts = [text for text in data.draw(columns(kind)) if text.lower() not in PLACEHOLDERS]

    hidden = kind.redact(cells(*texts)).to_pylist()

    assert all(not re.search("[0-9]{7,}", text) for text in hidden)
