"""A Table Schema that frictionless validates, with constraints on rows; all errors instead of the first 1,000."""

import csv
import sys
from pathlib import Path

from frictionless import Checklist, Resource, Schema, checks, system
from rules import CURRENCIES, FORMS, LONGEST, NEWEST, OLDEST

fields = {
    "UserId": {"type": "string"},
    **{column: {"type": "string", "constraints": {"pattern": form}} for column, form in FORMS.items()},
    "DateTime": {"type": "integer", "constraints": {"required": True, "minimum": OLDEST, "maximum": NEWEST}},
    "Price": {"type": "number", "constraints": {"minimum": 0}},
    "Currency": {"type": "string", "constraints": {"enum": sorted(CURRENCIES)}},
    "TalkDuration": {"type": "integer", "constraints": {"minimum": 0, "maximum": LONGEST}},
    "HoldDuration": {"type": "integer", "constraints": {"minimum": 0, "maximum": LONGEST}},
}
rows = {
    "UserId or ClientId or Yclid or StaticCall == '1'": "ClientId",
    "Currency or not Price or Price < 0": "Currency",
    "Price is not None or Currency is None": "Price",
    "CallMissed != '1' or not TalkDuration": "TalkDuration",
}
with Path(sys.argv[1]).open(encoding="utf-8") as stream:
    titles = stream.readline().strip().split(",")
schema = Schema.from_descriptor({"fields": [{"name": title} | fields[title] for title in titles]})
checklist = Checklist(checks=[checks.row_constraint(formula=formula) for formula in rows])
with system.use_context(trusted=True):
    report = Resource(path=sys.argv[1], schema=schema).validate(checklist, limit_errors=sys.maxsize)
with Path(sys.argv[2]).open("w", encoding="utf-8", newline="") as stream:
    out = csv.writer(stream)
    out.writerow(("record", "column", "rule"))
    for number, column, rule, note in report.flatten(["rowNumber", "fieldName", "type", "note"]):
        # An error of a row has no field; its note ends with the constraint.
        out.writerow((number - 1, column or rows[note.split('"')[1]], rule))
