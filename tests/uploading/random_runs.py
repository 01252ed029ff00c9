"""Random runs of two computers: a seed chooses the steps of a run, which begins with empty ledgers.

``python -m tests.uploading.random_runs --steps 10000 --seed 1`` makes runs with the seeds 1, 2, ... until so many steps
are done, and ends with 0 when every promise held. Else it prints the seed, and the fewest steps that fail. The same
seed makes the same run.
"""

import argparse
import os
import shutil
import sys
import tempfile
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import Pool
from pathlib import Path
from random import Random
from time import monotonic

from tests.uploading.machine_services import ServiceInProcess, ServiceOnLoopback
from tests.uploading.two_computers import TwoComputers
from tests.uploading.watched_computers import LATE_LISTINGS, TAGS

#: How often a step is chosen, if it is among those of a run.
STEPS = {
    "upload": 8, "resume": 4, "list_known": 1, "decide": 4, "let_time_pass": 1, "adopt": 2, "back_up": 1, "restore": 1,
    "copy_to_other": 2, "lose": 1,
}  # fmt: skip
#: Steps after which a ledger is older than what was sent with its key.
COPYING = {"restore", "copy_to_other", "lose"}
#: What the service or a gateway does to the next upload, by how it ends for the ledger; nothing that the service alone
#: can do wrong, such as storing twice.
BEHAVIORS = {
    "waiting": ("429-late", "429-soon", "429-at-once", "429-nonsense", "429-daily"),
    "refused": ("403", "400", "partial", "terse", "none-accepted"),
    "unclear": (
        "resets-after-storing", "resets-after-body", "closes-at-once", "closes-after-storing", "500-after-storing",
        "504-after-storing", "503", "200-html", "200-empty", "200-truncated", "garbage", "gateway-403",
        "gateway-403-after-storing", "gateway-429-after-storing", "gateway-json-after-storing", "replays",
        "replays-after-storing",
    ),
}  # fmt: skip
#: What happens to the list of uploadings.
LISTINGS = ("reading-fails", "reading-resets", "reading-truncated", "list-short-pages", "clock-none")
LENGTHS = (6, 8, 10, 15, 30)
#: Seeds that a process takes at once.
BATCH = 20
PROGRESS_S = 60
#: A run is killed so many steps after its start, or after its first POST.
LATEST_KILL = {"start": 400, "post": 25}


@dataclass(frozen=True)
class Choice:
    """The choices that count for all steps of a run: few things at a time, so that rare orders of them come up."""

    random: Random
    call_count: int
    copies: bool
    tags: tuple[str, ...]
    steps: dict[str, int]
    behaviors: tuple[tuple[str, ...], ...]
    listings: tuple[str, ...]
    kills: bool

    @classmethod
    def of(cls, random):
        copies = random.random() < 0.6
        steps = [name for name in STEPS if random.random() < 0.7 and (copies or name not in COPYING)]
        return cls(
            random,
            copies=copies,
            call_count=random.choice((1, 1, 2, 3)),
            tags=TAGS[: random.choice((1, 2))],
            steps={name: STEPS[name] * random.choice((1, 3)) for name in {"upload": 0, **dict.fromkeys(steps)}},
            behaviors=tuple(random.sample(tuple(BEHAVIORS.values()), random.randrange(4))),
            listings=random.choice(
                ((), LISTINGS, LISTINGS) if copies else ((), LISTINGS, LATE_LISTINGS, LATE_LISTINGS)
            ),
            kills=random.random() < 0.5,
        )

    def step(self):
        """A step with its arguments."""
        [name] = self.random.choices(tuple(self.steps), tuple(self.steps.values()))
        return name, {argument: getattr(self, argument)() for argument in ARGUMENTS[name]}

    def host(self):
        return self.random.randrange(2)

    def calls(self):
        count = self.random.choice((1, 1, 2))
        return [(self.random.randrange(self.call_count), self.random.choice(self.tags)) for _ in range(count)]

    def again(self):
        return self.random.choice(("none",) * 6 + ("all", "changed"))

    def behavior(self):
        misbehaves = self.behaviors and self.random.random() < 0.6
        return self.random.choice(self.random.choice(self.behaviors)) if misbehaves else "well"

    def listing(self):
        return self.random.choice(self.listings) if self.listings and self.random.random() < 0.4 else "well"

    def trip(self):
        """Mostly ``None``; else the number of the step at which a run is killed, and from where it is counted."""
        if not self.kills or self.random.random() < 0.6:
            return None
        since = self.random.choice(tuple(LATEST_KILL))
        return self.random.randint(1, LATEST_KILL[since]), since

    def obeys(self):
        return self.random.random() < 0.5

    def choice(self):
        return self.random.randrange(3)

    give_up = obeys

    def copied(self):
        return self.copies and self.random.random() < 0.5

    def name(self):
        return self.random.choice(("ledger.sqlite3*", "ledger.sqlite3-wal", "spool/*"))


ARGUMENTS = {
    "upload": ("host", "calls", "again", "behavior", "listing", "trip", "obeys"),
    "resume": ("host", "behavior", "listing", "trip", "obeys"),
    "list_known": ("host", "trip"),
    "decide": ("host", "choice", "give_up", "copied", "behavior", "listing", "trip"),
    "let_time_pass": ("host", "listing"),
    "adopt": ("host", "trip"),
    "back_up": ("host",),
    "restore": ("host",),
    "copy_to_other": ("host",),
    "lose": ("host", "name"),
}


#: Rare orders with which some runs begin, by whether the run copies ledgers; what is not said goes well.
OPENINGS = {
    True: (
        # A copy sends a part that is withdrawn here.
        (("upload", {"behavior": "429-late"}), ("decide", {"give_up": True, "copied": True}), ("resume", {"host": 1})),
    ),
    False: (
        # A part is stored and not shown, sent again, and refused or put off.
        (
            ("upload", {"behavior": "closes-after-storing", "listing": "list-empty"}),
            ("decide", {"behavior": "403", "listing": "list-empty"}),
        ),
        (
            ("upload", {"behavior": "closes-after-storing", "listing": "list-empty"}),
            ("decide", {"behavior": "429-late", "listing": "list-empty"}),
            ("decide", {"give_up": True}),
        ),
        # The file of a part that waits is removed; in the second run it may have been stored.
        (("upload", {"behavior": "429-late"}), ("lose", {"name": "spool/*"}), ("resume", {})),
        (
            ("upload", {"behavior": "closes-after-storing", "listing": "list-empty"}),
            ("decide", {"behavior": "429-late", "listing": "list-empty"}),
            ("lose", {"name": "spool/*"}),
            ("resume", {"listing": "list-empty"}),
            ("upload", {"listing": "list-empty"}),
        ),
        # The process is killed after the first byte of a request, and the part is not shown.
        *(
            (("upload", {"trip": (step, "post")}), ("resume", {"listing": "list-empty"}), ("upload", {}))
            for step in range(1, LATEST_KILL["post"], 3)
        ),
    ),
}
WELL = {
    "host": 0, "calls": [(0, TAGS[0])], "again": "none", "behavior": "well", "listing": "well", "trip": None,
    "obeys": False, "choice": 0, "give_up": False, "copied": False,
}  # fmt: skip


def choose_run(seed):
    """The number of different calls, and the steps of the run with this seed."""
    random = Random(seed)  # noqa: S311 - the same for each seed
    choice = Choice.of(random)
    opening = random.choice(OPENINGS[choice.copies]) if random.random() < 0.1 else ()
    begin = [(name, {key: given.get(key, WELL.get(key)) for key in ARGUMENTS[name]}) for name, given in opening]
    return choice.call_count, begin + [choice.step() for _ in range(random.choice(LENGTHS))]


def do_run(service, call_count, steps):
    """Do the steps of a run with empty ledgers."""
    # In memory, if there is such a folder: a kill does not stop the system, so nothing here is about the disk.
    memory = Path("/dev/shm")  # noqa: S108 - a private folder in it
    folder = Path(tempfile.mkdtemp(prefix="computers-", dir=memory if os.access(memory, os.W_OK) else None))
    try:
        computers = TwoComputers(service, folder, call_count)
        for name, arguments in steps:
            computers.step(name, arguments)
        computers.check_ways_out()
    finally:
        shutil.rmtree(folder)


def find_failure(service, call_count, steps):
    """Why a run fails; empty: it does not."""
    try:
        do_run(service, call_count, steps)
    except Exception as error:  # noqa: BLE001 - whatever it is
        return f"{type(error).__name__}: {error}"
    return ""


def shorten(service, call_count, steps, tries=300):
    """Leave out steps as long as the run fails in any way."""
    size = max(1, len(steps) // 2)
    while tries > 0:
        for begin in range(0, len(steps), size):
            tries -= 1
            fewer = steps[:begin] + steps[begin + size :]
            if find_failure(service, call_count, fewer):
                steps = fewer
                break
        else:
            if size == 1:
                break
            size //= 2
    return steps


@cache
def service_of_process(loopback):
    """The service of this process; a fork makes its own."""
    return ServiceOnLoopback() if loopback else ServiceInProcess()


def do_runs(seeds, *, loopback):
    """Do the runs with some seeds; gives the number of their steps, and what is wrong with the first that fails."""
    service, done = service_of_process(loopback), 0
    for seed in seeds:
        call_count, steps = choose_run(seed)
        done += len(steps)
        if failure := find_failure(service, call_count, steps):
            return done, f"seed {seed}: {failure}\n{describe_fewest(service, call_count, steps)}"
    return done, ""


def describe_fewest(service, call_count, steps):
    fewest = shorten(service, call_count, steps)
    lines = [f"{name} {arguments}" for name, arguments in fewest]
    counts = f"{len(fewest)} of {len(steps)} steps fail with {call_count} different calls:"
    return "\n".join([counts, *lines, find_failure(service, call_count, fewest)])


def do_steps(wanted, first_seed, processes, *, loopback=False):
    """Do runs until so many steps are done; gives what is wrong. Each minute a line says how to go on from there."""
    # More than enough: each run has several steps.
    batches = (range(seed, seed + BATCH) for seed in range(first_seed, first_seed + wanted, BATCH))
    work, done, begun = partial(do_runs, loopback=loopback), 0, monotonic()
    said = begun
    with Pool(processes) if processes > 1 else nullcontext() as pool:
        # In their order, so that all seeds before the next one are done.
        for number, (steps, failure) in enumerate(pool.imap(work, batches) if pool else map(work, batches), 1):
            done += steps
            if failure or done >= wanted or monotonic() - said > PROGRESS_S:
                said = monotonic()
                pace = done / (said - begun)
                seed = first_seed + number * BATCH
                rest = f"the next: --steps {wanted - done} --seed {seed}"
                print(f"{done:,} steps, {pace:.0f} a second; {rest}", flush=True)  # noqa: T201 - for whoever waits
            if failure or done >= wanted:
                return failure
    return ""


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.uploading.random_runs", description=__doc__)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1, help="of the first run")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--loopback", action="store_true", help="with the service at CALLTOOLS_API_URL")
    options = parser.parse_args()
    sys.exit(do_steps(options.steps, options.seed, options.processes, loopback=options.loopback) or 0)


if __name__ == "__main__":
    main()
