"""``calltools convert``: a vendor's export or an untidy file becomes the canonical CSV."""

import typer

from calltools.cli.gathering import gathered
from calltools.cli.layers import layers
from calltools.cli.options import Files, Reading, Showing, Writing, ending, examples, language
from calltools.lean import load_arrow

EXAMPLES = examples(
    "calltools convert export.csv --timezone Europe/Moscow --static-call 1 -o calls.csv",
    "calltools convert journal.json --rejects rejects.csv -o calls.csv",
    "calltools convert export.csv --timezone Asia/Almaty --identifiers crm.xlsx -o calls.csv",
    "calltools convert exports/ --check --timezone Europe/Moscow --static-call 1",
)


@gathered
def convert(context: typer.Context, files: Files, writing: Writing, reading: Reading, showing: Showing) -> None:
    """Vendor export (CSV, XLSX, JSON) or untidy canonical file -> canonical CSV."""
    with ending(language(showing.lang), debug=showing.debug):
        found = layers(context)
        writing, reading, showing = (found.over(writing), found.over(reading), found.over(showing))
    with ending(language(showing.lang), debug=showing.debug):
        load_arrow()
        from calltools.cli.walking import check_files, convert_files  # noqa: PLC0415 - heavy

        if writing.check:
            check_files(files, reading, showing, found, converting=True)
        else:
            convert_files(files, writing, reading, showing, found)
