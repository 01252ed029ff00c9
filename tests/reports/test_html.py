"""The page, in a real browser."""

import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import calltools
from calltools.cli.app import app
from calltools.model.finding import Findings
from calltools.model.summary import Summary
from calltools.reports.html.charts import BIN_COUNT, FindingHistogram
from calltools.reports.html.reporter import HtmlReporter
from calltools.reports.reporter import ReportOptions
from calltools.texts.report_labels import HTML_LABELS
from tests.browser import browser
from tests.reports.sample_findings import CSV, FINDINGS, cell, render_in_form
from tests.reports.test_hostile_text import NAUGHTY

pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parent.parent.parent / "samples"
AS_OF = "2026-03-12T00:00:00Z"


def report_of(tmp_path, source, *arguments):
    path = tmp_path / "report.html"
    CliRunner().invoke(
        app, ["validate", str(source), "--as-of", AS_OF, "--report", str(path), "--force", "-q", *arguments]
    )
    return path


@pytest.fixture(scope="module")
def opened():
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    return report_of(tmp_path_factory.mktemp("html"), SAMPLES / "broken" / "calls.xlsx", "--lang", "en")


def shown_rules(page):
    return page.eval_on_selector_all(
        ".rules > tbody", "all => all.filter(one => !one.hidden).map(one => one.dataset.code)"
    )


def test_it_opens_without_a_word_to_the_console_or_the_network(opened, broken):
    with opened(broken) as (page, messages, requests):
        title = page.title()

    assert title == "Call file report"
    assert messages == []
    assert requests == [broken.as_uri()]


def test_rules_are_filtered_by_word_and_by_severity(opened, broken):
    with opened(broken) as (page, messages, _):
        page.fill("input[data-filter]", "phone")
        by_word = shown_rules(page)
        page.fill("input[data-filter]", "")
        page.click("button[data-severity=note]")
        by_severity = shown_rules(page)
        page.fill("input[data-filter]", "no such rule")
        nothing, is_visible = shown_rules(page), page.is_visible("p.nothing")

    assert {"CT241", "CT242", "CT243", "CT245"} <= set(by_word)
    assert "CT251" not in by_word
    assert set(by_severity) == {"CT016", "CT017", "CT282"}
    assert nothing == []
    assert is_visible
    assert messages == []


def test_rules_are_sorted_up_and_down(opened, broken):
    with opened(broken) as (page, _, _):
        page.click("th[data-sort=code] button")
        up = shown_rules(page)
        page.click("th[data-sort=code] button")
        down = shown_rules(page)
        is_visible = page.get_attribute("th[data-sort=code]", "aria-sort")

    assert up == sorted(up)
    assert down == up[::-1]
    assert is_visible == "descending"


def test_the_keyboard_reaches_and_works_everything(opened, broken):
    with opened(broken) as (page, _, _):
        page.keyboard.press("Tab")
        first = page.evaluate("document.activeElement.className")
        page.focus("th[data-sort=count] button")
        page.keyboard.press("Enter")
        sorted_by = page.get_attribute("th[data-sort=count]", "aria-sort")
        page.focus(".rules summary")
        page.keyboard.press("Enter")
        is_open = page.eval_on_selector(".rules details", "one => one.open")

    assert first == "skip"
    assert sorted_by == "ascending"
    assert is_open


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_contrasts_with_its_background_in_both_schemes(opened, broken, scheme):
    contrast = """selector => {
        const light = color => { const [r, g, b] = color.match(/[0-9.]+/g).map(Number).map(v => v / 255)
            .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
        const ground = one => { const color = getComputedStyle(one).backgroundColor;
            return color === "rgba(0, 0, 0, 0)" && one.parentElement ? ground(one.parentElement) : color; };
        const one = document.querySelector(selector);
        const [a, b] = [light(getComputedStyle(one).color), light(ground(one))].sort((x, y) => y - x);
        return (a + 0.05) / (b + 0.05); }"""
    selectors = ["body p", ".quiet", ".verdict", ".tag.error", ".tag.warning", ".tag.note", "summary", "td", "code"]
    with opened(broken, color_scheme=scheme) as (page, _, _):
        found = {selector: page.evaluate(contrast, selector) for selector in selectors}

    assert min(found.values()) >= 4.5, found


def test_everything_is_there_on_paper_too(opened, broken, tmp_path):
    with opened(broken) as (page, messages, _):
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        tools = page.is_visible(".tools")
        examples = page.eval_on_selector_all(".rules details", "all => all.every(one => one.open)")
        paper = page.pdf()

    assert not tools
    assert examples
    assert paper.startswith(b"%PDF")
    assert messages == []


OVERLAPPING = """() => [...document.querySelectorAll(".examples tr")].filter(row => {
    const [first, second] = row.children, text = document.createRange();
    text.selectNodeContents(first);
    return text.getBoundingClientRect().right > second.getBoundingClientRect().left + 1; }).length"""


def test_on_paper_no_cell_runs_into_the_next_one(opened, tmp_path):
    source = tmp_path / "calls.csv"
    source.write_text("ClientId,DateTime,PhoneNumber,FirstTimeCaller\n,1772434800,8 (495) 000-12-34,x\n", "utf-8")
    with opened(report_of(tmp_path, source, "--lang", "ru"), viewport={"width": 700, "height": 900}) as (page, _, _):
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        overlapping = page.evaluate(OVERLAPPING)

    assert overlapping == 0


def test_a_column_of_examples_that_would_be_empty_is_left_out(opened, broken):
    with opened(broken) as (page, _, _):
        empty = page.eval_on_selector_all(
            ".examples",
            """all => all.flatMap(table => [...table.tHead.rows[0].cells].filter((_, place) =>
                [...table.tBodies[0].rows].every(row => !row.cells[place].textContent.trim()))).length""",
        )
        fixed = page.eval_on_selector("tbody[data-code=CT242] .examples thead", "one => one.textContent")

    assert empty == 0
    assert "Repaired" in fixed


def test_a_narrow_screen_does_not_scroll_sideways(opened, broken):
    with opened(broken, viewport={"width": 360, "height": 700}) as (page, _, _):
        width = page.evaluate("document.documentElement.scrollWidth")

    assert width <= 360


@pytest.mark.parametrize("length", range(20, 60, 4))
def test_a_path_without_a_hyphen_does_not_widen_a_narrow_screen(opened, tmp_path, length):
    path = tmp_path / "report.html"
    source = replace(CSV, path=Path(f"/{'x' * length}/calls.csv"), name=f"/{'x' * length}/calls.csv")
    path.write_text(render_in_form("html", [cell("CT281", "-", 11, "-", "")], sources=(source,)), encoding="utf-8")

    with opened(path, viewport={"width": 360, "height": 700}) as (page, _, _):
        width = page.evaluate("document.documentElement.scrollWidth")

    assert width <= 360


@pytest.mark.parametrize("text", NAUGHTY.values(), ids=NAUGHTY)
def test_no_cell_becomes_a_part_of_the_page(opened, tmp_path, text):
    hostile = f"</script></style></svg>{text}<script>document.title='owned'</script>"
    row = cell("CT281", hostile, 11, hostile, hostile) | {"detail": hostile}
    path = tmp_path / "report.html"
    report = render_in_form("html", [row], sources=(CSV,), options=ReportOptions(show_values=True))
    path.write_text(report, encoding="utf-8")

    with opened(path) as (page, messages, requests):
        title, scripts = page.title(), page.eval_on_selector_all("script", "all => all.length")

    assert title == "Call file report"
    assert scripts == 1
    assert messages == []
    assert len(requests) == 1


def test_an_inline_script_would_not_run(opened, tmp_path):
    path = tmp_path / "report.html"
    report = render_in_form("html", list(FINDINGS), sources=(CSV,))
    path.write_text(report.replace("</main>", "<script>document.title='owned'</script></main>"), encoding="utf-8")

    with opened(path) as (page, messages, _):
        title = page.title()

    assert title == "Call file report"
    assert any("Content Security Policy" in one for one in messages)


def test_values_are_redacted_by_default(tmp_path):
    source = SAMPLES / "broken" / "calls.xlsx"

    masked = report_of(tmp_path, source).read_text(encoding="utf-8")
    plain = report_of(tmp_path, source, "--show-values").read_text(encoding="utf-8")

    assert "000-07-02" not in masked
    assert "000-07-02" in plain


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_same_input_gives_the_same_bytes(tmp_path, language):
    source = SAMPLES / "broken" / "whole-file.csv"

    once = report_of(tmp_path, source, "--lang", language).read_bytes()

    assert report_of(tmp_path, source, "--lang", language).read_bytes() == once
    assert f'<html lang="{language}">'.encode() in once


def test_no_word_is_missing_in_either_language():
    fields = [[set(re.findall(r"{(\w+)", text)) for text in pair] for pair in HTML_LABELS.values()]

    assert all(english and russian for english, russian in HTML_LABELS.values())
    assert all(english == russian for english, russian in fields)
    assert all(
        re.search("[а-яё]", russian, re.IGNORECASE) for key, (_, russian) in HTML_LABELS.items() if key != "zero"
    )


def test_a_page_stays_small_with_any_number_of_findings():
    text = "я" * 5000
    rows = [cell(f"CT{code}", "Tag", 11, text, text, record=n + 1) for code in (281, 282, 283, 301) for n in range(500)]
    stream = io.StringIO()
    reporter = HtmlReporter(stream, ReportOptions(show_values=True))
    for number in range(600):
        reporter.start(CSV, f"{text}{number}.csv")
        reporter.take(Findings.from_rows(rows[:40]))
        reporter.finish(Summary("x", CSV, read=10**9))
    reporter.close([])

    assert len(stream.getvalue().encode()) < 500_000


def test_the_strip_counts_every_finding_however_long_the_file():
    records = np.random.default_rng(3).integers(1, 3_000_000, 5000)
    strip = FindingHistogram()
    for part in np.array_split(records, 50):
        strip.add(Findings.for_rule("CT301", records=part, places=part, severity="error"))

    upto = strip.bins_for(3_000_000)

    assert upto.sum() == 5000
    assert upto.shape[1] <= BIN_COUNT
    expected = np.bincount((records - 1) // strip.bin_width, minlength=upto.shape[1])
    assert (upto[0] == expected).all()


def test_the_charts_show_what_the_file_holds(opened, tmp_path):
    source = tmp_path / "calls.csv"
    lines = [
        "ClientId,DateTime,CallMissed,TalkDuration",
        "1604591025698235234,1772434800,0,35",  # Monday 2026-03-02 10:00 in Moscow
        "1604591025698235235,1772434860,0,70",
        "1604591025698235236,1772438400,1,0",  # 11:00
        "1604591025698235237,1770000000,0,5",  # 2026-02-02, lost by March 12
    ]
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = report_of(tmp_path, source, "--timezone", "Europe/Moscow", "--lang", "en")

    with opened(report) as (page, _, _):
        cells = page.eval_on_selector_all(".hours tbody tr:first-child td", "all => all.map(one => one.title)")
        talk = page.eval_on_selector_all(
            ".bars:first-of-type tbody tr", "all => all.slice(0, 9).map(one => one.cells[2].innerText)"
        )
        window = page.inner_text("figure.wide:last-child table")

    assert cells[10] == "Mon, 10:00: 2 answered, 0 missed"
    assert cells[11] == "Mon, 11:00: 0 answered, 1 missed"
    # From the shortest to the longest that there is.
    assert talk[:4] == ["1", "0", "1", "1"]
    assert "Older than 21 days" in window
    assert "23 Mar 2026" in window


CALLS = ["ClientId,DateTime", *(f"160459102569823523{n},{1773187200 - n * 86_400}" for n in range(10))]


def write_calls(path, lines=CALLS):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_only_what_the_service_takes_as_it_is_is_ready_to_upload(tmp_path):
    canonical = write_calls(tmp_path / "calls.csv")
    export = [str(SAMPLES / "mts" / "export.json"), *(SAMPLES / "mts" / "options").read_text("utf-8").split()]
    export += ["--timezone", "Europe/Moscow", "--region", "RU"]

    def heading(*arguments):
        text = report_of(tmp_path, *arguments).read_text(encoding="utf-8")
        return re.search('<p class="verdict [a-z]+">(.*?)</p>', text)[1]

    ready, convert = "Ready to upload: no errors.", "No errors. Convert the file before you upload it."
    assert heading(canonical) == ready
    assert heading(*export) == convert
    # Of a conversion the page is about what was written.
    local = write_calls(tmp_path / "local.csv", ["ClientId,DateTime", "16045910256982,2026-03-10 12:00:00"])
    report = tmp_path / "converted.html"
    checking = ["convert", str(local), "--timezone", "Europe/Moscow", "--as-of", AS_OF, "--report", str(report)]
    CliRunner().invoke(app, [*checking, "--check"])
    assert convert in report.read_text(encoding="utf-8")
    CliRunner().invoke(app, [*checking, "-o", str(tmp_path / "clean.csv"), "--force"])
    assert ready in report.read_text(encoding="utf-8")


def test_what_the_file_does_not_say_has_no_chart(opened, tmp_path):
    report = report_of(tmp_path, write_calls(tmp_path / "calls.csv"), "--lang", "en")

    with opened(report) as (page, _, _):
        titles = page.eval_on_selector_all(".charts h4", "all => all.map(one => one.innerText)")
        key = page.inner_text(".key.answered")
        cells = page.eval_on_selector_all(".hours td[title]", "all => all.map(one => one.title)")

    assert titles == ["By day", "By weekday and hour", "Who can be tied to a visit", "The window of 21 days"]
    assert "does not say which were missed" in key
    assert not any("missed" in title for title in cells)


def test_charts_have_scales_and_values(opened, tmp_path):
    lines = [*CALLS, "1604591025698235299,1773187201", "1604591025698235298,1773187202"]
    report = report_of(tmp_path, write_calls(tmp_path / "calls.csv", lines), "--lang", "ru")

    with opened(report) as (page, _, _):
        scale = page.eval_on_selector_all(".charts .scale span", "all => all.map(one => one.innerText)")
        numbers = page.eval_on_selector_all(".numbers span", "all => all.map(one => one.innerText)")
        ends = page.inner_text(".charts .ends")
        busiest = page.inner_text("figure.wide p.quiet")

    assert scale == ["3", "0"]
    assert numbers[:10] == ["1"] * 9 + ["3"]
    assert ends == "02.03.2026 – 11.03.2026", "the last day is not at the end of a chart with room for more days"
    assert busiest == "Больше всего: Ср, с 0:00 до 1:00, звонков 4."


def test_calls_that_are_lost_are_those_of_the_rule(opened, tmp_path):
    # The first is older by a second than 21 days, the second younger, on the same day.
    now = 1773273600 + 12 * 3600
    lines = ["ClientId,DateTime", f"16045910,{now - 21 * 86_400 - 1}", f"16045911,{now - 21 * 86_400 + 1}"]
    source = write_calls(tmp_path / "calls.csv", lines)
    path = tmp_path / "report.html"
    CliRunner().invoke(app, ["validate", str(source), "--as-of", str(now), "--report", str(path), "--lang", "en"])

    with opened(path) as (page, _, _):
        warning = page.inner_text(".verdict.warning")
        found = page.inner_text("tbody[data-code=CT501] td.n")
        window = page.eval_on_selector_all(".window tbody tr", "all => all.map(one => one.innerText.split('\\t'))")

    assert warning.startswith("Calls older than 21 days: 1.")
    assert found == "1"
    assert [row[-2:] for row in window] == [["1", "1"], ["1", "1"]]


def test_all_files_with_errors_are_shown_the_worst_first_and_good_ones_in_the_table(opened, tmp_path):
    names = [f"bad{number}.csv" for number in range(12)]
    for number, name in enumerate(names):
        write_calls(tmp_path / name, ["ClientId,DateTime", *["nobody,1773187200"] * (number + 1)])
    (tmp_path / "more").mkdir()
    good = write_calls(tmp_path / "good.csv")
    same = write_calls(tmp_path / "more" / "good.csv")
    sources = [str(tmp_path / name) for name in names[1:]]
    report = report_of(tmp_path, good, str(same), *sources, str(tmp_path / names[0]), "--lang", "en")

    with opened(report) as (page, _, _):
        headings = page.eval_on_selector_all("article h2", "all => all.map(one => one.innerText)")
        listed = page.eval_on_selector_all(".files tbody th", "all => all.map(one => one.innerText)")
        page.click(".files tbody tr:nth-child(12) a")
        target = page.evaluate("document.querySelector(':target').innerText")

    assert headings == names[::-1]
    assert listed[:12] == names[::-1]
    assert listed[12:] == [f"{tmp_path.name}/good.csv", "more/good.csv"]
    assert target == names[0]
    assert not any("/" in heading or "--" in heading for heading in headings)


def test_on_a_phone_tables_are_cards_of_which_nothing_is_cut(opened, broken):
    with opened(broken, viewport={"width": 390, "height": 844}) as (page, _, _):
        page.click(".rules summary")
        wide = page.evaluate(
            """() => [...document.querySelectorAll("main *")].filter(one => {
                const box = one.getBoundingClientRect();
                return box.width > 1 && box.right > 391; }).map(one => one.outerHTML.slice(0, 80))"""
        )
        scrolled = page.evaluate(
            """() => [...document.querySelectorAll(".scroll, figure")]
                .filter(one => one.scrollWidth > one.clientWidth + 1).length"""
        )

    assert wide == []
    assert scrolled == 0


def test_on_a_phone_the_hours_and_the_keys_of_colors_stand_in_one_line(opened, tmp_path):
    report = report_of(tmp_path, write_calls(tmp_path / "calls.csv"), "--lang", "ru")

    with opened(report, viewport={"width": 390, "height": 844}) as (page, _, _):
        hours, keys = (
            page.eval_on_selector_all(
                selector,
                "all => all.map(one => { const range = document.createRange(); "
                "range.selectNodeContents(one); return range.getClientRects().length; })",
            )
            for selector in (".hours thead th:nth-child(3n+2)", ".key")
        )

    assert set(hours) == set(keys) == {1}


def test_a_file_that_was_not_read_has_no_zeros(opened, tmp_path):
    report = report_of(tmp_path, tmp_path / "nowhere.csv", str(write_calls(tmp_path / "calls.csv")), "--lang", "en")

    with opened(report) as (page, _, _):
        row = page.inner_text(".files tbody tr:first-child")

    assert "0" not in row
    assert "could not be read" in row


def test_why_a_file_was_not_read_is_told_to_the_end(opened, tmp_path):
    unknown = tmp_path / "notes.csv"
    unknown.write_text("not a table\n", encoding="utf-8")
    report = report_of(tmp_path, unknown, str(write_calls(tmp_path / "calls.csv")), "--lang", "en")

    with opened(report) as (page, _, _):
        said = page.inner_text("article .verdict.error")

    assert f"calltools send {unknown} asks at a terminal" in said
    assert said.endswith("a canonical file by --vendor none.")


def test_the_library_makes_no_portrait_by_default(tmp_path):
    result = calltools.validate(SAMPLES / "canonical" / "good.csv", as_of=1773273600)

    assert result.summary.call_statistics.calls == 0
