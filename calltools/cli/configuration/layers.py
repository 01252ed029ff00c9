"""Precedence of an option's value: command line, environment, override, configuration file, default."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import typer

from calltools.cli.configuration.file import Config, ConfigValue, find_config
from calltools.cli.configuration.keys import InvalidValue, configurable_options, option_keys
from calltools.errors import ConfigError
from calltools.settings import options_from_environment, variable_name

_Group = TypeVar("_Group", bound=Any)
_DEFAULT_SOURCES: Final = frozenset({"DEFAULT", "DEFAULT_MAP"})


@dataclass(frozen=True, slots=True)
class OptionLayers:
    """What is said about options, and by whom.

    Attributes:
        given: Options given on the command line, be it with their defaults.
        environment: From ``CALLTOOLS_*``.
        config: From the configuration file.
    """

    given: frozenset[str] = frozenset()
    environment: Mapping[str, ConfigValue] = field(default_factory=dict)
    config: Config = field(default_factory=Config)

    def lookup(self, name: str, matching: Sequence[int] = ()) -> ConfigValue | None:
        """The value of an option that was not given on the command line.

        Args:
            name: As a field.
            matching: Numbers of the overrides that fit the file.
        """
        overrides = (self.config.overrides[number].values for number in reversed(matching))
        layers = (self.environment, *overrides, self.config.values)
        return next((layer[name] for layer in layers if name in layer), None)

    def apply(self, group: _Group, matching: Sequence[int] = ()) -> _Group:
        """A group of options with what the layers say."""
        open_ = configurable_options(type(group)) - self.given
        found = {name: told.value for name in open_ if (told := self.lookup(name, matching)) is not None}
        return replace(group, **found)


def load_layers(context: typer.Context | None = None) -> OptionLayers:
    """The layers of this process.

    Args:
        context: Of the command; it knows which options were given.

    Raises:
        ConfigError: The configuration, or a variable, is wrong; all mistakes.
    """
    return OptionLayers(_given_on_command_line(context), _read_environment(), find_config(Path.cwd()))


def _given_on_command_line(context: typer.Context | None) -> frozenset[str]:
    if context is None:
        return frozenset()
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return frozenset(name for name, one in sources.items() if one is not None and one.name not in _DEFAULT_SOURCES)


def _read_environment() -> dict[str, ConfigValue]:
    read = {
        name: option_keys()[name].parse_text(text) for name, text in options_from_environment(option_keys()).items()
    }
    wrong = {name: value for name, value in read.items() if isinstance(value, InvalidValue)}
    if wrong:
        problems = ((variable_name(name), value.key, value.facts) for name, value in wrong.items())
        raise ConfigError("CALLTOOLS_*", tuple(problems))
    return {name: ConfigValue(value, variable_name(name)) for name, value in read.items()}
