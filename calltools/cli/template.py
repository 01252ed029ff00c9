"""``calltools template``: an empty canonical file for people."""

from pathlib import Path

from calltools.exports.template import template as template_bytes
from calltools.files.safely import Beside
from calltools.messages import Language


def template(path: Path, language: Language = "en", *, force: bool = False) -> None:
    """Write a template; the ending of the name decides which.

    Raises:
        UsageError: No template has this ending.
        OutputError: The place is taken, or cannot be written.
    """
    content = template_bytes(path, language)
    with Beside(path, force=force) as stream:
        stream.write(content)
