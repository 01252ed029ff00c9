"""Words of others, such as the service, a library or the name of a file, made safe to store and to show.

No Arrow here: messages must start quickly.
"""

import re
from typing import Final

#: What stands for a secret, a number or an identifier of somebody.
MASK: Final = "***"

#: What stands between groups of digits, also as an address on the web has it, and what nobody sees.
_SEPARATOR: Final = r"(?:[\s().~/_+\u2010-\u2015\u200b-\u200f\u2060\ufeff-]|%(?:20|28|29|2[Dd]))"
#: Seven digits or more, together or grouped as people write phone numbers. ``\d``: digits of every script.
_GROUPED_NUMBER: Final = rf"[+(]{{0,2}}\d(?:{_SEPARATOR}{{0,3}}\d){{6,}}"
#: A moment and an address of the network have as many digits, are nobody's, and say what went wrong.
_MOMENT: Final = r"(?<!\d)(?:\d{4}-\d\d-\d\d|\d{4}_\d\d_\d\d|\d\d[._]\d\d[._]\d{4})(?:[T ]\d\d:\d\d(?::\d\d)?)?(?!\d)"
_NETWORK_ADDRESS: Final = r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])"
#: From the beginning of a word, and no longer than the standard allows: otherwise a long text would take long.
_EMAIL: Final = r"(?<![^\s\"'«»<>(),;:=])[^\s@\"'«»<>(),;:=]{1,64}@[^\s@\"'«»<>(),;:=]+"
_UUID: Final = r"\b[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\b"
_IDENTIFIER_NAME: Final = r"(?:\b(?i:client[-_ ]?id|user[-_ ]?id|yclid)\b)"
#: A sign after the name of an identifier, whose own quotes may stand before it: as in JSON, in JSON in JSON, in XML.
_SIGN: Final = r"\\{0,3}[\"'»”]?\s{0,3}(?:=>|->|[:=→>])\s{0,3}"
#: From one quote to the next, with the spaces in it; a quote without an end quotes one word.
_QUOTED: Final = r"(?:[^\s\"'»”\\,;:)\]}.][^\"'»”\\]{0,200}(?=\\{0,3}[\"'»”])|[^\s\"'»”\\,;:)\]}.][^\s\"'»”,;]*)"
#: What is quoted or follows a sign after the name of an identifier, or is a word with a digit.
_IDENTIFIER: Final = (
    rf"(?P<quoted>{_IDENTIFIER_NAME}(?:{_SIGN})?\s{{0,3}}\\{{0,3}}[\"'«“]){_QUOTED}"
    rf"|(?P<name>{_IDENTIFIER_NAME}{_SIGN})[^\s\"'»”,;<\\]+"
    rf"|(?P<before>{_IDENTIFIER_NAME}[\s\[]{{1,3}})(?=[^\s\d\"'»”,;]*\d)[^\s\"'»”,;\]]+"
)
_PERSONAL: Final = re.compile(
    f"(?P<kept>{_MOMENT}|{_NETWORK_ADDRESS})|{_IDENTIFIER}|{_EMAIL}|{_UUID}|{_GROUPED_NUMBER}"
)


def mask_personal(text: str) -> str:
    """Replace what may be somebody's phone number, id or address by ``***``.

    Numbers of seven or more digits, also grouped as phone numbers are; e-mail addresses; what is named as an
    identifier. Moments and addresses of the network stay.
    """
    return _PERSONAL.sub(_mask, text)


def _mask(found: re.Match[str]) -> str:
    return found["kept"] or f"{found['quoted'] or found['name'] or found['before'] or ''}{MASK}"
