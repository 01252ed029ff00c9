"""A job is appended to a configuration: the rest stays to the byte, and nothing is half-written."""

import os
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calltools.errors import ConfigError, OutputError, UsageError
from calltools.files.placeholders import is_job_name
from calltools.jobs.table_file import append_job

JOB = {"name": "ромашка", "inputs": ["in/*.csv"], "counter": 12, "static-call": "auto", "wait": True, "min-linked": 2.5}

BEFORE = [
    pytest.param("", id="empty"),
    pytest.param('# a comment\nregion = "RU"   # and one behind\n', id="comments"),
    pytest.param('region = "RU"', id="no line end"),
    pytest.param('region = "RU"\r\n\r\n[[overrides]]\r\nfiles = "a"\r\n', id="lines of Windows"),
    pytest.param('[[jobs]]\nname = "other"\ninputs = "x"\ncounter = 1\n', id="a job"),
]


@pytest.mark.parametrize("text", BEFORE)
def test_the_rest_of_the_file_stays_to_the_byte(tmp_path, text):
    path = tmp_path / "calltools.toml"
    path.write_bytes(text.encode())

    append_job(path, JOB)

    written = path.read_bytes()
    assert written.startswith(text.encode())
    assert tomllib.loads(written.decode())["jobs"][-1] == JOB
    assert (b"\r\n" in written) == ("\r\n" in text)
    assert written.count(b"\n") == written.count(b"\r\n") or "\r\n" not in text


def test_a_file_that_is_missing_is_made(tmp_path):
    append_job(tmp_path / "calltools.toml", JOB)

    assert tomllib.loads((tmp_path / "calltools.toml").read_text())["jobs"] == [JOB]


def test_of_a_project_it_becomes_a_table_of_the_tool(tmp_path):
    path = tmp_path / "pyproject.toml"
    path.write_text('[project]\nname = "x"\n')

    append_job(path, JOB)
    append_job(path, {**JOB, "name": "second"})

    jobs = tomllib.loads(path.read_text())["tool"]["calltools"]["jobs"]
    assert [job["name"] for job in jobs] == ["ромашка", "second"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('[[jobs]]\nname = "Ромашка"\n', id="the same name"),
        pytest.param("jobs = 4\n", id="a number of processes"),
        pytest.param('jobs = [{name = "a"}]\n', id="in brackets"),
        pytest.param("region = RU\n", id="no TOML"),
    ],
)
def test_what_cannot_take_a_job_stays_as_it_is(tmp_path, text):
    path = tmp_path / "calltools.toml"
    path.write_text(text)

    with pytest.raises(ConfigError):
        append_job(path, JOB)

    assert path.read_text() == text
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("name", ["Звонки (март)", "../up", "a/b", ".hidden", "", "end."])
def test_a_name_for_which_the_configuration_would_be_refused_is_not_written(tmp_path, name):
    with pytest.raises(UsageError, match="part of paths"):
        append_job(tmp_path / "calltools.toml", {**JOB, "name": name})

    assert [*tmp_path.iterdir()] == []


def test_a_link_and_the_rights_of_the_file_stay(tmp_path):
    path, link = tmp_path / "real.toml", tmp_path / "calltools.toml"
    path.write_text('region = "RU"\n')
    path.chmod(0o640)
    link.symlink_to(path)

    append_job(link, JOB)

    assert link.is_symlink()
    assert "ромашка" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_folder_that_cannot_be_written_leaves_the_file(tmp_path):
    with pytest.raises(OutputError):
        append_job(tmp_path / "nowhere" / "calltools.toml", JOB)

    assert [*tmp_path.iterdir()] == []


@pytest.mark.skipif(os.name != "posix", reason="texts of other systems")
@given(
    st.from_regex(r"\w[\w .-]{0,20}\w", fullmatch=True).filter(is_job_name),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_every_text_comes_back(tmp_path_factory, name, value):
    path = tmp_path_factory.mktemp("job") / "calltools.toml"

    append_job(path, {"name": name, "inputs": [value], "goal": value})

    assert tomllib.loads(path.read_bytes().decode())["jobs"] == [{"name": name, "inputs": [value], "goal": value}]


def test_a_key_of_another_tool_is_none_of_its_business(tmp_path):
    path = tmp_path / "pyproject.toml"
    path.write_text("[tool.pylint.main]\njobs = 4\n")

    append_job(path, JOB)
    append_job(path, {**JOB, "name": "second"})

    document = tomllib.loads(path.read_text())
    assert [job["name"] for job in document["tool"]["calltools"]["jobs"]] == ["ромашка", "second"]
    assert document["tool"]["pylint"]["main"] == {"jobs": 4}
