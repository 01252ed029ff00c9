"""Markers: how an uploading is known again in the service's list, whoever else writes comments there."""

import base64
import re
import secrets
from typing import Final

_MARK_BYTES: Final = 16
_MARKER: Final = re.compile(r"\bct1([a-z2-7]{26})A([1-9][0-9]{0,5})\b")


def new_mark() -> str:
    """26 letters and digits that say nothing and come once."""
    return base64.b32encode(secrets.token_bytes(_MARK_BYTES)).decode().rstrip("=").lower()


def format_marker(mark: str, attempt: int) -> str:
    """What stands first in the comment of one attempt."""
    return f"ct1{mark}A{attempt}"


def marked_comment(mark: str, attempt: int, comment: str) -> str:
    """The whole comment: the marker, then what the user wants to say."""
    return f"{format_marker(mark, attempt)} {comment}".rstrip()


def parse_marker(comment: str) -> tuple[str, int] | None:
    """Mark and attempt in a comment of the service's list; ``None``: it is not ours."""
    found = _MARKER.search(comment)
    return None if found is None else (found[1], int(found[2]))
