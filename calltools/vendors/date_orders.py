"""Layouts of a profile that read the same date two ways."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from calltools.model.assumptions import DateOrder
from calltools.vendors.profile import Step


def resolve_date_order(steps: Sequence[Step], order: DateOrder | None) -> tuple[Step, ...]:
    """The steps with layouts of one order; those of two orders read nothing until somebody says which."""
    return tuple(replace(step, format=_layouts_of_order(step.format, order)) if _allows_two_orders(step) else step for step in steps)


def steps_of_unknown_order(fields: Mapping[str, tuple[Step, ...]]) -> tuple[Step, ...]:
    """Steps to the time of the call whose layouts allow two orders."""
    return tuple(step for step in fields.get("DateTime", ()) if _allows_two_orders(step))


def _allows_two_orders(step: Step) -> bool:
    return {"dmy", "mdy"} <= {layout_order(layout) for layout in step.format}


def _layouts_of_order(layouts: Sequence[str], order: DateOrder | None) -> tuple[str, ...]:
    return tuple(layout for layout in layouts if layout_order(layout) in {order, "ymd", None})


def layout_order(layout: str) -> DateOrder | None:
    """The order of a layout as for ``strptime``; ``None``: it holds no day and month in numbers."""
    places = {sign.lower(): layout.lower().find(f"%{sign}") for sign in "dmy"} | {"m": layout.find("%m")}
    if min(places.values()) < 0:
        return None
    found = "".join(sorted(places, key=places.__getitem__))
    return found if found in {"dmy", "mdy", "ymd"} else None  # type: ignore[return-value]  # one of these
