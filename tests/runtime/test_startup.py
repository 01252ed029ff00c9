"""What a process of ours does without, until it needs it."""

import pickle
import subprocess
import sys

import pytest

from calltools import errors
from calltools.errors import CalltoolsError, ConfigError, ProfileError, QuotaError, UnreachableError

pytestmark = pytest.mark.slow


def run_python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def test_arrow_makes_its_first_array_without_pandas_and_finds_it_afterwards():
    output = run_python(
        "import sys; from calltools.runtime.startup import arrow_without_pandas\n"
        "with arrow_without_pandas():\n"
        "    import pyarrow as pa; pa.array(['a']); import colorsys\n"
        "print('pandas' in sys.modules)\n"
        "import pandas; print(pa.table({'a': ['x', 'y']}).to_pandas()['a'].tolist()[1])\n"
    )

    assert output == ["False", "y"]


def test_a_file_without_a_fault_is_checked_without_pandas(tmp_path):
    path = tmp_path / "good.csv"
    path.write_text("ClientId,DateTime\n1604591025698235234,1773000000\n", encoding="utf-8")
    output = run_python(
        "import atexit, sys; from calltools.__main__ import main\n"
        f"sys.argv = ['calltools', 'validate', {str(path)!r}, '--as-of', '1773100800', '-q']\n"
        "atexit.register(lambda: print('pandas' in sys.modules, 'pandera' in sys.modules)); main()"
    )

    assert output == ["False", "False"]


@pytest.mark.parametrize("arguments", [["rules", "CT201"], ["schema", "markdown"], ["vendors", "show", "sipuni"]])
def test_what_reads_no_records_starts_without_pandas(arguments):
    output = run_python(
        "import atexit, sys; from calltools.__main__ import main\n"
        f"sys.argv = ['calltools', *{arguments!r}]\n"
        "atexit.register(lambda: print('', 'pandas' in sys.modules)); main()"
    )

    assert output[-1] == "False"


def every_class(base=CalltoolsError):
    return [base, *(one for below in base.__subclasses__() for one in every_class(below))]


@pytest.mark.parametrize(
    "fault",
    [
        *(one("file-missing", path="x") for one in every_class() if one.__init__ is CalltoolsError.__init__),
        ProfileError("x.toml", (("$.fields", "profile-unknown", {}),)),
        ConfigError("x.toml", ()),
        errors.UnsupportedVendorError("X", {"en": "why", "ru": "почему"}),
        QuotaError("service-quota", 3.0),
        UnreachableError("service-silent", transient=False),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_every_fault_travels_between_processes(fault):
    fault.about_file = "calls.csv"

    other = pickle.loads(pickle.dumps(fault))  # noqa: S301 - our own

    assert type(other) is type(fault)
    assert vars(other) == vars(fault)
    assert other.args == fault.args
