"""Options of a run from the texts of the command line: times, spans, sizes, lists of columns."""

from calltools.cli.configuration.layers import OptionLayers
from calltools.cli.options import FindingOptions, FormOptions, ReadingOptions, split_words
from calltools.files.limits import parse_limits
from calltools.files.remote_path import as_path
from calltools.model.batch import Hints
from calltools.run import RunOptions, build_hints, parse_as_of, parse_identifier_columns, parse_window


def build_run_options(reading: ReadingOptions, showing: FindingOptions) -> RunOptions:
    """The options of a run, as the command line and the configuration give them.

    Raises:
        UsageError: A time, a span of time, a size or a list of columns cannot be parsed.
    """
    return RunOptions(
        vendor=reading.vendor,
        hints=parse_hints(reading),
        timezone=reading.timezone,
        region=reading.region.upper() if reading.region else None,
        currency=reading.currency.upper() if reading.currency else None,
        static_call=None if reading.static_call is None else reading.static_call.value,
        date_order=None if reading.date_order is None else reading.date_order.value,
        duration_format=None if reading.duration_format is None else reading.duration_format.value,
        identifiers=as_path(reading.identifiers) if reading.identifiers else None,
        identifiers_sheet=reading.identifiers_sheet,
        identifier_window_s=parse_window(reading.identifier_window),
        identifier_columns=parse_identifier_columns(reading.identifier_columns),
        outcomes=tuple(as_path(one) for one in reading.outcomes or ()),
        outcomes_sheet=reading.outcomes_sheet,
        outcome_window_s=parse_window(reading.outcome_window, "outcome-window"),
        outcome_columns=parse_identifier_columns(reading.outcome_columns, "outcome-columns"),
        own_numbers=tuple(reading.own_number or ()),
        inbound_contexts=tuple(reading.inbound_context or ()),
        as_of=None if reading.as_of is None else parse_as_of(reading.as_of),
        select=split_words(showing.select),
        ignore=split_words(showing.ignore),
        baseline=showing.baseline,
        exact_only=showing.no_fast_path,
        limits=parse_limits(reading.limit or []),
    )


def build_file_options(layers: OptionLayers, reading: ReadingOptions, showing: FindingOptions, name: str) -> RunOptions:
    """The options of a file by its name, with those that the configuration has for it.

    Args:
        layers: The layers of the command.
        reading: What holds for every file.
        showing: The same.
        name: What the user calls the file.

    Raises:
        UsageError: As ``build_run_options``.
    """
    matching = layers.config.matching_overrides(name)
    return build_run_options(layers.apply(reading, matching), layers.apply(showing, matching))


def parse_hints(reading: ReadingOptions | FormOptions) -> Hints:
    """What the options say about the form of a file.

    Raises:
        UsageError: There is no such encoding, or the delimiter is not one of four.
    """
    return build_hints(
        encoding=reading.encoding,
        delimiter=reading.delimiter,
        sheet=reading.sheet,
        header_row=reading.header_row,
        records=reading.records,
    )
