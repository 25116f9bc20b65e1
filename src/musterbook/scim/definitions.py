"""*Definitions from outside.* Decides whether schemas and resource types that an operator wrote can be served.

Knows the form of RFC 7643 §6 and §7; knows no file, request or resource. Three ideas:

* What is defined is used: a schema is the base of a resource type, or extends one. A resource type document with the
  name of one that is built in, such as User, adds its extensions to it.
* What is not kept is not promised: a characteristic that the engine cannot honour is refused, not ignored.
* All that is wrong is said at once, each with the document and the attribute that it is about.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from musterbook.scim.definition_checks import schema_problems
from musterbook.scim.path import ATTRIBUTE_NAME
from musterbook.scim.resource import Json
from musterbook.scim.schema import (
    COMMON_ATTRIBUTES,
    ResourceType,
    Schema,
    SchemaExtension,
    Uniqueness,
    group_type,
    make_resource_type,
    parse_schema,
    user_type,
)

_RESERVED_ENDPOINTS: Final = frozenset({"schemas", "resourcetypes", "serviceproviderconfig", "me", "bulk", ".search"})
_RESERVED_NAMES: Final = frozenset({"schema", "resourcetype", "serviceproviderconfig"})
"""What the resources of discovery have as ``meta.resourceType``."""
_PROTOCOL_URN: Final = "urn:ietf:params:scim:api:"


class DefinitionError(Exception):
    """Definitions that cannot be served."""

    def __init__(self, problems: Sequence[str]) -> None:
        """Keep all ``problems``, each a sentence that says where it is."""
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Definitions:
    """What a server serves beside what is built in."""

    extensions: Mapping[str, tuple[SchemaExtension, ...]]
    """What is added to the resource types that are built in, by their names."""
    added_types: tuple[ResourceType, ...] = ()

    def resource_types(
        self, *, accepts_passwords: bool = False, unique_group_names: bool = True
    ) -> tuple[ResourceType, ...]:
        """Return all resource types, as the tenant has them whose switches are given."""
        built_in = (user_type(accepts_passwords=accepts_passwords), group_type(unique_names=unique_group_names))
        return (*(_extended(item, self.extensions.get(item.name, ())) for item in built_in), *self.added_types)


NO_DEFINITIONS: Final = Definitions({})
"""What is built in, and nothing else."""


def _extended(resource_type: ResourceType, extensions: Sequence[SchemaExtension]) -> ResourceType:
    if not extensions:
        return resource_type
    return _from_outside(
        make_resource_type(
            resource_type.name,
            resource_type.endpoint,
            resource_type.schema,
            (*resource_type.extensions, *extensions),
            description=resource_type.description,
            unique_attribute=resource_type.unique_attribute,
            indexed_attributes=resource_type.indexed_attributes,
        )
    )


def _from_outside(resource_type: ResourceType) -> ResourceType:
    """Return a type whose resources may hold attributes that were taken out of a schema since: not all is shown."""
    return replace(resource_type, visibility=replace(resource_type.visibility, is_plain=False))


def load_definitions(documents: Mapping[str, bytes], reserved_names: Collection[str] = ()) -> Definitions:
    """Return what JSON documents define, by the names under which errors show them, such as file names.

    A document holds a Schema, a ResourceType, an array of these, or the ListResponse in which servers show them. No
    resource type may have one of the ``reserved_names``: resources that are not served are kept under them.

    Raises:
        DefinitionError: with everything that is wrong.
    """
    loading = _Loading(reserved_names)
    for source, text in documents.items():
        try:
            document = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            loading.problems.append(f"{source} is not JSON in UTF-8.")
            continue
        for item in _items(document):
            loading.sort(source, item)
    definitions = loading.link()
    if loading.problems:
        raise DefinitionError(loading.problems)
    return definitions


def _items(document: Json) -> Iterator[Json]:
    inner = document.get("Resources") if isinstance(document, dict) else document
    if isinstance(inner, list):
        yield from inner
    else:
        yield document


class _Loading:
    """Definitions on their way: the schemas first, then what uses them."""

    def __init__(self, reserved_names: Collection[str]) -> None:
        self.problems: list[str] = []
        self._reserved = _RESERVED_NAMES.union(name.lower() for name in reserved_names)
        self._schemas: dict[str, Schema] = {}
        self._types: list[tuple[str, Mapping[str, Json]]] = []
        self._used: set[str] = set()
        built_in = (user_type(), group_type())
        self._built_in = {item.name.lower(): item for item in built_in}
        self._core = {item.schema.id.lower() for item in built_in}
        self._known = {
            extension.schema.id.lower(): extension.schema for item in built_in for extension in item.extensions
        }

    def sort(self, source: str, item: Json) -> None:
        """Take one definition: a schema at once, a resource type when all schemas are there."""
        if isinstance(item, dict) and "attributes" in item:
            self._add_schema(source, item)
        elif isinstance(item, dict) and "endpoint" in item:
            self._types.append((source, item))
        else:
            self.problems.append(
                f'{source} holds neither a Schema, which has "attributes", nor a ResourceType, which has "endpoint".'
            )

    def _add_schema(self, source: str, document: dict[str, Json]) -> None:
        urn = document.get("id")
        if not isinstance(urn, str) or not urn.isascii() or not urn.lower().startswith("urn:") or " " in urn:
            self.problems.append(f'{source}: the "id" of a schema is a URN, such as "urn:example:schemas:Badge".')
            return
        where = f"{source}: schema {urn}"
        key = urn.lower()
        if key.startswith(_PROTOCOL_URN):
            self.problems.append(f"{where}: URNs that begin with {_PROTOCOL_URN} name messages, not schemas.")
        if key in self._schemas or key in self._core or key in self._known:
            self.problems.append(f"{where} is defined already.")
            return
        found = list(schema_problems(where, document))
        self.problems += found
        if not found:
            document.setdefault("name", urn.rpartition(":")[2])
            self._schemas[key] = parse_schema(msgspec.json.encode(document))

    def link(self) -> Definitions:
        """Return the resource types, whose schemas are all there by now."""
        extensions: dict[str, tuple[SchemaExtension, ...]] = {}
        added: list[ResourceType] = []
        for source, document in self._types:
            name = document.get("name")
            if not isinstance(name, str) or not ATTRIBUTE_NAME.match(name):
                self.problems.append(f'{source}: the "name" of a resource type is a word, such as "Badge".')
                continue
            where = f"{source}: resource type {name}"
            if name.lower() in self._reserved:
                self.problems.append(f"{where}: the name is taken.")
                continue
            built_in = self._built_in.get(name.lower())
            if built_in is not None:
                self.problems += _built_in_problems(where, document, built_in)
                extensions[built_in.name] = (
                    *extensions.get(built_in.name, ()),
                    *self._extensions(where, document, built_in),
                )
            else:
                self._check_place(where, document, added)
                made = self._make_type(where, name, document)
                added += [made] if made is not None else []
        self.problems += [
            f"Schema {schema.id} is used by no resource type; name it as the schema or as an extension of one."
            for urn, schema in self._schemas.items()
            if urn not in self._used
        ]
        return Definitions(extensions, tuple(added))

    def _check_place(self, where: str, document: Mapping[str, Json], added: Iterable[ResourceType]) -> None:
        endpoint = document["endpoint"]
        is_path = isinstance(endpoint, str) and endpoint[:1] == "/" and ATTRIBUTE_NAME.match(endpoint[1:]) is not None
        if not is_path:
            self.problems.append(f'{where}: its "endpoint" is one segment of a path, such as "/Badges".')
            return
        taken = {item.endpoint.lower() for item in (*self._built_in.values(), *added)}
        if endpoint.lower() in taken or endpoint[1:].lower() in _RESERVED_ENDPOINTS:
            self.problems.append(f'{where}: the endpoint "{endpoint}" is taken.')
        if any(item.name.lower() == document["name"].lower() for item in added):
            self.problems.append(f"{where} is defined already.")

    def _make_type(self, where: str, name: str, document: Mapping[str, Json]) -> ResourceType | None:
        urn = document.get("schema")
        base = self._schemas.get(urn.lower()) if isinstance(urn, str) else None
        if base is None:
            self.problems.append(f'{where}: its "schema" is the id of a schema that is defined beside it.')
            return None
        self._used.add(base.id.lower())
        self.problems += [
            f"{where}: every resource has the attribute {item.name}; leave it out of the schema."
            for item in base.attributes
            if item.name.lower() in COMMON_ATTRIBUTES
        ]
        unique = [item for item in base.attributes if item.uniqueness is not Uniqueness.NONE]
        if len(unique) > 1:
            self.problems.append(f"{where}: one attribute can be kept unique, not {len(unique)}.")
        return _from_outside(
            make_resource_type(
                name,
                str(document["endpoint"]),
                base,
                list(self._extensions(where, document, None)),
                description=str(document.get("description", "")),
                unique_attribute=unique[0].name if unique else None,
            )
        )

    def _extensions(
        self, where: str, document: Mapping[str, Json], built_in: ResourceType | None
    ) -> Iterator[SchemaExtension]:
        listed = document.get("schemaExtensions", [])
        if not isinstance(listed, list):
            self.problems.append(f'{where}: its "schemaExtensions" is an array.')
            return
        seen: set[str] = set()
        for item in listed:
            urn = item.get("schema") if isinstance(item, dict) else None
            key = urn.lower() if isinstance(urn, str) else ""
            schema = self._schemas.get(key) or self._known.get(key)
            required = item.get("required", False) if isinstance(item, dict) else False
            if schema is None or not isinstance(required, bool) or key in seen:
                self.problems.append(
                    f'{where}: an extension has a "schema" that is defined beside it, once, and perhaps "required".'
                )
                continue
            seen.add(key)
            self._used.add(key)
            self.problems += [
                f"{where}: {schema.id}: the values of an extension cannot be kept unique ({attribute.name})."
                for attribute in schema.attributes
                if attribute.uniqueness is not Uniqueness.NONE
            ]
            if built_in is None or built_in.extension(key) is None:
                yield SchemaExtension(schema, required)


def _built_in_problems(where: str, document: Mapping[str, Json], built_in: ResourceType) -> Iterator[str]:
    if document["endpoint"] != built_in.endpoint or document.get("schema") != built_in.schema.id:
        yield f'{where} is built in; its endpoint is "{built_in.endpoint}" and its schema "{built_in.schema.id}".'
    listed = document.get("schemaExtensions")
    items = listed if isinstance(listed, list) else []
    if any(isinstance(item, dict) and item.get("required") is True for item in items):
        yield f"{where} is built in: its extensions are not required, for those who are there have no values for them."
