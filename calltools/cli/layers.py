"""Who has the last word on an option: the command line, the environment, the file, the default."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import typer

from calltools.cli.config_file import Config, Told, find
from calltools.cli.option_keys import Wrong, keys, told_of
from calltools.errors import ConfigError
from calltools.settings import option_texts, variable

_Group = TypeVar("_Group", bound=Any)
_NOT_SAID: Final = frozenset({"DEFAULT", "DEFAULT_MAP"})


@dataclass(frozen=True, slots=True)
class Layers:
    """What is said about options, and by whom.

    Attributes:
        said: Options given on the command line, be it with their defaults.
        environment: From ``CALLTOOLS_*``.
        config: From the configuration file.
    """

    said: frozenset[str] = frozenset()
    environment: Mapping[str, Told] = field(default_factory=dict)
    config: Config = field(default_factory=Config)

    def told(self, name: str, matching: Sequence[int] = ()) -> Told | None:
        """The value of an option that was not given on the command line.

        Args:
            name: As a field.
            matching: Numbers of the overrides that fit the file.
        """
        overrides = (self.config.overrides[number].values for number in reversed(matching))
        layers = (self.environment, *overrides, self.config.values)
        return next((layer[name] for layer in layers if name in layer), None)

    def over(self, group: _Group, matching: Sequence[int] = ()) -> _Group:
        """A group of options with what the layers say."""
        open_ = told_of(type(group)) - self.said
        found = {name: told.value for name in open_ if (told := self.told(name, matching)) is not None}
        return replace(group, **found)


def layers(context: typer.Context | None = None) -> Layers:
    """The layers of this process.

    Args:
        context: Of the command; it knows which options were given.

    Raises:
        ConfigError: The configuration, or a variable, is wrong; all mistakes.
    """
    return Layers(_said(context), _environment(), find(Path.cwd()))


def _said(context: typer.Context | None) -> frozenset[str]:
    if context is None:
        return frozenset()
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return frozenset(name for name, one in sources.items() if one is not None and one.name not in _NOT_SAID)


def _environment() -> dict[str, Told]:
    read = {name: keys()[name].from_text(text) for name, text in option_texts(keys()).items()}
    wrong = {name: value for name, value in read.items() if isinstance(value, Wrong)}
    if wrong:
        problems = ((variable(name), value.key, value.facts) for name, value in wrong.items())
        raise ConfigError("CALLTOOLS_*", tuple(problems))
    return {name: Told(value, variable(name)) for name, value in read.items()}
