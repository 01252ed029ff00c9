"""A form of schema is one module and one line in ``EXPORTS``: an invented one is added to a copy of the package."""

import re

import pytest

from calltools.exports import EXPORTS
from tests.extended_package import extend_package

MODULE = '''
"""An invented form: the names of the columns."""

from calltools.fields.table import FIELDS


def invented():
    return " < ".join(field.name for field in FIELDS)
'''
LINE = '"invented-form": Export("invented:invented"),'


@pytest.fixture(scope="module")
def calltools(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    return extend_package(folder, "exports/invented.py", MODULE, "exports/__init__.py:EXPORTS", LINE)


def test_an_invented_form_of_the_schema_is_written(calltools):
    output = calltools("schema", "invented-form")

    assert "PhoneNumber" in output.rstrip("\n").split(" < ")


def test_an_invented_form_of_the_schema_is_in_the_help_and_in_errors(calltools):
    assert f"|{[*EXPORTS][-1]}|invented-form" in re.sub(r"\s", "", calltools("schema", "--help"))
    assert "invented-form" in calltools("schema", "avro", code=2)
