"""TOML -> Profile. Every mistake of a file is found, each with its path, before any of them is told."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, get_args

from calltools.errors import ProfileError
from calltools.fields import clock
from calltools.fields.table import NAMES
from calltools.vendors.profile import Condition, Confidence, Profile, Rows, Shape, Step, Trial
from calltools.vendors.taking import Taking, near

TOP: Final = ("name", "title", "description", "confidence", "link", "aliases", "lacks", "read", "recognize", "shapes",
               "patterns", "rows", "fields", "epoch_id", "examples", "region", "currency")  # fmt: skip
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
    if reading.take.problems:
        raise ProfileError(source, tuple(reading.take.problems))
    return profile


@dataclass(slots=True)
class _Reading:
    """One pass over a file.

    Attributes:
        take: Takes what it can and remembers each problem.
        answered: Where somebody talked; a step may ask for it by this name.
    """

    take: Taking = field(default_factory=Taking)
    answered: Condition = field(default_factory=dict)

    def profile(self, told: Mapping[str, Any], source: str) -> Profile:
        self.take.only(told, TOP, "$")
        rows = self.take.table(told, "rows", "$")
        self.answered = self._condition(rows, "answered", "$.rows")
        shapes = self._shapes(told)
        read = self.take.table(told, "read", "$")
        self.take.only(read, READ, "$.read")
        if read.get("quotes", QUOTES[0]) not in QUOTES:
            self.take.wrong("$.read.quotes", "profile-not-one-of", allowed=", ".join(QUOTES))
        description, lacks = (self.take.both(told, key) for key in ("description", "lacks"))
        confidence = self.take.text(told, "confidence", "$", required=True)
        if confidence and confidence not in get_args(Confidence):
            self.take.wrong("$.confidence", "profile-not-one-of", allowed=", ".join(get_args(Confidence)))
        return Profile(
            name=self.take.text(told, "name", "$", required=True),
            title=self.take.text(told, "title", "$", required=True),
            description_en=description[0],
            description_ru=description[1],
            confidence=confidence,  # type: ignore[arg-type]  # checked above
            link=self.take.text(told, "link", "$"),
            aliases=self.take.words(told, "aliases", "$"),
            lacks_en=lacks[0],
            lacks_ru=lacks[1],
            encoding=self.take.text(read, "encoding", "$.read") or None,
            delimiter=self.take.text(read, "delimiter", "$.read") or None,
            quotes=self.take.text(read, "quotes", "$.read") or None,
            empty=self.take.words(read, "empty", "$.read"),
            region=self.take.text(told, "region", "$") or None,
            currency=self.take.text(told, "currency", "$") or None,
            recognize=self.take.words(told, "recognize", "$", required=True),
            shapes=shapes,
            rows=self._rows(rows),
            fields=self._fields(self.take.table(told, "fields", "$")),
            epoch_id=self.take.text(told, "epoch_id", "$") or None,
            trials=tuple(
                self._trial(one, f"$.examples[{n}]") for n, one in enumerate(self.take.listed(told, "examples", "$"))
            ),
            path=source,
        )

    def _fields(self, told: Mapping[str, Any]) -> dict[str, tuple[Step, ...]]:
        self.take.only(told, NAMES, "$.fields")
        if "DateTime" not in told:
            self.take.wrong("$.fields", "profile-missing", what="DateTime")
        return {name: self._steps(told[name], f"$.fields.{name}") for name in NAMES if name in told}

    def _steps(self, told: Any, path: str) -> tuple[Step, ...]:
        listed = told if isinstance(told, list) else [told]
        return tuple(
            self._step(one, f"{path}[{number}]" if isinstance(told, list) else path)
            for number, one in enumerate(listed)
        )

    def _step(self, told: Any, path: str) -> Step:
        if not isinstance(told, dict):
            self.take.wrong(path, "profile-not-a-table")
            return Step()
        self.take.only(told, STEP, path)
        if len([pick for pick in _PICKS if pick in told]) != 1:
            self.take.wrong(path, "profile-one-pick", picks=", ".join(_PICKS))
        pick = "first_of" if "first_of" in told else "from"
        self._checked(told, path)
        return Step(
            columns=self.take.words(told, pick, path),
            first_of="first_of" in told,
            join=self.take.text(told, "join", path) if "join" in told else " ",
            constant=self.take.text(told, "constant", path) if "constant" in told else None,
            extract=self.take.text(told, "extract", path) or None,
            url_parameter=self.take.text(told, "url_parameter", path) or None,
            pluck=self.take.text(told, "pluck", path) if "pluck" in told else None,
            values=self.take.mapping(told, "values", path),
            otherwise=self.take.text(told, "otherwise", path) if "otherwise" in told else None,
            seconds_from=self.take.words(told, "seconds_from", path),
            format=self.take.words(told, "format", path),
            zone=self.take.text(told, "zone", path) or None,
            scale=self.take.text(told, "scale", path) or None,
            difference=self.take.words(told, "difference", path),
            sum=self.take.words(told, "sum", path),
            when=self._when(told, path),
        )

    def _when(self, told: Mapping[str, Any], path: str) -> Condition:
        if told.get("when") != "answered":
            return self._condition(told, "when", path)
        if not self.answered:
            self.take.wrong(f"{path}.when", "profile-missing", what="rows.answered")
        return self.answered

    def _checked(self, told: Mapping[str, Any], path: str) -> None:
        """What the words of a step must be, beyond their type."""
        if "scale" in told and told["scale"] not in SCALES:
            self.take.wrong(f"{path}.scale", "profile-not-one-of", allowed=", ".join(SCALES))
        if "difference" in told and (not isinstance(told["difference"], list) or len(told["difference"]) != 2):
            self.take.wrong(f"{path}.difference", "profile-two-columns")
        if isinstance(told.get("zone"), str) and not clock.zone_exists(told["zone"]):
            self.take.wrong(f"{path}.zone", "zone-unknown", zone=told["zone"])
        for layout in self.take.words(told, "format", path):
            if layout not in {"unix", "iso"} and not re.search("%[dmYyHMSbpIfjB]", layout):
                self.take.wrong(f"{path}.format", "profile-layout", layout=layout)
        if isinstance(told.get("extract"), str):
            self.take.pattern(told["extract"], f"{path}.extract", groups=1)

    def _rows(self, told: Mapping[str, Any]) -> Rows:
        self.take.only(told, ROWS, "$.rows")
        return Rows(
            direction=self._steps(told["direction"], "$.rows.direction") if "direction" in told else (),
            context=self.take.text(told, "context", "$.rows") or None,
            called=self.take.text(told, "called", "$.rows") or None,
            one_call_by=self.take.words(told, "one_call_by", "$.rows"),
            one_call_by_all=self.take.words(told, "one_call_by_all", "$.rows"),
            answered=self.answered,
            first=self.take.words(told, "first", "$.rows"),
            incoming=self.take.words(told, "incoming", "$.rows"),
        )

    def _shapes(self, told: Mapping[str, Any]) -> tuple[Shape, ...]:
        """Files without a header; what the cells of a column match is the same in each."""
        patterns = self.take.mapping(told, "patterns", "$")
        for name, pattern in patterns.items():
            self.take.pattern(pattern, f"$.patterns.{name}")
        listed = self.take.listed(told, "shapes", "$")
        shapes = tuple(self._shape(one, f"$.shapes[{number}]", patterns) for number, one in enumerate(listed))
        titles = [title for shape in shapes for title in shape.titles]
        for name in patterns:
            if name not in titles:
                self.take.wrong(f"$.patterns.{name}", "profile-no-such-column", near=near(name, titles))
        return shapes

    def _shape(self, told: Any, path: str, patterns: Mapping[str, str]) -> Shape:
        if not isinstance(told, dict):
            self.take.wrong(path, "profile-not-a-table")
            return Shape((), {})
        self.take.only(told, ("columns",), path)
        titles = self.take.words(told, "columns", path, required=True)
        return Shape(titles, {name: pattern for name, pattern in patterns.items() if name in titles})

    def _trial(self, told: Any, path: str) -> Trial:
        if not isinstance(told, dict):
            self.take.wrong(path, "profile-not-a-table")
            return Trial("", {}, {}, {})
        self.take.only(told, TRIAL, path)
        expect, assume = self.take.mapping(told, "expect", path), self.take.mapping(told, "assume", path)
        self.take.only(expect, NAMES, f"{path}.expect")
        self.take.only(assume, _ASSUME, f"{path}.assume")
        return Trial(
            why=self.take.text(told, "why", path, required=True),
            source=self.take.mapping(told, "source", path),
            expect=expect,
            assume=assume,
            skipped=self.take.text(told, "skipped", path) or None,
        )

    def _condition(self, told: Mapping[str, Any], key: str, path: str) -> Condition:
        table = self.take.table(told, key, path)
        return {name: self.take.words(table, name, f"{path}.{key}") for name in table}
