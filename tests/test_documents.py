"""The documents are true: tables are fresh, commands and options exist, and all that exist are documented."""

import os
import re
import shlex
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from calltools.cli import document_tables
from calltools.cli.app import app
from calltools.reports import REPORTERS
from calltools.rules.catalog import RULES
from calltools.vendors import profile_library
from calltools.vendors.profile import build_profile_schema

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
TABLED = [ROOT / "RULES.md", ROOT / "VENDORS.md"]
DOCUMENTS = [
    README,
    ROOT / "README.ru.md",
    ROOT / "CI.md",
    ROOT / "INPUTS.md",
    ROOT / "UPLOAD.md",
    ROOT / "calltools" / "SECOND_FILES.md",
    ROOT / "calltools" / "JOBS.md",
    *TABLED,
    *(ROOT / folder / "README.md" for folder in ("schemas", "samples", "calltools", "benchmarks", "benchmarks/peers")),
]
#: Documents that name paths of this repository: of the whole, of the package, or of the document's own folder.
MAPS = [
    *DOCUMENTS,
    ROOT / "CONTRIBUTING.md",
    ROOT / "tests" / "README.md",
    *sorted((ROOT / "calltools").glob("*/**/*.md")),
]
#: A folder, a module, or a file in a folder.
PATH = re.compile(r"[\w.-]+/(?:[\w.-]+/?)*|\w+\.py")
#: Stand for any name: `files/x.py`, `samples/NAME/`.
PLACEHOLDERS = {"x", "NAME"}
#: The folder of a user's project.
ELSEWHERE = {"calltools-vendors/"}


def blocks(path):
    """Console lines of a document, without their comments."""
    text = path.read_text(encoding="utf-8")
    found = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    return [line[2:] for block in found for line in block.splitlines() if line.startswith("$ ")]


COMMANDS = [
    pytest.param(line, id=f"{path.relative_to(ROOT)}: {line[:60]}")
    for path in DOCUMENTS
    for line in blocks(path)
    if line.startswith("calltools ")
]


@pytest.mark.parametrize("document", TABLED, ids=lambda path: path.name)
def test_tables_are_fresh(document):
    text = document.read_text(encoding="utf-8")
    if os.environ.get("CALLTOOLS_GOLDEN") == "rewrite":
        text = document_tables.refresh_tables(text)
        document.write_text(text, encoding="utf-8")

    assert text == document_tables.refresh_tables(text)


def test_tables_name_every_rule_and_every_vendor():
    rules, vendors = (document.read_text(encoding="utf-8") for document in TABLED)

    assert [rule.code for rule in RULES if f"| {rule.code} |" not in rules] == []
    assert [
        profile.name for profile in profile_library.load_built_in_profiles() if f"| `{profile.name}`" not in vendors
    ] == []


def test_the_readme_is_short_and_links_the_rest():
    text = README.read_text(encoding="utf-8")

    assert len(text.splitlines()) < 250
    assert [
        name
        for name in ("RULES.md", "VENDORS.md", "INPUTS.md", "UPLOAD.md", "CI.md", "CONTRIBUTING.md")
        if f"]({name})" not in text
    ] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(document):
    text = document.read_text(encoding="utf-8")

    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
        name, _, anchor = target.partition("#")
        linked = document.parent / name if name else document
        assert linked.exists(), target
        headings = re.findall(r"^#+ (.*)$", linked.read_text(encoding="utf-8"), re.MULTILINE) if anchor else []
        assert not anchor or anchor in {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}, (
            target
        )


@pytest.mark.parametrize("document", MAPS, ids=lambda path: str(path.relative_to(ROOT)))
def test_paths_in_the_text_exist(document):
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    paths = {path for path in re.findall(r"`([^`\n]+)`", text) if PATH.fullmatch(path)} - ELSEWHERE

    assert [
        path
        for path in sorted(paths)
        if not PLACEHOLDERS & set(re.split(r"[/.]", path))
        and not any((place / path).exists() for place in (ROOT, ROOT / "calltools", document.parent))
    ] == []


def test_the_picture_of_the_map_shows_the_layers_of_the_contract():
    picture = (ROOT / "calltools" / "README.md").read_text(encoding="utf-8").split("```\n")[1]
    shown = [re.split(r" {2,}", line.strip())[0] for line in picture.splitlines() if re.match(r" *[a-z_]*[a-z]", line)]
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]

    assert shown == next(contract["layers"] for contract in contracts if contract["type"] == "layers")


def test_each_room_says_what_lives_there():
    rooms = {path.parent for path in (ROOT / "calltools").glob("*/__init__.py")}

    assert {room.name for room in rooms if not (room / "README.md").exists()} == set()


@pytest.mark.parametrize("line", COMMANDS)
def test_each_command_of_the_documents_is_one(line):
    for part in line.split("|"):
        words = [word for word in shlex.split(part.split("  #")[0]) if "=" not in word[:12] or word.startswith("-")]
        command, words = get_command(app), words[1:]
        if not part.strip().startswith("calltools"):
            continue
        while words and hasattr(command, "commands") and words[0] in command.commands:
            command, words = command.commands[words[0]], words[1:]
        known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)} | {"--help"}
        unknown = [word for word in words if re.match(r"--?[a-z]", word) and word.split("=")[0] not in known]

        assert not hasattr(command, "commands") or words[:1] == ["--help"] or not words
        assert unknown == []


def test_every_command_is_in_the_readme():
    text = README.read_text(encoding="utf-8")

    assert [name for name in get_command(app).commands if f"calltools {name}" not in text] == []


def test_every_form_of_report_is_in_the_readme():
    text = README.read_text(encoding="utf-8")

    assert [form for form in REPORTERS if form not in text] == []


def test_every_word_of_a_profile_is_in_its_readme():
    text = (ROOT / "schemas" / "README.md").read_text(encoding="utf-8")
    words = set(re.findall(r"[a-z_]+", text))

    described = build_profile_schema()
    named = {name for part in (described, *described.get("$defs", {}).values()) for name in part.get("properties", {})}

    assert sorted(name for name in named if name.islower() and name not in words) == []


def leaves(command, *path):
    """Each command that does something, with the names that lead to it."""
    for name, below in getattr(command, "commands", {}).items():
        yield from leaves(below, *path, name)
    if not getattr(command, "commands", {}):
        yield path, command


@pytest.mark.parametrize(
    ("path", "command"), [pytest.param(*one, id=" ".join(one[0])) for one in leaves(get_command(app))]
)
def test_help_has_three_examples_that_parse(path, command):
    examples = [line.strip() for line in command.epilog.splitlines() if line.strip().startswith("calltools ")]

    assert len(examples) >= 3
    for example in examples:
        for part in example.split(" | "):
            program, *words = shlex.split(part.partition(" > ")[0])
            if program == "calltools" and tuple(words[: len(path)]) == path:
                command.make_context(path[-1], words[len(path) :]).close()
            else:
                assert part is not example
