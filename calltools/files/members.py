"""The names of the members of an archive: as people read them, and which of them are tables."""

import re
from collections.abc import Sequence
from typing import Final
from zipfile import ZipInfo

from calltools.files.inputs import LOCK_FILE_PREFIXES, has_table_ending

_UTF_8_FLAG: Final = 0x800
#: Programs for Russian Windows write names in its encoding of DOS, or in its own, and do not say so.
_RUSSIAN: Final = ("cp866", "cp1251")
_FOREIGN_SIGN: Final = re.compile(r"[^\x20-\x7e«»№А-Яа-яЁё]")
_MIXED_WORD: Final = re.compile(r"[A-Za-z][А-Яа-яЁё]|[А-Яа-яЁё][A-Za-z]")


def member_name(info: ZipInfo) -> str:
    """The name of a member; one that is not marked as UTF-8 is Russian where its bytes are."""
    if info.flag_bits & _UTF_8_FLAG or info.filename.isascii():
        return info.filename
    stored = info.filename.encode("cp437")
    for encoding in ("utf-8", *_RUSSIAN):
        try:
            name = stored.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8" or not (_FOREIGN_SIGN.search(name) or _MIXED_WORD.search(name)):
            return name
    return info.filename


def tables_among(members: Sequence[str]) -> list[str]:
    """The members that are taken from an archive: by their endings, or the only file whatever its ending."""
    visible = [name for name in members if not is_hidden_member(name)]
    return [name for name in visible if has_table_ending(name)] or (visible if len(visible) == 1 else [])


def is_hidden_member(name: str) -> bool:
    """Whether a member is one that its system shows on demand only, or the lock file of an office program."""
    parts = name.replace("\\", "/").split("/")
    return parts[-1].startswith(LOCK_FILE_PREFIXES) or any(
        part == "__MACOSX" or (part.startswith(".") and part.strip(".")) for part in parts
    )
