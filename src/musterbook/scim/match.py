"""*What a comparison means.* The comparison key and the evaluator of filters (RFC 7644 §3.4.2.2, RFC 8265 §3.3).

Knows filters and resources; knows no grammar, request or database. Four ideas:

* :func:`comparison_key` is the one form in which strings that are not case-exact are compared, by filters, PATCH,
  uniqueness and the keys that storage keeps. What a filter finds is what uniqueness refuses.
* A filter is compiled once into closures, which are then asked about many resources.
* Every comparison looks at *values*: each element of a multi-valued attribute gives one, and where there is none, or an
  element lacks the sub-attribute, that place is one unassigned value. A comparison is true if it is true of any value
  (RFC 7644 §3.4.2.2), so ``ne`` means "some value differs", and ``not (… eq …)`` means "no value is equal".
* An unassigned value is equal to nothing, less than nothing and greater than nothing. ``ne`` is true of it: RFC 7644
  defines ``ne`` as "not identical", and no value is not identical to some value. Of each single value ``ne`` is thus
  exactly the opposite of ``eq``.

Nothing here raises, whatever a resource holds: a value of an unexpected type is unequal to every literal.
"""

import operator
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeAlias, assert_never

from musterbook.scim.filter import (
    CompareOp,
    Comparison,
    CompValue,
    Conjunction,
    Disjunction,
    Filter,
    Negation,
    Presence,
    ValuePath,
)
from musterbook.scim.path import BoundPath
from musterbook.scim.resource import Json, Resource, value_at
from musterbook.scim.schema import AttributeType

COMPARISON_KEY_VERSION: Final = f"2 (Unicode {unicodedata.unidata_version})"
"""Changes whenever :func:`comparison_key` may give another key for some string; stored keys are then made anew."""

_WIDTH_RANGES = (range(0x3000, 0x3001), range(0xFF00, 0xFFF0))
"""Where all code points stand that Unicode decomposes by ``<wide>`` or ``<narrow>`` (UAX #11)."""


def _width_mappings() -> dict[int, str]:
    mappings: dict[int, str] = {}
    for code in (code for codes in _WIDTH_RANGES for code in codes):
        tag, _, decomposition = unicodedata.decomposition(chr(code)).partition(" ")
        if tag in {"<wide>", "<narrow>"}:
            mappings[code] = chr(int(decomposition, 16))
    return mappings


_DOUBLE_MARKS = "\u0344\u0f73\u0f75\u0f81"
"""The marks that Unicode decomposes into two."""
_MAPPINGS: Final = _width_mappings() | {ord(mark): unicodedata.normalize("NFD", mark) for mark in _DOUBLE_MARKS}
_MAX_MARKS = 30
_JOINER = "\u034f"
"""COMBINING GRAPHEME JOINER, which marks are not sorted across."""


def comparison_key(text: str) -> str:
    """Return the key under which ``text`` is compared where case does not matter.

    These are the mappings of the profile UsernameCaseMapped (RFC 8265 §3.3): full-width and half-width characters to
    their ordinary forms, lower case, normalization form C. Its refusals are left out, so every string has a key.
    The key of a key is the key itself. More than thirty marks in a row are parted, as UAX #15 §13 has it.
    """
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFC", _part_marks(text.translate(_MAPPINGS).lower()))
    while (parted := _part_marks(text)) != text:
        text = unicodedata.normalize("NFC", parted)
    return text


def _part_marks(text: str) -> str:
    """Return ``text`` with no more than thirty combining marks in a row.

    Normalization sorts the marks of a row, in quadratic time: half a megabyte of them would take minutes. No language
    has more than a few.
    """
    if len(text) <= _MAX_MARKS:
        return text
    pieces: list[str] = []
    start = marks = 0
    for index, character in enumerate(text):
        if not unicodedata.combining(character):
            marks = 0
        elif marks < _MAX_MARKS:
            marks += 1
        else:
            pieces.append(text[start:index])
            start, marks = index, 1
    return _JOINER.join([*pieces, text[start:]])


_DATE_TIME = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
    r"(?:\.(?P<fraction>[0-9]++))?(?P<offset>Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)\Z"
)


def instant_key(text: str) -> str | None:
    """Return a key that sorts as text in the order of time, or ``None`` if ``text`` is no time with an offset.

    The time is an ``xsd:dateTime`` of the years 0001 to 9999 (RFC 7643 §2.3.5); 24:00:00 is the next day's first
    instant, and a leap second the first instant of the next minute. Fractions of any length count in full.
    """
    found = _DATE_TIME.match(text)
    if found is None:
        return None
    date, hour, minute, second, fraction, offset = found.groups()
    fraction = (fraction or "").rstrip("0")
    extra = _NO_TIME
    if second == "60":
        second, extra = "59", timedelta(seconds=1)
    if hour == "24":
        if minute != "00" or second != "00" or fraction:
            return None
        hour, extra = "00", timedelta(days=1)
    seconds = f"{date}T{hour}:{minute}:{second}"
    try:
        instant = datetime.fromisoformat(seconds if offset == "Z" else f"{seconds}{offset}")
        if extra or offset != "Z":  # what is stored is in UTC, and needs no arithmetic
            seconds = (instant.replace(tzinfo=None) - (instant.utcoffset() or _NO_TIME) + extra).isoformat()
    except (ValueError, OverflowError):
        return None
    return f"{seconds}.{fraction}" if fraction else seconds


_NO_TIME = timedelta()


# ---------------------------------------------------------------------------------------------------------------------
# One value

Predicate: TypeAlias = Callable[[Json], bool]
"""Whether one value meets a comparison; ``None`` is an unassigned value."""
_Key: TypeAlias = Callable[[Json], Json]
"""Turns a value into what is compared in its place, ``None`` if it cannot be compared."""

# Looking a member up in its enum takes as long in Python 3.11 as comparing two short strings.
_STRING: Final = AttributeType.STRING
_EQ: Final = CompareOp.EQ
_NE: Final = CompareOp.NE

_ORDERS: Final[dict[CompareOp, Callable[[Json, Json], bool]]] = {
    CompareOp.GT: operator.gt,
    CompareOp.GE: operator.ge,
    CompareOp.LT: operator.lt,
    CompareOp.LE: operator.le,
    CompareOp.CO: operator.contains,
    CompareOp.SW: str.startswith,
    CompareOp.EW: str.endswith,
}


def _exact_key(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _caseless_key(value: Json) -> str | None:
    return comparison_key(value) if isinstance(value, str) else None


def _instant_key(value: Json) -> str | None:
    return instant_key(value) if isinstance(value, str) else None


def _boolean_key(value: Json) -> bool | None:
    return value if isinstance(value, bool) else None


def _number_key(value: Json) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


_KEYS: Final[dict[AttributeType, _Key]] = {
    AttributeType.STRING: _caseless_key,
    AttributeType.REFERENCE: _exact_key,
    AttributeType.BINARY: _exact_key,
    AttributeType.DATE_TIME: _instant_key,
    AttributeType.BOOLEAN: _boolean_key,
    AttributeType.INTEGER: _number_key,
    AttributeType.DECIMAL: _number_key,
    AttributeType.COMPLEX: _exact_key,
}


def key_of(path: BoundPath) -> _Key:
    """Return what gives the key under which values at ``path`` are compared; ``None`` for a value of another type."""
    attribute = path.sub_attribute or path.attribute
    assert attribute is not None  # nothing is compared by a whole extension
    if attribute.type is not _STRING:
        return _KEYS[attribute.type]
    return _exact_key if attribute.case_exact else _caseless_key


_SUBSTRING = frozenset({CompareOp.CO, CompareOp.SW, CompareOp.EW})


def _predicate(path: BoundPath, op: CompareOp, literal: CompValue) -> Predicate:
    key = key_of(path)
    operand = key(literal)
    if op is _NE:
        return _always if operand is None else lambda value: key(value) != operand
    # The parser lets none of these pass; whoever builds a filter by hand gets an answer, too, and no exception.
    if operand is None or (op is not _EQ and not _has_order(operand, op)):
        return _never
    if op is _EQ:
        return lambda value: key(value) == operand
    holds = _ORDERS[op]

    def compare(value: Json) -> bool:
        found = key(value)
        return found is not None and holds(found, operand)

    return compare


def _has_order(operand: CompValue, op: CompareOp) -> bool:
    return isinstance(operand, str) if op in _SUBSTRING else not isinstance(operand, bool)


def _never(_value: Json) -> bool:
    return False


def _always(_value: Json) -> bool:
    return True


def _is_present(value: Json) -> bool:
    """Whether ``pr`` holds: neither ``null`` nor empty, and not complex with nothing but empty nodes."""
    match value:
        case None | "":
            return False
        case list() | tuple():
            return any(map(_is_present, value))
        case dict():
            return any(map(_is_present, value.values()))
        case _:
            return True


# ---------------------------------------------------------------------------------------------------------------------
# The values of a resource, and of an element of one

_Reader: TypeAlias = Callable[[Json], Json]
"""Returns the value of an attribute from what holds it, a resource or an element; ``None`` where there is none."""
_ReaderOf: TypeAlias = Callable[[BoundPath], _Reader]
"""Returns the reader of a path's attribute, sub-attribute not yet looked at."""

_FROM_THE_ROW = frozenset({"id", "schemas", "meta"})
"""Attributes that are not among a resource's attributes; ``value_at`` knows where they stand."""


def _resource_reader(path: BoundPath) -> _Reader:
    assert path.attribute is not None  # nothing is compared by a whole extension
    name = path.attribute.name
    if path.extension is not None:
        urn = path.extension.id
        return lambda resource: _member(resource.attributes.get(urn), name)
    if name in _FROM_THE_ROW:
        whole = BoundPath(None, path.attribute)
        return lambda resource: value_at(resource, whole)
    return lambda resource: resource.attributes.get(name)


def _element_reader(path: BoundPath) -> _Reader:
    assert path.attribute is not None
    name = path.attribute.name
    return lambda element: _member(element, name)


def _member(holder: Json, name: str) -> Json:
    return holder.get(name) if isinstance(holder, dict) else None


def _or(value: Json, assumed: Json) -> Json:
    return assumed if value is None else value


def _assumed(path: BoundPath) -> Json:
    """Return what the last name of a path is compared as where an element does not have it.

    RFC 7643 §2.4: an element that does not say that it is the primary one is not.
    """
    leaf = path.leaf
    return False if leaf is not None and leaf.name == "primary" and leaf.type is AttributeType.BOOLEAN else None


def _elements(value: Json) -> Sequence[Json]:
    """Return the elements of a multi-valued attribute, also where a single value stands in their place."""
    if isinstance(value, list | tuple):
        return value
    return () if value is None else (value,)


def _values_reader(path: BoundPath, read: _Reader, assumed: Json = None) -> Callable[[Json], Iterable[Json]]:
    """Return what reads all values of a path; it gives one unassigned value where there is none.

    ``assumed`` is the value of an element that has none.
    """
    sub = path.sub_attribute
    if sub is None:
        return lambda holder: _elements(read(holder)) or (None,)
    name = sub.name
    if not sub.multi_valued:
        return lambda holder: [_or(_member(element, name), assumed) for element in _elements(read(holder))] or (None,)

    def read_all(holder: Json) -> Iterable[Json]:
        found = [_elements(_member(element, name)) for element in _elements(read(holder))]
        return [value for values in found for value in values or (None,)] or (None,)

    return read_all


# ---------------------------------------------------------------------------------------------------------------------
# Filters


def compile_filter(filter_: Filter) -> Callable[[Resource], bool]:
    """Return a function that tells whether a resource matches; it is to be used for many resources."""
    return _compile(filter_, _resource_reader)


def element_matcher(filter_: Filter) -> Callable[[Json], bool]:
    """Return a function that tells whether an element of a multi-valued attribute matches a value path's filter."""
    return _compile(filter_, _element_reader)


def matches(filter_: Filter, resource: Resource) -> bool:
    """Return whether ``resource`` matches."""
    return _compile(filter_, _resource_reader)(resource)


def _compile(filter_: Filter, reader_of: _ReaderOf) -> Predicate:
    match filter_:
        case Comparison(path, op, value):
            return _test(path, _predicate(path, op, value), reader_of, _assumed(path))
        case Presence(path):
            return _test(path, _is_present, reader_of)
        case Conjunction(filters):
            return _all_of([_compile(item, reader_of) for item in filters])
        case Disjunction(filters):
            return _any_of([_compile(item, reader_of) for item in filters])
        case Negation(inner):
            return _opposite_of(_compile(inner, reader_of))
        case ValuePath(path, inner):
            return _one_element(_values_reader(path, reader_of(path)), element_matcher(inner))
        case _:
            assert_never(filter_)


def _all_of(predicates: Sequence[Predicate]) -> Predicate:
    return lambda holder: all(holds(holder) for holds in predicates)


def _any_of(predicates: Sequence[Predicate]) -> Predicate:
    return lambda holder: any(holds(holder) for holds in predicates)


def _opposite_of(holds: Predicate) -> Predicate:
    return lambda holder: not holds(holder)


def _one_element(elements: Callable[[Json], Iterable[Json]], holds: Predicate) -> Predicate:
    return lambda holder: any(item is not None and holds(item) for item in elements(holder))


def _test(path: BoundPath, holds: Predicate, reader_of: _ReaderOf, assumed: Json = None) -> Predicate:
    read = reader_of(path)
    attribute, sub = path.attribute, path.sub_attribute
    if (attribute is not None and attribute.multi_valued) or (sub is not None and sub.multi_valued):
        read_values = _values_reader(path, read, assumed)
        return lambda holder: any(map(holds, read_values(holder)))
    if sub is not None:
        name = sub.name
        return lambda holder: holds(_member(read(holder), name))
    if assumed is not None and reader_of is _element_reader:
        return lambda element: holds(_or(read(element), assumed))
    return lambda holder: holds(read(holder))
