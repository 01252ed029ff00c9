"""A command line that cannot be parsed, explained in the reader's language."""

import difflib
import re
from typing import Any, Final

import typer

from calltools.texts import Language, MessageKey, say

#: What typer raises when a command line cannot be understood. Its own classes are no public names.
CommandLineError: Final[Any] = typer.BadParameter.__mro__[1]

_QUOTED: Final = re.compile(r"'([^']*)'")


def explain_usage_error(fault: Any, language: Language) -> str:
    """One sentence on what was not understood, and where the help is; or the help itself, where nothing was asked."""
    if type(fault).__name__ == "NoArgsIsHelpError":
        return str(fault.format_message())
    sentence = f"calltools: {_sentence(fault, language)}"
    command = getattr(fault.ctx, "command_path", "calltools")
    return f"{sentence}\n{say('call-help', language, command=command)}"


def _sentence(fault: Any, language: Language) -> str:
    message: str = fault.message
    quoted = _QUOTED.findall(message)
    if hasattr(fault, "possibilities"):
        return _unknown_word("call-option-unknown", fault.option_name, fault.possibilities or (), language)
    if message.startswith("No such command"):
        return _unknown_word("call-command-unknown", quoted[0], quoted[1:], language)
    if hasattr(fault, "param_type"):
        return say("call-missing", language, what=_parameter_name(fault.param))
    if "requires an argument" in message:
        return say("call-value-missing", language, option=fault.option_name)
    wrong = _wrong(message, quoted, language)
    return f"{_parameter_name(fault.param)}: {wrong}" if wrong else str(fault.format_message())


def _wrong(message: str, quoted: list[str], language: Language) -> str:
    """What is wrong with a value, where it can be told."""
    if "is not one of" in message:
        given, *choices = quoted
        choice = _unknown_word("call-choice-wrong", given, difflib.get_close_matches(given, choices, 1), language)
        return f"{choice} {say('call-choices', language, choices=', '.join(choices))}"
    if least := re.search(r"greater than or equal to (\d+)", message):
        return say("config-not-number", language, least=least[1])
    return ""


def _unknown_word(key: MessageKey, word: str, near: Any, language: Language) -> str:
    sentence = say(key, language, word=word)
    # Of several that begin alike typer names all; the nearest is what was meant.
    nearest = difflib.get_close_matches(word, list(near), 1, 0.0)
    return f"{sentence} {say('call-meant', language, near=nearest[0])}" if nearest else sentence


def _parameter_name(parameter: Any) -> str:
    options = [one for one in getattr(parameter, "opts", ()) if one.startswith("-")]
    return str(options[0] if options else parameter.metavar or parameter.name)
