"""The floor: a bare streaming parse of a CSV by Arrow, all results dropped."""

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

path, delimiter, encoding = sys.argv[1:4]
with Path(path).open(encoding=encoding) as stream:
    titles = stream.readline().rstrip("\r\n").split(delimiter)
reader = pyarrow.csv.open_csv(
    path,
    pyarrow.csv.ReadOptions(block_size=1 << 20, encoding=encoding),
    pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
    pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(titles, pa.string()), strings_can_be_null=False),
)
print(sum(batch.num_rows for batch in reader))
