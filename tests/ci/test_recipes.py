"""The recipes of CI.md use names that exist."""

import re
import tomllib
from pathlib import Path

import yaml

from calltools.cli.configuration.keys import option_keys
from calltools.settings import variable_name

ROOT = Path(__file__).parent.parent.parent
RECIPES = (ROOT / "CI.md").read_text(encoding="utf-8")
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", RECIPES, re.DOTALL)]
PRE_COMMIT, GITHUB, GITLAB = BLOCKS


def test_hooks_are_there():
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))

    assert [hook["id"] for hook in PRE_COMMIT["repos"][0]["hooks"]] == [hook["id"] for hook in hooks]


def test_inputs_are_those_of_the_action():
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    (step,) = [step for step in GITHUB["jobs"]["calls"]["steps"] if "calltools" in step["uses"]]

    assert step["with"].keys() <= action["inputs"].keys()


def test_variables_are_options():
    template = yaml.safe_load((ROOT / ".gitlab" / "calltools.yml").read_text(encoding="utf-8"))
    allowed = {variable_name(name) for name in option_keys()} | template["variables"].keys()

    assert GITLAB["variables"].keys() <= allowed
    assert GITLAB["include"][0]["remote"].endswith("/.gitlab/calltools.yml")


def test_recipes_and_template_name_this_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    template = (ROOT / ".gitlab" / "calltools.yml").read_text(encoding="utf-8")

    named = re.findall(r"calltools/calltools(?:@|/|/archive/refs/tags/|\n +rev: )v([0-9.]+[0-9])", RECIPES + template)

    assert named == [version] * 4
