"""The manuals in Russian, code by code; English ones stand with the tests that they explain."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from calltools.rules.russian import cell, file, identifier, record
from calltools.rules.russian.page import Page

PAGES: Final[Mapping[str, Page]] = MappingProxyType(file.PAGES | identifier.PAGES | cell.PAGES | record.PAGES)
