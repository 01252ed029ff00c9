"""Faults on request: what a cell of an invented record may be damaged to, by rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_IDS: Final = ("ClientId", "UserId", "Yclid")
_DURATIONS: Final = ("TalkDuration", "HoldDuration")
_FLAGS: Final = ("CallMissed", "FirstTimeCaller", "StaticCall")
_ADDRESSES: Final = ("URL", "CallTrackerURL")
_LONG_ID: Final = 1604591025698235234
#: Seconds of ten years: into a future that no clock has reached.
TEN_YEARS_S: Final = 3653 * 86_400


@dataclass(frozen=True, slots=True)
class Damage:
    """One way to damage a record.

    Attributes:
        field: The canonical field whose column is damaged; ``""``: the record as a whole.
        cell: What stands there then; a number stands as a number.
        shift_s: By how many seconds all its times move instead.
        repeats: Whether the record repeats an earlier one instead.
    """

    field: str = ""
    cell: str | int = ""
    shift_s: int = 0
    repeats: bool = False


def _cells(fields: tuple[str, ...], *cells: str | int) -> tuple[Damage, ...]:
    return tuple(Damage(field, cell) for field in fields for cell in cells)


#: Code -> ways to get the fault; which of them gives it, and it alone, depends on the export and is tried.
DAMAGES: Final[Mapping[str, tuple[Damage, ...]]] = MappingProxyType(
    {
        "CT011": _cells((*_IDS, "Tag", "PhoneNumber"), "16045\x0b91025", "заявка\x0bповтор", "+7495\x0b0000101"),
        "CT012": _cells((*_IDS, "PhoneNumber"), "1604591025\u200b698235234", "+74950\u200b000101"),
        "CT201": _cells(("ClientId",), "visitor-17"),
        "CT202": _cells(("ClientId", "Yclid"), "0123456789", "0", "999999999999999999999"),
        "CT203": _cells(_IDS, "1.60459E+18"),
        "CT204": _cells(("ClientId",), "1234567890.1604591025"),
        "CT205": _cells(("Yclid",), "click-17"),
        "CT206": _cells(("UserId",), " user 17 ", "user\x0b17"),
        "CT207": _cells(_IDS, "1604591025.0"),
        "CT208": _cells(_IDS, "1604591025698230000"),
        "CT209": _cells(_IDS, _LONG_ID),
        "CT211": _cells(("DateTime",), ""),
        "CT212": _cells(("DateTime",), "yesterday", "45981"),
        "CT213": _cells(("DateTime",), "1772434800000"),
        "CT214": (Damage(shift_s=TEN_YEARS_S),),
        "CT215": _cells(("DateTime",), "0", "315532800"),
        "CT221": _cells(("Price",), "12,5,0", "a lot", "1 234,50"),
        "CT222": _cells(("Price",), "-500.00", "-500"),
        "CT231": _cells(("Currency",), "ZZZ"),
        "CT232": _cells(("Currency",), "rub"),
        "CT233": _cells(("Currency",), "RUR"),
        "CT234": _cells(("Currency",), "XAU"),
        "CT241": _cells(("PhoneNumber",), "12345678", "8 (495) 000-01-01", "4950000101", "00495000", "0000101"),
        "CT242": _cells(("PhoneNumber",), "+7 (495) 000-01-01"),
        "CT243": _cells(("PhoneNumber",), "+7495000", "+7495", "7495000", "+999123456789"),
        "CT244": _cells(("PhoneNumber",), "+74950000101", "+442079460999"),
        "CT245": _cells(("PhoneNumber",), "12ab34", "ext. 17", "12345"),
        "CT246": _cells(("PhoneNumber",), "7.49500E+10", "74950000101.0"),
        "CT251": _cells(_FLAGS, "7", "maybe"),
        "CT261": _cells(_DURATIONS, "a minute", "7.5"),
        "CT262": _cells(_DURATIONS, "-5", "-5.000"),
        "CT263": _cells(_DURATIONS, "90000", "25:00:00"),
        "CT271": _cells(_ADDRESSES, "example.com/page", "ftp://example.com"),
        "CT272": _cells(_ADDRESSES, "https://user:secret@example.com/"),
        "CT281": _cells(("Tag", "URL"), "(not set)", "NULL"),
        "CT282": _cells(("Tag",), "=1+1"),
        "CT283": _cells(("PhoneNumber", "ClientId"), "'+74950000101", "'1604591025698235234"),
        "CT401": (Damage(repeats=True),),
        "CT601": _cells(("CallMissed", "TalkDuration", "FirstTimeCaller"), "нечто иное"),
    }
)
