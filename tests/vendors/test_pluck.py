"""Tags inside a list, as JSON or as a program of Python writes it."""

import pyarrow as pa
import pytest

from calltools.vendors.transforms import pluck


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ('[{"name": "lead"}, {"name": "new"}]', "lead; new"),
        ("[{'name': 'lead'}, {'name': \"it's new\"}]", "lead; it's new"),
        ("[{'name': 'lead', 'color': None}, {'color': 'red'}]", "lead"),
        ("{'name': ['lead', 'new']}", "lead; new"),
        ('[{"name": null}]', ""),
        ("[]", ""),
        ("['lead', 'new']", "lead; new"),
        ("lead, new", "lead, new"),
        ("[lead]", "[lead]"),
        ('[{"name": "ok \\ud83d"}]', "ok \N{REPLACEMENT CHARACTER}"),
        ("[{'name': '\\d'}]", "[{'name': '\\d'}]"),
        ("[__import__('os')]", "[__import__('os')]"),
        ("[" * 9_000, "[" * 9_000),
        ("[" * 200_000, "[" * 200_000),
    ],
)
def test_words_are_taken_out_of_a_list_and_anything_else_is_left_alone(cell, words):
    assert pluck(pa.array([cell]), "name").to_pylist() == [words]
