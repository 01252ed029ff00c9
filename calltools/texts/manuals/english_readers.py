"""English manuals of the rules whose faults the readers of files and workbooks find."""

from typing import Final

FILE_EMPTY: Final = """The file has no bytes, or nothing but white space.

Why:
    There is nothing to check or to upload. An export that failed often leaves such a file, and a nightly job
    then uploads nothing without a word.

Example:
    bad: a file of 0 bytes
    good: a header and records

Fix:
    Export the calls again, and find out why the export is empty.

Source:
    Yandex Metrica, Passing call data: the file has a header and at least one record
"""

NO_RECORDS: Final = """The file has a header and not one record.

Why:
    Metrica refuses such a file. Usually the period or the filter of the export holds no calls.

Example:
    bad: ClientId,DateTime
    good: ClientId,DateTime and a line for each call

Fix:
    Choose a period with calls. A day without calls needs no upload.

Source:
    Yandex Metrica, Passing call data: the file has at least one record
"""

ENCODING_NOT_UTF8: Final = """The text is in another encoding than UTF-8.

Why:
    Metrica reads UTF-8. Russian tags from a file in Windows-1251 become unreadable in reports, and nothing
    warns.

Example:
    bad: a file saved by Excel as CSV (Windows-1251)
    good: the same file in UTF-8

Fix:
    Run `calltools convert`, or save in Excel as "CSV UTF-8". If the encoding was found wrong, give it:
    --encoding.

Source:
    Yandex Metrica, FAQ on offline data: UTF-8
"""

BYTE_ORDER_MARK: Final = """A UTF-8 byte order mark stands in front of the first title.

Why:
    The mark is not documented. A reader that does not know it takes it for a part of the first title, and that
    column is then unknown.

Example:
    bad: a file whose first bytes are EF BB BF
    good: the same file without them

Fix:
    Run `calltools convert`, or save as UTF-8 without BOM.

Source:
    Unicode Standard, section 23.8; the upload method does not mention a mark
"""

DELIMITER_NOT_COMMA: Final = """A semicolon, a tab or a pipe separates the cells.

Why:
    The upload method has no parameter for the delimiter, and every documented sample has commas. Read with
    commas the file is one wide column.

Example:
    bad: ClientId;DateTime
    good: ClientId,DateTime

Fix:
    Run `calltools convert`. Excel takes the delimiter from the system's region: it cannot be changed while
    saving.

Source:
    Yandex Metrica, Passing call data: the file in the documented samples
"""

QUOTE_NOT_CLOSED: Final = """A quoted cell never ends.

Why:
    Everything up to the next quote, or to the end of the file, becomes one cell: records disappear into a tag
    and nobody misses them.

Example:
    bad: 1604591025698235234,1772434800,"open
    good: 1604591025698235234,1772434800,"closed"

Fix:
    Close the quote, or double it where it belongs to the text. The finding names the line where it began; the
    lines behind it are read again as records.

Source:
    RFC 4180, section 2
"""

QUOTE_INSIDE_CELL: Final = """A bare quote stands inside an unquoted cell, or text follows a closing quote.

Why:
    Programs disagree about such a record: some drop the quote, some shift the columns behind it.

Example:
    bad: шины 15"
    good: "шины 15\"\"\"

Fix:
    Quote the whole cell and double the quotes inside. Exports that never escape quotes have to be mended at
    their source.

Source:
    RFC 4180, section 2
"""

RECORD_RAGGED: Final = """The record has more or fewer cells than the header.

Why:
    From the missing delimiter on every cell stands in a wrong column: a time becomes a flag, a phone an id.

Example:
    bad: three cells under a header of four
    good: four cells

Fix:
    Look for a lost delimiter, or for a comma in a text without quotes. The record is rejected; the others are
    read.

Source:
    RFC 4180, section 2
"""

RECORD_BLANK: Final = """An empty record stands between records.

Why:
    It is harmless for most readers, but it is no call, and some readers stop there. Empty records that follow
    one another are one finding, with their count, the first and the last line.

Example:
    bad: a line of nothing but commas
    good: no such line

Fix:
    Remove the line.

Source:
    RFC 4180, section 2
"""

CELL_MULTILINE: Final = """A line break stands inside a cell of a canonical file.

Why:
    RFC 4180 allows it, but whether Metrica does is not documented, and a reader of lines sees two damaged
    records.

Example:
    bad: "first line and, behind a break, second line"
    good: first line, second line

Fix:
    Put a space in its place. In Excel: =SUBSTITUTE(A1,CHAR(10)," ").

Source:
    RFC 4180, section 2
"""

FILE_TOO_LARGE: Final = """The file is over 1 GB.

Why:
    The service takes 1 GB at most.

Example:
    bad: a file of 1.4 GB
    good: two files of 0.7 GB

Fix:
    Split it by days.

Source:
    Yandex Metrica, FAQ on offline data: 1 GB
"""

ROWS_ABOVE_HEADER: Final = """Title or blank rows were skipped to reach the header.

Why:
    It is told so that you can see which row was taken for the header.

Example:
    bad: a report's title in row 1, titles of columns in row 3
    good: titles of columns in row 1

Fix:
    Nothing, if it is right; otherwise --header-row N.

Source:
    Header rows are found by their known titles
"""

LINE_ENDS_MIXED: Final = """Line ends are CR alone, or of more than one kind.

Why:
    Readers disagree about where a record ends; with CR alone some see the whole file as one line.

Example:
    bad: lines ending in CRLF and in LF
    good: all lines ending in LF

Fix:
    Run `calltools convert`, or save the file again.

Source:
    RFC 4180, section 2
"""

HEADER_REPEATED: Final = """The header stands again among the records.

Why:
    Two exports were put together. Metrica would take the line for a call.

Example:
    bad: ClientId,DateTime in line 500
    good: no such line

Fix:
    Remove the line, and check that both halves have the same columns.

Source:
    Yandex Metrica, Passing call data: the file has one header
"""

BYTES_UNDECODABLE: Final = """The bytes of the record are not in the encoding of the file.

Why:
    Lines of another encoding were put into the file (a line in Windows-1251 in a UTF-8 file, or the reverse), or it
    was cut in the middle of a letter. Read silently, a tag would become rubbish, and an id another one. A record in
    UTF-8 in a file in Windows-1251 is known by its Russian letters: in one of the two encodings the text is Russian,
    in the other one it is a row of signs. The file is read in the encoding of its header, if that has Russian letters.

Example:
    bad: a line in Windows-1251 inside a UTF-8 file
    good: all lines in UTF-8

Fix:
    Export again, or convert each export by itself. If the whole file is in another encoding, give it:
    --encoding cp1251.

Source:
    RFC 3629: sequences of UTF-8
"""


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

ROWS_HIDDEN: Final = """Rows of the sheet are hidden, by a filter or by hand; they were read, too.

Why:
    Who has filtered a sheet sees only a part of its calls, and all of them would go to Metrica.

Example:
    bad: a filter shows the calls of one line, the rows of the others are hidden
    good: a sheet with the calls of one line alone

Fix:
    To leave them out, copy the visible rows to a sheet of their own. To send all of them, there is nothing to do.

Source:
    Office Open XML (ECMA-376), part 1, 18.3.1.73: row, attribute hidden; looked at in .xlsx and .xlsm
"""

ID_STORED_AS_NUMBER: Final = """A number cell of a workbook, or a column of floats, holds an identifier of 16 digits or more.

Why:
    A number cell keeps 15 digits. The id shown is plausible and belongs to nobody: the last digits were lost
    when the file was made.

Example:
    bad: 1604591025698235234 in a number cell
    good: the same digits in a text cell

Fix:
    Export again, and import the column as text: Data, From Text/CSV, column type Text, before loading.
    Formatting this column as text now brings nothing back. In `--rejects` such a cell is marked [CT209] and stays
    rejected until the right id stands there, without the mark.
    In Parquet and Arrow write the column as text or as whole numbers; pandas makes floats of ids when one is missing.

Source:
    Microsoft Support: Excel keeps 15 significant digits; IEEE 754
"""
