"""*Filters.* Parses RFC 7644 §3.4.2.2 filters into a syntax tree whose names are bound to a resource type."""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from musterbook.scim.path import BoundPath


class CompareOp(Enum):
    """``compareOp`` of RFC 7644 §3.4.2.2."""

    EQ = "eq"
    NE = "ne"
    CO = "co"
    SW = "sw"
    EW = "ew"
    GT = "gt"
    LT = "lt"
    GE = "ge"
    LE = "le"


CompValue: TypeAlias = str | bool | int | float
"""``compValue``; ``null`` is parsed into :class:`Presence`."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """``attrPath SP compareOp SP compValue``."""

    path: BoundPath
    """Inside a :class:`ValuePath`, ``path.attribute`` is a sub-attribute of the value path's attribute."""
    op: CompareOp
    value: CompValue


@dataclass(frozen=True, slots=True)
class Presence:
    """``attrPath SP "pr"``."""

    path: BoundPath


@dataclass(frozen=True, slots=True)
class Conjunction:
    """Filters joined by ``and``; at least two."""

    filters: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Disjunction:
    """Filters joined by ``or``; at least two."""

    filters: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """``not (FILTER)``."""

    filter: "Filter"


@dataclass(frozen=True, slots=True)
class ValuePath:
    """``attrPath "[" valFilter "]"``: one element meets the whole filter."""

    path: BoundPath
    filter: "Filter"


Filter: TypeAlias = Comparison | Presence | Conjunction | Disjunction | Negation | ValuePath
