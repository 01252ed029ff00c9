"""Many findings in little memory: every form streams, or has a limit and reports it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from calltools.reports import REPORTERS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
#: The heaviest of the forms that write all findings; the others in long runs.
LONG = bool(os.environ.get("CALLTOOLS_LONG"))
FORMS = sorted(REPORTERS.keys() - {"workbook"}) if LONG else ["json"]
MORE = 900_000 if LONG else 300_000
SCRIPT = """
import io, resource, sys
import numpy as np
from calltools.model.finding import Findings
from calltools.reports import REPORTERS
from calltools.reports.reporter import ReportOptions
from tests.reports.sample_findings import CSV, summary_of

class Nowhere(io.RawIOBase):
    def writable(self): return True
    def write(self, data): return len(data)

def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

reporter = REPORTERS[sys.argv[1]](io.TextIOWrapper(io.BufferedWriter(Nowhere()), "utf-8"), ReportOptions())
reporter.start(CSV, CSV.name)

def take(first, last):
    for start in range(first, last, 10_000):
        records = np.arange(start + 1, start + 10_001)
        reporter.take(Findings.for_rule(
            "CT241", records=records, places=records + 1, severity="error", position=7,
            column="PhoneNumber", field="PhoneNumber", value="8 (495) 000-12-34", after="+74950001234"))

more = int(sys.argv[2])
take(0, 150_000)
before = peak()
take(150_000, 150_000 + more)
reporter.finish(summary_of(CSV, []))
reporter.close([summary_of(CSV, [])])
print(peak() - before)
"""


@pytest.mark.parametrize("form", FORMS)
def test_many_more_findings_take_no_more_memory(form):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, form, str(MORE)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        encoding="utf-8",
    )

    # Kept as columns a finding takes about 140 bytes, as text three times that.
    assert int(done.stdout) << 20 < MORE * 100
