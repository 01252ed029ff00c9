"""What ``calltools vendors list`` prints: every export, those that can be trusted first, as wide as the terminal."""

import shutil
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from calltools.messages import Language, say
from calltools.vendors import library
from calltools.vendors.profile import Profile
from calltools.vendors.without import UnsupportedVendor, load_unsupported_vendors

#: How well a format is known: English, Russian.
CONFIDENCE: Final = {
    "real-file": ("seen in real files", "проверен на настоящих файлах"),
    "documented": ("documented by the vendor", "описан самим сервисом"),
    "code-seen": ("unverified: known only in part", "не проверен: известен лишь отчасти"),
}
_HEADINGS: Final = {
    "real-file": ("Seen in real files", "Проверены на настоящих файлах"),
    "documented": ("Documented by the vendor", "Описаны самим сервисом"),
    "code-seen": (
        "Unverified: known only in part; each run says so",
        "Не проверены: известны лишь отчасти, о чём говорится при каждом запуске",
    ),
}
#: Of a line that is still easy to read, and of one where nobody looks.
_MAX_WIDTH, _DEFAULT_WIDTH = 120, 100
_GAP: Final = 2


def vendor_listing(lang: Language) -> str:
    """Every profile by how well it is known, and the vendors that have none by the reason."""
    russian = lang == "ru"
    by_confidence: dict[str, list[Profile]] = defaultdict(list)
    for profile in library.load_profiles():
        by_confidence[profile.confidence].append(profile)
    indent = _GAP + max(len(one.name) for listed in by_confidence.values() for one in listed) + _GAP
    built_in, lines = library.load_built_in_profiles(), list[str]()
    for confidence, headings in _HEADINGS.items():
        if listed := by_confidence[confidence]:
            told = [line for one in listed for line in _profile_lines(one, indent, built_in, lang)]
            lines += [headings[russian], *told, ""]
    return "\n".join([*lines, *_unsupported_lines(lang), "", *wrap_text(say("vendors-more", lang), "")])


def wrap_text(text: str, first: str, hanging: int = 0) -> list[str]:
    """A text in lines as wide as the terminal.

    Args:
        text: Prose.
        first: What the first line begins with.
        hanging: How far the other lines are indented.
    """
    width = min(shutil.get_terminal_size((_DEFAULT_WIDTH, 24)).columns, _MAX_WIDTH)
    return textwrap.wrap(
        text,
        max(width, hanging + 30),
        initial_indent=first,
        subsequent_indent=" " * hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _profile_lines(profile: Profile, indent: int, built_in: Sequence[Profile], lang: Language) -> list[str]:
    description = profile.description_ru if lang == "ru" else profile.description_en
    also = [say("vendors-also", lang, names=", ".join(profile.aliases))] if profile.aliases else []
    own = [] if profile in built_in else [say("vendors-own", lang, path=profile.source_path)]
    told = " ".join(f"{part.rstrip('.')}." for part in (profile.title, description, *also, *own) if part)
    return wrap_text(told, f"{'':{_GAP}}{profile.name:<{indent - _GAP}}", indent)


def _unsupported_lines(lang: Language) -> Iterator[str]:
    yield from wrap_text(say("vendors-without", lang), "")
    by_reason: dict[str, list[UnsupportedVendor]] = defaultdict(list)
    for one in load_unsupported_vendors(library.schemas_folder()):
        by_reason[one.reasons[lang]].append(one)
    for reason, listed in by_reason.items():
        names = _unbroken_titles(one.title for one in listed)
        yield from (line.replace("\u00a0", " ") for line in wrap_text(f"{names}: {reason}.", " " * _GAP, 2 * _GAP))


def _unbroken_titles(titles: Iterable[str]) -> str:
    """Titles with commas, of which none is broken in two."""
    ordered: Sequence[str] = sorted(titles, key=str.casefold)
    return ", ".join(title.replace(" ", "\u00a0") for title in ordered)
