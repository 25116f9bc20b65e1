"""*Filters as values.* The syntax tree of RFC 7644 §3.4.2.2, its names bound to a resource type, and its text.

Knows schemas by way of the paths it holds; knows no resource and how to parse nothing: ``filter_parser`` makes these
trees and ``match`` says what they mean. Nesting is kept as it was written, so ``a and (b and c)`` is not
``a and b and c``, and :func:`render_filter` gives a text that parses to the same tree.
"""

import json
from dataclasses import dataclass
from enum import Enum
from types import UnionType
from typing import TypeAlias, assert_never

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


def render_filter(filter_: Filter) -> str:
    """Return the canonical text of a filter: names as the schema spells them, no parentheses that change nothing."""
    match filter_:
        case Comparison(path, op, value):
            return f"{path} {op.value} {json.dumps(value, ensure_ascii=False)}"
        case Presence(path):
            return f"{path} pr"
        case Conjunction(filters):
            return " and ".join(_grouped(item, Conjunction | Disjunction) for item in filters)
        case Disjunction(filters):
            return " or ".join(_grouped(item, Disjunction) for item in filters)
        case Negation(inner):
            return f"not ({render_filter(inner)})"
        case ValuePath(path, inner):
            return f"{path}[{render_filter(inner)}]"
        case _:
            assert_never(filter_)


def _grouped(filter_: Filter, looser: type | UnionType) -> str:
    """Return the text of a part, in parentheses if it is one of those that bind no tighter than what holds it."""
    text = render_filter(filter_)
    return f"({text})" if isinstance(filter_, looser) else text
