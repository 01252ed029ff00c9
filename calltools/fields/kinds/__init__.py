"""KINDS: the kinds of values by name, one module each, and the normalizing of canonical columns.

A module holds the pattern of canonical text, the masks of its rules, how cells are normalized, and examples.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import pyarrow.compute as pc

from calltools.fields.kinds import currency, flag, identifier, money, phone, seconds, text, unix_time, url
from calltools.fields.table import FIELDS_BY_NAME, Kind
from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask, as_mask

KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            identifier.USER_ID,
            identifier.CLIENT_ID,
            identifier.CLICK_ID,
            unix_time.KIND,
            flag.KIND,
            money.KIND,
            currency.KIND,
            phone.KIND,
            seconds.KIND,
            text.KIND,
            url.KIND,
        )
    }
)


def normalize_field_cells(name: str, cells: Cells, assumptions: Assumptions) -> Cells:
    """The cells of a canonical field, rewritten as canonical text where they have only one reading."""
    return KINDS[FIELDS_BY_NAME[name].kind].normalize(cells, assumptions)


def normalize_columns(
    columns: Mapping[str, Cells], assumptions: Assumptions
) -> tuple[dict[str, Cells], dict[str, Mask]]:
    """Normalize all columns; a cell that cannot be rewritten stays unchanged, and validation reports it.

    Args:
        columns: Canonical field -> cells.
        assumptions: Zone, region and date order, as the user gave them.

    Returns:
        The columns, and which cells changed, of each field that has any.
    """
    rewritten = {name: normalize_field_cells(name, cells, assumptions) for name, cells in columns.items()}
    changed = {
        name: as_mask(pc.not_equal(cells, columns[name]))
        for name, cells in rewritten.items()
        # A kind returns the same object when it has nothing to rewrite.
        if cells is not columns[name]
    }
    return rewritten, {name: mask for name, mask in changed.items() if mask.any()}
