"""A copy of the package with one more module and one more line in a table, as an engineer would add them."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class ExtendedPackage:
    """The copy.

    Attributes:
        folder: Where the copy of the package lies, and where its commands work.
    """

    folder: Path

    def __call__(self, *arguments, code=0):
        """Run ``calltools ARGUMENTS`` and return its output on both streams."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "calltools", *arguments],
            cwd=self.folder,
            env={
                **os.environ,
                "PYTHONPATH": str(self.folder),
                "PYTHONUTF8": "1",
                "COLUMNS": "200",
                "LC_ALL": "C.UTF-8",
            },
            capture_output=True,
            check=False,
        )
        output = (done.stdout + done.stderr).decode()
        assert done.returncode == code, output
        return output


def extend_package(folder, module, source, table, line):
    """The package with ``source`` as ``module`` and ``line`` as the last of ``table``.

    Args:
        folder: Where the copy is made.
        module: Path of the module in the package, such as ``reports/lines.py``.
        source: Its text.
        table: ``path:NAME`` of the table: a name to which a mapping or a tuple is assigned over several lines.
        line: The line to add to it.
    """
    shutil.copytree(ROOT / "calltools", folder / "calltools", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "schemas").symlink_to(ROOT / "schemas")
    (folder / "calltools" / module).write_text(source, encoding="utf-8")
    path, name = table.split(":")
    text = (folder / "calltools" / path).read_text(encoding="utf-8")
    # The brackets of the table are at the margin; those of a mapping inside a call are indented once.
    found = re.search(rf"^{name}: Final.*?^(?=    \}}|[)}}])", text, re.DOTALL | re.MULTILINE)
    assert found is not None, f"{name} is no table of {path}"
    (folder / "calltools" / path).write_text(f"{text[: found.end()]}{line}\n{text[found.end() :]}", encoding="utf-8")
    return ExtendedPackage(folder)
