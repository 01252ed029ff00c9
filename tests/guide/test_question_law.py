"""The law of questions, over drawn exports: what is asked is not known, changes something, and is enough.

A vendor's export is invented with some of its faults, and some options are given. Whoever answers the questions one
after the other is refused nothing. A question is asked where a run without an answer is refused, or where two answers
make another file of the same export.
"""

import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

from calltools.errors import CalltoolsError
from calltools.fields.table import FIELD_NAMES
from calltools.files.folders import FoundFile
from calltools.guide import NOTHING, inspect
from calltools.guide.answers import apply_answers
from calltools.run import InputFile, RunOptions, Session, SessionSink, resolve
from calltools.run.sample.generate import SampleOptions, write_sample
from calltools.run.sample.vendor import open_vendor
from calltools.vendors import profile_library

SAMPLES = Path(__file__).parent.parent.parent / "samples"
NAMES = sorted(one.name for one in profile_library.load_profiles() if (SAMPLES / one.name / "options").is_file())
FAULTS = ("CT241", "CT212", "CT205", "CT243", "CT261", "CT605")
#: Key of a question -> answers that may be given without the file.
DRAWN = {
    "timezone": ("Europe/Moscow", "UTC"), "region": ("RU", "US"), "currency": ("RUB",), "static-call": ("0", "1", "auto"),
    "date-order": ("dmy", "mdy"), "duration-format": ("mm:ss", "h:mm"),
}  # fmt: skip
#: Zones that may be typed, too: the first one or the other is contradicted by ids that bear their moment.
ZONES = ("Europe/Moscow", "Asia/Tokyo")
#: Each takes a second; many more with ``CALLTOOLS_LONG``.
SEEDS = range(300 if os.environ.get("CALLTOOLS_LONG") else 10)


class _Written(SessionSink):
    """What is written of a file, cell by cell."""

    def __init__(self):
        self.records = []

    def wants_records(self, _path):
        return True

    def take(self, batch, _findings, bad):
        for row, is_bad in zip(batch.columns.to_pylist(), bad.tolist(), strict=True):
            if not is_bad:
                self.records.append({name: row[name] for name in FIELD_NAMES if row.get(name)})


def convert(path, options):
    """What a file becomes: its records, or the fault that refuses it."""
    written = _Written()
    try:
        context = resolve(options)
        [summary] = Session([InputFile(path, path.name, context)], [written], converting=True, stop_on_error=True).run()
    except CalltoolsError as fault:
        return fault.key, str(fault)
    return summary.by_code, written.records


def write_crm(path, export, options):
    """A second file that knows each caller of an export who has a phone; gives whether there is one."""
    told = replace(options, timezone=options.timezone or "UTC", region=options.region or "RU", static_call="1")
    found = convert(export, replace(told, date_order=options.date_order or "dmy", duration_format="mm:ss"))[1]
    calls = [] if isinstance(found, str) else [one for one in found if {"PhoneNumber", "DateTime"} <= one.keys()]
    # A few days around each call: its moment depends on the zone, which is an answer.
    lines = [
        f"{one['PhoneNumber']},{int(one['DateTime']) - 3 * 86_400},160459102569823{i}" for i, one in enumerate(calls)
    ]
    path.write_text("\n".join(["phone,time,ClientId", *lines]) + "\n", "utf-8")


def complete(options, usual):
    """The options with what may still be missing, so that a file is not refused for want of another answer."""
    own_numbers = options.own_numbers or usual.own_numbers
    contexts = options.inbound_contexts or (() if own_numbers else usual.inbound_contexts)
    return replace(
        options,
        timezone=options.timezone or usual.timezone or "UTC",
        static_call=options.static_call or "auto",
        date_order=options.date_order or "dmy",
        duration_format=options.duration_format or "mm:ss",
        own_numbers=own_numbers,
        inbound_contexts=contexts,
    )


def answers_to(question, typed):
    """Several answers, the default first."""
    listed = [one.value for one in question.choices[:4]] + [*typed.get(question.key, ())]
    listed += [] if question.required else [NOTHING]
    first = [] if question.default is None else [question.default]
    return [*dict.fromkeys([*first, *listed])]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_asked_is_not_known_changes_something_and_is_enough(seed, tmp_path):
    chance = random.Random(seed)  # noqa: S311 - the same draws every time
    name = NAMES[seed * 5 % len(NAMES)]
    path = tmp_path / next((SAMPLES / name).glob("export.*")).name
    faults = {chance.choice(FAULTS): 2}
    try:
        write_sample(name, path, SampleOptions(records=12, seed=seed, faults=faults))
    except CalltoolsError:  # this vendor cannot have the fault
        write_sample(name, path, SampleOptions(records=12, seed=seed))
    given = {key: chance.choice(words) for key, words in DRAWN.items() if chance.random() < 0.3}
    base = replace(apply_answers(RunOptions(), given), as_of=1_774_569_600)
    own = open_vendor(name, path.suffix).options
    # An option that is wrong is no matter of questions; a run may want another one before it sees that.
    if convert(path, complete(base, own))[0] == "zone-contradicted":
        base = replace(base, timezone=None)
        given.pop("timezone")
    typed = {
        "timezone": ZONES,
        "own-number": (*own.own_numbers, "1"),
        "inbound-context": (*own.inbound_contexts, "none"),
    }
    answers = {}
    for _ in range(12):
        inspection = inspect([FoundFile(path, path.name)], answers, base)
        if not inspection.questions:
            break
        question = inspection.questions[0]
        if question.key == "identifiers":
            write_crm(tmp_path / "crm.csv", path, inspection.options)
            typed["identifiers"] = (str(tmp_path / "crm.csv"),)
        listed = answers_to(question, typed)
        assert question.key not in given, "an option says it"
        assert question.key not in answers, "it is answered"
        assert listed, question.key
        rest = complete(inspection.options, own)
        results = [convert(path, apply_answers(rest, {question.key: one})) for one in listed]
        if question.key.startswith(("column.", "word.", "time-format")):
            break  # an export that its fault has made an unknown one: only all answers together make a profile
        is_refused = isinstance(convert(path, inspection.options)[0], str)
        assert is_refused or any(one != results[0] for one in results), (
            f"{name}: {question.key} changes nothing: {given} {answers} {listed}"
        )
        good = [one for one, result in zip(listed, results, strict=True) if not isinstance(result[0], str)]
        answers[question.key] = (good or listed)[0]
    else:
        raise AssertionError(answers)

    assert inspection.fault is None
    assert inspection.draft is not None or not isinstance(convert(path, inspection.options)[0], str)
