"""One statement of DuckDB: a list of the broken rules for each record, unnested into the report."""

import sys

import duckdb
from rules import CURRENCIES, FORMS, LONGEST, NEWEST, OLDEST


def quoted(text: str) -> str:
    """A text of SQL."""
    return "'" + text.replace("'", "''") + "'"


tests = [(column, "form", f"NOT regexp_full_match({column}, {quoted(form)})") for column, form in FORMS.items()]
tests += [
    ("DateTime", "missing", "DateTime IS NULL"),
    ("DateTime", "window", f"TRY_CAST(DateTime AS BIGINT) NOT BETWEEN {OLDEST} AND {NEWEST}"),
    ("TalkDuration", "day", f"TRY_CAST(TalkDuration AS BIGINT) > {LONGEST}"),
    ("HoldDuration", "day", f"TRY_CAST(HoldDuration AS BIGINT) > {LONGEST}"),
    ("Currency", "ISO 4217", f"Currency NOT IN ({', '.join(map(quoted, CURRENCIES))})"),
    ("ClientId", "identifier", "coalesce(UserId, ClientId, Yclid) IS NULL AND StaticCall IS DISTINCT FROM '1'"),
    ("Currency", "price without currency", "Currency IS NULL AND TRY_CAST(Price AS DOUBLE) > 0"),
    ("Price", "currency without price", "Price IS NULL AND Currency IS NOT NULL"),
    ("TalkDuration", "missed call with talk", "CallMissed = '1' AND TRY_CAST(TalkDuration AS BIGINT) > 0"),
]
cases = [f"CASE WHEN {test} THEN {{'column': '{column}', 'rule': '{rule}'}} END" for column, rule, test in tests]
duckdb.execute(f"""
    COPY (
        SELECT record, fault.column, fault.rule
        FROM (
            SELECT row_number() OVER () AS record, unnest([{", ".join(cases)}]) AS fault
            FROM read_csv({quoted(sys.argv[1])}, header = true, all_varchar = true)
        )
        WHERE fault IS NOT NULL
    ) TO {quoted(sys.argv[2])} (HEADER)
""")
