"""Programs that tests need, from Debian's packages: installed when they are not there."""

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path


def find_program(*names, packages):
    """The path of a program, by the first of its names that is found."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None and shutil.which("apt-get") and os.geteuid() == 0:
        with _alone():
            # Another process may have installed it meanwhile.
            found = next(filter(None, map(shutil.which, names)), None)
            if found is None:
                _apt("update", "-qq")
                _apt("install", "-y", "-qq", "--no-install-recommends", *packages)
                found = next(filter(None, map(shutil.which, names)), None)
    assert found, f"these tests need {names[0]}: apt-get install {' '.join(packages)}"
    return found


@contextmanager
def _alone():
    """Wait until no other process of the suite installs: apt-get refuses to run twice at once."""
    import fcntl  # noqa: PLC0415 - where there is apt-get

    with (Path(tempfile.gettempdir()) / "calltools-tests-apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _apt(*arguments):
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", *arguments], check=True, stdout=subprocess.DEVNULL, env=environment)
