"""What is to be run: a scenario is a folder with files and the commands that are run in it, one after another."""

from dataclasses import dataclass, field
from pathlib import Path

AS_OF = "2026-03-12T00:00:00Z"
LANGUAGES = ("en", "ru")
FORMATS = ("text", "concise", "json", "jsonl", "csv", "github", "gitlab", "sarif", "junit", "rdjson", "markdown")
ENDINGS = (".html", ".xlsx", ".json", ".jsonl", ".csv", ".sarif", ".xml", ".md", ".rdjson", ".gitlab.json")


@dataclass(frozen=True)
class Step:
    """One command.

    Attributes:
        words: Its arguments; paths are relative to the folder of the scenario.
        stdin: A file of the folder that is its standard input; empty: nothing.
        environment: Variables besides those that every command has.
        real: Started as a person starts it, by the console script; otherwise run in a fork, which is ten times faster.
        before: What happens to the loopback service first: ``("behave", name, times)``, ``("advance", seconds)``,
            ``("behave_well",)``, ``("refuse",)``, ``("listen_again",)``.
    """

    words: tuple[str, ...]
    stdin: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    real: bool = False
    before: tuple[tuple, ...] = ()


@dataclass(frozen=True)
class Scenario:
    """Commands that share a folder.

    Attributes:
        name: Unique, readable; the key of the recording.
        steps: In this order.
        files: What lies in the folder at first: path in it -> a file to copy, or the content.
        service: Arguments of the loopback service that runs beside it; ``None``: there is none.
    """

    name: str
    steps: tuple[Step, ...]
    files: dict[str, Path | bytes] = field(default_factory=dict)
    service: dict | None = None


def single_command(name, *words, files=None, **more):
    """A scenario of one command."""
    return Scenario(name, (Step(tuple(words), **more),), files or {})
