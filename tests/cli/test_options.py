"""Choices of options are those of the types that they mirror."""

from typing import get_args

import pytest

from calltools.cli.options import (
    DateOrderChoice,
    DurationFormatChoice,
    FailOnLevel,
    Lang,
    OutputFormat,
    StaticCallChoice,
)
from calltools.model.assumptions import DateOrder, DurationFormat
from calltools.model.rule import Severity
from calltools.reports import REPORTERS
from calltools.run.context import StaticCall
from calltools.texts import Language


@pytest.mark.parametrize(
    ("choices", "values"),
    [
        (DateOrderChoice, get_args(DateOrder)),
        (DurationFormatChoice, get_args(DurationFormat)),
        (FailOnLevel, [severity.value for severity in Severity]),
        (Lang, get_args(Language)),
        (OutputFormat, [name for name, form in REPORTERS.items() if form.on_screen]),
        (StaticCallChoice, get_args(StaticCall)),
    ],
    ids=lambda argument: getattr(argument, "__name__", ""),
)
def test_choices_are_the_values_of_the_type_in_its_order(choices, values):
    assert [choice.value for choice in choices] == list(values)
