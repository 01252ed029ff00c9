"""Loading a profile from TOML. All problems of a file are reported at once, each with its path."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, get_args

from calltools.errors import ProfileError, UsageError, nearest_word
from calltools.fields import local_times
from calltools.fields.check_assumptions import check_assumptions
from calltools.fields.kinds.seconds import DURATION_LAYOUTS
from calltools.fields.table import FIELD_NAMES, FIELDS_BY_NAME
from calltools.toml_reader import TomlReader
from calltools.vendors.profile import (
    ASSUME_KEYS,
    DELIMITERS,
    EXAMPLE_KEYS,
    PHONES,
    QUOTES,
    READ_KEYS,
    ROWS_KEYS,
    SCALES,
    STEP_KEYS,
    TOP_KEYS,
    Condition,
    Confidence,
    HeaderlessShape,
    Profile,
    ProfileExample,
    RowSelection,
    Step,
)
from calltools.vendors.transforms import pattern_fault

#: Keys of which a step has exactly one: they say where its text comes from.
_SOURCE_KEYS: Final = ("from", "first_of", "constant", "difference", "sum")


def load_profile(text: str, source: str) -> Profile:
    """A profile from TOML.

    Args:
        text: Text of the file.
        source: Name of the file in messages.

    Raises:
        ProfileError: The profile is written wrong; the error lists all problems.
    """
    reading = _ProfileReader()
    table = reading.reader.parse(text)
    profile = None if table is None else reading.read_profile(table, source)
    if profile is None or reading.reader.problems:
        raise ProfileError(source, tuple(reading.reader.problems))
    return profile


@dataclass(slots=True)
class _ProfileReader:
    """One pass over a file.

    Attributes:
        reader: Reads values and records problems.
        answered: The condition of an answered call; a step may refer to it by this name.
    """

    reader: TomlReader = field(default_factory=TomlReader)
    answered: Condition = field(default_factory=dict)

    def read_profile(self, table: Mapping[str, Any], source: str) -> Profile:
        self.reader.refuse_unknown_keys(table, TOP_KEYS, "$")
        rows = self.reader.read_table(table, "rows", "$")
        self.answered = self._read_condition(rows, "answered", "$.rows")
        shapes = self._read_shapes(table)
        read = self.reader.read_table(table, "read", "$")
        self.reader.refuse_unknown_keys(read, READ_KEYS, "$.read")
        if read.get("quotes", QUOTES[0]) not in QUOTES:
            self.reader.add_problem("$.read.quotes", "profile-not-one-of", allowed=", ".join(QUOTES))
        if table.get("phones", PHONES[0]) not in PHONES:
            self.reader.add_problem("$.phones", "profile-not-one-of", allowed=", ".join(PHONES))
        self._check_form(read)
        self._check_assumed({name: table.get(name) for name in ("region", "currency")}, "$")
        description, lacks = (self.reader.read_bilingual(table, key) for key in ("description", "lacks"))
        confidence = self.reader.read_text(table, "confidence", "$", required=True)
        if confidence and confidence not in get_args(Confidence):
            self.reader.add_problem("$.confidence", "profile-not-one-of", allowed=", ".join(get_args(Confidence)))
        return Profile(
            name=self.reader.read_text(table, "name", "$", required=True),
            title=self.reader.read_text(table, "title", "$", required=True),
            description_en=description[0],
            description_ru=description[1],
            confidence=confidence,  # type: ignore[arg-type]  # checked above
            link=self.reader.read_text(table, "link", "$"),
            aliases=self.reader.read_texts(table, "aliases", "$"),
            lacks_en=lacks[0],
            lacks_ru=lacks[1],
            encoding=self.reader.read_text(read, "encoding", "$.read") or None,
            delimiter=self.reader.read_text(read, "delimiter", "$.read") or None,
            quotes=self.reader.read_text(read, "quotes", "$.read") or None,
            empty=self.reader.read_texts(read, "empty", "$.read"),
            region=self.reader.read_text(table, "region", "$") or None,
            phones=self.reader.read_text(table, "phones", "$") or None,
            currency=self.reader.read_text(table, "currency", "$") or None,
            recognize=self.reader.read_texts(table, "recognize", "$", required=True),
            shapes=shapes,
            rows=self._read_rows(rows),
            fields=self._read_fields(self.reader.read_table(table, "fields", "$")),
            epoch_id=self.reader.read_text(table, "epoch_id", "$") or None,
            examples=tuple(
                self._read_example(example, path) for path, example in self.reader.read_tables(table, "examples", "$")
            ),
            source_path=source,
        )

    def _check_form(self, read: Mapping[str, Any]) -> None:
        encoding, delimiter = (read.get(key) for key in ("encoding", "delimiter"))
        if isinstance(encoding, str) and encoding:
            try:
                "".encode(encoding)
            except (LookupError, UnicodeError):
                self.reader.add_problem("$.read.encoding", "encoding-unknown", given=encoding)
        if isinstance(delimiter, str) and delimiter not in {"", *DELIMITERS}:
            self.reader.add_problem("$.read.delimiter", "profile-not-one-of", allowed=" ".join(map(repr, DELIMITERS)))

    def _check_assumed(self, given: Mapping[str, Any], path: str) -> None:
        """Zone, country and currency must exist."""
        for name in ("timezone", "region", "currency"):
            if isinstance(text := given.get(name), str) and text:
                try:
                    check_assumptions(**{"timezone": None, "region": None, "currency": None, name: text})
                except UsageError as fault:
                    self.reader.add_problem(f"{path}.{name}", fault.key, **fault.facts)

    def _read_fields(self, table: Mapping[str, Any]) -> dict[str, tuple[Step, ...]]:
        self.reader.refuse_unknown_keys(table, FIELD_NAMES, "$.fields")
        if "DateTime" not in table:
            self.reader.add_problem("$.fields", "profile-missing", what="DateTime")
        fields = {name: self._read_steps(table[name], f"$.fields.{name}") for name in FIELD_NAMES if name in table}
        self._refuse_dates_alone(fields.get("DateTime", ()))
        for name, steps in fields.items():
            self._check_layouts(name, steps)
        return fields

    def _check_layouts(self, name: str, steps: tuple[Step, ...]) -> None:
        """A duration has layouts of its own: read as a time of day, 01:15 would be a moment of 1970."""
        of_durations = FIELDS_BY_NAME[name].kind == "seconds"
        for layout in (layout for step in steps if not step.difference for layout in step.format):
            if of_durations != (layout in DURATION_LAYOUTS):
                allowed = ", ".join(DURATION_LAYOUTS) if of_durations else "%d.%m.%Y %H:%M:%S, unix, iso"
                self.reader.add_problem(f"$.fields.{name}.format", "profile-not-one-of", allowed=allowed)

    def _refuse_dates_alone(self, steps: tuple[Step, ...]) -> None:
        """A layout without a time of day would put every call at midnight."""
        for layout in (layout for step in steps for layout in step.format):
            if "%" in layout and not re.search("%[HIcX]", layout):
                self.reader.add_problem("$.fields.DateTime.format", "profile-layout", layout=layout)

    def _read_steps(self, value: Any, path: str) -> tuple[Step, ...]:
        if not isinstance(value, list):
            return (self._read_step(value, path),)
        return tuple(self._read_step(step, f"{path}[{number}]") for number, step in enumerate(value))

    def _read_step(self, value: Any, path: str) -> Step:
        table = self.reader.check_table(value, path)
        if table is None:
            return Step()
        self.reader.refuse_unknown_keys(table, STEP_KEYS, path)
        if len([pick for pick in _SOURCE_KEYS if pick in table]) != 1:
            self.reader.add_problem(path, "profile-one-pick", picks=", ".join(_SOURCE_KEYS))
        pick = "first_of" if "first_of" in table else "from"
        self._check_step(table, path)
        return Step(
            columns=self.reader.read_texts(table, pick, path),
            first_of="first_of" in table,
            join=self.reader.read_text(table, "join", path) if "join" in table else " ",
            constant=self.reader.read_text(table, "constant", path) if "constant" in table else None,
            extract=self.reader.read_text(table, "extract", path) or None,
            url_parameter=self.reader.read_text(table, "url_parameter", path) or None,
            pluck=self.reader.read_text(table, "pluck", path) if "pluck" in table else None,
            values=self.reader.read_text_table(table, "values", path),
            otherwise=self.reader.read_text(table, "otherwise", path) if "otherwise" in table else None,
            seconds_from=self.reader.read_texts(table, "seconds_from", path),
            format=self.reader.read_texts(table, "format", path),
            zone=self.reader.read_text(table, "zone", path) or None,
            scale=self.reader.read_text(table, "scale", path) or None,
            difference=self.reader.read_texts(table, "difference", path),
            sum=self.reader.read_texts(table, "sum", path),
            when=self._read_when(table, path),
        )

    def _read_when(self, table: Mapping[str, Any], path: str) -> Condition:
        if table.get("when") != "answered":
            return self._read_condition(table, "when", path)
        if not self.answered:
            self.reader.add_problem(f"{path}.when", "profile-missing", what="rows.answered")
        return self.answered

    def _check_step(self, table: Mapping[str, Any], path: str) -> None:
        """Check the values of a step beyond their type."""
        if "scale" in table and table["scale"] not in SCALES:
            self.reader.add_problem(f"{path}.scale", "profile-not-one-of", allowed=", ".join(SCALES))
        if "difference" in table and (not isinstance(table["difference"], list) or len(table["difference"]) != 2):
            self.reader.add_problem(f"{path}.difference", "profile-two-columns")
        if isinstance(table.get("zone"), str) and not local_times.zone_exists(table["zone"]):
            self.reader.add_problem(f"{path}.zone", "zone-unknown", zone=table["zone"])
        for layout in self.reader.read_texts(table, "format", path):
            if layout not in {"unix", "iso", *DURATION_LAYOUTS} and not re.search("%[dmYyHMSbpIfjB]", layout):
                self.reader.add_problem(f"{path}.format", "profile-layout", layout=layout)
        if isinstance(table.get("extract"), str):
            self._check_extract(table["extract"], f"{path}.extract")

    def _check_extract(self, pattern: str, path: str) -> None:
        before = len(self.reader.problems)
        self.reader.check_pattern(pattern, path, groups=1)
        if len(self.reader.problems) == before and (reason := pattern_fault(pattern)):
            self.reader.add_problem(path, "profile-pattern", reason=reason)

    def _read_rows(self, table: Mapping[str, Any]) -> RowSelection:
        self.reader.refuse_unknown_keys(table, ROWS_KEYS, "$.rows")
        return RowSelection(
            direction=self._read_steps(table["direction"], "$.rows.direction") if "direction" in table else (),
            context=self.reader.read_text(table, "context", "$.rows") or None,
            called=self.reader.read_text(table, "called", "$.rows") or None,
            one_call_by=self.reader.read_texts(table, "one_call_by", "$.rows"),
            one_call_by_all=self.reader.read_texts(table, "one_call_by_all", "$.rows"),
            answered=self.answered,
            first=self.reader.read_texts(table, "first", "$.rows"),
            incoming=self.reader.read_texts(table, "incoming", "$.rows"),
        )

    def _read_shapes(self, table: Mapping[str, Any]) -> tuple[HeaderlessShape, ...]:
        """The shapes of files without a header; all shapes share one table of patterns."""
        patterns = self.reader.read_text_table(table, "patterns", "$")
        for name, pattern in patterns.items():
            self.reader.check_pattern(pattern, f"$.patterns.{name}")
        shapes = tuple(
            self._read_shape(shape, path, patterns) for path, shape in self.reader.read_tables(table, "shapes", "$")
        )
        titles = [title for shape in shapes for title in shape.titles]
        for name in patterns:
            if name not in titles:
                near = nearest_word(name, titles) or "-"
                self.reader.add_problem(f"$.patterns.{name}", "profile-no-such-column", near=near)
        return shapes

    def _read_shape(self, table: Mapping[str, Any], path: str, patterns: Mapping[str, str]) -> HeaderlessShape:
        self.reader.refuse_unknown_keys(table, ("columns",), path)
        titles = self.reader.read_texts(table, "columns", path, required=True)
        return HeaderlessShape(titles, {name: pattern for name, pattern in patterns.items() if name in titles})

    def _read_example(self, table: Mapping[str, Any], path: str) -> ProfileExample:
        self.reader.refuse_unknown_keys(table, EXAMPLE_KEYS, path)
        expect, assume = (self.reader.read_text_table(table, key, path) for key in ("expect", "assume"))
        self.reader.refuse_unknown_keys(expect, FIELD_NAMES, f"{path}.expect")
        self.reader.refuse_unknown_keys(assume, ASSUME_KEYS, f"{path}.assume")
        self._check_assumed(assume, f"{path}.assume")
        return ProfileExample(
            why=self.reader.read_text(table, "why", path, required=True),
            source=self.reader.read_text_table(table, "source", path),
            expect=expect,
            assume=assume,
            skipped=self.reader.read_text(table, "skipped", path) or None,
        )

    def _read_condition(self, parent: Mapping[str, Any], key: str, path: str) -> Condition:
        table = self.reader.read_table(parent, key, path)
        return {name: self.reader.read_texts(table, name, f"{path}.{key}") for name in table}
