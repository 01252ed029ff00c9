"""Addresses: absolute URLs with http or https."""

import re
from typing import Final
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.fields.kernels import cell_kernels
from calltools.fields.kernels.byte_kernels import (
    WORD_BYTES,
    cells_at_positions,
    cells_with_marked_bytes,
    flatnonzero_sparse,
    full_match,
    slice_bytes,
)
from calltools.fields.table import Example, Kind
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, as_mask, non_empty, offsets, text_bytes

_ABSOLUTE: Final = r"[Hh][Tt][Tt][Pp][Ss]?://[^ /?#\\]+(?:[/?#][^ ]*)?"
_CREDENTIAL_PARAMETERS: Final = (
    r"(?:access_|auth_|api_?|client_|refresh_|session_?|user_)?"
    r"(?:token|secret|key|passw(?:or)?d|pass|pwd|auth|sig|signature|jwt)"
)
_SECRET: Final = rf"(?i)://[^/?#@]*:[^/?#@]*@|[?&#;]{_CREDENTIAL_PARAMETERS}=[^&#]+"
#: The last two letters of these names. An address without such a pair before any equals sign holds no secret.
_SECRET_ENDS: Final = frozenset({"en", "et", "ey", "rd", "wd", "ss", "th", "ig", "re", "wt"})
#: First letter * 256 + second letter -> whether a secret can end so, in any case.
_SECRET_END_TABLE: Final = np.zeros(65_536, bool)
_HTTPS: Final = np.uint64(int.from_bytes(b"https://", "little"))
_HTTP: Final = np.uint64(int.from_bytes(b"http://", "little"))
_SEVEN_BYTES: Final = np.uint64((1 << 56) - 1)
for _pair in _SECRET_ENDS:
    for _spelled in (_pair, _pair.upper(), _pair.title(), _pair[0] + _pair[1].upper()):
        _SECRET_END_TABLE[ord(_spelled[0]) * 256 + ord(_spelled[1])] = True


def not_absolute(cells: Cells, _assumptions: Assumptions | None = None) -> Mask:
    """The address has no http:// or https://, or no host.

    Why:
        Metrica shows the address as a link and groups calls by page. A path alone, or a domain without its scheme, is
        not a page of any site.

    Example:
        bad: example.com/catalog
        good: https://example.com/catalog

    Fix:
        Write the whole address. Domains in other scripts are fine: https://пример.рф/.

    Source:
        Yandex Metrica, Passing call data, URL and CallTrackerURL; RFC 3986, section 4.3.
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
    mask = ~full_match(cells, _ABSOLUTE)
    rest = np.flatnonzero(~mask)
    encoded = cells.take(pa.array(rest)).dictionary_encode()
    hostless = np.array([not _has_host(text) for text in encoded.dictionary.to_pylist()], bool)
    if len(rest):
        mask[rest] = hostless[encoded.indices.to_numpy()]
    return mask


def _has_host(text: str) -> bool:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - the property raises for a port that is no number
    except ValueError:
        return False
    host = parts.hostname or ""
    return bool(re.fullmatch(r"[\w.:%\[\]-]+", host)) and not host.startswith((".", "-"))


def is_plainly_sound(cells: Cells) -> Mask:
    """Mask of the cells that need no closer look: a scheme, a host, printable ASCII, nothing like a secret.

    It may be false for good addresses, never true for a faulty one: tests/fields/test_kinds.py,
    test_sound_text_has_no_fault.
    """
    data, first = slice_bytes(cells)
    odd = ((data - np.uint8(0x21)) > 0x7E - 0x21) | (data == ord("@")) | (data == ord("\\")) | (data == ord("["))
    mask: Mask = ~cells_with_marked_bytes(cells, odd)
    equals = flatnonzero_sparse(data == ord("="))
    if len(equals):
        before = equals[equals >= 2]
        secret = _SECRET_END_TABLE[data[before - 2].astype(np.int64) * 256 + data[before - 1]]
        mask &= ~cells_at_positions(cells, before[secret] + first)
    return mask & _has_plain_host(cells)


def _has_plain_host(cells: Cells) -> Mask:
    """Mask of the cells with a scheme in small letters, and a letter or digit right behind it."""
    data, ends = text_bytes(cells), offsets(cells)
    last = len(data) - WORD_BYTES
    if last < 0:
        return np.zeros(len(cells), bool)
    # Overlapping words at every byte, without a copy. No address begins behind the last one: it is longer than a word.
    begins = np.ndarray((last + 1,), "<u8", data, strides=(1,))[np.minimum(ends[:-1], last)]
    secure = begins == _HTTPS
    # The host begins behind "http://", or one byte later.
    at = ends[:-1] + 7 + secure
    byte = data.take(at, mode="clip")
    letter = ((byte | 0x20) - np.uint8(0x61) <= 25) | (byte - np.uint8(0x30) <= 9)
    mask: Mask = (secure | ((begins & _SEVEN_BYTES) == _HTTP)) & (at < ends[1:]) & letter
    return mask


def _sound(cells: Cells, _assumptions: Assumptions) -> Mask:
    return ~non_empty(cells) | is_plainly_sound(cells)


def _normalize(cells: Cells, assumptions: Assumptions) -> Cells:
    return cell_kernels.rewrite_where(cells, ~_sound(cells, assumptions), cell_kernels.clean_unless_damaged)


def _redact(cells: Cells) -> Cells:
    anonymous = pc.replace_substring_regex(cells, r"://[^/?#@]*@", "://***@")
    plain = pc.replace_substring_regex(anonymous, r"([?&#;][^=&#]*=)[^&#]+", r"\1***")
    return pc.replace_substring_regex(plain, r"[0-9]{7,}", "***")


KIND = Kind(
    name="url",
    pattern=r"[Hh][Tt][Tt][Pp][Ss]?://[^ /?#]+([/?#][^ ]*)?",
    sound=_sound,
    normalize=_normalize,
    redact=_redact,
    examples=(
        Example("https://example.com/catalog", "https://example.com/catalog", "absolute"),
        Example("https://пример.рф/", "https://пример.рф/", "another script"),
        Example(" https://example.com/ ", "https://example.com/", "white space around it"),
        Example("example.com/catalog", None, "no scheme", fault="url-not-absolute"),
        Example("https:///catalog", None, "no host", fault="url-not-absolute"),
        Example("https://example.com/?token=abc123", None, "a token", fault="url-with-secret"),
    ),
)
