"""Choices of options are those of the types that they mirror."""

from typing import get_args, get_type_hints

import pytest

from calltools.cli.options import (
    DateOrderChoice,
    DurationFormatChoice,
    EngineOptions,
    FailOnLevel,
    FindingOptions,
    FormOptions,
    Lang,
    OutputFormat,
    ReadingOptions,
    StaticCallChoice,
    WritingOptions,
)
from calltools.cli.upload_options import (
    AbsencePolicy,
    AccessOptions,
    CounterOption,
    FollowOptions,
    OutputOptions,
    SendOptions,
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


GROUPS = (
    ReadingOptions, FindingOptions, WritingOptions, EngineOptions, FormOptions, SendOptions, CounterOption, FollowOptions,
    AbsencePolicy, AccessOptions, OutputOptions,
)  # fmt: skip
#: Of findings it has other forms than of the result of an upload.
TWO_THINGS = {"output_format"}


def test_an_option_that_several_groups_share_is_declared_once():
    declared = {}
    for group in GROUPS:
        for name, hint in get_type_hints(group, include_extras=True).items():
            declared.setdefault(name, []).append(hint)

    apart = [name for name, hints in declared.items() if any(one is not hints[0] for one in hints)]

    assert set(apart) == TWO_THINGS
