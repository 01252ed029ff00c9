"""A tree in which somebody has added columns: rows of ``fields/table.py``, and not a line more."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from calltools.fields.kinds import KINDS

ROOT = Path(__file__).parent.parent
#: Name of the invented column of each kind.
INVENTED = {kind: "New" + "".join(word.capitalize() for word in kind.split("-")) for kind in KINDS}
_ABOVE = '    Field(\n        "DateTime"'


def add_columns(folder):
    """Copy the package into a folder, with a row for a column of every kind in the middle of its table."""
    for part in ("calltools", "schemas"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    table = folder / "calltools" / "fields" / "table.py"
    text = table.read_text(encoding="utf-8")
    assert text.count(_ABOVE) == 1
    table.write_text(text.replace(_ABOVE, "".join(map(_row, INVENTED)) + _ABOVE), encoding="utf-8")
    return folder


def run(tree, *arguments, cwd=None):
    """Run Python on the package of a tree."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd or tree,
        env={**os.environ, "PYTHONPATH": str(tree), "CALLTOOLS_STATE_DIR": str(tree / "state"), "NO_COLOR": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def _row(kind):
    example = next(one.canonical for one in KINDS[kind].examples if one.canonical)
    words = f'("Invented {kind}", "Придуманный {kind}"), ("What is invented.", "Что придумано.")'
    return f'    Field("{INVENTED[kind]}", "{kind}", _OPTIONAL, {words}, {example!r}, _CALLS),\n'
