"""*PATCH paths.* Decides what the ``path`` of an operation points at (RFC 7644 §3.5.2, Figure 7).

Knows one resource type; knows no operation, value or resource. A path that is malformed is an error here; a path that
is well-formed and names nothing is not: what then happens differs between a path and a key that serves as one.
"""

from dataclasses import dataclass

from musterbook.scim.dialects import CORE_URN_OBJECT, ENTERPRISE_ALIASES, PATHS_AS_NAMES, Profile, Tolerance
from musterbook.scim.errors import InvalidPathError
from musterbook.scim.filter import Filter
from musterbook.scim.filter_parser import parse_value_filter
from musterbook.scim.parse import EXTENSION_ALIASES
from musterbook.scim.patch_dialects import FILTERED_SINGLE_VALUES, UNQUALIFIED_EXTENSION_PATHS, VALUE_PATHS_AS_KEYS
from musterbook.scim.path import ATTRIBUTE_NAME, AttrPath, BoundPath, parse_attr_path, resolve
from musterbook.scim.schema import AttributeType, ResourceType


@dataclass(frozen=True, slots=True)
class Target:
    """What a path points at."""

    path: BoundPath
    """``path.attribute`` is ``None`` for a whole extension; ``path.extension`` too for the resource itself."""
    filter: Filter | None = None
    """Selects elements of ``path.attribute``; ``path.sub_attribute`` is one of theirs."""


RESOURCE_ITSELF = BoundPath(None, None)


def parse_path(text: str, resource_type: ResourceType, tolerance: Tolerance) -> Target | None:
    """Return what ``text`` points at, or ``None`` if it names an attribute that does not exist.

    Grammar::

        PATH      = attrPath / valuePath [subAttr]
        valuePath = attrPath "[" valFilter "]"

    Raises:
        InvalidPathError: the path does not have this form, or its filter stands where there is nothing to select.
        InvalidFilterError: the filter cannot be parsed.
    """
    attribute = resource_type.attribute(text)
    if attribute is not None:  # the commonest path by far, a plain name, needs no parsing
        return Target(BoundPath(None, attribute))
    text = _without_alias(text, tolerance)
    bracket = text.find("[")
    if bracket >= 0:
        return _parse_value_path(text, bracket, resource_type, tolerance)
    path = _resolve(_attr_path(text, text, resource_type), resource_type, tolerance)
    return None if path is None else Target(path)


def parse_key(key: str, container: BoundPath, resource_type: ResourceType, tolerance: Tolerance) -> Target | None:
    """Return what a key of an object in place of ``container`` names: an attribute, a schema, or what a path would.

    ``container`` is an extension or ``RESOURCE_ITSELF``.

    Raises:
        InvalidPathError: the key looks like a path with a filter, and is none.
        InvalidFilterError: its filter cannot be parsed.
    """
    extension = container.extension
    attribute = resource_type.attribute(key) if extension is None else extension.attribute(key)
    if attribute is not None:
        return Target(BoundPath(extension, attribute))
    text = _without_alias(key, tolerance) if extension is None else f"{extension.id}:{key}"
    if "[" in text:
        return parse_path(text, resource_type, tolerance) if tolerance.permits(VALUE_PATHS_AS_KEYS) else None
    written = parse_attr_path(text, resource_type)
    path = None if written is None else _resolve(written, resource_type, tolerance)
    if path is None or (path.sub_attribute is not None and not tolerance.permits(PATHS_AS_NAMES)):
        return None
    return Target(path)


def _without_alias(text: str, tolerance: Tolerance) -> str:
    """Return the path with the extension's own URN where it has one of those that OneLogin knows it by."""
    lowered = text[:_ALIAS_LENGTH].lower()
    for alias, urn in EXTENSION_ALIASES.items():
        if lowered.startswith(alias) and text[len(alias) :][:1] in ("", ":") and tolerance.permits(ENTERPRISE_ALIASES):
            return urn + text[len(alias) :]
    return text


_ALIAS_LENGTH = max(len(alias) for alias in EXTENSION_ALIASES)


def _parse_value_path(text: str, bracket: int, resource_type: ResourceType, tolerance: Tolerance) -> Target | None:
    if "]" not in text[bracket:]:
        raise _malformed(text, "its filter has no closing bracket")
    path = _resolve(_attr_path(text[:bracket], text, resource_type), resource_type, tolerance)
    if path is None:
        return None
    attribute = path.attribute
    if attribute is None or path.sub_attribute is not None or attribute.type is not AttributeType.COMPLEX:
        raise _malformed(text, "a filter can only follow an attribute with sub-attributes")
    if not attribute.multi_valued and not tolerance.permits(FILTERED_SINGLE_VALUES):
        raise _malformed(text, f"{attribute.name} has one value, so there is nothing to select")
    selection, end = parse_value_filter(text, path, tolerance, start=bracket + 1)
    tail = text[end:]
    if not tail:
        if tolerance.profile is Profile.INTEROP_STRICT:
            raise _malformed(text, "the interoperability profile wants a sub-attribute after the filter")
        return Target(path, selection)
    if tail[0] != "." or not ATTRIBUTE_NAME.match(tail, 1):
        raise _malformed(text, "only a sub-attribute can follow the filter")
    sub = attribute.sub_attribute(tail[1:])
    return None if sub is None else Target(BoundPath(path.extension, attribute, sub), selection)


def _attr_path(text: str, whole: str, resource_type: ResourceType) -> AttrPath:
    path = parse_attr_path(text, resource_type)
    if path is None:
        raise _malformed(whole, "an attribute path such as name.familyName is due")
    return path


def _malformed(text: str, reason: str) -> InvalidPathError:
    return InvalidPathError(f"The path {shown(text)!r} is malformed: {reason}.")


def shown(text: str) -> str:
    """Return a path as errors and logs show it: shortened, and without its filter, which holds somebody's values."""
    head, bracket, rest = text.partition("[")
    if bracket:
        _, end, tail = rest.rpartition("]")
        head = f"{head[:_MAX_SHOWN]}[…]{tail}" if end else f"{head[:_MAX_SHOWN]}[…"
    return head[:_MAX_SHOWN]


_MAX_SHOWN = 200


def _resolve(path: AttrPath, resource_type: ResourceType, tolerance: Tolerance) -> BoundPath | None:
    bound = resolve(path, resource_type)
    if bound is not None:
        return bound
    if path.name is None:
        is_base = path.urn is not None and path.urn.lower() == resource_type.schema.id.lower()
        return RESOURCE_ITSELF if is_base and tolerance.permits(CORE_URN_OBJECT) else None
    if path.urn is not None or resource_type.attribute(path.name) is not None:
        return None
    found = [item.schema.id for item in resource_type.extensions if item.schema.attribute(path.name) is not None]
    if len(found) != 1 or not tolerance.permits(UNQUALIFIED_EXTENSION_PATHS):
        return None
    return resolve(AttrPath(found[0], path.name, path.sub), resource_type)
