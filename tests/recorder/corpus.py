"""The scenarios of files that lie in the repository: samples, broken samples."""

import shlex
from pathlib import Path

from tests.recorder.plan import AS_OF, ENDINGS, FORMATS, LANGUAGES, Scenario, Step, one

ROOT = Path(__file__).parent.parent.parent
SAMPLES = ROOT / "samples"
COMMANDS = ("validate", "convert")


def samples():
    """Each export of a vendor with its options -> scenarios."""
    for options in sorted(SAMPLES.glob("*/options")):
        (export,) = options.parent.glob("export.*")
        words = (*shlex.split(options.read_text(encoding="utf-8")), "--as-of", AS_OF)
        yield from forms(f"samples/{export.parent.name}", export, words)


def forms(name, export, words):
    """A file in every form of output, both commands, both languages."""
    files = {export.name: export}
    for command in COMMANDS:
        for lang in LANGUAGES:
            for form in FORMATS:
                yield one(
                    f"{name}/{command}-{form}-{lang}", command, export.name, *words, "--output-format", form, "--lang", lang,
                    files=files,
                )  # fmt: skip


def whole():
    return [*samples()]
