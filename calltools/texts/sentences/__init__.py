"""The sentence and the advice of each rule, by code."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from calltools.texts import RuleSentence
from calltools.texts.sentences import cell, file, record

RULE_SENTENCES: Final[Mapping[str, RuleSentence]] = MappingProxyType(
    file.FILE_SENTENCES | cell.IDENTIFIER_SENTENCES | cell.CELL_SENTENCES | record.RECORD_SENTENCES
)
