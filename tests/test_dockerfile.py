"""The Dockerfile: its instructions parse, what it copies is there, its user is not root, and it holds no secret."""

import re
import shlex
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
#: Those of https://docs.docker.com/reference/dockerfile/ that a file like ours may need.
INSTRUCTIONS = {
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "LABEL",
    "RUN",
    "USER",
    "VOLUME",
    "WORKDIR",
}
SECRET = re.compile(r"token|secret|password|y0_|AQAAAA", re.IGNORECASE)


def instructions():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    return [tuple(line.split(maxsplit=1)) for line in joined.splitlines()]


def test_instructions_parse_and_begin_with_a_python_that_is_supported():
    found = instructions()

    assert {word for word, _ in found} <= INSTRUCTIONS
    assert all(shlex.split(rest) for _, rest in found)
    assert found[0][0] == "FROM"
    python = re.fullmatch(r"python:3\.(\d+)-slim", found[0][1])
    least = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert int(python[1]) >= int(re.search(r"3\.(\d+)", least)[1])


def test_what_is_copied_is_there_and_is_all_that_a_build_needs():
    copied = [shlex.split(rest)[:-1] for word, rest in instructions() if word == "COPY"]

    assert all((ROOT / name).exists() for names in copied for name in names)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {"pyproject.toml", project["project"]["readme"], *wheel["packages"], *wheel["force-include"]}
    assert needed <= {name for names in copied for name in names}


def test_extras_exist():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = re.findall(r"/src\[([a-z,]+)\]", (ROOT / "Dockerfile").read_text())

    assert named
    assert {extra for each in named for extra in each.split(",")} <= {*extras}


def test_the_user_is_not_root_and_there_is_no_secret():
    found = instructions()
    [user] = [rest for word, rest in found if word == "USER"]
    places = [place for place, (word, _) in enumerate(found) if word in {"ENTRYPOINT", "CMD"}]

    assert user.strip() not in {"root", "0"}
    assert [word for word, _ in found].index("USER") < min(places)
    assert [rest for _, rest in found if SECRET.search(rest)] == []
