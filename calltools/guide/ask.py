"""The questions: what is asked, why, what may be answered, what follows. Which of them are asked is not known here."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from calltools.guide.answers import join_second_file
from calltools.guide.question import Choice, Found, Question, Sentence, plain_sentence, sentence
from calltools.guide.second_files import SecondFile
from calltools.guide.wide_choices import CURRENCIES, REGIONS, ZONES
from calltools.model.titles import redacted_titles
from calltools.texts.keys import MessageKey

_TITLES_SHOWN: Final = 4


def ask_sheet(name: str, heads: Mapping[str, Sequence[Sequence[str]]] | Sequence[str]) -> Question:
    """Which sheet of a workbook holds the calls.

    Args:
        name: What the user calls the file.
        heads: Titles of the sheets, where it is known with their first rows.
    """
    rows = heads if isinstance(heads, Mapping) else {}
    return Question(
        "sheet",
        "choice",
        sentence("guide-sheet"),
        sentence("guide-sheet-why", count=len(heads)),
        choices=tuple(Choice(one, plain_sentence(one), _titles_of(rows.get(one, ()))) for one in heads),
        file=name,
    )


def _titles_of(rows: Sequence[Sequence[str]]) -> Sentence | None:
    """The first titles of a sheet: of its widest row among the first ones."""
    widest = max(rows, key=lambda row: sum(map(bool, row)), default=())
    shown = [title for title in widest if title.strip()][:_TITLES_SHOWN]
    return sentence("guide-sheet-titles", titles=redacted_titles(shown)) if shown else None


def ask_records(name: str, paths: Sequence[str], first: str) -> Question:
    """Which list of a JSON document holds the calls."""
    return Question(
        "records",
        "choice",
        sentence("guide-records"),
        sentence("guide-records-why", count=len(paths)),
        found=Found(first, sentence("guide-records-longest")),
        choices=tuple(Choice(one, plain_sentence(one)) for one in paths),
        file=name,
    )


def ask_vendor(name: str, names: Sequence[str]) -> Question:
    """Whose export it is, of several that have this header."""
    return Question(
        "vendor",
        "choice",
        sentence("guide-vendor"),
        sentence("guide-vendor-why"),
        choices=tuple(Choice(one, plain_sentence(one)) for one in names),
        file=name,
    )


def ask_profile_path(name: str, proposed: str) -> Question:
    """Where the profile goes that the answers make."""
    return Question(
        "vendor", "new-file", sentence("guide-vendor-new"), sentence("guide-vendor-new-why"),
        found=Found(proposed, sentence("guide-vendor-new-found")), free_text=True, file=name, changes_calls=False,
    )  # fmt: skip


def ask_zone(name: str | None, *, proven: str | None = None, count: int | None = None) -> Question:
    """The zone of wall-clock times.

    Args:
        name: The file; ``None``: the one with identifiers.
        proven: The zone that its ids agree on.
        count: How many times want a zone, where not all do.
    """
    why = sentence("guide-zone-why") if count is None else sentence("guide-zone-why-some", count=count)
    return Question(
        "timezone",
        "text",
        sentence("guide-zone"),
        why,
        found=None if proven is None else Found(proven, sentence("guide-zone-proven")),
        choices=ZONES,
        free_text=True,
        file=name,
    )


def ask_region(name: str, count: int, by_region: Mapping[str, int], *, looked_at: int | None = None) -> Question:
    """The country of phones without a country code.

    Args:
        name: The file.
        count: How many such phones there are.
        by_region: Country -> how many of them it makes valid, the most first.
        looked_at: How many of them were tried; ``None``: all.
    """
    of_first = looked_at is not None and looked_at < count
    facts: dict[str, object] = {"looked": looked_at} if of_first else {}
    best = next(iter(by_region), None)
    runner_up = [*by_region.values()][1:2]
    # Two countries of one numbering plan, such as Russia and Kazakhstan, prove nothing by a part of the phones.
    clear = best is not None and (not runner_up or by_region[best] > runner_up[0])
    known = {one.value: one for one in REGIONS}
    listed = [known[one] for one in by_region if one in known] or [*REGIONS]
    choices = (
        replace(
            one,
            consequence=sentence(
                "guide-region-valid-first" if of_first else "guide-region-valid", valid=by_region[one.value], **facts
            ),
        )
        if one.value in by_region
        else one
        for one in listed
    )
    return Question(
        "region",
        "text",
        sentence("guide-region"),
        sentence("guide-region-why", count=count),
        found=Found(
            best,
            sentence("guide-region-found-first" if of_first else "guide-region-found", valid=by_region[best], **facts),
        )
        if clear and best
        else None,
        choices=tuple(choices),
        free_text=True,
        file=name,
    )


def ask_region_of_second_file(name: str, path: object, count: int) -> Question:
    """The country of the phones of a second file, none of which can be read without one.

    Args:
        name: The file of calls.
        path: The second file.
        count: How many of its phones cannot be read.
    """
    return Question(
        "region", "text", sentence("guide-region"), sentence("guide-region-why-second", path=path, count=count),
        choices=REGIONS, free_text=True, file=name,
    )  # fmt: skip


def ask_currency(name: str, titles: Sequence[str], unpriced: int) -> Question:
    """The currency of amounts."""
    why = (
        sentence("guide-currency-why", titles=redacted_titles(titles))
        if titles
        else sentence("guide-currency-why-some", count=unpriced)
    )
    return Question(
        "currency", "text", sentence("guide-currency"), why,
        choices=CURRENCIES, free_text=True, required=False, file=name,
    )  # fmt: skip


def ask_outcome_currency(path: str) -> Question:
    """The currency of the amounts in a file of outcomes."""
    return Question(
        "currency", "text", sentence("guide-currency"), sentence("guide-currency-why-outcomes", path=path),
        choices=CURRENCIES, free_text=True,
    )  # fmt: skip


_DATE_ORDERS: Final = (
    Choice("dmy", sentence("guide-date-order-dmy"), also=("день", "day")),
    Choice("mdy", sentence("guide-date-order-mdy"), also=("месяц", "month")),
)


def ask_date_order(name: str, texts: str, count: int) -> Question:
    """Whether the day or the month comes first."""
    return Question(
        "date-order",
        "choice",
        sentence("guide-date-order"),
        sentence("guide-date-order-why", texts=texts, count=count),
        choices=_DATE_ORDERS,
        file=name,
    )


def ask_date_order_of_second_file(name: str, column: str) -> Question:
    """The same of a column of the second file."""
    return Question(
        "date-order",
        "choice",
        sentence("guide-date-order-second", column=column),
        sentence("guide-date-order-second-why"),
        choices=_DATE_ORDERS,
        file=name,
    )


def ask_duration_format(name: str, *, column: str, texts: str = "", minutes: str = "", hours: str = "") -> Question:
    """Whether 3:15 is minutes and seconds or hours and minutes."""
    return Question(
        "duration-format",
        "choice",
        sentence("guide-duration", column=column),
        sentence("guide-duration-why", texts=texts) if texts else sentence("guide-duration-why-all"),
        choices=(
            Choice("mm:ss", sentence("guide-duration-minutes"), _reading(minutes), ("минуты", "minutes")),
            Choice("h:mm", sentence("guide-duration-hours"), _reading(hours), ("часы", "hours")),
        ),
        file=name,
    )


def _reading(read: str) -> Sentence | None:
    return sentence("guide-duration-read", read=read) if read else None


def ask_identifiers(name: str, without: int, second_files: Sequence[SecondFile]) -> Question:
    """The second file, which knows who called."""
    choices = [
        Choice(
            join_second_file(str(one.path), one.sheet),
            sentence("guide-identifiers-sheet-of", sheet=one.sheet, path=one.path.name)
            if one.sheet
            else plain_sentence(one.path.name),
            sentence("guide-identifiers-titles", titles=one.titles),
        )
        for one in second_files
    ]
    only = choices[0] if len(choices) == 1 else None
    return Question(
        "identifiers",
        "file",
        sentence("guide-identifiers"),
        sentence("guide-identifiers-why", count=without),
        found=None if only is None or only.consequence is None else Found(only.value, only.consequence),
        choices=tuple(choices),
        free_text=True,
        required=False,
        file=name,
    )


def ask_identifiers_sheet(path: str, sheets: Sequence[str]) -> Question:
    """Which sheet of the second file is meant."""
    return Question(
        "identifiers-sheet",
        "choice",
        sentence("guide-identifiers-sheet", path=path),
        sentence("guide-identifiers-sheet-why"),
        choices=tuple(Choice(one, plain_sentence(one)) for one in sheets),
    )


def ask_identifier_columns(missing: str, titles: str) -> Question:
    """Which columns of the second file are the phone, the time and the identifier."""
    return Question(
        "identifier-columns",
        "text",
        sentence("guide-identifier-columns"),
        sentence("guide-identifier-columns-why", missing=missing, titles=titles),
        free_text=True,
        changes_calls=False,
    )


def ask_outcomes_sheet(path: str, sheets: Sequence[str]) -> Question:
    """Which sheet of a file of outcomes is meant."""
    return Question(
        "outcomes-sheet",
        "choice",
        sentence("guide-outcomes-sheet", path=path),
        sentence("guide-outcomes-sheet-why"),
        choices=tuple(Choice(one, plain_sentence(one)) for one in sheets),
    )


def ask_outcome_columns(path: str, missing: str, titles: str) -> Question:
    """Which columns of a file of outcomes are the person, the time and what is said of the call."""
    return Question(
        "outcome-columns",
        "text",
        sentence("guide-outcome-columns", path=path),
        sentence("guide-identifier-columns-why", missing=missing, titles=titles),
        free_text=True,
        changes_calls=False,
    )


def ask_static_call(name: str, without: int, total: int, *, is_joined: bool) -> Question:
    """What becomes of calls that have no identifier."""
    sent: tuple[Choice, ...] = (
        Choice("auto", sentence("guide-static-auto"), sentence("guide-static-auto-then", count=without)),
        Choice("1", sentence("guide-static-1"), sentence("guide-static-1-then")),
    )
    if without >= total:
        # No call is any other: both would do the same.
        sent = (Choice("auto", sentence("guide-static-all"), sentence("guide-static-all-then")),)
    return Question(
        "static-call",
        "choice",
        sentence("guide-static", count=without, total=total),
        sentence("guide-static-why-joined" if is_joined else "guide-static-why", count=without),
        choices=(*sent, Choice("0", sentence("guide-static-0"), sentence("guide-static-0-then", count=without))),
        file=name,
    )


def ask_typed(key: str, name: str) -> Question:
    """An option whose answer is typed, and that may be left open.

    Args:
        key: One of ``TYPED``.
        name: What the user calls the file.
    """
    what, why = TYPED[key]
    return Question(
        key, "text", sentence(what), sentence(why), free_text=True, required=False, file=name, changes_calls=False
    )


#: Option -> its question, and why it is asked.
TYPED: Final[Mapping[str, tuple[MessageKey, MessageKey]]] = MappingProxyType(
    {
        # Where another row was taken for that of the titles.
        "header-row": ("guide-header-row", "guide-header-row-why"),
        # How far a record of the second file may lie before its call, and a call before what became of it.
        "identifier-window": ("guide-identifier-window", "guide-identifier-window-why"),
        "outcome-window": ("guide-outcome-window", "guide-outcome-window-why"),
        # By which moment calls are late, or in the future.
        "as-of": ("guide-as-of", "guide-as-of-why"),
    }
)


def ask_own_number(name: str, column: str) -> Question:
    """Which called numbers are ours."""
    return Question(
        "own-number", "text", sentence("guide-own-number"), sentence("guide-own-number-why", column=column),
        free_text=True, file=name,
    )  # fmt: skip


def ask_inbound_context(name: str, column: str, words: str) -> Question:
    """Which contexts of the dialplan are those of incoming calls."""
    listed = [word.rpartition(":")[0] for word in words.split(", ")] if words else []
    return Question(
        "inbound-context",
        "text",
        sentence("guide-context"),
        sentence("guide-context-why", column=column),
        choices=tuple(Choice(one, plain_sentence(one)) for one in listed if one),
        free_text=True,
        file=name,
    )
