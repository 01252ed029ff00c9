"""A refusal, with what a look at the file adds: the profile that fits, the zone, the words that are there."""

from collections import Counter
from dataclasses import replace
from itertools import islice
from typing import Final

from calltools.errors import UsageError, VendorError
from calltools.files.opening import open_table
from calltools.model.batch import Batch, Table, unique_titles
from calltools.model.titles import told
from calltools.run.options import Options
from calltools.vendors import library, recognize, zones
from calltools.vendors.fitting import fit, fold
from calltools.vendors.guessing import is_data
from calltools.vendors.mapping import MappingOptions, prepare
from calltools.vendors.profile import Profile

#: Words of a column that are told.
_MOST_WORDS: Final = 12


def first_records(table: Table) -> list[Batch]:
    """The first records, if there are any."""
    return [task() for task in islice(table.tasks(), 1)]


def advised(fault: UsageError, table: Table, profile: Profile, wanted: MappingOptions, options: Options) -> UsageError:
    """The fault, with what a look at the file adds: the profile that fits, the zone that its ids agree on."""
    if fault.key == "vendor-misfit":
        return _misfit(fault, table, profile, options)
    if fault.key == "incoming-unknown" and (there := _words_there(table, str(fault.facts["column"]))):
        return UsageError("incoming-unknown-there", **fault.facts, there=there)
    if fault.key == "timezone-needed":
        mapped = prepare(profile, table.titles, replace(wanted, timezone="UTC"))
        for sample in first_records(table):
            if suggestion := zones.suggested(sample, mapped):
                return UsageError("timezone-needed-suggested", **fault.facts, suggestion=suggestion)
    return fault


def _words_there(table: Table, column: str) -> str:
    """The words of a column in the first records, the most frequent first."""
    place = [fold(title) for title in table.titles].index(fold(column))
    counts = Counter(
        word for one in first_records(table) for word in one.cells(unique_titles(table.titles)[place]).to_pylist()
    )
    return told(f"{word}: {count}" for word, count in counts.most_common(_MOST_WORDS) if word)


def _misfit(fault: UsageError, table: Table, profile: Profile, options: Options) -> UsageError:
    """What the vendor that was named misses in the file as it reads without that name, and whose export it is."""
    everyone = library.profiles()
    plain = open_table(
        table.source.path, table.source.name, options.hints, recognize.header_judge(everyone), limits=options.limits
    )
    compared = fit(profile, plain.titles)
    if compared.fits:
        return fault
    if is_data(plain.titles):
        return VendorError("vendor-headless-named", vendor=profile.name, count=len(plain.titles))
    facts = {"vendor": profile.name, "missing": ", ".join(compared.missing), "titles": told(plain.titles)}
    others = [other.name for other in everyone if fit(other, plain.titles).fits]
    if len(others) == 1:
        return VendorError("vendor-misfit-other", **facts, other=others[0])
    return VendorError("vendor-misfit", **facts)
