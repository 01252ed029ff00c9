"""English manuals of the rules whose faults the vendor mapping and the identifier matching find."""

from typing import Final

VALUE_NOT_IN_PROFILE: Final = """The column holds a word that the profile's table does not know.

Why:
    Vendors add statuses. Guessed wrong, a missed call counts as answered in every report.

Example:
    bad: Статус: Переадресован
    good: a word of the profile's table

Fix:
    Add the word to the table of values in a profile of your own: `calltools vendors show NAME`.

Source:
    The profile's own table; see schemas/README.md
"""

LOCAL_TIME_AMBIGUOUS: Final = """The wall-clock time happened twice in the zone.

Why:
    When clocks are set back an hour comes twice. Which of the two the call belongs to the file does not say,
    and the wrong one may lie before the visit.

Example:
    bad: 26.10.2014 01:30:00 in Europe/Moscow
    good: a time with its offset

Fix:
    Take an export with UTC or offsets, or decide by hand.

Source:
    IANA time zone database
"""

LOCAL_TIME_NONEXISTENT: Final = """The wall-clock time never was in the zone.

Why:
    When clocks are set forward an hour is skipped. A call in it proves that the zone is another one.

Example:
    bad: 27.03.2011 02:30:00 in Europe/Moscow
    good: a time that was

Fix:
    Check --timezone: perhaps the PBX runs on UTC.

Source:
    IANA time zone database
"""

ZONE_CONTRADICTS_RECORD: Final = """The record proves another UTC offset than the zone given.

Why:
    Ids of many exchanges hold the second in which the call began. If it does not fit the time of the record,
    the zone is wrong or the clock was.

Example:
    bad: time 10:00:00 and id 1772434800.7 with --timezone UTC
    good: the same with --timezone Europe/Moscow

Fix:
    Check --timezone. For single records find out whether the clock was set that day.

Source:
    Unique ids of open PBXs: the epoch and a counter
"""

DATE_ORDER_UNDECIDED: Final = """Dates of the column can be read day first and month first, or contradict one another.

Why:
    02/03 is 2 March or 3 February. A wrong guess moves the calls by months, out of the window of 21 days. A day over
    12 tells the order of all dates with the same separator; with dots the day comes first. Days over 12 in both
    places, or another order for another separator, tell that two files were put together.

Example:
    bad: 02/03/2026 in each record
    good: dates of which one has a day over 12, or --date-order

Fix:
    Say which: --date-order dmy, mdy or ymd. Of two files that were put together convert each by itself.

Source:
    Formats seen in exports: dd/mm and mm/dd
"""

IDENTIFIER_NOT_JOINED: Final = """--identifiers was given and this call found no partner.

Why:
    Without an identifier the call is not linked to a visit.

Example:
    bad: a call whose phone is not in the second file
    good: a call whose phone left a form before

Fix:
    Check that both files cover the same days and that phones are complete in both, and check
    --identifier-window.

Source:
    The nearest earlier record of the same phone within the window
"""

LEG_DAMAGED: Final = """A record of this call cannot be read, so that nobody knows what became of the call.

Why:
    An export with several records a call says in one of them whether it was answered and how long it was talked. Where
    that record is damaged, the others make a missed call of it. So all records of the call are rejected together.
    Which call a damaged record belongs to is known by its id alone, never by the records around it.

Example:
    bad: two records with one linkedid, of which the second, with the talk, lacks a cell
    good: both records whole

Fix:
    Mend the damaged record, which the report names, and convert again. `--rejects` writes all records of the call, so
    that the mended file converts. Where the id cannot be read, compare the calls of that time with the telephony.

Source:
    Exports with several records a call: all of them have one id
"""

OUTCOME_NOT_TAKEN: Final = """Records of a file of outcomes reached no call, cannot be used, or contradict one another in the currency.

Why:
    An outcome (a sale, a mark) belongs to the latest call of the same person before it. Where there is none, revenue
    would be missing in Metrica and nobody would know. Amounts of two currencies have no sum, so nothing is taken.

Example:
    bad: a sale whose phone never called, or of a month whose calls are not in the run
    good: a sale of 5 March, and a call of the same phone on 2 March

Fix:
    Convert the calls of all these days in one run; check that phones are complete in both files (--region), times are
    of the same zone (--timezone), and --outcome-window. `--rejects` writes the records that reached no call beside the
    rejects, as they came. Of a call with two currencies take the wrong record out.

Source:
    Each record goes to the latest call of the same phone or identifier within the window
"""

OUTCOME_BESIDE_OWN_VALUE: Final = """The export has a value of its own where a file of outcomes has one, too.

Why:
    Which of the two is right nobody can tell; what the telephony says stays, and is not overwritten without a word.

Example:
    bad: Price 1200 in the export, and a sale of 1500 in the CRM
    good: no Price in the export

Fix:
    Empty the cell, or describe the export with a profile that leaves the column out (`calltools vendors show NAME`).

Source:
    What the export says itself stays
"""

IDENTIFIER_JOINED_AMBIGUOUSLY: Final = """More than one record of the second file fits equally well; none is taken.

Why:
    One of them would be right and the others wrong, and nothing tells which.

Example:
    bad: two visitors with one phone at the same second
    good: one visitor

Fix:
    Look at these records: the phone of an office is shared by many.

Source:
    Ties take none
"""

DATES_SWAPPED: Final = """A spreadsheet has exchanged day and month.

Why:
    A spreadsheet set to another country reads 09.11 as 11 September, and leaves 13.11 as text, for there is no 13th
    month. The calls with a day of 12 or less then lie months away. Such a column shows it: dates that the
    spreadsheet wrote anew all have a day of 12 or less, and those left as text all have a day above 12. An id that
    holds the second of the call proves it as well, and then the fix is the true time.

Example:
    bad: the date cell 2026-09-11 10:00:00 beside the text 13.11.2026 10:28:00
    good: 09.11.2026 10:00:00 beside 13.11.2026 10:28:00

Fix:
    Take the export again, and give calltools the file as it came. In a spreadsheet load it with From Text/CSV and
    the type Text for the column of times.

Source:
    Dates of text files opened in Excel under other regional settings
"""
