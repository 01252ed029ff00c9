"""A refusal, with what a look at the file adds: the profile that fits, the zone, the words that are there."""

from collections import Counter
from dataclasses import replace
from itertools import islice
from typing import Final

from calltools.errors import UsageError, VendorError
from calltools.files.opening import open_table
from calltools.model.batch import Batch, Table, unique_titles
from calltools.model.titles import redacted_titles
from calltools.run.options import RunOptions
from calltools.vendors import library, recognize, zones
from calltools.vendors.fitting import match_header, normalize_title
from calltools.vendors.guessing import looks_like_record
from calltools.vendors.mapping import MappingOptions, bind_profile
from calltools.vendors.profile import Profile

#: Words of a column that are told.
_MAX_WORDS: Final = 12


def read_first_batch(table: Table) -> list[Batch]:
    """The first records, if there are any."""
    return [task() for task in islice(table.tasks(), 1)]


def with_suggestion(fault: UsageError, table: Table, profile: Profile, wanted: MappingOptions, options: RunOptions) -> UsageError:
    """The fault, with what a look at the file adds: the profile that fits, the zone that its ids agree on."""
    if fault.key == "vendor-misfit":
        return _explain_misfit(fault, table, profile, options)
    if fault.key == "incoming-unknown" and (there := _frequent_words(table, str(fault.facts["column"]))):
        return UsageError("incoming-unknown-there", **fault.facts, there=there)
    if fault.key == "timezone-needed":
        mapped = bind_profile(profile, table.titles, replace(wanted, timezone="UTC"))
        for sample in read_first_batch(table):
            if suggestion := zones.suggest_zone(sample, mapped):
                return UsageError("timezone-needed-suggested", **fault.facts, suggestion=suggestion)
    return fault


def _frequent_words(table: Table, column: str) -> str:
    """The words of a column in the first records, the most frequent first."""
    place = [normalize_title(title) for title in table.titles].index(normalize_title(column))
    counts = Counter(
        word for one in read_first_batch(table) for word in one.cells(unique_titles(table.titles)[place]).to_pylist()
    )
    return redacted_titles(f"{word}: {count}" for word, count in counts.most_common(_MAX_WORDS) if word)


def _explain_misfit(fault: UsageError, table: Table, profile: Profile, options: RunOptions) -> UsageError:
    """What the vendor that was named misses in the file as it reads without that name, and whose export it is."""
    everyone = library.load_profiles()
    plain = open_table(
        table.source.path, table.source.name, options.hints, recognize.create_header_finder(everyone), limits=options.limits
    )
    compared = match_header(profile, plain.titles)
    if compared.matches:
        return fault
    if looks_like_record(plain.titles):
        return VendorError("vendor-headless-named", vendor=profile.name, count=len(plain.titles))
    facts = {"vendor": profile.name, "missing": ", ".join(compared.missing), "titles": redacted_titles(plain.titles)}
    others = [other.name for other in everyone if match_header(other, plain.titles).matches]
    if len(others) == 1:
        return VendorError("vendor-misfit-other", **facts, other=others[0])
    return VendorError("vendor-misfit", **facts)
