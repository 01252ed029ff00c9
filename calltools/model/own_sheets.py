"""What calltools puts into a workbook, so that it knows its own work when the workbook comes back."""

from typing import Final

FINDINGS_SHEET: Final = "calltools findings"
SUMMARY_SHEET: Final = "calltools summary"
OWN_SHEET_TITLES: Final = frozenset({FINDINGS_SHEET, SUMMARY_SHEET})
#: Author of the comments.
COMMENT_AUTHOR: Final = "calltools"
