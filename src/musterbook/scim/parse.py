"""*From JSON to a resource.* Decides what a POST or PUT body says (RFC 7643 §2, §3; RFC 7644 §3.3, §3.5.1).

Knows schemas, values and dialects; knows no stored resource, tenant or HTTP. Two steps:

* What was sent is sorted under the names of the schema, whatever its case and by whichever of the tolerated ways it was
  named. What no schema defines is left out and noted; what is read-only is left out (RFC 7644 §3.3).
* Each value is checked by its attribute (``scim.values``), and the whole by :func:`check_resource`.

Absence is kept: whether an absent ``active`` means true is for the directory to say, which alone knows whether the
person is new.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain

from musterbook.scim.dialects import (
    CORE_URN_OBJECT,
    EMPTY_STRINGS,
    ENTERPRISE_ALIASES,
    MISSING_SCHEMAS,
    NULL_MEMBERS,
    PASSWORD,
    PATHS_AS_NAMES,
    UNDECLARED_EXTENSION,
    UNKNOWN_SCHEMAS,
    UNREGISTERED_SCHEMAS,
    Tolerance,
)
from musterbook.scim.errors import InvalidSyntaxError, InvalidValueError
from musterbook.scim.path import BoundPath, parse_attr_path, resolve
from musterbook.scim.resource import Json, Resource
from musterbook.scim.schema import COMMON_ATTRIBUTES, Attribute, Mutability, ResourceType, Schema
from musterbook.scim.values import ignore_unknown, parse_value

ENTERPRISE_URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
EXTENSION_ALIASES: Mapping[str, str] = {
    "urn:scim:schemas:extension:enterprise:1.0": ENTERPRISE_URN,
    "urn:scim:schemas:extension:enterprise:2.0": ENTERPRISE_URN,
}
"""Lower-cased URNs under which extensions arrive from OneLogin: SCIM 1.1's own, and one that nobody registered."""

_READ_ONLY = Mutability.READ_ONLY


@dataclass(slots=True)
class _Sent:
    """What was sent, unchecked, under the names of the schema."""

    schemas: Json = None
    core: dict[str, Json] = field(default_factory=dict)
    extensions: dict[str, dict[str, Json]] = field(default_factory=dict)
    """By URN."""


def parse_resource(document: Mapping[str, Json], resource_type: ResourceType, tolerance: Tolerance) -> Resource:
    """Return the resource that a POST or PUT body describes, without ``id`` and ``meta``.

    A group holds its ``members`` as they were sent, also none, until ``scim.members`` takes them out.

    Raises:
        InvalidSyntaxError: ``schemas`` or an attribute is not one that ``tolerance`` lets pass.
        InvalidValueError: a value is of the wrong type or out of bounds, a required attribute is missing, or more
            than one element of an attribute is primary.
    """
    sent = _sort(document, resource_type, tolerance)
    _check_schemas(sent, resource_type, tolerance)
    attributes = _parse_all(
        chain(COMMON_ATTRIBUTES.values(), resource_type.schema.attributes), sent.core, "", tolerance
    )
    for extension in resource_type.extensions:
        urn = extension.schema.id
        inner = _parse_all(extension.schema.attributes, sent.extensions.get(urn, {}), f"{urn}:", tolerance)
        if inner:
            attributes[urn] = inner
    return check_resource(Resource(resource_type, attributes))


def check_resource(resource: Resource) -> Resource:
    """Return ``resource`` if what it requires is there and no attribute has two primary elements (RFC 7643 §2.4).

    Raises:
        InvalidValueError: it is not so.
    """
    resource_type = resource.resource_type
    _check_attributes(resource_type.schema, resource.attributes, "")
    for extension in resource_type.extensions:
        urn = extension.schema.id
        attributes = resource.attributes.get(urn)
        if attributes is not None:
            _check_attributes(extension.schema, attributes, f"{urn}:")
        elif extension.required:
            raise InvalidValueError(f'The extension "{urn}" is required; send it.')
    return resource


def _check_attributes(schema: Schema, attributes: Mapping[str, Json], prefix: str) -> None:
    for attribute in schema.attributes:
        value = attributes.get(attribute.name)
        if value is None:
            if attribute.required:
                raise _missing(f"{prefix}{attribute.name}")
            continue
        for sub_name in attribute.required_names:
            if any(sub_name not in element for element in (value if attribute.multi_valued else (value,))):
                raise _missing(f"{prefix}{attribute.name}.{sub_name}")
        if attribute.multi_valued and len(value) > 1 and "primary" in attribute.by_name:
            primaries = sum(element.get("primary") is True for element in value)
            if primaries > 1:
                raise InvalidValueError(f"{prefix}{attribute.name} has {primaries} primary elements; mark one.")


def _missing(path: str) -> InvalidValueError:
    return InvalidValueError(f'The attribute "{path}" is required; send it, not empty.')


def _sort(document: Mapping[str, Json], resource_type: ResourceType, tolerance: Tolerance) -> _Sent:
    """Sort what was sent under the names of the schema."""
    sent = _Sent()
    for key, raw in document.items():
        attribute = resource_type.attribute(key)
        if attribute is None:
            _sort_other(key, raw, sent, resource_type, tolerance)
        elif attribute.name == "schemas":
            sent.schemas = raw
        elif attribute.mutability is not _READ_ONLY:
            _put(sent.core, attribute.name, raw)
    return sent


def _sort_other(key: str, raw: Json, sent: _Sent, resource_type: ResourceType, tolerance: Tolerance) -> None:
    """Sort what is not a plain name of the base schema."""
    name = key.lower()
    extension = resource_type.extension(name)
    if extension is None and name in EXTENSION_ALIASES:
        extension = resource_type.extension(EXTENSION_ALIASES[name])
        if extension is not None and not tolerance.permits(ENTERPRISE_ALIASES):
            extension = None
    if extension is not None:
        _sort_extension(key, raw, extension, sent, tolerance)
    elif name == "password" and tolerance.permits(PASSWORD):
        return
    elif name == resource_type.schema.id.lower() and isinstance(raw, dict) and tolerance.permits(CORE_URN_OBJECT):
        _sort_core_object(raw, sent, resource_type, tolerance)
    else:
        path = parse_attr_path(key, resource_type) if "." in key or ":" in key else None
        bound = None if path is None else resolve(path, resource_type)
        if bound is None or not _sort_path(bound, raw, sent, tolerance):
            ignore_unknown(key, raw, tolerance)


def _sort_extension(key: str, raw: Json, extension: Schema, sent: _Sent, tolerance: Tolerance) -> None:
    if raw is None or raw == [] or (raw == "" and tolerance.permits(EMPTY_STRINGS)):
        return
    if not isinstance(raw, dict):
        raise InvalidValueError(f"{key} must be an object with the attributes of the extension.")
    target = sent.extensions.setdefault(extension.id, {})
    for name, value in raw.items():
        attribute = extension.attribute(name)
        if attribute is None:
            ignore_unknown(f"{key}:{name}", value, tolerance)
        elif attribute.mutability is not _READ_ONLY:
            _put(target, attribute.name, value)


def _sort_core_object(raw: Mapping[str, Json], sent: _Sent, resource_type: ResourceType, tolerance: Tolerance) -> None:
    for name, value in raw.items():
        attribute = resource_type.attribute(name)
        if attribute is not None:
            if attribute.mutability is not _READ_ONLY and attribute.name != "schemas":
                _put(sent.core, attribute.name, value)
        elif name.lower() != "password" or not tolerance.permits(PASSWORD):
            ignore_unknown(f"{resource_type.schema.id}:{name}", value, tolerance)


def _sort_path(bound: BoundPath, raw: Json, sent: _Sent, tolerance: Tolerance) -> bool:
    """Sort what a path names, if it is one attribute or a part of one that is not multi-valued."""
    attribute, sub = bound.attribute, bound.sub_attribute
    if attribute is None or (sub is not None and attribute.multi_valued):
        return False
    if not tolerance.permits(PATHS_AS_NAMES):
        return False
    if _READ_ONLY in (attribute.mutability, sub.mutability if sub else None) or attribute.name == "schemas":
        return True
    target = sent.core if bound.extension is None else sent.extensions.setdefault(bound.extension.id, {})
    _put(target, attribute.name, raw if sub is None else {sub.name: raw})
    return True


def _put(target: dict[str, Json], name: str, raw: Json, prefix: str = "") -> None:
    """Keep what was sent for ``name``; what came for it by another way of naming is joined to it.

    ``prefix`` is what an error says before the name.

    Raises:
        InvalidSyntaxError: the same attribute has two values.
    """
    present = target.get(name)
    if isinstance(present, dict) and isinstance(raw, dict):
        joined = dict(present)
        for sub, value in raw.items():
            _put(joined, sub, value, f"{prefix}{name}.")
        target[name] = joined
    elif present is None or present == raw:
        target[name] = raw
    elif raw is not None:
        raise InvalidSyntaxError(f"{prefix}{name} is sent twice, with different values; send it once.")


def _check_schemas(sent: _Sent, resource_type: ResourceType, tolerance: Tolerance) -> None:
    """Check what ``schemas`` names (RFC 7643 §3). Its order and repetitions have no meaning."""
    listed = sent.schemas if isinstance(sent.schemas, list) else []
    urns = {item.lower() for item in listed if isinstance(item, str)}
    base = resource_type.schema.id
    declared = {EXTENSION_ALIASES.get(urn, urn).lower() for urn in urns}
    if base.lower() not in urns:
        if not tolerance.permits(UNREGISTERED_SCHEMAS if urns else MISSING_SCHEMAS):
            raise InvalidSyntaxError(f'"schemas" must be an array that names "{base}".')
    else:
        unknown = urns - resource_type.extension_by_urn.keys() - {base.lower()}
        if unknown and not tolerance.permits(UNKNOWN_SCHEMAS):
            raise InvalidSyntaxError(f'"schemas" names {min(unknown)[:200]!r}, which this server does not have.')
    for urn, attributes in sent.extensions.items():
        if attributes and urn.lower() not in declared and not tolerance.permits(UNDECLARED_EXTENSION):
            raise InvalidSyntaxError(f'"schemas" must name "{urn}", whose attributes are sent.')


def _parse_all(
    definitions: Iterable[Attribute], sent: Mapping[str, Json], prefix: str, tolerance: Tolerance
) -> dict[str, Json]:
    """Parse what was sent, in the order of the schema; leave out what is unassigned."""
    parsed: dict[str, Json] = {}
    for attribute in definitions:
        name = attribute.name
        if name in sent:
            value = parse_value(attribute, sent[name], f"{prefix}{name}", tolerance)
            if value is not None:
                parsed[name] = value
            elif attribute.kept_as_rows and not (_is_null(sent[name]) and tolerance.permits(NULL_MEMBERS)):
                # Of other attributes, absence and [] are one state; here one leaves all members, the other none.
                parsed[name] = []
    return parsed


def _is_null(raw: Json) -> bool:
    return raw is None or raw == ""
