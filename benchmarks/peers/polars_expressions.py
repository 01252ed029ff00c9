"""Bare expressions of polars: one mask a rule, the records with a fault turned into lines of the report."""

import sys

import polars as pl
from rules import CURRENCIES, FORMS, LONGEST, NEWEST, OLDEST

cell = pl.col
seconds = {column: cell(column).cast(pl.Int64, strict=False) for column in ("DateTime", "TalkDuration", "HoldDuration")}
masks = {f"{column}/form": ~cell(column).str.contains(f"^(?:{pattern})$") for column, pattern in FORMS.items()}
masks |= {
    "DateTime/missing": cell("DateTime").is_null(),
    "DateTime/window": ~seconds["DateTime"].is_between(OLDEST, NEWEST),
    "TalkDuration/day": seconds["TalkDuration"] > LONGEST,
    "HoldDuration/day": seconds["HoldDuration"] > LONGEST,
    "Currency/ISO 4217": ~cell("Currency").is_in(list(CURRENCIES)),
    "ClientId/identifier": pl.all_horizontal(cell("UserId", "ClientId", "Yclid").is_null())
    & cell("StaticCall").ne_missing("1"),
    "Currency/price without currency": cell("Currency").is_null() & (cell("Price").cast(pl.Float64, strict=False) > 0),
    "Price/currency without price": cell("Price").is_null() & cell("Currency").is_not_null(),
    "TalkDuration/missed call with talk": (cell("CallMissed") == "1") & (seconds["TalkDuration"] > 0),
}
(
    pl.scan_csv(sys.argv[1], infer_schema=False)
    .with_row_index("record", offset=1)
    .select("record", **masks)
    .filter(pl.any_horizontal(*masks))
    .unpivot(index="record", variable_name="fault")
    .filter("value")
    .select(
        "record",
        column=cell("fault").str.split("/").list.first(),
        rule=cell("fault").str.split("/").list.last(),
    )
    .sink_csv(sys.argv[2])
)
