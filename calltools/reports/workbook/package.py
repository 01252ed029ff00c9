"""An .xlsx file as a package of parts: which part is what, and small edits that leave the rest of a part alone.

A part is edited as text, never parsed and written again: what is not understood stays as it is. Where a text could
mean something else than it seems to (comments, CDATA, prefixes of our own namespace), the package is refused.
"""

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

MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATED: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#: Behind a byte order mark or not, in UTF-8 or not said to be in anything else.
_UTF_8: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?!\?xml[^>]*encoding=[\"'](?!utf-8)[^>]*>)", re.IGNORECASE)
#: With these a text may hold tags that are none.
HIDING: Final = (b"<!--", b"<![CDATA[", b"<!DOCTYPE")
_RELATION: Final = re.compile(r"<Relationship\s[^>]*>")
_RELATIONS: Final = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
)
_NO_TEXT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LIKE_AN_ESCAPE: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


class UnknownPackageError(Exception):
    """The package is built in a way that is not understood, so nothing in it may be changed."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A line of a part's relationships: ``kind`` is the last word of its type."""

    id: str
    kind: str
    target: str


@dataclass(slots=True)
class Package:
    """The parts of a package, and what becomes of some of them.

    Attributes:
        archive: The file as it is.
        changed: Parts with other or new contents.
        dropped: Parts that are left out.
    """

    archive: zipfile.ZipFile
    changed: dict[str, str] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        names = [name.casefold() for name in self.archive.namelist()]
        if len(set(names)) < len(names) or any(name.startswith("_xmlsignatures/") for name in names):
            raise UnknownPackageError("parts")

    def holds(self, part: str) -> bool:
        """Whether there is such a part, from the beginning or by now."""
        return part in self.changed or (part in self.archive.NameToInfo and part not in self.dropped)

    def text(self, part: str) -> str:
        """A part that is small."""
        if part in self.changed:
            return self.changed[part]
        if part not in self.archive.NameToInfo:
            raise UnknownPackageError(part)
        data = self.archive.read(part)
        refuse_hidden(data)
        if not _UTF_8.match(data):
            raise UnknownPackageError(part)
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as fault:
            raise UnknownPackageError(part) from fault

    def relations(self, part: str) -> list[Relation]:
        """Where a part leads."""
        page = relations_of(part)
        if not self.holds(page):
            return []
        text = self.text(page)
        found = [
            Relation(one.get("Id", ""), one.get("Type", "").rpartition("/")[2], _target(part, one.attrib))
            for one in parsed(text)
        ]
        if len(found) != len(_RELATION.findall(text)):
            raise UnknownPackageError(page)
        return found

    def relate(self, part: str, kind: str, target: str) -> str:
        """Lead from a part to another; gives the id of the way."""
        taken = {one.id for one in self.relations(part)}
        way = next(name for name in (f"rIdCT{number}" for number in range(1, len(taken) + 2)) if name not in taken)
        page = relations_of(part)
        text = self.text(page) if self.holds(page) else _RELATIONS
        text = re.sub(r"<Relationships([^>]*)/>", r"<Relationships\1></Relationships>", text)
        line = f'<Relationship Id="{way}" Type="{RELATED}/{kind}" Target="/{target}"/>'
        self.add(page, before(text, "</Relationships>", line))
        return way

    def unrelate(self, part: str, kind: str) -> None:
        """Take ways of a kind away, and the parts to which they lead."""
        page = relations_of(part)
        gone = {one.id: one.target for one in self.relations(part) if one.kind == kind}
        if gone:
            keep = lambda found: "" if _attribute(found[0], "Id") in gone else found[0]  # noqa: E731 - one word of sub
            self.changed[page] = _RELATION.sub(keep, self.text(page))
            for target in gone.values():
                self.drop(target)

    def drop(self, part: str) -> None:
        """Leave a part out, with its ways."""
        for one in (part, relations_of(part)):
            self.changed.pop(one, None)
            self.dropped.add(one)
        self.retype(part, None)

    def retype(self, part: str, kind: str | None) -> None:
        """Say of what type a part is."""
        text = self.text(TYPES)
        text = re.sub(rf'<Override\s[^>]*PartName="/{re.escape(part)}"[^>]*/>', "", text)
        line = "" if kind is None else f'<Override PartName="/{part}" ContentType="{kind}"/>'
        self.changed[TYPES] = before(text, "</Types>", line)

    def add(self, part: str, text: str, kind: str | None = None) -> None:
        """A new part, or one whose contents are all ours."""
        self.changed[part] = text
        self.dropped.discard(part)
        if kind is not None:
            self.retype(part, kind)


TYPES: Final = "[Content_Types].xml"


def relations_of(part: str) -> str:
    """The part that holds the ways of another."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def refuse_hidden(data: bytes) -> None:
    """Refuse text in which a tag may be no tag."""
    if any(sign in data for sign in HIDING):
        raise UnknownPackageError("hidden")


def parsed(text: str):  # type: ignore[no-untyped-def] # noqa: ANN201 - ElementTree's element, which defusedxml does not name
    """The tree of a small part, to look at."""
    try:
        return fromstring(text)
    except (ParseError, DefusedXmlException, ValueError) as fault:
        raise UnknownPackageError("xml") from fault


def before(text: str, tag: str, more: str) -> str:
    """The text with more put before a tag that it holds once."""
    if text.count(tag) != 1:
        raise UnknownPackageError(tag)
    return text.replace(tag, more + tag)


def written(text: str) -> str:
    """Text as the inside of an element: what XML or Excel would read as something else is written out."""
    return escape(_LIKE_AN_ESCAPE.sub("_x005F_", _NO_TEXT.sub("\ufffd", text)))


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\s{name}\s*=\s*(?:"([^"]*)"|\'([^\']*)\')', tag)
    return (found[1] or found[2] or "") if found else ""


def _target(part: str, line: Mapping[str, str]) -> str:
    if line.get("TargetMode") == "External":
        return ""
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(part), line.get("Target", ""))).lstrip("/")
