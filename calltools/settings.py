"""What the environment says: the one place that reads it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from calltools.messages import Language


@dataclass(frozen=True, slots=True)
class Settings:
    """Defaults of a run that come from the environment.

    Attributes:
        language: Of everything that a person reads.
        on_github: Whether this is a GitHub Actions job, whose log understands annotations.
        color: ``NO_COLOR`` and ``FORCE_COLOR``; ``None``: look at the terminal.
    """

    language: Language = "en"
    on_github: bool = False
    color: bool | None = None


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process.

    Source:
        POSIX locale variables in the order LC_ALL, LC_MESSAGES, LANG; https://no-color.org.
    """
    return Settings(
        language=_language(environ),
        on_github=environ.get("GITHUB_ACTIONS") == "true",
        color=False if environ.get("NO_COLOR") else True if environ.get("FORCE_COLOR") else None,
    )


def _language(environ: Mapping[str, str]) -> Language:
    for name in ("CALLTOOLS_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environ.get(name):
            return "ru" if value.lower().startswith("ru") else "en"
    return "en"
