"""A workbook whose package is not understood, written anew by openpyxl: what that leaves out is said."""

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final

from openpyxl import load_workbook

from calltools.reports.spool import open_spool

LOST: Final[Mapping[str, str]] = {
    r"xl/charts/": "charts",
    r"xl/(drawings/drawing|media/)": "drawings",
    r"xl/slicers/": "pivots",
    r"xl/(ctrlProps|activeX)/": "controls",
    r"xl/threadedComments/": "threads",
    r"_xmlsignatures/": "signature",
}
_MACRO_PART: Final = "xl/vbaProject"


def is_markable_workbook(path: Path) -> bool:
    """Whether it is a workbook of the kind that can be marked: .xlsx or .xlsm, whatever its name."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as package:
        return "[Content_Types].xml" in package.namelist()


def find_lost_parts(path: Path, *, anew: bool) -> list[str]:
    """What of a workbook its copy will not hold, as keys of words."""
    with zipfile.ZipFile(path) as package:
        names = package.namelist()
    patterns = {_MACRO_PART: "macros", **(LOST if anew else {})}
    found = [key for pattern, key in patterns.items() if any(re.match(pattern, name) for name in names)]
    return [*found, *(["results"] if anew else [])]


def resave_with_openpyxl(path: Path) -> IO[bytes]:
    """The workbook as openpyxl writes it."""
    stream = open_spool()
    load_workbook(path).save(stream)
    stream.seek(0)
    return stream
