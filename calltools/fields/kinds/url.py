"""Addresses: absolute URLs with http or https."""

import re
from functools import lru_cache
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import (
    cells_at_positions,
    cells_with_marked_bytes,
    flatnonzero_sparse,
    full_match,
    slice_bytes,
)
from calltools.fields.table import Example, Kind
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, as_mask, non_empty

_SCHEME: Final = "[Hh][Tt][Tt][Pp][Ss]?://"
#: Nothing, or a number from 1 to 65535 behind the colon.
_PORT: Final = "(?::(?:0*(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?)?"
_OCTET: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4: Final = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_ASCII_LETTER: Final = "[A-Za-z_]"
_HEX: Final = "[0-9A-Fa-f]"
_NEXT_BYTE: Final = f"%[89ABab]{_HEX}"
#: A letter of any script, as it is or as the escapes of its bytes. ``_SIGN_IN_HOST`` refuses what is no letter.
_LETTER: Final = (
    rf"(?:[A-Za-z_]|[^\x00-\x7F]|%[46][1-9A-Fa-f]|%[57][0-9Aa]"
    f"|%[CDcd]{_HEX}{_NEXT_BYTE}|%[Ee]{_HEX}(?:{_NEXT_BYTE}){{2}}|%[Ff][0-4](?:{_NEXT_BYTE}){{3}})"
)
_CREDENTIAL_PARAMETERS: Final = (
    r"(?:access_|auth_|api_?|client_|refresh_|session_?|user_)?"
    r"(?:token|secret|key|passw(?:or)?d|pass|pwd|auth|sig|signature|jwt)"
)
_SECRET: Final = rf"(?i)://[^/?#@]*:[^/?#@]*@|[?&#;]{_CREDENTIAL_PARAMETERS}=[^&#]+"
#: The last two letters of these names. An address without such a pair before any equals sign holds no secret.
_SECRET_ENDS: Final = frozenset({"en", "et", "ey", "rd", "wd", "ss", "th", "ig", "re", "wt"})
#: First letter * 256 + second letter -> whether a secret can end so, in any case.
_SECRET_END_TABLE: Final = np.zeros(65_536, bool)
for _pair in _SECRET_ENDS:
    for _spelled in (_pair, _pair.upper(), _pair.title(), _pair[0] + _pair[1].upper()):
        _SECRET_END_TABLE[ord(_spelled[0]) * 256 + ord(_spelled[1])] = True


def _named_host(letter: str) -> str:
    """Pattern of a name or an IPv4 address: labels of letters, digits and inner hyphens, the last with a letter."""
    sign = f"(?:{letter}|[0-9])"
    # The last label of a name is no number: software takes such a host for an IPv4 address.
    last = f"(?:{letter}|[0-9]+(?:{letter}|-+{sign}))(?:-*{sign})*"
    return rf"(?:(?:{sign}(?:-*{sign})*\.)*{last}|{_IPV4})\.?"


def _ipv6() -> str:
    """Pattern of an IPv6 address: eight groups, or fewer around one double colon; the last two may be IPv4."""
    group = f"{_HEX}{{1,4}}"
    last = f"(?:{group}:{group}|{_IPV4})"
    # Groups behind the double colon -> at most so many before it.
    behind = {0: "", 1: group} | {2 + n: f"(?:{group}:){{{n}}}{last}" for n in range(6)}
    short = [f"{_at_most(group, 7 - count)}::{end}" for count, end in behind.items()]
    return "|".join([f"(?:{group}:){{6}}{last}", *short])


def _at_most(group: str, count: int) -> str:
    return f"(?:(?:{group}:){{0,{count - 1}}}{group})?" if count else ""


_USER: Final = rf"(?:(?:{_LETTER}|[0-9.~!$&'()*+,;=:-]|%{_HEX}{{2}})*@)?"
#: Scheme and host, in ASCII or in any script. All that the first one matches, the second one matches, too.
_PLAIN_SITE: Final = f"{_SCHEME}{_named_host(_ASCII_LETTER)}{_PORT}"
#: A scheme, and what may be a host with what stands behind it.
_SITE_BEGIN: Final = re.compile(r"[^/?#]{4,5}://[^/?#]{1,255}[/?#]")
#: Sites of a column that are looked for, and the cells from which on that is faster than matching each of them.
_COMMON_SITES: Final = 3
_FEW_CELLS: Final = 256
_SITE: Final = rf"{_SCHEME}{_USER}(?:{_named_host(_LETTER)}|\[(?:{_ipv6()})\]){_PORT}"
#: Host and port roughly, for schemas: Python and JavaScript write the classes of Unicode otherwise than RE2.
_PATTERN: Final = (
    rf"{_SCHEME}([^ /?#@\\\[\]]*@)?"
    r"(\[[0-9A-Fa-f:.]+\]|([0-9A-Za-z_%]|[^\x00-\x7F])([0-9A-Za-z_%.-]|[^\x00-\x7F])*)(:[0-9]*)?([/?#][^ ]*)?"
)
#: A class of Unicode in each label would be compiled long. One suffices, for what is neither ASCII nor a letter.
_SIGN_IN_HOST: Final = r"^[^/?#]*//[^/?#]*[^\x00-\x7F\p{L}\p{M}\p{N}]"


def not_absolute(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """The address has no http:// or https://, or no host that can be.

    Why:
        Metrica shows the address as a link and groups calls by page. A path alone, a domain without its scheme, or a
        host that no site can have is not a page of any site.

    Example:
        bad: example.com/catalog
        good: https://example.com/catalog

    Fix:
        Write the whole address. Domains in other scripts are fine: https://пример.рф/. In a host, letters, digits and
        inner hyphens stand between single points; a port is a number up to 65535.

    Source:
        Yandex Metrica, Passing call data, URL and CallTrackerURL; RFC 3986, sections 3.2 and 4.3; RFC 1123, section
        2.1; WHATWG URL, host parsing.
    """
    clean = cell_kernels.cleaned(cells)
    candidates = non_empty(clean) & ~is_plainly_sound(clean)
    return cell_kernels.apply_where(candidates, _lacks_host, clean)


def with_secret(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """The address holds a password or a parameter that looks like a token.

    Why:
        Everyone who may see the report in Metrica can open the address, and with it what the token protects: a
        recording or the tracker's account.

    Example:
        bad: https://tracker.example.com/calls/7?token=abc123
        good: https://tracker.example.com/calls/7

    Fix:
        Remove the parameter, or leave the cell empty. A link to a recording is not a link to the call's card.

    Source:
        OWASP, Information exposure through query strings in URL; RFC 3986, section 3.2.1.
    """
    clean = cell_kernels.cleaned(cells)
    candidates = non_empty(clean) & ~is_plainly_sound(clean)
    return cell_kernels.apply_where(candidates, lambda rest: as_mask(pc.match_substring_regex(rest, _SECRET)), clean)


def _lacks_host(cells: Cells) -> Mask:
    mask: Mask = ~full_match(cells, f"{_SITE}(?:[/?#][^ ]*)?")
    return mask | as_mask(pc.match_substring_regex(cells, _SIGN_IN_HOST))


def is_plainly_sound(cells: Cells) -> Mask:
    """Mask of the cells that need no closer look: a scheme, a host, printable ASCII, nothing like a secret.

    It may be false for good addresses, never true for a faulty one: tests/fields/test_urls.py.
    """
    data, first = slice_bytes(cells)
    odd = ((data - np.uint8(0x21)) > 0x7E - 0x21) | (data == ord("@"))
    mask: Mask = ~cells_with_marked_bytes(cells, odd)
    equals = flatnonzero_sparse(data == ord("="))
    if len(equals):
        before = equals[equals >= 2]
        secret = _SECRET_END_TABLE[data[before - 2].astype(np.int64) * 256 + data[before - 1]]
        mask &= ~cells_at_positions(cells, before[secret] + first)
    return mask & _has_plain_site(cells)


def _has_plain_site(cells: Cells) -> Mask:
    """Mask of the cells that begin with a scheme and a plain host.

    Most addresses of a column are of few sites: where one begins with the site of another, the bytes are compared.
    """
    mask: Mask = np.zeros(len(cells), bool)
    rest = non_empty(cells)
    for _ in range(_COMMON_SITES):
        if np.count_nonzero(rest) < _FEW_CELLS:
            break
        site = _SITE_BEGIN.match(cells[int(rest.argmax())].as_py())
        if site is None or not _is_plain_site(site[0]):
            break
        mask |= as_mask(pc.starts_with(cells, site[0]))
        rest &= ~mask
    return mask | cell_kernels.apply_where(
        rest, lambda some: as_mask(pc.match_substring_regex(some, f"^{_PLAIN_SITE}(?:[/?#]|$)")), cells
    )


@lru_cache(maxsize=64)
def _is_plain_site(text: str) -> bool:
    return bool(pc.match_substring_regex(pa.scalar(text), f"^{_PLAIN_SITE}[/?#]$").as_py())


def _sound(cells: Cells, _assumptions: Assumptions) -> Mask:
    return ~non_empty(cells) | is_plainly_sound(cells)


def _normalize(cells: Cells, assumptions: Assumptions) -> Cells:
    return cell_kernels.rewrite_where(cells, ~_sound(cells, assumptions), cell_kernels.clean_unless_damaged)


def _redact(cells: Cells) -> Cells:
    anonymous = pc.replace_substring_regex(cells, r"://[^/?#]*@", "://***@")
    plain = pc.replace_substring_regex(anonymous, r"([?&#;][^=&#]*=)[^&#]+", r"\1***")
    return pc.replace_substring_regex(plain, r"[0-9]{7,}", "***")


KIND = Kind(
    name="url",
    pattern=_PATTERN,
    sound=_sound,
    normalize=_normalize,
    redact=_redact,
    examples=(
        Example("https://example.com/catalog", "https://example.com/catalog", "absolute"),
        Example("https://пример.рф/", "https://пример.рф/", "another script"),
        Example(" https://example.com/ ", "https://example.com/", "white space around it"),
        Example("example.com/catalog", None, "no scheme", fault="url-not-absolute"),
        Example("https:///catalog", None, "no host", fault="url-not-absolute"),
        Example("https://example.com:abc/", None, "a port that is no number", fault="url-not-absolute"),
        Example("https://example..com/", None, "an empty label", fault="url-not-absolute"),
        Example("https://example.com/?token=abc123", None, "a token", fault="url-with-secret"),
    ),
)
