"""The GitLab template: its script as a job runs it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from defusedxml.ElementTree import fromstring

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
TEMPLATE = yaml.safe_load((ROOT / ".gitlab" / "calltools.yml").read_text(encoding="utf-8"))
JOB = TEMPLATE["calltools"]


@pytest.fixture
def job(tmp_path):
    """Runs the job's script in a folder with two samples and gives its exit code and log."""
    (tmp_path / "calls").mkdir()
    for name in ("whole-file.csv", "header.csv"):
        shutil.copy(ROOT / "samples" / "broken" / name, tmp_path / "calls" / name)

    def run(**variables):
        inherited = {name: text for name, text in os.environ.items() if not name.startswith(("CALLTOOLS_", "GITHUB_"))}
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environ = inherited | TEMPLATE["variables"] | variables | {"PATH": programs, "LANG": "C.UTF-8"}
        script = "set -eo pipefail\n" + "\n".join(JOB["script"])
        done = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    return run


def test_the_job_fails_for_findings_and_leaves_what_gitlab_collects(job, tmp_path):
    code, log = job(CALLTOOLS_FILES="calls/whole-file.csv", CALLTOOLS_AS_OF="2026-03-12T00:00:00Z")

    reports = JOB["artifacts"]["reports"]
    quality = json.loads((tmp_path / reports["codequality"]).read_text(encoding="utf-8"))
    suites = fromstring((tmp_path / reports["junit"]).read_bytes())
    (page,) = JOB["artifacts"]["paths"]
    assert code == 1
    assert "calls/whole-file.csv:9 CT301 error" in log
    assert {one["location"]["path"] for one in quality} == {"calls/whole-file.csv"}
    assert ("identifier-missing", 9) in {(one["check_name"], one["location"]["lines"]["begin"]) for one in quality}
    assert int(suites[0].get("failures")) == 1
    assert (tmp_path / page).stat().st_size > 1000


def test_files_are_several_and_reports_of_an_earlier_job_are_replaced(job, tmp_path):
    job(CALLTOOLS_FILES="calls/header.csv")

    code, log = job(
        CALLTOOLS_FILES="calls/wh*.csv calls/header.csv", CALLTOOLS_SELECT="CT304", CALLTOOLS_FAIL_ON="note"
    )

    assert code == 1
    assert "CT304" in log
    suites = fromstring((tmp_path / JOB["artifacts"]["reports"]["junit"]).read_bytes())
    assert len(suites) == 2
