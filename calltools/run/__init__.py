"""The application layer: from options and files to results. The command line, the library and the upload call it."""

from calltools.run.context import OptionArguments, RunContext, RunOptions, resolve
from calltools.run.folder_output import STEM, FolderConversionSink, ReportPerFileSink, is_folder_output, report_path
from calltools.run.job import Job, prepare_job
from calltools.run.session import InputFile, Session, SessionEvents, refuse_occupied_outputs, refuse_other_endings
from calltools.run.sinks import (
    BaselineResult,
    BaselineWriter,
    ConversionSink,
    FindingsCollector,
    ReporterSink,
    SessionSink,
)

__all__ = [
    "STEM",
    "BaselineResult",
    "BaselineWriter",
    "ConversionSink",
    "FindingsCollector",
    "FolderConversionSink",
    "InputFile",
    "Job",
    "OptionArguments",
    "ReportPerFileSink",
    "ReporterSink",
    "RunContext",
    "RunOptions",
    "Session",
    "SessionEvents",
    "SessionSink",
    "is_folder_output",
    "prepare_job",
    "refuse_occupied_outputs",
    "refuse_other_endings",
    "report_path",
    "resolve",
]
