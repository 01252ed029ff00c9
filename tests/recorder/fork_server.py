"""Runs calltools commands, each in a fork of one process that has everything loaded: a tenth of the time of a start.

``python -P fork_server.py`` by the interpreter of the checkout under test. It reads one JSON order a line and answers with
one JSON line each. It starts calltools by its console script alone, so it works for an older checkout, too.
"""

import importlib
import importlib.metadata
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path


def run(entry, order):
    """The exit code of one command in a fork; the order names the files of its streams."""
    child = os.fork()
    if not child:
        try:
            become(entry, order)
        finally:
            os._exit(70)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def become(entry, order):
    """Be the command: its folder, environment, streams and arguments; the console script ends the process."""
    # The system ends a command that hangs.
    signal.alarm(order["seconds"])
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    for number, name, flags in (
        (0, "stdin", os.O_RDONLY),
        (1, "stdout", os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, "stderr", os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        opened = os.open(order[name], flags, 0o644)
        os.dup2(opened, number)
        os.close(opened)
    # The streams of the server are on the same descriptors, with the encoding of its own start.
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - for as long as the process lives
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - as above
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115 - as above
    sys.argv = ["calltools", *order["words"]]
    if listing := order.get("modules"):
        import atexit  # noqa: PLC0415 - in a warm-up only

        atexit.register(list_modules, listing)
    sys.exit(entry())


def list_modules(path):
    Path(path).write_text("\n".join(list(sys.modules)), encoding="utf-8")


def load(entry, orders):
    """Load the modules that commands load, as recorded in a first run."""
    for order in orders:
        run(entry, order)
        for name in Path(order["modules"]).read_text(encoding="utf-8").splitlines():
            # Some are in the list only: a library has added them by hand.
            with suppress(ImportError):
                importlib.import_module(name)


def places():
    """Folders that differ from one checkout to another, and the placeholder of each in a recording."""
    package = importlib.import_module("calltools").__file__
    return {str(Path(package).parent.parent): "<checkout>", sys.prefix: "<environment>"}


def main():
    (script,) = importlib.metadata.entry_points(group="console_scripts", name="calltools")
    entry = script.load()
    for line in sys.stdin:
        order = json.loads(line)
        if "load" in order:
            load(entry, order["load"])
            print(json.dumps(places()), flush=True)  # noqa: T201 - the answer
        else:
            print(json.dumps({"code": run(entry, order)}), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
