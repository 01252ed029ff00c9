"""One answer of ``validate`` and of every form of ``upload``, however a file of calls is spelled."""

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from calltools.fields.table import FIELD_NAMES
from tests.uploading.conftest import COUNTER

STATIC_FIELDS = ("DateTime", "StaticCall", "PhoneNumber", "TalkDuration", "Currency", "Price", "Tag", "URL")
FIELDS = ("ClientId", *STATIC_FIELDS)
#: What ``validate`` forgives in a title, and what it does not.
SPELLINGS = {
    "exact": str,
    "small": str.lower,
    "capitals": str.upper,
    "before": lambda title: f" {title}",
    "after": lambda title: f"{title}  ",
    "inside": lambda title: f"{title[:-2]} {title[-2:]}",
    "joined": lambda title: f"{title[:-4]}_{title[-4:]}",
}
ABOVE = {
    "nothing": (),
    "separator": (("sep=,",),),
    "title": (("Calls of March",),),
    "title and blank": (("Звонки за март",), ()),
    "blanks": ((), ()),
}


@st.composite
def tables(draw):
    """Fields of a table, and its calls: dynamic ones and static ones, or static ones without an identifier."""
    static = draw(st.booleans())
    others = [name for name in STATIC_FIELDS if name not in {"DateTime", "StaticCall"}]
    fields = draw(st.permutations(["DateTime", "StaticCall", *draw(st.lists(st.sampled_from(others), unique=True))]))
    if not static:
        fields = draw(st.permutations([*fields, "ClientId"]))
    if ("Price" in fields) != ("Currency" in fields):
        fields = [name for name in fields if name not in {"Price", "Currency"}]
    calls = []
    for number in range(draw(st.integers(1, 3))):
        is_static = static or draw(st.booleans())
        filled = {
            "ClientId": "" if is_static else f"16045910256982352{number:02}",
            "DateTime": str(1760000000 + number),
            "StaticCall": str(int(is_static)),
            "PhoneNumber": f"+749500007{number:02}",
            "TalkDuration": "35",
            "Currency": "RUB",
            "Price": "10.50",
            "Tag": draw(st.sampled_from(["", "заявка", "a, b", 'the "best"', "two\nlines"])),
            "URL": "https://example.org/?a=1,2",
        }
        calls.append([filled[name] for name in fields])
    return fields, calls


@st.composite
def headers(draw, fields):
    """Titles for fields, and whether a client may spell them so."""
    titles = [draw(st.sampled_from(list(SPELLINGS.values())))(name) for name in fields]
    if draw(st.integers(0, 4)):
        return titles, True
    place = draw(st.integers(0, len(titles) - 1))
    wrong = draw(st.sampled_from(["slip", "unknown", "doubled", "empty"]))
    # The last letters of a name are a slip that no rule forgives.
    titles[place] = {"slip": f"{titles[place].strip()}x", "unknown": "Manager", "empty": ""}.get(wrong, titles[-1])
    # A table of one column that is doubled is the table itself.
    return titles, wrong == "doubled" and place == len(titles) - 1


def as_csv(draw, rows, above, width):
    text = io.StringIO(newline="")
    end = draw(st.sampled_from(["\n", "\r\n"]))
    for line in above:
        text.write(",".join(line) + end)
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    csv.writer(text, lineterminator=end, quoting=quoting).writerows(rows)
    text.write(draw(st.sampled_from(["", end * 2, "," * (width - 1) + end])))
    return draw(st.sampled_from(["", "\ufeff"])).encode() + text.getvalue().encode()


def as_workbook(rows, above):
    workbook = Workbook()
    for number, row in enumerate([*above, *rows], start=1):
        for column, cell in enumerate(row, start=1):
            workbook.active.cell(number, column, cell or None)
            if cell:
                workbook.active.cell(number, column).data_type = "s"
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


@st.composite
def spelled_files(draw):
    """Bytes of a file, whether it should pass, and its fields and calls."""
    fields, calls = draw(tables())
    titles, passes = draw(headers(fields))
    form = draw(st.sampled_from(["csv", "csv", "csv", "workbook", "json"]))
    above = draw(st.sampled_from(sorted(ABOVE)))
    if form == "json" and len({*titles}) == len(titles) and "" not in titles:
        content = json.dumps([dict(zip(titles, call, strict=True)) for call in calls], ensure_ascii=False).encode()
    elif form == "workbook" and above != "separator":
        content = as_workbook([titles, *calls], ABOVE[above])
    else:
        content = as_csv(draw, [titles, *calls], ABOVE[above], len(titles))
    return content, passes, fields, calls


def canonical_bytes(fields, calls):
    """The canonical form, by the specification: filled columns in the order of the table, and an identifier column."""
    filled = {name for name, *cells in zip(fields, *calls, strict=True) if any(cells)} | {"DateTime", "ClientId"}
    names = [name for name in FIELD_NAMES if name in filled]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for call in calls:
        cells = dict(zip(fields, call, strict=True))
        writer.writerow([cells.get(name, "") for name in names])
    return text.getvalue().encode()


@settings(max_examples=max(settings().max_examples // 10, 4))
@given(spelled=spelled_files())
def test_what_validate_passes_upload_sends_in_the_canonical_form_once(run, service, tmp_path_factory, spelled):
    content, passes, fields, calls = spelled
    folder = tmp_path_factory.mktemp("spelled")
    file, plain = folder / "calls", folder / "plain.csv"
    file.write_bytes(content)
    plain.write_bytes(canonical_bytes(fields, calls))
    service.store.files.clear()
    service.store.uploadings.clear()
    counter = ("--counter", COUNTER)

    def code(*arguments):
        return run(*arguments, CALLTOOLS_STATE_DIR=str(folder / "state")).exit_code

    answers = {
        "validate": code("validate", file),
        "dry": code("upload", file, "--dry-run"),
        "plan": code("upload", file, *counter, "--plan"),
        "upload": code("upload", file, *counter, "--yes"),
        # A file that ``validate`` found clean in between, and one whose calls are known.
        "validate again": code("validate", file),
        "upload again": code("upload", file, *counter, "--yes"),
    }

    assert {name: answer == 0 for name, answer in answers.items()} == dict.fromkeys(answers, passes), answers
    # The same calls in another spelling are the same calls.
    assert code("upload", plain, *counter, "--yes") == 0
    assert service.store.files == [canonical_bytes(fields, calls)]


PLAIN = [["ClientId", "DateTime", "StaticCall", "Price", "Currency", "PhoneNumber"]] + [
    [f"16045910256982352{number:02}", str(1760000000 + number), "0", "10.50", "RUB", f"+749500007{number:02}"]
    for number in range(3)
]
TEXT = "".join(",".join(row) + "\n" for row in PLAIN)
REORDERED = "".join(",".join(reversed(row)) + "\n" for row in PLAIN)
MENDED = "\n".join(
    f"{mark},{line}"
    for mark, line in zip(["calltools_codes,calltools_place", ",2", ",3", ",4"], TEXT.splitlines(), strict=True)
)
STATIC = "DateTime,StaticCall,PhoneNumber\n1760000000,1,+74950000700\n"


SPELLED = {
    "plain": (TEXT, TEXT),
    "support pages": (TEXT.replace("ClientId", "ClientID"), TEXT),
    "blank in title": (TEXT.replace("Currency", " Currency"), TEXT),
    "separator line": ("sep=,\n" + TEXT, TEXT),
    "title rows": ("Calls of March\n\n" + TEXT, TEXT),
    "blank lines": ("\n\n" + TEXT, TEXT),
    "byte order mark": ("\ufeff" + TEXT, TEXT),
    "mark and separator": ("\ufeffsep=,\r\n" + TEXT, TEXT),
    "quoted": ("".join('"' + '","'.join(row) + '"\n' for row in PLAIN), TEXT),
    "reordered": (REORDERED, TEXT),
    "mended rejects": (MENDED, TEXT),
    "static": (STATIC, "ClientId,DateTime,StaticCall,PhoneNumber\n,1760000000,1,+74950000700\n"),
    "static, other letters": (
        STATIC.replace("StaticCall", "static call"),
        "ClientId,DateTime,StaticCall,PhoneNumber\n,1760000000,1,+74950000700\n",
    ),
    "workbook": (as_workbook(PLAIN, [("Calls of March",)]), TEXT),
}


@pytest.mark.parametrize(("content", "sent"), SPELLED.values(), ids=SPELLED)
def test_each_spelling_is_sent_as_canonical_csv(run, upload, service, tmp_path, content, sent):
    file = tmp_path / "calls"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())

    assert run("validate", file).exit_code == 0
    assert upload(file).exit_code == 0
    assert service.store.files == [sent.encode()]
    assert upload(file).exit_code == 0
    assert len(service.posts) == 1
