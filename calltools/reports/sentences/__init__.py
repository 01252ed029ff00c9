"""What each rule says, by the scopes of the catalog."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from calltools.reports.sentences import cell, file, identifier, record
from calltools.reports.sentences.wording import RuleSentence

RULE_SENTENCES: Final[Mapping[str, RuleSentence]] = MappingProxyType(
    file.FILE_SENTENCES | identifier.IDENTIFIER_SENTENCES | cell.CELL_SENTENCES | record.RECORD_SENTENCES
)
