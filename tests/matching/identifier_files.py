"""Small second files and small calls."""

import numpy as np
import pyarrow as pa

from calltools.matching.columns import MatchColumns
from calltools.matching.join import build_index
from calltools.model.assumptions import Assumptions
from calltools.model.batch import Batch, MalformedRecords
from calltools.model.finding import Findings

TITLES = ("phone", "time", "ClientId", "Yclid")
COLUMNS = MatchColumns(0, 1, {"ClientId": 2, "Yclid": 3})
HERE = Assumptions(now=1773100800, timezone="Europe/Moscow", region="RU")
NOON = 1772434800
DAY = 86_400
WINDOW = 21 * DAY


def batch(*rows, findings=None, first=2, damaged=()):
    padded = [(*row, "", "")[:4] for row in rows]
    columns = {title: pa.array([row[place] for row in padded], pa.string()) for place, title in enumerate(TITLES)}
    count = len(rows)
    places = np.arange(first, first + count)
    return Batch(
        pa.table(columns),
        places - 1,
        places,
        findings=findings or Findings.empty(),
        read=count + len(damaged),
        malformed=MalformedRecords.from_list(damaged),
    )


def index(*rows, assumptions=HERE):
    return build_index([batch(*rows)], TITLES, COLUMNS, assumptions)


def calls(*rows, names=("ClientId", "Yclid", "DateTime", "PhoneNumber")):
    return pa.table({name: pa.array([row[place] for row in rows], pa.string()) for place, name in enumerate(names)})
