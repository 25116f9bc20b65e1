"""Who is let in: the ``Authorization`` header, and what a stranger sees (RFC 6750, RFC 7644 §2)."""

import httpx
import pytest

from musterbook.directory import TenantStatus
from musterbook.scim import Profile
from tests.web.site import USER, Site

ERROR = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
    "status": "401",
    "detail": "This needs a valid API key, sent as 'Authorization: Bearer' and the key.",
}
UNKNOWN_KEY = "mbk_" + "0" * 43 + "3gduqt"
"""Well formed, with the right checksum, and nobody's."""


async def test_without_credentials_the_answer_is_401_with_a_bare_challenge(
    site: Site, stranger: httpx.AsyncClient
) -> None:
    """RFC 6750 §3.1: a request without credentials is told the scheme, and no error code."""
    answer = await stranger.get("/Users")
    assert (answer.status_code, answer.json()) == (401, ERROR)
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="musterbook"'
    assert answer.headers["Content-Type"] == "application/scim+json"
    assert site.log.requests[-1]["refusal"] == "missing"
    assert site.log.requests[-1]["client"] == "192.0.2.7"


@pytest.mark.parametrize(
    "credentials,reason",
    [
        ("Bearer", "malformed"),
        ("Bearer ", "malformed"),
        ("Bearer nonsense", "malformed"),
        ("Bearer mbk_" + "x" * 49, "malformed"),
        ("Bearer é", "malformed"),
        ("Basic dXNlcjpwYXNz", "malformed"),
        ("mbk_" + "0" * 49, "malformed"),
        ("Bearer " + "x" * 9000, "malformed"),
        (f"Bearer {UNKNOWN_KEY}", "unknown"),
    ],
)
async def test_bad_credentials_get_one_answer_and_the_log_says_why(
    site: Site, stranger: httpx.AsyncClient, credentials: str, reason: str
) -> None:
    """Every refusal looks the same from outside; the log line holds the reason, and nothing of what was sent."""
    answer = await stranger.get("/Users", headers=[(b"Authorization", credentials.encode())])
    assert (answer.status_code, answer.json()) == (401, ERROR)
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="musterbook", error="invalid_token"'
    assert site.log.requests[-1]["refusal"] == reason
    assert credentials.encode()[7:] not in site.log.text or not credentials[7:]


@pytest.mark.parametrize("path", ["/Users", "/Nowhere", "/ServiceProviderConfig", "/Users/123", "/../v1/Users"])
async def test_a_bad_key_is_401_on_every_path(stranger: httpx.AsyncClient, path: str) -> None:
    """A wrong key is never answered with 404 or 403: OneLogin takes a 404 for a working connection."""
    answer = await stranger.get(path, headers={"Authorization": f"Bearer {UNKNOWN_KEY}"})
    assert (answer.status_code, answer.json()) == (401, ERROR)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
async def test_the_scheme_is_compared_without_case(stranger: httpx.AsyncClient, site: Site, scheme: str) -> None:
    """RFC 9110 §11.1: the scheme of credentials is case-insensitive."""
    answer = await stranger.get("/Users", headers={"Authorization": f"{scheme} {site.key.secret}"})
    assert answer.status_code == 200


async def test_spaces_around_the_key_do_no_harm(stranger: httpx.AsyncClient, site: Site) -> None:
    """A key pasted with spaces around it works: administrators paste keys into forms."""
    answer = await stranger.get("/Users", headers={"Authorization": f"Bearer   {site.key.secret} "})
    assert answer.status_code == 200


async def test_two_authorization_headers_are_refused(stranger: httpx.AsyncClient, site: Site) -> None:
    """Two headers are refused even if both are good: a proxy may have checked the other one."""
    twice = [("Authorization", f"Bearer {site.key.secret}")] * 2
    assert (await stranger.get("/Users", headers=twice)).status_code == 401
    assert (await stranger.get("/Users", headers=twice[:1])).status_code == 200


async def test_a_key_in_the_query_opens_nothing(stranger: httpx.AsyncClient, site: Site) -> None:
    """RFC 6750 §2.3: a key in the address would end in logs; it is not looked at."""
    answer = await stranger.get("/Users", params={"access_token": site.key.secret})
    assert answer.status_code == 401


async def test_an_expired_key_is_refused(client: httpx.AsyncClient, site: Site) -> None:
    """A key opens nothing from its expiry on; the log names the key."""
    assert (await client.get("/Users")).status_code == 200
    site.clock.advance(days=366)
    assert (await client.get("/Users")).status_code == 401
    line = site.log.requests[-1]
    assert (line["refusal"], line["key_id"], line["tenant_id"]) == ("expired", site.key.key.id, site.acme.tenant.id)


async def test_a_revoked_key_is_refused(client: httpx.AsyncClient, site: Site) -> None:
    """A key revoked by another process opens nothing after a second; the tenant's other keys go on."""
    other = await site.services.keys.issue(site.acme.tenant.id)
    assert (await client.get("/Users")).status_code == 200
    await site.services.keys.revoke(site.acme.tenant.id, site.key.key.id)
    site.clock.advance(seconds=1)
    assert (await client.get("/Users")).status_code == 401
    assert site.log.requests[-1]["refusal"] == "revoked"
    headers = {"Authorization": f"Bearer {other.secret}"}
    assert (await client.get("/Users", headers=headers)).status_code == 200


async def test_a_suspended_tenant_is_refused(client: httpx.AsyncClient, site: Site) -> None:
    """The keys of a suspended tenant open nothing until it is resumed."""
    await site.services.tenants.set_status("acme", TenantStatus.SUSPENDED)
    assert (await client.get("/Users")).status_code == 401
    await site.services.tenants.set_status("acme", TenantStatus.ACTIVE)
    site.clock.advance(seconds=1)
    assert (await client.get("/Users")).status_code == 200


async def test_the_key_selects_the_tenant(client: httpx.AsyncClient, stranger: httpx.AsyncClient, site: Site) -> None:
    """One address serves all tenants; what one key made, another tenant's key does not see."""
    user = (await client.post("/Users", json=USER)).json()
    headers = {"Authorization": f"Bearer {site.globex_key.secret}"}
    assert (await client.get(f"/Users/{user['id']}")).status_code == 200
    foreign = await stranger.get(f"/Users/{user['id']}", headers=headers)
    unknown = await stranger.get("/Users/01234567-89ab-7cde-8f01-23456789abcd", headers=headers)
    assert (foreign.status_code, foreign.content) == (404, unknown.content)


async def test_discovery_of_the_schemes_is_public_and_neutral(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, site: Site
) -> None:
    """RFC 7643 §5: a client can learn how to authenticate before it can; it learns nothing of a tenant."""
    public = await stranger.get("/ServiceProviderConfig")
    assert (public.status_code, public.content) == (200, (await client.get("/ServiceProviderConfig")).content)
    assert b"acme" not in public.content.lower()
    assert "tenant_id" not in site.log.requests[0]


@pytest.mark.parametrize("path", ["/Schemas", "/ResourceTypes", "/", "", "/ServiceProviderConfig/x", "/Nowhere"])
async def test_everything_else_needs_a_key(stranger: httpx.AsyncClient, path: str) -> None:
    """Only /ServiceProviderConfig is public: without a key, an unknown path is 401 too."""
    assert (await stranger.get(path)).status_code == 401


async def test_a_profile_comes_with_the_key(stranger: httpx.AsyncClient, site: Site) -> None:
    """A key of the profile rfc holds its client to the RFCs: what OneLogin's templates send is refused."""
    strict = await site.services.keys.issue(site.acme.tenant.id, profile=Profile.RFC)
    body = {**USER, "active": "True"}
    lenient = await stranger.post("/Users", json=body, headers=site.headers)
    refused = await stranger.post("/Users", json=body, headers={"Authorization": f"Bearer {strict.secret}"})
    assert (lenient.status_code, refused.status_code) == (201, 400)
