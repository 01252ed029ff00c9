"""The packages that calltools needs: which of them cannot be used, and what installs them again."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Final

#: Distribution -> what is used of it: modules, and names in them; those that others need come first. A package that was
#: installed over another one and removed with it can still be imported, and holds nothing.
PACKAGES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        # Python 3.14 has it itself.
        **({} if sys.version_info >= (3, 14) else {"backports.zstd": ("backports.zstd:ZstdDecompressor",)}),
        "charset-normalizer": ("charset_normalizer:from_bytes",),
        "defusedxml": ("defusedxml.ElementTree:fromstring",),
        "httpx2": ("httpx2:Client",),
        "iso4217": ("iso4217:Currency",),
        "Jinja2": ("jinja2:Environment",),
        "numpy": ("numpy:ndarray",),
        "pyarrow": ("pyarrow:Table", "pyarrow.compute:equal"),
        "openpyxl": ("openpyxl:load_workbook", "openpyxl.reader.excel:ExcelReader"),
        "pandas": ("pandas:DataFrame",),
        "pandera": ("pandera.pandas:DataFrameSchema",),
        "pathspec": ("pathspec:PathSpec",),
        "phonenumberslite": ("phonenumbers:PhoneMetadata", "phonenumbers.data:_AVAILABLE_REGION_CODES"),
        "platformdirs": ("platformdirs:user_config_path",),
        "python-calamine": ("python_calamine:load_workbook",),
        "rich": ("rich.console:Console", "rich.progress:Progress"),
        "stamina": ("stamina:retry",),
        "typer": ("typer:Typer", "typer.core:TyperCommand"),
        "tzdata": ("tzdata:IANA_VERSION",),
        "XlsxWriter": ("xlsxwriter:Workbook",),
    }
)
_MAX_REASON: Final = 200


def join_command(words: Iterable[str]) -> str:
    """The words of a command as the shell of this system takes them, to be pasted."""
    return (subprocess.list2cmdline if sys.platform == "win32" else shlex.join)([*words])


@dataclass(frozen=True, slots=True)
class BrokenPackage:
    """A package that cannot be used.

    Attributes:
        module: What was to be imported.
        distribution: What provides it, as pip knows it.
        reason: What Python says.
        place: The folder that was found under the name of the module; empty: there is none.
        extra: The extra of calltools that brings it, if it is no part of every installation.
    """

    module: str
    distribution: str
    reason: str
    place: str = ""
    extra: str = ""

    @property
    def command(self) -> str:
        """What installs it again, for the Python of this process; of an extra what anybody knows it by."""
        if self.extra:
            # Quoted for all shells: some take brackets for a pattern.
            return f"pip install 'calltools[{self.extra}]'"
        words = [sys.executable or "python", "-m", "pip", "install", "--force-reinstall", "--no-deps"]
        return join_command([*words, self.distribution])


def find_broken_packages(distributions: Iterable[str] = PACKAGES) -> Iterator[BrokenPackage]:
    """Import each package and look at what is used of it; gives those of which something is not there, each once.

    A package that cannot be imported because of another one is sound itself: the other one is given.
    """
    told: set[str] = set()
    for distribution in distributions:
        broken = _look_at(distribution)
        if broken is not None and broken.module not in told and not told & _requirements(distribution):
            told |= {broken.module, broken.distribution.lower()}
            yield broken


def find_missing_module(fault: BaseException) -> BrokenPackage | None:
    """The package behind an error of an import, where it is none of ``PACKAGES`` but one that these need."""
    seen: BaseException | None = fault
    while seen is not None:
        if (module := _module_not_found(seen)) and module != __name__.partition(".")[0]:
            return _package_of_module(module, f"{seen}")
        seen = seen.__cause__ or seen.__context__
    return None


def _look_at(distribution: str) -> BrokenPackage | None:
    for used in PACKAGES[distribution]:
        module, _, name = used.partition(":")
        package = module.partition(".")[0]
        try:
            reason = "" if hasattr(import_module(module), name) else f"{module} has no {name}"
        except Exception as fault:  # noqa: BLE001 - a damaged package raises anything
            reason = " ".join(f"{fault}".split()) or type(fault).__name__
            other = _module_not_found(fault)
            if other not in {"", package}:
                return _package_of_module(other, reason)
        if reason:
            return BrokenPackage(package, distribution, reason[:_MAX_REASON], _find_place(package))
    return None


def _module_not_found(fault: BaseException) -> str:
    """The top-level module of an error of an import that Python itself has named; else empty."""
    module = (fault.name or "").partition(".")[0] if isinstance(fault, ImportError) else ""
    return "" if module in sys.stdlib_module_names else module


def _package_of_module(module: str, reason: str) -> BrokenPackage:
    from importlib.metadata import packages_distributions  # noqa: PLC0415 - only after a fault; heavy

    known = next((name for name, used in PACKAGES.items() if used[0].partition(":")[0].partition(".")[0] == module), "")
    found = known or next(iter(packages_distributions().get(module, ())), module.replace("_", "-"))
    return BrokenPackage(module, found, " ".join(reason.split())[:_MAX_REASON], _find_place(module))


def _requirements(distribution: str) -> set[str]:
    """The distributions that a distribution needs, in small letters."""
    from importlib.metadata import PackageNotFoundError, requires  # noqa: PLC0415 - as above

    try:
        return {re.split(r"[^\w.-]", one, maxsplit=1)[0].lower() for one in requires(distribution) or ()}
    except PackageNotFoundError:
        return set()


def _find_place(package: str) -> str:
    """The folder of a package as Python finds it."""
    from importlib.machinery import PathFinder  # noqa: PLC0415 - only here

    found = PathFinder.find_spec(package)
    places = list(found.submodule_search_locations or ()) if found is not None else []
    return str(places[0]) if places else ""
