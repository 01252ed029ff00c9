"""Record the results of calltools on a broad corpus, and compare two recordings.

``python -m tests.recorder record OUTDIR [--python VENV/bin/python] [--cases DIR]``: every command with its exit code,
streams and written files as ``OUTDIR/commands.jsonl``. ``--python`` is the interpreter of another checkout, older or newer:
calltools is known by its command line alone.
``python -m tests.recorder compare BEFORE AFTER``: a short diff for each command that differs, and exit code 1.
"""

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.recorder import comparing, corpus
from tests.recorder.recording import record_all


def record(options):
    scenarios = [
        one for one in corpus.whole(codes_of(options.python), options.cases) if re.search(options.only, one.name)
    ]
    options.outdir.mkdir(parents=True, exist_ok=True)
    start, count = time.monotonic(), 0
    with (options.outdir / "commands.jsonl").open("w", encoding="utf-8") as stream:

        def write(result):
            nonlocal count
            count += 1
            stream.write(json.dumps(result, ensure_ascii=False) + "\n")

        record_all(options.python, scenarios, corpus.SAMPLES, options.jobs, write)
    print(f"{count} commands in {time.monotonic() - start:.0f} s")  # noqa: T201 - what a person waits for
    return 0


def codes_of(python):
    """The codes of all rules, from the catalog that the checkout prints."""
    listed = subprocess.run(
        [Path(python).with_name("calltools"), "rules", "--lang", "en"], capture_output=True, check=True
    )
    return re.findall(r"^  (CT\d{3}) ", listed.stdout.decode(), re.MULTILINE)


def compare(options):
    before, after = comparing.load(options.before), comparing.load(options.after)
    found = list(comparing.differences(before, after))
    for text in found:
        print(text, end="\n\n")  # noqa: T201 - the answer
    print(f"{len(before)} and {len(after)} commands, {len(found)} differ")  # noqa: T201 - the answer
    return int(bool(found))


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.recorder", description=__doc__)
    verbs = parser.add_subparsers(required=True)
    recorder = verbs.add_parser("record", help="run the corpus and write down what happens")
    recorder.add_argument("outdir", type=Path)
    recorder.add_argument("--python", default=sys.executable, help="interpreter of the checkout to run")
    recorder.add_argument("--cases", type=Path, metavar="DIR", help="a folder of further files")
    recorder.add_argument("--only", default="", metavar="REGEX", help="scenarios whose name it is found in")
    recorder.add_argument("--jobs", type=int, default=2, help="commands at a time (2)")
    recorder.set_defaults(run=record)
    comparer = verbs.add_parser("compare", help="two recordings side by side")
    comparer.add_argument("before", type=Path)
    comparer.add_argument("after", type=Path)
    comparer.set_defaults(run=compare)
    options = parser.parse_args(arguments)
    return options.run(options)


if __name__ == "__main__":
    sys.exit(main())
