"""The workbook report: the user's workbook with the wrong cells marked, or a fresh workbook."""
