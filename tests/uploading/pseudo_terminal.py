"""A command at a terminal: its screen, and the input of a person."""

import os
import pty
import select
import signal
import subprocess
import sys
import time

from tests.processes import AGES_S, environment_of_measured


class Terminal:
    """A process whose input and standard error are a terminal; standard output is a pipe, as behind ``| tee``."""

    def __init__(self, environment, *arguments, python=()):
        self._ours, theirs = pty.openpty()
        command = [sys.executable, *python, "-m", "calltools", *map(str, arguments)]
        self.process = subprocess.Popen(
            command, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, start_new_session=True,
            env={**os.environ, **environment_of_measured(), "TERM": "xterm", "COLUMNS": "200", **environment},
        )  # fmt: skip
        os.close(theirs)
        self.text = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        os.close(self._ours)

    def until(self, text, seconds=AGES_S):
        """Read the screen until it has shown this text."""
        end = time.monotonic() + seconds
        while text not in self.text:
            assert time.monotonic() < end, self.text
            if not self._read(0.1) and self.process.poll() is not None and not self._read(0.1):
                break
        assert text in self.text, self.text

    def type(self, text):
        os.write(self._ours, text.encode())

    def interrupt(self):
        """As Ctrl-C does."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self, seconds=AGES_S):
        """Exit code and standard output."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.text
            self._read(0.1)
        while self._read(0.1):
            continue
        return self.process.returncode, self.process.stdout.read().decode()

    def _read(self, seconds):
        if not select.select([self._ours], [], [], seconds)[0]:
            return False
        try:
            piece = os.read(self._ours, 1 << 16)
        except OSError:  # the other end is closed
            return False
        self.text += piece.decode("utf-8", "replace")
        return bool(piece)
