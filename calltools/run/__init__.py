"""From options to results: the application layer that the command line, the library and the upload call."""

from calltools.run.context import OptionArguments, RunContext, RunOptions, resolve
from calltools.run.job import Job, prepare_job

__all__ = ["Job", "OptionArguments", "RunContext", "RunOptions", "prepare_job", "resolve"]
