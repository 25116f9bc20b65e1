"""*Attribute notation.* Decides which attribute a name such as ``name.familyName`` means (RFC 7644 §3.10).

Knows schemas; knows no resource, filter or request. Two ideas: an :class:`AttrPath` is what somebody wrote, with the
column for error messages; a :class:`BoundPath` is what it means in one resource type. A schema's URN holds full
stops (``core:2.0``), so a URN is recognised by the schemas that exist, never by splitting at the first stop.
"""

import re
from dataclasses import dataclass

from musterbook.scim.schema import Attribute, ResourceType, Schema

ATTRIBUTE_NAME = re.compile(r"\$?[A-Za-z][A-Za-z0-9_$-]{0,127}\Z")
"""RFC 7643 §2.1 ``ATTRNAME``, with the leading ``$`` of the RFC's own ``$ref``; the length is bounded by us."""


@dataclass(frozen=True, slots=True)
class AttrPath:
    """``[URI ":"] ATTRNAME ["." subAttr]`` as written (RFC 7644 §3.10)."""

    urn: str | None
    name: str | None
    """``None`` where the path is a schema extension's URN alone."""
    sub: str | None = None
    column: int = 1
    """Where it starts in the text that it comes from, from 1."""

    def __str__(self) -> str:
        """Render the path as it is written."""
        name = self.name or ""
        if self.urn is not None:
            name = f"{self.urn}:{name}" if name else self.urn
        return f"{name}.{self.sub}" if self.sub is not None else name


@dataclass(frozen=True, slots=True)
class BoundPath:
    """What an :class:`AttrPath` means in one resource type."""

    extension: Schema | None
    """The extension that the attribute belongs to; ``None`` for the base schema and the common attributes."""
    attribute: Attribute | None
    """``None`` where the path means the whole extension."""
    sub_attribute: Attribute | None = None

    @property
    def leaf(self) -> Attribute | None:
        """The attribute at the end of the path; ``None`` for a whole extension."""
        return self.sub_attribute or self.attribute

    def __str__(self) -> str:
        """Render the path with the names as the schema spells them."""
        names = [item.name for item in (self.attribute, self.sub_attribute) if item is not None]
        dotted = ".".join(names)
        if self.extension is None:
            return dotted
        return f"{self.extension.id}:{dotted}" if dotted else self.extension.id


def parse_attr_path(text: str, resource_type: ResourceType, *, column: int = 1) -> AttrPath | None:
    """Return the path that ``text`` writes, or ``None`` if it is not an attribute path.

    ``resource_type`` is asked only which URNs exist; unknown names are not an error here (see :func:`resolve`).
    """
    urn, rest = _split_urn(text, resource_type)
    if rest is None:
        return AttrPath(urn, None, None, column)
    name, dot, sub = rest.partition(".")
    if not ATTRIBUTE_NAME.match(name) or (dot and not ATTRIBUTE_NAME.match(sub)):
        return None
    return AttrPath(urn, name, sub if dot else None, column)


def _split_urn(text: str, resource_type: ResourceType) -> tuple[str | None, str | None]:
    """Return the URN and what follows its colon: ``None`` instead of either where there is none.

    Where one known URN begins another, the longer one is meant.
    """
    # Lower case may change the length of text that is not ASCII, and no URN holds any.
    if text[:4].lower() != "urn:" or not text.isascii():
        return None, text
    lowered = text.lower()
    known = (resource_type.schema.id.lower(), *resource_type.extension_by_urn)
    if lowered in known:
        return text, None
    length = max((len(urn) for urn in known if lowered.startswith(f"{urn}:")), default=text.rindex(":"))
    return text[:length], text[length + 1 :]


def resolve(path: AttrPath, resource_type: ResourceType) -> BoundPath | None:
    """Return what ``path`` means in ``resource_type``, or ``None`` if it names nothing there.

    URN, name and sub-attribute are compared regardless of case (RFC 7644 §3.10).
    """
    extension: Schema | None = None
    if path.urn is not None and path.urn.lower() != resource_type.schema.id.lower():
        extension = resource_type.extension(path.urn)
        if extension is None:
            return None
    if path.name is None:
        return BoundPath(extension, None) if extension is not None else None
    found = extension.attribute(path.name) if extension is not None else resource_type.attribute(path.name)
    if found is None:
        return None
    if path.sub is None:
        return BoundPath(extension, found)
    sub = found.sub_attribute(path.sub)
    return None if sub is None else BoundPath(extension, found, sub)
