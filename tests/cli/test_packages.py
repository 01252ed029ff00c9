"""A package that is missing or broken where calltools is installed: one sentence with what to run, never a traceback."""

import os
import re
import shlex
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

import openpyxl
import pytest

from calltools.runtime.packages import PACKAGES, find_broken_packages
from tests.test_pipeline import GOOD, as_csv

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="needs links")]

ROOT = Path(__file__).parents[2]
BAD = as_csv([GOOD | {"DateTime": "1773100800", "PhoneNumber": "12"}])


@pytest.fixture
def install(tmp_path):
    """A Python whose packages are those of this one, but for one that is left out or left broken."""

    def make(module, init=None):
        venv.create(tmp_path / "env", symlinks=True)
        [packages] = (tmp_path / "env").glob("lib/python*/site-packages")
        for one in Path(sysconfig.get_path("purelib")).iterdir():
            if one.name not in {module, f"{module}.py"} and not (packages / one.name).exists():
                (packages / one.name).symlink_to(one)
        (packages / "calltools-source.pth").write_text(f"{ROOT}\n", encoding="utf-8")
        if init is not None:
            (packages / module).mkdir()
            (packages / module / "__init__.py").write_text(init, encoding="utf-8")
        return tmp_path / "env" / "bin" / "python"

    return make


def run(python, folder, *arguments, **variables):
    environment = {key: text for key, text in os.environ.items() if not key.startswith(("CALLTOOLS_", "PYTHON"))}
    environment |= {"CALLTOOLS_STATE_DIR": str(folder / "state"), "PYTHONIOENCODING": "utf-8", **variables}
    command = [str(python), "-m", "calltools", *map(str, arguments)]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, check=False, timeout=300, encoding="utf-8"
    )


def is_one_sentence_with(done, python, distribution):
    command = f"{shlex.quote(str(python))} -m pip install --force-reinstall --no-deps {distribution}"
    assert done.returncode == 2, done.stdout + done.stderr
    assert command in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return True


def test_every_package_that_is_required_is_looked_at():
    required = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]

    assert {re.split(r"[\[>]", one)[0] for one in required} == {*PACKAGES}
    assert list(find_broken_packages()) == []


CASES = {
    "phonenumbers": ("phonenumberslite", "calls.csv"),
    "pyarrow": ("pyarrow", "calls.csv"),
    "pandera": ("pandera", "calls.csv"),
    "pandas": ("pandas", "calls.csv"),
    "numpy": ("numpy", "calls.csv"),
    "python_calamine": ("python-calamine", "calls.xlsx"),
    "typer": ("typer", "calls.csv"),
}


@pytest.mark.parametrize("init", [None, "", "raise ImportError('the library is of another system')"])
@pytest.mark.parametrize("module", CASES)
def test_a_run_says_which_package_it_is_and_what_to_run(install, tmp_path, module, init):
    distribution, name = CASES[module]
    (tmp_path / "calls.csv").write_text(BAD, encoding="utf-8")
    book = openpyxl.Workbook()
    for line in BAD.splitlines():
        book.active.append(line.split(","))
    book.save(tmp_path / "calls.xlsx")
    python = install(module, init)

    done = run(python, tmp_path, "validate", name, "--lang", "en")

    assert is_one_sentence_with(done, python, distribution)
    assert "is damaged" not in done.stderr
    assert "Установите" in run(python, tmp_path, "validate", name, "--lang", "ru").stderr


@pytest.mark.parametrize("module", ["phonenumbers", "openpyxl", "jinja2", "xlsxwriter", "defusedxml", "typer"])
def test_doctor_sees_a_package_that_is_broken(install, tmp_path, module):
    distribution = {"phonenumbers": "phonenumberslite", "jinja2": "Jinja2", "xlsxwriter": "XlsxWriter"}.get(
        module, module
    )
    python = install(module, "")

    assert is_one_sentence_with(run(python, tmp_path, "doctor", "--lang", "en"), python, distribution)


def test_a_report_that_needs_a_broken_package_does_not_appear(install, tmp_path):
    (tmp_path / "calls.csv").write_text(BAD, encoding="utf-8")
    python = install("jinja2", "")

    done = run(python, tmp_path, "validate", "calls.csv", "--report", "report.html", "--lang", "en")

    assert is_one_sentence_with(done, python, "Jinja2")
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize("module", ["idna", "et_xmlfile"])
def test_a_part_of_a_package_that_is_missing_is_named_and_not_the_package(install, tmp_path, module):
    python = install(module)

    assert is_one_sentence_with(run(python, tmp_path, "doctor", "--lang", "en"), python, module)


def test_a_folder_that_hides_the_package_is_named(tmp_path):
    (tmp_path / "calls.csv").write_text(BAD, encoding="utf-8")
    (tmp_path / "shadow" / "phonenumbers").mkdir(parents=True)
    (tmp_path / "shadow" / "phonenumbers" / "__init__.py").touch()

    for command in (["validate", "calls.csv", "--lang", "en"], ["doctor", "--lang", "en"]):
        done = run(sys.executable, tmp_path, *command, PYTHONPATH=str(tmp_path / "shadow"))

        assert is_one_sentence_with(done, sys.executable, "phonenumberslite")
        assert str(tmp_path / "shadow" / "phonenumbers") in done.stderr
        assert "PYTHONPATH" in done.stderr
