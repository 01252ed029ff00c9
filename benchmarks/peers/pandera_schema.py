"""A schema of pandera as its documentation shows it: built-in checks on columns, wide checks on the frame, lazy."""

import sys

import pandas as pd
import pandera.pandas as pa
from rules import CURRENCIES, FORMS, LONGEST, NEWEST, OLDEST


def number(cells: pd.Series) -> pd.Series:
    """The numbers that the cells hold; missing where they hold none."""
    return pd.to_numeric(cells, errors="coerce")


columns = {
    column: pa.Column(str, pa.Check.str_matches(rf"^(?:{pattern})\Z"), nullable=True)
    for column, pattern in FORMS.items()
}
columns["UserId"] = pa.Column(str, nullable=True)
columns["Currency"] = pa.Column(str, pa.Check.isin(CURRENCIES), nullable=True)
columns["DateTime"] = pa.Column(
    str,
    [
        pa.Check.str_matches(rf"^(?:{FORMS['DateTime']})\Z"),
        pa.Check(lambda cells: ~((number(cells) < OLDEST) | (number(cells) > NEWEST)), name="window"),
    ],
)
for name in ("TalkDuration", "HoldDuration"):
    columns[name].checks.append(pa.Check(lambda cells: ~(number(cells) > LONGEST), name="day"))
schema = pa.DataFrameSchema(
    columns,
    checks=[
        pa.Check(
            lambda calls: calls[["UserId", "ClientId", "Yclid"]].notna().any(axis=1) | (calls["StaticCall"] == "1"),
            name="ClientId: missing",
        ),
        pa.Check(lambda calls: calls["Currency"].notna() | ~(number(calls["Price"]) > 0), name="Currency: missing"),
        pa.Check(lambda calls: calls["Price"].notna() | calls["Currency"].isna(), name="Price: missing"),
        pa.Check(
            lambda calls: ~((calls["CallMissed"] == "1") & (number(calls["TalkDuration"]) > 0)),
            name="TalkDuration: missed",
        ),
    ],
)


def main() -> None:
    """Read the file, write the report."""
    calls = pd.read_csv(sys.argv[1], dtype=str, keep_default_na=False, na_values=[""])
    try:
        schema.validate(calls, lazy=True)
        failures = pd.DataFrame(columns=["schema_context", "column", "check", "index"])
    except pa.errors.SchemaErrors as error:
        failures = error.failure_cases
    # A check on the frame gives a line for each column of a failing record: one of them stays.
    wide = failures["schema_context"] == "DataFrameSchema"
    failures = failures[~wide | ~failures.duplicated(["index", "check"])].copy()
    failures.loc[wide, "column"] = failures["check"].str.split(":").str[0]
    failures["record"] = failures["index"].astype("int64") + 1
    failures.to_csv(sys.argv[2], columns=["record", "column", "check"], index=False)


if __name__ == "__main__":
    main()
