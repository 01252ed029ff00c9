"""The scenarios of files: samples, broken samples, a folder of further cases, generated files."""

import csv
import itertools
import random
import shlex
from pathlib import Path

from tests.recorder import catalogs, generated, uploads
from tests.recorder.plan import AS_OF, ENDINGS, FORMATS, LANGUAGES, Scenario, Step, single_command

ROOT = Path(__file__).parent.parent.parent
SAMPLES = ROOT / "samples"
MORE = ROOT / "tests" / "vendors" / "more"
COMMANDS = ("validate", "convert")
INPUTS = {".csv", ".json", ".xlsx", ".xls", ".tsv", ".txt"}
GENERATED = 200
SEED = 20260312


def whole(codes, cases=None):
    """Every scenario, in a fixed order.

    Args:
        codes: Of all rules.
        cases: A folder of further files, or ``None``.
    """
    return [
        *samples(), *more(), *broken(), *canonical(), *from_seed(), *(other_cases(cases) if cases else ()),
        *catalogs.scenarios(SAMPLES, codes), *uploads.scenarios(SAMPLES),
    ]  # fmt: skip


def exports(root):
    """Name, export and options of each folder with an export."""
    for options in sorted(root.rglob("options")):
        (export,) = options.parent.glob("export.*")
        words = (*shlex.split(options.read_text(encoding="utf-8")), "--as-of", AS_OF)
        yield options.parent.relative_to(root).as_posix(), export, words


def samples():
    """Each vendor's export: every form and every option, in turns of language."""
    for number, (folder, export, words) in enumerate(exports(SAMPLES)):
        name = f"samples/{folder}"
        yield from forms(name, export, words, number)
        yield from every_report(name, export, words)
        yield from options(name, export, words, LANGUAGES[number % 2])
        yield joined(name, export, words, LANGUAGES[number % 2])


def more():
    """Other layouts of the same vendors, without the tour through all options."""
    for number, (folder, export, words) in enumerate(exports(MORE)):
        lang, form = LANGUAGES[number % 2], FORMATS[number % len(FORMATS)]
        report_options = ("--output-format", form, "--lang", lang)
        yield Scenario(
            f"more/{folder}",
            (
                Step(("validate", export.name, *words, *report_options)),
                Step(("convert", export.name, *words, "-o", "calls.csv", "--rejects", "rejects.csv", *report_options)),
            ),
            {export.name: export},
        )


def broken():
    for number, path in enumerate(sorted((SAMPLES / "broken").iterdir())):
        words = ("--as-of", AS_OF)
        name = f"broken/{path.name}"
        yield from every_form(name, path, words)
        yield from every_report(name, path, (*words, "--timezone", "Europe/Moscow", "--region", "RU"))
        yield from options(name, path, words, LANGUAGES[number % 2])


def canonical():
    for path in sorted((SAMPLES / "canonical").glob("good.*")):
        yield from every_form(f"canonical/{path.name}", path, ("--as-of", AS_OF))
        yield from options(f"canonical/{path.name}", path, ("--as-of", AS_OF), "en")
    good = SAMPLES / "canonical" / "good.csv"
    everything = {f"calls/{path.name}": path for path in [good, *sorted((SAMPLES / "broken").iterdir())]}
    for command, lang, form in itertools.product(COMMANDS, LANGUAGES, ("text", "json", "junit", "markdown")):
        yield single_command(f"folder/{command}-{form}-{lang}", command, "calls", "--as-of", AS_OF, "--output-format", form,
                  "--lang", lang, files=everything)  # fmt: skip
    for command, lang in itertools.product(COMMANDS, LANGUAGES):
        yield single_command(f"stdin/{command}-{lang}", command, "-", "--as-of", AS_OF, "--lang", lang, files={"good.csv": good},
                  stdin="good.csv", real=True)  # fmt: skip


def forms(name, export, words, number):
    """Every form of output: validate in all, convert in four; the language changes from one to the next."""
    for place, form in enumerate(FORMATS):
        yield form_of(name, "validate", export, words, (form, LANGUAGES[(number + place) % 2]))
    for place in range(4):
        form = FORMATS[(number + 3 * place) % len(FORMATS)]
        yield form_of(name, "convert", export, words, (form, LANGUAGES[(number + place + 1) % 2]))


def every_form(name, path, words):
    for command, form, lang in itertools.product(COMMANDS, FORMATS, LANGUAGES):
        yield form_of(name, command, path, words, (form, lang))


def form_of(name, command, path, words, report_options):
    form, lang = report_options
    return single_command(f"{name}/{command}-{form}-{lang}", command, path.name, *words, "--output-format", form, "--lang", lang,
               files={path.name: path})  # fmt: skip


def every_report(name, path, words):
    """A conversion that writes all the files it can; in English as its own process."""
    reports = [word for ending in ENDINGS for word in ("--report", f"report{ending}")]
    for lang in LANGUAGES:
        yield single_command(
            f"{name}/reports-{lang}", "convert", path.name, *words, "-o", "calls.csv", "--rejects", "rejects.csv", *reports,
            "--lang", lang, files={path.name: path}, real=lang == "en",
        )  # fmt: skip


def options(name, path, words, lang):
    """The other options of a file."""
    files = {path.name: path}
    report_options = (*words, "--lang", lang)
    for label, *arguments in (
        ("show-values", "validate", "--show-values", "--max-findings", "3"),
        ("no-fast-path", "convert", "--no-fast-path", "--output-format", "jsonl", "-o", "calls.csv"),
        ("select", "validate", "--select", "CT2,CT5", "--fail-on", "warning"),
        ("ignore", "validate", "--ignore", "CT301,CT5", "-q"),
        ("verbose", "convert", "-v", "--color", "always"),
        ("check", "convert", "--check", "--fail-on", "note", "--exit-zero"),
        ("fail", "convert", "--on-error", "fail", "-o", "calls.csv", "--rejects", "rejects.csv"),
        ("no-vendor", "validate", "--vendor", "none", "--output-format", "concise"),
    ):
        yield single_command(f"{name}/{label}", arguments[0], path.name, *report_options, *arguments[1:], files=files)
    yield single_command(f"{name}/detect", "vendors", "detect", path.name, "--lang", lang, files=files)
    yield Scenario(
        f"{name}/baseline",
        (
            Step(("validate", path.name, *report_options, "--write-baseline", "known.json")),
            Step(("validate", path.name, *report_options, "--baseline", "known.json")),
        ),
        files,
    )


def joined(name, export, words, lang):
    """A conversion with a second file, made from the converted calls of the sample."""
    with (export.parent / "expected.csv").open(encoding="utf-8", newline="") as stream:
        calls = [row for row in csv.DictReader(stream) if row["PhoneNumber"]]
    rng = random.Random(name)  # noqa: S311 - to invent leads
    lines = ["Телефон;Дата;ClientID"]
    for number, row in enumerate(calls):
        if rng.random() < 0.8:
            moment = int(row["DateTime"]) - rng.choice((60, 3600, 30 * 86400))
            lines.append(f"{row['PhoneNumber']};{moment};{1604591025698235234 + number}")
    lines.append("не телефон;вчера;x")
    crm = "\n".join(lines).encode()
    arguments = ("--identifiers", "crm.csv", "-o", "calls.csv", "--output-format", "text", "--lang", lang)
    return Scenario(
        f"{name}/identifiers",
        (
            Step(("convert", export.name, *words, *arguments)),
            Step(
                (
                    "validate",
                    export.name,
                    *words,
                    *arguments[:2],
                    "--identifier-window",
                    "12h",
                    "--output-format",
                    "json",
                )
            ),
        ),
        {export.name: export, "crm.csv": crm},
    )


def from_seed():
    sources = sorted(SAMPLES.glob("*/export.*"))
    for number in range(GENERATED):
        kind, ending, content = generated.file(SEED, number, sources)
        yield tried(f"generated/{number:03}-{kind}", f"calls.{ending}", content, number)


def other_cases(folder):
    for number, path in enumerate(sorted(folder.rglob("*"))):
        if path.suffix in INPUTS:
            name = path.relative_to(folder).as_posix()
            yield tried(f"cases/{name}", path.name, path, number)
            yield single_command(
                f"cases/{name}/detect", "vendors", "detect", path.name, "--lang", "en", files={path.name: path}
            )


def tried(name, file, content, number):
    """A file without a profile, validated and converted."""
    lang, form, ending = LANGUAGES[number % 2], FORMATS[number % len(FORMATS)], ENDINGS[number % len(ENDINGS)]
    words = ("--as-of", AS_OF, "--timezone", "Europe/Moscow", "--region", "RU", "--lang", lang)
    values = ("--show-values",) if number % 3 == 0 else ()
    return Scenario(
        name,
        (
            Step(("validate", file, *words, "--output-format", form, *values)),
            Step(
                ("convert", file, *words, "--static-call", "auto", "-o", "out.csv", "--rejects", "rejects.csv",
                 "--report", f"report{ending}", *values),
                real=number % 20 == 0,
            ),
        ),
        {file: content},
    )  # fmt: skip
