"""Vendors that are known by name and have no converter."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from calltools.messages import Language


@dataclass(frozen=True, slots=True)
class UnsupportedVendor:
    """One of them.

    Attributes:
        name: As ``--vendor`` takes it.
        title: As people call it.
        reasons: Why there is no converter, by language.
        aliases: Other names.
    """

    name: str
    title: str
    reasons: Mapping[Language, str]
    aliases: tuple[str, ...] = ()

    def has_name(self, name: str) -> bool:
        """Whether a name is one of its own, whatever case, spaces and hyphens it has."""
        return _fold_name(name) in {_fold_name(one) for one in (self.name, self.title, *self.aliases)}


@lru_cache(maxsize=1)
def load_unsupported_vendors(schemas: Path) -> tuple[UnsupportedVendor, ...]:
    """All of them, in the order of the file.

    Args:
        schemas: The folder of schemas.
    """
    told = tomllib.loads((schemas / "without_converter.toml").read_text(encoding="utf-8"))
    return tuple(
        UnsupportedVendor(name, one["title"], MappingProxyType(told["reasons"][one["reason"]]), tuple(one.get("aliases", ())))
        for name, one in told["vendors"].items()
    )


def _fold_name(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())
