"""A second look at a sheet: error cells and formulas without a stored value, which calamine gives as empty.

Taken only where a search of the sheet's bytes found a sign of either. It walks through the XML once with
expat, keeps nothing but those cells, and refuses a document type.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import join, normpath
from typing import IO, Final
from xml.parsers import expat
from zipfile import ZipFile

#: Rows and columns of the largest sheet there is.
_ROWS: Final = 1_048_576
_COLUMNS: Final = 16_384
_ADDRESS: Final = re.compile("([A-Z]{1,3})([0-9]{1,7})")
_RELATION: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT_RELATION: Final = "http://purl.oclc.org/ooxml/officeDocument/relationships"


class DoctypeError(Exception):
    """The XML declares a document type, which no spreadsheet program writes."""


@dataclass(slots=True)
class OddCells:
    """Cells that calamine gives as empty and that are not.

    Attributes:
        errors: Row from 0 -> column from 0 -> error text.
        hollow: Row from 0 -> columns from 0 with a formula and no stored value.
    """

    errors: dict[int, dict[int, str]] = field(default_factory=dict)
    hollow: dict[int, set[int]] = field(default_factory=dict)

    def rows(self) -> int:
        """How many rows of the sheet reach to the last of them."""
        return max([-1, *self.errors, *self.hollow]) + 1


def odd_cells(path: Path, part: str) -> OddCells:
    """The odd cells of one sheet of an xlsx or xlsm workbook.

    Args:
        path: The workbook.
        part: Name of the sheet's part, as ``sheet_parts`` gives it.

    Raises:
        DoctypeError: The sheet declares a document type.
        expat.ExpatError: It is not well-formed XML.
    """
    with ZipFile(path) as package, package.open(_named(package, part)) as stream:
        return _Sheet().read(stream)


def sheet_parts(path: Path) -> dict[str, str]:
    """Title of each sheet of an xlsx or xlsm workbook -> name of its part.

    Raises:
        DoctypeError: A list of parts declares a document type.
        expat.ExpatError: It is not well-formed XML.
        KeyError: A list of parts is not there.
    """
    with ZipFile(path) as package:
        relations = _relations(package, "")
        main = next((target for kind, target in relations.values() if kind.endswith("/officeDocument")), "")
        targets = _relations(package, main) if main else {}
        sheets: dict[str, str] = {}
        for attributes in _elements(package, main, "sheet"):
            key = attributes.get(f"{_RELATION} id") or attributes.get(f"{_STRICT_RELATION} id") or ""
            if key in targets:
                sheets[attributes.get("name", "")] = targets[key][1]
        return sheets


def _relations(package: ZipFile, part: str) -> dict[str, tuple[str, str]]:
    folder, _, name = part.rpartition("/")
    found = {}
    for attributes in _elements(package, join(folder, "_rels", f"{name}.rels"), "Relationship"):
        target = normpath(join("/", folder, attributes.get("Target", ""))).lstrip("/")
        found[attributes.get("Id", "")] = (attributes.get("Type", ""), target)
    return found


def _elements(package: ZipFile, part: str, name: str) -> list[dict[str, str]]:
    """Attributes of each element of a small part that has this name, whatever its namespace."""
    found: list[dict[str, str]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(" ")[2] == name:
            found.append(attributes)

    parser = _parser()
    parser.StartElementHandler = start
    with package.open(_named(package, part)) as stream:
        parser.ParseFile(stream)
    return found


def _named(package: ZipFile, part: str) -> str:
    """The part's name as the directory spells it: Office does not mind case and slashes."""
    names = {name.replace("\\", "/").lower(): name for name in package.namelist()}
    return names[part.lower()]


def _parser() -> expat.XMLParserType:
    def refuse(*_: object) -> None:
        raise DoctypeError

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = refuse
    parser.buffer_text = True
    return parser


class _Sheet:
    """Walks through one sheet and remembers where it is: addresses may be left out of the XML."""

    def __init__(self) -> None:
        self._found = OddCells()
        self._row, self._column = -1, -1
        self._kind: str | None = None
        self._formula = False
        self._value: list[str] | None = None

    def read(self, stream: IO[bytes]) -> OddCells:
        """Walk through all of it."""
        parser = _parser()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.ParseFile(stream)
        return self._found

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        if name == "c":
            self._place(attributes.get("r"))
            self._kind, self._formula, self._value = attributes.get("t"), False, None
        elif name == "v":
            self._value = []
        elif name == "f":
            self._formula = True
        elif name == "row":
            given = attributes.get("r", "")
            self._row = int(given) - 1 if given.isascii() and given.isdigit() else self._row + 1
            self._column = -1

    def _place(self, address: str | None) -> None:
        match = _ADDRESS.fullmatch(address or "")
        if match is None:
            self._column += 1
            return
        column = 0
        for letter in match[1]:
            column = column * 26 + ord(letter) - ord("A") + 1
        self._row, self._column = int(match[2]) - 1, column - 1

    def _text(self, text: str) -> None:
        if self._value is not None:
            self._value.append(text)

    def _end(self, tag: str) -> None:
        if tag.rpartition(" ")[2] != "c":
            return
        value, self._value = "".join(self._value or ()), None
        if not (0 <= self._row < _ROWS and 0 <= self._column < _COLUMNS):
            return
        value = value.strip()
        if self._kind == "e":
            self._found.errors.setdefault(self._row, {})[self._column] = value or "#ERROR"
        elif self._formula and not value and self._kind != "str":
            self._found.hollow.setdefault(self._row, set()).add(self._column)
