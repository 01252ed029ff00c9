"""What a person is told of a conversion before the plan: second files first, each cause once, with its count."""

import pytest

from calltools.cli.send_summary import ConversionWatcher
from calltools.run import InputFile, RunOptions, Session, resolve

NOON = 1772434800  # 2 March 2026, 10:00 in Moscow
ANNA, BORIS, VERA = "+74950000001", "+74950000002", "+74950000003"


@pytest.fixture
def describe(tmp_path):
    """Convert calls of three persons, and give the lines on what was found."""
    calls = [f",{NOON},{phone}" for phone in (ANNA, BORIS, VERA)]
    path = tmp_path / "calls.csv"
    path.write_text("\n".join(["ClientId,DateTime,PhoneNumber", *calls]) + "\n", "utf-8")

    def described(language="en", static_call=None, **second_files):
        files = {}
        for name, text in second_files.items():
            (tmp_path / f"{name}.csv").write_text(text, "utf-8")
            files[name] = tmp_path / f"{name}.csv"
        outcomes = (files["outcomes"],) if "outcomes" in files else ()
        options = RunOptions(
            as_of=NOON + 86_400, outcomes=outcomes, identifiers=files.get("identifiers"), static_call=static_call
        )
        watcher = ConversionWatcher()
        summaries = Session([InputFile(path, path.name, resolve(options))], [watcher], converting=True).run()
        return [*watcher.describe(summaries, language, keeps_rejects=True)]

    return described


def test_outcomes_are_counted_with_why_some_reach_no_call_and_what_may_help(describe):
    records = [f"{ANNA},{NOON + 60},100,RUB", f"8 495 000 00 02,{NOON + 60},100,RUB", f"+74950000009,{NOON},5,RUB"]
    lines = describe(outcomes="\n".join(["phone,time,Price,Currency", *records]), static_call="1")

    assert lines[0] == (
        "records of the files of outcomes: 3, no call 1, no readable phone or identifier (try --region) 1"
    )
    assert lines[-1] == "outcomes: taken 1 for 1 calls"
    rejected = describe(outcomes="\n".join(["phone,time,Price,Currency", *records]))
    assert rejected[-1] == "outcomes: taken 0 for 0 calls, kept back because their calls are rejected 1"
    assert not any("CT608" in line for line in lines)


def test_one_cause_is_one_line_and_what_is_wrong_with_the_second_file_stands_before_it(describe):
    records = [f"{ANNA},{NOON - 60},1604591025698235234", f"{VERA},{NOON - 60},", f",{NOON - 60},1604591025698235235"]
    lines = describe(identifiers="\n".join(["phone,time,ClientId", *records]))

    unusable, error, joined = lines
    assert unusable.endswith("identifiers.csv that cannot be used: no usable identifier 1, no phone 1")
    assert error.startswith("error, 2: ")
    assert error.endswith("(CT301)")
    assert joined.startswith("identifiers from the second file: joined 1, no partner 2")
