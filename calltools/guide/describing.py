"""What was found in a file, and what proves it, as sentences."""

from collections.abc import Iterator

from calltools.guide.question import Sentence, plain_sentence, sentence
from calltools.guide.trial import Trial
from calltools.model.batch import Source
from calltools.model.titles import redacted_titles
from calltools.reports.reporter import ReportOptions
from calltools.reports.second_files import outcome_file_lines, unusable_lines
from calltools.reports.text import DATE_ORDERS, DELIMITERS
from calltools.run.context import RunOptions
from calltools.run.source import OpenedExport
from calltools.texts.keys import LANGUAGES, Word
from calltools.vendors.profile import Profile


def describe(trial: Trial, options: RunOptions) -> Iterator[Sentence]:
    """What is known of a file that can be converted."""
    source = trial.table.source
    yield from describe_source(source)
    yield describe_vendor(trial.profile)
    given = {one.option: one for one in source.given if one.by_profile}
    if (zone := given.get("timezone")) is not None and options.timezone is None:
        yield sentence("guide-found-zone", zone=zone.value)
    if (region := given.get("region")) is not None and options.region is None:
        yield sentence("guide-found-region", region=region.value)
    yield from describe_second_files(trial)
    if source.date_order is not None:
        yield sentence("guide-found-date-order", order=Word(DATE_ORDERS[source.date_order]))


def describe_second_files(trial: Trial) -> Iterator[Sentence]:
    """What of the second files cannot be used, with the option that may help."""
    told = (
        [*unusable_lines(trial.table.source, options), *outcome_file_lines(trial.summary, options)]
        for options in map(ReportOptions, LANGUAGES)
    )
    for english, russian in zip(*told, strict=True):
        yield plain_sentence(english, russian)


def describe_source(source: Source) -> Iterator[Sentence]:
    """The form of a file."""
    facts = {"name": source.name, "encoding": source.encoding, "sheet": source.sheet}
    yield Sentence(source.format.read_as, {**facts, "delimiter": Word(DELIMITERS[source.delimiter])})
    if source.header_row is not None:
        yield sentence("guide-found-header", row=source.header_row)


def describe_vendor(profile: Profile | None) -> Sentence:
    """Whose export it is."""
    if profile is None:
        return sentence("guide-found-canonical")
    return sentence("guide-found-vendor", title=profile.title, columns=redacted_titles(profile.recognize))


def describe_opened(opened: OpenedExport) -> Iterator[Sentence]:
    """What the header of a file tells."""
    yield from describe_source(opened.table.source)
    if opened.is_canonical or len(opened.fitting) == 1:
        yield describe_vendor(None if opened.is_canonical else opened.fitting[0])
