"""Checks of what the user says about a file: the time zone, the country and the currency must exist."""

import re
from functools import lru_cache
from typing import Final
from zoneinfo import available_timezones

import phonenumbers
import pyarrow as pa

from calltools.errors import UsageError, nearest_word
from calltools.fields import local_times
from calltools.fields.kinds import currency as currencies
from calltools.model.cells import Cells
from calltools.texts import cities

_OFFSET: Final = re.compile(r"(?:UTC|GMT)? ?([+-])0?([0-9]{1,2})(?::?00)?", re.IGNORECASE)
_MIN_FUZZY_LENGTH: Final = 5
_OPPOSITE_SIGN: Final = {"+": "-", "-": "+"}


def check_assumptions(timezone: str | None, region: str | None, currency: str | None) -> None:
    """Refuse a zone, country or currency that does not exist: with it no cell could be normalized.

    Raises:
        UsageError: There is no such zone, country or currency. The message names the nearest zone.
    """
    if timezone is not None and not local_times.zone_exists(timezone):
        near = _nearest_zone(timezone)
        raise UsageError("zone-unknown-near" if near else "zone-unknown", zone=timezone, near=near)
    if region is not None and region not in phonenumbers.SUPPORTED_REGIONS:
        raise UsageError("region-unknown", region=region)
    # Without a cell pandas is not imported, which takes long.
    if currency is not None and currency not in currencies.money_codes():
        _check_currency(currency, pa.array([currency], pa.string()))


def _check_currency(code: str, cells: Cells) -> None:
    if currencies.withdrawn(cells).any():
        raise UsageError("currency-withdrawn", currency=code, successor=currencies.successor_code(cells)[0].as_py())
    if currencies.unknown_currency(cells).any() or currencies.not_money(cells).any():
        raise UsageError("currency-unknown", currency=code)


def find_zone(word: str) -> str | None:
    """The zone that a person means by its name or a city, in English or Russian; ``None``: it names none."""
    name = word.strip().casefold()
    return _zones_by_name().get(name) or _zones_by_city().get(name.replace(" ", "_")) or _zones_by_city().get(name)


@lru_cache(maxsize=1)
def _zones_by_name() -> dict[str, str]:
    return {zone.casefold(): zone for zone in available_timezones()}


@lru_cache(maxsize=1)
def _zones_by_city() -> dict[str, str]:
    """City -> its zone, in lower case: those of IANA, and those of our readers."""
    # Two zones of one city, such as Asia/Istanbul and Europe/Istanbul, are the same; the last in the alphabet is taken.
    found = {zone.rpartition("/")[2].casefold(): zone for zone in sorted(available_timezones()) if "/" in zone}
    known = {word.lower(): zone for zone, *words in cities.ZONES for word in words}
    return found | dict(cities.MORE_CITIES) | known


def _nearest_zone(word: str) -> str:
    """The zone that was probably meant, or ``""``: by another spelling, its city, or whole hours from UTC."""
    if offset := _OFFSET.fullmatch(word):
        # The sign in these names is reversed (POSIX): Etc/GMT-3 is three hours ahead of UTC.
        near = f"Etc/GMT{_OPPOSITE_SIGN[offset[1]]}{offset[2]}" if int(offset[2]) else "UTC"
        return near if local_times.zone_exists(near) else ""
    if known := find_zone(word):
        return known
    city = word.strip().replace(" ", "_").casefold().rpartition("/")[2]
    # Many words are similar to a short one, so that must match exactly: MSK is not Omsk.
    nearest = nearest_word(city, _zones_by_city(), 0.8 if len(city) >= _MIN_FUZZY_LENGTH else 1.0)
    return _zones_by_city().get(nearest, "")
