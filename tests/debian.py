"""Programs that tests need, from Debian's packages: installed when they are not there."""

import os
import shutil
import subprocess


def program(*names, packages):
    """Where a program is, by the first of its names that is found."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None and shutil.which("apt-get") and os.geteuid() == 0:
        quiet = {
            "check": True,
            "stdout": subprocess.DEVNULL,
            "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        }
        subprocess.run(["apt-get", "update", "-qq"], **quiet)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], **quiet)
        found = next(filter(None, map(shutil.which, names)), None)
    assert found, f"these tests need {names[0]}: apt-get install {' '.join(packages)}"
    return found
