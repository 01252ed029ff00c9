"""What ``calltools vendors`` prints."""

from collections.abc import Sequence
from pathlib import Path

from calltools.files.opening import open_table
from calltools.messages import Language, say
from calltools.model.batch import Hints
from calltools.vendors import library, trials
from calltools.vendors.fitting import fit
from calltools.vendors.profile import Step
from calltools.vendors.recognize import header_judge, is_canonical
from calltools.vendors.without import without_converter

CONFIDENCE = {
    "real-file": ("seen in real files", "проверен на настоящих файлах"),
    "documented": ("documented by the vendor", "описан самим сервисом"),
    "code-seen": ("unverified: known only in part, check the result", "не проверен: известен лишь отчасти, сверьте результат"),
}


def listing(lang: Language) -> str:
    """Every profile, a line each."""
    russian = lang == "ru"
    lines = []
    for profile in library.profiles():
        names = ", ".join([profile.name, *profile.aliases])
        description = profile.description_ru if russian else profile.description_en
        lines.append(f"{names}\n    {profile.title}: {description}\n    {CONFIDENCE[profile.confidence][russian]}")
    lines += ["", say("vendors-without", lang)]
    lines += [f"{one.name}\n    {one.title}: {one.reasons[lang]}" for one in without_converter(library.schemas())]
    return "\n".join(lines)


def page(name: str, lang: Language) -> str:
    """One profile."""
    profile, russian = library.get(name), lang == "ru"
    lines = [
        f"{profile.name}: {profile.title}",
        profile.description_ru if russian else profile.description_en,
        f"{CONFIDENCE[profile.confidence][russian]}; {profile.link}".rstrip("; "),
        ("Не хватает: " if russian else "Lacks: ") + (profile.lacks_ru if russian else profile.lacks_en),
        "",
    ]
    lines += [f"  {field:<16} {' | '.join(map(_told, steps))}" for field, steps in profile.fields.items()]
    return "\n".join(lines)


def _told(step: Step) -> str:
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
    marks += [", ".join(step.format), ", ".join(f"{word} = {text}" for word, text in step.values.items())]
    when = ", ".join(f"{name}: {'/'.join(words)}" for name, words in step.when.items())
    told = " ".join([told, *(f"({mark})" for mark in marks if mark)])
    return f"{told} [{when}]" if when else told


def detection(file: Path, lang: Language) -> tuple[str, bool]:
    """Which profile fits a file and why the others do not; whether exactly one does."""
    everyone = library.profiles()
    table = open_table(file, str(file), Hints(), header_judge(everyone))
    if is_canonical(table.titles):
        return say("detected-canonical", lang, path=file), False
    fits = [profile for profile in everyone if fit(profile, table.titles).fits]
    lines = [say("detected", lang, path=file, vendor=profile.name) for profile in fits]
    for profile in everyone:
        missing = fit(profile, table.titles).missing
        if missing:
            lines.append(say("not-detected", lang, vendor=profile.name, missing=", ".join(missing)))
    return "\n".join(lines), len(fits) == 1


def trial(paths: Sequence[str], lang: Language) -> tuple[str, bool]:
    """The examples of profiles, run; whether all came out as they say."""
    chosen = [library.get(path) for path in paths] if paths else list(library.profiles())
    lines, passed = [], True
    for profile in chosen:
        failures = trials.run_trials(profile)
        passed = passed and not failures
        good = len(profile.trials) - len({failure.number for failure in failures})
        lines.append(say("trials", lang, vendor=profile.name, good=good, count=len(profile.trials)))
        lines += [say("trial-failed", lang, **_facts(failure)) for failure in failures]
    return "\n".join(lines), passed


def _facts(failure: trials.Failure) -> dict[str, object]:
    return {
        "number": failure.number,
        "why": failure.why,
        "field": failure.field,
        "expected": failure.expected or '""',
        "got": failure.got or '""',
    }
