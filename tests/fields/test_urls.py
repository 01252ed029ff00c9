"""What an address is: the fast road proves nothing that the exact road refuses, and both follow RFC 3986."""

import ipaddress
import re

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from calltools.fields.kernels.cell_kernels import cleaned
from calltools.fields.kinds import url
from calltools.model.assumptions import Assumptions

NOTHING_SAID = Assumptions(0)
LABELS = st.sampled_from(
    ["example", "com", "ru", "пример", "рф", "भारत", "xn--p1ai", "a_b", "x", "1c", "2026", "0", "255", "256", "a-b", "3-",
     "-", "a-", "-b", "", "a--b", "%zz", "%20", "%41", "%D0%BF", "%D0", "%", 'h"x', "a,b", "a b", "a\u00a0b", "«a»", "a'b",
     "a;b", "<a>", "a|b", "a\\b", "٣", "a@b", "a:b", "[a]"]
)  # fmt: skip
LETTERS = st.text("aZ9_-.:%@[]п«\"' ,", max_size=8)
NAMES = st.builds(
    lambda labels, dot: ".".join(labels) + dot, st.lists(LABELS, max_size=4), st.sampled_from(["", "", "."])
)
GROUPS = st.lists(st.sampled_from(["", "0", "2001", "db8", "FFFF", "12345", "g", "192.0.2.1", "256.0.0.1"]), max_size=9)
ADDRESSES = st.builds(
    lambda text, form: form.format(text),
    st.ip_addresses(v=6).map(str) | GROUPS.map(":".join) | st.ip_addresses(v=4).map("::ffff:{}".format),
    st.sampled_from(["[{}]", "[{}]", "{}", "[{}", "[{}]x"]),
)
HOSTS = NAMES | st.ip_addresses(v=4).map(str) | ADDRESSES | LETTERS
USERS = st.sampled_from(["", "", "", "", "anna@", "anna:pass@", "@", "a@b@", "анна@", "a%zz@", "a%20b@", 'a"@', "a/b@"])
PORTS = st.sampled_from(["", "", "", ":", ":0", ":00", ":80", ":0080", ":65535", ":65536", ":99999", ":abc", ":8 0", ":-1",
                         ":80:80"])  # fmt: skip
RESTS = st.sampled_from(
    ["", "", "/", "/путь?utm_term=окна%20пвх", "?x=1", "#top", "/a b", "/50%", "/a\\b", "/?a[]=1@2"]
)
SCHEMES = st.sampled_from(["https://"] * 4 + ["http://", "HTTPS://", "ftp://", "https:/", "//", ""])
ADDRESSES_AS_WRITTEN = st.builds(
    lambda *parts: "".join(parts), SCHEMES, USERS, HOSTS, PORTS, RESTS
)  # fmt: skip


def faulty(texts):
    return url.not_absolute(pa.array(texts, pa.string()), NOTHING_SAID).tolist()


def without_generic_faults(texts):
    """The texts that hold no white space around them, no invisible character and so on, which have their own rules."""
    clean = cleaned(pa.array(texts, pa.string())).to_pylist()
    return [text for text, after in zip(texts, clean, strict=True) if text and text == after]


def is_address(text):
    """Whether a text is an address of a site, taken apart by hand as RFC 3986 has it."""
    parts = re.fullmatch(r"(?i:https?)://([^/?#]*)([/?#][^ ]*)?", text, re.DOTALL)
    if not parts:
        return False
    user, _, site = parts[1].rpartition("@")
    if site.startswith("["):
        host, closed, port = site[1:].partition("]")
        return (
            bool(closed) and is_user(user) and is_ipv6(host) and (port == "" or (port[0] == ":" and is_port(port[1:])))
        )
    host, _, port = site.partition(":")
    return is_user(user) and is_port(port) and is_name(host.removesuffix("."))


def is_user(text):
    rest = re.sub("%[0-9A-Fa-f]{2}", "", text)
    return all(sign in "-._~!$&'()*+,;=:" or is_letter(sign) for sign in rest)


def is_port(text):
    return text == "" or (text.isascii() and text.isdigit() and 1 <= int(text) <= 65_535)


def is_ipv6(text):
    return "%" not in text and is_ip(ipaddress.IPv6Address, text)


def is_ip(read, text):
    try:
        return bool(read(text))
    except ValueError:
        return False


def is_name(text):
    *_, last = labels = text.split(".")
    # The last label of a name is no number.
    if last.isascii() and last.isdigit():
        return is_ip(ipaddress.IPv4Address, text)
    return all(is_label(label) for label in labels)


def is_label(text):
    try:
        # An escape stands for a letter or digit; of what else it would stand for, a host has nothing.
        signs = re.sub("(?:%[0-9A-Fa-f]{2})+", lambda found: bytes.fromhex(found[0].replace("%", "")).decode(), text)
    except ValueError:
        return False
    escaped = [chr(int(code, 16)) for code in re.findall("%([0-7][0-9A-Fa-f])", text)]
    if not all(sign.isalpha() for sign in escaped):
        return False
    return bool(signs) and signs[0] != "-" != signs[-1] and all(sign == "-" or is_letter(sign) for sign in signs)


def is_letter(sign):
    # Vowel signs of Indian scripts are no letters for Python.
    return sign == "_" or sign.isalnum() or "\u0900" <= sign <= "\u0dff"


@given(st.lists(ADDRESSES_AS_WRITTEN, min_size=1, max_size=16))
def test_the_fast_road_proves_nothing_that_the_exact_road_refuses(texts):
    cells = pa.array(texts, pa.string())

    proven = url.is_plainly_sound(cells).tolist()
    refused = url._lacks_host(cells).tolist()

    assert [text for text, good, bad in zip(texts, proven, refused, strict=True) if good and bad] == []


@given(st.lists(ADDRESSES_AS_WRITTEN, min_size=1, max_size=16), st.integers(0, 15))
def test_many_addresses_of_a_site_are_judged_as_each_of_them(texts, common):
    # Enough of them that the bytes of the site are compared.
    many = [*texts, *[texts[common % len(texts)]] * 400]

    together = url.is_plainly_sound(pa.array(many, pa.string())).tolist()

    assert together[: len(texts)] == [url.is_plainly_sound(pa.array([text])).tolist()[0] for text in texts]


@given(st.lists(ADDRESSES_AS_WRITTEN, min_size=1, max_size=16))
def test_an_address_has_a_scheme_and_a_host_that_can_be(texts):
    texts = without_generic_faults(texts)

    assert [text for text, bad in zip(texts, faulty(texts), strict=True) if bad == is_address(text)] == []


@given(st.lists(ADDRESSES_AS_WRITTEN, min_size=1, max_size=16))
def test_the_pattern_for_schemas_matches_every_address(texts):
    texts = without_generic_faults(texts)
    good = [text for text, bad in zip(texts, faulty(texts), strict=True) if not bad]

    assert [text for text in good if not re.fullmatch(url.KIND.pattern, text)] == []


@given(st.from_regex(r"\Ahttps://(?:[a-zа-я][a-zа-я0-9-]{0,9}[a-zа-я0-9]\.){1,3}(?:ru|com|рф)(?:/[a-zа-я0-9/_-]*)?\Z"))
def test_common_sites_are_good_and_the_plain_ones_proven(text):
    assert faulty([text]) == [False]
    assert url.is_plainly_sound(pa.array([text])).tolist() == [text.isascii()]


def test_the_host_of_a_link_with_two_signs_of_a_user_is_all_that_reports_show():
    shown = url.KIND.redact(pa.array(["https://anna:pa@ss@example.com/", "https://example.com/@anna"])).to_pylist()

    assert shown == ["https://***@example.com/", "https://example.com/@anna"]
