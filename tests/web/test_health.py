"""``/healthz`` and ``/readyz``."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from musterbook.directory.store import StoreUnavailableError
from musterbook.web import NotReadyError, health
from tests.web.site import Site, application_over, application_without_database


async def test_a_process_that_answers_is_alive(stranger: httpx.AsyncClient) -> None:
    """/healthz asks nothing but the process itself, and needs no key."""
    answer = await stranger.get("http://directory.test/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


async def test_a_server_with_its_database_is_ready(stranger: httpx.AsyncClient) -> None:
    """/readyz answers 200 where the database answers and its schema fits."""
    answer = await stranger.get("http://directory.test/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "durability": "synchronous=FULL"})


async def test_health_is_asked_over_plain_http() -> None:
    """A load balancer asks next to the server, without TLS, also under an https base URL."""
    application = application_without_database(StoreUnavailableError(), base_url="https://directory.test")
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://10.0.0.1") as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).status_code == 503


@pytest.mark.parametrize(
    "failure,expected",
    [
        (
            StoreUnavailableError(),
            {"status": "not ready", "failed": "database", "detail": "The database cannot be reached."},
        ),
        (
            NotReadyError("The database lacks a migration."),
            {"status": "not ready", "failed": "schema", "detail": "The database lacks a migration."},
        ),
    ],
)
async def test_a_server_without_its_database_is_alive_and_not_ready(
    failure: Exception, expected: dict[str, str]
) -> None:
    """/readyz says what is missing; /healthz goes on, because a restart would not help."""
    transport = httpx.ASGITransport(application_without_database(failure))
    async with httpx.AsyncClient(transport=transport, base_url="http://directory.test") as client:
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()) == (503, expected)
        assert (await client.get("/healthz")).status_code == 200


class HangingDatabase:
    """A database whose answer never comes."""

    async def ping(self) -> None:
        """Wait for ever."""
        await asyncio.Event().wait()


async def test_a_database_that_does_not_answer_is_not_waited_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that hangs makes the server unready within the time for it, not after its own time-out."""
    monkeypatch.setattr(health, "READY_SECONDS", 0.05)
    hanging: Any = HangingDatabase()
    application = application_over(replace(site.services, database=hanging), site.settings)
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://directory.test") as client:
        answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        503,
        {"status": "not ready", "failed": "database", "detail": "The database did not answer within 0.05 seconds."},
    )
