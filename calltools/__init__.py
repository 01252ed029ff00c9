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
    from calltools.library.results import Checked, Converted, Result
    from calltools.library.runs import check, convert, validate
    from calltools.library.schemas import schema
    from calltools.model.batch import Hints
    from calltools.model.finding import Finding
    from calltools.validation.frame_schema import MetricaCalls

__all__ = [
    "CalltoolsError",
    "Checked",
    "Converted",
    "DataError",
    "Finding",
    "Hints",
    "Limits",
    "MetricaCalls",
    "Result",
    "check",
    "convert",
    "schema",
    "validate",
]
_MODULE_OF_NAME = {
    "CalltoolsError": "errors",
    "Checked": "library.results",
    "Converted": "library.results",
    "DataError": "errors",
    "Finding": "model.finding",
    "Hints": "model.batch",
    "Limits": "files.limits",
    "MetricaCalls": "validation.frame_schema",
    "Result": "library.results",
    "check": "library.runs",
    "convert": "library.runs",
    "schema": "library.schemas",
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
