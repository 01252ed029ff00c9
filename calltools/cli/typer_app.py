"""Typer as calltools uses it: options from dataclasses, fast conversion of values, usage errors in two languages."""

import dataclasses
import inspect
import os
import re
from collections.abc import Callable
from enum import Enum
from functools import partial, wraps
from pathlib import Path
from typing import Any, Final, get_args, get_origin, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

from calltools.cli.help_pages import HelpPages, RussianFormatter
from calltools.errors import nearest_word
from calltools.files.remote_path import as_path
from calltools.settings import language_of_arguments
from calltools.texts import Language, say
from calltools.texts.keys import MessageKey


def expand_options(command: Callable[..., None]) -> Callable[..., None]:
    """Make each field of a command's dataclass arguments an option of the command.

    Typer reads the options of a command from its signature, so two commands that share thirty options would repeat
    them. Here the signature that typer sees lists the fields; for the call the dataclasses are made of the values.
    """
    groups: dict[str, Any] = {
        name: hint for name, hint in get_type_hints(command).items() if dataclasses.is_dataclass(hint)
    }
    parameters = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in inspect.signature(command).parameters.values()
        if parameter.name not in groups
    ]
    # An option that several groups share is one option of the command, as the first of them describes it.
    options: dict[str, inspect.Parameter] = {}
    for parameter in (one for group in groups.values() for one in _option_parameters(group)):
        options.setdefault(parameter.name, parameter)
    parameters += options.values()

    @wraps(command)
    def wrapper(**values: Any) -> None:
        arguments = {
            name: group(**{field.name: values[field.name] for field in dataclasses.fields(group)})
            for name, group in groups.items()
        }
        of_groups = {field.name for group in groups.values() for field in dataclasses.fields(group)}
        command(**{name: value for name, value in values.items() if name not in of_groups}, **arguments)

    wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # inspect reads this attribute
    wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del wrapper.__wrapped__  # inspect would follow it to the signature of the command
    return wrapper


def _option_parameters(group: Any) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
        for field in dataclasses.fields(group)
    ]


# Typer converts each value of an option with pydantic, whose import takes a tenth of a second of every command. The
# classes below convert text, paths, numbers and enums themselves, and leave all else, errors too, to typer.
_LEFT_TO_TYPER: Final = object()
#: Longer numbers are left to typer: they are beyond every limit, and Python refuses the longest.
_MAX_DIGITS: Final = 18


class App(typer.Typer):
    """A ``Typer`` whose commands convert values without pydantic."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(cls=_Group, **settings)

    def command(self, name: str | None = None, **settings: Any) -> Callable[[Any], Any]:
        """Decorate a command, as ``Typer.command`` does."""
        return super().command(name, cls=_Command, **settings)


class _FastValues:
    def get_params(self, context: Any) -> list[Any]:
        """The parameters of the command, with the conversion of their values replaced."""
        parameters: list[Any] = super().get_params(context)  # type: ignore[misc]  # of the other base class
        for parameter in parameters:
            # Parameters of typer before 0.29 have no descriptor, and convert their values without pydantic.
            if hasattr(parameter, "type_descriptor") and "process_value" not in vars(parameter):
                parameter.process_value = partial(_process_value, parameter, parameter.process_value)
        return parameters


_HELP_OPTIONS: Final = frozenset({"-h", "--help"})


class _NamedErrors:
    def parse_args(self, context: Any, words: list[str]) -> list[str]:
        """As the class of typer does it; an error that the parser raises bears the command, for its help.

        Help is in the language of ``--lang``; a command that has no such option takes it for its help alone.
        """
        if language_of_arguments(words) == "ru":
            context.formatter_class = RussianFormatter
        has_language = any("--lang" in one.opts for one in getattr(self, "params", ()))
        if not has_language and _HELP_OPTIONS & set(words):
            words = _without_language(words)
        try:
            rest: list[str] = super().parse_args(context, words)  # type: ignore[misc]  # of the other base class
        except CommandLineError as error:
            error.ctx = error.ctx or context
            raise
        return rest


class _Command(HelpPages, _FastValues, _NamedErrors, TyperCommand):
    pass


class _Group(HelpPages, _FastValues, _NamedErrors, TyperGroup):
    pass


def _without_language(words: list[str]) -> list[str]:
    """The words before the first command or argument, without ``--lang`` and its value; the others as they are."""
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--lang":
            next(rest, None)
        elif not word.startswith("--lang="):
            kept.append(word)
            if not word.startswith("-"):
                break
    return [*kept, *rest]


#: What errors say whose sentences are ours.
_NOT_TEXT, _EMPTY = "not text", "empty"
_OWN_SENTENCES: Final[dict[str, MessageKey]] = {_NOT_TEXT: "call-not-text", _EMPTY: "call-empty"}
#: Options that may name a file and are no ``Path``: the name of a file may be any bytes.
_TEXT_OR_PATH: Final = frozenset({"output", "vendor", "identifiers", "outcomes"})


def _as_text(value: Any, parameter: Any, context: Any) -> Any:
    """The value with the bytes decoded that the locale does not know, unless it may be the name of a file.

    Python keeps such bytes as half characters, which can be written nowhere.

    Raises:
        CommandLineError: They are no UTF-8 either.
    """
    if isinstance(value, list | tuple):
        return type(value)(_as_text(one, parameter, context) for one in value)
    if not isinstance(value, str) or value.isascii() or not _HALF_CHARACTER.search(value):
        return value
    if may_name_file(parameter):
        return value
    try:
        return os.fsencode(value).decode("utf-8")
    except UnicodeError:
        raise typer.BadParameter(_NOT_TEXT, ctx=context, param=parameter) from None


def may_name_file(parameter: Any) -> bool:
    """Whether the value of an option, or an argument, may be the name of a file."""
    is_path = parameter.type_descriptor.annotation in {Path, list[Path]} or parameter.name in _TEXT_OR_PATH
    return is_path or bool(parameter.param_type_name != "option")


def _refuse_empty(value: Any, parameter: Any, context: Any) -> None:
    """Refuse an empty name: as a path it would be the working directory, or count as an option that was not given.

    Raises:
        CommandLineError: It is one.
    """
    if "" in (value if isinstance(value, list | tuple) else [value]) and may_name_file(parameter):
        raise typer.BadParameter(_EMPTY, ctx=context, param=parameter)


def _process_value(parameter: Any, process_by_typer: Callable[[Any, Any], Any], context: Any, value: Any) -> Any:
    _refuse_empty(value, parameter, context)
    value = _as_text(value, parameter, context)
    converted = _convert(parameter.type_descriptor, value, repeated=parameter.multiple or parameter.nargs == -1)
    if converted is _LEFT_TO_TYPER or (parameter.required and parameter.value_is_missing(converted)):
        return process_by_typer(context, value)
    return converted if parameter.callback is None else parameter.callback(context, parameter, converted)


def _convert(descriptor: Any, value: Any, *, repeated: bool) -> Any:
    """The value of an option, a list if the option is repeatable; ``_LEFT_TO_TYPER`` if one cannot be converted."""
    if value is None:
        return () if repeated else None
    type_ = descriptor.annotation
    if not repeated:
        return _convert_one(type_, value, descriptor.parameter_info)
    if get_origin(type_) is not list or not isinstance(value, list | tuple):
        return _LEFT_TO_TYPER
    converted = [_convert_one(get_args(type_)[0], element, descriptor.parameter_info) for element in value]
    return _LEFT_TO_TYPER if _LEFT_TO_TYPER in converted else converted


def _convert_one(type_: Any, value: Any, limits: Any) -> Any:
    if type(value) is type_:
        return value
    if isinstance(value, str):
        if type_ is Path and not _is_unreadable(value):
            return as_path(value)
        if type_ is int and _is_number(value) and _is_in_range(int(value), limits):
            return int(value)
        if isinstance(type_, type) and issubclass(type_, Enum) and value in {member.value for member in type_}:
            return type_(value)
    return _LEFT_TO_TYPER


def _is_in_range(number: int, limits: Any) -> bool:
    return (limits.min is None or number >= limits.min) and (limits.max is None or number <= limits.max)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS


def _is_unreadable(name: str) -> bool:
    return Path(name).exists() and not os.access(name, os.R_OK)


#: The class of errors that typer raises for a command line; typer does not export it.
CommandLineError: Final[Any] = typer.BadParameter.__mro__[1]

_HALF_CHARACTER: Final = re.compile("[\ud800-\udfff]")
_NO_NUMBER: Final = re.compile("Input should be|Unable to parse input|is not a valid|not in the range")
_QUOTED: Final = re.compile(r"'([^']*)'")
_EXTRA_WORDS: Final = re.compile(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", re.DOTALL)


def explain_usage_error(error: Any, language: Language) -> str:
    """A sentence about a command line that cannot be parsed, and where the help is; the help itself without arguments.

    Args:
        error: A ``CommandLineError``.
        language: Language of the sentence.
    """
    if type(error).__name__ == "NoArgsIsHelpError":
        return str(error.format_message())
    if _names_file(error):
        return begin_lines(_file_argument(_QUOTED.findall(error.message)[0]), language)
    sentence = f"calltools: {_usage_sentence(error, language)}"
    command = getattr(error.ctx, "command_path", "calltools")
    return f"{sentence}\n{say('call-help', language, command=command)}"


def begin_lines(path: str, language: Language) -> str:
    """Three lines that say where to begin with a file."""
    return say("call-begin", language, path=path)


def _names_file(error: Any) -> bool:
    """Whether a file stands where a command should."""
    words = _QUOTED.findall(error.message)[:1] if error.message.startswith("No such command") else []
    return bool(words) and error.ctx is not None and error.ctx.parent is None and Path(words[0]).exists()


def _file_argument(word: str) -> str:
    return word if re.fullmatch(r"[\w./\\:@%+=,-]+", word) else f'"{word}"'


def _usage_sentence(error: Any, language: Language) -> str:
    """The sentence: typer has its errors in English only, so their kinds are recognized by attributes and message."""
    message: str = error.message
    if hasattr(error, "possibilities"):
        return _unknown_option(error, language)
    if hasattr(error, "param_type"):
        return say("call-missing", language, what=_parameter_name(error.param))
    if "requires an argument" in message:
        return say("call-value-missing", language, option=error.option_name)
    if "does not take a value" in message:
        return say("call-value-extra", language, option=error.option_name)
    if (parameter := getattr(error, "param", None)) is None:
        return _sentence_on_words(error, language)
    wrong = _wrong_value(message, parameter, language)
    return f"{_parameter_name(parameter)}: {wrong}" if wrong else _any_sentence(error, language)


def _sentence_on_words(error: Any, language: Language) -> str:
    """The sentence where the words that are no options are wrong."""
    message: str = error.message
    if message.startswith("No such command"):
        word, *near = _QUOTED.findall(message)
        return _unknown_word("call-command-unknown", word, near, language)
    if message.startswith("Missing command"):
        return say("call-command-missing", language, choices=", ".join(_commands_of(error)))
    extra = _EXTRA_WORDS.fullmatch(message)
    return say("call-word-extra", language, words=extra[1]) if extra else _any_sentence(error, language)


def _any_sentence(error: Any, language: Language) -> str:
    return say("call-else", language, reason=error.format_message())


def _unknown_option(error: Any, language: Language) -> str:
    """An option that there is not, or that stands before the command that has it."""
    word = error.option_name
    if any(word in parameter.opts for command in _commands_of(error).values() for parameter in command.params):
        return say("call-option-later", language, word=word, command=error.ctx.command_path)
    return _unknown_word("call-option-unknown", word, error.possibilities or (), language)


def _commands_of(error: Any) -> dict[str, Any]:
    """The commands of the group whose line is wrong, by name; none: it is a command."""
    commands: dict[str, Any] = getattr(getattr(error.ctx, "command", None), "commands", {})
    return commands


def _wrong_value(message: str, parameter: Any, language: Language) -> str:
    """What is wrong with a value; empty: typer's own message has to do."""
    if message in _OWN_SENTENCES:
        return say(_OWN_SENTENCES[message], language)
    if "is not one of" in message:
        given, *choices = _QUOTED.findall(message)
        choice = _unknown_word("call-choice-wrong", given, [nearest_word(given, choices, 0.6)], language)
        return f"{choice} {say('call-choices', language, choices=', '.join(choices))}"
    if "does not match the format" in message:
        return say("call-not-day", language)
    if "is not readable" in message:
        return say("call-not-readable", language)
    descriptor: Any = getattr(parameter, "type_descriptor", None)
    number = next((kind for kind in (int, float) if kind in _kinds_of(descriptor)), None)
    if number is None or not _NO_NUMBER.search(message):
        return ""
    least, most = descriptor.parameter_info.min, descriptor.parameter_info.max
    return say(range_message(number, most), language, least=0 if least is None else least, most=most)


def range_message(value_type: Any, maximum: float | None) -> MessageKey:
    """Key of the sentence that says which numbers an option takes."""
    if maximum is not None:
        return "config-not-whole-between" if value_type is int else "config-not-between"
    return "config-not-number" if value_type is int else "config-not-amount"


def _kinds_of(descriptor: Any) -> tuple[Any, ...]:
    """The types of the values of an option, of one that may be absent too."""
    annotation = getattr(descriptor, "annotation", None)
    return (annotation, *get_args(annotation))


def _unknown_word(key: MessageKey, word: str, near: Any, language: Language) -> str:
    sentence = say(key, language, word=word)
    # Typer names all words that begin alike; the nearest of them is what the user meant.
    nearest = nearest_word(word, near, 0.0)
    return f"{sentence} {say('call-meant', language, near=nearest)}" if nearest else sentence


def _parameter_name(parameter: Any) -> str:
    options = [option for option in getattr(parameter, "opts", ()) if option.startswith("-")]
    return str(options[0] if options else parameter.metavar or parameter.name)
