"""What clients see when something behind the shell breaks: the database, or the program itself."""

import sqlite3
from dataclasses import replace
from typing import Any, NoReturn

import httpx
import pytest

from musterbook.directory.service import Directory
from musterbook.directory.store import StoreUnavailableError
from musterbook.directory.tenants import Tenants
from musterbook.identity import Keys
from musterbook.web import NotReadyError
from tests.web.site import SCIM_URL, LogLines, Site, application_over, application_without_database

UNAVAILABLE = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
    "status": "503",
    "detail": "The database cannot be reached.",
}


class FailingStore:
    """A store behind any port whose every call fails in one way."""

    def __init__(self, failure: Exception) -> None:
        self._failure = failure

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - stands in for every method of every port
        async def fail(*_arguments: object, **_named: object) -> NoReturn:
            raise self._failure

        return fail


def client_of(site: Site, failure: Exception, log: LogLines, *, broken: str) -> httpx.AsyncClient:
    """Return a client of a server in which one store fails."""
    store: Any = FailingStore(failure)
    services = site.services
    if broken == "keys":
        services = replace(services, keys=Keys(store, site.clock, bytes))
    else:
        services = replace(services, directory=Directory(store, site.clock, bytes))
    application = application_over(services, site.settings, log)
    transport = httpx.ASGITransport(application)
    return httpx.AsyncClient(transport=transport, base_url=SCIM_URL, headers=site.headers)


async def test_a_bug_is_a_500_that_tells_nothing_but_the_request(site: Site) -> None:
    """The client learns the request id, and none of what went wrong; the log has all of it under the same id."""
    log = LogLines()
    async with client_of(
        site, sqlite3.OperationalError("secret detail in SELECT 1"), log, broken="resources"
    ) as client:
        answer = await client.get("/Users")
    request_id = answer.headers["X-Request-Id"]
    assert (answer.status_code, answer.json()) == (
        500,
        {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": "500",
            "detail": f"The server failed to answer. Its operator finds the reason under request id {request_id}.",
        },
    )
    failure, request = log.lines
    assert (failure["event"], failure["request_id"], failure["error"]) == (
        "request failed",
        request_id,
        "OperationalError",
    )
    assert "Traceback" in str(failure["exception"])
    assert "secret detail" in str(failure["exception"])
    assert (request["status"], request["route"], request["level"]) == (500, "/Users", "error")


@pytest.mark.parametrize("broken", ["keys", "resources"])
async def test_a_database_that_is_away_is_a_503(site: Site, broken: str) -> None:
    """While the database is away, clients are asked to come back: after authentication and during it."""
    async with client_of(site, StoreUnavailableError(), LogLines(), broken=broken) as client:
        answer = await client.get("/Users")
    assert (answer.status_code, answer.json()["status"], answer.headers["Retry-After"]) == (503, "503", "5")


@pytest.mark.parametrize("broken", ["keys", "resources"])
async def test_the_log_says_why_the_database_is_away(site: Site, broken: str) -> None:
    """Whichever request meets it, the operator reads what is wrong with the database; the client does not."""
    log = LogLines()
    async with client_of(site, StoreUnavailableError("SQLite: disk is full"), log, broken=broken) as client:
        answer = await client.get("/Users")
    outage, request = log.lines
    assert (outage["event"], outage["reason"], outage["request_id"], outage["level"]) == (
        "database unavailable",
        "SQLite: disk is full",
        answer.headers["X-Request-Id"],
        "warning",
    )
    assert (request["status"], "disk" in answer.text) == (503, False)


@pytest.mark.parametrize("failure", [StoreUnavailableError(), NotReadyError("The schema is too old.")])
async def test_a_database_that_cannot_be_opened_is_a_503(failure: Exception) -> None:
    """A mounted server whose database cannot be opened answers 503 to everybody, and tries again next time."""
    transport = httpx.ASGITransport(application_without_database(failure))
    async with httpx.AsyncClient(transport=transport, base_url=SCIM_URL) as client:
        for path in ("/Users", "/ServiceProviderConfig", "/Users"):
            answer = await client.get(path)
            assert (answer.status_code, answer.json(), answer.headers["Retry-After"]) == (503, UNAVAILABLE, "5")


async def test_a_page_fails_without_details(site: Site) -> None:
    """A page, too, tells a browser the request id and nothing else."""
    store: Any = FailingStore(ValueError("secret detail"))
    services = replace(site.services, tenants=Tenants(store, site.clock, bytes))
    log = LogLines()
    transport = httpx.ASGITransport(application_over(services, site.settings, log))
    async with httpx.AsyncClient(transport=transport, base_url="http://directory.test") as client:
        answer = await client.get("/login/acme")
    request_id = answer.headers["X-Request-Id"]
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "text/html; charset=utf-8")
    assert f"Its operator finds the reason under request id {request_id}." in answer.text
    assert "secret detail" not in answer.text
    assert [line["request_id"] for line in log.lines] == [request_id, request_id]


async def test_a_page_without_a_database_is_a_503() -> None:
    """A page that needs the database asks the browser to come back."""
    transport = httpx.ASGITransport(application_without_database(StoreUnavailableError()))
    async with httpx.AsyncClient(transport=transport, base_url="http://directory.test") as client:
        answer = await client.get("/setup/token")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
