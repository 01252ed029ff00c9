"""What ``calltools vendors list`` prints: every export, those that can be trusted first, as wide as the terminal."""

import shutil
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from calltools.messages import Language, say
from calltools.vendors import library
from calltools.vendors.profile import Profile
from calltools.vendors.without import Without, without_converter

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
_WIDEST, _UNSEEN = 120, 100
_GAP: Final = 2


def listing(lang: Language) -> str:
    """Every profile by how well it is known, and the vendors that have none by the reason."""
    russian = lang == "ru"
    by_confidence: dict[str, list[Profile]] = defaultdict(list)
    for profile in library.profiles():
        by_confidence[profile.confidence].append(profile)
    indent = _GAP + max(len(one.name) for listed in by_confidence.values() for one in listed) + _GAP
    built_in, lines = library.built_in(), list[str]()
    for confidence, headings in _HEADINGS.items():
        if listed := by_confidence[confidence]:
            told = [line for one in listed for line in _profile(one, indent, built_in, lang)]
            lines += [headings[russian], *told, ""]
    return "\n".join([*lines, *_without(lang), "", *folded(say("vendors-more", lang), "")])


def folded(text: str, first: str, hanging: int = 0) -> list[str]:
    """A text in lines as wide as the terminal.

    Args:
        text: Prose.
        first: What the first line begins with.
        hanging: How far the other lines are indented.
    """
    width = min(shutil.get_terminal_size((_UNSEEN, 24)).columns, _WIDEST)
    return textwrap.wrap(
        text,
        max(width, hanging + 30),
        initial_indent=first,
        subsequent_indent=" " * hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _profile(profile: Profile, indent: int, built_in: Sequence[Profile], lang: Language) -> list[str]:
    description = profile.description_ru if lang == "ru" else profile.description_en
    also = [say("vendors-also", lang, names=", ".join(profile.aliases))] if profile.aliases else []
    own = [] if profile in built_in else [say("vendors-own", lang, path=profile.path)]
    told = " ".join(f"{part.rstrip('.')}." for part in (profile.title, description, *also, *own) if part)
    return folded(told, f"{'':{_GAP}}{profile.name:<{indent - _GAP}}", indent)


def _without(lang: Language) -> Iterator[str]:
    yield from folded(say("vendors-without", lang), "")
    by_reason: dict[str, list[Without]] = defaultdict(list)
    for one in without_converter(library.schemas()):
        by_reason[one.reasons[lang]].append(one)
    for reason, listed in by_reason.items():
        names = _in_a_row(one.title for one in listed)
        yield from (line.replace("\u00a0", " ") for line in folded(f"{names}: {reason}.", " " * _GAP, 2 * _GAP))


def _in_a_row(titles: Iterable[str]) -> str:
    """Titles with commas, of which none is broken in two."""
    ordered: Sequence[str] = sorted(titles, key=str.casefold)
    return ", ".join(title.replace(" ", "\u00a0") for title in ordered)
