"""Field, Requirement and Kind: what the table of fields is made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from calltools.model.assumptions import Assumptions
from calltools.model.cells import Cells, Mask


@dataclass(frozen=True, slots=True)
class Requirement:
    """Two separate questions that the word "required" confuses, and a group.

    Attributes:
        column: Must the column be there.
        cell: Must each of its cells be filled.
        group: At least one column of the group must be there, and in each dynamic call one of its cells filled.
    """

    column: bool = False
    cell: bool = False
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """One line of a kind's table of examples: tests run it and the documentation prints it.

    Attributes:
        text: A cell as people write it.
        canonical: What it becomes; ``None``: it is left exactly as it is.
        why: A few words.
        assumptions: What it rests on: ``region``, ``timezone``, ``date_order``.
        fault: Name of the rule that names it when it is left alone; ``None`` where it is canonical already.
    """

    text: str
    canonical: str | None
    why: str
    assumptions: tuple[tuple[str, str], ...] = ()
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of value.

    Laws, held by property tests: ``normalize`` is idempotent, never touches canonical text, and what it
    changed is ``sound`` or free of every fault that it could repair; what is ``sound`` has no fault.

    Attributes:
        name: As in the table of fields.
        pattern: What canonical text matches whole; common subset of RE2 and ``re``.
        sound: Cells proven to have no fault, ``""`` included. May be too careful, never too generous.
        normalize: Each cell as canonical text, or exactly as it was. Same length.
        hide: The cells shortened for reports; ``None``: nothing personal in this kind.
        examples: See ``Example``.
        typed: Whether invisible characters are faults (CT012) rather than text.
        json_type: ``string``, ``integer``, ``number`` or ``boolean``: what the text means, for schema exports.
    """

    name: str
    pattern: str
    sound: Callable[[Cells, Assumptions], Mask]
    normalize: Callable[[Cells, Assumptions], Cells]
    redact: Callable[[Cells], Cells] | None
    examples: tuple[Example, ...]
    typed: bool = True
    json_type: Literal["string", "integer", "number", "boolean"] = "string"


@dataclass(frozen=True, slots=True)
class Field:
    """A column of the canonical file.

    Attributes:
        name: The title that Metrica documents.
        kind: A name of ``KINDS``.
        requirement: See ``Requirement``.
        title_en: For people.
        title_ru: For people.
        description_en: What it means and how it is written.
        description_ru: The same in Russian.
        example: A canonical cell.
        source: Where the service says so.
    """

    name: str
    kind: str
    requirement: Requirement
    title_en: str
    title_ru: str
    description_en: str
    description_ru: str
    example: str
    source: str
