"""Comments on cells: the part with their texts, and the VML drawing with their boxes. The user's comments stay."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import unescape

from calltools.reports.rows import column_position
from calltools.reports.workbook.package import MAIN_NAMESPACE, UnknownPackageError, escape_xml, insert_before
from calltools.texts.report_labels import COMMENT_AUTHOR

#: Our text of a comment is below this line. The author would not mark it: some programs lose authors.
_OWN_MARKER: Final = "— calltools —"
_COMMENTS: Final = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    f'<comments xmlns="{MAIN_NAMESPACE}"><authors></authors><commentList></commentList></comments>'
)
_DRAWING: Final = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    ' xmlns:x="urn:schemas-microsoft-com:office:excel"></xml>'
)
_LAYOUT: Final = '<o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="{blocks}"/></o:shapelayout>'
_SHAPE_TYPE: Final = (
    '<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_SHAPE: Final = (
    '<v:shape id="_x0000_s{id}" type="#_x0000_t202" style="position:absolute;visibility:hidden"'
    ' fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/>'
    '<v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div>'
    '</v:textbox><x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:Anchor>{anchor}</x:Anchor>'
    "<x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)
_COMMENT: Final = re.compile(r"<comment(?:\s[^>]*)?>.*?</comment>", re.DOTALL)
_TEXT: Final = re.compile(r"<t(?:\s[^>]*)?>([^<]*)</t>")
_AUTHORS: Final = re.compile(r"<author\s*/>|<author(?:\s[^>]*)?>(.*?)</author>", re.DOTALL)
_ANY_SHAPE: Final = re.compile(r"<([\w.-]+:shape)\s.*?</\1>", re.DOTALL)
_ID: Final = re.compile(r'"_x0000_s([0-9]+)"')
_BLOCKS: Final = re.compile(r'(<[\w.-]+:idmap\s[^>]*data=")([0-9, ]*)(")')
_PREFIXES: Final = re.compile(r'xmlns:([\w.-]+)="urn:schemas-microsoft-com:(vml|office:office|office:excel)"')
_DEFAULT_PREFIXES: Final = {"vml": "v", "office:office": "o", "office:excel": "x"}
#: Excel numbers shapes in blocks; each drawing reserves blocks of its own.
_SHAPES_IN_BLOCK: Final = 1024
#: Columns and rows of the usual size, and the width of a comment's box, in pixels.
_COLUMN_WIDTH, _ROW_HEIGHT, _BOX_WIDTH = 64, 20, 420
_ANY_TAG: Final = re.compile(r"<(/?)([\w:]+)(?:\s[^<>]*?)?(/?)>")


@dataclass(frozen=True, slots=True)
class CommentParts:
    """The two parts as text; empty: the sheet has no such part."""

    comments: str = ""
    drawing: str = ""

    def without_own(self) -> "CommentParts":
        """Both parts without the texts of an earlier run.

        Raises:
            UnknownPackageError: The two parts do not belong together.
        """
        own = {_cell_position(comment) for comment in _COMMENT.findall(self.comments) if _is_own_comment(comment)}
        comments = _COMMENT.sub(
            lambda found: "" if _cell_position(found[0]) in own else _remove_own_text(found[0]), self.comments
        )
        drawing = _ANY_SHAPE.sub(lambda found: "" if _shape_position(found[0]) in own else found[0], self.drawing)
        if comments.count("<comment ") > drawing.count('ObjectType="Note"'):
            raise UnknownPackageError("notes")
        return CommentParts(comments, drawing)

    def with_texts(self, texts: Mapping[str, str], first_block: int) -> "CommentParts":
        """Both parts with these texts, each below the user's comment on the cell if there is one.

        Args:
            texts: A1 address -> text.
            first_block: First block of shape numbers that is free in the whole workbook.
        """
        texts = {address: text for address, text in texts.items() if address not in self._threaded_cells()}
        commented = {_attribute(comment, "ref") for comment in _COMMENT.findall(self.comments)}
        comments = _COMMENT.sub(lambda found: _append_text(found[0], texts), self.comments or _COMMENTS)
        comments = re.sub(r"<(authors|commentList)\s*/>", r"<\1></\1>", comments)
        author = _author_id(comments)
        if author is None:
            author = str(len(_AUTHORS.findall(comments)))
            comments = insert_before(comments, "</authors>", f"<author>{COMMENT_AUTHOR}</author>")
        new = [address for address in texts if address not in commented]
        new_comments = "".join(_comment_xml(address, author, texts[address]) for address in new)
        return CommentParts(
            insert_before(comments, "</commentList>", new_comments), self._add_shapes(new, texts, first_block)
        )

    def _threaded_cells(self) -> set[str]:
        """Cells with threaded comments: Excel shows the thread, and a text that is added to the comment is lost."""
        authors = [str(number) for number, name in enumerate(_AUTHORS.findall(self.comments)) if name[:3] == "tc="]
        comments = _COMMENT.findall(self.comments)
        return {_attribute(comment, "ref") for comment in comments if _attribute(comment, "authorId") in authors}

    def _add_shapes(self, new: Sequence[str], texts: Mapping[str, str], first_block: int) -> str:
        drawing = self.drawing or _DRAWING
        shapes = [
            _SHAPE.format(id=_shape_id(first_block, number), **_anchor_fields(address, texts[address]))
            for number, address in enumerate(new)
        ]
        if not shapes:
            return drawing
        blocks = ",".join(str(first_block + number) for number in range(1 + (len(new) - 1) // (_SHAPES_IN_BLOCK - 1)))
        layout = "" if _BLOCKS.search(drawing) else _LAYOUT.format(blocks=blocks)
        drawing = _BLOCKS.sub(lambda found: f"{found[1]}{found[2]},{blocks}{found[3]}", drawing, count=1)
        shape_type = "" if 'id="_x0000_t202"' in drawing else _SHAPE_TYPE
        return insert_before(drawing, "</xml>", _use_prefixes_of(drawing, layout + shape_type + "".join(shapes)))


def free_shape_block(drawings: Sequence[str]) -> int:
    """The first block of shape numbers behind all blocks that drawings of the workbook use."""
    used = [int(number) // _SHAPES_IN_BLOCK for drawing in drawings for number in _ID.findall(drawing)]
    for drawing in drawings:
        for found in _BLOCKS.finditer(drawing):
            used += [int(number) for number in re.findall(r"[0-9]+", found[2])]
    return max(used, default=0) + 1


def _use_prefixes_of(drawing: str, elements: str) -> str:
    """Elements with the default prefixes, rewritten with the prefixes that the drawing declares."""
    prefixes = {_DEFAULT_PREFIXES[found[2]]: found[1] for found in _PREFIXES.finditer(drawing)}
    if set(prefixes) != set(_DEFAULT_PREFIXES.values()):
        raise UnknownPackageError("drawing")
    return re.sub(r"(?<=[</ ])[vox](?=:)", lambda found: prefixes[found[0]], elements)


def _shape_id(first_block: int, number: int) -> int:
    # The first number of a block is not used.
    block, offset = divmod(number, _SHAPES_IN_BLOCK - 1)
    return (first_block + block) * _SHAPES_IN_BLOCK + offset + 1


def _author_id(comments: str) -> str | None:
    names = [unescape(name) for name in _AUTHORS.findall(comments)]
    return str(names.index(COMMENT_AUTHOR)) if COMMENT_AUTHOR in names else None


def _attribute(tag: str, name: str) -> str:
    found = re.match(rf'<[^>]*?\s{name}="([^"]*)"', tag)
    if found is None:
        raise UnknownPackageError("notes")
    return found[1]


def _cell_position(comment: str) -> tuple[int, int]:
    """Row and column of the cell, from 0."""
    return _row_and_column(_attribute(comment, "ref"))


def _row_and_column(address: str) -> tuple[int, int]:
    found = re.fullmatch(r"([A-Z]{1,3})([0-9]+)", address)
    if found is None:
        raise UnknownPackageError("notes")
    return int(found[2]) - 1, column_position(found[1])


def _shape_position(shape: str) -> tuple[int, int] | None:
    """Row and column of the cell to which a comment's box belongs; ``None``: the shape is another drawing."""
    row, column = (re.search(rf"<[\w.-]+:{name}>\s*([0-9]+)\s*</", shape) for name in ("Row", "Column"))
    return (int(row[1]), int(column[1])) if row and column and 'ObjectType="Note"' in shape else None


def _is_own_comment(comment: str) -> bool:
    """Whether the comment has our line and no text of the user above it."""
    above, marker, _ = comment.partition(_OWN_MARKER)
    return bool(marker) and not "".join(_TEXT.findall(above + "</t>")).strip()


def _remove_own_text(comment: str) -> str:
    """A comment of the user without the text that an earlier run wrote below it."""
    at = comment.find(_OWN_MARKER)
    if at < 0:
        return comment
    kept = comment[:at].rstrip("\n")
    # The cut is in the middle of elements: those that are still open are closed.
    open_elements: list[str] = []
    for found in _ANY_TAG.finditer(kept):
        if found[1]:
            open_elements.pop()
        elif not found[3]:
            open_elements.append(found[2])
    return kept + "".join(f"</{name}>" for name in reversed(open_elements))


def _append_text(comment: str, texts: Mapping[str, str]) -> str:
    text = texts.get(_attribute(comment, "ref"))
    if text is None:
        return comment
    inside = re.search(r"<text>(.*)</text>", comment, re.DOTALL)
    if inside is None:
        raise UnknownPackageError("notes")
    # Excel does not show text beside runs, so the user's text becomes a run too.
    above = re.sub(r"^\s*(<t(?:\s[^>]*)?>.*?</t>)", r"<r>\1</r>", inside[1], flags=re.DOTALL)
    own_run = f'<r><t xml:space="preserve">\n{_OWN_MARKER}\n{escape_xml(text)}</t></r>'
    return comment[: inside.start(1)] + above + own_run + comment[inside.end(1) :]


def _comment_xml(address: str, author: str, text: str) -> str:
    return (
        f'<comment ref="{address}" authorId="{author}"><text><r><rPr><sz val="9"/><rFont val="Tahoma"/></rPr>'
        f'<t xml:space="preserve">{_OWN_MARKER}\n{escape_xml(text)}</t></r></text></comment>'
    )


def _anchor_fields(address: str, text: str) -> dict[str, str | int]:
    """The fields of ``_SHAPE``: a box to the right of the cell, as high as the text needs."""
    row, column = _row_and_column(address)
    height = min(60 + 18 * (text.count("\n") + len(text) // 60), 400)
    right, bottom = divmod(15 + _BOX_WIDTH, _COLUMN_WIDTH), divmod(10 + height, _ROW_HEIGHT)
    top = max(row - 1, 0)
    anchor = (column + 1, 15, top, 10, column + 1 + right[0], right[1], top + bottom[0], bottom[1])
    return {"anchor": ", ".join(map(str, anchor)), "row": row, "column": column}
