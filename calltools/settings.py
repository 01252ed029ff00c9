"""Settings from environment variables: the one place that reads them."""

import itertools
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from calltools.texts.keys import Language

_PROXY_VARIABLES: Final = ("HTTPS_PROXY", "ALL_PROXY")
_DISPLAY_VARIABLES: Final = ("DISPLAY", "WAYLAND_DISPLAY")


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a run that come from the environment.

    Attributes:
        language: The language of everything that a person reads.
        on_github: Whether this is a GitHub Actions job, whose log understands annotations.
        step_summary: The file whose Markdown GitHub Actions shows on the page of the job, if there is one.
        color: Whether output is colored, by ``NO_COLOR``, ``FORCE_COLOR`` and ``TERM``; ``None``: if it is a terminal.
        api_url: The address of the service, if not Metrica's own.
        state_dir: The folder of the ledger, if not the platform's folder for state.
        proxy_variables: The variables that name a proxy; no request follows them.
        has_display: Whether a browser can be opened: there is a desktop.
        stream_encoding_set: Whether ``PYTHONIOENCODING`` chooses the encoding of the standard streams.
    """

    language: Language = "en"
    on_github: bool = False
    step_summary: str | None = None
    color: bool | None = None
    api_url: str | None = None
    state_dir: str | None = None
    proxy_variables: tuple[str, ...] = ()
    has_display: bool = False
    stream_encoding_set: bool = False


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process.

    Source:
        POSIX locale variables in the order LC_ALL, LC_MESSAGES, LANG; https://no-color.org.
    """
    return Settings(
        language=_language(environ),
        on_github=environ.get("GITHUB_ACTIONS") == "true",
        step_summary=environ.get("GITHUB_STEP_SUMMARY") or None,
        color=_color(environ),
        api_url=environ.get("CALLTOOLS_API_URL") or None,
        state_dir=environ.get("CALLTOOLS_STATE_DIR") or None,
        proxy_variables=tuple(name for name in _PROXY_VARIABLES if environ.get(name) or environ.get(name.lower())),
        has_display=sys.platform in {"darwin", "win32"} or any(environ.get(name) for name in _DISPLAY_VARIABLES),
        stream_encoding_set=bool(environ.get("PYTHONIOENCODING")),
    )


def language_of_arguments(arguments: Sequence[str]) -> Language:
    """The language for an error that comes before options are parsed, or instead of it."""
    values = [word.removeprefix("--lang=") for word in arguments if word.startswith("--lang=")]
    values += [value for word, value in itertools.pairwise(arguments) if word == "--lang"]
    return "ru" if "ru" in values else "en" if "en" in values else read_settings().language


def _color(environ: Mapping[str, str]) -> bool | None:
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return False if environ.get("TERM") == "dumb" else None


def token_from_environment(environ: Mapping[str, str] = os.environ) -> str | None:
    """The token of the environment; not one of the settings, so that printing them shows no secret."""
    return environ.get("CALLTOOLS_TOKEN") or None


def variables(environ: Mapping[str, str] = os.environ) -> Mapping[str, str]:
    """All variables, where the configuration names one of them."""
    return environ


def variable_name(option: str) -> str:
    """The environment variable of an option of the command line."""
    return f"CALLTOOLS_{option.upper().replace('-', '_')}"


def options_from_environment(options: Iterable[str], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Option -> text of its variable, for those that are set; an empty one counts as not set."""
    found = {name: text for name in options if (text := environ.get(variable_name(name)))}
    # Here a language may be a locale (ru_RU.UTF-8), as in the POSIX variables for it.
    return found | ({"lang": _language({"LANG": found["lang"]})} if "lang" in found else {})


def _language(environ: Mapping[str, str]) -> Language:
    for name in ("CALLTOOLS_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environ.get(name):
            return "ru" if value.lower().startswith("ru") else "en"
    return "en"
