"""The parts of a workbook package: which part a sheet is, and XML read without trust."""

from pathlib import Path
from posixpath import join, normpath
from typing import Final
from xml.parsers import expat
from zipfile import ZipFile

_RELATION_NAMESPACE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT_RELATION_NAMESPACE: Final = "http://purl.oclc.org/ooxml/officeDocument/relationships"


class DoctypeError(Exception):
    """The XML declares a document type, which no spreadsheet program writes."""


def find_sheet_parts(path: Path) -> dict[str, str]:
    """Title of each sheet of an xlsx or xlsm workbook -> name of its part.

    Raises:
        DoctypeError: A list of parts declares a document type.
        expat.ExpatError: It is not well-formed XML.
        KeyError: A list of parts is not there.
    """
    with ZipFile(path) as package:
        main = find_main_part(package)
        targets = read_relations(package, main)
        sheets: dict[str, str] = {}
        for attributes in _read_elements(package, main, "sheet"):
            key = attributes.get(f"{_RELATION_NAMESPACE} id") or attributes.get(f"{_STRICT_RELATION_NAMESPACE} id") or ""
            if key in targets:
                sheets[attributes.get("name", "")] = targets[key][1]
        return sheets


def find_main_part(package: ZipFile) -> str:
    """The part that lists the sheets."""
    return next(target for kind, target in read_relations(package, "").values() if kind.endswith("/officeDocument"))


def read_relations(package: ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """The relations of a part: id -> type and the name of the part it leads to; of the package itself for ``""``."""
    folder, _, name = part.rpartition("/")
    found = {}
    for attributes in _read_elements(package, join(folder, "_rels", f"{name}.rels"), "Relationship"):
        target = normpath(join("/", folder, attributes.get("Target", ""))).lstrip("/")
        found[attributes.get("Id", "")] = (attributes.get("Type", ""), target)
    return found


def _read_elements(package: ZipFile, part: str, name: str) -> list[dict[str, str]]:
    """Attributes of each element of a small part that has this name, whatever its namespace."""
    found: list[dict[str, str]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(" ")[2] == name:
            found.append(attributes)

    reader = create_xml_parser()
    reader.StartElementHandler = start
    with package.open(resolve_part_name(package, part)) as stream:
        reader.ParseFile(stream)
    return found


def resolve_part_name(package: ZipFile, part: str) -> str:
    """The part's name as the directory spells it: Office does not mind case and slashes."""
    names = {name.replace("\\", "/").lower(): name for name in package.namelist()}
    return names[part.lower()]


def create_xml_parser() -> expat.XMLParserType:
    """An XML parser that refuses a document type; names come as namespace, space, name."""

    def refuse(*_: object) -> None:
        raise DoctypeError

    made = expat.ParserCreate(namespace_separator=" ")
    made.StartDoctypeDeclHandler = refuse
    made.buffer_text = True
    return made
