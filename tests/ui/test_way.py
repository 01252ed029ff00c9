"""The way from a file to what is taken along, over a real socket; the same bytes as the command."""

import re
from pathlib import Path
from urllib.parse import urlencode

import pytest
from typer.testing import CliRunner

from calltools.cli.app import app
from calltools.run import RunOptions
from tests.reports.test_hostile_text import NAUGHTY
from tests.ui.pages import visited

SAMPLES = Path(__file__).parent.parent.parent / "samples"
NOW = 1773273600
AS_OF = "2026-03-12T00:00:00Z"


def by_command(tmp_path, names, *options):
    out = tmp_path / "out"
    out.mkdir()
    given = [
        f"--{name}={text}"
        for name, text in zip(
            ("rejects", "changes", "report"), ("rejects.csv", "changes.csv", "report.html"), strict=True
        )
    ]
    made = [one.replace("=", f"={out}/") for one in given]
    CliRunner().invoke(app, ["convert", *names, "-o", f"{out}/calls.csv", *made, "--as-of", AS_OF, *options])
    return {path.name: path.read_bytes() for path in out.iterdir()}


@pytest.mark.parametrize(
    ("sample", "answers"),
    [
        ("sipuni/export.csv", {"timezone": "Europe/Moscow", "static-call": "auto"}),
        ("broken/calls.xlsx", {"timezone": "Europe/Moscow", "region": "RU", "currency": "RUB"}),
        ("broken/structure.csv", {}),
        ("canonical/good.csv", {}),
    ],
)
def test_page_and_command_give_the_same_bytes(tmp_path, monkeypatch, sample, answers):
    source = SAMPLES / sample
    content = source.read_bytes()
    (tmp_path / source.name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    options = [word for key, value in answers.items() for word in (f"--{key}", value)]
    expected = by_command(tmp_path, [source.name], "--lang", "en", *options)
    with visited(options=RunOptions(as_of=NOW)) as (visitor, page):
        visitor.post("files", files=[("calls", source.name, content)])
        visitor.answer(page, answers)
        visitor.get("results")
        got = {name: visitor.get(f"download/{name}").body for name in expected}

    assert set(expected) == {"calls.csv", "rejects.csv", "changes.csv", "report.html"}
    assert got == expected
    assert (tmp_path / source.name).read_bytes() == content


def test_files_of_the_command_line_are_read_where_they_are(tmp_path):
    source = tmp_path / "calls.csv"
    source.write_bytes((SAMPLES / "canonical" / "good.csv").read_bytes())
    with visited([source]) as (visitor, page):
        said = visitor.get("files").said
        kept = list(page.visit.folder.glob("in/*"))
        visitor.post("remove", {"number": "1"})

    assert "calls.csv" in said
    assert kept == []
    assert source.exists()


def test_a_folder_is_taken_as_the_command_takes_it():
    files = [
        ("folder", "exports/a.csv", b"ClientId,DateTime\n1,1773000000\n"),
        ("folder", "exports/.hidden.csv", b"x"),
        ("folder", "exports/~$b.xlsx", b"x"),
        ("folder", "exports/notes.docx", b"x"),
    ]
    with visited() as (visitor, page):
        said = visitor.post("files", files=files).said
        names = [one.found.name for one in page.visit.files]
        kept = len(list(page.visit.inbox.iterdir()))

    assert names == ["exports/a.csv"]
    assert kept == 1
    assert "Not taken, because they are no tables: 3" in said


@pytest.mark.parametrize("text", NAUGHTY.values(), ids=NAUGHTY)
def test_hostile_names_and_cells_stay_text(text):
    hostile = f"</script></style></td>{text}<script>alert(1)</script>"
    cell = hostile.replace('"', '""').replace("\x00", "")
    content = f'ClientId,DateTime,PhoneNumber,Tag\n1604591025698235234,1773000000,"{cell}",x\n'.encode(
        "utf-8", "replace"
    )
    second = "phone,time,ClientId,x\n+74950000100,2026-03-02 09:00:00,1604591025698235234\n".encode("utf-8", "replace")
    with visited(options=RunOptions(as_of=NOW)) as (visitor, page):
        answers = [
            visitor.post("files", files=[("calls", f"{hostile}.csv", content)]),
            visitor.get("findings"), visitor.get("results"), visitor.get("questions"), visitor.get("record/1/2"),
            visitor.get("questions?ask=region"), visitor.post("mend", {"file": "1", "place": "2", "cell-2": hostile}),
            visitor.get(f"questions/examples?{urlencode({'key': hostile, 'answer': hostile}, errors='replace')}"),
            visitor.post("questions", {"answer-region": hostile}),
            visitor.post("job", {"name": "x", "inputs": hostile, "identifiers": hostile}),
            visitor.post("files", files=[("second", f"{hostile}.csv", second), ("outcomes", f"{hostile}.csv", second)]),
            visitor.get("questions"), visitor.get("results"),
        ]  # fmt: skip
        page.visit.answers, page.visit.is_stopped = {}, True
        answers.append(visitor.get("files"))

    assert [answer.status for answer in answers] == [200] * 14
    assert all("<script>alert" not in answer.text for answer in answers)
    assert all(answer.text.count("<script") <= 1 for answer in answers)
    assert all("<img" not in answer.text for answer in answers)


def test_rejected_records_are_paged_and_chosen_by_rule(tmp_path):
    lines = ["ClientId,DateTime,PhoneNumber"]
    lines += [f"{1604591025698235000 + n},1773000000,{'12' if n % 3 else '+749500001'}" for n in range(120)]
    source = tmp_path / "calls.csv"
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with visited([source], RunOptions(as_of=NOW)) as (visitor, _):
        first, last = visitor.get("findings"), visitor.get("findings?page=3")
        beyond, wrong = visitor.get("findings?page=99"), visitor.get("findings?page=-1&rule=%3Cx")
        short = visitor.get("findings?rule=CT245")

    assert "Page 1 of 3" in first.said
    assert first.text.count('<tr id="r') == 50
    assert last.text.count('<tr id="r') == 20
    assert 'id="r1-120"' in last.text
    assert "Page 3 of 3" in beyond.said
    assert "Page 1 of 3" in wrong.said
    assert "Page 1 of 2" in short.said


@pytest.mark.parametrize("content", [b"", b"ClientId,DateTime,PhoneNumber\n"], ids=["empty", "only a header"])
def test_a_file_with_an_error_of_its_own_is_not_good(content):
    with visited() as (visitor, _):
        visitor.post("files", files=[("calls", "calls.csv", content)])
        findings = visitor.get("findings")

    assert "the file itself has errors" in findings.said
    assert "Every call can go to Metrica" not in findings.said
    assert 'class="verdict good"' not in findings.text


def test_what_cannot_be_read_is_said_in_the_language_of_the_browser():
    with visited() as (visitor, _):
        visitor.headers["Accept-Language"] = "de;q=0.9, ru-RU;q=0.8, en;q=0.5"
        said = visitor.post("files", files=[("calls", "letter.pdf", b"%PDF-1.7 x")]).said
        visitor.post("language", {"to": "en"})
        other = visitor.get("files").said

    assert "Какие файлы?" in said
    assert "Which files?" in other


def test_a_job_is_kept_that_the_command_reads(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "export.csv").write_bytes((SAMPLES / "sipuni" / "export.csv").read_bytes())
    with visited(["export.csv"], RunOptions(as_of=NOW)) as (visitor, page):
        visitor.answer(page, {"timezone": "Europe/Moscow", "static-call": "auto"})
        wrong = visitor.post("job", {"name": "../x", "inputs": "export.csv"}).said
        kept = visitor.post("job", {"name": "март", "inputs": "export.csv\r\n"}).said
        twice = visitor.send("job", [("token", visitor.token), ("name", "март"), ("inputs", "export.csv")]).said
    listed = CliRunner().invoke(app, ["run", "--list"])

    assert "needs a name" in wrong
    assert "calltools run" in kept
    assert "март" in twice
    assert listed.exit_code == 0, listed.output
    assert "март" in listed.output
    assert 'timezone = "Europe/Moscow"' in (tmp_path / "calltools.toml").read_text(encoding="utf-8")


def test_a_job_names_files_from_the_folder_of_the_configuration(tmp_path, monkeypatch):
    config, sub = tmp_path / "calltools.toml", tmp_path / "sub"
    config.write_text("", encoding="utf-8")
    sub.mkdir()
    (sub / "export.csv").write_bytes((SAMPLES / "sipuni" / "export.csv").read_bytes())
    (sub / "crm.csv").write_text("phone,time,ClientId\n+74950000100,2026-03-02 09:00:00,1604591025698235234\n")
    monkeypatch.chdir(sub)
    options = RunOptions(as_of=NOW, identifiers=Path("crm.csv"))
    with visited(["export.csv"], options, config=config) as (visitor, page):
        visitor.answer(page, {"timezone": "Europe/Moscow", "static-call": "auto"})
        [inputs] = re.findall(r'<textarea name="inputs"[^>]*>([^<]*)<', visitor.get("results").text)
        visitor.post("job", {"name": "march", "inputs": inputs})
    ran = CliRunner().invoke(app, ["run", "march", "--plan"])

    kept = config.read_text(encoding="utf-8")
    assert 'inputs = ["sub/export.csv"]' in kept
    assert 'identifiers = "sub/crm.csv"' in kept
    assert ran.exit_code == 0, ran.output


def test_a_job_takes_a_second_file_that_was_handed_over_only_by_a_path_that_leads_to_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "export.csv").write_bytes((SAMPLES / "sipuni" / "export.csv").read_bytes())
    second = b"phone,time,ClientId\n+74950000100,2026-03-02 09:00:00,1604591025698235234\n"
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm" / "march.csv").write_bytes(second)
    with visited(["export.csv"], RunOptions(as_of=NOW)) as (visitor, page):
        visitor.post("files", files=[("second", "march.csv", second)])
        visitor.answer(page, {"timezone": "Europe/Moscow", "static-call": "auto"})
        shown = visitor.get("results").said
        job = {"name": "march", "inputs": "export.csv"}
        lost = visitor.post("job", job | {"identifiers": "march.csv"}).said
        kept_then = (tmp_path / "calltools.toml").exists()
        visitor.post("job", job | {"identifiers": "crm/march.csv"})

    assert "say where it lies" in shown
    assert "There is no file march.csv" in lost
    assert not kept_then
    assert 'identifiers = "crm/march.csv"' in (tmp_path / "calltools.toml").read_text(encoding="utf-8")
