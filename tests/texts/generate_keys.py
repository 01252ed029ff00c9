"""Write the types of message keys and labels: ``python -m tests.texts.generate_keys`` after a change of a key."""

import textwrap
from pathlib import Path

from calltools.texts import MESSAGES, keys
from calltools.texts.report_labels import HTML_LABELS, WORKBOOK_LABELS
from calltools.texts.ui_labels import UI_LABELS

MODULE = Path(keys.__file__)
MARK = "# Generated from here on.\n# fmt: off\n"


def render_keys(module):
    """The text of the module with types that fit the tables."""
    by_hand, mark, _ = module.partition(MARK)
    types = {
        "MessageKey": MESSAGES,
        "HtmlLabel": HTML_LABELS,
        "WorkbookLabel": WORKBOOK_LABELS,
        "UiLabel": UI_LABELS,
    }
    return by_hand + mark + "\n".join(render_type(name, table) for name, table in types.items())


def render_type(name, table):
    listed = ", ".join(f'"{key}"' for key in sorted(table))
    lines = textwrap.wrap(listed, 116, break_on_hyphens=False, break_long_words=False)
    return f"{name} = Literal[\n" + "".join(f"    {line.strip()}\n" for line in lines) + "]\n"


if __name__ == "__main__":
    MODULE.write_text(render_keys(MODULE.read_text(encoding="utf-8")), encoding="utf-8")
