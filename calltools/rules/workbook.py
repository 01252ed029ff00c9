"""Manuals of the rules on workbooks: their reader finds these faults while it reads."""

from typing import Final

FORMULA_WITHOUT_VALUE: Final = """A formula cell for which the workbook holds no stored value.

Why:
    Programs write formulas without computing them. Readers then see an empty cell, and a call loses its phone
    or time without a word.

Example:
    bad: =A2&B2 without a result
    good: the result as a value

Fix:
    Open the workbook in Excel, save it, and check again; or paste the values in place of the formulas.

Source:
    ECMA-376, part 1, section 18.3.1.96: the value of a cell is optional
"""

ERROR_CELL: Final = """An error value such as #N/A stands in a cell of a workbook.

Why:
    A lookup found nothing. Most readers make an empty cell of it, and nobody learns that the id is missing.

Example:
    bad: #N/A
    good: an empty cell, or the value that was looked for

Fix:
    Mend the formula, or wrap it: =IFERROR(…,"").

Source:
    ECMA-376, part 1, section 18.18.11
"""

SHEET_CHOSEN: Final = """The workbook has several sheets with records; one was read.

Why:
    Calls of another sheet would be missing without a word.

Example:
    bad: sheets March and April, both with calls
    good: one sheet

Fix:
    Give --sheet TITLE to read another one, and convert each sheet by itself.

Source:
    The one visible sheet whose header fits is read
"""

ID_STORED_AS_NUMBER: Final = """A workbook holds an identifier of 16 digits or more in a number cell.

Why:
    A number cell keeps 15 digits. The id shown is plausible and belongs to nobody: the last digits were lost
    when the file was made.

Example:
    bad: 1604591025698235234 in a number cell
    good: the same digits in a text cell

Fix:
    Export again, and import the column as text: Data, From Text/CSV, column type Text, before loading.
    Formatting this column as text now brings nothing back.

Source:
    Microsoft Support: Excel keeps 15 significant digits; IEEE 754
"""
