"""Write files of invented calls, for measuring.

``python benchmarks/generate.py canonical 1000000 out.csv`` and so on; ``run.py`` calls it. About one cell in a hundred
is bad in each column, in a near-clean file a cell in one record of a thousand; phones are random digits in plausible
ranges, three in eight distinct; tags hold quotes, commas and line breaks. The same seed gives the same file.

``calltools vendors sample`` draws record by record, so that each can be damaged alone; here whole columns are drawn, a
hundred times faster, with the damages of its table.
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from calltools.run.sample.faults import DAMAGES

#: 2026-03-10 00:00:00 UTC: "now" for these files.
NOW = 1_773_100_800
_CHUNK = 100_000
#: Each of them and four digits are a number of an assigned range.
_CODES = (
    "44207946",
    "491511234",
    "3361234",
    "39347123",
    "3461234",
    "4851234",
    "42060112",
    "37529123",
    "38067123",
    "99890123",
    "1202555",
    "1416555",
)
_TAGS = ("заявка", "целевой, повтор", 'обед "у Анны"', "перезвонить\nпосле обеда", "", "", "спам", "консультация")
_BAD_CELLS = 0.01
_BAD_RECORDS = 0.001
#: The rules that bad cells of a column break; the cells are those that ``calltools vendors sample --faults`` writes.
_FAULTS = {
    "ClientId": ("CT203", "CT201", "CT202"),
    "DateTime": ("CT212", "CT213"),
    "StaticCall": ("CT251",),
    "Price": ("CT221", "CT222"),
    "Currency": ("CT232", "CT233", "CT231"),
    "PhoneNumber": ("CT241", "CT245", "CT243"),
    "TalkDuration": ("CT261", "CT262"),
    "HoldDuration": ("CT261", "CT263"),
    "CallMissed": ("CT251",),
    "Tag": ("CT281", "CT011"),
    "FirstTimeCaller": ("CT251",),
    "URL": ("CT271",),
    "CallTrackerURL": ("CT271", "CT272"),
}
_BAD = {
    name: tuple(str(damage.cell) for code in codes for damage in DAMAGES[code] if damage.field == name)
    for name, codes in _FAULTS.items()
}


def canonical(count: int, path: Path) -> None:
    """A canonical file; about 160 bytes a record."""
    _write(path, count, _canonical, ",", "utf-8", "\n")


def near_clean(count: int, path: Path) -> None:
    """The same, with one bad cell in one record of a thousand, and no other fault."""
    _write(path, count, _near_clean, ",", "utf-8", "\n")


def vendor(count: int, path: Path) -> None:
    """A PBX export with semicolons in Windows-1251 with CRLF; one record in a hundred cannot be converted."""
    _write(path, count, _vendor, ";", "cp1251", "\r\n")


def plain(count: int, path: Path) -> None:
    """A canonical file of five columns, without a fault."""
    _write_calls(path, count, "wide")


def quotes(count: int, path: Path) -> None:
    """The same with one bare quote in every line."""
    _write_calls(path, count, 'TV 32" wide')


def multiline(count: int, path: Path) -> None:
    """The same with one call only, in which a cell has so many lines."""
    _write_calls(path, 1, '"' + 'a "" b, c\n' * count + '"')


def _write_calls(path: Path, count: int, tag: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write("ClientId,DateTime,PhoneNumber,TalkDuration,Tag\n")
        for number in range(count):
            client = f"16045910256982{number % 90_000 + 10_000}"
            stream.write(f"{client},{1_772_434_800 + number},+7495000{number % 10_000:04},30,{tag}\n")


def workbook(count: int, path: Path) -> None:
    """A workbook of text cells."""
    import xlsxwriter  # noqa: PLC0415 - heavy, and only here

    columns = _canonical(np.random.default_rng(7), count, 0)
    with xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_numbers": False}) as workbook:
        sheet = workbook.add_worksheet("Calls")
        sheet.write_row(0, 0, list(columns))
        for number, cells in enumerate(zip(*(column.to_pylist() for column in columns.values()), strict=True), start=1):
            for position, cell in enumerate(cells):
                sheet.write_string(number, position, cell)


def _write(path: Path, count: int, make, delimiter: str, encoding: str, end: str) -> None:
    rng = np.random.default_rng(7)
    with path.open("wb") as stream:
        for start in range(0, count, _CHUNK):
            columns = make(rng, min(_CHUNK, count - start), start)
            if not start:
                stream.write((delimiter.join(columns) + end).encode(encoding))
            lines = pc.binary_join_element_wise(*(_quoted(cells, delimiter) for cells in columns.values()), delimiter)
            text = pc.binary_join(pa.array([lines.to_pylist()]), end)[0].as_py() + end
            stream.write(text.encode(encoding))


def _quoted(cells: pa.Array, delimiter: str) -> pa.Array:
    special = pc.match_substring_regex(cells, f'[{delimiter}"\r\n]')
    quoted = pc.binary_join_element_wise('"', pc.replace_substring(cells, '"', '""'), '"', "")
    return pc.if_else(special, quoted, cells)


def _canonical(rng: np.random.Generator, count: int, start: int) -> dict[str, pa.Array]:
    return _calls(rng, count, start, _TAGS, _BAD_CELLS)


def _near_clean(rng: np.random.Generator, count: int, start: int) -> dict[str, pa.Array]:
    return _calls(rng, count, start, [tag for tag in _TAGS if "\n" not in tag], _BAD_RECORDS / len(_BAD))


def _calls(rng: np.random.Generator, count: int, start: int, tags, bad: float) -> dict[str, pa.Array]:
    missed = rng.random(count) < 0.2
    priced = rng.random(count) < 0.4
    phones = _phones(rng, count)
    columns = {
        "ClientId": _text(rng.integers(10**18, 2 * 10**18, count) | 1),
        "DateTime": _text(NOW - 20 * 86_400 + 300_000 + (start + np.arange(count)) % 1_300_000),
        "StaticCall": _choice(rng, ("0",), count),
        "Price": _where(
            priced, _joined(_text(rng.integers(100, 90_000, count)), ".", _text(rng.integers(10, 99, count)))
        ),
        "Currency": _where(priced, _choice(rng, ("RUB", "RUB", "RUB", "KZT", "USD"), count)),
        "PhoneNumber": phones,
        "TalkDuration": pc.if_else(pa.array(missed), "0", _text(rng.integers(1, 900, count))),
        "HoldDuration": _text(rng.integers(0, 90, count)),
        "CallMissed": pc.if_else(pa.array(missed), "1", "0"),
        "Tag": _choice(rng, tags, count, rare=0.05),
        "FirstTimeCaller": _choice(rng, ("0",), count),
        "URL": _joined("https://example.com/catalog/", _text(rng.integers(1, 999, count)), "?utm_source=yandex"),
        "CallTrackerURL": _joined("https://t.example.com/c/", _text(start + np.arange(count)), ""),
    }
    columns = {name: _spoiled(rng, name, cells, bad) for name, cells in columns.items()}
    empty = pa.array([""] * count)
    return {"UserId": empty, "ClientId": columns.pop("ClientId"), "Yclid": empty, **columns}


def _vendor(rng: np.random.Generator, count: int, start: int) -> dict[str, pa.Array]:
    missed = rng.random(count) < 0.2
    epochs = NOW - 20 * 86_400 + 300_000 + (start + np.arange(count)) % 1_300_000
    digits = pc.utf8_slice_codeunits(_text(rng.integers(10**9, 2 * 10**9, count)), 1)
    parts = [pc.utf8_slice_codeunits(digits, begin, end) for begin, end in ((0, 2), (2, 5), (5, 7), (7, 9))]
    phone = pc.binary_join_element_wise("8 (9", parts[0], ") ", parts[1], "-", parts[2], "-", parts[3], "")
    talk, wait = rng.integers(1, 900, count), rng.integers(1, 60, count)
    columns = {
        "Тип": _choice(rng, ("Входящий",), count),
        "Статус": pc.if_else(pa.array(missed), "Не отвечен", "Отвечен"),
        "Время": pc.strftime(pa.array(epochs + 10_800, pa.timestamp("s")), "%d.%m.%Y %H:%M:%S"),
        "Схема": _choice(rng, ("Основная", "Продажи"), count),
        "Откуда": phone,
        "Куда": _choice(rng, ("210", "211"), count),
        "Кто ответил": _choice(rng, ("Анна", "Пётр", ""), count),
        "Длительность звонка": _text(talk + wait),
        "Длительность разговора": pc.if_else(pa.array(missed), "", _text(talk)),
        "Время ответа": pc.if_else(pa.array(missed), "", _text(wait)),
        "Оценка": pa.array([""] * count),
        "ID записи": _joined(_text(epochs), ".", _text(start + np.arange(count))),
        "Метка": _choice(rng, ("целевой", "", "спам"), count),
        "Теги": _choice(rng, ("", "повтор"), count),
        "Новый клиент": _choice(rng, ("0", "1"), count),
    }
    bad = rng.random(count) < 0.01
    columns["Время"] = pc.if_else(pa.array(bad), "31.02.2026 10:00:00", columns["Время"])
    return columns


def _phones(rng: np.random.Generator, count: int) -> pa.Array:
    """Nine in ten are Russian or empty; about 0.4 distinct ones a record."""
    pool = rng.integers(0, max(count * 4 // 10, 10), count)
    russian = _joined("+79", _text(100_000_000 + (pool * 104_729) % 599_999_999), "")
    others = _joined(_joined("+", _choice(rng, _CODES, count), ""), _text(1_000 + pool % 8_999), "")
    kind = rng.random(count)
    phones = pc.if_else(pa.array(kind < 0.9), russian, others)
    return pc.if_else(pa.array(kind > 0.97), "", phones)


def _spoiled(rng: np.random.Generator, name: str, cells: pa.Array, share: float) -> pa.Array:
    bad = rng.random(len(cells)) < share
    return pc.if_else(pa.array(bad), _choice(rng, _BAD[name], len(cells)), cells)


def _choice(rng: np.random.Generator, words, count: int, rare: float | None = None) -> pa.Array:
    numbers = rng.integers(0, len(words), count)
    if rare is not None:
        numbers = np.where(rng.random(count) < rare, numbers, len(words) - 1)
    return pa.array(list(words)).take(pa.array(numbers))


def _where(mask, cells: pa.Array) -> pa.Array:
    return pc.if_else(pa.array(mask), cells, "")


def _text(numbers) -> pa.Array:
    return pc.cast(pa.array(numbers), pa.string())


def _joined(one, other, between) -> pa.Array:
    return pc.binary_join_element_wise(one, other, between, "")


if __name__ == "__main__":
    kinds = (canonical, near_clean, vendor, plain, quotes, multiline, workbook)
    {kind.__name__: kind for kind in kinds}[sys.argv[1]](int(sys.argv[2]), Path(sys.argv[3]))
