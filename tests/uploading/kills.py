"""A run is killed at one of its steps: the moment before or after a call into the system, the network or SQLite."""

import os
import shutil
import signal
import sys

TRACED_CALLS = {"execute", "executemany", "fsync", "replace", "rename", "unlink", "link", "mkdir", "open", "write", "flock", "close",
           "getaddrinfo", "connect", "send", "sendall", "recv", "recv_into", "shutdown"}  # fmt: skip
KILLED = -int(signal.SIGKILL)


def kill_at_step(count, since="open"):
    """Kill this process at the step with this number, counted from the first call that is named ``since``."""
    left, begun = count, False

    def step(_frame, event, function):
        nonlocal left, begun
        if event in {"c_call", "c_return"} and function.__name__ in TRACED_CALLS:
            begun = begun or function.__name__ == since
            left -= begun
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(step)


class SuddenEndError(BaseException):
    """A run in this process has ended as if it were killed. What it does after that counts for nothing."""


class SuddenEnd:
    """Ends a run in this process at a step, and leaves the files that SIGKILL would have left.

    What a killed process leaves is what it has given to the system, so the folder is copied at that step. The run then
    ends by an exception, and whatever it writes on its way out is replaced by the copy.

    Attributes:
        begun: Whether steps are counted.
        come: Whether the end has come: from then on the service must hear nothing of the run.
    """

    def __init__(self, folder, count, *, begun):
        self.folder, self.left, self.begun, self.come = folder, count, begun, False
        self._copy = folder.with_name(f"{folder.name}-killed")

    def count_step(self):
        """Count one step; it may be the last."""
        self.left -= self.begun
        if not self.left and not self.come:
            sys.setprofile(None)
            self.come = True
            shutil.copytree(self.folder, self._copy)
        if self.come:
            raise SuddenEndError

    def run(self, action):
        """Run until the end comes; gives the exit code of the action, or that of a killed process."""
        sys.setprofile(self._trace)
        try:
            code = action()
        except SuddenEndError:
            code = KILLED
        finally:
            sys.setprofile(None)
            if self.come:
                shutil.rmtree(self.folder)
                self._copy.rename(self.folder)
        return KILLED if self.come else code

    def _trace(self, _frame, event, function):
        if event in {"c_call", "c_return"} and function.__name__ in TRACED_CALLS:
            self.count_step()
