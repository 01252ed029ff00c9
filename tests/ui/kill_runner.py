"""Serves pages that are killed at a step of a POST. Each page is a fork of this process, which has loaded everything.

A line of JSON says what to serve: ``files``, ``folder`` (the working folder), ``environment``, ``since`` and ``step``. Steps are those of
``tests.uploading.kills`` in all threads, counted from the first call of the function of the page that is named ``since``;
step 0 kills nothing. The answers are lines: the address, and at the end the exit code with the number of steps.
"""

import itertools
import json
import os
import signal
import sys
import threading

import calltools.ui.server
from calltools.files.folders import find_files
from calltools.run import RunOptions
from calltools.validation.validator import load_pandera
from tests.uploading.kills import TRACED_CALLS


class Steps:
    """Counts the steps of a process; the one with the number ``last`` is its end."""

    def __init__(self, since, last):
        self.since, self.last, self.begun = since, last, False
        # One call, so that no other thread counts between a step and the look at its number.
        self._numbers = itertools.count(1)

    def watch(self):
        threading.setprofile(self._trace)
        sys.setprofile(self._trace)

    @property
    def count(self):
        return next(self._numbers) - 1

    def _trace(self, frame, event, function):
        if event == "call":
            self.begun = self.begun or (
                frame.f_code.co_name == self.since and "/calltools/ui/" in frame.f_code.co_filename
            )
        elif (
            self.begun
            and event in {"c_call", "c_return"}
            and function.__name__ in TRACED_CALLS
            and next(self._numbers) == self.last
        ):
            os.kill(os.getpid(), signal.SIGKILL)


def say(**facts):
    os.write(1, json.dumps(facts).encode() + b"\n")


def serve(order):
    os.chdir(order["folder"])
    os.environ.update(order["environment"])
    steps = Steps(order["since"], order["step"])
    with calltools.ui.server.open_page(
        find_files(order["files"]).files, RunOptions(as_of=order["as_of"]), may_fork=True
    ) as page:
        steps.watch()
        say(address=page.address)
        page.serve()
    sys.setprofile(None)
    say(steps=steps.count)


def main():
    load_pandera()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            code = 70
            try:
                serve(json.loads(line))
                code = 0
            finally:
                os._exit(code)
        say(code=os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    main()
