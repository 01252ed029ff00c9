"""Packed files through all rooms: the answer is the one for the plain file, to the byte, but for the name."""

import json
import shlex

import pytest
from typer.testing import CliRunner

import calltools
from calltools.cli.app import app
from tests.fake_metrica.server import FakeMetrica
from tests.packing import pack, zip_of
from tests.test_pipeline import GOOD, as_csv
from tests.test_samples import AS_OF, FOLDERS

ENDINGS = (".gz", ".bz2", ".xz", ".zst", ".zip")
TOKEN = "y0_C4naryTokenAbc-123"  # noqa: S105 - a canary


def run(*arguments, stdin=None, **environment):
    environment = {"CALLTOOLS_LANG": "en", "GITHUB_ACTIONS": "", **environment}
    return CliRunner().invoke(app, list(map(str, arguments)), input=stdin, env=environment)


def options_of(name):
    return [*shlex.split((FOLDERS[name] / "options").read_text(encoding="utf-8")), "--as-of", AS_OF]


def convert_in(folder, given, sample, stdin=None):
    """The exit code of a conversion, everything that it says, and everything that it writes."""
    outputs = ("-o", "calls.csv", "--rejects", "rejects.csv", "--report", "findings.json", "--report", "page.html")
    done = run("convert", given, *outputs, *options_of(sample), stdin=stdin)
    written = {path.name: path.read_bytes() for path in sorted(folder.glob("*.*"))}
    return done.exit_code, done.stderr, done.stdout, written


@pytest.mark.slow
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("number", range(4))
def test_a_packed_sample_gives_the_same_answer(number, ending, tmp_path, monkeypatch):
    # Each way of packing over a part of the samples, all of them over each sample in five runs of this test.
    for sample in sorted(FOLDERS)[4 * ENDINGS.index(ending) + number :: 4 * len(ENDINGS)]:
        (export,) = FOLDERS[sample].glob("export.*")
        answers = []
        for packed in (False, True):
            folder = tmp_path / sample.replace("/", "-") / str(packed)
            folder.mkdir(parents=True)
            monkeypatch.chdir(folder)
            if ending == ".zip" and packed:
                (folder / "input").write_bytes(pack(export.read_bytes(), ending))
            elif ending == ".zip":
                (folder / "input").mkdir()
                (folder / "input" / "export").write_bytes(export.read_bytes())
            else:
                (folder / "input").write_bytes(pack(export.read_bytes(), ending) if packed else export.read_bytes())
            answers.append(convert_in(folder, "input/export" if ending == ".zip" else "input", sample))

        assert answers[1] == answers[0]
        assert answers[0][0] in {0, 1}


@pytest.mark.parametrize("ending", ENDINGS)
def test_validate_says_the_same_of_a_packed_file(ending, tmp_path, monkeypatch):
    content = as_csv([GOOD, GOOD | {"PhoneNumber": "12"}, GOOD | {"DateTime": "yesterday"}]).encode()
    answers = []
    for number, held in enumerate((content, pack(content, ending))):
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)
        (folder / "calls.csv").write_bytes(held)
        done = run("validate", "calls.csv", "--as-of", AS_OF, "--report", "findings.json")
        answers.append((done.exit_code, done.stdout, done.stderr, (folder / "findings.json").read_text("utf-8")))

    name = "calls.csv/export" if ending == ".zip" else "calls.csv"
    assert answers[1][0] == answers[0][0] == 1
    assert json.loads(answers[1][3].replace(name, "calls.csv"))["counts"] == json.loads(answers[0][3])["counts"]
    if ending != ".zip":
        assert answers[1] == answers[0]


def test_standard_input_may_be_packed():
    content = as_csv([GOOD]).encode()

    answers = [run("validate", "-", "--as-of", AS_OF, stdin=given) for given in (content, pack(content, ".gz"))]

    assert answers[0].exit_code == 0
    assert (answers[1].exit_code, answers[1].stdout) == (0, answers[0].stdout)


def test_standard_input_may_be_an_archive_of_several():
    content = as_csv([GOOD]).encode()

    done = run("convert", "-", "--as-of", AS_OF, stdin=zip_of({"a.csv": content, "b.csv": content}))

    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) == 3
    assert "stdin/b.csv: read 1 = written 1 + rejected 0" in done.stderr


def test_each_member_is_an_input_and_a_bad_one_stops_nobody(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content = as_csv([GOOD]).encode()
    (tmp_path / "calls.zip").write_bytes(
        zip_of({"a.csv": content, "../b.csv": content, "c.csv.gz": pack(content, ".gz"), "d.csv": content, "e.md": b""})
    )
    (tmp_path / "cut.csv.xz").write_bytes(pack(content, ".xz")[:-9])

    done = run("convert", "calls.zip", "cut.csv.xz", "--as-of", AS_OF, "-o", "out.csv")

    assert done.exit_code == 3
    assert len((tmp_path / "out.csv").read_text("utf-8").splitlines()) == 3
    for line in (
        "calls.zip: files taken: 4; not taken: 1 (no tables by their ending: 1)",
        "calls.zip/../b.csv is named in the archive like a place outside of it",
        "calls.zip/c.csv.gz holds a packed file (gzip) in a packed file",
        "cut.csv.xz is damaged: its packed data (xz) breaks off",
        "total of 5 files, 3 of them not read: read 2 = written 2 + rejected 0",
    ):
        assert line in done.stderr


def test_the_library_takes_packed_files_and_members(tmp_path):
    content = as_csv([GOOD, GOOD | {"PhoneNumber": "12"}]).encode()
    for name, held in (
        ("calls.csv", content),
        ("calls.zst", pack(content, ".zst")),
        ("calls.zip", pack(content, ".zip")),
    ):
        (tmp_path / name).write_bytes(held)

    results = [
        calltools.validate(tmp_path / name, as_of=1773273600)
        for name in ("calls.csv", "calls.zst", "calls.zip", "calls.zip/export")
    ]

    assert len({tuple((one.code, one.line, one.column) for one in result.findings) for result in results}) == 1


def test_detect_and_new_look_into_packed_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (export,) = FOLDERS["sipuni"].glob("export.*")
    (tmp_path / "export.csv.bz2").write_bytes(pack(export.read_bytes(), ".bz2"))
    (tmp_path / "export.zip").write_bytes(zip_of({"x/export.csv": export.read_bytes()}))

    done = run("vendors", "detect", "export.csv.bz2", "export.zip")

    assert done.exit_code == 0
    assert "export.csv.bz2 is an export of sipuni" in done.stdout
    assert "export.zip/x/export.csv is an export of sipuni" in done.stdout
    drafts = [run("vendors", "new", name, "--no-input") for name in ("export.csv.bz2", export)]
    assert drafts[0].exit_code == drafts[1].exit_code == 0
    assert drafts[0].stdout.count("[fields") == drafts[1].stdout.count("[fields")


def test_the_second_file_may_be_packed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call = GOOD | {"ClientId": ""}
    (tmp_path / "calls.csv").write_text(as_csv([call]), encoding="utf-8")
    second = f"phone,time,ClientId\n{call['PhoneNumber']},{int(call['DateTime']) - 60},{GOOD['ClientId']}\n".encode()
    (tmp_path / "crm.csv").write_bytes(second)
    (tmp_path / "crm.csv.gz").write_bytes(pack(second, ".gz"))

    outputs = [
        run("convert", "calls.csv", "--as-of", AS_OF, "--identifiers", name) for name in ("crm.csv", "crm.csv.gz")
    ]

    assert outputs[0].stdout == outputs[1].stdout
    assert GOOD["ClientId"] in outputs[1].stdout


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_calls_of_a_packed_file_are_sent_once(ending, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = [f"16045910256982352{n:02},{1760000000 + n},0,+749500007{n:02},35,0" for n in range(10)]
    content = "\n".join(["ClientId,DateTime,StaticCall,PhoneNumber,TalkDuration,CallMissed", *lines, ""]).encode()
    (tmp_path / "calls").write_bytes(pack(content, ending))
    (tmp_path / "calls.csv").write_bytes(content)
    with FakeMetrica(token=TOKEN, step_seconds=0.02) as service:
        environment = {
            "CALLTOOLS_API_URL": service.url,
            "CALLTOOLS_TOKEN": TOKEN,
            "CALLTOOLS_STATE_DIR": str(tmp_path / "state"),
        }
        sent = [
            run("upload", name, "--counter", "12345678", "--yes", "--timeout", "5", **environment)
            for name in ("calls", "calls.csv")
        ]
        posts = service.posts

    assert [one.exit_code for one in sent] == [0, 0], sent[0].stderr
    assert len(posts) == 1
    assert "nothing" in sent[1].stderr
