"""Too much of one sender: the rate of a key, the places of a tenant, and what is told, logged and counted of both."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from musterbook.directory.service import Directory
from musterbook.directory.store import StoreUnavailableError
from musterbook.web import limits as module
from musterbook.web.admission import STANDARD_BOUNDS
from musterbook.web.limits import Limit, OverLimitError, RateLimit
from tests.web.site import LogLines, Prepared, Site, application_over, call, open_site
from tests.web.test_authentication import UNKNOWN_KEY
from tests.web.test_metrics import URL, samples

# The rate of a key


def refusal_of(limit: RateLimit, key: str, now: float) -> OverLimitError | None:
    """Return how a request is refused, or ``None``."""
    try:
        limit.take(key, now)
    except OverLimitError as error:
        return error
    return None


def test_a_key_may_send_what_a_second_allows_at_once() -> None:
    """A key that was quiet sends a second's worth at once, then one at a time; what is refused takes nothing."""
    limit = RateLimit(4)
    assert [refusal_of(limit, "key", 100.0) is None for _ in range(6)] == [True] * 4 + [False] * 2
    moments = [100.2, 100.25, 100.49, 100.5, 102.0, 102.0, 102.0, 102.0, 102.0]
    assert [refusal_of(limit, "key", now) is None for now in moments] == [
        *(False, True, False, True),
        *(True, True, True, True, False),
    ]  # fmt: skip


def test_each_key_has_a_rate_of_its_own() -> None:
    """One key's flood takes nothing from another, also not of the same tenant."""
    limit = RateLimit(1)
    limit.take("one", 5.0)
    limit.take("other", 5.0)
    refusal = refusal_of(limit, "one", 5.0)
    assert refusal is not None
    assert (refusal.status, refusal.limit, refusal.retry_after_seconds) == (429, Limit.RATE, 1)
    assert refusal.detail == "This key may send one request a second. Wait, and send fewer."


@given(st.integers(1, 50), st.lists(st.floats(0, 0.5), max_size=100))
def test_no_second_holds_more_than_twice_the_rate(rate: int, pauses: list[float]) -> None:
    """However requests are spread, in each span of a second at most two seconds' worth pass, and in all at most a
    second's worth more than the time allows; and whoever obeys Retry-After is served.
    """
    limit, now, passed = RateLimit(rate), 1000.0, [0.0][:0]
    for pause in pauses:
        now += pause
        refusal = refusal_of(limit, "key", now)
        if refusal is None:
            passed.append(now)
        else:
            assert refusal_of(RateLimit(rate), "key", now + refusal.retry_after_seconds) is None
    assert len(passed) <= rate * (1 + now - 1000.0) + 1
    assert all(sum(first <= at < first + 1 for at in passed) <= 2 * rate + 1 for first in passed)


def test_quiet_keys_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory holds the keys that are being counted, and a limited number of others."""
    monkeypatch.setattr(module, "MAX_KEYS", 10)
    limit = RateLimit(1)
    for number in range(100):
        limit.take(f"key-{number}", float(number))
    limit.take("busy", 100.0)
    assert len(limit._full_at) <= 10
    assert refusal_of(limit, "busy", 100.0) is not None


async def test_a_key_over_its_rate_is_told_when_to_return(prepared: Prepared, tmp_path: Path) -> None:
    """With a rate set, a key that sends more gets 429 with whole seconds, and no other key notices."""
    async with open_site(prepared, tmp_path, requests_per_second=1) as site, site.client() as client:
        answers = [await client.get("/Users") for _ in range(20)]
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert answers[0].status_code == 200
        assert refused.json() == {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": "429",
            "detail": "This key may send one request a second. Wait, and send fewer.",
        }
        assert refused.headers["Retry-After"] == "1"
        other = {"Authorization": f"Bearer {site.globex_key.secret}"}
        assert (await client.get("/Users", headers=other)).status_code == 200
        line = next(line for line in site.log.requests if line["status"] == 429)
        assert (line["limit"], line["route"], line["key_id"]) == ("rate", "/Users", site.key.key.id)
        count = sum(answer.status_code == 429 for answer in answers)
        assert (await figures(site))["musterbook_requests_over_limit_total", (("limit", "rate"),)] == count


async def test_without_a_rate_there_is_none(site: Site) -> None:
    """By default a key may send as many requests as it likes, one after the other."""
    async with site.client() as client:
        assert {(await client.get("/Users")).status_code for _ in range(50)} == {200}


# The places of a tenant


async def figures(site: Site) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return what ``/metrics`` shows."""
    async with site.client(peer=("127.0.0.1", 1), key=False) as local:
        return samples((await local.get(URL)).text)


class Upload:
    """A body that arrives when a test lets it."""

    def __init__(self) -> None:
        self.was_asked_for = False
        self._may_end = asyncio.Event()

    async def receive(self) -> Message:
        """Hand the body over."""
        self.was_asked_for = True
        await self._may_end.wait()
        return {"type": "http.request", "body": b"{}", "more_body": False}

    def end(self) -> None:
        """Let it arrive."""
        self._may_end.set()


@asynccontextmanager
async def uploading(site: Site, count: int) -> AsyncIterator[list[Upload]]:
    """Begin so many requests of acme whose bodies do not end; end them on leaving."""
    uploads = [Upload() for _ in range(count)]
    fields = ((b"content-length", b"2"),)
    # Afterwards the key is known, and noted as used.
    await call(site, "/scim/v2/Users/none")
    async with asyncio.TaskGroup() as group:
        for upload in uploads:
            group.create_task(call(site, "/scim/v2/Users", method="POST", headers=fields, receive=upload.receive))
        await turns()
        yield uploads
        for upload in uploads:
            upload.end()


async def turns() -> None:
    """Let the event loop take some turns."""
    for _ in range(20):
        await asyncio.sleep(0)


def key_of(secret: str) -> Sequence[tuple[bytes, bytes]]:
    """Return the header of a key."""
    return [(b"authorization", f"Bearer {secret}".encode())]


async def test_what_waits_is_not_read_and_keeps_nobody_else(site: Site) -> None:
    """Of a tenant with too many requests under way the rest wait with their bodies unread, while another tenant is
    served at once; the log says how long each waited, and the figures how many do.
    """
    async with uploading(site, STANDARD_BOUNDS.alone + 1) as uploads:
        assert [upload.was_asked_for for upload in uploads] == [True] * STANDARD_BOUNDS.alone + [False]
        assert (await figures(site))["musterbook_requests_waiting", ()] == 1
        async with site.client(key=False) as client:
            answer = await client.get("/Users", headers=key_of(site.globex_key.secret))
        assert answer.status_code == 200
        assert "waited_ms" not in site.log.requests[-1]
        await asyncio.sleep(0.01)
    (waited,) = [line["waited_ms"] for line in site.log.requests if "waited_ms" in line]
    assert isinstance(waited, float)
    assert waited >= 10
    assert (await figures(site))["musterbook_requests_waiting", ()] == 0


async def test_a_row_that_is_full_is_a_429(site: Site) -> None:
    """Beyond the row of those who wait, a tenant is told to come back, in SCIM's words."""
    async with uploading(site, STANDARD_BOUNDS.alone + STANDARD_BOUNDS.waiting):
        async with site.client() as client:
            answer = await client.get("/Users")
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
        assert answer.json()["detail"] == "Too many requests are waiting. Send fewer at the same time."
        line = site.log.requests[-1]
        assert (line["limit"], line["tenant_id"], line["level"]) == ("queue", site.acme.tenant.id, "info")
    assert (await figures(site))["musterbook_requests_over_limit_total", (("limit", "queue"),)] == 1
    assert site.acme.tenant.id not in str(await figures(site))


async def test_a_flood_of_made_up_keys_stops_no_tenant(site: Site) -> None:
    """Requests with keys that were never seen take few places of their own, and each is refused in its turn."""
    async with site.client() as client, site.client(key=False) as stranger:
        await client.get("/Users")
        async with asyncio.TaskGroup() as group:
            flood = [group.create_task(stranger.get("/Users", headers=key_of(UNKNOWN_KEY))) for _ in range(100)]
            answer = await group.create_task(client.get("/Users"))
            assert answer.status_code == 200
            assert not all(task.done() for task in flood)
    assert {task.result().status_code for task in flood} == {401}


class AwayStore:
    """A store behind the directory's port that fails as one does whose database is away, when a test lets it."""

    def __init__(self) -> None:
        self.is_noticed = asyncio.Event()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - stands in for every method of the port
        async def fail(*_arguments: object, **_named: object) -> NoReturn:
            await self.is_noticed.wait()
            raise StoreUnavailableError

        return fail


async def test_nobody_waits_for_a_database_that_is_away(site: Site) -> None:
    """When one request has found the database away, those that wait behind it are answered 503 with it."""
    store: Any = AwayStore()
    log = LogLines()
    directory = Directory(store, site.clock, bytes)
    application = application_over(replace(site.services, directory=directory), site.settings, log)
    away = replace(site, application=application, log=log)
    await site.services.keys.authenticate(site.key.secret)  # It is noted as used.
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(call(away, "/scim/v2/Users")) for _ in range(STANDARD_BOUNDS.alone + 20)]
        await turns()
        store.is_noticed.set()
    answers = [task.result() for task in tasks]
    assert {(answer.status, answer.headers["retry-after"]) for answer in answers} == {(503, "5")}
    assert sum("waited_ms" in line for line in log.requests) == 20


async def test_others_come_between_the_operations_of_a_bulk_request(site: Site) -> None:
    """A bulk request of which nothing has to be waited for lets others be answered meanwhile."""
    operation = {"method": "DELETE", "path": "/Users/nobody"}
    bulk = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [operation] * 100}
    async with site.client() as client:
        await client.get("/Users")
        async with asyncio.TaskGroup() as group:
            group.create_task(client.post("/Bulk", json=bulk))
            await turns()
            group.create_task(client.get("/Users"))
    assert [(line["route"], line["status"]) for line in site.log.requests[1:]] == [("/Users", 200), ("/Bulk", 200)]
