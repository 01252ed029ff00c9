"""Precedence of an option's value: command line, environment, override, configuration file, default."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import typer

from calltools.cli.configuration.file import Config, ConfigCheck, find_config
from calltools.cli.configuration.keys import ConfigValue, InvalidValue, configurable_options, option_keys
from calltools.errors import ConfigError
from calltools.settings import options_from_environment, variable_name

_Group = TypeVar("_Group", bound=Any)
_DEFAULT_SOURCES: Final = frozenset({"DEFAULT", "DEFAULT_MAP"})


@dataclass(frozen=True, slots=True)
class OptionLayers:
    """The layers that set options.

    Attributes:
        given: Names of the options on the command line, also those given with their default value.
        environment: Option -> value of ``CALLTOOLS_*`` variables.
        config: The configuration file.
    """

    given: frozenset[str] = frozenset()
    environment: Mapping[str, ConfigValue] = field(default_factory=dict)
    config: Config = field(default_factory=Config)

    def lookup(self, name: str, matching: Sequence[int] = ()) -> ConfigValue | None:
        """The value of an option below the command line; ``None``: the default holds.

        Args:
            name: Name of the field.
            matching: Numbers of the overrides that fit the file.
        """
        # The last override that fits comes first.
        overrides = (self.config.overrides[number].values for number in reversed(matching))
        layers = (self.environment, *overrides, self.config.values)
        return next((layer[name] for layer in layers if name in layer), None)

    def apply(self, group: _Group, matching: Sequence[int] = ()) -> _Group:
        """A group of options with the values of the layers, except for options on the command line."""
        open_names = configurable_options(type(group)) - self.given
        values = {name: found.value for name in open_names if (found := self.lookup(name, matching)) is not None}
        return replace(group, **values)


def load_layers(context: typer.Context | None = None, check: ConfigCheck = lambda _: ()) -> OptionLayers:
    """The layers of this process.

    Args:
        context: Context of the command, which knows the options that were given.
        check: Finds further problems of the configuration.

    Raises:
        ConfigError: The configuration or a variable is wrong; the error lists all problems.
    """
    return OptionLayers(_given_on_command_line(context), _read_environment(), find_config(Path.cwd(), check))


def _given_on_command_line(context: typer.Context | None) -> frozenset[str]:
    if context is None:
        return frozenset()
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return frozenset(
        name for name, source in sources.items() if source is not None and source.name not in _DEFAULT_SOURCES
    )


def _read_environment() -> dict[str, ConfigValue]:
    values = {
        name: option_keys()[name].parse_text(text) for name, text in options_from_environment(option_keys()).items()
    }
    invalid = {name: value for name, value in values.items() if isinstance(value, InvalidValue)}
    if invalid:
        problems = ((variable_name(name), value.key, value.facts) for name, value in invalid.items())
        raise ConfigError("CALLTOOLS_*", tuple(problems))
    return {name: ConfigValue(value, variable_name(name)) for name, value in values.items()}
