"""The manuals in Russian, code by code; English ones stand with the tests that they explain."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from calltools.rules.russian import cell, file, identifier, record
from calltools.rules.russian.page import RussianManual

RUSSIAN_MANUALS: Final[Mapping[str, RussianManual]] = MappingProxyType(file.FILE_MANUALS | identifier.IDENTIFIER_MANUALS | cell.CELL_MANUALS | record.RECORD_MANUALS)
