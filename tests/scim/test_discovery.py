"""Discovery: the documents that describe the server (RFC 7644 §4, RFC 7643 §5 to §8)."""

import json
from pathlib import Path

import pytest

from musterbook.scim import Json, discovery, user_type
from musterbook.scim.service import describe_service

RFC = Path(__file__).parent / "rfc" / "rfc7643-8.7.1-schemas.json"
SERVICE = describe_service(
    "https://example.com/scim/v2",
    [user_type()],
    documentation_url="https://example.com/docs",
    cursor_keys=[b"key" * 11],
)
USER_URN = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE_URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

# What an attribute has where its definition leaves it out (RFC 7643 §2.2); the RFC's own table leaves much out.
DEFAULTS: dict[str, Json] = {
    "multiValued": False,
    "required": False,
    "caseExact": False,
    "mutability": "readWrite",
    "returned": "default",
    "uniqueness": "none",
    "canonicalValues": [],
    "referenceTypes": [],
}
BY_REFERENCE = "RFC 7643 §2.3.7: a reference is case-exact; the table says otherwise"
BY_BINARY = "RFC 7643 §2.3.6: binary is case-exact; the table says otherwise"
NO_PASSWORD = "people sign in with their provider; a password is taken from nobody, so none is offered"
PRIMARY_ADDRESS = "RFC 7643 §2.4 gives every complex multi-valued attribute `primary`, and §8.2 uses it in an address"
ALWAYS_ASSIGNED = "RFC 7644 §3.5.2.2 lets the removal of a required attribute alone be refused; a POST may leave it out"

# Every deliberate difference from the RFC's table, as (ours, why).
DIFFERENCES: dict[str, dict[str, tuple[Json, str]]] = {
    USER_URN: {
        "password": (None, NO_PASSWORD),
        "active": ({"required": True}, ALWAYS_ASSIGNED),
        "profileUrl": ({"caseExact": True}, BY_REFERENCE),
        "photos.value": ({"caseExact": True}, BY_REFERENCE),
        "groups.$ref": ({"caseExact": True}, BY_REFERENCE),
        "x509Certificates.value": ({"caseExact": True}, BY_BINARY),
        "addresses.primary": ({"type": "boolean"}, PRIMARY_ADDRESS),
    },
    ENTERPRISE_URN: {"manager.$ref": ({"caseExact": True}, BY_REFERENCE)},
}


def characteristics(attributes: list[dict[str, Json]], prefix: str = "") -> dict[str, dict[str, Json]]:
    """Return the characteristics of all attributes and sub-attributes by their paths, what is left out filled in."""
    found: dict[str, dict[str, Json]] = {}
    for attribute in attributes:
        path = prefix + attribute["name"]
        kept = {name: value for name, value in attribute.items() if name in DEFAULTS or name == "type"}
        found[path] = {**DEFAULTS, **kept}
        found.update(characteristics(attribute.get("subAttributes", []), f"{path}."))
    return found


def served(urn: str) -> dict[str, Json]:
    """Return the schema with this URN as a client reads it."""
    document = discovery.find_by_id(discovery.schemas(SERVICE), urn)
    assert document is not None
    return dict(json.loads(json.dumps(document)))


@pytest.mark.parametrize("urn", [USER_URN, ENTERPRISE_URN])
def test_schemas_are_those_of_the_rfc(urn: str) -> None:
    """Each schema is the table of RFC 7643 §8.7.1 in every characteristic, but for the differences listed here."""
    table = next(schema for schema in json.loads(RFC.read_text()) if schema["id"] == urn)
    expected = characteristics(table["attributes"])
    for path, (ours, _) in DIFFERENCES[urn].items():
        if ours is None:
            del expected[path]
        else:
            expected[path] = {**expected.get(path, DEFAULTS), **ours}
    assert characteristics(served(urn)["attributes"]) == expected
    assert served(urn)["name"] == table["name"]


def test_every_attribute_is_described_in_full() -> None:
    """Every definition has all characteristics; complex ones have sub-attributes, references their types."""

    def check(attribute: dict[str, Json]) -> None:
        required = {
            "name", "type", "multiValued", "description", "required", "caseExact", "mutability", "returned",
            "uniqueness",
        }  # fmt: skip
        assert required <= attribute.keys(), attribute["name"]
        assert attribute["description"].endswith("."), attribute["name"]
        assert ("subAttributes" in attribute) is (attribute["type"] == "complex"), attribute["name"]
        assert ("referenceTypes" in attribute) is (attribute["type"] == "reference"), attribute["name"]
        for sub in attribute.get("subAttributes", []):
            check(sub)

    for urn in (USER_URN, ENTERPRISE_URN):
        for attribute in served(urn)["attributes"]:
            check(attribute)


def test_the_service_provider_config() -> None:
    """The document says what is supported and what is not, and how to authenticate; it names no tenant."""
    assert discovery.service_provider_config(SERVICE) == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": True},
        "bulk": {"supported": True, "maxOperations": 1000, "maxPayloadSize": 16 * 1024 * 1024},
        "filter": {"supported": True, "maxResults": 1000},
        "changePassword": {"supported": False},
        "sort": {"supported": True},
        "etag": {"supported": True},
        "pagination": {
            "cursor": True,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": 1000,
            "maxPageSize": 1000,
            "cursorTimeout": 86_400,
        },
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "API key",
                "description": "A key made by an administrator of the organization, sent as a bearer token.",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": True,
            }
        ],
        "documentationUri": "https://example.com/docs",
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": "https://example.com/scim/v2/ServiceProviderConfig",
        },
    }
    bare = discovery.service_provider_config(describe_service("https://example.com/scim/v2", []))
    assert "documentationUri" not in bare
    # Without a key to sign them with there are no cursors, and none are offered (RFC 9865 §4).
    assert bare["pagination"]["cursor"] is False
    assert "cursorTimeout" not in bare["pagination"]


def test_the_resource_types() -> None:
    """A resource type says where it is served and by which schemas, all of which are served as well."""
    (user,) = discovery.resource_types(SERVICE)
    assert user == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": "User",
        "name": "User",
        "description": "User Account",
        "endpoint": "/Users",
        "schema": USER_URN,
        "schemaExtensions": [{"schema": ENTERPRISE_URN, "required": False}],
        "meta": {"resourceType": "ResourceType", "location": "https://example.com/scim/v2/ResourceTypes/User"},
    }
    assert [schema["id"] for schema in discovery.schemas(SERVICE)] == [USER_URN, ENTERPRISE_URN]


def test_a_schema_says_where_it_is() -> None:
    """Each schema has an address below ``/Schemas``, and none is a protocol message (RFC 7644 §3.1)."""
    for schema in discovery.schemas(SERVICE):
        assert schema["schemas"] == ["urn:ietf:params:scim:schemas:core:2.0:Schema"]
        assert schema["meta"] == {
            "resourceType": "Schema",
            "location": f"https://example.com/scim/v2/Schemas/{schema['id']}",
        }
        assert schema["id"].startswith("urn:ietf:params:scim:schemas:")


@pytest.mark.parametrize("id_", [USER_URN, USER_URN.upper(), USER_URN.lower()])
def test_a_schema_is_found_by_its_urn_in_any_case(id_: str) -> None:
    """URNs have no case (RFC 7644 §3.10)."""
    found = discovery.find_by_id(discovery.schemas(SERVICE), id_)
    assert found is not None
    assert found["id"] == USER_URN


def test_an_unknown_schema_is_not_found() -> None:
    """A URN that no schema has finds none."""
    assert discovery.find_by_id(discovery.schemas(SERVICE), "urn:example") is None
