"""Each cell as canonical text, or exactly as it was."""

from collections.abc import Mapping

import pyarrow.compute as pc

from calltools.fields.kinds import KINDS
from calltools.fields.table import FIELDS_BY_NAME
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, as_mask


def normalize_field_cells(name: str, cells: Cells, assumptions: Assumptions) -> Cells:
    """The cells of one canonical field, rewritten where there is one reading."""
    return KINDS[FIELDS_BY_NAME[name].kind].normalize(cells, assumptions)


def normalize_columns(columns: Mapping[str, Cells], assumptions: Assumptions) -> tuple[dict[str, Cells], dict[str, int]]:
    """All columns, rewritten, and how many cells of each field changed.

    What cannot be rewritten stays as it was, and validation names it.

    Args:
        columns: Canonical field -> cells.
        assumptions: Zone, region and date order: what the user says.
    """
    rewritten = {name: normalize_field_cells(name, cells, assumptions) for name, cells in columns.items()}
    changed = {
        name: int(as_mask(pc.not_equal(cells, columns[name])).sum())
        for name, cells in rewritten.items()
        if cells is not columns[name]
    }
    return rewritten, {name: count for name, count in changed.items() if count}
