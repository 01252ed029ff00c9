"""Where profiles are.

A given path, the project's folder, the user's folder, the built-in ones; and the vendors that are known and not
supported.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from platformdirs import user_config_path

from calltools.errors import SourceError, UnsupportedVendorError, VendorError, nearest_word
from calltools.model.titles import fold_title
from calltools.texts.keys import Language
from calltools.vendors.loader import load_profile
from calltools.vendors.profile import Profile


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
        return fold_title(name) in {fold_title(one) for one in (self.name, self.title, *self.aliases)}


@lru_cache(maxsize=1)
def load_unsupported_vendors(schemas: Path) -> tuple[UnsupportedVendor, ...]:
    """All of them, in the order of the file.

    Args:
        schemas: The folder of schemas.
    """
    told = tomllib.loads((schemas / "without_converter.toml").read_text(encoding="utf-8"))
    return tuple(
        UnsupportedVendor(
            name, one["title"], MappingProxyType(told["reasons"][one["reason"]]), tuple(one.get("aliases", ()))
        )
        for name, one in told["vendors"].items()
    )


#: Folder of a project's own profiles.
PROJECT_FOLDER: Final = Path("calltools-vendors")


def schemas_folder() -> Path:
    """The folder of schemas: in an installed package inside it, in a checkout beside it."""
    package = Path(__file__).parent.parent
    inside = package / "schemas"
    return inside if inside.is_dir() else package.parent / "schemas"


def load_profiles() -> tuple[Profile, ...]:
    """All profiles, by name; the user's own shadow built-in ones, the project's shadow both."""
    found: dict[str, Profile] = {}
    for folder in (schemas_folder() / "vendors", user_config_path("calltools") / "vendors", PROJECT_FOLDER):
        found.update((profile.name, profile) for profile in _profiles_in(folder))
    return tuple(found[name] for name in sorted(found))


def load_built_in_profiles() -> tuple[Profile, ...]:
    """The profiles that come with calltools, by name."""
    return tuple(_profiles_in(schemas_folder() / "vendors"))


def find_profile(name: str) -> Profile:
    """The profile of a name, an alias, or a path that ends in ``.toml``.

    Raises:
        VendorError: There is none; the nearest name is told, or why there is no converter.
        ProfileError: It is written wrong.
        SourceError: The path cannot be read.
    """
    if name.endswith(".toml"):
        return read_profile(Path(name))
    everyone = load_profiles()
    for profile in everyone:
        if name.lower() in {profile.name, *profile.aliases}:
            return profile
    for known in load_unsupported_vendors(schemas_folder()):
        if known.has_name(name):
            raise UnsupportedVendorError(known.title, known.reasons)
    names = [word for profile in everyone for word in (profile.name, *profile.aliases)]
    near = nearest_word(name.lower(), names) or "-"
    raise VendorError("vendor-unknown-name", name=name, near=near, names=", ".join(sorted(names)))


def read_profile(path: Path) -> Profile:
    """The profile in a file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as fault:
        raise SourceError("file-missing", path=path) from fault
    except (OSError, UnicodeDecodeError) as fault:
        raise SourceError("file-unreadable", path=path, reason=type(fault).__name__) from fault
    return load_profile(text, str(path))


def _profiles_in(folder: Path) -> Iterator[Profile]:
    for path in sorted(folder.glob("*.toml")):
        yield _load_cached(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _load_cached(path: Path, _changed: int) -> Profile:
    return load_profile(path.read_text(encoding="utf-8"), path.name)
