"""*Discovery.* Describes the server: what it supports, its resource types and schemas (RFC 7644 §4, RFC 7643 §5-§7).

Knows the service description; knows no tenant and no key: every client reads the same. Everything here is made from
what runs, so it cannot say more than is true: the schemas are those that requests are checked against, the limits are
those that are enforced.
"""

from collections.abc import Iterable

from musterbook.scim.cursor import CURSOR_SECONDS
from musterbook.scim.query import MAX_PAGE_SIZE
from musterbook.scim.resource import Json
from musterbook.scim.schema import Attribute, AttributeType, ResourceType, Schema
from musterbook.scim.service import MAX_BULK_BYTES, MAX_BULK_OPERATIONS, Service

LIST_RESPONSE_URN = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_CORE = "urn:ietf:params:scim:schemas:core:2.0:"


def service_provider_config(service: Service) -> dict[str, Json]:
    """Return the ServiceProviderConfig resource (RFC 7643 §5)."""
    config: dict[str, Json] = {
        "schemas": [_CORE + "ServiceProviderConfig"],
        "patch": {"supported": True},
        "bulk": {"supported": True, "maxOperations": MAX_BULK_OPERATIONS, "maxPayloadSize": MAX_BULK_BYTES},
        "filter": {"supported": True, "maxResults": MAX_PAGE_SIZE},
        "changePassword": {"supported": any(item.password_attribute for item in service.resource_types)},
        "sort": {"supported": True},
        "etag": {"supported": True},
        "pagination": _pagination(service),
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "API key",
                "description": "A key made by an administrator of the organization, sent as a bearer token.",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": True,
            }
        ],
        "meta": _meta(service, "ServiceProviderConfig", "/ServiceProviderConfig"),
    }
    if service.documentation_url is not None:
        config["documentationUri"] = service.documentation_url
    return config


def _pagination(service: Service) -> dict[str, Json]:
    """Return how lists are paged (RFC 9865 §4)."""
    pages: dict[str, Json] = {
        "cursor": bool(service.cursor_keys),
        "index": True,
        "defaultPaginationMethod": "index",
        "defaultPageSize": MAX_PAGE_SIZE,
        "maxPageSize": MAX_PAGE_SIZE,
    }
    return {**pages, "cursorTimeout": CURSOR_SECONDS} if service.cursor_keys else pages


def schemas(service: Service) -> list[dict[str, Json]]:
    """Return every schema whose attributes can appear in a resource (RFC 7643 §7)."""
    found: dict[str, Schema] = {}
    for item in service.resource_types:
        found[item.schema.id] = item.schema
        found.update({extension.schema.id: extension.schema for extension in item.extensions})
    return [_schema(schema, service) for schema in found.values()]


def resource_types(service: Service) -> list[dict[str, Json]]:
    """Return the resource types (RFC 7643 §6); ``id`` equals ``name``."""
    return [_resource_type(item, service) for item in service.resource_types]


def find_by_id(resources: Iterable[dict[str, Json]], id_: str) -> dict[str, Json] | None:
    """Return the resource with this ``id`` in any case (RFC 7644 §3.10 compares URNs so), or ``None``."""
    wanted = id_.lower()
    return next((item for item in resources if item["id"].lower() == wanted), None)


def list_response(resources: list[dict[str, Json]]) -> dict[str, Json]:
    """Return a ListResponse with all of ``resources`` (RFC 7644 §3.4.2)."""
    return {
        "schemas": [LIST_RESPONSE_URN],
        "totalResults": len(resources),
        "startIndex": 1,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }


def _meta(service: Service, kind: str, path: str) -> dict[str, Json]:
    return {"resourceType": kind, "location": service.base_url + path}


def _schema(schema: Schema, service: Service) -> dict[str, Json]:
    return {
        "schemas": [_CORE + "Schema"],
        "id": schema.id,
        "name": schema.name,
        "description": schema.description,
        "attributes": [_attribute(item) for item in schema.attributes],
        "meta": _meta(service, "Schema", f"/Schemas/{schema.id}"),
    }


def _attribute(attribute: Attribute) -> dict[str, Json]:
    document: dict[str, Json] = {
        "name": attribute.name,
        "type": attribute.type.value,
        "multiValued": attribute.multi_valued,
        "description": attribute.description,
        "required": attribute.required or attribute.always_assigned,
        "caseExact": attribute.case_exact,
        "mutability": attribute.mutability.value,
        "returned": attribute.returned.value,
        "uniqueness": attribute.uniqueness.value,
    }
    if attribute.canonical_values:
        document["canonicalValues"] = attribute.canonical_values
    if attribute.type is AttributeType.REFERENCE:
        document["referenceTypes"] = attribute.reference_types
    if attribute.type is AttributeType.COMPLEX:
        document["subAttributes"] = [_attribute(item) for item in attribute.sub_attributes]
    return document


def _resource_type(item: ResourceType, service: Service) -> dict[str, Json]:
    return {
        "schemas": [_CORE + "ResourceType"],
        "id": item.name,
        "name": item.name,
        "description": item.description,
        "endpoint": item.endpoint,
        "schema": item.schema.id,
        "schemaExtensions": [
            {"schema": extension.schema.id, "required": extension.required} for extension in item.extensions
        ],
        "meta": _meta(service, "ResourceType", f"/ResourceTypes/{item.name}"),
    }
