"""The page for users is true: its configuration is one, it names every key, and its shell lines do what it says."""

import re
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

from calltools.cli.configuration.file import find_config
from calltools.cli.configuration.job_tables import JOB_OPTIONS, OWN_KEYS
from calltools.cli.options import ReadingOptions
from calltools.jobs.definition import DATE, JOB

PAGE = (Path(__file__).parents[2] / "calltools" / "JOBS.md").read_text(encoding="utf-8")


def test_its_configuration_is_one(tmp_path):
    [text] = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "calltools.toml").write_text(text, encoding="utf-8")

    assert [job.name for job in find_config(tmp_path).jobs] == ["romashka", "vasilek"]


def test_it_names_every_key_of_a_job():
    table = PAGE.partition("## What a job may say")[2].partition("\n## ")[0]
    # Those of reading are the options of ``convert``.
    reading = {option.name for option in fields(ReadingOptions)}
    keys = {*OWN_KEYS, *(option.replace("_", "-") for option in JOB_OPTIONS - reading)}

    assert [key for key in sorted(keys) if f"`{key}`" not in table] == []
    assert JOB in table
    assert DATE in table


@pytest.mark.parametrize(("code", "ends"), [(0, 0), (1, 0), (2, 1), (4, 1), (6, 1)])
def test_its_line_for_airflow_takes_findings_for_done(code, ends):
    [line] = re.findall(r'bash_command="(.*?)"', PAGE)

    done = subprocess.run(
        ["bash", "-c", re.sub(r"calltools run [^|]*", f"(exit {code}) ", line)], capture_output=True, check=False
    )

    assert done.returncode == ends
