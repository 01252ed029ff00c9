"""``calltools validate``: tell everything that is wrong; write nothing but reports."""

import typer

from calltools.cli.gathering import gathered
from calltools.cli.layers import layers
from calltools.cli.options import Files, Reading, Showing, ending, examples, language
from calltools.lean import load_arrow

EXAMPLES = examples(
    "calltools validate calls.csv",
    "calltools validate export.xlsx --timezone Europe/Moscow --region RU --lang ru",
    "calltools validate exports/ --output-format github --fail-on warning",
)


@gathered
def validate(context: typer.Context, files: Files, reading: Reading, showing: Showing) -> None:
    """Check canonical files or vendor exports; nothing is written but reports."""
    with ending(language(showing.lang), debug=showing.debug):
        found = layers(context)
        reading, showing = (found.over(reading), found.over(showing))
    with ending(language(showing.lang), debug=showing.debug):
        load_arrow()
        from calltools.cli.walking import check_files  # noqa: PLC0415 - heavy

        check_files(files, reading, showing, found)
