"""Sending from the page to a real service on loopback: what is shown, pressed once, and never sent twice."""

import re
import threading

import pytest

from tests.fake_metrica.server import FakeMetrica
from tests.ui.pages import visited
from tests.uploading.conftest import CALL_COUNT, COUNTER, TOKEN, call_line, stored_calls, write_csv


@pytest.fixture
def service():
    with FakeMetrica(token=TOKEN, step_seconds=0.02) as metrica:
        yield metrica


@pytest.fixture(autouse=True)
def _environment(service, tmp_path, monkeypatch):
    monkeypatch.setenv("CALLTOOLS_API_URL", service.url)
    monkeypatch.setenv("CALLTOOLS_TOKEN", TOKEN)
    monkeypatch.setenv("CALLTOOLS_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def calls(tmp_path):
    return write_csv(tmp_path / "export.csv", [call_line(number) for number in range(CALL_COUNT)])


def planned(visitor):
    visitor.get("send")
    return visitor.post("send/counter", {"counter": COUNTER, "goal": "Звонок"})


def plan_token(answer):
    return answer.text.partition('name="plan" value="')[2].partition('"')[0]


def sent(visitor, page):
    """The page after the upload has ended."""
    page.visit.upload.work.wait(30)
    return visitor.get("send")


def test_the_counter_is_chosen_by_its_site_and_the_plan_sends_nothing(service, calls):
    with visited([calls]) as (visitor, _):
        counters = visitor.get("send").said
        plan = planned(visitor)

    assert "romashka.ru" in counters
    assert re.search(f"Calls that go to {COUNTER} .*romashka.ru: {CALL_COUNT}. This cannot be undone", plan.said)
    assert f"Calls older than 21 days: {CALL_COUNT}" in plan.said
    assert service.posts == []


def test_a_counter_that_is_no_number_is_asked_again_without_a_word_on_days(service, calls):
    with visited([calls]) as (visitor, _):
        visitor.get("send")
        said = visitor.post("send/counter", {"counter": "other", "number": "12 345"}).said

    assert "A counter is a number, such as 12345678, without spaces." in said
    assert service.posts == []


def test_pressing_sends_each_call_once(service, calls):
    with visited([calls]) as (visitor, page):
        token = plan_token(planned(visitor))
        form = [("token", visitor.token), ("plan", token)]
        pressed = [visitor.send("send/go", form).status for _ in range(3)]
        said = sent(visitor, page).said
        again = planned_again(visitor)

    assert pressed == [303, 303, 303]
    assert [len(part) for part in stored_calls(service)] == [CALL_COUNT]
    assert "Metrica has taken the calls" in said
    assert "Nothing new" in again.said
    assert service.posts[0]["query"]["new_goal_name"] == "Звонок"


def planned_again(visitor):
    visitor.post("send/anew")
    return planned(visitor)


def test_pressed_twice_at_once_it_is_sent_once(service, calls):
    with visited([calls]) as (visitor, page):
        form = [("token", visitor.token), ("plan", plan_token(planned(visitor)))]
        threads = [threading.Thread(target=visitor.send, args=("send/go", form)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        sent(visitor, page)

    assert [len(part) for part in stored_calls(service)] == [CALL_COUNT]


def test_another_plan_than_the_shown_one_is_not_sent(service, calls):
    with visited([calls]) as (visitor, _):
        old = plan_token(planned(visitor))
        visitor.post("send/change")
        planned(visitor)
        said = visitor.post("send/go", {"plan": old}).said

    assert "nothing was sent" in said
    assert service.posts == []


def test_what_was_sent_elsewhere_meanwhile_is_not_sent(service, calls):
    with visited([calls]) as (one, _), visited([calls]) as (other, other_page):
        form = {"plan": plan_token(planned(one))}
        other.post("send/go", {"plan": plan_token(planned(other))})
        sent(other, other_page)
        one.send("send/go", [("token", one.token), *form.items()])
        one.get("send")

    assert [len(part) for part in stored_calls(service)] == [CALL_COUNT]


def test_a_lost_answer_is_held_and_decided_in_the_history(service, calls):
    service.behave("resets-after-storing", 1)
    service.behave("list-empty")
    with visited([calls]) as (visitor, page):
        visitor.send("send/go", [("token", visitor.token), ("plan", plan_token(planned(visitor)))])
        said = sent(visitor, page).said
        waiting = visitor.get("history").said
        service.behave_well()
        found = visitor.post("history/decide", {"what": "look"}).said

    assert "not known whether the calls have arrived" in said
    assert "Waiting for your decision" in waiting
    assert "Waiting for your decision" not in found
    assert [len(part) for part in stored_calls(service)] == [CALL_COUNT]


def test_another_account_is_asked_for_although_a_token_is_kept(service, calls):
    with visited([calls]) as (visitor, _):
        planned(visitor)
        login = visitor.post("send/logout")
        still = visitor.get("send")
        entered = visitor.post("send/login", {"secret": TOKEN})
        visitor.post("send/logout")
        kept = visitor.post("send/kept")

    for page in (login, still):
        assert "Log in to Metrica" in page.said
        assert "romashka.ru" not in page.said
    for page in (entered, kept):
        assert "romashka.ru" in page.said


def test_a_token_that_was_pasted_is_used_again_where_no_other_one_is_wanted(service, calls, monkeypatch):
    monkeypatch.delenv("CALLTOOLS_TOKEN")
    with visited([calls]) as (visitor, _):
        visitor.get("send")
        visitor.post("send/login", {"secret": TOKEN})
        login = visitor.post("send/logout")
        kept = visitor.post("send/kept")

    assert "Log in to Metrica" in login.said
    assert "romashka.ru" in kept.said


def test_a_history_that_took_long_is_read_anew_when_it_is_opened_again(service, calls, monkeypatch):
    monkeypatch.setattr("calltools.ui.steps.PATIENCE_S", 0)
    with visited([calls]) as (visitor, page):
        visitor.post("send/go", {"plan": plan_token(planned(visitor))})
        sent(visitor, page)
        shown = [visitor.get("history").said for _ in range(3)]

    assert [one for one in shown if str(COUNTER) not in one] == []


def test_tabs_that_open_the_history_at_once_all_show_it(service, calls):
    answers = []
    with visited([calls]) as (visitor, _):
        visitor.get("send")
        tabs = [threading.Thread(target=lambda: answers.append(visitor.get("history"))) for _ in range(4)]
        for tab in tabs:
            tab.start()
        for tab in tabs:
            tab.join()

    assert [answer.status for answer in answers] == [200] * 4
    assert not [answer.said for answer in answers if "This did not work" in answer.said]


def test_without_a_token_the_way_to_one_is_shown_and_the_token_never_comes_back(service, calls, monkeypatch):
    monkeypatch.delenv("CALLTOOLS_TOKEN")
    with visited([calls]) as (visitor, _):
        login = visitor.get("send")
        wrong = visitor.send("send/application", [("token", visitor.token), ("client_id", TOKEN)])
        address = visitor.post("send/application", {"client_id": "0123456789abcdef0123456789abcdef"})
        refused = visitor.send("send/login", [("token", visitor.token), ("secret", "y0_wrong")])
        entered = visitor.post(
            "send/login", {"secret": f"https://oauth.yandex.ru/verification#access_token={TOKEN}&expires_in=1"}
        )
        pages = [
            login,
            wrong,
            address,
            refused,
            entered,
            *(visitor.get(page) for page in ("send", "files", "history", "results")),
        ]

    assert "Log in to Metrica" in login.said
    assert "That is no ClientID" in wrong.said
    assert "https://oauth.yandex.ru/authorize?response_type=token" in address.said + address.text
    assert "y0_wrong" not in refused.text
    assert "Which counter?" in entered.said
    assert all(TOKEN not in page.text + str(page.headers) for page in pages)


def test_the_history_and_the_reports(service, calls):
    with visited([calls]) as (visitor, page):
        empty = visitor.get("history").said
        visitor.send("send/go", [("token", visitor.token), ("plan", plan_token(planned(visitor)))])
        sent(visitor, page)
        history = visitor.get("history").said
        checked = visitor.post("history/check", {"counter": COUNTER, "first": "2025-10-09", "last": "2025-10-09"}).said

    assert "Nothing was sent from this computer yet" in empty
    assert "calls.csv" in history
    assert f"2025-10-09 {CALL_COUNT} {CALL_COUNT}" in " ".join(checked.split())


def resend_forms(answer):
    """The forms of the history that send a part again, as a browser would send them."""
    forms = re.findall(r'<form method="post" action="[^"]*/history/decide">(.*?)</form>', answer.text, re.DOTALL)
    fields = [re.findall(r'name="(token|part|attempts)" value="([^"]*)"', form) for form in forms if "resend" in form]
    return [[*found, ("what", "resend")] for found in fields if len(found) == 3]


@pytest.fixture
def held(service, calls):
    """A visitor and a page, of whose calls nobody knows that they never arrived."""
    service.behave("resets-after-body", 1)
    with visited([calls]) as (visitor, page):
        visitor.send("send/go", [("token", visitor.token), ("plan", plan_token(planned(visitor)))])
        sent(visitor, page)
        assert service.store.uploadings == []
        yield visitor


def test_sent_again_by_a_decision_pressed_twice_or_in_two_tabs_it_is_one_post(service, held):
    [form] = resend_forms(held.get("history"))
    before = len(service.posts)
    tabs = [threading.Thread(target=held.send, args=("history/decide", form)) for _ in range(4)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    reloaded = held.send("history/decide", form)

    assert reloaded.status == 303
    assert len(service.posts) == before + 1
    assert [len(part) for part in stored_calls(service)] == [CALL_COUNT]


def test_the_second_press_decides_nothing_where_the_first_one_has_ended_unclear_again(service, held):
    [form] = resend_forms(held.get("history"))
    before = len(service.posts)
    service.behave("resets-after-storing")
    service.behave("list-empty")
    held.send("history/decide", form)
    once = held.get("history")
    held.send("history/decide", form)
    twice = held.get("history")
    [shown] = resend_forms(twice)

    assert "Waiting for your decision" in once.said
    assert "this press has sent nothing" in twice.said
    assert len(service.posts) == before + 1
    assert [len(part) for part in stored_calls(service)] == [CALL_COUNT]
    assert shown != form
