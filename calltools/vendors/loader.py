"""TOML -> Profile. Every mistake of a file is found, each with its path, before any of them is told."""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, get_args

from calltools.errors import ProfileError
from calltools.fields import clock
from calltools.fields.table import NAMES
from calltools.vendors.profile import Condition, Confidence, Profile, Rows, Shape, Step, Trial

TOP: Final = ("name", "title", "description", "confidence", "link", "aliases", "lacks", "read", "recognize", "shapes",
               "rows", "fields", "epoch_id", "examples", "region", "currency")  # fmt: skip
READ: Final = ("encoding", "delimiter", "quotes", "empty")
ROWS: Final = ("direction", "context", "called", "one_call_by", "one_call_by_all", "answered", "first", "incoming")
STEP: Final = ("from", "first_of", "join", "constant", "extract", "url_parameter", "pluck", "values", "otherwise",
                "seconds_from", "format", "zone", "scale", "difference", "sum", "when")  # fmt: skip
TRIAL: Final = ("why", "source", "expect", "assume", "skipped")
_ASSUME: Final = ("timezone", "region", "currency", "date_order", "static_call", "own_number", "inbound_context")
SCALES: Final = ("0.001", "0.000001", "60", "3600")
QUOTES: Final = ("undoubled",)
_PICKS: Final = ("from", "first_of", "constant", "difference", "sum")


def load(text: str, source: str) -> Profile:
    """A profile from TOML.

    Args:
        text: The file.
        source: What the user calls it.

    Raises:
        ProfileError: With all mistakes.
    """
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise ProfileError(source, (("$", "profile-not-toml", {"reason": str(fault)}),)) from fault
    reading = _Reading()
    profile = reading.profile(told, source)
    if reading.problems:
        raise ProfileError(source, tuple(reading.problems))
    return profile


@dataclass(slots=True)
class _Reading:
    """One pass over a file: takes what it can and remembers each problem."""

    problems: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)

    def profile(self, told: Mapping[str, Any], source: str) -> Profile:
        self._only(told, TOP, "$")
        read = self._table(told, "read", "$")
        self._only(read, READ, "$.read")
        if read.get("quotes", QUOTES[0]) not in QUOTES:
            self._wrong("$.read.quotes", "profile-not-one-of", allowed=", ".join(QUOTES))
        description, lacks = (self._both(told, key) for key in ("description", "lacks"))
        confidence = self._text(told, "confidence", "$", required=True)
        if confidence and confidence not in get_args(Confidence):
            self._wrong("$.confidence", "profile-not-one-of", allowed=", ".join(get_args(Confidence)))
        return Profile(
            name=self._text(told, "name", "$", required=True),
            title=self._text(told, "title", "$", required=True),
            description_en=description[0],
            description_ru=description[1],
            confidence=confidence,  # type: ignore[arg-type]  # checked above
            link=self._text(told, "link", "$"),
            aliases=self._words(told, "aliases", "$"),
            lacks_en=lacks[0],
            lacks_ru=lacks[1],
            encoding=self._text(read, "encoding", "$.read") or None,
            delimiter=self._text(read, "delimiter", "$.read") or None,
            quotes=self._text(read, "quotes", "$.read") or None,
            empty=self._words(read, "empty", "$.read"),
            region=self._text(told, "region", "$") or None,
            currency=self._text(told, "currency", "$") or None,
            recognize=self._words(told, "recognize", "$", required=True),
            shapes=tuple(self._shape(one, f"$.shapes[{at}]") for at, one in enumerate(self._list(told, "shapes", "$"))),
            rows=self._rows(self._table(told, "rows", "$")),
            fields=self._fields(self._table(told, "fields", "$")),
            epoch_id=self._text(told, "epoch_id", "$") or None,
            trials=tuple(
                self._trial(one, f"$.examples[{n}]") for n, one in enumerate(self._list(told, "examples", "$"))
            ),
            path=source,
        )

    def _fields(self, told: Mapping[str, Any]) -> dict[str, tuple[Step, ...]]:
        self._only(told, NAMES, "$.fields")
        if "DateTime" not in told:
            self._wrong("$.fields", "profile-missing", what="DateTime")
        return {name: self._steps(told[name], f"$.fields.{name}") for name in NAMES if name in told}

    def _steps(self, told: Any, path: str) -> tuple[Step, ...]:
        listed = told if isinstance(told, list) else [told]
        return tuple(
            self._step(one, f"{path}[{number}]" if isinstance(told, list) else path)
            for number, one in enumerate(listed)
        )

    def _step(self, told: Any, path: str) -> Step:
        if not isinstance(told, dict):
            self._wrong(path, "profile-not-a-table")
            return Step()
        self._only(told, STEP, path)
        if len([pick for pick in _PICKS if pick in told]) != 1:
            self._wrong(path, "profile-one-pick", picks=", ".join(_PICKS))
        pick = "first_of" if "first_of" in told else "from"
        self._checked(told, path)
        return Step(
            columns=self._words(told, pick, path),
            first_of="first_of" in told,
            join=self._text(told, "join", path) if "join" in told else " ",
            constant=self._text(told, "constant", path) if "constant" in told else None,
            extract=self._text(told, "extract", path) or None,
            url_parameter=self._text(told, "url_parameter", path) or None,
            pluck=self._text(told, "pluck", path) if "pluck" in told else None,
            values=self._mapping(told, "values", path),
            otherwise=self._text(told, "otherwise", path) if "otherwise" in told else None,
            seconds_from=self._words(told, "seconds_from", path),
            format=self._words(told, "format", path),
            zone=self._text(told, "zone", path) or None,
            scale=self._text(told, "scale", path) or None,
            difference=self._words(told, "difference", path),
            sum=self._words(told, "sum", path),
            when=self._condition(told, "when", path),
        )

    def _checked(self, told: Mapping[str, Any], path: str) -> None:
        """What the words of a step must be, beyond their type."""
        if "scale" in told and told["scale"] not in SCALES:
            self._wrong(f"{path}.scale", "profile-not-one-of", allowed=", ".join(SCALES))
        if "difference" in told and (not isinstance(told["difference"], list) or len(told["difference"]) != 2):
            self._wrong(f"{path}.difference", "profile-two-columns")
        if isinstance(told.get("zone"), str) and not clock.zone_exists(told["zone"]):
            self._wrong(f"{path}.zone", "zone-unknown", zone=told["zone"])
        for layout in self._words(told, "format", path):
            if layout not in {"unix", "iso"} and not re.search("%[dmYyHMSbpIfjB]", layout):
                self._wrong(f"{path}.format", "profile-layout", layout=layout)
        if isinstance(told.get("extract"), str):
            self._pattern(told["extract"], f"{path}.extract", groups=1)

    def _rows(self, told: Mapping[str, Any]) -> Rows:
        self._only(told, ROWS, "$.rows")
        return Rows(
            direction=self._steps(told["direction"], "$.rows.direction") if "direction" in told else (),
            context=self._text(told, "context", "$.rows") or None,
            called=self._text(told, "called", "$.rows") or None,
            one_call_by=self._words(told, "one_call_by", "$.rows"),
            one_call_by_all=self._words(told, "one_call_by_all", "$.rows"),
            answered=self._condition(told, "answered", "$.rows"),
            first=self._words(told, "first", "$.rows"),
            incoming=self._words(told, "incoming", "$.rows"),
        )

    def _shape(self, told: Any, path: str) -> Shape:
        if not isinstance(told, dict):
            self._wrong(path, "profile-not-a-table")
            return Shape((), {})
        self._only(told, ("columns", "patterns"), path)
        titles = self._words(told, "columns", path, required=True)
        patterns = self._mapping(told, "patterns", path)
        for name, pattern in patterns.items():
            self._pattern(pattern, f"{path}.patterns.{name}")
            if name not in titles:
                self._wrong(f"{path}.patterns.{name}", "profile-no-such-column", near=_near(name, titles))
        return Shape(titles, patterns)

    def _trial(self, told: Any, path: str) -> Trial:
        if not isinstance(told, dict):
            self._wrong(path, "profile-not-a-table")
            return Trial("", {}, {}, {})
        self._only(told, TRIAL, path)
        expect, assume = self._mapping(told, "expect", path), self._mapping(told, "assume", path)
        self._only(expect, NAMES, f"{path}.expect")
        self._only(assume, _ASSUME, f"{path}.assume")
        return Trial(
            why=self._text(told, "why", path, required=True),
            source=self._mapping(told, "source", path),
            expect=expect,
            assume=assume,
            skipped=self._text(told, "skipped", path) or None,
        )

    def _condition(self, told: Mapping[str, Any], key: str, path: str) -> Condition:
        table = self._table(told, key, path)
        return {name: self._words(table, name, f"{path}.{key}") for name in table}

    def _only(self, told: Mapping[str, Any], allowed: Iterable[str], path: str) -> None:
        for key in told:
            if key not in allowed:
                self._wrong(f"{path}.{key}", "profile-unknown-word", near=_near(key, allowed))

    def _table(self, told: Mapping[str, Any], key: str, path: str) -> Mapping[str, Any]:
        found = told.get(key, {})
        if not isinstance(found, dict):
            self._wrong(f"{path}.{key}", "profile-not-a-table")
            return {}
        return found

    def _list(self, told: Mapping[str, Any], key: str, path: str) -> list[Any]:
        found = told.get(key, [])
        if not isinstance(found, list):
            self._wrong(f"{path}.{key}", "profile-not-a-list")
            return []
        return found

    def _text(self, told: Mapping[str, Any], key: str, path: str, *, required: bool = False) -> str:
        found: object = told.get(key, "")
        if not isinstance(found, str):
            self._wrong(f"{path}.{key}", "profile-not-text")
            return ""
        if required and not found:
            self._wrong(path, "profile-missing", what=key)
        return found

    def _words(self, told: Mapping[str, Any], key: str, path: str, *, required: bool = False) -> tuple[str, ...]:
        found = told.get(key, [])
        listed = [found] if isinstance(found, str) else found
        if not isinstance(listed, list) or not all(isinstance(word, str) for word in listed):
            self._wrong(f"{path}.{key}", "profile-not-text")
            return ()
        if required and not listed:
            self._wrong(path, "profile-missing", what=key)
        return tuple(listed)

    def _mapping(self, told: Mapping[str, Any], key: str, path: str) -> dict[str, str]:
        table = self._table(told, key, path)
        for name, value in table.items():
            if not isinstance(value, str):
                self._wrong(f"{path}.{key}.{name}", "profile-not-text")
        return {name: value for name, value in table.items() if isinstance(value, str)}

    def _both(self, told: Mapping[str, Any], key: str) -> tuple[str, str]:
        """A text in English and Russian."""
        table = self._table(told, key, "$")
        self._only(table, ("en", "ru"), f"$.{key}")
        return self._text(table, "en", f"$.{key}"), self._text(table, "ru", f"$.{key}")

    def _pattern(self, pattern: str, path: str, groups: int = 0) -> None:
        try:
            compiled = re.compile(pattern)
        except re.error as fault:
            self._wrong(path, "profile-pattern", reason=str(fault))
            return
        if groups and compiled.groups != groups:
            self._wrong(path, "profile-one-group")

    def _wrong(self, path: str, key: str, **facts: object) -> None:
        self.problems.append((path, key, facts))


def _near(word: str, allowed: Iterable[str]) -> str:
    found = difflib.get_close_matches(word, list(allowed), 1, 0.5)
    return found[0] if found else "-"
