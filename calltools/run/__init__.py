"""From options to results: what the command line and the library both call.

A run has two halves. ``prepare`` looks at a file and settles everything that can be asked before the first
record: how it is read, whose export it is, which zone. ``Job.run`` walks along the records.
"""

from calltools.run.options import Asked, Options
from calltools.run.preparing import Job, prepare
from calltools.run.settling import Setting, settle

__all__ = ["Asked", "Job", "Options", "Setting", "prepare", "settle"]
