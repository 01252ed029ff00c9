"""Jobs whose inputs are at an address: they are copied once, remembered, and never moved."""

import pytest

from tests.jobs.conftest import JOB, stored
from tests.test_remote import BUCKET, s3, store  # noqa: F401 - fixtures
from tests.uploading.conftest import HEADER, call_line

REMOTE = JOB.replace("in/*.csv", f"s3://{BUCKET}/exports/*.csv")


@pytest.fixture
def calls(s3):  # noqa: F811 - the fixture
    """Puts calls into the store."""

    def put(*numbers):
        text = "\n".join([HEADER, *map(call_line, numbers)]) + "\n"
        s3.pipe_file(f"{BUCKET}/exports/calls.csv", text.encode())

    return put


def test_an_address_is_taken_when_it_changes(project, run_jobs, service, calls):
    project.configure(REMOTE.replace('archive = "archive/"', ""))
    calls(1, 2)
    first, second = run_jobs(), run_jobs()
    calls(1, 2, 3)

    third = run_jobs()

    assert first.exit_code == 0, first.output
    assert [one.jobs["romashka"]["sent"] for one in (first, second, third)] == [2, 0, 1]
    assert second.jobs["romashka"]["inputs"][0]["state"] == "unchanged"
    assert stored(service) != {}
    assert set(stored(service).values()) == {1}


def test_what_is_at_an_address_cannot_be_moved(project, run_jobs, service, calls):
    project.configure(REMOTE)
    calls(1)

    result = run_jobs()

    assert result.exit_code == 2
    assert "cannot be moved" in result.stderr
    assert stored(service) == {}


@pytest.mark.parametrize("key", ["rejects", "archive"])
def test_rejects_and_archive_are_on_this_machine(project, run_jobs, service, key):
    project.configure(JOB.replace(f'{key} = "{key}/"', f'{key} = "s3://{BUCKET}/{key}/"'))
    project.add_input()

    result = run_jobs()

    assert result.exit_code == 2
    assert "local path" in result.stderr
    assert stored(service) == {}
