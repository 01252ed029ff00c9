"""Advice of the page: the same sentences as in a report, with the page's own questions in place of options."""

import pytest

from calltools.texts.sentences import OPTION_ADVICE
from calltools.ui.advice import OFFERED, format_advice


@pytest.mark.parametrize(("text", "language", "html"), [
    ("give it: `calltools convert FILE --region RU`", "en", 'give it: <a href="/b/questions?ask=region#q-region">“Country of the numbers” among the questions</a>'),
    ("хватит `--static-call 1`", "ru", 'хватит <a href="/b/questions?ask=static-call#q-static-call">«Звонки без идентификатора» в вопросах</a>'),
    ("задано `--region US`", "ru", 'задано <a href="/b/questions?ask=region#q-region">«Страна номеров: US» в вопросах</a>'),
    ("`calltools convert x --timezone UTC --identifiers crm.xlsx` joins them", "en", '<a href="/b/files">“Second file” in step 1</a> joins them'),
    ("`calltools convert x -o clean.csv` writes", "en", '<a href="/b/results">“Take along” (step 4)</a> writes'),
    ('as `="123"` <b>', "en", "as <code>=&#34;123&#34;</code> &lt;b&gt;"),
    ("`--header-row N`", "en", '<a href="/b/questions?ask=header-row#q-header-row">“Row of the titles” among the questions</a>'),
    ("`--as-of ВРЕМЯ`", "ru", '<a href="/b/questions?ask=as-of#q-as-of">«Момент проверки» в вопросах</a>'),
    ("`--quotes N`", "en", "<code>--quotes N</code>"),
])  # fmt: skip
def test_a_part_in_backticks_is_a_link_where_the_page_offers_it(text, language, html):
    assert format_advice(text, "/b", language, {"region": "US"}) == html


@pytest.mark.parametrize("language", ["en", "ru"])
def test_no_advice_sends_to_the_command_line_for_what_the_page_asks(language):
    place = ["en", "ru"].index(language)
    told = {
        option: format_advice(clauses[0][place], "/b", language, {})
        for named in OPTION_ADVICE.values()
        for option, clauses in named.items()
    }

    assert {option.replace("_", "-") for option in told} == {*OFFERED, "identifiers"}
    assert all("<a href=" in words and "calltools convert" not in words for words in told.values()), told
