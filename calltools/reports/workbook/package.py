"""An .xlsx file as a package of parts, whose XML is edited as text; and an empty package for a fresh workbook."""

import io
import posixpath
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.etree.ElementTree import ParseError
from xml.sax.saxutils import escape

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

MAIN_NAMESPACE: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONSHIPS_NAMESPACE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#: The start of a part in UTF-8: with or without a byte order mark, and no other encoding declared.
_UTF_8: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?!\?xml[^>]*encoding=[\"'](?!utf-8)[^>]*>)", re.IGNORECASE)
#: In text with these, what looks like a tag may be none.
HIDING_MARKUP: Final = (b"<!--", b"<![CDATA[", b"<!DOCTYPE")
_RELATIONSHIP: Final = re.compile(r"<Relationship\s[^>]*>")
_EMPTY_RELATIONSHIPS: Final = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
)
_NOT_XML_CHARACTER: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LOOKS_LIKE_ESCAPE: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


class UnknownPackageError(Exception):
    """The package has a structure that is not understood, so it must not be edited."""


@dataclass(frozen=True, slots=True)
class Relationship:
    """A relationship of a part to its target; ``kind`` is the last word of its type."""

    id: str
    kind: str
    target: str


@dataclass(slots=True)
class Package:
    """The parts of a package, and the changes to some of them.

    Attributes:
        archive: The user's file.
        changed: Part -> new text, for parts that are edited or added.
        dropped: Parts that the copy leaves out.
    """

    archive: zipfile.ZipFile
    changed: dict[str, str] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        names = [name.casefold() for name in self.archive.namelist()]
        # Names of parts ignore case, so two may be the same part; and any change breaks a signature.
        if len(set(names)) < len(names) or any(name.startswith("_xmlsignatures/") for name in names):
            raise UnknownPackageError("parts")

    def has_part(self, part: str) -> bool:
        """Whether the copy has this part."""
        return part in self.changed or (part in self.archive.NameToInfo and part not in self.dropped)

    def read_text(self, part: str) -> str:
        """The text of a part, which is held in memory: not for sheets."""
        if part in self.changed:
            return self.changed[part]
        if part not in self.archive.NameToInfo:
            raise UnknownPackageError(part)
        data = self.archive.read(part)
        refuse_hiding_markup(data)
        if not _UTF_8.match(data):
            raise UnknownPackageError(part)
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as fault:
            raise UnknownPackageError(part) from fault

    def relationships(self, part: str) -> list[Relationship]:
        """The relationships of a part."""
        relationships = relationships_part(part)
        if not self.has_part(relationships):
            return []
        text = self.read_text(relationships)
        found = [
            Relationship(one.get("Id", ""), one.get("Type", "").rpartition("/")[2], _resolve_target(part, one.attrib))
            for one in parse_xml(text)
        ]
        if len(found) != len(_RELATIONSHIP.findall(text)):
            # An element with a prefix: ``_RELATIONSHIP`` would not find it when it is to be removed.
            raise UnknownPackageError(relationships)
        return found

    def add_relationship(self, part: str, kind: str, target: str) -> str:
        """Add a relationship from a part to another; return its id."""
        taken = {one.id for one in self.relationships(part)}
        new_id = next(name for name in (f"rIdCT{number}" for number in range(1, len(taken) + 2)) if name not in taken)
        relationships = relationships_part(part)
        text = self.read_text(relationships) if self.has_part(relationships) else _EMPTY_RELATIONSHIPS
        text = re.sub(r"<Relationships([^>]*)/>", r"<Relationships\1></Relationships>", text)
        line = f'<Relationship Id="{new_id}" Type="{RELATIONSHIPS_NAMESPACE}/{kind}" Target="/{target}"/>'
        self.set_part(relationships, insert_before(text, "</Relationships>", line))
        return new_id

    def remove_relationships(self, part: str, kind: str) -> None:
        """Remove the relationships of a kind, and their targets."""
        relationships = relationships_part(part)
        removed = {one.id: one.target for one in self.relationships(part) if one.kind == kind}
        if removed:
            self.changed[relationships] = _RELATIONSHIP.sub(
                lambda found: "" if _attribute(found[0], "Id") in removed else found[0], self.read_text(relationships)
            )
            for target in removed.values():
                self.drop_part(target)

    def drop_part(self, part: str) -> None:
        """Leave out a part and its relationships."""
        for one in (part, relationships_part(part)):
            self.changed.pop(one, None)
            self.dropped.add(one)
        self.set_content_type(part, None)

    def set_content_type(self, part: str, kind: str | None) -> None:
        """Set the content type of a part; ``None``: remove it."""
        text = self.read_text(CONTENT_TYPES_PART)
        text = re.sub(rf'<Override\s[^>]*PartName="/{re.escape(part)}"[^>]*/>', "", text)
        line = "" if kind is None else f'<Override PartName="/{part}" ContentType="{kind}"/>'
        self.changed[CONTENT_TYPES_PART] = insert_before(text, "</Types>", line)

    def set_part(self, part: str, text: str, kind: str | None = None) -> None:
        """Add a part, or replace its text."""
        self.changed[part] = text
        self.dropped.discard(part)
        if kind is not None:
            self.set_content_type(part, kind)


CONTENT_TYPES_PART: Final = "[Content_Types].xml"


def relationships_part(part: str) -> str:
    """The part that holds the relationships of a part."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def refuse_hiding_markup(data: bytes) -> None:
    """Refuse data in which what looks like a tag may be none."""
    if any(sign in data for sign in HIDING_MARKUP):
        raise UnknownPackageError("hidden")


def parse_xml(text: str):  # type: ignore[no-untyped-def] # noqa: ANN201 - ElementTree's element, which defusedxml does not name
    """The element tree of a part, for reading only: it is edited as text."""
    try:
        return fromstring(text)
    except (ParseError, DefusedXmlException, ValueError) as fault:
        raise UnknownPackageError("xml") from fault


def insert_before(text: str, tag: str, more: str) -> str:
    """The text with more before a tag, which it must hold exactly once."""
    if text.count(tag) != 1:
        raise UnknownPackageError(tag)
    return text.replace(tag, more + tag)


def escape_xml(text: str) -> str:
    """The text as content of an element; what XML or Excel would read as something else is escaped."""
    return escape(_LOOKS_LIKE_ESCAPE.sub("_x005F_", _NOT_XML_CHARACTER.sub("\ufffd", text)))


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\s{name}\s*=\s*(?:"([^"]*)"|\'([^\']*)\')', tag)
    return (found[1] or found[2] or "") if found else ""


def _resolve_target(part: str, line: Mapping[str, str]) -> str:
    if line.get("TargetMode") == "External":
        # A link to the web or to another file names no part.
        return ""
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(part), line.get("Target", ""))).lstrip("/")


_XML_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PACKAGE_RELATIONSHIPS: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
_BLANK_PARTS: Final = {
    CONTENT_TYPES_PART: f'{_XML_HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_OFFICE}.spreadsheetml.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_OFFICE}.spreadsheetml.styles+xml"/></Types>',
    "_rels/.rels": f'{_XML_HEAD}<Relationships xmlns="{_PACKAGE_RELATIONSHIPS}">'
    f'<Relationship Id="rId1" Type="{RELATIONSHIPS_NAMESPACE}/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>",
    "xl/workbook.xml": f'{_XML_HEAD}<workbook xmlns="{MAIN_NAMESPACE}"><sheets></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'{_XML_HEAD}<Relationships xmlns="{_PACKAGE_RELATIONSHIPS}">'
    f'<Relationship Id="rId1" Type="{RELATIONSHIPS_NAMESPACE}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'{_XML_HEAD}<styleSheet xmlns="{MAIN_NAMESPACE}">'
    '<fonts count="1"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    '<dxfs count="0"/></styleSheet>',
}


def blank_workbook() -> io.BytesIO:
    """A workbook without a sheet, as a stream at its start."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in _BLANK_PARTS.items():
            package.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    stream.seek(0)
    return stream
