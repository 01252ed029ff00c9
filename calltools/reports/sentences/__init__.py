"""What each rule says, by the scopes of the catalog."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from calltools.reports.sentences import cell, file, identifier, record
from calltools.reports.sentences.wording import Wording

WORDING: Final[Mapping[str, Wording]] = MappingProxyType(
    file.SENTENCES | identifier.SENTENCES | cell.SENTENCES | record.SENTENCES
)
