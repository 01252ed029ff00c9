"""What runs on a worker of a cluster: a unit of packed work, where the packages are those of the first process."""

import pickle
import platform
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from calltools.errors import ClusterError
from calltools.workers.batch_work import with_traceback_notes

#: Packages on which the answer depends: a worker must have the versions of this process.
_DECIDING_PACKAGES: Final = (
    "calltools",
    "iso4217",
    "numpy",
    "pandas",
    "pandera",
    "phonenumberslite",
    "pyarrow",
    "tzdata",
)
#: Works that a worker keeps unpacked: as many files may be under way.
_WORKS_KEPT: Final = 16


class PackedWork:
    """Work on a table, or a part of it, as bytes, which no log shows: the options of a run may hold phones.

    Attributes:
        name: Nothing else that is packed has it.
        versions: Of the packages that a worker must have.
        body: What is packed.
    """

    def __init__(self, name: str, versions: Mapping[str, str], body: bytes) -> None:
        self.name = name
        self.versions = versions
        self.body = body

    def __repr__(self) -> str:
        return self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PackedWork) and self.name == other.name


def keep(packed: PackedWork) -> PackedWork:
    """On a worker: from here the others take it."""
    return packed


@lru_cache(maxsize=_WORKS_KEPT)
def _unpack(packed: PackedWork) -> Any:
    """On a worker: what was packed.

    Raises:
        ClusterError: The worker has other packages, or cannot load it.
    """
    found = find_versions()
    for package, ours in packed.versions.items():
        if found.get(package) != ours:
            theirs = found.get(package) or "-"
            raise ClusterError("cluster-versions", worker=platform.node(), package=package, theirs=theirs, ours=ours)
    try:
        return pickle.loads(packed.body)  # noqa: S301 - from the client, which may run anything here
    except Exception as fault:
        raise ClusterError("cluster-refused", reason=type(fault).__name__) from fault


def run_unit(process: PackedWork, shared: PackedWork | None, unit: Sequence[Any]) -> Any:
    """On a worker: the results of a unit, or the fault that it ended with."""
    try:
        return _unpack(process)(unit, None if shared is None else _unpack(shared))
    except Exception as fault:  # noqa: BLE001 - the first process raises it, whatever it is
        return with_traceback_notes(fault)


def find_versions() -> dict[str, str]:
    """The versions of Python and of each package on which the answer depends; empty where it is not installed."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"Python": python, **{name: _find_version(name) for name in _DECIDING_PACKAGES}}


def _find_version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
