"""Tables on a terminal are as wide as it is; parts in words are tested with the uploads, in ``tests/uploading``."""

import pytest

from calltools.cli.rules import catalog_text
from calltools.uploading.part_words import fit_table

ROWS = [
    ["ID", "file", "goal", "calls"],
    ["L1", "exports/a long name of a folder/of march/2026-03-01.csv", "Звонок с сайта", "1200"],
    ["L2", "b.csv", "-", "3"],
]


def widths(rows):
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


@pytest.mark.parametrize("width", [79, 60, 50, 40])
def test_a_wide_table_is_cut_in_its_names(width):
    fitted = fit_table(ROWS, width, {1, 2})

    assert sum(widths(fitted)) + 2 * 3 <= width
    # Both ends of a cut cell stay, and numbers are whole.
    path = fitted[1][1]
    assert path.startswith("exp")
    assert path.endswith(".csv")
    assert "…" in path
    assert [row[3] for row in fitted] == [row[3] for row in ROWS]


def test_a_table_that_fits_stays_as_it_is():
    assert fit_table(ROWS, 120, {1, 2}) == ROWS


def test_a_terminal_that_is_too_narrow_for_any_table_cuts_no_number_away():
    assert [row[3] for row in fit_table(ROWS, 5, {1, 2})] == [row[3] for row in ROWS]


def test_a_table_without_names_stays_as_it_is():
    assert fit_table(ROWS, 20, ()) == ROWS


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_the_catalog_is_folded_at_the_width_and_says_the_same(lang):
    whole = catalog_text(lang)

    for width in (79, 89, 120):
        folded = catalog_text(lang, width)
        assert max(map(len, folded.splitlines())) <= width
        assert folded.split() == whole.split()
