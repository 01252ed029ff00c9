"""Addresses: absolute http(s) URLs."""

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
    full_match,
    slice_bytes,
)
from calltools.fields.table import Example, Kind
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, as_mask, flatnonzero_sparse, non_empty, offsets, text_bytes

_ABSOLUTE: Final = r"[Hh][Tt][Tt][Pp][Ss]?://[^ /?#\\]+(?:[/?#][^ ]*)?"
_CREDENTIAL_PARAMETERS: Final = (
    r"(?:access_|auth_|api_?|client_|refresh_|session_?|user_)?"
    r"(?:token|secret|key|passw(?:or)?d|pass|pwd|auth|sig|signature|jwt)"
)
_SECRET: Final = rf"(?i)://[^/?#@]*:[^/?#@]*@|[?&#;]{_CREDENTIAL_PARAMETERS}=[^&#]+"
#: How the names above end: what stands before an equals sign in an address without them is another pair.
_SECRET_ENDS: Final = frozenset({"en", "et", "ey", "rd", "wd", "ss", "th", "ig", "re", "wt"})
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
    legible = cell_kernels.cleaned(cells)
    candidates = non_empty(legible) & ~_is_plainly_sound(legible)
    return cell_kernels.apply_where(candidates, _lacks_host, legible)


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
    legible = cell_kernels.cleaned(cells)
    candidates = non_empty(legible) & ~_is_plainly_sound(legible)
    return cell_kernels.apply_where(candidates, lambda some: as_mask(pc.match_substring_regex(some, _SECRET)), legible)


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
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        return False
    host = parts.hostname or ""
    return bool(re.fullmatch(r"[\w.:%\[\]-]+", host)) and not host.startswith((".", "-"))


def _is_plainly_sound(cells: Cells) -> Mask:
    """Printable ASCII behind a scheme and the beginning of a host, without a sign of a secret."""
    data, first = slice_bytes(cells)
    odd = ((data - np.uint8(0x21)) > 0x7E - 0x21) | (data == ord("@")) | (data == ord("\\")) | (data == ord("["))
    mask: Mask = ~cells_with_marked_bytes(cells, odd)
    equals = flatnonzero_sparse(data == ord("="))
    if len(equals):
        before = equals[equals >= 2]
        named = _SECRET_END_TABLE[data[before - 2].astype(np.int64) * 256 + data[before - 1]]
        mask &= ~cells_at_positions(cells, before[named] + first)
    return mask & _has_plain_host(cells)


def _has_plain_host(cells: Cells) -> Mask:
    """A scheme, a letter or digit right behind it, and no colon (a port is judged slowly)."""
    data, ends = text_bytes(cells), offsets(cells)
    last = len(data) - WORD_BYTES
    if last < 0:
        return np.zeros(len(cells), bool)
    # A scheme and a host are more than a word, so that no cell begins behind the last one.
    begins = np.ndarray((last + 1,), "<u8", data, strides=(1,))[np.minimum(ends[:-1], last)]
    secure = begins == _HTTPS
    at = ends[:-1] + 7 + secure
    byte = data.take(at, mode="clip")
    letter = ((byte | 0x20) - np.uint8(0x61) <= 25) | (byte - np.uint8(0x30) <= 9)
    mask: Mask = (secure | ((begins & _SEVEN_BYTES) == _HTTP)) & (at < ends[1:]) & letter
    return mask


def _sound(cells: Cells, _assumptions: Assumptions) -> Mask:
    return ~non_empty(cells) | _is_plainly_sound(cells)


def _normalize(cells: Cells, assumptions: Assumptions) -> Cells:
    sound = _sound(cells, assumptions)
    if sound.all():
        return cells
    others = ~sound
    some = cells.filter(pa.array(others))
    lost = cell_kernels.control_character(some)
    clean = cell_kernels.replace_where(cell_kernels.cleaned(some), lost, some.filter(pa.array(lost)))
    return cell_kernels.replace_where(cells, others, clean)


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
