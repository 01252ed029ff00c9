"""Tables of a terminal are as wide as it is; parts in words are tested with the uploads, in ``tests/uploading``."""

import pytest

from calltools.cli.part_words import fit_table

ROWS = [
    ["ID", "file", "goal", "calls"],
    ["L1", "exports/a long name of a folder/of march/2026-03-01.csv", "Звонок с сайта", "1200"],
    ["L2", "b.csv", "-", "3"],
]


def widths(rows):
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


@pytest.mark.parametrize("width", [79, 60, 50, 40])
def test_a_wide_table_is_cut_in_its_widest_column(width):
    fitted = fit_table(ROWS, width)

    assert sum(widths(fitted)) + 2 * 3 <= width
    # Both ends of a cut cell stay, and numbers are whole.
    path = fitted[1][1]
    assert path.startswith("exp")
    assert path.endswith(".csv")
    assert "…" in path
    assert [row[3] for row in fitted] == [row[3] for row in ROWS]


def test_a_table_that_fits_stays_as_it_is():
    assert fit_table(ROWS, 120) == ROWS


def test_a_terminal_that_is_too_narrow_for_any_table_cuts_no_number_away():
    assert [row[3] for row in fit_table(ROWS, 5)] == [row[3] for row in ROWS]
