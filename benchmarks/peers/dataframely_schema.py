"""A schema of dataframely; `filter` keeps the failing records with a verdict for each rule."""

import sys

import dataframely as dy
import polars as pl
from rules import CURRENCIES, FORMS, LONGEST, NEWEST, OLDEST


def text(column: str) -> dy.String:
    """A column of text that may be empty."""
    return dy.String(nullable=True, regex=f"^(?:{FORMS[column]})$")


def number(column: str) -> pl.Expr:
    """The number that a cell holds; null where it holds none."""
    return pl.col(column).cast(pl.Float64, strict=False)


class Calls(dy.Schema):
    """The canonical columns."""

    record = dy.UInt32()
    UserId = dy.String(nullable=True)
    ClientId = text("ClientId")
    Yclid = text("Yclid")
    DateTime = dy.String(regex=f"^(?:{FORMS['DateTime']})$")
    StaticCall = text("StaticCall")
    Price = text("Price")
    Currency = dy.String(nullable=True, check=lambda cells: cells.is_in(list(CURRENCIES)))
    PhoneNumber = text("PhoneNumber")
    TalkDuration = text("TalkDuration")
    HoldDuration = text("HoldDuration")
    CallMissed = text("CallMissed")
    Tag = text("Tag")
    FirstTimeCaller = text("FirstTimeCaller")
    URL = text("URL")
    CallTrackerURL = text("CallTrackerURL")

    @dy.rule()
    def DateTime_window(cls) -> pl.Expr:
        return number("DateTime").is_between(OLDEST, NEWEST)

    @dy.rule()
    def TalkDuration_day(cls) -> pl.Expr:
        return number("TalkDuration") <= LONGEST

    @dy.rule()
    def HoldDuration_day(cls) -> pl.Expr:
        return number("HoldDuration") <= LONGEST

    @dy.rule()
    def ClientId_missing(cls) -> pl.Expr:
        named = pl.any_horizontal(pl.col("UserId", "ClientId", "Yclid").is_not_null())
        return named | pl.col("StaticCall").eq_missing("1")

    @dy.rule()
    def Currency_missing(cls) -> pl.Expr:
        return pl.col("Currency").is_not_null() | ~(number("Price") > 0)

    @dy.rule()
    def Price_missing(cls) -> pl.Expr:
        return pl.col("Price").is_not_null() | pl.col("Currency").is_null()

    @dy.rule()
    def TalkDuration_missed(cls) -> pl.Expr:
        return ~((pl.col("CallMissed") == "1") & (number("TalkDuration") > 0))


calls = pl.read_csv(sys.argv[1], infer_schema=False).with_row_index("record", offset=1)
_, failure = Calls.filter(calls)
details = failure.details()
rules = [name for name in details.columns if name not in calls.columns]
(
    details.select("record", pl.col(rules).cast(pl.String))
    .unpivot(index="record", variable_name="rule")
    .filter(pl.col("value") == "invalid")
    .select("record", column=pl.col("rule").str.extract("^([A-Za-z]+)"), rule="rule")
    .write_csv(sys.argv[2])
)
