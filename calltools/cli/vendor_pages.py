"""What ``calltools vendors list``, ``show``, ``detect`` and ``test`` print."""

import shutil
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from calltools.files.packed import Packed, Unpacker
from calltools.model.batch import Hints, Table
from calltools.texts import Language, MessageKey, say
from calltools.vendors import profile_library, profile_tests
from calltools.vendors.profile import Confidence, Profile, Step
from calltools.vendors.profile_library import UnsupportedVendor, load_unsupported_vendors
from calltools.vendors.recognize import match_header

#: How well the format of an export is known.
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
#: Longer lines are hard to read; and the width where there is no terminal.
_MAX_WIDTH, _DEFAULT_WIDTH = 120, 100
_GAP: Final = 2


def vendor_listing(lang: Language) -> str:
    """All profiles by how well they are known, and the vendors without a profile by the reason."""
    by_confidence: dict[str, list[Profile]] = defaultdict(list)
    for profile in profile_library.load_profiles():
        by_confidence[profile.confidence].append(profile)
    indent = _GAP + max(len(profile.name) for profiles in by_confidence.values() for profile in profiles) + _GAP
    built_in, lines = profile_library.load_built_in_profiles(), list[str]()
    for confidence, heading in HEADINGS.items():
        if profiles := by_confidence[confidence]:
            paragraphs = [line for profile in profiles for line in _profile_lines(profile, indent, built_in, lang)]
            lines += [say(heading, lang), *paragraphs, ""]
    return "\n".join([*lines, *_unsupported_lines(lang), "", *wrap_text(say("vendors-more", lang), "")])


def wrap_text(text: str, first: str, hanging: int = 0) -> list[str]:
    """Prose in lines of the terminal's width.

    Args:
        text: The prose.
        first: Text at the start of the first line.
        hanging: Indent of the other lines.
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
    aliases = [say("vendors-also", lang, names=", ".join(profile.aliases))] if profile.aliases else []
    path = [] if profile in built_in else [say("vendors-own", lang, path=profile.source_path)]
    sentences = " ".join(f"{part.rstrip('.')}." for part in (profile.title, description, *aliases, *path) if part)
    return wrap_text(sentences, f"{'':{_GAP}}{profile.name:<{indent - _GAP}}", indent)


def _unsupported_lines(lang: Language) -> Iterator[str]:
    yield from wrap_text(say("vendors-without", lang), "")
    by_reason: dict[str, list[UnsupportedVendor]] = defaultdict(list)
    for vendor in load_unsupported_vendors(profile_library.schemas_folder()):
        by_reason[vendor.reasons[lang]].append(vendor)
    for reason, vendors in by_reason.items():
        names = _unbroken_titles(vendor.title for vendor in vendors)
        # The no-break spaces have done their work once the lines are wrapped.
        yield from (line.replace("\u00a0", " ") for line in wrap_text(f"{names}: {reason}.", " " * _GAP, 2 * _GAP))


def _unbroken_titles(titles: Iterable[str]) -> str:
    """The titles in order, with commas; no-break spaces keep each on one line."""
    return ", ".join(title.replace(" ", "\u00a0") for title in sorted(titles, key=str.casefold))


_HANGING: Final = 4


def vendor_page(name: str, lang: Language) -> str:
    """One profile: what it reads, which options a run needs, which rows count, and the mapping."""
    profile, russian = profile_library.find_profile(name), lang == "ru"
    lines = [
        f"{profile.name}: {profile.title}",
        profile.description_ru if russian else profile.description_en,
        f"{say(CONFIDENCE[profile.confidence], lang)}; {profile.link}".rstrip("; "),
        say("vendor-lacks", lang, lacks=profile.lacks_ru if russian else profile.lacks_en),
        say("vendor-known-by", lang, columns=", ".join(profile.recognize)),
        *(say(key, lang) for key in _required_options(profile)),
    ]
    prose = [line for text in lines if text for line in wrap_text(text, "", _HANGING)]
    entries = [(say("vendor-incoming", lang), profile.rows.direction), *profile.fields.items()]
    mapping = [line for title, steps in entries if steps for line in _mapping_lines(title, steps, lang)]
    return "\n".join([*prose, "", *mapping])


def _required_options(profile: Profile) -> Iterator[MessageKey]:
    """Keys of sentences about the options that a run over such an export needs."""
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
    """A field and the steps that fill it; a later step is used where the earlier ones give nothing."""
    first, other = f"  {title:<16} ", say("vendor-or", lang)
    lines = wrap_text(_describe_step(steps[0]), first, len(first) + _HANGING)
    for step in steps[1:]:
        lines += wrap_text(_describe_step(step), f"{other:>{len(first) - 1}} ", len(first) + _HANGING)
    return lines


def _describe_step(step: Step) -> str:
    """A step in short: its columns, and what it does with their cells."""
    if step.constant is not None:
        source = f'"{step.constant}"'
    elif step.difference:
        source = " - ".join(step.difference)
    elif step.sum:
        source = " + ".join(step.sum)
    else:
        source = (" / " if step.first_of else " + ").join(step.columns)
    marks = [f"?{step.url_parameter}=" if step.url_parameter else "", f"*{step.scale}" if step.scale else ""]
    marks += [f":ss {' / '.join(step.seconds_from)}"] if step.seconds_from else []
    words = {**step.values, **({} if step.otherwise is None else {"*": step.otherwise})}
    marks += [
        ", ".join(step.format),
        ", ".join(f"{_quote_empty(word)} = {_quote_empty(text)}" for word, text in words.items()),
    ]
    condition = ", ".join(f"{name}: {' / '.join(map(_quote_empty, words))}" for name, words in step.when.items())
    description = " ".join([source, *(f"({mark})" for mark in marks if mark)])
    return f"{description} [{condition}]" if condition else description


def _quote_empty(text: str) -> str:
    return text or '""'


def detect_profile(file: Packed, name: str, lang: Language, hints: Hints) -> tuple[str, bool]:
    """Which profiles match a file and why the others do not; and whether exactly one matches."""
    from calltools.run.source import open_export  # noqa: PLC0415 - heavy; the other pages open no file

    profiles = profile_library.load_profiles()
    with Unpacker() as unpacker:
        opened = open_export(unpacker.plain_path(file, name), name, hints, profiles)
    table, matches = opened.table, opened.fitting
    if opened.is_canonical:
        return say("detected-canonical", lang, path=name), False
    lines = [line for profile in matches for line in _match_lines(name, profile, table, lang)]
    if not matches:
        lines = wrap_text(say("detected-none", lang, path=name), "")
    lines += _mismatch_lines([profile for profile in profiles if profile not in matches], table.titles, lang)
    return "\n".join(lines), len(matches) == 1


def _match_lines(name: str, profile: Profile, table: Table, lang: Language) -> list[str]:
    by_shape = table.source.header_row is None and profile.shapes
    key: MessageKey = "detected-by-shape" if by_shape else "detected-by-header"
    title = f"{profile.title}; {say(CONFIDENCE[profile.confidence], lang)}"
    return [
        say("detected", lang, path=name, vendor=profile.name),
        *wrap_text(title, "  ", _HANGING),
        *wrap_text(say(key, lang, columns=", ".join(profile.recognize)), "  ", _HANGING),
    ]


def _mismatch_lines(profiles: Sequence[Profile], titles: Sequence[str], lang: Language) -> list[str]:
    """Why profiles do not match, the nearest first; those that miss most of their columns are in one sentence."""
    compared = [(profile, match_header(profile, titles).missing) for profile in profiles]
    near = [(profile, missing) for profile, missing in compared if 2 * len(missing) <= len(profile.recognize)]
    near.sort(key=lambda pair: len(pair[1]) / len(pair[0].recognize))
    lines: list[str] = []
    for profile, missing in near:
        found = [name for name in profile.recognize if name not in missing]
        facts = {"vendor": profile.name, "there": ", ".join(found), "missing": ", ".join(missing)}
        lines += wrap_text(say("not-detected", lang, **facts), "  ", _HANGING)
    far = ", ".join(profile.name for profile, missing in compared if (profile, missing) not in near)
    return [*lines, *(wrap_text(say("not-detected-at-all", lang, vendors=far), "  ", _HANGING) if far else [])]


def run_profile_tests(paths: Sequence[str], lang: Language) -> tuple[str, bool]:
    """Run the examples of profiles.

    Args:
        paths: Names or paths of profiles; empty: all profiles.
        lang: Language of the lines.

    Returns:
        A line for each profile and each failure, and whether all examples have passed.
    """
    profiles = [profile_library.find_profile(path) for path in paths] if paths else profile_library.load_profiles()
    lines, passed = [], True
    for profile in profiles:
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
