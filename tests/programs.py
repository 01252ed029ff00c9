"""Programs that tests need, from Debian's packages: installed when they are not there."""

import os
import shutil
import subprocess


def find_program(*names, packages):
    """The path of a program, by the first of its names that is found."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None and shutil.which("apt-get") and os.geteuid() == 0:
        _apt("update", "-qq")
        _apt("install", "-y", "-qq", "--no-install-recommends", *packages)
        found = next(filter(None, map(shutil.which, names)), None)
    assert found, f"these tests need {names[0]}: apt-get install {' '.join(packages)}"
    return found


def _apt(*arguments):
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", *arguments], check=True, stdout=subprocess.DEVNULL, env=environment)
