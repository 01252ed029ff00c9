"""Ctrl-C at moments when Python or a library would lose it or leave a file."""

import signal
import subprocess
import sys
from contextlib import ExitStack

import pytest

from calltools.files.atomic import enter_interrupt_safe
from tests.test_pipeline import as_csv, some_rows

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="a process cannot send itself Ctrl-C alone"),
    pytest.mark.usefixtures("default_signals"),
]

# Each program interrupts its process at another moment, and continues if nothing is raised there.
SWALLOWED = """
import os, signal, sys
from contextlib import suppress

class Deaf:
    sent = False
    def find_spec(self, name, *_):
        if name == {module!r} and not self.sent:
            self.sent = True
            with suppress(KeyboardInterrupt):
                os.kill(os.getpid(), {number})
                sum(range(1000))

sys.meta_path.insert(0, Deaf())
from calltools.__main__ import main
main()
"""
BETWEEN = """
import os, signal, tempfile

made = tempfile.mkstemp
def interrupted(*arguments, **named):
    found = made(*arguments, **named)
    os.kill(os.getpid(), signal.SIGINT)
    return found

tempfile.mkstemp = interrupted
from calltools.__main__ import main
main()
"""


@pytest.fixture
def calls(tmp_path):
    """More records than are checked before an interrupt is raised again."""
    path = tmp_path / "calls.csv"
    header, lines = as_csv(some_rows(2000)).split("\n", 1)
    path.write_text(header + "\n" + lines * 5, encoding="utf-8")
    return path


def run(code, *arguments):
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, check=False, timeout=120)


@pytest.mark.parametrize(
    ("module", "number"),
    [("calltools.cli.app", signal.SIGINT), ("pyarrow", signal.SIGTERM), ("pandera", signal.SIGHUP)],
)
def test_a_module_that_loses_it_while_loading_does_not_lose_it_for_us(module, number, calls, tmp_path):
    code = SWALLOWED.format(module=module, number=int(number))

    result = run(code, "convert", str(calls), "--no-fast-path", "-o", str(tmp_path / "out.csv"))

    assert result.returncode == 130, result
    assert b"Traceback" not in result.stderr
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("output", ["-o", "--rejects", "--report", "--write-baseline"])
def test_a_file_that_was_just_made_is_cleared_away(output, calls, tmp_path):
    ending = {"--report": "jsonl", "--write-baseline": "json"}.get(output, "csv")

    result = run(BETWEEN, "convert", str(calls), output, str(tmp_path / f"made.{ending}"), "--no-fast-path")

    assert result.returncode == 130, result
    assert sorted(tmp_path.iterdir()) == [calls]


def test_a_signal_between_entering_and_the_block_still_leaves_the_context():
    class Begun:
        left = False

        def __enter__(self):
            raise KeyboardInterrupt

        def __exit__(self, *_):
            self.left = True

    context = Begun()
    with pytest.raises(KeyboardInterrupt), ExitStack() as stack:
        enter_interrupt_safe(stack, context)

    assert context.left


def test_the_end_is_not_disturbed():
    code = "import os, signal; from calltools.runtime.signals import ignore_signals, install_handlers\n"
    code += "install_handlers(); ignore_signals()\n"
    code += "for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP): os.kill(os.getpid(), number)\n"
    code += "print('ended')"

    result = run(code)

    assert (result.returncode, result.stdout.split()) == (0, [b"ended"])


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        pytest.param(
            "class Gone:\n"
            "    def __del__(self): interrupt()\n"
            "try:\n"
            "    Gone(); time.sleep(20)\n"
            "except KeyboardInterrupt: print('heard')",
            ["heard"],
            id="while an object is taken apart",
        ),
        pytest.param(
            "try:\n"
            "    try: interrupt()\n"
            "    finally: interrupt(); time.sleep(0.3); print('cleared')\n"
            "except KeyboardInterrupt: print('heard')",
            ["cleared", "heard"],
            id="twice",
        ),
        pytest.param(
            "signals.MAX_DEFER_S = 0.3\n"
            "try:\n"
            "    with signals.deferred_interrupts(): interrupt(); time.sleep(20)\n"
            "except KeyboardInterrupt: print('heard')",
            ["heard"],
            id="where something takes too long",
        ),
        pytest.param(
            "try:\n"
            "    with signals.deferred_interrupts(): interrupt(); time.sleep(0.2); print('whole')\n"
            "    time.sleep(20)\n"
            "except KeyboardInterrupt: print('heard')",
            ["whole", "heard"],
            id="where something is done whole",
        ),
    ],
)
def test_a_deferred_signal_is_raised_once_and_in_time(code, printed):
    preamble = "import os, signal, time\nfrom calltools.runtime import signals\nsignals.install_handlers()\n"
    preamble += "def interrupt(): os.kill(os.getpid(), signal.SIGINT)\n"

    result = run(preamble + code + "\nsignals.ignore_signals()")

    assert (result.stdout.decode().split(), result.stderr) == (printed, b"")
