"""calltools: phone calls for web analytics.

::

    import calltools

    result = calltools.validate("calls.csv")
    for finding in result.findings:
        print(finding.line, finding.column, finding.message)

    calltools.convert("export.csv", "calls.csv", timezone="Europe/Moscow", static_call="1")

``Hints`` says how a file is read where that is not found (``hints=calltools.Hints(encoding="cp866")``), ``Limits`` what
reading it may cost.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from calltools.errors import CalltoolsError
    from calltools.files.limits import Limits
    from calltools.library import Result, convert, validate
    from calltools.model.batch import Hints
    from calltools.model.finding import Finding

__all__ = ["CalltoolsError", "Finding", "Hints", "Limits", "Result", "convert", "validate"]
_MODULE_OF_NAME = {
    "CalltoolsError": "calltools.errors",
    "Finding": "calltools.model.finding",
    "Hints": "calltools.model.batch",
    "Limits": "calltools.files.limits",
}


def __getattr__(name: str) -> Any:
    """The public names, each loaded when it is asked for: ``calltools --help`` must not load pandas."""
    if name not in __all__:
        raise AttributeError(name)
    from importlib import import_module  # noqa: PLC0415 - see above

    return getattr(import_module(_MODULE_OF_NAME.get(name, "calltools.library")), name)
