"""*What the names and values of a filter mean.* Binds them to a resource type (RFC 7644 §3.4.2.2, §3.10).

Knows schemas and their characteristics; knows no grammar and no resource. Three ideas:

* A name is bound as soon as it is read, so that an error tells its column. Names outside a value path are bound to a
  resource type, names inside one to the attribute that stands before its bracket.
* What a client may not read it may not filter by either: comparing prefixes would spell a password out.
* A comparison is refused where its answer could only be a guess: other types, ordered booleans, a part of a time.
"""

import re
from typing import Final

from musterbook.scim.dialects import Tolerance
from musterbook.scim.errors import InvalidFilterError
from musterbook.scim.filter import CompareOp, CompValue
from musterbook.scim.filter_dialects import (
    FILTER_COMPLEX_AS_VALUE,
    FILTER_OFFSET_WITHOUT_PLUS,
    FILTER_STRING_BOOLEAN,
    FILTER_UNQUALIFIED_EXTENSION_ATTRIBUTE,
)
from musterbook.scim.match import instant_key
from musterbook.scim.path import AttrPath, BoundPath, parse_attr_path, resolve
from musterbook.scim.schema import COMMON_ATTRIBUTES, Attribute, AttributeType, ResourceType, is_hidden

ORDERING: Final = frozenset({CompareOp.GT, CompareOp.GE, CompareOp.LT, CompareOp.LE})
SUBSTRING: Final = frozenset({CompareOp.CO, CompareOp.SW, CompareOp.EW})

_META = COMMON_ATTRIBUTES["meta"]
_OF_THE_RESPONSE = frozenset({"location", "version"})
"""What ``meta`` holds that depends on how a resource is asked for, not on the resource."""

_QUOTED_LENGTH = 100
"""How much of a name the client sent is repeated to it."""


def quoted(name: str) -> str:
    """Return a name as error messages show it."""
    return f"'{name}'" if len(name) <= _QUOTED_LENGTH else f"'{name[:_QUOTED_LENGTH]}…'"


def bind_attribute(name: str, column: int, resource_type: ResourceType, tolerance: Tolerance) -> BoundPath:
    """Return what an ``attrPath`` means in ``resource_type``.

    Raises:
        InvalidFilterError: it is malformed, unknown, not to be read by clients, or a whole extension.
    """
    path = parse_attr_path(name, resource_type, column=column)
    if path is None:
        raise InvalidFilterError(f"{quoted(name)} is not the name of an attribute.", column=column)
    bound = resolve(path, resource_type) or _in_an_extension(path, resource_type, tolerance)
    if bound is None:
        raise InvalidFilterError(f"{resource_type.name} has no attribute {quoted(name)}.", column=column)
    if bound.attribute is None:
        message = f'{quoted(name)} is a schema; name one of its attributes, or ask for it by schemas eq "…".'
        raise InvalidFilterError(message, column=column)
    _check_readable(bound.attribute, bound.sub_attribute, column)
    return bound


def _in_an_extension(path: AttrPath, resource_type: ResourceType, tolerance: Tolerance) -> BoundPath | None:
    """Return the attribute of the one extension that has it, for a path without a URN that the base has not."""
    if path.urn is not None or path.name is None or resource_type.attribute(path.name) is not None:
        return None
    urns = [item.schema.id for item in resource_type.extensions if item.schema.attribute(path.name) is not None]
    if len(urns) != 1:
        return None
    bound = resolve(AttrPath(urns[0], path.name, path.sub, path.column), resource_type)
    return bound if bound is not None and tolerance.permits(FILTER_UNQUALIFIED_EXTENSION_ATTRIBUTE) else None


def bind_sub_attribute(name: str, column: int, parent: BoundPath) -> BoundPath:
    """Return what a name inside a value path of ``parent`` means.

    Raises:
        InvalidFilterError: it is not a sub-attribute of ``parent``, or not to be read by clients.
    """
    attribute = parent.leaf
    sub = None if attribute is None else attribute.sub_attribute(name)
    if attribute is None or sub is None:
        message = f"{quoted(str(parent))} has no sub-attribute {quoted(name)}; in brackets, sub-attributes stand alone."
        raise InvalidFilterError(message, column=column)
    _check_readable(attribute, sub, column)
    return BoundPath(None, sub)


def check_value_path(path: BoundPath, column: int) -> None:
    """Check that ``path`` is an attribute that brackets may follow: a whole complex one.

    Raises:
        InvalidFilterError: it has no sub-attributes.
    """
    leaf = path.leaf
    if leaf is None or leaf.type is not AttributeType.COMPLEX:
        message = f"{quoted(str(path))} has no sub-attributes that brackets could filter by."
        raise InvalidFilterError(message, column=column)


def _check_readable(attribute: Attribute, sub: Attribute | None, column: int) -> None:
    # A filter answers yes or no about a value, and enough such answers read it: the oracle of RFC 7644 §7.5.2.
    for item in (attribute, sub):
        if item is not None and is_hidden(item):
            message = f"{quoted(item.name)} is never returned and cannot be filtered by."
            raise InvalidFilterError(message, column=column)
    if attribute is _META and sub is not None and sub.name in _OF_THE_RESPONSE:
        message = f"'meta.{sub.name}' belongs to the response and cannot be filtered by; use id or meta.lastModified."
        raise InvalidFilterError(message, column=column)
    if attribute.kept_as_rows and sub is not None and sub.name == "$ref":
        message = (
            f"'{attribute.name}.$ref' belongs to the response and cannot be filtered by; use {attribute.name}.value."
        )
        raise InvalidFilterError(message, column=column)


def bind_operand(path: BoundPath, column: int, tolerance: Tolerance) -> tuple[BoundPath, Attribute]:
    """Return the path that a comparison with ``path`` compares, and the attribute at its end.

    A multi-valued complex attribute stands for its ``value``, as ``emails`` in Figure 2 of RFC 7644.

    Raises:
        InvalidFilterError: a complex attribute that needs a sub-attribute.
    """
    leaf = path.leaf
    assert leaf is not None  # every path of a filter was bound to an attribute
    if leaf.type is not AttributeType.COMPLEX:
        return path, leaf
    value = leaf.sub_attribute("value")
    if value is not None and (leaf.multi_valued or tolerance.permits(FILTER_COMPLEX_AS_VALUE)):
        _check_readable(leaf, value, column)
        return BoundPath(path.extension, leaf, value), value
    example = leaf.sub_attributes[0].name if leaf.sub_attributes else "…"
    message = f"{quoted(str(path))} is complex; compare one of its sub-attributes, such as '{path}.{example}'."
    raise InvalidFilterError(message, column=column)


def check_operator(op: CompareOp, attribute: Attribute, column: int) -> None:
    """Check that values of ``attribute`` can be compared by ``op``.

    Raises:
        InvalidFilterError: the comparison has no meaning for the type.
    """
    unordered = attribute.type in {AttributeType.BOOLEAN, AttributeType.BINARY}
    has_parts = attribute.type in {AttributeType.STRING, AttributeType.REFERENCE}
    if (op in ORDERING and unordered) or (op in SUBSTRING and not has_parts):
        others = "eq, ne and pr" if unordered else "eq, ne, gt, ge, lt, le and pr"
        message = (
            f"'{op.value}' cannot be used with {quoted(attribute.name)} of type {attribute.type.value}; {others} can."
        )
        raise InvalidFilterError(message, column=column)


def bind_value(value: CompValue, attribute: Attribute, column: int, tolerance: Tolerance) -> CompValue:
    """Return a literal as ``attribute`` compares it.

    Raises:
        InvalidFilterError: it is of another type, or not a date and time where one is due.
    """
    match attribute.type:
        case AttributeType.STRING | AttributeType.REFERENCE | AttributeType.BINARY if isinstance(value, str):
            return value
        case AttributeType.BOOLEAN:
            boolean = _boolean(value, tolerance)
            if boolean is not None:
                return boolean
        case AttributeType.INTEGER if isinstance(value, int) and not isinstance(value, bool):
            return value
        case AttributeType.DECIMAL if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        case AttributeType.DATE_TIME if isinstance(value, str):
            instant = _instant(value, tolerance)
            if instant is not None:
                return instant
        case _:
            pass
    raise InvalidFilterError(f"{quoted(attribute.name)} is compared with {_DUE[attribute.type]}.", column=column)


_DUE = {
    AttributeType.STRING: "a string in double quotes",
    AttributeType.BOOLEAN: "true or false, without quotation marks",
    AttributeType.DECIMAL: "a number",
    AttributeType.INTEGER: "a whole number without a fraction or an exponent",
    AttributeType.DATE_TIME: 'a date and a time with an offset, such as "2011-05-13T04:42:34Z" (and + written as %2B)',
    AttributeType.BINARY: "base64 in double quotes",
    AttributeType.REFERENCE: "a URI in double quotes",
    AttributeType.COMPLEX: "nothing as a whole",
}


def _boolean(value: CompValue, tolerance: Tolerance) -> bool | None:
    if isinstance(value, bool):
        return value
    word = value.lower() if isinstance(value, str) else ""
    if word in {"true", "false"} and tolerance.permits(FILTER_STRING_BOOLEAN):
        return word == "true"
    return None


_OFFSET_WITHOUT_PLUS = re.compile(r"(?P<time>\S{19,64}) (?P<offset>[0-9]{2}:[0-9]{2})\Z", re.ASCII)


def _instant(value: str, tolerance: Tolerance) -> str | None:
    if instant_key(value) is not None:
        return value
    found = _OFFSET_WITHOUT_PLUS.match(value)
    if found is None:
        return None
    repaired = f"{found['time']}+{found['offset']}"
    if instant_key(repaired) is None or not tolerance.permits(FILTER_OFFSET_WITHOUT_PLUS):
        return None
    return repaired
