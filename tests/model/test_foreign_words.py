"""Words of others hold no phone number, identifier or address of a person once they are masked."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltools.model.foreign_words import mask_personal


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("PhoneNumber +74950000001 is bad", "PhoneNumber *** is bad"),
        ("PhoneNumber +7 (495) 000-00-01 is bad", "PhoneNumber *** is bad"),
        ("8 495 000 00 01, 8-495-000-00-01", "***, ***"),
        ("495.000.00.01 and (495) 000\u201300\u201301", "*** and ***"),
        ("8\u00a0495\u00a0000\u00a000\u00a001", "***"),
        ("٧٤٩٥٠٠٠٠٠٠١", "***"),
        ("ClientId 160459102569823520 unknown", "ClientId *** unknown"),
        ("UserId ivan7 unknown", "UserId *** unknown"),
        ("UserId: ivan", "UserId: ***"),
        ("user_id=ivan&x", "user_id=***"),
        ("Yclid 'abc' and UserId «иван петров»", "Yclid '***' and UserId «***»"),
        ("UserId: 'ivan petrov' is bad", "UserId: '***' is bad"),
        ('{"ClientId":"abc", "UserId": "ivan petrov"}', '{"ClientId":"***", "UserId": "***"}'),
        ('{\\"ClientId\\": \\"abc\\"}', '{\\"ClientId\\": \\"***\\"}'),
        ("<UserId>ivan</UserId>", "<UserId>***</UserId>"),
        ("user-id: ivan, UserId → ivan, UserId[ivan7]", "user-id: ***, UserId → ***, UserId[***]"),
        ("tel +7_495_000_00_01", "tel ***"),
        ("/calls?PhoneNumber=%2B7%20%28495%29%20000-00-01&x", "/calls?PhoneNumber=%2B***&x"),
        ("+7+495+000+00+01, +7495000\u200b0001", "***, ***"),
        ("mail a.b+c@romashka.example.", "mail ***"),
        ("id 550e8400-e29b-41d4-a716-446655440000 seen", "id *** seen"),
        ("1234567.1234567890", "***"),
    ],
)
def test_what_may_be_personal_is_masked(text, masked):
    assert mask_personal(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "Row 12: UserId is required", 'columns "UserId", "ClientId" and "Yclid" are missing', "the title 'UserId'.",
        "The columns DateTime and one of UserId, ClientId, Yclid are required",
        "at 2026-03-12T10:00:00Z", "from 2026-03-12 10:00:00 to 12.03.2026 10:00", "2026-03-12",
        "127.0.0.1 and 192.168.100.200 refused", "HTTP 503 after 65536 of 131072 bytes", "row 123456", "quota_requests_by_ip",
        "ct1aaaaaaaaaaaaaaaaaaaaaaaaaaA1 март", "export-2026-03-12.csv", "calls_2026_03_12_10_00.csv", "calls_12_03_2026.csv", "+7", "",
    ],
)  # fmt: skip
def test_what_says_what_went_wrong_stays(text):
    assert mask_personal(text) == text


SEPARATORS = st.sampled_from(["", " ", "-", " (", ") ", ".", "\u2013", "\u00a0", "  "])


@given(
    st.lists(st.tuples(st.sampled_from("0123456789"), SEPARATORS), min_size=10, max_size=15),
    st.text("abc ,", max_size=5),
)
def test_a_phone_number_is_masked_however_it_is_grouped(digits, around):
    grouped = "".join(digit + separator for digit, separator in digits)

    left = mask_personal(f"{around}x{grouped}x{around}")

    assert len(re.findall(r"\d", left)) < 7 or re.search(r"\d{4}-\d\d-\d\d|\d+\.\d+\.\d+", grouped)


@pytest.mark.parametrize(
    "unit",
    ["a", "1 ", "@", "a@", "1", "userid ", "userid'", 'userid\\":', "%20", "1_", "1.", "2026-03-12", "(", "-", "\x00"],
)
def test_a_long_text_takes_no_long_time(unit):
    """Time that grows with the square of the length would meet the limit of the test."""
    mask_personal(unit * 300_000)
