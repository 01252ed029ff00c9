"""Readers and writers of files.

The format is found by what a file holds, never by its name: `opening.open_table` looks at the first bytes and hands
the file to the reader of `csv/`, `json/` or `workbook/`, each of which gives a `Table` of text.
"""
