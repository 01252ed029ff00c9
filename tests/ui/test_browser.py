"""The page in a real browser: no word to the console, nothing for axe-core to complain of, by keyboard and by script."""

from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from calltools.run import RunOptions
from tests.browser import chromium
from tests.fake_metrica.server import FakeMetrica
from tests.reports.test_hostile_text import NAUGHTY
from tests.ui.pages import served
from tests.uploading.conftest import TOKEN, call_line, write_csv

pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parent.parent.parent / "samples"
NOW = 1773273600
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
ANSWERS = {"timezone": "Europe/Moscow", "region": "RU", "currency": "RUB", "static-call": "1"}


@pytest.fixture(scope="module")
def chrome():
    with sync_playwright() as tools:
        started = tools.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield started
        started.close()


class Tab:
    """A browser that was let in by the file that ``calltools ui`` opens."""

    def __init__(self, page, messages, opened):
        self.page, self.messages, self.visit = page, messages, opened.visit
        self.base = f"{opened.visit.door.origin}{opened.visit.door.base}"
        page.goto(opened.opener.as_uri())
        page.wait_for_url("**/files")

    def go(self, name):
        self.page.goto(f"{self.base}/{name}")
        self.settle()

    def settle(self):
        self.page.wait_for_selector('[data-working=""]', state="detached")
        self.page.wait_for_selector("h1")

    def complaints(self):
        self.page.evaluate(AXE)
        found = self.page.evaluate(
            "axe.run().then(found => found.violations.map(one => [one.id, one.nodes.map(node => node.html)]))"
        )
        return [(name, nodes[:3]) for name, nodes in found]

    @property
    def width(self):
        return self.page.evaluate("document.documentElement.scrollWidth")


@pytest.fixture
def tab(chrome):
    opened = []

    def open_tab(paths=(), answers=ANSWERS, **context):
        serving = served(paths, RunOptions(as_of=NOW))
        page = serving.__enter__()
        page.visit.answers = dict(answers)
        profile = chrome.new_context(**{"locale": "en-US", **context})
        shown, messages = profile.new_page(), []
        shown.on("console", lambda message: messages.append(message.text))
        shown.on("pageerror", lambda fault: messages.append(str(fault)))
        shown.on("dialog", lambda dialog: (messages.append(dialog.message), dialog.dismiss()))
        opened.append((serving, profile))
        return Tab(shown, messages, page)

    yield open_tab
    for serving, profile in opened:
        profile.close()
        serving.__exit__(None, None, None)


@pytest.mark.parametrize(("language", "scheme", "width"), [("en-US", "light", 1280), ("ru-RU", "dark", 390)])
def test_each_step_is_sound_in_both_languages_schemes_and_widths(tab, language, scheme, width):
    one = tab(
        [SAMPLES / "broken" / "calls.xlsx"],
        locale=language,
        color_scheme=scheme,
        viewport={"width": width, "height": 800},
    )
    found = {}
    for name in ("files", "questions", "findings", "record/1/5", "results"):
        one.go(name)
        found[name] = one.complaints(), one.width <= width
    one.visit.answers = {}
    one.visit.forget_results()
    one.go("questions")
    found["open questions"] = one.complaints(), one.width <= width

    assert found == dict.fromkeys(found, ([], True))
    assert one.messages == []


def test_a_file_is_chosen_and_the_way_is_walked_by_keyboard(tab):
    one = tab(answers={})
    page = one.page
    page.keyboard.press("Tab")
    skip = page.evaluate("document.activeElement.className")
    page.set_input_files("#calls", SAMPLES / "canonical" / "good.csv")
    page.focus("form[data-drop] button.main")
    page.keyboard.press("Enter")
    page.wait_for_selector("table.cards")
    page.focus("a.button.main")
    page.keyboard.press("Enter")
    page.wait_for_selector(".tiles")

    assert skip == "skip"
    assert "Every call can go to Metrica" in page.inner_text("main")
    assert one.messages == []


def test_without_scripts_every_step_works(tab, tmp_path):
    source = write_csv(tmp_path / "calls.csv", ["1604591025698235234,2026-03-02 10:00:00,0,12,1,0,x"])
    one = tab(answers={}, java_script_enabled=False)
    page = one.page
    page.set_input_files("#calls", source)
    page.click("form[data-drop] button.main")
    page.wait_for_selector("table.cards")
    page.click("a.button.main")
    page.fill("input[name='answer-timezone']", "Europe/Moscow")
    page.click("form[data-questions] button.main")
    page.wait_for_selector("a[href$=findings].button")
    page.click("a[href$=findings].button")
    page.click("tr[data-place] th a")
    page.fill("#cell-3", "+74950000101")
    page.click("form.record button.main")

    assert "Nothing keeps this record back" in page.inner_text("main")


def test_a_cell_is_mended_where_it_stands_and_judged_at_once(tab, tmp_path):
    source = write_csv(
        tmp_path / "calls.csv",
        ["1604591025698235234,1772434800,0,12,1,0,x", "1604591025698235235,1772434801,0,12,1,0,y"],
    )
    one = tab([source], answers={})
    one.go("findings")
    page = one.page
    page.focus("tr[data-place='2'] td[data-position='3']")
    page.keyboard.press("Enter")
    page.keyboard.type("+7 495 000-01-01")
    page.keyboard.press("Enter")
    page.wait_for_selector("tr[data-place='2'].mended-row")
    focused = page.evaluate("document.activeElement.dataset.position")
    said = page.inner_text("[data-judged]")
    may_be_undone = page.locator("[data-mending] form[action$='/undo'] button").count()

    assert focused == "3"
    assert "good now" in said
    assert may_be_undone == 1
    assert one.visit.mending.count == 1
    assert one.messages == []


def test_the_calls_change_while_an_answer_is_typed(tab, tmp_path):
    source = tmp_path / "calls.csv"
    source.write_text("ClientId,DateTime\n1604591025698235234,2026-03-02 10:00:00\n", encoding="utf-8")
    one = tab([source], answers={})
    one.go("questions")
    one.page.fill("input[name='answer-timezone']", "Asia/Almaty")
    one.page.press("input[name='answer-timezone']", "Tab")
    one.page.wait_for_selector("[data-examples=timezone] table")

    assert "+05:00" in one.page.inner_text("[data-examples=timezone]")
    assert one.visit.answers == {}


@pytest.mark.parametrize("text", list(NAUGHTY.values())[:6])
def test_no_cell_and_no_name_becomes_a_part_of_the_page(tab, tmp_path, text):
    hostile = f"</script></td>{text}<img src=x onerror=alert(1)><script>document.title='owned'</script>"
    cell = hostile.replace('"', '""').replace("\x00", "")
    source = tmp_path / "calls.csv"
    source.write_text(
        f'ClientId,DateTime,PhoneNumber\n1604591025698235234,1772434800,"{cell}"\n', encoding="utf-8", errors="replace"
    )
    one = tab([source], answers={})
    titles = []
    for name in ("files", "findings", "record/1/2"):
        one.go(name)
        titles.append(one.page.title())

    assert "owned" not in titles
    assert one.page.eval_on_selector_all("script", "all => all.length") == 1
    assert one.messages == []


def test_sending_is_watched_and_pressed_once(tab, tmp_path, monkeypatch):
    source = write_csv(tmp_path / "export.csv", [call_line(number) for number in range(10)])
    monkeypatch.setenv("CALLTOOLS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("CALLTOOLS_TOKEN", raising=False)
    with FakeMetrica(token=TOKEN, step_seconds=0.05) as service:
        monkeypatch.setenv("CALLTOOLS_API_URL", service.url)
        one = tab([source], answers={})
        page = one.page
        one.go("send")
        complaints = [one.complaints()]
        page.fill("input[type=password]", TOKEN)
        page.click("form[action$='send/login'] button")
        page.wait_for_selector("input[name=goal]")
        complaints.append(one.complaints())
        page.click("form[action$='send/counter'] button")
        page.wait_for_selector("form[action$='send/go']")
        complaints.append(one.complaints())
        page.dblclick("form[action$='send/go'] button")
        page.wait_for_selector("[data-log] li")
        page.reload()
        page.wait_for_selector("h1")
        one.go("send")
        complaints.append(one.complaints())
        one.visit.upload.work.wait(60)
        # The page is loaded anew when the sending has ended, which would break off another navigation.
        page.wait_for_selector("[data-working]", state="detached")
        page.wait_for_selector("h1")
        one.go("history")
        complaints.append(one.complaints())
        stored = page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")

    assert complaints == [[]] * 5
    assert len(service.posts) == 1
    assert TOKEN not in stored
    assert stored == '[{},{},""]'


def test_a_folder_that_is_dropped_gives_its_tables(tab, tmp_path):
    folder = tmp_path / "exports"
    (folder / "march").mkdir(parents=True)
    write_csv(folder / "a.csv", [call_line(1)])
    write_csv(folder / "march" / "b.csv", [call_line(2)])
    (folder / "letter.docx").write_bytes(b"x")
    one = tab()
    box = one.page.locator("form[data-drop]").bounding_box()
    mouse = one.page.context.new_cdp_session(one.page)
    where = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] - 10}
    for kind in ("dragEnter", "dragOver", "drop"):
        data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
        mouse.send("Input.dispatchDragEvent", {"type": kind, **where, "data": data})
    one.page.wait_for_selector("table.cards")

    assert sorted(found.found.name for found in one.visit.files) == ["exports/a.csv", "exports/march/b.csv"]
    assert "they are no tables: 1" in one.page.inner_text("main")
