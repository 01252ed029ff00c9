"""Finding profiles: by path, in the folder of the project, in that of the user, among the built-in ones.

Also the vendors that are known and have no converter.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from platformdirs import user_config_path

from calltools.errors import ProfileError, SourceError, UnsupportedVendorError, VendorError, nearest_word
from calltools.model.titles import fold_title
from calltools.texts.keys import Language
from calltools.vendors.loader import load_profile
from calltools.vendors.profile import Profile


@dataclass(frozen=True, slots=True)
class UnsupportedVendor:
    """A vendor that is known and has no converter.

    Attributes:
        name: Name that ``--vendor`` takes.
        title: Name for people.
        reasons: Language -> why there is no converter.
        aliases: Other names.
    """

    name: str
    title: str
    reasons: Mapping[Language, str]
    aliases: tuple[str, ...] = ()

    def has_name(self, name: str) -> bool:
        """Whether a name is one of this vendor, whatever its case, spaces and hyphens."""
        return fold_title(name) in {fold_title(known) for known in (self.name, self.title, *self.aliases)}


@lru_cache(maxsize=1)
def load_unsupported_vendors(schemas: Path) -> tuple[UnsupportedVendor, ...]:
    """The vendors without a converter, in the order of the file.

    Args:
        schemas: The folder of schemas.
    """
    document = tomllib.loads((schemas / "without_converter.toml").read_text(encoding="utf-8"))
    return tuple(
        UnsupportedVendor(
            name,
            vendor["title"],
            MappingProxyType(document["reasons"][vendor["reason"]]),
            tuple(vendor.get("aliases", ())),
        )
        for name, vendor in document["vendors"].items()
    )


#: Folder of a project's own profiles.
PROJECT_FOLDER: Final = Path("calltools-vendors")


def schemas_folder() -> Path:
    """The folder of schemas: inside an installed package, beside the package in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "schemas"
    return inside if inside.is_dir() else package.parent / "schemas"


def load_profiles() -> tuple[Profile, ...]:
    """All profiles, sorted by name; one of the user replaces a built-in one, one of the project replaces both."""
    found: dict[str, Profile] = {}
    for folder in (schemas_folder() / "vendors", *_own_folders(), PROJECT_FOLDER):
        found.update((profile.name, profile) for profile in _profiles_in(folder))
    return tuple(found[name] for name in sorted(found))


def _own_folders() -> list[Path]:
    """The folder of the user's profiles; none of a user without a home."""
    try:
        own = user_config_path("calltools") / "vendors"
    except RuntimeError:
        return []
    # Older platformdirs give a relative path then, to a folder that anybody may have made.
    return [own] if own.is_absolute() else []


def load_built_in_profiles() -> tuple[Profile, ...]:
    """The profiles that come with calltools, sorted by name."""
    return tuple(_profiles_in(schemas_folder() / "vendors"))


def find_profile(name: str) -> Profile:
    """The profile with a name or alias, or at a path that ends in ``.toml``.

    Raises:
        VendorError: There is no such profile; the error names the nearest one, or says why there is no converter.
        ProfileError: The profile is written wrong.
        SourceError: The path cannot be read.
    """
    if name.lower().endswith(".toml"):
        return read_profile(Path(name))
    profiles = load_profiles()
    for profile in profiles:
        if name.casefold() in {known.casefold() for known in (profile.name, *profile.aliases)}:
            return profile
    for vendor in load_unsupported_vendors(schemas_folder()):
        if vendor.has_name(name):
            raise UnsupportedVendorError(vendor.title, vendor.reasons)
    names = {word.casefold(): word for profile in profiles for word in (profile.name, *profile.aliases)}
    near = names.get(nearest_word(name.casefold(), names), "")
    raise VendorError("vendor-unknown-name-near" if near else "vendor-unknown-name", name=name, near=near)


def read_profile(path: Path) -> Profile:
    """The profile in a file.

    Raises:
        ProfileError: The profile is written wrong.
        SourceError: The file cannot be read.
    """
    return load_profile(_read_text(path), str(path))


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as fault:
        raise SourceError("file-missing", path=path) from fault
    except OSError as fault:
        raise SourceError("file-unreadable", path=path, reason=fault.strerror) from fault
    except UnicodeDecodeError as fault:
        raise ProfileError(str(path), (("$", "call-not-text", {}),)) from fault


def _profiles_in(folder: Path) -> Iterator[Profile]:
    # A hidden one is of an editor: its lock, or what it writes meanwhile.
    for path in sorted(path for path in folder.glob("[!.]*.toml") if not path.is_dir()):
        yield _load_cached(path, path.stat().st_mtime_ns)


# The time of the last change is a key: `vendors test` runs again after an edit.
@lru_cache(maxsize=256)
def _load_cached(path: Path, _changed: int) -> Profile:
    return load_profile(_read_text(path), path.name)
