"""calltools: phone calls for web analytics.

::

    import calltools

    result = calltools.validate("calls.csv")
    for finding in result.findings:
        print(finding.line, finding.column, finding.message)

    calltools.convert("export.csv", "calls.csv", timezone="Europe/Moscow", static_call="1")

    checked = calltools.check(frame)
    checked.good, checked.bad, checked.findings

``calltools/LIBRARY.md`` shows all of it.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from calltools.errors import CalltoolsError, DataError
    from calltools.files.limits import Limits
    from calltools.guide import Inspection, Question
    from calltools.library.guide import inspect
    from calltools.library.inputs import ArrowTable, Source, Sources
    from calltools.library.results import Checked, CheckedBatch, Converted, Result
    from calltools.library.runs import check, convert, validate
    from calltools.library.schemas import schema
    from calltools.library.stream import Stream, stream
    from calltools.library.upload_results import Planned, PlannedFile, Uploaded, UploadedPart
    from calltools.library.uploads import plan, upload
    from calltools.model.batch import Hints
    from calltools.model.finding import Finding
    from calltools.validation.frame_schema import MetricaCalls

__all__ = [
    "ArrowTable",
    "CalltoolsError",
    "Checked",
    "CheckedBatch",
    "Converted",
    "DataError",
    "Finding",
    "Hints",
    "Inspection",
    "Limits",
    "MetricaCalls",
    "Planned",
    "PlannedFile",
    "Question",
    "Result",
    "Source",
    "Sources",
    "Stream",
    "Uploaded",
    "UploadedPart",
    "check",
    "convert",
    "inspect",
    "plan",
    "schema",
    "stream",
    "upload",
    "validate",
]
_MODULE_OF_NAME = {
    "ArrowTable": "library.inputs",
    "CalltoolsError": "errors",
    "Checked": "library.results",
    "CheckedBatch": "library.results",
    "Converted": "library.results",
    "DataError": "errors",
    "Finding": "model.finding",
    "Hints": "model.batch",
    "Inspection": "guide",
    "Limits": "files.limits",
    "MetricaCalls": "validation.frame_schema",
    "Planned": "library.upload_results",
    "PlannedFile": "library.upload_results",
    "Question": "guide",
    "Result": "library.results",
    "Source": "library.inputs",
    "Sources": "library.inputs",
    "Stream": "library.stream",
    "Uploaded": "library.upload_results",
    "UploadedPart": "library.upload_results",
    "check": "library.runs",
    "convert": "library.runs",
    "inspect": "library.guide",
    "plan": "library.uploads",
    "schema": "library.schemas",
    "stream": "library.stream",
    "upload": "library.uploads",
    "validate": "library.runs",
}


def __getattr__(name: str) -> Any:
    """The public names, each loaded when it is asked for: ``calltools --help`` must not load pandas."""
    if name not in __all__:
        raise AttributeError(f"module 'calltools' has no attribute {name!r}", name=name, obj=__getattr__)
    from importlib import import_module  # noqa: PLC0415 - see above

    return getattr(import_module(f"calltools.{_MODULE_OF_NAME[name]}"), name)


def __dir__() -> list[str]:
    """The public names, for completion."""
    return sorted(__all__)
