"""*Schemas as data.* Decides what attributes exist and what their characteristics are (RFC 7643 §2, §6, §7).

Knows no resource, request or storage. Three ideas:

* An :class:`Attribute` carries its characteristics and, if complex, its sub-attributes.
* A :class:`ResourceType` is a base schema plus extensions. Names are looked up in it regardless of case.
* The definitions are JSON files in ``schemas/``, the very text that ``/Schemas`` serves; adding an attribute or a
  resource type means adding data.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, TypeAlias

import msgspec


class AttributeType(Enum):
    """RFC 7643 §2.3."""

    STRING = "string"
    BOOLEAN = "boolean"
    DECIMAL = "decimal"
    INTEGER = "integer"
    DATE_TIME = "dateTime"
    BINARY = "binary"
    REFERENCE = "reference"
    COMPLEX = "complex"


class Mutability(Enum):
    """RFC 7643 §7, ``mutability``."""

    READ_ONLY = "readOnly"
    READ_WRITE = "readWrite"
    IMMUTABLE = "immutable"
    WRITE_ONLY = "writeOnly"


class Returned(Enum):
    """RFC 7643 §7, ``returned``."""

    ALWAYS = "always"
    NEVER = "never"
    DEFAULT = "default"
    REQUEST = "request"


class Uniqueness(Enum):
    """RFC 7643 §7, ``uniqueness``."""

    NONE = "none"
    SERVER = "server"
    GLOBAL = "global"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute definition with its characteristics (RFC 7643 §7)."""

    name: str
    type: AttributeType
    multi_valued: bool = False
    description: str = ""
    required: bool = False
    case_exact: bool = False
    mutability: Mutability = Mutability.READ_WRITE
    returned: Returned = Returned.DEFAULT
    uniqueness: Uniqueness = Uniqueness.NONE
    canonical_values: tuple[str, ...] = ()
    reference_types: tuple[str, ...] = ()
    max_length: int | None = None
    """The longest string taken, in characters; ours, not part of RFC 7643 §7 and not served."""
    always_assigned: bool = False
    """Never without a value: a create without one gets a default, and it cannot be removed. Served as required."""
    kept_as_rows: bool = False
    """Its elements are memberships, which storage keeps as rows of their own and never in the resource's text."""
    kept_as_hash: bool = False
    """It is a secret that only its owner knows: never in the resource's text, in the history or in a log."""
    sub_attributes: tuple["Attribute", ...] = ()
    by_name: Mapping[str, "Attribute"] = field(default_factory=dict, repr=False, compare=False)
    """The sub-attributes by their lower-cased names."""
    required_names: tuple[str, ...] = field(default=(), repr=False, compare=False)
    """The names of the sub-attributes that no value is without."""

    def sub_attribute(self, name: str) -> "Attribute | None":
        """Return the sub-attribute called ``name`` in any case, or ``None``."""
        return self.by_name.get(name.lower())


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema of RFC 7643 §7: a URN and the attributes it defines."""

    id: str
    name: str
    description: str
    attributes: tuple[Attribute, ...]
    by_name: Mapping[str, Attribute] = field(default_factory=dict, repr=False, compare=False)
    """The attributes by their lower-cased names."""

    def attribute(self, name: str) -> Attribute | None:
        """Return the attribute called ``name`` in any case, or ``None``."""
        return self.by_name.get(name.lower())


@dataclass(frozen=True, slots=True)
class SchemaExtension:
    """A schema that a resource type may carry beside its own (RFC 7643 §6)."""

    schema: Schema
    required: bool = False


NamePath: TypeAlias = tuple[str, ...]
"""Names from a representation down to a value: an extension's URN, an attribute, a sub-attribute."""


@dataclass(frozen=True, slots=True)
class Visibility:
    """What answers show of a resource whatever is asked for, and what they do not (RFC 7643 §7, ``returned``)."""

    always: tuple[NamePath, ...] = ()
    """Shown also where it is not asked for; a sub-attribute with its attribute."""
    on_request: tuple[NamePath, ...] = ()
    """Shown only where it is asked for."""
    never: tuple[NamePath, ...] = ()
    is_plain: bool = True
    """Whether everything that is stored is shown where nothing in particular is asked for."""


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A kind of resource and where it is served (RFC 7643 §6)."""

    name: str
    endpoint: str
    description: str
    schema: Schema
    extensions: tuple[SchemaExtension, ...] = ()
    unique_attribute: str | None = None
    """The single-valued top-level string attribute that must be unique within a tenant; stored as a key."""
    indexed_attributes: tuple[tuple[str, str | None], ...] = ()
    """What is kept in an index beside the unique attribute: (attribute, sub-attribute) of multi-valued attributes, and
    (attribute, ``None``) of single-valued strings."""
    related_attribute: str | None = None
    """The attribute whose elements are rows: a group's ``members``, a person's ``groups``."""
    password_attribute: str | None = field(default=None, repr=False)
    """The attribute of which a hash is kept, where clients may set passwords."""
    extension_by_urn: Mapping[str, Schema] = field(default_factory=dict, repr=False, compare=False)
    """The extensions' schemas by their lower-cased URNs."""
    visibility: Visibility = field(default_factory=Visibility, repr=False, compare=False)

    def attribute(self, name: str) -> Attribute | None:
        """Return the common or base-schema attribute called ``name`` in any case, or ``None``."""
        key = name.lower()
        return self.schema.by_name.get(key) or COMMON_ATTRIBUTES.get(key)

    def extension(self, urn: str) -> Schema | None:
        """Return the extension's schema with this URN in any case, or ``None``."""
        return self.extension_by_urn.get(urn.lower())


def make_schema(id_: str, name: str, description: str, attributes: Sequence[Attribute]) -> Schema:
    """Return a :class:`Schema` with its attributes indexed."""
    return Schema(id_, name, description, tuple(attributes), _by_name(attributes))


def make_resource_type(
    name: str,
    endpoint: str,
    base: Schema,
    extensions: Sequence[SchemaExtension] = (),
    *,
    description: str = "",
    unique_attribute: str | None = None,
    indexed_attributes: tuple[tuple[str, str | None], ...] = (),
) -> ResourceType:
    """Return a :class:`ResourceType` with its extensions indexed."""
    return ResourceType(
        name=name,
        endpoint=endpoint,
        description=description,
        schema=base,
        extensions=tuple(extensions),
        unique_attribute=unique_attribute,
        indexed_attributes=indexed_attributes,
        related_attribute=next((item.name for item in base.attributes if item.kept_as_rows), None),
        password_attribute=next((item.name for item in base.attributes if item.kept_as_hash), None),
        extension_by_urn=MappingProxyType({item.schema.id.lower(): item.schema for item in extensions}),
        visibility=_visibility(base, extensions),
    )


def _visibility(base: Schema, extensions: Iterable[SchemaExtension]) -> Visibility:
    found: dict[Returned, list[NamePath]] = {returned: [] for returned in Returned}
    holders: list[tuple[NamePath, Iterable[Attribute]]] = [
        ((), (*COMMON_ATTRIBUTES.values(), *base.attributes)),
        *(((item.schema.id,), item.schema.attributes) for item in extensions),
    ]
    for above, attributes in holders:
        for attribute in (item for item in attributes if not item.kept_as_hash):
            for names, item in (
                ((*above, attribute.name), attribute),
                *(((*above, attribute.name, sub.name), sub) for sub in attribute.sub_attributes),
            ):
                found[Returned.NEVER if is_hidden(item) else item.returned].append(names)
    always, on_request, never = (tuple(found[item]) for item in (Returned.ALWAYS, Returned.REQUEST, Returned.NEVER))
    return Visibility(always, on_request, never, is_plain=not on_request and not never)


def is_hidden(attribute: Attribute) -> bool:
    """Return whether no answer shows the attribute: also where it is only write-only (RFC 7643 §7)."""
    return attribute.returned is Returned.NEVER or attribute.mutability is Mutability.WRITE_ONLY


def _by_name(attributes: Sequence[Attribute]) -> Mapping[str, Attribute]:
    return MappingProxyType({item.name.lower(): item for item in attributes})


def parse_schema(text: bytes) -> Schema:
    """Return the schema that a JSON definition in the form of RFC 7643 §8.7 describes.

    Raises:
        ValueError: a characteristic has a value that the RFC does not know, or a sub-attribute is complex.
    """
    document = msgspec.json.decode(text)
    return make_schema(
        document["id"],
        document["name"],
        document.get("description", ""),
        [_parse_attribute(item) for item in document["attributes"]],
    )


def _parse_attribute(document: Mapping[str, Any]) -> Attribute:
    # `Any`: the shape of a JSON definition; every value is turned into its typed form here, once.
    sub_attributes = tuple(_parse_attribute(item) for item in document.get("subAttributes", ()))
    if any(sub.type is AttributeType.COMPLEX for sub in sub_attributes):
        raise ValueError(f"{document['name']} has a complex sub-attribute (RFC 7643 §2.3.8)")
    return Attribute(
        document["name"],
        AttributeType(document["type"]),
        multi_valued=document.get("multiValued", False),
        description=document.get("description", ""),
        required=document.get("required", False),
        case_exact=document.get("caseExact", False),
        mutability=Mutability(document.get("mutability", "readWrite")),
        returned=Returned(document.get("returned", "default")),
        uniqueness=Uniqueness(document.get("uniqueness", "none")),
        canonical_values=tuple(document.get("canonicalValues", ())),
        reference_types=tuple(document.get("referenceTypes", ())),
        max_length=document.get("maxLength"),
        always_assigned=document.get("alwaysAssigned", False),
        kept_as_rows=document.get("storedAs") == "rows",
        kept_as_hash=document.get("storedAs") == "hash",
        sub_attributes=sub_attributes,
        by_name=_by_name(sub_attributes),
        required_names=tuple(sub.name for sub in sub_attributes if sub.required),
    )


@cache
def load_schema(name: str) -> Schema:
    """Return the schema of the file ``schemas/<name>.json`` of this package."""
    return parse_schema(resources.files(__package__).joinpath("schemas", f"{name}.json").read_bytes())


COMMON_ATTRIBUTES: Mapping[str, Attribute] = load_schema("common").by_name
"""The attributes that every resource has whatever its schema says, by lower-cased name (RFC 7643 §3.1)."""


@cache
def user_type(*, accepts_passwords: bool = False) -> ResourceType:
    """Return the resource type User with the enterprise extension (RFC 7643 §4.1, §4.3).

    ``accepts_passwords``: whether clients may set passwords, which each tenant may decide.
    """
    base = load_schema("user")
    if not accepts_passwords:
        attributes = [item for item in base.attributes if not item.kept_as_hash]
        base = make_schema(base.id, base.name, base.description, attributes)
    return make_resource_type(
        "User",
        "/Users",
        base,
        [SchemaExtension(load_schema("enterprise_user"))],
        description="User Account",
        unique_attribute="userName",
        indexed_attributes=(("emails", "value"),),
    )


@cache
def group_type(*, unique_names: bool = True) -> ResourceType:
    """Return the resource type Group (RFC 7643 §4.2).

    ``unique_names``: whether no two groups of a tenant have the same ``displayName``, which each tenant may decide.
    """
    return make_resource_type(
        "Group",
        "/Groups",
        load_schema("group") if unique_names else _without_uniqueness(load_schema("group")),
        description="Group",
        unique_attribute="displayName" if unique_names else None,
        indexed_attributes=() if unique_names else (("displayName", None),),
    )


def _without_uniqueness(base: Schema) -> Schema:
    attributes = [replace(item, uniqueness=Uniqueness.NONE) for item in base.attributes]
    return make_schema(base.id, base.name, base.description, attributes)
