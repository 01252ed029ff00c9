"""The service of the two computers: in this process, or another process; and how a run of a computer is killed there."""

import os
import sys
import traceback

from calltools.metrica.client import Client
from calltools.metrica.connection import ConnectionOptions, RetryPolicy, Timeouts
from calltools.metrica.token import Token
from tests.fake_metrica.control import call_control
from tests.fake_metrica.in_process import InProcessTransport
from tests.fake_metrica.server import FakeMetrica
from tests.fake_metrica.store import Uploading
from tests.uploading.kills import SuddenEnd, kill_at_step

RETRY_POLICY = RetryPolicy(attempts=2, initial_wait_s=0, max_wait_s=0, max_requested_wait_s=0)
TIMEOUTS = Timeouts(post_total=20, get_total=20)


def create_client(url, token, transport=None):
    options = ConnectionOptions(url, timeouts=TIMEOUTS, retry_policy=RETRY_POLICY)
    return Client(Token(token), options, transport=transport)


class EndingTransport(InProcessTransport):
    """A request and its answer are steps at which a run may end; after its end nothing of it arrives."""

    def handle_request(self, request):
        end = self.service.end
        if end is not None:
            end.begun = end.begun or request.method == "POST"
            end.count_step()
        response = super().handle_request(request)
        if end is not None:
            end.count_step()
        return response


class ServiceInProcess(FakeMetrica):
    """The service in this process, without sockets; a run is killed by ``SuddenEnd``."""

    validates = False

    def __init__(self):
        super().__init__(listens=False, step_seconds=0.02)
        self.end = None
        self.client = create_client(self.url, "in-process", EndingTransport(self))

    def begin_anew(self):
        """Forget all uploadings."""
        self.behave_well()
        for kept in (self.store.uploadings, self.store.files, self.requests):
            kept.clear()
        self.store.ahead = 0.0

    @property
    def ahead(self):
        """Seconds by which the clock was advanced."""
        return self.store.ahead

    def advance(self, seconds):
        self.store.advance(seconds)

    def uploadings(self):
        return self.store.uploadings

    def run_killed(self, action, folder, count, since):
        """Run an action until it is killed at a step."""
        self.end = SuddenEnd(folder, count, begun=since == "start")
        try:
            return self.end.run(action)
        finally:
            self.end = None


class ServiceOnLoopback:
    """The service as a process of its own, at ``CALLTOOLS_API_URL``; what may be killed runs in a fork."""

    validates = True

    def __init__(self):
        self.client = create_client(os.environ["CALLTOOLS_API_URL"], os.environ["CALLTOOLS_TOKEN"])
        self.ahead = 0.0

    def begin_anew(self):
        """Forget all uploadings."""
        self.behave_well()
        call_control("clear")
        self.advance(-self.ahead)

    def behave(self, name, times=None, *, only):
        call_control(f"behave?name={name}&only={only}{'' if times is None else f'&times={times}'}")

    def behave_well(self):
        call_control("behave-well")

    def advance(self, seconds):
        self.ahead += seconds
        call_control(f"advance?seconds={seconds}")

    def uploadings(self):
        state = call_control("state")
        self.ahead = state["ahead"]
        return [Uploading(**fields) for fields in state["uploadings"]]

    def run_killed(self, action, _folder, count, since):
        """Run an action in a fork that is killed at a step; what it learned is lost."""
        child = os.fork()
        if not child:
            code = 70
            kill_at_step(count, {"start": "open", "post": "getaddrinfo"}[since])
            try:
                code = action()
            except BaseException:  # noqa: BLE001 - a fork must not return into the machine
                traceback.print_exc()
            finally:
                sys.setprofile(None)
                os._exit(code)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
