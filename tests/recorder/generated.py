"""Files made from a seed: canonical and vendor-shaped tables with faults, workbooks, JSON, odd encodings and quotes."""

import csv
import io
import json
import random
import zipfile
from datetime import datetime, timedelta

from openpyxl import Workbook

#: 2026-03-12 00:00:00 UTC, as ``plan.AS_OF``.
NOW = 1773273600
HEADER = (
    "ClientId", "UserId", "Yclid", "DateTime", "StaticCall", "Price", "Currency", "PhoneNumber", "TalkDuration",
    "HoldDuration", "CallMissed", "Tag", "FirstTimeCaller", "URL", "CallTrackerURL",
)  # fmt: skip
TITLES = {
    "ClientId": ("ClientID", "client id", "_ym_uid"), "DateTime": ("Дата", "date time"), "Tag": ("Tags", "Tag"),
    "PhoneNumber": ("Телефон", "phone"), "CallMissed": ("CallMised", ""), "URL": ("Url", "ссылка"),
}  # fmt: skip
FAULTS = {
    "ClientId": ("1.60459E+18", "160459102569823523x", "0", "1604591025000000000", "GA1.2.1234567890.1600000000", "null"),
    "UserId": (" u7 ", "u" * 300, "(not set)", "=1+1"),
    "Yclid": ("587102689374859341x", "-1", "5,87103E+18"),
    "DateTime": ("02.03.2026 10:00:00", "1772434800000", "2026-03-02T10:00:00", "03/02/2026", "", "46083.5", "1900000000"),
    "StaticCall": ("да", "2", "", "true"),
    "Price": ("12,50", "1 234.50", "-5", "1'000", "₽500", "#N/A", "1e3"),
    "Currency": ("rub", "RUR", "руб", "XXX", "$"),
    "PhoneNumber": ("8 (495) 000-12-34", "anonymous", "+7965", "74950001234", "+7 495 0001234 доб. 5", "7.4950001234E+10"),
    "TalkDuration": ("00:03:15", "-1", "3 min", "99999999", "12.5"),
    "HoldDuration": ("3 min", "999999", "0:05", "PT5S"),
    "CallMissed": ("true", "нет", "2", "пропущен"),
    "Tag": ("(not set)", "а\tб", "две\nстроки", 'обед "у Анны"', "=1+1", "\u202eзадом", "x" * 400, "a,b;c|d", "\x07"),
    "FirstTimeCaller": ("yes", "3", "-"),
    "URL": ("example.com/p", "https:///p", "https://example.com/?phone=+74950001234", "ftp://example.com"),
    "CallTrackerURL": ("tracker", "https://t.example.com/?token=abc", "http://пример.example/я"),
}  # fmt: skip


def good(rng, field, row):
    """A sound cell of a field."""
    return {
        "ClientId": str(1604591025698235234 + rng.randrange(10**9)),
        "UserId": rng.choice(("", "", f"user-{row}")),
        "Yclid": rng.choice(("", "", str(5871026893748593412 + row))),
        "DateTime": str(NOW - rng.randrange(60, 30 * 86400)),
        "StaticCall": rng.choice("01"),
        "Price": rng.choice(("", "500.50", "1200")),
        "Currency": rng.choice(("", "RUB", "USD")),
        "PhoneNumber": f"+7495000{rng.randrange(10000):04}",
        "TalkDuration": str(rng.randrange(600)),
        "HoldDuration": str(rng.randrange(60)),
        "CallMissed": rng.choice("001"),
        "Tag": rng.choice(("", "заявка", "целевой, повтор")),
        "FirstTimeCaller": rng.choice("01"),
        "URL": rng.choice(("", f"https://example.com/p/{row}")),
        "CallTrackerURL": rng.choice(("", f"https://tracker.example.com/calls/{row}")),
    }[field]


def table(rng):
    """Header and rows of a canonical table; how much of it is wrong differs from one to another."""
    fields = ["ClientId", "DateTime", "StaticCall", *rng.sample(HEADER, rng.randrange(3, len(HEADER)))]
    fields = list(dict.fromkeys(fields))
    rng.shuffle(fields)
    wrong = rng.choice((0, 0.02, 0.2, 0.6))
    rows = [
        [rng.choice(FAULTS[name]) if rng.random() < wrong else good(rng, name, row) for name in fields]
        for row in range(rng.choice((0, 1, 7, 25, 60)))
    ]
    rows += [list(row) for row in rows[:: rng.choice((3, 50, 100))] if wrong]
    header = [rng.choice(TITLES[name]) if name in TITLES and rng.random() < wrong else name for name in fields]
    return header, rows


def canonical(rng):
    """A canonical CSV as one of many programs would write it."""
    header, rows = table(rng)
    stream = io.StringIO(newline="")
    writer = csv.writer(
        stream, delimiter=rng.choice(",,,,;\t|"), lineterminator=rng.choice(("\n", "\r\n", "\r")),
        quoting=rng.choice((csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
    )  # fmt: skip
    for row in (header, *rows):
        writer.writerow(row)
    return "csv", encoded(rng, damaged(rng, stream.getvalue()))


def encoded(rng, text):
    name = rng.choice(("utf-8", "utf-8", "utf-8", "utf-8-sig", "cp1251", "utf-16", "koi8-r", "mac-cyrillic"))
    return text.encode(name, "replace")


def damaged(rng, text):
    """One fault of structure in two files of five."""
    lines = text.splitlines(keepends=True)
    place = rng.randrange(len(lines)) if lines else 0
    damage = rng.choice(("", "", "", "quote", "bare", "short", "long", "blank", "twice", "cut", "null"))
    match damage:
        case "quote":
            lines[place] = '"' + lines[place]
        case "bare":
            lines[place] = lines[place].replace("0", '0"', 1)
        case "short":
            lines[place] = lines[place].replace(",", "", 1).replace(";", "", 1)
        case "long":
            lines[place] = "x," + lines[place]
        case "blank":
            lines.insert(place, "\n \n")
        case "twice":
            lines.append(lines[0])
        case "cut":
            return text[: int(len(text) * 0.7)]
        case "null":
            lines[place] = "\0" + lines[place]
    return "".join(lines)


def vendor(rng, exports):
    """An export of a sample, with some cells changed, lines lost, doubled or hurt."""
    path = rng.choice([one for one in exports if one.suffix == ".csv"])
    content = path.read_bytes()
    text = content.decode("utf-8-sig", "replace")
    lines = text.splitlines(keepends=True)
    sampled = [line for line in lines[1:] if rng.random() < 0.8]
    sampled += [line for line in sampled if rng.random() < 0.1]
    changed = [changed_digits(rng, line) if rng.random() < 0.4 else line for line in sampled]
    return "csv", encoded(rng, damaged(rng, "".join([*lines[:1], *changed])))


def changed_digits(rng, line):
    """Replace some of the digits of a line."""
    places = [place for place, sign in enumerate(line) if sign.isdigit()]
    for place in rng.sample(places, min(3, len(places))):
        line = line[:place] + rng.choice(("9", "-", " ", "x", "0")) + line[place + 1 :]
    return line


def document(rng, exports):
    """A JSON export of a sample with some values of another kind."""
    path = rng.choice([one for one in exports if one.suffix == ".json"])
    content = twisted(rng, json.loads(path.read_text(encoding="utf-8")))
    text = json.dumps(content, ensure_ascii=rng.random() < 0.5, indent=rng.choice((None, 1)))
    return "json", (text[: len(text) // 2] if rng.random() < 0.05 else text).encode()


def twisted(rng, value):
    if isinstance(value, dict):
        return {key: twisted(rng, inner) for key, inner in value.items() if rng.random() > 0.01}
    if isinstance(value, list):
        return [twisted(rng, inner) for inner in value]
    if rng.random() < 0.03:
        return rng.choice((None, "", "x", -1, 1.5, True, [], {"a": 1}, "02.03.2026 10:00:00", "8 (495) 000-12-34"))
    return value


def workbook(rng):
    """A workbook with texts, numbers, dates and a title above the header."""
    header, rows = table(rng)
    new_workbook = Workbook()
    new_workbook.properties.created = new_workbook.properties.modified = datetime(2026, 3, 1)  # noqa: DTZ001 - sheets know no zone
    sheet = new_workbook.active
    sheet.title = rng.choice(("Calls", "Звонки"))
    if rng.random() < 0.3:
        sheet.append(["Звонки за март"])
    sheet.append(header)
    for row in rows:
        sheet.append([sheet_cell(rng, text) for text in row])
    if rng.random() < 0.2:
        new_workbook.create_sheet("Справочник").append(["слово"])
    stream = io.BytesIO()
    new_workbook.save(stream)
    return "xlsx", without_times(stream.getvalue())


def sheet_cell(rng, text):
    """A text as a spreadsheet would keep it, at times as a number or a date."""
    text = "".join(sign for sign in text if sign.isprintable() or sign in "\n\t")
    if rng.random() < 0.4 and text.isascii() and text.isdigit():
        number = int(text)
        if number > NOW - 40 * 86400 and number < NOW and rng.random() < 0.5:
            return datetime(1970, 1, 1) + timedelta(seconds=number)  # noqa: DTZ001 - sheets know no zone
        return number
    return text


def without_times(content):
    """The same workbook with the times of its members set, so that a seed makes the same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name)
            if name == "docProps/core.xml":
                # The library writes the moment of saving over any value that was set.
                text = text.partition(b"<dcterms:modified")[0] + b"</cp:coreProperties>"
            new.writestr(zipfile.ZipInfo(name, (2026, 3, 1, 0, 0, 0)), text)
    return made.getvalue()


def file(seed, number, exports):
    """The kind, the ending and the content of one generated file; the same for the same seed and number."""
    rng = random.Random(f"{seed}/{number}")  # noqa: S311 - to invent calls
    kind = ("canonical", "canonical", "vendor", "vendor", "canonical", "workbook", "document")[number % 7]
    made = {
        "canonical": lambda: canonical(rng), "vendor": lambda: vendor(rng, exports), "workbook": lambda: workbook(rng),
        "document": lambda: document(rng, exports),
    }[kind]()  # fmt: skip
    return kind, *made
