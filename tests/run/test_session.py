"""A session: one run for the command line, the library, the upload, and callers with sinks and events of their own."""

import io
import json
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest
from typer.testing import CliRunner

import calltools
from calltools.cli.app import app
from calltools.errors import OutputError, SourceError, UsageError
from calltools.files.csv import reader
from calltools.files.limits import Limits
from calltools.run import (
    ConversionSink,
    FindingsCollector,
    InputFile,
    ReporterSink,
    RunOptions,
    Session,
    SessionEvents,
    SessionSink,
    refuse_occupied_outputs,
    resolve,
)
from calltools.uploading.checking import check_for_upload
from tests.conftest import NOW
from tests.test_pipeline import GOOD, as_csv, some_rows

SAMPLES = Path(__file__).parents[2] / "samples"
EXPORTS = [
    ("canonical/good.csv", {}),
    ("broken/whole-file.csv", {}),
    ("broken/excel-cp1251.csv", {"region": "RU"}),
    ("sipuni/export.csv", {"timezone": "Europe/Moscow", "static_call": "1"}),
    ("uis/export.csv", {"timezone": "Europe/Moscow", "static_call": "auto"}),
]


class Log(SessionEvents):
    """Events as they come."""

    def __init__(self):
        self.lines = []

    def prepared(self):
        self.lines.append("prepared")

    def started(self, name, planned):
        self.lines.append(f"started {name}: {len(planned.plan.layout)} columns")

    @contextmanager
    def reading(self, name, _size):
        counts = []
        yield lambda records, _bytes: counts.append(records)
        self.lines.append(f"read {name}: {counts[-1]}")

    def unreadable(self, name, fault):
        self.lines.append(f"unreadable {name}: {fault.key}")


SIPUNI = Path(__file__).parents[2] / "samples/sipuni/export.csv"


class Tally(SessionSink):
    """What an invented caller wants of a run: bad records by file, as they came."""

    def __init__(self):
        self.lines = []

    def wants_records(self, path):
        return path.suffix == ".csv"

    def start_file(self, name, planned):
        self.lines.append(f"start {name} {planned is not None}")

    def take(self, batch, findings, bad):
        if bad.any():
            self.lines.append(f"bad {batch.records[bad].tolist()} {batch.origin is not None} {len(findings)}")

    def finish_file(self, summary):
        self.lines.append(f"finish {summary.name} {summary.rejected} {summary.error and summary.error.key}")

    def drop_file(self):
        self.lines.append("drop")

    def close(self, summaries):
        self.lines.append(f"close {len(summaries)}")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder of our own as the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def calls(name="calls.csv", bad=()):
    rows = [GOOD | {"DateTime": str(NOW - 100 - n), "ClientId": str(10**9 + n)} for n in range(4)]
    rows = [row | ({"TalkDuration": "-1"} if n in bad else {}) for n, row in enumerate(rows)]
    Path(name).write_text(as_csv(rows), encoding="utf-8")
    return name


def inputs(*names, **options):
    context = resolve(RunOptions(as_of=NOW, **options))
    return [InputFile(Path(name), name, context) for name in names]


def options_as_words(options):
    return [word for key, value in options.items() for word in (f"--{key.replace('_', '-')}", value)]


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in (*arguments, "--as-of", NOW, "--lang", "en")])


def listed(report):
    return json.loads(Path(report).read_text(encoding="utf-8"))


def as_json(finding):
    """As a report writes it: the end of a run of records only where there is one."""
    values = asdict(finding)
    return {name: value for name, value in values.items() if value is not None or not name.startswith("last_")}


@pytest.mark.parametrize(("sample", "options"), EXPORTS)
def test_the_library_and_the_command_line_find_the_same(sample, options):
    path = SAMPLES / sample

    result = calltools.validate(path, as_of=NOW, **options)
    run("validate", path, *options_as_words(options), "--report", "report.json")

    report = listed("report.json")
    assert [as_json(finding) for finding in result.findings] == report["findings"]
    assert report["files"][0]["errors"] == result.summary.by_severity["error"]


@pytest.mark.parametrize(("sample", "options"), EXPORTS)
def test_the_library_and_the_command_line_write_the_same_bytes(sample, options):
    path = SAMPLES / sample

    result = calltools.convert(path, "library.csv", as_of=NOW, **options)
    run("convert", path, *options_as_words(options), "-o", "command.csv", "--report", "report.json")

    report = listed("report.json")
    assert Path("library.csv").read_bytes() == Path("command.csv").read_bytes()
    assert [as_json(finding) for finding in result.findings] == report["findings"]
    assert report["files"][0]["written"] == result.summary.written


def test_library_commands_and_upload_run_the_same_session(monkeypatch):
    name, parts, original = calls(bad=[1]), [], Session.run

    def spied(session):
        parts.append([type(sink).__name__ for sink in (*session.sinks, *session.reporters)])
        return original(session)

    monkeypatch.setattr(Session, "run", spied)
    copy = io.BytesIO()
    calltools.validate(name, as_of=NOW)
    calltools.convert(name, "library.csv", as_of=NOW)
    run("validate", name)
    run("convert", name, "-o", "command.csv")
    check_for_upload(None, Path(name), name, [FindingsCollector()], copy=(copy, Path("copy.csv")))

    assert parts == [
        ["BaselineWriter", "_FindingsByFile"],
        ["BaselineWriter", "ConversionSink", "_FindingsByFile"],
        # The second one says which command is next.
        ["BaselineWriter", "ReporterSink", "ReporterSink"],
        ["BaselineWriter", "ConversionSink", "ReporterSink", "ReporterSink"],
        ["FindingsCollector"],
    ]
    assert Path("library.csv").read_bytes() == Path("command.csv").read_bytes()
    assert copy.getvalue() == b"", "a dry run of a plain file copies nothing"


def test_a_caller_has_sinks_and_events_of_its_own():
    names = [calls("one.csv", bad=[1, 3]), "missing.csv", calls("two.csv")]
    events, sink, reporter = Log(), Tally(), Tally()

    summaries = Session(inputs(*names), [sink], [reporter], events).run()

    assert events.lines == [
        "prepared",
        f"started one.csv: {len(GOOD)} columns",
        "read one.csv: 4",
        "unreadable missing.csv: file-missing",
        f"started two.csv: {len(GOOD)} columns",
        "read two.csv: 4",
    ]
    assert sink.lines == [
        *("start one.csv True", "bad [2, 4] True 2", "finish one.csv 2 None"),
        *("start two.csv True", "finish two.csv 0 None", "close 3"),
    ]
    assert [line for line in reporter.lines if "missing" in line] == [
        "start missing.csv False",
        "finish missing.csv 0 file-missing",
    ]
    assert [(one.name, one.read, one.rejected) for one in summaries] == [
        *(("one.csv", 4, 2), ("missing.csv", 0, 0), ("two.csv", 4, 0)),
    ]


def test_a_sink_need_only_take_batches():
    class Count(SessionSink):
        records = 0

        def take(self, batch, _findings, _bad):
            self.records += len(batch)

    sink = Count()
    Session(inputs(calls("one.csv"), calls("two.csv")), [sink]).run()

    assert sink.records == 8


def test_a_caller_without_events_has_the_fault_in_the_summary():
    [summary] = Session(inputs("missing.csv")).run()

    assert isinstance(summary.error, SourceError)
    assert not summary.is_clean


def test_a_wrong_option_names_the_file_only_beside_others():
    with pytest.raises(UsageError) as fault:
        Session(inputs(calls(), vendor="sipuni")).run()

    assert fault.value.about_file is None


def test_files_of_a_run_may_have_different_options():
    strict, lenient = calls("strict.csv", bad=[0]), calls("lenient.csv", bad=[0])

    summaries = Session([*inputs(strict), *inputs(lenient, select=("CT1",))]).run()

    assert [one.rejected for one in summaries] == [1, 0]


def test_a_reporter_finishes_after_the_sinks_and_is_closed_before_them():
    order = []

    class Named(Tally):
        def __init__(self, name):
            super().__init__()
            self.name = name

        def finish_file(self, summary):
            order.append(f"finish {self.name} {summary.written}")

        def close(self, _summaries):
            order.append(f"close {self.name}")

    with ConversionSink(Path("out.csv")) as converted:
        Session(inputs(calls()), [Named("sink"), converted], [Named("reporter")], converting=True).run()

    assert order == ["finish sink None", "finish reporter 4", "close reporter", "close sink"]


def test_the_first_unreadable_file_ends_a_run_on_request():
    sink = Tally()

    with pytest.raises(SourceError) as fault:
        Session(inputs(calls(), "missing.csv"), [sink], stop_on_error=True).run()

    assert fault.value.key == "file-missing"
    assert sink.lines == []


@pytest.fixture
def broken_off(monkeypatch):
    """A file whose last record is over the limit, which is noticed after the others have been read."""
    monkeypatch.setattr(reader, "BLOCK_SIZE", 1000)
    text = as_csv(some_rows(40)) + "9" * 10_000 + "\n"
    Path("long.csv").write_text(text, encoding="utf-8")
    return "long.csv"


def test_a_file_that_breaks_off_stops_no_other(broken_off):
    names = inputs(broken_off, calls(), limits=Limits(record_bytes=5000))
    events, sink = Log(), Tally()

    summaries = Session(names, [sink], events=events).run()

    assert [one.error is None for one in summaries] == [False, True]
    assert f"unreadable {broken_off}: {summaries[0].error.key}" in events.lines
    assert f"finish {broken_off}" not in "".join(sink.lines)
    assert sink.lines.index("drop") < sink.lines.index("start calls.csv True")


def test_nothing_of_a_file_that_breaks_off_is_written_and_all_of_the_others(broken_off):
    first, last = calls("first.csv", bad=[1]), calls("last.csv", bad=[0])
    names = inputs(first, broken_off, last, limits=Limits(record_bytes=5000))
    others = inputs(first, last, limits=Limits(record_bytes=5000))

    with ConversionSink(Path("out.csv"), Path("rejects.csv")) as converted:
        summaries = Session(names, [converted], converting=True).run()
    with ConversionSink(Path("expected.csv"), Path("expected-rejects.csv")) as expected:
        Session(others, [expected], converting=True).run()

    assert [one.written for one in summaries] == [3, None, 3]
    assert Path("out.csv").read_bytes() == Path("expected.csv").read_bytes()
    assert Path("rejects.csv").read_bytes() == Path("expected-rejects.csv").read_bytes()


def test_nothing_is_left_of_a_conversion_that_breaks_off(broken_off):
    names = inputs(broken_off, limits=Limits(record_bytes=5000))

    with ConversionSink(Path("out.csv"), Path("rejects.csv")) as converted:
        [summary] = Session(names, [converted], converting=True).run()

    assert summary.error is not None
    assert converted.holds_nothing
    assert [path.name for path in Path().iterdir()] == [broken_off]


def test_of_several_files_one_that_is_something_else_is_the_failure_of_this_file():
    Path("other.csv").write_text("what,ever\n1,2\n", encoding="utf-8")
    events, sink = Log(), Tally()

    summaries = Session(inputs(calls(), "other.csv"), [sink], events=events).run()

    assert [one.error and one.error.key for one in summaries] == [None, "vendor-none"]
    assert "calltools vendors new other.csv" in summaries[1].error.say("en")
    assert "unreadable other.csv: vendor-none" in events.lines
    with pytest.raises(UsageError):
        Session(inputs("other.csv")).run()


def test_a_wrong_option_is_refused_before_any_record_is_read():
    events, sink = Log(), Tally()
    Path("other.csv").write_bytes(SIPUNI.read_bytes())

    with pytest.raises(UsageError) as fault:  # nothing says the zone of its clocks
        Session(inputs(calls(), "other.csv"), [sink], events=events).run()

    assert fault.value.about_file == "other.csv"
    assert events.lines == []
    assert sink.lines == []


def test_all_or_nothing_writes_no_good_record_beside_a_bad_one():
    with ConversionSink(Path("out.csv"), Path("rejects.csv"), all_or_nothing=True) as converted:
        summaries = Session(inputs(calls(bad=[0])), [converted], converting=True).run()

    assert not Path("out.csv").exists()
    assert len(Path("rejects.csv").read_text(encoding="utf-8").splitlines()) == 2
    assert [(one.written, dict(one.skipped), one.adds_up) for one in summaries] == [(0, {"held": 3}, True)]


def test_an_output_is_never_an_input_or_another_output():
    name, crm = calls(), calls("crm.csv")
    files = inputs(name, identifiers=Path(crm))

    refuse_occupied_outputs([Path("out.csv"), Path("rejects.csv")], files)
    for outputs in ([Path(name)], [Path(crm)], [Path("out.csv"), Path("./out.csv")]):
        with pytest.raises(OutputError):
            refuse_occupied_outputs(outputs, files)
    with pytest.raises(OutputError):
        refuse_occupied_outputs([Path("known.json")], files, [None, Path("known.json")])


def test_a_reporter_of_records_gets_them_where_a_file_is_small(monkeypatch):
    class Shown:
        wants_records = True

        def __init__(self):
            self.taken = []

        def start(self, source, name):
            self.taken.append((source is not None, name))

        def take_records(self, batch, findings, layout):
            self.taken.append((len(batch), len(findings), "DateTime" in layout))

        def take(self, findings):
            self.taken.append(set(findings.table["severity"].to_pylist()))

        def finish(self, summary):
            self.taken.append(summary.name)

        def close(self, summaries):
            self.taken.append(len(summaries))

    name, reporter = calls(bad=[2]), Shown()
    sink = ReporterSink(reporter, errors_only=True)

    Session(inputs(name), (), [sink]).run()

    assert reporter.taken == [(True, name), (4, 1, True), {"error"}, name, 1]
    assert sink.wants_records(Path(name))
    monkeypatch.setattr("calltools.run.sinks.MAX_BYTES_WITH_RECORDS", 10)
    assert not sink.wants_records(Path(name))
    assert not sink.wants_records(Path("missing.csv"))
