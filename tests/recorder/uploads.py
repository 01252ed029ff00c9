"""The scenarios of uploads to the loopback service."""

from tests.recorder.plan import LANGUAGES, Scenario, Step

COUNTER = "12345678"
HEADER = "ClientId,DateTime,StaticCall,PhoneNumber,TalkDuration,CallMissed,Tag"
#: Clocks that wait for nothing.
SHORT = ("--timeout", "5", "--poll-interval", "0.05")
#: A step of the service takes so many seconds; its clock is moved on, so that no state depends on how long a command takes.
STEP = 1000
MISBEHAVIORS = (
    "resets-after-body", "resets-after-storing", "closes-at-once", "500-after-storing", "503", "403", "400", "200-html",
    "200-truncated", "partial", "none-accepted", "terse",
)  # fmt: skip
READINGS = (
    "reading-fails", "reading-html", "reading-resets", "reading-truncated", "reading-redirects", "reading-401", "list-empty",
    "list-short-pages", "list-alters-comments", "list-without-ids", "list-doubles", "status-unknown",
    "status-without-linked", "status-linkage-failure", "clock-none",
)  # fmt: skip


def calls(numbers, *, static=0, tag="заявка"):
    lines = [f"16045910256982352{number:02},{1760000000 + number},{static},+749500007{number:02},35,0,{tag}"
             for number in numbers]  # fmt: skip
    return ("\n".join([HEADER, *lines]) + "\n").encode()


def scenarios(samples):
    for lang in LANGUAGES:
        yield from well(lang)
        yield from badly(lang)
        yield Scenario(
            f"uploads/doctor-{lang}",
            (
                Step(("doctor", "--counter", COUNTER, "--lang", lang)),
                Step(("doctor", "--counter", "403", "--lang", lang)),
                Step(("doctor", "--counter", "404", "--lang", lang)),
                Step(("doctor", "--counter", COUNTER, "--lang", lang), environment={"CALLTOOLS_TOKEN": "another"}),
                Step(("doctor", "--counter", COUNTER, "--timeout", "2", "--lang", lang), before=(("refuse",),)),
            ),
            service={"step_seconds": 0},
        )


def well(lang):
    """The life of uploads that come to a good end."""
    upload = ("upload", "calls.csv", "--counter", COUNTER, "--lang", lang, *SHORT)
    files = {
        "calls.csv": calls(range(10)), "more.csv": calls(range(15)), "changed.csv": calls(range(3), tag="продажа"),
        "doubled.csv": calls((1, 2, 1)), "static.csv": calls(range(20, 23), static=1), "lost.csv": calls((9, 19)),
        "bad.csv": calls((30, 31)).replace(b"+74950000731", b"84950000731"), "vendor.csv": "Время;Кто\n1;2\n".encode(),
    }  # fmt: skip
    yield Scenario(
        f"uploads/life-{lang}",
        (
            Step((*upload, "--dry-run")),
            Step((*upload, "--plan")),
            Step(upload),
            Step((*upload, "--yes", "--goal", "Звонок", "--comment", "март 2026"), real=True),
            Step(("uploads", "list", "--lang", lang)),
            Step(("uploads", "list", "--output-format", "json", "--lang", lang), before=(("advance", STEP),)),
            Step(("uploads", "watch", "L1", "--lang", lang, "--poll-interval", "0.05", "--wait-limit", "0.2")),
            Step((*upload, "--yes")),
            Step((*of("more.csv", upload), "--yes", "--output-format", "json")),
            Step((*of("changed.csv", upload), "--yes")),
            Step((*of("changed.csv", upload), "--yes", "--changed", "-v")),
            Step((*of("changed.csv", upload), "--yes", "--changed", "-q")),
            Step((*upload, "--yes", "--all")),
            Step(
                ("uploads", "watch", "L1", "--lang", lang, "--poll-interval", "0.05"), before=(("advance", 5 * STEP),)
            ),
            Step(("uploads", "list", "--counter", COUNTER, "--lang", lang)),
            Step(("uploads", "show", "L1", "--lang", lang)),
            Step(("uploads", "show", "1001", "--lang", lang)),
            Step(("uploads", "resume", "--lang", lang), real=True),
            Step(("uploads", "list", "--lang", lang), before=(("refuse",),)),
        ),
        files,
        service={"step_seconds": STEP},
    )
    yield Scenario(
        f"uploads/waited-{lang}",
        (
            Step((*upload, "--yes", "--wait"), real=True),
            Step((*of("doubled.csv", upload), "--yes", "--wait", "--output-format", "json")),
            Step((*of("static.csv", upload), "--yes", "--wait")),
            Step((*of("lost.csv", upload), "--yes", "--wait")),
            Step((*of("more.csv", upload), "--yes", "--min-linked", "95")),
            Step((*of("bad.csv", upload), "--yes")),
            Step((*of("bad.csv", upload), "--yes", "--skip-bad")),
            Step((*of("vendor.csv", upload), "--yes")),
            Step((*of("-", upload), "--yes"), stdin="calls.csv", real=True),
            Step((*upload[:3], "403", *upload[4:], "--yes")),
            Step((*upload[:3], "404", *upload[4:], "--yes")),
            Step((*upload[:3], "5", *upload[4:], "--yes"), environment={"CALLTOOLS_TOKEN": "another"}),
            Step(("uploads", "list", "--lang", lang)),
        ),
        files,
        service={"step_seconds": 0},
    )


def of(file, upload):
    """The same upload of another file."""
    return (upload[0], file, *upload[2:])


def badly(lang):
    """One misbehavior of the service each: the upload, the state of the ledger, and a command that resolves it."""
    upload = ("upload", "calls.csv", "--counter", COUNTER, "--yes", "--lang", lang, *SHORT)
    resume = ("uploads", "resume", "--lang", lang, "--timeout", "5")
    for number, name in enumerate(MISBEHAVIORS):
        decision = ("--resend", "L1") if number % 2 else ("--give-up", "L1")
        yield Scenario(
            f"uploads/{name}-{lang}",
            (
                Step(upload, before=(("behave", name, 1),)),
                Step(("uploads", "show", "L1", "--lang", lang)),
                Step(upload),
                Step(resume),
                Step((*resume, *decision)),
                Step((*upload, "--all")),
                Step(("uploads", "list", "--lang", lang)),
            ),
            {"calls.csv": calls(range(10))},
            service={"step_seconds": 0},
        )
    for number, name in enumerate(READINGS):
        if lang != LANGUAGES[number % 2]:
            # Readings are tried again for nine seconds: once is enough.
            continue
        yield Scenario(
            f"uploads/{name}-{lang}",
            (
                Step(upload),
                Step(("uploads", "list", "--lang", lang, "--timeout", "5"), before=(("behave", name),)),
                Step(("uploads", "watch", "L1", "--lang", lang, *SHORT, "--wait-limit", "0.3")),
            ),
            {"calls.csv": calls(range(10))},
            service={"step_seconds": 0},
        )
