"""Phone plans and repairs against ``phonenumbers``, the library whose metadata they are made of."""

import random

import phonenumbers
import pyarrow as pa
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, PhoneNumberFormat

from calltools.fields.kinds import phone
from calltools.fields.numbering_plans import NumberStatus, classify_numbers
from calltools.fields.phone_spellings import without_plus_before_trunk
from calltools.model.assumptions import Assumptions
from tests.conftest import NOW

CODES = sorted(COUNTRY_CODE_TO_REGION_CODE)
#: Regions from which the exports come, and some with trunk prefixes and lengths of their own.
REGIONS = ["RU", "KZ", "BY", "UA", "UZ", "AM", "GE", "DE", "GB", "US", "CA", "IT", "FR", "BR", "AU", "IN", "CN"]
KINDS = (
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "personal_number",
    "voip",
    "pager",
    "uan",
    "voicemail",
)


def regions(code):
    return [region for region in COUNTRY_CODE_TO_REGION_CODE[code] if region != "001"]


def metadata(code):
    """The plans of a calling code: those of its countries, or of a service without one."""
    plans = [PhoneMetadata.metadata_for_region(region, None) for region in regions(code)]
    return [plan for plan in plans or [PhoneMetadata.metadata_for_nongeo_region(code, None)] if plan is not None]


def samples(code):
    """A number of each type that the plans of a calling code give as an example."""
    described = [getattr(plan, kind) for plan in metadata(code) for kind in KINDS]
    return sorted({one.example_number for one in described if one is not None and one.example_number})


def near(code, choose):
    """Numbers of a calling code: samples, samples with other digits, one more or one less, and any digits."""
    numbers = set()
    for sample in samples(code):
        numbers.add(sample)
        for _ in range(20):
            kept_length = choose.randrange(len(sample) + 1)
            numbers.add(sample[:kept_length] + "".join(choose.choice("0123456789") for _ in sample[kept_length:]))
        numbers |= {sample[:-1], sample + choose.choice("0123456789")}
    for length in range(15 - len(str(code)) + 1):
        numbers |= {"".join(choose.choice("0123456789") for _ in range(length)) for _ in range(5)}
    return sorted(f"+{code}{number}" for number in numbers)


def by_library(number):
    """The answer of ``phonenumbers`` for plus and digits; E.164 allows 15 of them, a German plan more."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return False
    # A parse that drops digits (a leading zero of Italy, a trunk prefix) reads another number than is written.
    written = phonenumbers.format_number(parsed, PhoneNumberFormat.E164) == number
    return written and len(number) <= 16 and phonenumbers.is_valid_number(parsed)


def assigned(numbers):
    return [verdict == NumberStatus.ASSIGNED for verdict in classify_numbers(pa.array(numbers, pa.string()))]


def normalized(texts, region):
    return phone.KIND.normalize(pa.array(texts, pa.string()), Assumptions(NOW, region=region)).to_pylist()


@pytest.mark.parametrize("code", CODES)
def test_a_number_is_assigned_exactly_where_phonenumbers_has_it(code):
    numbers = near(code, random.Random(code))  # noqa: S311 - sample numbers, not secrets

    expected = [by_library(number) for number in numbers]

    assert [pair for pair in zip(numbers, assigned(numbers), expected, strict=True) if pair[1] != pair[2]] == []


def test_every_calling_code_gave_numbers_of_both_sorts():
    for code in CODES:
        found = {by_library(number) for number in near(code, random.Random(code))}  # noqa: S311 - as above

        assert found == {True, False}, code


@given(st.lists(st.from_regex(r"\A\+[0-9]{1,17}\Z"), max_size=40))
def test_any_digits_are_judged_as_the_library_judges_them(numbers):
    assert assigned(numbers) == [by_library(number) for number in numbers]


@pytest.mark.parametrize("code", CODES)
def test_a_number_is_impossible_where_its_length_is_that_of_no_plan(code):
    possible = {length for plan in metadata(code) for length in plan.general_desc.possible_length}
    numbers = [f"+{code}{'5' * length}" for length in range(18 - len(str(code)))]

    found = classify_numbers(pa.array(numbers, pa.string()))

    fits = [length in possible and length + len(str(code)) <= 15 for length in range(len(numbers))]
    assert [verdict != NumberStatus.IMPOSSIBLE for verdict in found] == fits


def test_a_calling_code_that_does_not_exist_is_impossible():
    none = [code for code in range(1, 1000) if not any(str(code).startswith(str(one)) for one in CODES)]
    numbers = ["+", "+0", "+00000000", *(f"+{code}0000000" for code in none if code > 99)]

    assert set(classify_numbers(pa.array(numbers, pa.string()))) == {NumberStatus.IMPOSSIBLE}
    assert len(numbers) > 10


def spellings(number, region):
    """A number as people of the region write it."""
    forms = [
        phonenumbers.format_number(number, form)
        for form in (PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL)
    ]
    abroad = phonenumbers.format_out_of_country_calling_number(number, region)
    return [
        *forms,
        forms[0].removeprefix("+"),
        str(number.national_number),
        *([abroad] if abroad.startswith("+") else []),
    ]


@pytest.mark.parametrize("region", REGIONS)
def test_a_number_without_its_country_is_read_as_the_library_reads_it(region):
    numbers = [phonenumbers.example_number_for_type(region, kind) for kind in (0, 1, 3, 4, 6)]
    texts = [text for number in numbers if number is not None for text in spellings(number, region)]
    expected = [phonenumbers.parse(text, region) for text in texts]

    after = normalized(texts, region)

    # A number that no plan has is left unchanged.
    wanted = [
        phonenumbers.format_number(one, PhoneNumberFormat.E164) if phonenumbers.is_possible_number(one) else text
        for one, text in zip(expected, texts, strict=True)
    ]
    assert list(zip(texts, after, strict=True)) == list(zip(texts, wanted, strict=True))
    assert sum(text.startswith("+") for text in after) > len(after) / 2


def as_read_by_library(digits, region):
    try:
        return phonenumbers.format_number(phonenumbers.parse(digits, region), PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        return None


@given(digits=st.from_regex(r"\A[0-9]{7,15}\Z"), region=st.sampled_from(REGIONS))
@example(digits="73010000000", region="KZ")
def test_any_digits_become_the_number_of_the_library_or_stay(digits, region):
    # Countries that share the calling code 7 dial each other as if they were one; the library has only its own.
    neighbors = {"RU", "KZ"} if region in {"RU", "KZ"} else {region}

    (after,) = normalized([digits], region)

    number = as_read_by_library(digits, region)
    assert after in {digits, *(as_read_by_library(digits, one) for one in neighbors)}
    if number is not None and by_library(number):
        assert after == number


@given(digits=st.from_regex(r"\A[0-9]{7,15}\Z"))
def test_without_a_region_no_country_is_guessed(digits):
    assert normalized([digits, f"8 ({digits[:3]}) {digits[3:]}"], None) == [digits, f"8 ({digits[:3]}) {digits[3:]}"]


@given(digits=st.from_regex(r"\A[0-9]{7,15}\Z"), region=st.sampled_from([None, *REGIONS]), data=st.data())
def test_punctuation_of_an_international_number_goes_whatever_the_region(digits, region, data):
    signs = data.draw(
        st.lists(st.sampled_from(["", " ", "-", "(", ")", ".", "/", "–"]), min_size=len(digits), max_size=len(digits))
    )
    text = "+" + "".join(f"{sign}{digit}" for sign, digit in zip(signs, digits, strict=True))
    # The trunk prefix of Russia: no country has the code 8.
    assume(not text.startswith(("+8 ", "+8(", "+8.", "+8/", "+8-")))
    assume("(0)" not in text)  # Said of a digit that is dialed inside a country only.

    assert normalized([text], region) == [f"+{digits}"]


@pytest.mark.parametrize("text", ["84950000301101", "7 495 000-03-01 101", "98104950000301", "0074950000301101"])
@pytest.mark.parametrize("region", ["RU", "KZ"])
def test_a_number_with_more_digits_behind_it_is_none_though_a_service_is_as_long(text, region):
    assert normalized([text], region) == [text]


@pytest.mark.parametrize(("text", "region"), [("555-0100", "US"), ("7946 0000", "GB")])
def test_a_country_is_not_put_before_a_number_without_its_area(text, region):
    assert normalized([text], region) == [text]


@pytest.mark.parametrize("prefix", ["+", "00", "00 "])
@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("49 (0)30 12345678", "+493012345678"),
        ("49(0)171 1234567", "+491711234567"),
        ("44 (0) 20 7946 0000", "+442079460000"),
        ("380-(0)-44-234-56-78", "+380442345678"),
        ("7 (0)495 123-45-67", "+74951234567"),
        # In Italy the 0 belongs to the number, also from abroad.
        ("39 (0)6 12345678", "+390612345678"),
    ],
)
def test_the_trunk_digit_in_brackets_is_left_out_where_the_plan_says_so(prefix, text, number):
    assert normalized([prefix + text], "RU") == [number]


def test_a_trunk_digit_in_brackets_that_no_plan_explains_is_not_taken_for_one_of_the_number():
    cells = pa.array(["+375 (0)29 000 03 21"], pa.string())

    assert normalized(cells.to_pylist(), "RU") == cells.to_pylist()
    assert phone.impossible_number(cells).tolist() == [True]


@pytest.mark.parametrize("region", ["RU", "KZ"])
def test_a_plus_before_the_prefix_of_a_call_abroad_is_not_a_number_of_japan(region):
    cells = pa.array(["+810375291234567", "+8 10 49 30 12345678", "+81312345678"], pa.string())
    assumptions = Assumptions(0, region=region)

    assert phone.impossible_number(cells, assumptions).tolist() == [True, True, False]
    assert without_plus_before_trunk(cells, assumptions).to_pylist() == [
        "+375291234567", "+493012345678", "+81312345678",
    ]  # fmt: skip
