"""What ``calltools vendors list``, ``show``, ``detect`` and ``test`` print."""

import shutil
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from calltools.files.opening import open_table
from calltools.model.batch import Hints, Table
from calltools.texts import Language, MessageKey, say
from calltools.vendors import profile_library, profile_tests
from calltools.vendors.header_match import match_header
from calltools.vendors.profile import Confidence, Profile, Step
from calltools.vendors.profile_library import UnsupportedVendor, load_unsupported_vendors
from calltools.vendors.recognize import create_header_finder, is_canonical_header

#: How well a format is known.
CONFIDENCE: Final[Mapping[Confidence, MessageKey]] = MappingProxyType(
    {"real-file": "confidence-real-file", "documented": "confidence-documented", "code-seen": "confidence-code-seen"}
)
HEADINGS: Final[Mapping[Confidence, MessageKey]] = MappingProxyType(
    {
        "real-file": "confidence-all-real-file",
        "documented": "confidence-all-documented",
        "code-seen": "confidence-all-code-seen",
    }
)
#: Of a line that is still easy to read, and of one where nobody looks.
_MAX_WIDTH, _DEFAULT_WIDTH = 120, 100
_GAP: Final = 2


def vendor_listing(lang: Language) -> str:
    """Every profile by how well it is known, and the vendors that have none by the reason."""
    by_confidence: dict[str, list[Profile]] = defaultdict(list)
    for profile in profile_library.load_profiles():
        by_confidence[profile.confidence].append(profile)
    indent = _GAP + max(len(one.name) for listed in by_confidence.values() for one in listed) + _GAP
    built_in, lines = profile_library.load_built_in_profiles(), list[str]()
    for confidence, heading in HEADINGS.items():
        if listed := by_confidence[confidence]:
            told = [line for one in listed for line in _profile_lines(one, indent, built_in, lang)]
            lines += [say(heading, lang), *told, ""]
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
    for one in load_unsupported_vendors(profile_library.schemas_folder()):
        by_reason[one.reasons[lang]].append(one)
    for reason, listed in by_reason.items():
        names = _unbroken_titles(one.title for one in listed)
        yield from (line.replace("\u00a0", " ") for line in wrap_text(f"{names}: {reason}.", " " * _GAP, 2 * _GAP))


def _unbroken_titles(titles: Iterable[str]) -> str:
    """Titles with commas, of which none is broken in two."""
    ordered: Sequence[str] = sorted(titles, key=str.casefold)
    return ", ".join(title.replace(" ", "\u00a0") for title in ordered)


_HANGING: Final = 4


def vendor_page(name: str, lang: Language) -> str:
    """One profile: what it is, what the user must say, which rows count, and the mapping."""
    profile, russian = profile_library.find_profile(name), lang == "ru"
    lines = [
        f"{profile.name}: {profile.title}",
        profile.description_ru if russian else profile.description_en,
        f"{say(CONFIDENCE[profile.confidence], lang)}; {profile.link}".rstrip("; "),
        say("vendor-lacks", lang, lacks=profile.lacks_ru if russian else profile.lacks_en),
        say("vendor-known-by", lang, columns=", ".join(profile.recognize)),
        *(say(key, lang) for key in _required_options(profile)),
    ]
    told = [line for text in lines if text for line in wrap_text(text, "", _HANGING)]
    parts = [(say("vendor-incoming", lang), profile.rows.direction), *profile.fields.items()]
    mapping = [line for title, steps in parts if steps for line in _mapping_lines(title, steps, lang)]
    return "\n".join([*told, "", *mapping])


def _required_options(profile: Profile) -> Iterator[MessageKey]:
    """What a run over such an export must be told, as keys of ``MESSAGES``."""
    times = profile.fields["DateTime"]
    if all(step.format and step.zone is None and not {"unix", "iso"} & {*step.format} for step in times):
        yield "vendor-says-timezone"
    if not profile.rows.direction and (profile.rows.context or profile.rows.called):
        yield "vendor-says-incoming"
    if "Price" in profile.fields and not profile.currency:
        yield "vendor-says-currency"
    if not {"UserId", "ClientId", "Yclid"} & {*profile.fields}:
        yield "vendor-says-identifiers"


def _mapping_lines(title: str, steps: Sequence[Step], lang: Language) -> list[str]:
    """A field and the ways to fill it, the later where the earlier give nothing."""
    first, other = f"  {title:<16} ", say("vendor-or", lang)
    lines = wrap_text(_describe_step(steps[0]), first, len(first) + _HANGING)
    for step in steps[1:]:
        lines += wrap_text(_describe_step(step), f"{other:>{len(first) - 1}} ", len(first) + _HANGING)
    return lines


def _describe_step(step: Step) -> str:
    """A step in short: where it takes from, and what it does."""
    if step.constant is not None:
        told = f'"{step.constant}"'
    elif step.difference:
        told = " - ".join(step.difference)
    elif step.sum:
        told = " + ".join(step.sum)
    else:
        told = (" / " if step.first_of else " + ").join(step.columns)
    marks = [f"?{step.url_parameter}=" if step.url_parameter else "", f"*{step.scale}" if step.scale else ""]
    marks += [f":ss {' / '.join(step.seconds_from)}"] if step.seconds_from else []
    words = {**step.values, **({} if step.otherwise is None else {"*": step.otherwise})}
    marks += [
        ", ".join(step.format),
        ", ".join(f"{_quote_empty(word)} = {_quote_empty(text)}" for word, text in words.items()),
    ]
    when = ", ".join(f"{name}: {' / '.join(map(_quote_empty, words))}" for name, words in step.when.items())
    told = " ".join([told, *(f"({mark})" for mark in marks if mark)])
    return f"{told} [{when}]" if when else told


def _quote_empty(text: str) -> str:
    return text or '""'


def detect_profile(file: Path, lang: Language) -> tuple[str, bool]:
    """Which profile fits a file and why the others do not; whether exactly one does."""
    everyone = profile_library.load_profiles()
    table = open_table(file, str(file), Hints(), create_header_finder(everyone))
    if is_canonical_header(table.titles):
        return say("detected-canonical", lang, path=file), False
    fits = [profile for profile in everyone if match_header(profile, table.titles).matches]
    lines = [line for profile in fits for line in _match_lines(file, profile, table, lang)]
    if not fits:
        lines = wrap_text(say("detected-none", lang, path=file), "")
    lines += _mismatch_lines([profile for profile in everyone if profile not in fits], table.titles, lang)
    return "\n".join(lines), len(fits) == 1


def _match_lines(file: Path, profile: Profile, table: Table, lang: Language) -> list[str]:
    key: MessageKey = (
        "detected-by-shape" if table.source.header_row is None and profile.shapes else "detected-by-header"
    )
    told = f"{profile.title}; {say(CONFIDENCE[profile.confidence], lang)}"
    return [
        say("detected", lang, path=file, vendor=profile.name),
        *wrap_text(told, "  ", _HANGING),
        *wrap_text(say(key, lang, columns=", ".join(profile.recognize)), "  ", _HANGING),
    ]


def _mismatch_lines(profiles: Sequence[Profile], titles: Sequence[str], lang: Language) -> list[str]:
    """Why they do not fit, the nearest first; those of which less than half is there, in one sentence."""
    compared = [(match_header(profile, titles).missing, profile) for profile in profiles]
    near = [one for one in compared if 2 * len(one[0]) <= len(one[1].recognize)]
    near.sort(key=lambda one: len(one[0]) / len(one[1].recognize))
    lines: list[str] = []
    for missing, profile in near:
        there = [name for name in profile.recognize if name not in missing]
        facts = {"vendor": profile.name, "there": ", ".join(there), "missing": ", ".join(missing)}
        lines += wrap_text(say("not-detected", lang, **facts), "  ", _HANGING)
    far = ", ".join(profile.name for profile in profiles if profile not in [one for _, one in near])
    return [*lines, *(wrap_text(say("not-detected-at-all", lang, vendors=far), "  ", _HANGING) if far else [])]


def run_profile_tests(paths: Sequence[str], lang: Language) -> tuple[str, bool]:
    """The examples of profiles, run; whether all came out as they say."""
    chosen = [profile_library.find_profile(path) for path in paths] if paths else list(profile_library.load_profiles())
    lines, passed = [], True
    for profile in chosen:
        failures = profile_tests.run_examples(profile)
        passed = passed and not failures
        good = len(profile.examples) - len({failure.number for failure in failures})
        lines.append(say("trials", lang, vendor=profile.name, good=good, count=len(profile.examples)))
        lines += [say("trial-failed", lang, **_failure_facts(failure)) for failure in failures]
    return "\n".join(lines), passed


def _failure_facts(failure: profile_tests.ExampleFailure) -> dict[str, object]:
    return {
        "number": failure.number,
        "why": failure.why,
        "field": failure.field,
        "expected": failure.expected or '""',
        "got": failure.got or '""',
    }
