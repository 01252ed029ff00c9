"""From options to results: what the command line and the library both call.

A run has two halves. ``prepare`` looks at a file and settles everything that can be asked before the first
record: how it is read, whose export it is, which zone. ``Job.run`` walks along the records.
"""

from calltools.run.options import OptionArguments, RunOptions
from calltools.run.preparing import Job, prepare_job
from calltools.run.settling import RunContext, resolve

__all__ = ["OptionArguments", "Job", "RunOptions", "RunContext", "prepare_job", "resolve"]
