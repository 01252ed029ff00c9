"""``upload`` as a person and a script meet it."""

import json
import os
import re
import shlex
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from time import time

import pytest

from calltools.files.opening import read_stamp
from calltools.ledger import hold_counter, list_parts, open_ledger_in
from calltools.uploading.checking import remember_clean_file
from tests.fake_metrica.behaviors import BEHAVIORS
from tests.uploading.conftest import CALL_COUNT, COUNTER, HEADER, TOKEN, call_line, stored_calls, write_csv

pytestmark = pytest.mark.slow


def test_each_call_arrives_once_and_is_counted_in_the_result(upload, service, calls):
    result = upload(calls, "--goal", "Звонок", "--comment", "март 2026", "--wait")

    assert result.exit_code == 0, result.output
    assert result.stdout == "uploading 1000 PROCESSED sent 10 accepted 10 linked 9\n"
    (one,) = service.store.uploadings
    assert len(one.rows) == 10
    assert one.goal == "Звонок"
    assert one.comment.endswith(" март 2026")
    assert one.client_id_type == "CLIENT_ID"


def test_the_same_file_again_sends_nothing(upload, service, calls):
    upload(calls)

    again = upload(calls)

    assert again.exit_code == 0
    assert "nothing to send" in again.stderr
    assert len(service.posts) == 1


def test_only_new_calls_of_a_longer_file_go(upload, service, tmp_path, calls):
    upload(calls)

    result = upload(write_csv(tmp_path / "more.csv", [call_line(number) for number in range(15)]))

    assert result.exit_code == 0
    assert [len(rows) for rows in stored_calls(service)] == [10, 5]


def test_changed_calls_are_counted_and_sent_only_on_request(upload, service, tmp_path, calls):
    upload(calls)
    changed = write_csv(tmp_path / "changed.csv", [call_line(number, tag="продажа") for number in range(3)])

    first = upload(changed)
    second = upload(changed, "--changed")
    third = upload(changed, "--changed")

    assert "changed since: 3" in first.stderr
    assert second.exit_code == 0
    assert [len(rows) for rows in stored_calls(service)] == [10, 3]
    assert "nothing to send" in third.stderr


def test_everything_is_sent_again_only_on_request(upload, service, calls):
    upload(calls)

    upload(calls, "--all")

    assert [len(rows) for rows in stored_calls(service)] == [10, 10]


def test_a_call_of_two_files_goes_once_in_one_run_also_when_known_calls_go_again(run, service, tmp_path):
    first = write_csv(tmp_path / "first.csv", [call_line(number) for number in range(3)])
    second = write_csv(tmp_path / "second.csv", [call_line(number) for number in range(1, 5)])
    words = ("upload", first, second, "--counter", COUNTER, "--yes", "--all")

    one, two = run(*words), run(*words)

    assert (one.exit_code, two.exit_code) == (0, 0)
    # Each run sends each call once: those of the second file that the first has are left out.
    assert [len(rows) for rows in stored_calls(service)] == [3, 2, 3, 2]


def test_a_plan_counts_a_call_of_two_files_once(run, service, tmp_path):
    first = write_csv(tmp_path / "first.csv", [call_line(number) for number in range(3)])
    second = write_csv(tmp_path / "second.csv", [call_line(number) for number in range(1, 5)])

    planned = run("upload", first, second, "--counter", COUNTER, "--plan")
    sent = run("upload", first, second, "--counter", COUNTER, "--yes")

    assert (planned.exit_code, sent.exit_code) == (0, 0)
    assert "3 of 3 calls to send" in planned.stderr
    assert "2 of 4 calls to send" in planned.stderr
    assert "  in an earlier file, sent with it: 2\n" in planned.stderr
    assert [len(rows) for rows in stored_calls(service)] == [3, 2]


def test_a_file_of_which_no_call_is_left_is_planned_between_others(run, tmp_path):
    first, second = (write_csv(tmp_path / name, [call_line(1)]) for name in ("first.csv", "second.csv"))
    bad = write_csv(tmp_path / "bad.csv", [call_line(1).replace("1604591025698235201", "x")])

    planned = run("upload", bad, first, bad, second, "--counter", COUNTER, "--plan", "--skip-bad")

    assert planned.exit_code == 0, planned.output
    assert planned.stderr.count("0 of 0 calls to send") == 2
    assert "0 of 1 calls to send" in planned.stderr


def test_doubled_calls_in_a_file_go_once(upload, service, tmp_path):
    result = upload(write_csv(tmp_path / "doubled.csv", [call_line(1), call_line(2), call_line(1)]))

    assert result.exit_code == 0
    assert "sent once: 1" in result.stderr
    assert stored_calls(service) == [[("1604591025698235201", "1760000001"), ("1604591025698235202", "1760000002")]]


def test_kinds_of_identifiers_go_apart(upload, service, tmp_path):
    header = "UserId,ClientId,Yclid,DateTime,StaticCall"
    lines = [",1604591025698235201,,1760000001,0", ",,5871026893748593412,1760000002,0", "u7,,,1760000003,0",
             ",,,1760000004,1"]  # fmt: skip

    result = upload(write_csv(tmp_path / "mixed.csv", lines, header))

    assert result.exit_code == 0
    assert [(one.client_id_type, len(one.rows)) for one in service.store.uploadings] == [
        ("CLIENT_ID", 2),
        ("YCLID", 1),
        ("USER_ID", 1),
    ]
    assert len(result.stdout.splitlines()) == 3


def test_a_plan_and_a_dry_run_send_nothing(run, service, state, calls):
    dry = run("upload", calls, "--dry-run", CALLTOOLS_TOKEN="")

    assert dry.exit_code == 0
    assert not state.exists()

    plan = run("upload", calls, "--counter", COUNTER, "--plan", CALLTOOLS_TOKEN="")

    assert plan.exit_code == 0
    assert "10 of 10 calls to send" in plan.stderr
    assert service.requests == []


def test_without_a_terminal_yes_is_needed(run, service, calls):
    result = run("upload", calls, "--counter", COUNTER)

    assert result.exit_code == 2
    assert "--yes" in result.output
    assert service.posts == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--yes"], "--counter"),
        (["--counter", COUNTER, "--yes", "--comment", "50%"], "letters, digits and spaces"),
        (["--counter", COUNTER, "--yes", "--comment", "x" * 250], "at most"),
    ],
    ids=["no counter", "signs in the comment", "long comment"],
)
def test_a_wrong_call_is_refused_before_anything_is_read(run, service, state, calls, arguments, sentence):
    result = run("upload", calls, *arguments)

    assert result.exit_code == 2
    assert sentence in result.output
    assert service.requests == []
    assert not state.exists()


def test_no_token_is_exit_2(upload, service, calls):
    result = upload(calls, CALLTOOLS_TOKEN="")

    assert result.exit_code == 2
    assert "CALLTOOLS_TOKEN" in result.stderr
    assert service.requests == []


def test_a_token_file_that_others_can_read_is_refused(upload, service, calls, tmp_path):
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    path.chmod(0o644)

    open_ = upload(calls, "--token-file", path, CALLTOOLS_TOKEN="")
    path.chmod(0o600)
    closed = upload(calls, "--token-file", path, CALLTOOLS_TOKEN="")

    assert open_.exit_code == 2
    assert closed.exit_code == 0
    assert len(service.posts) == 1


def test_a_file_with_errors_is_refused_with_the_reason(upload, service, tmp_path):
    bad = write_csv(tmp_path / "bad.csv", [call_line(1), call_line(2).replace("+7495", "8495")])

    result = upload(bad)

    assert result.exit_code == 1
    assert "CT241" in result.stderr
    assert "--skip-bad" in result.stderr
    assert service.requests == []


def test_bad_records_are_left_out_on_purpose(upload, service, tmp_path):
    bad = write_csv(tmp_path / "bad.csv", [call_line(1), call_line(2).replace("+7495", "8495"), call_line(3)])

    result = upload(bad, "--skip-bad")

    assert result.exit_code == 0
    assert "left out because of errors: 1" in result.stderr
    assert stored_calls(service) == [[("1604591025698235201", "1760000001"), ("1604591025698235203", "1760000003")]]


def test_a_vendors_export_is_no_canonical_file(upload, service, tmp_path):
    result = upload(write_csv(tmp_path / "x.csv", ["1;2"], "Время;Кто"))

    assert result.exit_code in {1, 2, 3}
    assert service.requests == []


def test_static_calls_alone_end_well(upload, tmp_path):
    result = upload(write_csv(tmp_path / "static.csv", [call_line(n, static=1) for n in range(3)]), "--wait")

    assert result.exit_code == 0
    assert "LINKAGE_FAILURE" in result.stdout
    assert "success" in result.stderr


def test_dynamic_calls_of_which_none_is_linked_are_exit_5(upload, tmp_path):
    result = upload(write_csv(tmp_path / "lost.csv", [call_line(9), call_line(19)]), "--wait")

    assert result.exit_code == 5
    assert "LINKAGE_FAILURE" in result.stdout


@pytest.mark.parametrize(("percent", "code"), [("80", 0), ("95", 5)])
def test_too_few_linked_calls_are_exit_5(upload, calls, percent, code):
    result = upload(calls, "--min-linked", percent)

    assert result.exit_code == code


def test_partial_acceptance_is_exit_5_and_nothing_is_sent_again(upload, service, calls):
    service.behave("partial")

    result = upload(calls)
    service.behave_well()
    again = upload(calls)

    assert result.exit_code == 5
    assert "does not say which" in result.stderr
    assert len(service.posts) == 1
    assert "nothing to send" in again.stderr
    assert again.exit_code == 5


def test_a_file_of_which_no_row_is_accepted_is_exit_5(upload, service, calls):
    service.behave("none-accepted")

    assert upload(calls).exit_code == 5
    assert upload(calls).exit_code == 5
    assert len(service.posts) == 1


def test_json_lines_for_scripts(upload, calls):
    result = upload(calls, "--wait", "--output-format", "json")

    (part,) = [json.loads(line) for line in result.stdout.splitlines()]
    assert part["status"] == "PROCESSED"
    assert (part["sent"], part["accepted"], part["linked"]) == (10, 10, 9)


def test_a_pipe_from_convert_to_upload(process, service, tmp_path, calls):
    converted = process("convert", calls, "--as-of", "1760001000")

    result = process("upload", "-", "--counter", COUNTER, "--yes", input=converted.stdout)

    assert result.returncode == 0, result.stderr
    assert [len(rows) for rows in stored_calls(service)] == [10]


def test_a_file_known_to_be_clean_needs_neither_pandas_nor_pandera(upload, process, tmp_path, environment):
    calls = write_recent_csv(tmp_path / "recent.csv")
    upload(calls, "--plan")
    code = (
        "import sys; from calltools.cli.app import app\n"
        "try: app(sys.argv[1:])\n"
        "except SystemExit as end: print(end.code, sorted({'pandas', 'pandera'} & set(sys.modules)))"
    )

    result = run_in_process(environment, code, "upload", calls, "--counter", COUNTER, "--yes")

    assert result.stdout.splitlines()[-1] == "0 []"


def write_recent_csv(path):
    """Calls of a moment ago: time has changed nothing in what was found of them."""
    return write_csv(path, [call_line(number, moment=int(time()) - 3600) for number in range(CALL_COUNT)])


@pytest.mark.parametrize(("age_days", "code"), [(1, ""), (18.9, ""), (19.5, "CT502"), (21.5, "CT501")])
def test_the_times_of_a_file_known_to_be_clean_are_judged_again(upload, service, tmp_path, age_days, code):
    moment = int(time() - age_days * 86_400)
    file = write_csv(tmp_path / "calls.csv", [call_line(number, moment=moment) for number in range(3)])
    first = upload(file, "--plan")

    again = upload(file)

    assert "found clean before by this version" in again.stderr
    assert again.exit_code == 0
    assert len(service.posts) == 1
    for said in (first.stderr, again.stderr):
        assert [one for one in ("CT501", "CT502", "CT214") if one in said] == ([code] if code else [])
        # An upload has no such option: what is advised is another command.
        assert "was given" not in said
        assert said.count("--as-of") == " ".join(said.split()).count("`calltools validate ") == (code == "CT501")


@pytest.mark.parametrize("options", [[], ["--skip-bad"]])
def test_a_file_that_was_clean_by_another_clock_is_checked_as_a_whole(run, upload, service, state, tmp_path, options):
    """Found clean while the clock of this machine was ahead: one of its calls is in the future."""
    file = write_csv(tmp_path / "calls.csv", [call_line(1), call_line(2, moment=int(time()) + 3600)])
    run("uploads", "list")
    with open_ledger_in(state, time) as ledger:
        remember_clean_file(ledger, file, read_stamp(file))

    result = upload(file, *options)

    assert "CT214" in result.stderr
    assert result.exit_code == (0 if options else 1)
    assert [len(rows) for rows in stored_calls(service)] == ([1] if options else [])


def run_in_process(environment, code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


#: Two faults are of the service alone: it acknowledges the file and stores it twice, or not at all. The third cannot be
#: told from the second unless the ledger has the uploading.
TESTED_APART = {"stores-twice", "swallows", "replays-terse"}
UPLOADS = [name for name, one in BEHAVIORS.items() if "upload" in one.kinds and name not in TESTED_APART]


@pytest.mark.parametrize("name", UPLOADS)
def test_however_the_service_misbehaves_no_call_is_doubled_and_none_is_lost(upload, run, service, calls, name):
    service.behave(name, 1)

    first = upload(calls)
    second = upload(calls)
    resumed = run("uploads", "resume", "--timeout", "2")
    third = upload(calls)

    held = len(stored_calls(service)) == 0
    assert first.exit_code in {0, 4, 5, 6}, first.output
    assert len(stored_calls(service)) <= 1, [result.output for result in (first, second, resumed, third)]
    assert all(len(rows) <= 10 for rows in stored_calls(service))
    if held:
        assert third.exit_code == 6
        assert "resume" in third.stderr
    else:
        assert third.exit_code in {0, 5}


@pytest.mark.parametrize("name", [one for one in UPLOADS if BEHAVIORS[one].stored])
def test_a_lost_answer_is_found_again_by_its_marker(upload, run, service, calls, name):
    service.behave(name, 1)

    first = upload(calls)

    if first.exit_code == 6:
        run("uploads", "resume", "--timeout", "2")
    again = upload(calls)
    assert again.exit_code in {0, 5}, again.output
    assert len(stored_calls(service)) == 1


def test_a_person_decides_to_send_again_what_is_not_there(upload, run, service, calls):
    service.behave("resets-after-body", 1)
    first = upload(calls)

    resent = run("uploads", "resume", "--resend", "L1", "--timeout", "2")

    assert first.exit_code == 6
    assert resent.exit_code == 0, resent.output
    assert [len(rows) for rows in stored_calls(service)] == [10]


@pytest.mark.parametrize(
    ("lang", "risks"),
    [("en", ["count twice", "missing in Metrica"]), ("ru", ["учтены дважды", "в Метрике их не будет"])],
)
def test_whoever_meets_a_held_part_is_told_how_to_decide_and_what_that_risks(upload, run, service, calls, lang, risks):
    service.behave("resets-after-body", 1)

    met = {
        "upload": upload(calls, "--lang", lang),
        "again": upload(calls, "--lang", lang),
        "plan": upload(calls, "--plan", "--lang", lang),
        "resume": run("uploads", "resume", "--timeout", "2", "--lang", lang),
    }

    for name, result in met.items():
        assert result.exit_code == 6, (name, result.output)
        for words in ("calltools uploads resume --resend L1", "calltools uploads resume --give-up L1", *risks):
            assert result.stderr.count(words) == 1, (name, words, result.stderr)


@pytest.mark.parametrize(("lang", "words"), [("en", "gone or altered"), ("ru", "пропала или изменена")])
def test_what_cannot_be_sent_again_stays_held_and_the_way_out_is_named(upload, run, service, state, calls, lang, words):
    service.behave("resets-after-body", 1)
    upload(calls)
    next((state / "spool").iterdir()).write_bytes(b"x")

    resent = run("uploads", "resume", "--resend", "L1", "--timeout", "2", "--lang", lang)

    assert resent.exit_code == 6, resent.output
    assert words in resent.stderr
    assert "uploads resume --give-up L1`" in resent.stderr
    assert "cancel" not in resent.stderr
    assert run("uploads", "resume", "--give-up", "L1").exit_code == 0
    assert upload(calls, "--all").exit_code == 0
    assert [len(rows) for rows in stored_calls(service)] == [10]


def test_a_waiting_part_in_doubt_that_is_given_up_is_held_and_exit_6(upload, run, service, calls):
    service.behave("resets-after-body", 1)
    upload(calls)
    service.behave("429-late", 1, only="upload")
    assert run("uploads", "resume", "--resend", "L1", "--timeout", "2").exit_code == 4

    given_up = run("uploads", "resume", "--give-up", "L1")

    assert given_up.exit_code == 6, given_up.output
    assert "held 10" in given_up.stdout


def test_a_person_gives_up_what_is_not_there(upload, run, service, calls):
    service.behave("resets-after-body", 1)
    upload(calls)

    given_up = run("uploads", "resume", "--give-up", "L1")
    after = upload(calls)

    assert given_up.exit_code == 0
    assert "nothing to send" in after.stderr
    assert stored_calls(service) == []


@pytest.mark.parametrize(("lang", "words"), [("en", "two decisions"), ("ru", "два решения")])
def test_two_decisions_at_once_are_refused(upload, run, service, calls, lang, words):
    service.behave("resets-after-body", 1)
    upload(calls)

    refused = run("uploads", "resume", "--resend", "L1", "--give-up", "L1", "--lang", lang)

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert words in refused.stderr
    assert '"state": "ambiguous"' in run("uploads", "list", "--output-format", "json").stdout


def test_nothing_was_sent_while_the_service_could_not_be_reached(upload, service, calls):
    service.refuse()
    down = upload(calls)
    service.listen_again()

    up = upload(calls)

    assert down.exit_code == 4
    assert up.exit_code == 0
    assert [len(rows) for rows in stored_calls(service)] == [10]


def test_a_wrong_token_is_exit_4_and_the_calls_stay_free(upload, service, calls):
    wrong = upload(calls, CALLTOOLS_TOKEN="another")  # noqa: S106 - no token at all

    right = upload(calls)

    assert wrong.exit_code == 4
    assert right.exit_code == 0
    assert [len(rows) for rows in stored_calls(service)] == [10]


def test_lists_and_pages_of_uploads(upload, run, service, calls):
    upload(calls)

    listed = run("uploads", "list")
    shown = run("uploads", "show", "L1")
    watched = run("uploads", "watch", "L1", "--poll-interval", "0.05")
    service.refuse()
    down = run("uploads", "list")

    assert listed.stdout.splitlines()[1].split()[:2] == ["L1", "1000"]
    assert "accept" in shown.stdout
    assert watched.exit_code == 0
    assert "PROCESSED" in watched.stdout
    assert down.exit_code == 0
    assert "processed" in down.stdout


def test_an_upload_that_does_not_exist_is_exit_2(run):
    result = run("uploads", "show", "L99")

    assert result.exit_code == 2


def test_a_second_upload_of_the_counter_names_the_holder_of_the_lock(upload, state, service, calls):
    with open_ledger_in(state, time) as ledger, hold_counter(ledger, int(COUNTER)):
        result = upload(calls)

    assert result.exit_code == 4
    assert str(os.getpid()) in result.stderr
    assert service.posts == []


def test_the_doctor_looks_at_everything(run, service):
    well = run("doctor", "--counter", COUNTER)
    service.refuse()
    ill = run("doctor", "--counter", COUNTER, "--timeout", "2")

    assert well.exit_code == 0, well.output
    assert "permission" in well.stdout
    assert ill.exit_code == 4


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_results_are_worded_in_both_languages(upload, calls, lang):
    result = upload(calls, "--wait", "--lang", lang)

    assert ("sending L1" if lang == "en" else "отправка L1") in result.stderr


def test_nothing_of_a_person_and_no_token_is_written_anywhere(upload, run, service, state, calls, tmp_path):
    outputs = []
    for name in ["", "200-html", "401-early", "400", "resets-after-body"]:
        if name:
            service.behave(name, 1)
        outputs += [upload(calls, "--wait"), run("uploads", "list"), run("uploads", "show", "L1"), run("doctor")]
    outputs.append(run("uploads", "resume", "--give-up", "L1"))

    output = "".join(result.output for result in outputs)
    written = b"".join(path.read_bytes() for path in state.rglob("*") if path.is_file() and "spool" not in path.parts)
    for secret in (TOKEN, "+7495000", "4950007", "1604591025698"):
        assert secret not in output
        assert secret.encode() not in written
    assert HEADER.split(",")[0] in calls.read_text(encoding="utf-8")


def test_state_is_closed_to_others(upload, state, calls):
    upload(calls)

    modes = {path.stat().st_mode & 0o077 for path in (state, *state.rglob("*"))}
    assert modes == {0}


def test_several_files_go_one_after_the_other(upload, service, tmp_path):
    files = [write_csv(tmp_path / f"{name}.csv", [call_line(n) for n in numbers])
             for name, numbers in (("a", range(3)), ("b", range(2, 6)), ("c", range(6)))]  # fmt: skip

    result = upload(files[0], *files[1:])

    assert result.exit_code == 0
    assert [len(rows) for rows in stored_calls(service)] == [3, 3]
    assert [text.split()[1:] for text in result.stdout.splitlines()] == [
        ["1000", "ACKED", "sent", "3", "accepted", "3"],
        ["1001", "ACKED", "sent", "3", "accepted", "3"],
    ]
    assert "c.csv to counter 12345678 «Ромашка», romashka.ru: 0 of 6 calls to send" in result.stderr


def test_what_stops_one_file_stops_no_other(upload, service, tmp_path, calls):
    bad = write_csv(tmp_path / "bad.csv", [call_line(30).replace("+7495", "8495")])
    (tmp_path / "more").mkdir()
    write_csv(tmp_path / "more" / "x.csv", [call_line(40)])

    result = upload(tmp_path / "missing.csv", bad, calls, tmp_path / "more")

    assert result.exit_code == 3
    assert "missing.csv" in result.stderr
    assert "bad.csv: 1. Nothing was sent" in result.stderr
    assert [len(rows) for rows in stored_calls(service)] == [10, 1]


def test_after_a_wrong_token_no_other_file_is_tried(upload, service, tmp_path, calls):
    result = upload(calls, write_csv(tmp_path / "b.csv", [call_line(50)]), CALLTOOLS_TOKEN="another")  # noqa: S106 - none at all

    assert result.exit_code == 4
    assert len(service.requests) == 1
    assert result.stdout == ""
    assert "does not accept the token" in result.stderr


@pytest.mark.parametrize(
    ("name", "english", "russian"),
    [
        ("429-late", "uploading L1 THROTTLED waiting 10", "загрузка L1 ЖДЁТ КВОТЫ: ждёт 10"),
        ("400", "uploading L1 REJECTED sent 10 accepted 0", "загрузка L1 ОТКЛОНЕНА: отправлено 10, принято 0"),
        ("resets-after-body", "uploading L1 AMBIGUOUS held 10", "загрузка L1 ИСХОД НЕЯСЕН: отложено 10"),
        (
            "partial",
            "uploading 1000 ACKED-PARTIAL sent 10 accepted 5",
            "загрузка 1000 ПРИНЯТА ЧАСТИЧНО: отправлено 10, принято 5",
        ),
    ],
)
@pytest.mark.parametrize("lang", ["en", "ru"])
def test_an_ended_upload_always_counts_the_calls_by_state(upload, service, calls, name, english, russian, lang):
    service.behave(name, only="upload")

    result = upload(calls, "--lang", lang)

    assert result.stdout == (english if lang == "en" else russian) + "\n"
    output = [text for text in result.stderr.splitlines() if text.startswith("L1: ")]
    assert output
    assert all("10" in text for text in output), output


def test_results_are_russian_in_russian(upload, run, calls):
    """The line, the list, the history and what follows; the service's words stay, explained."""
    result = upload(calls, "--wait", "--lang", "ru")
    listed = run("uploads", "list", "--lang", "ru")
    shown = run("uploads", "show", "L1", "--lang", "ru")

    line = "загрузка 1000 PROCESSED (обработана): отправлено 10, принято 10, связано 9"
    assert result.stdout == line + "\n"
    assert "сообщает: " in shown.stdout or "закончил" in shown.stdout
    assert shown.stdout.splitlines()[0] == f"L1  счётчик {COUNTER}  обработана  {line}"
    assert listed.stdout.splitlines()[1].split()[-2:] == ["обработана", "9"]
    for text in (result.output, listed.output, shown.output):
        assert not re.search("uploading|sent|accepted|linked|counter|processed|acked", text.replace("--counter", ""))


def test_json_is_the_same_in_both_languages(upload, run, service, calls):
    service.behave("status-unknown", 1)
    sent = upload(calls, "--wait", "--output-format", "json", "--lang", "ru").stdout
    english, russian = (
        run("uploads", "list", "--output-format", "json", "--lang", lang).stdout for lang in ("en", "ru")
    )

    assert sent == english == russian
    assert json.loads(sent)["state"] == "processed"


def test_a_state_in_a_sentence_is_worded_in_its_language(upload, run, calls):
    upload(calls)

    assert "it is acked:" in run("uploads", "cancel", "L1").stderr
    assert "её состояние — принята:" in run("uploads", "cancel", "L1", "--lang", "ru").stderr


@pytest.mark.parametrize(
    ("lang", "seen"),
    [("en", "reports show the calls within two hours"), ("ru", "отчёты покажут звонки в течение двух часов")],
)
def test_after_an_upload_the_next_command_is_named_and_runs(upload, run, calls, tmp_path, lang, seen):
    token = tmp_path / "my token"
    token.write_text(TOKEN, encoding="utf-8")
    token.chmod(0o600)
    result = upload(calls, "--token-file", token, "--lang", lang, CALLTOOLS_TOKEN="")

    (told,) = [text for text in result.stderr.splitlines() if seen in text]
    watch, check = re.search("`(calltools .*?)`", told)[1], re.search(r"(calltools uploads check .*)$", told)[1]
    assert check == f"calltools uploads check --counter {COUNTER} --token-file '{token}' --lang {lang}"
    assert shlex.split(watch)[:4] == ["calltools", "uploads", "watch", "L1"]
    followed = run(*shlex.split(watch)[1:], CALLTOOLS_TOKEN="")
    checked = run(*shlex.split(check)[1:], CALLTOOLS_TOKEN="")
    assert (followed.exit_code, checked.exit_code) == (0, 0), followed.output + checked.output
    assert check in followed.stderr


@pytest.mark.parametrize("name", ["400", "resets-after-body", "none-accepted", "429-late"])
def test_an_upload_of_which_nothing_will_be_shown_names_no_next_command(upload, service, calls, name):
    service.behave(name, only="upload")

    assert "two hours" not in upload(calls).stderr


def test_a_token_that_may_not_read_is_told_how_to_get_one(upload, service, calls):
    service.may_read = False

    assert "`calltools login --read-counters --lang en` gets one that may" in upload(calls).stderr


def test_a_file_that_validate_found_clean_is_not_looked_at_again(run, process, service, environment, tmp_path):
    calls = write_recent_csv(tmp_path / "recent.csv")
    run("uploads", "list")  # from now on there is a ledger
    validated = run("validate", calls, "--timezone", "Europe/Moscow")
    code = (
        "import sys; from calltools.cli.app import app\n"
        "try: app(sys.argv[1:])\n"
        "except SystemExit as end: print(end.code, sorted({'pandas', 'pandera'} & set(sys.modules)))"
    )

    result = run_in_process(environment, code, "upload", calls, "--counter", COUNTER, "--yes")

    assert validated.exit_code == 0
    assert result.stdout.splitlines()[-1] == "0 []"
    assert "found clean before by this version" in result.stderr
    assert len(service.posts) == 1


@pytest.mark.parametrize(
    "options",
    [["--ignore", "CT241"], ["--select", "CT1"], ["--baseline", "known.json"], ["--as-of", "1999999999"],
     ["--static-call", "1"]],
    ids=" ".join,
)  # fmt: skip
def test_a_file_that_validate_forgave_something_is_checked_by_upload(
    run, upload, service, tmp_path, monkeypatch, options
):
    monkeypatch.chdir(tmp_path)
    bad = write_csv(
        tmp_path / "bad.csv", [call_line(1), call_line(2).replace("+7495", "8495"), call_line(3, moment=1999999900)]
    )
    run("uploads", "list")
    run("validate", bad, "--write-baseline", "known.json")
    run("validate", bad, *options, "--exit-zero")

    result = upload(bad)

    assert result.exit_code == 1
    assert service.requests == []


def test_a_clean_file_that_was_altered_is_checked_again(run, upload, service, calls):
    run("uploads", "list")
    run("validate", calls)
    calls.write_text(calls.read_text(encoding="utf-8").replace("+74950000703", "84950000703"), encoding="utf-8")

    result = upload(calls)

    assert result.exit_code == 1
    assert service.requests == []


def test_validate_does_without_a_ledger_that_cannot_be_used(run, calls, tmp_path):
    folder = tmp_path / "damaged"
    folder.mkdir()
    (folder / "ledger.sqlite3").write_text("no database")

    assert run("validate", calls, CALLTOOLS_STATE_DIR=str(folder)).exit_code == 0


def test_validate_makes_no_ledger(run, calls, tmp_path):
    folder = tmp_path / "nothing here"

    assert run("validate", calls, CALLTOOLS_STATE_DIR=str(folder)).exit_code == 0
    assert not folder.exists()


def test_uploadings_that_are_not_in_the_ledger_are_listed_too(run, upload, service, calls, tmp_path):
    upload(calls, "--goal", "Звонок")
    run("upload", write_csv(tmp_path / "b.csv", [call_line(50)]), "--counter", COUNTER, "--yes",
        CALLTOOLS_STATE_DIR=str(tmp_path / "another machine"))  # fmt: skip
    service.store.advance(60)

    text = run("uploads", "list")
    listed = [json.loads(line) for line in run("uploads", "list", "--output-format", "json").stdout.splitlines()]
    elsewhere = run("uploads", "list", "--counter", "777")

    day = f"{datetime.now(UTC):%Y-%m-%d}"
    titles, ours, foreign = (re.split(r"  +", line) for line in text.stdout.splitlines())
    assert titles == ["ID", "uploading", "when (UTC)", "file", "counter", "goal", "calls", "state", "linked"]
    assert (*ours[:2], *ours[4:]) == ("L1", "1000", COUNTER, "Звонок", "10", "processed", "9")
    assert ours[3].endswith("calls.csv")
    assert (*foreign[:2], *foreign[3:]) == ("-", "1001", "-", COUNTER, "-", "1", "other, PROCESSED", "1")
    assert [re.fullmatch(rf"{day} \d\d:\d\d", row[2]) is not None for row in (ours, foreign)] == [True, True]
    assert (listed[0]["file"], listed[0]["goal"], listed[0]["created"][:10]) == (ours[3], "Звонок", day)
    assert [(uploading["id"], uploading["uploading"], uploading["state"]) for uploading in listed] == [
        ("L1", 1000, "processed"),
        (None, 1001, "other"),
    ]
    assert (elsewhere.exit_code, elsewhere.stdout) == (0, "")


def test_the_list_finds_what_is_held_and_never_counts_it_as_missing(run, upload, service, state, calls):
    service.behave("resets-after-storing", 1)
    service.behave("list-empty")
    upload(calls)
    for _ in range(5):
        run("uploads", "list")
    with open_ledger_in(state, time) as ledger:
        (before,) = list_parts(ledger)
    service.behave_well()

    listed = run("uploads", "list")

    assert before.held
    assert listed.stdout.splitlines()[1].split()[:2] == ["L1", "1000"]
    assert not {"held", "ambiguous"} & set(listed.stdout.split())
    assert len(service.posts) == 1


def test_nothing_is_sent_again_while_nobody_can_look_whether_it_is_there(run, upload, service, calls):
    service.behave("resets-after-body", 1)
    upload(calls)
    service.behave("reading-html")

    resent = run("uploads", "resume", "--resend", "L1", "--timeout", "2")

    assert resent.exit_code == 6
    assert "its 10 calls are there" in resent.stderr
    assert len(service.posts) == 1


def test_only_what_is_held_or_waits_is_sent_again(run, upload, service, calls):
    upload(calls)

    assert run("uploads", "resume", "--resend", "L1").exit_code == 2
    assert run("uploads", "resume", "--give-up", "L1").exit_code == 2
    assert len(service.posts) == 1


def test_a_late_twin_is_an_alarm_also_in_resume(run, upload, service, calls, tmp_path):
    upload(calls)
    service.behave("resets-after-body", 1)
    upload(write_csv(tmp_path / "b.csv", [call_line(70)]))
    service.behave("list-doubles")

    resumed = run("uploads", "resume", "--timeout", "2")

    assert resumed.exit_code == 6
    assert "L1: the service has it more than once (1000 501000)" in resumed.stderr


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_the_history_of_an_upload_counts_calls_by_event(run, upload, service, calls, lang):
    service.behave("resets-after-body", 1)
    upload(calls)
    run("uploads", "resume", "--timeout", "2")
    run("uploads", "resume", "--resend", "L1", "--timeout", "2")
    run("uploads", "watch", "L1", "--poll-interval", "0.05")

    lines = run("uploads", "show", "L1", "--lang", lang).stdout.splitlines()

    expected = {"en": ["set aside", "attempt 1", "no clear end", "not in the list", "sent again", "attempt 2", "uploading 1000",
                    "linked 9"],
             "ru": ["отложено", "попытка 1", "исход неясен", "в списке её нет", "отправлена снова", "попытка 2",
                    "загрузка 1000", "связано звонков 9"]}  # fmt: skip
    for word in expected[lang]:
        assert any(word in text for text in lines), (word, lines)
    assert "None" not in "".join(lines)


@pytest.mark.parametrize(
    ("name", "code", "sentence"),
    [
        ("clock-late", 2, "ahead"),
        ("clock-early", 2, "behind"),
        ("clock-none", 0, "no time to compare"),
        ("", 0, "agrees"),
    ],
)
def test_the_doctor_compares_the_clocks(run, service, name, code, sentence):
    if name:
        service.behave(name)

    result = run("doctor", "--counter", COUNTER)

    assert result.exit_code == code, result.output
    assert sentence in result.stdout


def test_standard_input_is_named_as_the_user_names_it_and_leaves_nothing(process, service, tmp_path, environment):
    environment["TMPDIR"] = str(tmp_path / "tmp")
    (tmp_path / "tmp").mkdir()
    text = "\n".join([HEADER, call_line(1), call_line(2).replace("+7495", "8495")]) + "\n"

    refused = process("upload", "-", "--stdin-name", "ночь.csv", "--counter", COUNTER, "--yes", input=text)
    sent = process("upload", "-", "--counter", COUNTER, "--yes", "--skip-bad", input=text)

    assert refused.returncode == 1
    assert "Errors in ночь.csv: 1. Nothing was sent" in refused.stderr
    assert "Next:" not in refused.stderr
    assert sent.returncode == 0, sent.stderr
    assert stored_calls(service) == [[("1604591025698235201", "1760000001")]]
    assert list((tmp_path / "tmp").iterdir()) == []


ENDINGS = {
    "302": 6, "307": 6, "409": 6, "503": 6, "200-html": 6, "200-errors": 6, "garbage": 0, "silent": 6, "resets-at-half-body": 6,
    "resets-after-headers": 6, "500-after-storing": 0, "504-after-storing": 0, "200-truncated": 0, "200-empty": 0, "400": 4,
    "401-early": 4, "403": 4, "404": 4, "413-early": 4, "429": 4, "429-late": 4, "429-daily": 4, "420": 4, "429-soon": 0,
    "partial": 5, "none-accepted": 5, "terse": 0, "slow": 0, "gateway-401": 6, "gateway-404": 6, "gateway-413": 6,
    "gateway-429": 6, "gateway-400-after-storing": 0, "gateway-403-after-storing": 0, "gateway-413-after-storing": 0,
    "gateway-429-after-storing": 0, "gateway-json-after-storing": 0,
}  # fmt: skip


@pytest.mark.parametrize(("name", "code"), ENDINGS.items())
def test_each_ending_has_its_exit_code(upload, service, calls, name, code):
    service.behave(name, 1, only="upload")

    result = upload(calls)

    assert result.exit_code == code, result.output
    assert len(service.posts) == (2 if name == "429-soon" else 1)


def test_a_longer_wait_than_a_minute_is_named_and_not_waited_for(upload, service, calls):
    service.behave("429-late", 1, only="upload")
    begun = time()

    result = upload(calls)

    assert result.exit_code == 4
    assert time() - begun < 30
    assert "Run again after 20" in result.stderr


def test_other_parts_go_though_one_is_refused(upload, service, tmp_path):
    header = "UserId,ClientId,Yclid,DateTime,StaticCall"
    lines = [",1604591025698235201,,1760000001,0", ",,5871026893748593412,1760000002,0", "u7,,,1760000003,0"]
    service.behave("400", 1)
    service.behave("resets-after-body", 1)

    result = upload(write_csv(tmp_path / "mixed.csv", lines, header))

    assert result.exit_code == 6
    assert [line.split()[2] for line in result.stdout.splitlines()] == ["REJECTED", "AMBIGUOUS", "ACKED"]
    assert [one.client_id_type for one in service.store.uploadings] == ["USER_ID"]


def test_no_part_goes_after_the_token_failed(upload, service, tmp_path):
    header = "UserId,ClientId,DateTime,StaticCall"
    lines = [",1604591025698235201,1760000001,0", "u7,,1760000003,0"]
    service.behave("403", 1)

    result = upload(write_csv(tmp_path / "mixed.csv", lines, header))

    assert result.exit_code == 4
    assert [line.split()[2:4] for line in result.stdout.splitlines()] == [["REJECTED", "sent"], ["RESERVED", "waiting"]]
    assert len(service.posts) == 1


def test_a_lost_key_stops_before_any_request(upload, service, state, calls):
    upload(calls)
    request_count = len(service.requests)
    (state / "ledger.key").write_bytes(bytes(32))

    lost = upload(calls)

    assert (lost.exit_code, len(service.requests)) == (4, request_count)
    assert "Nothing was sent" in lost.stderr


def test_a_damaged_ledger_stops_before_any_request(upload, run, service, state, calls):
    upload(calls)
    request_count = len(service.requests)
    for path in state.glob("ledger.sqlite3*"):
        path.write_bytes(b"not a database" * 1000)

    damaged = upload(calls)

    assert (damaged.exit_code, len(service.requests)) == (4, request_count)
    assert run("doctor").exit_code == 4


def test_a_bad_end_that_is_final_fails_one_run_and_is_told_by_each(upload, service, tmp_path):
    lost = write_csv(tmp_path / "lost.csv", [call_line(9), call_line(19)])

    runs = [upload(lost, "--wait"), upload(lost, "--wait"), upload(lost)]

    assert [one.exit_code for one in runs] == [5, 0, 0]
    assert all("none of its 2 dynamic calls could be linked" in one.stderr for one in runs)
    assert len(service.posts) == 1


@pytest.mark.parametrize(("name", "words"), [("partial", "accepted 5 of 10"), ("none-accepted", "accepted no call")])
def test_partial_acceptance_fails_until_the_service_is_done_and_no_longer(upload, service, calls, name, words):
    service.store.step_seconds = 3600
    service.behave(name, only="upload")

    runs = [upload(calls), upload(calls)]
    service.store.advance(9 * 3600)
    runs += [upload(calls), upload(calls), upload(calls, "--wait")]

    assert [one.exit_code for one in runs] == [5, 5, 5, 0, 0]
    assert all(words in one.stderr for one in runs)
    assert len(service.posts) == 1


def test_a_bad_end_that_nobody_was_told_fails_a_run(upload, run, tmp_path):
    """The list has recorded it in between, and lists fail nothing."""
    lost = write_csv(tmp_path / "lost.csv", [call_line(9), call_line(19)])
    upload(lost)
    for _ in range(50):
        if "LINKAGE_FAILURE" in run("uploads", "list").stdout:
            break

    assert [upload(lost).exit_code for _ in range(3)] == [5, 0, 0]


def test_a_worse_end_is_told_anew(upload, run, service, tmp_path):
    lost = write_csv(tmp_path / "lost.csv", [call_line(9), call_line(19)])
    before = [upload(lost, "--wait").exit_code for _ in range(2)]
    service.behave("list-doubles")
    run("uploads", "list")

    after = [upload(lost).exit_code for _ in range(2)]

    assert (before, after) == ([5, 0], [5, 0])


def test_a_bad_end_without_a_token_is_what_is_known(upload, service, calls):
    service.behave("partial", only="upload")
    upload(calls)

    assert upload(calls, CALLTOOLS_TOKEN="").exit_code == 5


def test_a_rotten_ledger_stops_before_any_request(upload, run, service, state, calls):
    upload(calls)
    request_count = len(service.requests)
    connection = sqlite3.connect(state / "ledger.sqlite3", isolation_level=None)
    connection.execute("UPDATE row SET fp = zeroblob(16) WHERE fp = (SELECT min(fp) FROM row)")
    connection.close()

    rotten = upload(calls)

    assert (rotten.exit_code, len(service.requests)) == (4, request_count)
    assert "is damaged" in rotten.stderr
    assert run("doctor").exit_code == 4


def test_too_few_linked_calls_are_exit_5_when_run_again_too(upload, service, calls):
    codes = [upload(calls, "--min-linked", "95").exit_code for _ in range(2)]

    assert codes == [5, 5]
    assert len(service.posts) == 1


def test_a_processed_uploading_without_a_linked_count_is_exit_5(upload, service, calls):
    service.behave("status-without-linked")

    result = upload(calls, "--min-linked", "1")

    assert result.exit_code == 5
    assert "does not say" in result.stderr


def test_waiting_ends_with_exit_4_and_the_command_that_goes_on(upload, run, service, calls):
    service.store.step_seconds = 3600

    tired = upload(calls, "--wait", "--wait-limit", "0.2")
    service.store.advance(9 * 3600)
    again = upload(calls, "--wait")

    assert tired.exit_code == 4
    assert "calltools uploads watch L1" in tired.stderr
    assert (again.exit_code, again.stdout) == (0, "uploading 1000 PROCESSED sent 10 accepted 10 linked 9\n")
    assert len(service.posts) == 1


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_an_unknown_status_that_sounds_final_is_told_as_it_came(upload, service, calls, lang):
    service.behave("status-failed")

    result = upload(calls, "--wait", "--lang", lang)

    assert result.exit_code == 5
    line = {"en": "uploading 1000 UPLOAD_FAILED sent 10 accepted 10"}
    assert result.stdout == line.get(lang, "загрузка 1000 UPLOAD_FAILED: отправлено 10, принято 10") + "\n"
    (told,) = [line for line in result.stderr.splitlines() if "1000" in line]
    assert "UPLOAD_FAILED" in told
    assert "calltools uploads watch L1" in told


def test_an_unknown_status_is_not_final(upload, service, calls):
    service.behave("status-unknown", 3)

    result = upload(calls, "--wait")

    assert result.exit_code == 0
    assert "L1: 10 calls, TELEPORTED" in result.stderr
    assert "PROCESSED" in result.stdout


def test_a_file_without_a_call_is_not_said_to_be_mendable(upload, tmp_path):
    write_csv(tmp_path / "none.csv", [])

    refused = upload(tmp_path / "none.csv")

    assert refused.exit_code == 1
    assert "none.csv holds no call: nothing was sent" in refused.stderr
    assert "--skip-bad" not in refused.stderr
    assert "Next" not in refused.stderr
