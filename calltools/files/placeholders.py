"""Placeholders in the paths of what is written: a name in braces that each input, job or day fills in."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Final

#: The name of an input, without its ending.
STEM: Final = "{stem}"
#: In paths of a job only: its name, and the day of the run on this machine.
JOB: Final = "{job}"
DATE: Final = "{date}"

_PLACEHOLDER: Final = re.compile(r"\{\w*\}")
#: A name is a part of paths: of no folder above, and nothing that a shell or a system reads in another way.
_JOB_NAME: Final = re.compile(r"[^\W_](?:[\w .-]*\w)?", re.UNICODE)


def is_job_name(name: str) -> bool:
    """Whether a job may have this name, which stands for ``JOB`` in paths."""
    return _JOB_NAME.fullmatch(name) is not None


def find_placeholders(path: str) -> list[str]:
    """What looks like a placeholder in a path, known or not, in its order."""
    return _PLACEHOLDER.findall(path)


def fill_stem(template: Path, stem: str) -> Path:
    """A path with the name of an input wherever ``STEM`` stands in it: in its name, and in those of its folders."""
    filled = template.with_name(template.name.replace(STEM, stem)) if STEM in template.name else template
    return fill_stem(template.parent, stem) / filled.name if STEM in str(template.parent) else filled


def fixed_folder(template: Path) -> Path:
    """The folder above a path that is the same for all inputs."""
    folder = template.parent
    return fixed_folder(folder) if STEM in str(folder) else folder


def find_wrong_placeholder(paths: Collection[str], known: Collection[str]) -> str | None:
    """The first placeholder in paths that is not one of those that are filled in there."""
    return next((word for path in paths for word in find_placeholders(path) if word not in known), None)
