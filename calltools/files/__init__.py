"""Bytes in, bytes out: each format is read by what a file holds, never by its name.

``opening.open_table`` looks at the first bytes (``signatures``) and hands the file to its reader, one of ``INPUTS``:
``csv_file``, ``workbook_file`` (which reads in a process of its own, ``workbook_child``) or ``json_file``.
Each gives a ``Table`` of text. ``csv_writer`` and ``rejects`` write, ``safely`` keeps what was there until the
new file is whole, ``limits`` says what one file may cost.
"""
