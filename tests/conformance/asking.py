"""What conformance tests send, and how they read what comes back."""

from typing import Any

import httpx

Json = Any
"""A decoded JSON document; tests compare it whole."""

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
NO_SUCH_RESOURCE = {"schemas": [ERROR], "status": "404", "detail": "There is no resource with this id."}


def body_of(user_name: str, **attributes: Json) -> dict[str, Json]:
    """Return the body that creates a person with these attributes."""
    return {"schemas": [USER], "userName": user_name, **attributes}


async def create(client: httpx.AsyncClient, user_name: str, **attributes: Json) -> Json:
    """Create a person; return the resource."""
    answer = await client.post("/Users", json=body_of(user_name, **attributes))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def read(client: httpx.AsyncClient, id_: str) -> Json:
    """Return the resource with this id."""
    answer = await client.get(f"/Users/{id_}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def patch(client: httpx.AsyncClient, id_: str, *operations: dict[str, Json]) -> httpx.Response:
    """Send one PATCH with these operations."""
    return await client.patch(f"/Users/{id_}", json={"schemas": [PATCH_OP], "Operations": list(operations)})


async def found(client: httpx.AsyncClient, filter_: str) -> list[str]:
    """Return the user names that a filter finds, sorted."""
    answer = await client.get("/Users", params={"filter": filter_})
    assert answer.status_code == 200, f"{filter_}: {answer.text}"
    return sorted(resource["userName"] for resource in answer.json()["Resources"])


def refusal(answer: httpx.Response) -> tuple[int, str | None]:
    """Return status and ``scimType`` of an error, having checked the shape of its body (RFC 7644 §3.12)."""
    document = answer.json()
    assert document.keys() <= {"schemas", "status", "scimType", "detail"}
    assert document["schemas"] == [ERROR]
    assert document["status"] == str(answer.status_code)
    assert document["detail"]
    return answer.status_code, document.get("scimType")


def without_meta(resource: Json) -> Json:
    """Return a resource without ``meta``."""
    return {name: value for name, value in resource.items() if name != "meta"}
