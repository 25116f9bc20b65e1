"""The examples that the RFCs print, sent over HTTP under every profile (RFC 7643 §8; RFC 7644 §3.3, §3.5)."""

import json
from pathlib import Path

import httpx
import pytest

from musterbook.scim.dialects import Profile
from tests.conformance.asking import PATCH_OP, USER, Json, found, without_meta
from tests.web.site import Site

EXAMPLES: dict[str, Json] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parents[1] / "scim" / "rfc").glob("*-user.json"))
}


def shown(stored: Json, id_: str) -> Json:
    """Return what an answer shows of what an example says is stored."""
    return {"active": True, **stored, "id": id_}


@pytest.fixture(params=list(Profile), ids=lambda profile: profile.value)
async def asking(site: Site, client: httpx.AsyncClient, request: pytest.FixtureRequest) -> httpx.AsyncClient:
    """Return a client whose key has a profile; the test runs with each."""
    key = await site.services.keys.issue(site.acme.tenant.id, profile=request.param)
    client.headers["Authorization"] = f"Bearer {key.secret}"
    return client


@pytest.mark.parametrize("name", EXAMPLES)
async def test_a_user_of_the_rfcs(asking: httpx.AsyncClient, name: str) -> None:
    """Each user is created as it is printed, read back, found, replaced by itself without a change, and removed."""
    example = EXAMPLES[name]
    made = await asking.post("/Users", json=example["sent"])
    assert made.status_code == 201, made.text
    id_ = made.json()["id"]
    assert without_meta(made.json()) == shown(example["stored"], id_)
    target = f"/Users/{id_}"
    assert (await asking.get(target)).json() == made.json()
    assert await found(asking, f'userName eq "{example["sent"]["userName"].upper()}"') == [example["sent"]["userName"]]
    replaced = await asking.put(target, json=example["sent"])
    assert (replaced.status_code, replaced.json()) == (200, made.json())
    assert (await asking.put(target, json=made.json())).json() == made.json()
    assert (await asking.delete(target)).status_code == 204


async def test_the_put_of_the_rfc(asking: httpx.AsyncClient) -> None:
    """RFC 7644 §3.5.1: the user of §3.3, replaced as the RFC does, becomes what the RFC shows."""
    made = (await asking.post("/Users", json=EXAMPLES["rfc7644-3.3-create-user"]["sent"])).json()
    replacement = EXAMPLES["rfc7644-3.5.1-replace-user"]
    answer = await asking.put(f"/Users/{made['id']}", json=replacement["sent"])
    assert (answer.status_code, without_meta(answer.json())) == (200, shown(replacement["stored"], made["id"]))


async def test_the_patches_of_the_rfc(site: Site, strict: httpx.AsyncClient) -> None:
    """RFC 7644 §3.5.2.1, §3.5.2.3: attributes added without a path, and an address replaced whole and in part."""
    work = {"type": "work", "streetAddress": "100 Universal City Plaza", "locality": "Hollywood", "primary": True}
    body = {"schemas": [USER], "userName": "babs", "addresses": [work, {"type": "home", "locality": "Hollywood"}]}
    made = (await strict.post("/Users", json=body)).json()
    new = {**work, "streetAddress": "911 Universal City Plaza"}
    operations: list[Json] = [
        {"op": "add", "value": {"emails": [{"value": "babs@jensen.org", "type": "home"}], "nickname": "Babs"}},
        {"op": "replace", "path": 'addresses[type eq "work"]', "value": new},
        {"op": "replace", "path": 'addresses[type eq "work"].streetAddress', "value": "1010 Broadway Ave"},
    ]
    for operation in operations:
        message = {"schemas": [PATCH_OP], "Operations": [operation]}
        answer = await strict.patch(f"/Users/{made['id']}", json=message)
        assert answer.status_code == 200, answer.text
    assert without_meta((await strict.get(f"/Users/{made['id']}")).json()) == {
        **without_meta(made),
        "emails": [{"value": "babs@jensen.org", "type": "home"}],
        "nickName": "Babs",
        "addresses": [{**new, "streetAddress": "1010 Broadway Ave"}, {"type": "home", "locality": "Hollywood"}],
    }
    assert [line["dialects"] for line in site.log.requests if "dialects" in line] == []
