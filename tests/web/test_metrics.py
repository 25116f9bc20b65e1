"""``/metrics``: what is counted, and who may read it."""

from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.web.site import USER, Prepared, Site, open_site

URL = "http://directory.test/metrics"


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return the values of a text of Prometheus by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def requests_counted(text: str) -> dict[tuple[str, str, str], float]:
    """Return how often each route, method and status was answered."""
    counted = {}
    for (name, labels), value in samples(text).items():
        if name == "musterbook_requests_total":
            by_name = dict(labels)
            counted[by_name["route"], by_name["method"], by_name["status"]] = value
    return counted


async def test_requests_are_counted_by_route_method_and_status(site: Site, client: httpx.AsyncClient) -> None:
    """Each request counts once, under its route and not its path; so does each duration."""
    await client.post("/Users", json=USER)
    await client.post("/Users", json=USER)
    for id_ in ("1", "2"):
        await client.get(f"/Users/{id_}")
    await client.request("PROPFIND", "/nowhere")
    await client.get("/Users", headers={"Authorization": "Bearer wrong"})
    async with site.client(peer=("127.0.0.1", 1)) as local:
        answer = await local.get(URL)
    assert requests_counted(answer.text) == {
        ("/Users", "POST", "201"): 1,
        ("/Users", "POST", "409"): 1,
        ("/Users/{id}", "GET", "404"): 2,
        ("unmatched", "OTHER", "404"): 1,
        ("/Users", "GET", "401"): 1,
    }
    values = samples(answer.text)
    duration = "musterbook_request_duration_seconds"
    assert values[f"{duration}_count", (("method", "GET"), ("route", "/Users/{id}"))] == 2
    assert values[f"{duration}_bucket", (("le", "+Inf"), ("method", "POST"), ("route", "/Users"))] == 2
    # The request that reads the figures is the one under way.
    assert values["musterbook_requests_in_flight", ()] == 1


@pytest.mark.parametrize(
    "peer,headers,expected",
    [
        (("127.0.0.1", 1), {}, 200),
        (("::1", 1), {}, 200),
        (("192.0.2.7", 1), {}, 404),
        (("192.0.2.7", 1), {"X-Forwarded-For": "127.0.0.1"}, 404),
        (("127.0.0.1", 1), {"X-Forwarded-For": "192.0.2.7"}, 404),
        (("127.0.0.1", 1), {"Forwarded": "for=192.0.2.7"}, 404),
        (("127.0.0.1", 1), {"X-Real-IP": "192.0.2.7"}, 404),
        (("192.0.2.7", 1), {"Authorization": "Bearer the-token"}, 404),
    ],
)
async def test_figures_are_for_this_machine(
    site: Site, peer: tuple[str, int], headers: dict[str, str], expected: int
) -> None:
    """Without a token only a peer on loopback reads them, and not through a proxy that runs there."""
    async with site.client(peer=peer, key=False) as client:
        assert (await client.get(URL, headers=headers)).status_code == expected


@pytest.mark.parametrize(
    "credentials,expected",
    [("Bearer the-token", 200), ("Bearer the-tokem", 404), ("Bearer", 404), ("the-token", 404), ("Bearer é", 404)],
)
async def test_a_token_opens_them_from_elsewhere(
    prepared: Prepared, tmp_path: Path, credentials: str, expected: int
) -> None:
    """With a token, whoever presents it reads them from anywhere; a wrong one makes the page disappear."""
    async with open_site(prepared, tmp_path, metrics_token="the-token") as site:
        async with site.client(key=False) as client:
            answer = await client.get(URL, headers=[(b"Authorization", credentials.encode())])
            assert answer.status_code == expected
        async with site.client(key=False, peer=("127.0.0.1", 1)) as client:
            assert (await client.get(URL)).status_code == 200


async def test_figures_hold_no_tenant(site: Site, client: httpx.AsyncClient) -> None:
    """Figures are the operator's and have no label of a tenant, person or key."""
    id_ = (await client.post("/Users", json=USER)).json()["id"]
    async with site.client(peer=("127.0.0.1", 1)) as local:
        text = (await local.get(URL)).text
    for secret in (id_, site.acme.tenant.id, site.key.key.id, "acme", "ada"):
        assert secret not in text
