"""*One value.* Decides whether a JSON value is one that an attribute may hold (RFC 7643 §2.3, §2.4, §2.5).

Knows schemas and dialects; knows no whole resource, request or tenant, and does not look at whether the attribute
itself may be written. Three ideas:

* What is returned is checked and in one form: names in the schema's spelling and order, no ``null``, ``[]`` or ``{}``
  inside, times in UTC. Parsing it again gives the same.
* ``None`` means unassigned: ``null``, ``[]`` and an object with nothing in it are one state (RFC 7643 §2.5).
* An error names the path of the value and what is due. It never repeats the value, which may be long or private.
  Elements are counted from 0: ``emails[1].value``.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from musterbook.scim.dialects import (
    BARE_ELEMENTS,
    EMPTY_ELEMENTS,
    EMPTY_STRINGS,
    MANAGER_AS_STRING,
    MANAGER_ID,
    MANAGER_IN_ARRAY,
    SINGLE_ELEMENT,
    STRING_BOOLEANS,
    SURROUNDING_SPACES,
    UNKNOWN_ATTRIBUTES,
    UNLISTED_CANONICAL_VALUES,
    Tolerance,
)
from musterbook.scim.errors import InvalidSyntaxError, InvalidValueError
from musterbook.scim.match import comparison_key
from musterbook.scim.resource import Json
from musterbook.scim.schema import Attribute, AttributeType, Mutability

TRIMMED_ATTRIBUTES = frozenset(
    {
        "userName",
        "displayName",
        "nickName",
        "formatted",
        "familyName",
        "givenName",
        "middleName",
        "honorificPrefix",
        "honorificSuffix",
    }
)
"""What a person is called by (and ``formatted`` in an address). Other strings come back exactly as they were sent, as
Entra ID expects."""

MAX_INTEGER = 2**63 - 1
MIN_INTEGER = -(2**63)

# Looking a member up in its enum takes as long in Python 3.11 as checking a short string.
_COMPLEX = AttributeType.COMPLEX
_STRING = AttributeType.STRING
_READ_ONLY = Mutability.READ_ONLY

HOLLOW_SUB_ATTRIBUTES = frozenset({"type", "primary"})
"""What may be left of an element whose value is empty."""


def parse_value(attribute: Attribute, value: Json, path: str, tolerance: Tolerance) -> Json | None:
    """Return ``value`` as ``attribute`` holds it, a list if it is multi-valued, or ``None`` for unassigned.

    Raises:
        InvalidValueError: a value is of the wrong type or out of bounds.
        InvalidSyntaxError: a sub-attribute is unknown, and ``tolerance`` does not let it be ignored.
    """
    if value is None:
        return None
    if not attribute.multi_valued:
        return parse_element(attribute, value, path, tolerance)
    if not isinstance(value, list):
        if value == "" and tolerance.permits(EMPTY_STRINGS):
            return None
        if not isinstance(value, dict | str) or not tolerance.permits(SINGLE_ELEMENT):
            raise _wrong_type(path, "an array", value)
        value, paths = [value], [path]
    elif attribute.kept_as_rows:
        return _parse_memberships(attribute, value, path, tolerance)
    else:
        paths = [f"{path}[{index}]" for index in range(len(value))]
    parsed = (parse_element(attribute, item, where, tolerance) for item, where in zip(value, paths, strict=True))
    elements = [item for item in parsed if item is not None]
    if attribute.kept_as_rows:
        return _parse_memberships(attribute, elements, path, tolerance)
    if len(elements) > 1:
        elements = without_repetitions(attribute, elements)
    return elements or None


def parse_element(attribute: Attribute, value: Json, path: str, tolerance: Tolerance) -> Json | None:
    """Return one element of a multi-valued attribute, or the value of a single-valued one, as ``parse_value`` does.

    Raises:
        InvalidValueError: a value is of the wrong type or out of bounds.
        InvalidSyntaxError: a sub-attribute is unknown, and ``tolerance`` does not let it be ignored.
    """
    if value is None or (value == [] and not attribute.multi_valued):
        return None
    if attribute.type is _COMPLEX:
        return _parse_complex(attribute, value, path, tolerance)
    if attribute.type is _STRING:
        return _parse_string(attribute, value, path, tolerance)
    if isinstance(value, str) and not value.strip() and not attribute.required and tolerance.permits(EMPTY_STRINGS):
        return None
    return _PARSERS[attribute.type](value, path, tolerance)


def _parse_memberships(attribute: Attribute, sent: list[Json], path: str, tolerance: Tolerance) -> list[Json] | None:
    """Return the members that a client lists, each with its id and perhaps a name, and each once.

    What type of resource a member is, and where it is, follows from its id; what a client says of it is left out.
    The commonest forms are read without a look at the schema, for a group may come with a hundred thousand members.
    """
    kept: dict[str, dict[str, Json]] = {}
    for index, item in enumerate(sent):
        if isinstance(item, str) and not _is_blank(item) and tolerance.permits(BARE_ELEMENTS):
            element: Json = {"value": item}
        elif isinstance(item, dict) and _is_plain_membership(item):
            element = item
        else:
            element = parse_element(attribute, item, f"{path}[{index}]", tolerance)
        if element is None:
            continue
        value, display = element.get("value"), element.get("display")
        if value is None:
            raise InvalidValueError(f"{path}[{index}].value is missing; it is the id of the member.")
        first = kept.setdefault(comparison_key(value), {"value": value})
        if display is not None:
            first.setdefault("display", display)
    return list(kept.values()) or None


def _is_plain_membership(item: Mapping[str, Json]) -> bool:
    value = item.get("value")
    if not isinstance(value, str) or _is_blank(value):
        return False
    if len(item) == 1:
        return True
    display, reference = item.get("display"), item.get("$ref")
    return (
        (display is None or (isinstance(display, str) and not _is_blank(display)))
        and (reference is None or isinstance(reference, str))
        and item.get("type") in _PLAIN_MEMBER_TYPES
        and item.keys() <= _MEMBERSHIP
    )


def _is_blank(text: str) -> bool:
    return not text or text.isspace()


_MEMBERSHIP = frozenset({"value", "$ref", "type", "display"})
_PLAIN_MEMBER_TYPES = (None, "User", "Group")


def without_repetitions(attribute: Attribute, elements: list[Json]) -> list[Json]:
    """Return the elements with each (type, value) pair once (RFC 7643 §2.4); its first element takes in the others."""
    kept: dict[object, Json] = {}
    for position, element in enumerate(elements):
        identity: object = (position,)
        if attribute.type is not _COMPLEX:
            identity = element
        elif "value" in element:
            identity = (_sub_key(attribute, element, "type"), _sub_key(attribute, element, "value"))
        first = kept.get(identity)
        if first is None:
            kept[identity] = element
        elif first is not element and attribute.type is _COMPLEX:
            kept[identity] = _merge_elements(attribute, first, element)
    return list(kept.values())


def _sub_key(attribute: Attribute, element: Mapping[str, Json], name: str) -> Json:
    value = element.get(name)
    sub = attribute.by_name.get(name)
    return comparison_key(value) if isinstance(value, str) and sub is not None and not sub.case_exact else value


def _merge_elements(attribute: Attribute, first: dict[str, Json], later: dict[str, Json]) -> dict[str, Json]:
    merged = {**later, **first}
    if later.get("primary") is True:
        merged["primary"] = True
    return {sub.name: merged[sub.name] for sub in attribute.sub_attributes if sub.name in merged}


def _parse_complex(attribute: Attribute, value: Json, path: str, tolerance: Tolerance) -> dict[str, Json] | None:
    if not isinstance(value, dict):
        value = _as_object(attribute, value, path, tolerance)
        if value is None:
            return None
    sent = _sent_sub_attributes(attribute, value, path, tolerance)
    parsed: dict[str, Json] = {}
    for sub in attribute.sub_attributes:
        raw = sent.get(sub.name)
        if raw is not None:
            item = parse_value(sub, raw, f"{path}.{sub.name}", tolerance)
            if item is not None:
                parsed[sub.name] = item
    is_hollow = attribute.multi_valued and "value" in sent and parsed.keys() <= HOLLOW_SUB_ATTRIBUTES
    if is_hollow and parsed and tolerance.permits(EMPTY_ELEMENTS):
        return None
    return parsed or None


def _as_object(attribute: Attribute, value: Json, path: str, tolerance: Tolerance) -> dict[str, Json] | None:
    """Return the object that another kind of value stands for in some dialect."""
    if isinstance(value, str):
        if not value.strip() and tolerance.permits(EMPTY_STRINGS):
            return None
        if "value" in attribute.by_name:
            if attribute.multi_valued and tolerance.permits(BARE_ELEMENTS):
                return {"value": value}
            if attribute.name == "manager" and tolerance.permits(MANAGER_AS_STRING):
                return {"value": value}
    is_one_in_array = isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict)
    if is_one_in_array and attribute.name == "manager" and tolerance.permits(MANAGER_IN_ARRAY):
        element: dict[str, Json] = value[0]
        return element
    raise _wrong_type(path, "an object", value)


def _sent_sub_attributes(
    attribute: Attribute, value: Mapping[str, Json], path: str, tolerance: Tolerance
) -> dict[str, Json]:
    """Return what was sent for each sub-attribute that may be written, under the schema's spelling."""
    sent: dict[str, Json] = {}
    by_name = attribute.by_name
    manager_id: Json = None
    for key, raw in value.items():
        name = key.lower()
        sub = by_name.get(name)
        if sub is not None:
            if sub.mutability is _READ_ONLY:
                continue
            if sent.setdefault(sub.name, raw) != raw:
                raise InvalidSyntaxError(f"{path}.{sub.name} is sent twice, with different values; send it once.")
        elif name == "managerid" and attribute.name == "manager" and tolerance.permits(MANAGER_ID):
            manager_id = raw
        else:
            ignore_unknown(f"{path}.{key}", raw, tolerance)
    if manager_id is not None and sent.get("value") is None:
        sent["value"] = manager_id
    return sent


def ignore_unknown(path: str, value: Json, tolerance: Tolerance) -> None:
    """Leave out the attribute at ``path``, which no schema defines; note it, unless it is ``null`` and so says nothing.

    Raises:
        InvalidSyntaxError: ``tolerance`` does not let unknown attributes be ignored.
    """
    if not tolerance.permits(UNKNOWN_ATTRIBUTES):
        raise InvalidSyntaxError(f"{path[:_MAX_QUOTED_PATH]} is not an attribute that this server knows; leave it out.")
    if value is not None:
        tolerance.ignore(path)


_MAX_QUOTED_PATH = 200
"""How much of a name that the client chose is repeated to it."""


def _parse_string(attribute: Attribute, value: Json, path: str, tolerance: Tolerance) -> str | None:
    if not isinstance(value, str):
        raise _wrong_type(path, "a string", value)
    text = value
    if attribute.name in TRIMMED_ATTRIBUTES:
        trimmed = text.strip()
        if trimmed != text and tolerance.permits(SURROUNDING_SPACES):
            text = trimmed
    if not text or text.isspace():
        if attribute.required:
            raise InvalidValueError(f"{path} must not be blank.")
        if tolerance.permits(EMPTY_STRINGS):
            return None
    if attribute.max_length is not None and len(text) > attribute.max_length:
        raise InvalidValueError(f"{path} has {len(text)} characters; at most {attribute.max_length} are allowed.")
    listed = attribute.canonical_values
    if listed and text not in listed:
        key = text.lower()
        is_listed = any(key == item.lower() for item in listed)
        if not is_listed and not tolerance.permits(UNLISTED_CANONICAL_VALUES):
            raise InvalidValueError(f"{path} must be one of: {', '.join(listed)}.")
    return text


def _parse_boolean(value: Json, path: str, tolerance: Tolerance) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        word = value.strip().lower()
        if word in {"true", "false"} and tolerance.permits(STRING_BOOLEANS):
            return word == "true"
    raise _wrong_type(path, "true or false, without quotation marks", value)


def _parse_integer(value: Json, path: str, _tolerance: Tolerance) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong_type(path, "a whole number without a fraction or an exponent", value)
    if not MIN_INTEGER <= value <= MAX_INTEGER:
        raise InvalidValueError(f"{path} must fit into 64 bits.")
    return value


def _parse_decimal(value: Json, path: str, tolerance: Tolerance) -> int | float:
    if isinstance(value, float):
        return value
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong_type(path, "a number", value)
    return _parse_integer(value, path, tolerance)


_DATE_TIME = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)T(?P<hour>\d\d):(?P<minute_second>\d\d:\d\d)(?P<fraction>\.\d{1,32})?"
    r"(?P<zone>Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)?\Z",
    re.ASCII,
)
"""``xsd:dateTime`` for the years 0001 to 9999."""


def _parse_date_time(value: Json, path: str, _tolerance: Tolerance) -> str:
    """Return the time in UTC with the fraction as sent; a time without a zone is taken as UTC.

    RFC 7643 §2.3.5 asks for ``xsd:dateTime`` with date and time. Its 24:00:00 is the next day's first instant.
    """
    found = _DATE_TIME.match(value) if isinstance(value, str) else None
    if found is None:
        raise _not_a_time(path)
    date, hour, minute_second, fraction, zone = found.group("date", "hour", "minute_second", "fraction", "zone")
    is_midnight = hour == "24" and minute_second == "00:00" and not (fraction or "").strip(".0")
    clock = "00:00:00" if is_midnight else f"{hour}:{minute_second}"
    try:
        instant = datetime.fromisoformat(f"{date}T{clock}{'+00:00' if zone in (None, 'Z') else zone}")
        if is_midnight:
            instant += timedelta(days=1)
        utc = instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _not_a_time(path) from None
    return f"{utc.replace(tzinfo=None).isoformat(timespec='seconds')}{fraction or ''}Z"


def _not_a_time(path: str) -> InvalidValueError:
    return InvalidValueError(f"{path} must be a date and a time such as 2011-05-13T04:42:34Z.")


def _parse_binary(value: Json, path: str, _tolerance: Tolerance) -> str:
    if not isinstance(value, str):
        raise _wrong_type(path, "a string of base64", value)
    try:
        # RFC 7643 §2.3.6 lets the padding be left out; the decoder wants it.
        base64.b64decode(value.rstrip("=") + "=" * (-len(value.rstrip("=")) % 4), validate=True)
    except (ValueError, binascii.Error):
        raise InvalidValueError(f"{path} must be base64 as in RFC 4648 §4, without line breaks.") from None
    return value


def _parse_reference(value: Json, path: str, _tolerance: Tolerance) -> str:
    # Any string: clients send placeholders for a profileUrl, and nothing here follows a reference.
    if not isinstance(value, str):
        raise _wrong_type(path, "a string with a URI", value)
    return value


_PARSERS: Mapping[AttributeType, Callable[[Json, str, Tolerance], Json]] = {
    AttributeType.BOOLEAN: _parse_boolean,
    AttributeType.INTEGER: _parse_integer,
    AttributeType.DECIMAL: _parse_decimal,
    AttributeType.DATE_TIME: _parse_date_time,
    AttributeType.BINARY: _parse_binary,
    AttributeType.REFERENCE: _parse_reference,
}


def _wrong_type(path: str, due: str, value: Json) -> InvalidValueError:
    return InvalidValueError(f"{path} must be {due}, not {_json_type(value)}.")


def _json_type(value: Json) -> str:
    match value:
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"
