"""Files with options of their own in calltools.toml: read and sent from the page as by the commands."""

import re
from functools import partial

import pytest

from calltools.cli.configuration.layers import load_layers
from calltools.cli.options import FindingOptions, ReadingOptions
from calltools.cli.run_options import build_run_options
from calltools.cli.ui import find_settings
from calltools.guide.answers import common_options
from calltools.model.batch import Hints
from calltools.run import RunOptions
from tests.fake_metrica.server import FakeMetrica
from tests.ui.pages import visited
from tests.uploading.conftest import COUNTER, TOKEN

CONFIG = f"""
timezone = "Europe/Moscow"
[[overrides]]
files = "client-a/*.csv"
counter = {COUNTER}
[[overrides]]
files = "client-b/*.csv"
timezone = "Asia/Almaty"
counter = 22222222
goal = "Client B"
"""
HEADER = "ClientId,DateTime,StaticCall,PhoneNumber"


def call(number):
    return f"1600000000123456{number},2026-03-10 10:00:00,0,+7495000010{number}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CALLTOOLS_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "calltools.toml").write_text(CONFIG, encoding="utf-8")
    for number, client in enumerate(("client-a", "client-b"), start=1):
        (tmp_path / client).mkdir()
        (tmp_path / client / "c.csv").write_text(f"{HEADER}\n{call(number)}", encoding="utf-8")
    return tmp_path


@pytest.fixture
def service(monkeypatch):
    with FakeMetrica(token=TOKEN, step_seconds=0.02) as metrica:
        monkeypatch.setenv("CALLTOOLS_API_URL", metrica.url)
        monkeypatch.setenv("CALLTOOLS_TOKEN", TOKEN)
        yield metrica


def opened(*files):
    """The page as ``calltools ui`` opens it."""
    layers = load_layers()
    reading, showing = layers.apply(ReadingOptions()), layers.apply(FindingOptions())
    settings = partial(find_settings, layers, reading, showing)
    return visited(files, build_run_options(reading, showing), settings_for=settings)


def test_each_file_is_read_in_the_zone_of_its_override():
    with opened("client-a/c.csv", "client-b/c.csv") as (visitor, _):
        visitor.get("results")
        calls = visitor.get("download/calls.csv").text
        command = visitor.get("results").said

    # 10:00 is 07:00 UTC in Moscow and 05:00 UTC in Almaty.
    assert "1773126000" in calls
    assert "1773118800" in calls
    # The command has the configuration, too: an option in it would go before the overrides.
    assert "calltools convert client-a/c.csv client-b/c.csv -o calls.csv" in command


def test_one_file_is_told_and_kept_as_a_job_with_its_own_options(folder):
    with opened("client-b/c.csv") as (visitor, _):
        shown = visitor.get("results").said
        visitor.post("job", {"name": "b", "inputs": "client-b/c.csv"})

    assert "calltools convert client-b/c.csv --timezone Asia/Almaty" in shown
    assert (
        'timezone = "Asia/Almaty"' in (folder / "calltools.toml").read_text(encoding="utf-8").partition("[[jobs]]")[2]
    )


def test_answers_that_do_not_hold_for_all_files_are_kept_in_no_job(folder):
    config = folder / "calltools.toml"
    config.write_text(CONFIG.replace('timezone = "Europe/Moscow"\n', ""), encoding="utf-8")
    with opened("client-a/c.csv", "client-b/c.csv") as (visitor, page):
        visitor.answer(page, {"timezone": "Europe/Moscow"})
        shown = visitor.get("results").said
        calls = visitor.get("download/calls.csv").text
        refused = visitor.post("job", {"name": "both", "inputs": "client-a/c.csv\nclient-b/c.csv"}).said

    assert "1773126000" in calls
    assert "1773118800" in calls
    assert "calltools convert" not in shown
    assert "options of its own" in refused
    assert "[[jobs]]" not in config.read_text(encoding="utf-8")


def test_files_of_different_counters_are_not_sent_together(service):
    with opened("client-a/c.csv", "client-b/c.csv") as (visitor, _):
        refused = visitor.get("send").said
        visitor.post("send/counter", {"counter": COUNTER, "goal": ""})
        still = visitor.get("send")
        visitor.post("remove", {"number": "1"})
        one = visitor.get("send").text

    assert f"client-a/c.csv → {COUNTER}; client-b/c.csv → 22222222, Client B" in refused
    assert "different counters" in still.said
    assert 'name="plan"' not in still.text
    assert 'size="12" value="22222222"' in one
    assert 'value="Client B"' in one
    assert service.posts == []


def test_a_counter_that_was_chosen_for_other_files_is_asked_for_again(service):
    with opened("client-a/c.csv") as (visitor, _):
        proposed = visitor.get("send").text
        planned = visitor.post("send/counter", {"counter": COUNTER, "goal": ""}).text
        visitor.post("remove", {"number": "1"})
        content = f"{HEADER}\n{call(2)}".encode()
        visitor.post("files", files=[("folder", "client-b/c.csv", content)])
        other = visitor.get("send").text
        visitor.post("job", {"name": "b", "inputs": "client-b/c.csv"})

    assert f'value="{COUNTER}" id="c{COUNTER}" checked' in proposed
    assert 'name="plan"' in planned
    assert 'name="plan"' not in other
    assert 'size="12" value="22222222"' in other
    assert service.posts == []


def test_a_counter_of_a_form_that_was_shown_for_other_files_is_not_taken(service):
    with opened("client-a/c.csv") as (visitor, _):
        shown_for = visitor.shown_for
        visitor.post("remove", {"number": "1"})
        visitor.post("files", files=[("folder", "client-b/c.csv", f"{HEADER}\n{call(2)}".encode())])
        answer = visitor.post("send/counter", {"counter": COUNTER, "goal": "", "shown_for": shown_for})

    assert shown_for == str(COUNTER)
    assert "changed in another tab" in answer.said
    assert 'name="plan"' not in answer.text
    assert 'size="12" value="22222222"' in answer.text
    assert service.posts == []


@pytest.mark.parametrize(("own", "sent"), [("Client A", "Client A"), ("", ""), (None, "of all")])
def test_the_comment_of_the_configuration_stands_in_the_plan_and_is_sent(service, folder, own, sent):
    said = "" if own is None else f'comment = "{own}"\n'
    config = 'comment = "of all"\n' + CONFIG.replace(f"counter = {COUNTER}\n", f"counter = {COUNTER}\n{said}")
    (folder / "calltools.toml").write_text(config, encoding="utf-8")
    with opened("client-a/c.csv") as (visitor, _):
        planned = visitor.post("send/counter", {"counter": COUNTER, "goal": ""})
        visitor.post("send/go", {"plan": re.search(r'name="plan" value="([^"]+)"', planned.text)[1]})

    [post] = service.posts
    told = " ".join(planned.said.split())
    assert f"Comment of the upload {sent}" in told if sent else "Comment of the upload" not in told
    assert post["query"]["comment"].partition(" ")[2] == sent


@pytest.mark.parametrize(("first", "listed"), [("", "«Client B»"), ('comment = "Client A"', "«Client A», «Client B»")])
def test_files_of_one_counter_with_different_comments_are_sent_without_one_and_the_plan_says_so(
    service, folder, first, listed
):
    config = CONFIG.replace(f"counter = {COUNTER}\n", f"counter = {COUNTER}\n{first}\n")
    config = config.replace('counter = 22222222\ngoal = "Client B"', f'counter = {COUNTER}\ncomment = "Client B"')
    (folder / "calltools.toml").write_text(config, encoding="utf-8")
    with opened("client-a/c.csv", "client-b/c.csv") as (visitor, page):
        planned = visitor.post("send/counter", {"counter": COUNTER, "goal": ""})
        told, count = " ".join(planned.said.split()), page.visit.plan.count
        visitor.post("send/go", {"plan": re.search(r'name="plan" value="([^"]+)"', planned.text)[1]})

    [post] = service.posts
    assert count == 2
    assert f"Comment of the upload none: calltools.toml says different comments for these files: {listed}." in told
    assert post["query"]["comment"].partition(" ")[2] == ""


def test_common_options_leave_out_what_differs():
    one = RunOptions(timezone="Europe/Moscow", region="RU", hints=Hints(sheet="A", encoding="cp1251"))
    other = RunOptions(timezone="Asia/Almaty", region="RU", hints=Hints(sheet="B", encoding="cp1251"))

    assert common_options([one, other, one]) == RunOptions(region="RU", hints=Hints(encoding="cp1251"))
    assert common_options([one]) == one
