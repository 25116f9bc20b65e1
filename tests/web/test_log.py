"""The log: one line a request, with what an operator needs and nothing that is personal or secret."""

import io
import json
import logging

import httpx
import pytest

from musterbook.web import console_log, json_log
from musterbook.web.log import route_library_logs
from tests.web.site import USER, LogLines, Site


async def test_a_request_leaves_one_line(client: httpx.AsyncClient, site: Site) -> None:
    """The line names tenant, key, request, route, operation, status, time and size."""
    answer = await client.post("/Users", json=USER)
    (line,) = site.log.lines
    assert line.pop("duration_ms") is not None
    assert str(line.pop("time")).endswith("Z")
    assert line == {
        "event": "request",
        "level": "info",
        "request_id": answer.headers["X-Request-Id"],
        "tenant_id": site.acme.tenant.id,
        "key_id": site.key.key.id,
        "method": "POST",
        "route": "/Users",
        "operation": "create",
        "status": 201,
        "bytes": len(answer.content),
    }


async def test_a_refusal_says_what_was_wrong(client: httpx.AsyncClient, site: Site) -> None:
    """The line of a refused request has its ``scimType``; the route is there though nothing was done."""
    await client.post("/Users", json={"userName": " "})
    await client.get("/Users", params={"filter": "nonsense"})
    assert [(line["status"], line["route"], line["scim_type"]) for line in site.log.requests] == [
        (400, "/Users", "invalidValue"),
        (400, "/Users", "invalidFilter"),
    ]


async def test_the_line_says_which_tolerances_were_needed(client: httpx.AsyncClient, site: Site) -> None:
    """What a client may only send because we are lenient is named, and so is what we left out of its body."""
    await client.post("/Users", json={**USER, "active": "True", "favouriteColour": "blue"})
    (line,) = site.log.requests
    assert line["dialects"] == ["unknown-attributes", "string-booleans"]
    assert (line["ignored"], line["ignored_count"]) == (["favouriteColour"], 1)


async def test_nothing_personal_or_secret_is_logged(client: httpx.AsyncClient, site: Site) -> None:
    """No line holds a filter, a body, a key, an address of mail, an id from the path or a set-up token."""
    canary = "personal-4711"
    made = (await client.post("/Users", json={**USER, "userName": f"{canary}@example.com", "title": canary})).json()
    await client.get("/Users", params={"filter": f'userName eq "{canary}@example.com"'})
    await client.get("/Users", params={"filter": f'{canary} eq "x"', "attributes": canary})
    await client.get(f"/Users/{canary}")
    await client.get(f"/{canary}")
    await client.put(
        f"/Users/{made['id']}", json={"userName": canary, canary + "Attribute": canary, "password": canary}
    )
    await client.patch(f"/Users/{made['id']}", content=canary.encode())
    await client.get("http://directory.test/setup/" + canary)
    await client.get(f"http://directory.test/{canary}?x={canary}")
    await client.get("/Users", headers={"Authorization": f"Bearer {canary}"})
    text = site.log.text.decode()
    assert len(site.log.requests) == 10
    # The name of an attribute that we do not know is logged: without it nobody finds a typing error in a template.
    assert text.count(canary) == text.count(canary + "Attribute") == 1
    assert made["id"] not in text
    assert site.key.secret not in text
    assert site.acme.setup_token not in text


async def test_pages_are_logged_by_their_route(client: httpx.AsyncClient, site: Site) -> None:
    """A page's line names its route, not its address; what is not there has none."""
    for path in ("/healthz", "/setup/some-token", "/nowhere"):
        await client.get(f"http://directory.test{path}")
    assert [(line["route"], line["status"]) for line in site.log.requests] == [
        ("/healthz", 200),
        ("/setup/{token}", 404),
        ("unmatched", 404),
    ]


class FullDisk:
    """Where no line fits any more."""

    def write(self, line: bytes, /) -> None:
        """Fail."""
        raise OSError(28, "No space left on device")


def test_a_log_that_cannot_be_written_stops_nobody() -> None:
    """A full disk costs the line and nothing else."""
    log = json_log(FullDisk())
    log.info("request")
    lines = LogLines()
    json_log(lines).info("request")
    assert [line["event"] for line in lines.lines] == ["request"]


def test_times_go_on_from_second_to_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line has its own time, in UTC and to the millisecond, also where the second is that of the line before."""
    lines = LogLines()
    log = json_log(lines)
    for nanoseconds in (1_795_000_000_000_000_000, 1_795_000_000_999_999_999, 1_795_000_001_000_000_000):
        monkeypatch.setattr("time.time_ns", lambda nanoseconds=nanoseconds: nanoseconds)
        log.info("tick")
    assert [line["time"] for line in lines.lines] == [
        "2026-11-18T11:06:40.000Z",
        "2026-11-18T11:06:40.999Z",
        "2026-11-18T11:06:41.000Z",
    ]


def test_people_get_text_at_a_terminal() -> None:
    """At a terminal a line is text; its fields are the same."""
    stream = io.StringIO()
    console_log(stream).info("request", route="/Users", status=200)
    text = stream.getvalue()
    assert "request" in text
    assert "/Users" in text
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)


def test_what_the_server_library_says_is_logged_too() -> None:
    """Warnings and errors of uvicorn arrive in our log; its talk of start and end does not."""
    lines = LogLines()
    route_library_logs(json_log(lines))
    logger = logging.getLogger("uvicorn.error")
    logger.info("Started server process")
    logger.error("Something is %s", "wrong")
    assert [(line["event"], line["logger"], line["level"]) for line in lines.lines] == [
        ("Something is wrong", "uvicorn.error", "error")
    ]
