"""Run scenarios and record the results of each command."""

import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
from contextlib import ExitStack, closing, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path

from tests.fake_metrica.server import FakeMetrica
from tests.recorder.content import Normalizer, read_content

SERVER = Path(__file__).with_name("fork_server.py")
TOKEN = "y0_C4naryTokenAbc-123"  # noqa: S105 - invented
SECONDS = 120
#: Loaded once, before the first fork: commands that together load everything.
WARM_UP = (
    ("validate", "good.csv", "--report", "r.html", "--report", "r.xlsx", "--report", "r.xml"),
    ("convert", "good.xlsx", "-o", "out.csv", "--rejects", "rejects.csv"),
    ("upload", "good.csv", "--counter", "1", "--plan"),
    ("uploads", "list"),
    ("vendors", "test"),
    ("doctor",),
    ("template", "t.xlsx"),
)


class Runner:
    """One fork server of a checkout, and the folders of its commands."""

    def __init__(self, python, scratch, samples):
        self._python, self._scratch = python, scratch
        self._server = subprocess.Popen(
            [python, "-P", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8",
        )  # fmt: skip
        folder = Path(tempfile.mkdtemp(prefix="warm-", dir=scratch))
        for name in ("good.csv", "good.xlsx"):
            shutil.copy(samples / "canonical" / name, folder)
        orders = [
            {**self._order(folder, words, environment_of(folder), os.devnull), "modules": str(folder / "modules")}
            for words in WARM_UP
        ]
        self.places = self._ask({"load": orders})

    def close(self):
        self._server.stdin.close()
        self._server.stdout.close()
        self._server.wait()

    def record(self, scenario, number):
        """One record a step, as a mapping."""
        root = self._scratch / f"{number:05}"
        folder = root / "run"
        folder.mkdir(parents=True)
        for name, content in scenario.files.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content if isinstance(content, bytes) else content.read_bytes())
        with ExitStack() as stack:
            service = None
            if scenario.service is not None:
                service = stack.enter_context(FakeMetrica(token=TOKEN, **scenario.service))
            normalizer = Normalizer({str(root): "<root>", **self.places}, service and service.port)
            before_step = snapshot(root, normalizer)
            records = []
            for position, step in enumerate(scenario.steps):
                record, before_step = self._step(step, root, service, (normalizer, before_step))
                records.append({"id": f"{scenario.name}#{position}", **record})
        shutil.rmtree(root)
        return records

    def _step(self, step, root, service, before):
        normalizer, before_step = before
        folder = root / "run"
        for name, *arguments in step.before:
            if name == "advance":
                service.store.advance(*arguments)
            else:
                getattr(service, name)(*arguments)
        environment = {**environment_of(root), **step.environment}
        if service is not None:
            environment = {"CALLTOOLS_API_URL": service.url, "CALLTOOLS_TOKEN": TOKEN, **environment}
        stdin = str(folder / step.stdin) if step.stdin else os.devnull
        order = self._order(root, step.words, environment, stdin)
        code = real(self._python, order) if step.real else self._ask(order)["code"]
        streams = {name: normalizer.text(Path(order[name]).read_bytes()) for name in ("stdout", "stderr")}
        after = snapshot(root, normalizer)
        if service is not None:
            after["<service>"] = json.dumps(requests_and_uploads(service, normalizer), ensure_ascii=False, indent=1)
        changed = {name: content for name, content in after.items() if before_step.get(name) != content}
        removed = dict.fromkeys(sorted(before_step.keys() - after.keys()), "<removed>")
        command = {"argv": list(step.words), "environment": step.environment, "stdin": step.stdin, "real": step.real}
        return {**command, "code": code, **streams, "files": {**changed, **removed}}, after

    @staticmethod
    def _order(root, words, environment, stdin):
        folder = root / "run" if (root / "run").is_dir() else root
        return {
            "folder": str(folder), "words": list(words), "environment": environment, "stdin": stdin,
            "stdout": str(root / "stdout"), "stderr": str(root / "stderr"), "seconds": SECONDS,
        }  # fmt: skip

    def _ask(self, order):
        self._server.stdin.write(json.dumps(order) + "\n")
        self._server.stdin.flush()
        return json.loads(self._server.stdout.readline())


def environment_of(root):
    """The whole environment of a command: nothing of this machine but the search path."""
    return {
        "PATH": os.environ["PATH"], "HOME": str(root / "home"), "LANG": "C.UTF-8", "TZ": "UTC",
        "CALLTOOLS_STATE_DIR": str(root / "state"),
    }  # fmt: skip


def real(python, order):
    """The exit code of a command that is started by the console script."""
    script = Path(python).with_name("calltools")
    with open(order["stdin"], "rb") as stdin, open(order["stdout"], "wb") as out, open(order["stderr"], "wb") as err:  # noqa: PTH123 - os.devnull among them
        return subprocess.run(
            [script, *order["words"]], cwd=order["folder"], env=order["environment"],
            stdin=stdin, stdout=out, stderr=err, timeout=order["seconds"], check=False,
        ).returncode  # fmt: skip


def snapshot(root, normalizer):
    """Every file under the folder and the state folder of a scenario -> its content in a form that can be compared."""
    paths = sorted(path for name in ("run", "state", "home") for path in (root / name).rglob("*") if path.is_file())
    return {normalizer.name(path.relative_to(root)): read_content(path, normalizer) for path in paths}


def requests_and_uploads(service, normalizer):
    """Requests at the service: uploads in their order, and the distinct readings.

    The number of requests for a state depends on how fast the machine is.
    """
    plain = [json.dumps(one, sort_keys=True) for one in service.requests if one["method"] != "POST"]
    readings = [json.loads(text) for text in sorted(set(plain))]
    stored = [{key: value for key, value in asdict(one).items() if key not in {"stored", "created"}}
              for one in service.store.uploadings]  # fmt: skip
    return json.loads(
        normalizer.text(json.dumps({"posts": service.posts, "readings": readings, "stored": stored}).encode())
    )


def work(new_runner, entries, finished):
    """The body of a thread: take scenarios until none is left; return the number and the records of each, or the exception."""
    try:
        with closing(new_runner()) as runner, suppress(queue.Empty):
            while True:
                number, scenario = entries.get_nowait()
                finished.put((number, runner.record(scenario, number)))
    except BaseException as fault:
        finished.put((None, fault))
        raise


def record_all(python, scenarios, samples, jobs, write):
    """Run all scenarios, some at a time; ``write`` gets the records in the order of the scenarios.

    Those with a service wait most of the time, for a retry or for a state: as many workers again take them.
    """
    working, waiting, finished = queue.SimpleQueue(), queue.SimpleQueue(), queue.SimpleQueue()
    for entry in enumerate(scenarios):
        (working if entry[1].service is None else waiting).put(entry)
    with tempfile.TemporaryDirectory(prefix="recorder-") as folder:
        for entries in [working, waiting] * jobs:
            if not entries.empty():
                arguments = (partial(Runner, python, Path(folder), samples), entries, finished)
                threading.Thread(target=work, args=arguments, daemon=True).start()
        done = {}
        for number in range(len(scenarios)):
            while number not in done:
                key, result = finished.get()
                if key is None:
                    raise RuntimeError("a worker has failed") from result
                done[key] = result
            for record in done.pop(number):
                write(record)
