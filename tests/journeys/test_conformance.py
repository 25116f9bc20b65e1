"""Testers of others against a started server."""

import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

from tests.journeys.serving import Server


def test_scim2_tester_finds_no_error(server: Server, key: str) -> None:
    """scim2-tester reports no error for what the server says that it offers."""
    headers = {"Authorization": f"Bearer {key}", "Accept": "application/scim+json"}
    with httpx2.Client(base_url=server.scim_url, headers=headers) as client:
        scim = SyncSCIMClient(client)
        scim.discover()
        results = check_server(scim, raise_exceptions=False)
    assert results
    failed = [f"{result.title}: {result.reason}" for result in results if result.status is Status.ERROR]
    assert failed == []
    assert any(result.status is Status.SUCCESS for result in results)
