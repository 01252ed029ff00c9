"""The application layer: from options and files to results. The command line, the library and the upload call it."""

from calltools.run.changes import ChangeKind, ChangesSink, FirstChange
from calltools.run.context import (
    OptionArguments,
    RunContext,
    RunContexts,
    RunOptions,
    build_hints,
    parse_as_of,
    parse_identifier_columns,
    parse_window,
    resolve,
)
from calltools.run.edits import CellEdits
from calltools.run.folder_output import (
    REJECTS_ENDING,
    FolderConversionSink,
    ReportPerFileSink,
    is_folder_output,
    report_path,
)
from calltools.run.inputs import is_own_file
from calltools.run.outcome_rejects import OUTCOME_CODE, OutcomeRejectsSink
from calltools.run.planned_file import PlannedFile, plan_file
from calltools.run.session import (
    InputFile,
    Session,
    SessionEvents,
    refuse_occupied_outputs,
    refuse_other_endings,
    refuse_unfilled,
)
from calltools.run.sinks import (
    BaselineResult,
    BaselineWriter,
    ConversionSink,
    FindingsCollector,
    ReporterSink,
    SessionSink,
)

__all__ = [
    "OUTCOME_CODE",
    "REJECTS_ENDING",
    "BaselineResult",
    "BaselineWriter",
    "CellEdits",
    "ChangeKind",
    "ChangesSink",
    "ConversionSink",
    "FindingsCollector",
    "FirstChange",
    "FolderConversionSink",
    "InputFile",
    "OptionArguments",
    "OutcomeRejectsSink",
    "PlannedFile",
    "ReportPerFileSink",
    "ReporterSink",
    "RunContext",
    "RunContexts",
    "RunOptions",
    "Session",
    "SessionEvents",
    "SessionSink",
    "build_hints",
    "is_folder_output",
    "is_own_file",
    "parse_as_of",
    "parse_identifier_columns",
    "parse_window",
    "plan_file",
    "refuse_occupied_outputs",
    "refuse_other_endings",
    "refuse_unfilled",
    "report_path",
    "resolve",
]
