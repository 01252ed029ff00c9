"""The Russian manuals by rule code.

English manuals are the docstrings of the tests that they explain, or stand here where a reader or the mapping finds
the fault.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from calltools.texts import RussianManual
from calltools.texts.manuals import russian_cell, russian_file, russian_record

RUSSIAN_MANUALS: Final[Mapping[str, RussianManual]] = MappingProxyType(
    russian_file.FILE_MANUALS
    | russian_record.IDENTIFIER_MANUALS
    | russian_cell.CELL_MANUALS
    | russian_record.RECORD_MANUALS
)
