"""The scenarios without calls: help, wrong calls, rules, schemas, vendors, configuration, doctor."""

import itertools

from tests.recorder.plan import AS_OF, LANGUAGES, Scenario, Step, single_command

COMMANDS = (
    (), ("validate",), ("convert",), ("upload",), ("doctor",), ("rules",), ("schema",), ("template",),
    ("uploads",), ("uploads", "list"), ("uploads", "show"), ("uploads", "watch"), ("uploads", "resume"),
    ("vendors",), ("vendors", "list"), ("vendors", "show"), ("vendors", "detect"), ("vendors", "test"), ("vendors", "new"),
    ("config",), ("config", "show"),
)  # fmt: skip
WRONG = (
    (), ("valdate", "x"), ("vendors", "shw"), ("uploads",), ("config",), ("validate",), ("convert",), ("upload",),
    ("validate", "x", "--selct", "CT2"), ("validate", "x", "--zzz"), ("validate", "x", "--fail-on", "wrning"),
    ("validate", "x", "--max-findings", "0"), ("validate", "x", "--max-findings", "many"), ("validate", "x", "--report"),
    ("validate", "missing.csv"), ("validate", "good.csv", "--report", "report.doc"), ("validate", "good.csv", "--color", "far"),
    ("validate", "good.csv", "--timezone", "Europe/Moskow"), ("validate", "good.csv", "--region", "XX"),
    ("validate", "good.csv", "--currency", "RUR"), ("validate", "good.csv", "--select", "CT999"),
    ("validate", "good.csv", "--ignore", "nothing"), ("validate", "good.csv", "--vendor", "siphuni"),
    ("validate", "good.csv", "--vendor", "missing.toml"), ("validate", "good.csv", "--encoding", "utf-9"),
    ("validate", "good.csv", "--delimiter", "::"), ("validate", "good.csv", "--header-row", "-1"),
    ("validate", "good.csv", "--as-of", "yesterday"), ("validate", "good.csv", "--limit", "seconds"),
    ("validate", "good.csv", "--limit", "second=1"), ("validate", "good.csv", "--baseline", "missing.json"),
    ("validate", "good.csv", "--baseline", "good.csv"), ("validate", "good.csv", "--identifiers", "missing.csv"),
    ("validate", "good.csv", "--identifier-window", "soon"), ("validate", "good.csv", "--identifier-columns", "phone"),
    ("validate", "good.csv", "--sheet", "Calls"), ("validate", "good.xlsx", "--sheet", "Nothing"),
    ("validate", "good.csv", "--date-order", "ydm"), ("validate", "empty.csv"), ("validate", "noise.bin"),
    ("validate", "empty.xlsx"), ("validate", "good.csv", "good.csv"), ("validate", "--lang", "de", "good.csv"),
    ("convert", "good.csv", "-o", "good.csv"), ("convert", "good.csv", "-o", "no/where/out.csv"),
    ("convert", "good.csv", "-o", "there.csv"), ("convert", "good.csv", "-o", "there.csv", "--force", "--as-of", AS_OF),
    ("convert", "good.csv", "-o", "x.csv", "--rejects", "x.csv"), ("convert", "good.csv", "--static-call", "2"),
    ("convert", "good.csv", "--check", "-o", "x.csv"), ("convert", "good.csv", "--on-error", "stop"),
    ("rules", "CT999"), ("rules", "phone-impossibl"), ("schema", "json-shema"), ("schema",), ("template",),
    ("template", "t.doc"), ("template", "there.csv"), ("vendors", "show", "siphuni"), ("vendors", "show", "mine.toml"),
    ("vendors", "detect", "missing.csv"), ("vendors", "test", "mine.toml"), ("vendors", "test", "missing.toml"),
    ("vendors", "new", "missing.csv"), ("vendors", "new", "good.csv", "--no-input"), ("uploads", "show", "L99"),
    ("uploads", "watch", "L99"), ("uploads", "resume", "--resend", "L99"), ("uploads", "list"), ("uploads", "resume"),
    ("upload", "good.csv"), ("upload", "good.csv", "--counter", "0"), ("upload", "good.csv", "--counter", "1", "--yes"),
    ("upload", "good.csv", "--counter", "1"), ("upload", "good.csv", "--counter", "1", "--yes", "--comment", "50%"),
    ("upload", "good.csv", "--counter", "1", "--plan", "--dry-run"), ("upload", "good.csv", "--min-linked", "101"),
    ("upload", "missing.csv", "--counter", "1", "--yes"), ("upload", "good.xlsx", "--counter", "1", "--plan"),
)  # fmt: skip
FORMS = ("table-schema", "json-schema", "csvw", "markdown")
SETTINGS = """\
timezone = "Europe/Moscow"
region = "RU"
ignore = ["CT301"]
fail-on = "warning"

[[overrides]]
files = ["crm/*.csv"]
timezone = "Asia/Almaty"
"""
#: A title, values and times that no profile has.
UNKNOWN = """\
Начало;Кто;Куда;Вид;Итог;Сек
02.03.2026 10:00:00;8 (495) 000-00-01;100;А;ок;35
02.03.2026 11:00:00;8 (495) 000-00-02;100;Б;ок;15
02.03.2026 12:00:00;8 (495) 000-00-03;100;А;мимо;0
"""
ANSWERS = (
    "--column", "PhoneNumber=Кто", "--column", "direction=Вид", "--column", "CallMissed=Итог", "--column",
    "TalkDuration=Сек", "--word", "А=incoming", "--word", "Б=outgoing", "--word", "ок=answered", "--word", "мимо=missed",
)  # fmt: skip


def scenarios(samples, codes):
    """All of them; ``codes`` are those of the rules."""
    yield from pages(codes)
    yield from wrong_calls(samples)
    yield from vendors(samples)
    yield from configuration(samples)


def pages(codes):
    """What is printed without looking at a file."""
    for words in COMMANDS:
        yield single_command(f"help/{'-'.join(words)}", *words, "--help", real=True)
    yield single_command("version", "--version", real=True)
    for lang in LANGUAGES:
        yield single_command(f"rules/{lang}", "rules", "--lang", lang, real=True)
        for code in codes:
            yield single_command(f"rules/{code}-{lang}", "rules", code, "--lang", lang)
        for name in ("t.xlsx", "t.csv"):
            yield single_command(f"template/{name}-{lang}", "template", name, "--lang", lang)
        yield single_command(f"doctor/{lang}", "doctor", "--lang", lang)
    for form in FORMS:
        yield single_command(f"schema/{form}", "schema", form, real=True)


def wrong_calls(samples):
    files = {
        "good.csv": samples / "canonical" / "good.csv", "good.xlsx": samples / "canonical" / "good.xlsx", "empty.csv": b"",
        "noise.bin": bytes(range(256)), "empty.xlsx": b"PK\x03\x04", "there.csv": b"mine\n",
        "mine.toml": b'name = "mine"\nnothing = 1\n',
    }  # fmt: skip
    for number, (words, lang) in enumerate(itertools.product(WRONG, LANGUAGES)):
        # By the environment: an option of the language is not known to every command.
        yield single_command(f"wrong/{number:03}-{'-'.join(words).replace('/', '_')}-{lang}", *words, files=files,
                  environment={"CALLTOOLS_LANG": lang}, real=number % 10 == 0)  # fmt: skip


def vendors(samples):
    names = sorted(path.parent.name for path in samples.glob("*/options"))
    for lang in LANGUAGES:
        yield single_command(f"vendors/list-{lang}", "vendors", "list", "--lang", lang, real=True)
        yield single_command(f"vendors/test-{lang}", "vendors", "test", "--lang", lang)
        for name in names:
            yield single_command(f"vendors/show-{name}-{lang}", "vendors", "show", name, "--lang", lang)
        made = ("vendors", "new", "export.csv", "-o", "my-pbx.toml", "--no-input", "--lang", lang)
        yield Scenario(
            f"vendors/new-{lang}",
            (
                Step(made),
                Step((*made, *ANSWERS, "--force")),
                Step((*made, *ANSWERS)),
                Step(("vendors", "test", "my-pbx.toml", "--lang", lang)),
                Step(("vendors", "show", "my-pbx.toml", "--lang", lang)),
                Step(("convert", "export.csv", "--vendor", "my-pbx.toml", "--timezone", "Europe/Moscow", "--static-call", "1",
                      "--region", "RU", "--lang", lang)),
            ),
            {"export.csv": UNKNOWN.encode()},
        )  # fmt: skip
    for name in names:
        (export,) = (samples / name).glob("export.*")
        yield single_command(f"vendors/new-{name}", "vendors", "new", export.name, "--no-input", "--lang", "en", "-o", "mine.toml",
                  files={export.name: export})  # fmt: skip


def configuration(samples):
    good = samples / "canonical" / "good.csv"
    for label, settings in (
        ("none", None), ("good", SETTINGS), ("unknown-key", 'timezon = "Europe/Moscow"\n'), ("wrong-value", "region = 7\n"),
        ("no-toml", "= =\n"),
    ):  # fmt: skip
        files = {"crm/calls.csv": good} | ({} if settings is None else {"calltools.toml": settings.encode()})
        for lang in LANGUAGES:
            shown = ("config", "show", "--lang", lang)
            yield Scenario(
                f"config/{label}-{lang}",
                (
                    Step(shown),
                    Step((*shown, "--origin")),
                    Step((*shown, "--origin", "crm/calls.csv"), environment={"CALLTOOLS_REGION": "KZ"}),
                    Step(("validate", "crm/calls.csv", "--as-of", AS_OF, "--lang", lang)),
                ),
                files,
            )
