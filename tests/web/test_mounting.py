"""Musterbook inside a product's own server: mounted under a prefix in Starlette and FastAPI."""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message

from musterbook.web import Application, json_log
from musterbook.wiring import create_app, open_services
from tests.web.site import USER, LogLines, Prepared, call, make_settings, open_site

PREFIX = "/directory"
BASE_URL = f"http://product.test{PREFIX}"


def in_starlette(application: ASGIApp, prefix: str) -> ASGIApp:
    """Mount an application in Starlette."""
    return Starlette(routes=[Mount(prefix, application)])


def in_fastapi(application: ASGIApp, prefix: str) -> ASGIApp:
    """Mount an application in FastAPI."""
    host = FastAPI()
    host.mount(prefix, application)
    return host


def nested(application: ASGIApp, prefix: str) -> ASGIApp:
    """Mount an application in Starlette in FastAPI, half of the prefix each."""
    assert prefix == PREFIX
    return in_fastapi(in_starlette(application, "/tory"), "/direc")


def client_of(host: ASGIApp) -> httpx.AsyncClient:
    """Return a client of the product."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(host), base_url="http://product.test")


@pytest.mark.parametrize("mount", [in_starlette, in_fastapi])
async def test_a_mounted_directory_serves_without_a_lifespan(
    tmp_path: Path, mount: Callable[[ASGIApp, str], ASGIApp]
) -> None:
    """A mount gets no lifespan: the first request opens what is needed. Location and links carry the prefix."""
    settings = make_settings(tmp_path, base_url=BASE_URL)
    async with open_services(settings) as services:
        tenant = await services.tenants.create("acme", "Acme", "admin@acme.example", "request-1")
        secret = (await services.keys.issue(tenant.tenant.id)).secret
    application = create_app(settings, log=json_log(LogLines()))
    headers = {"Authorization": f"Bearer {secret}"}
    async with client_of(mount(application, PREFIX)) as client:
        made = await client.post(f"{PREFIX}/scim/v2/Users", json=USER, headers=headers)
        location = made.headers["Location"]
        assert (made.status_code, location) == (201, f"{BASE_URL}/scim/v2/Users/{made.json()['id']}")
        assert made.json()["meta"]["location"] == location
        assert (await client.get(location, headers=headers)).json() == made.json()
        assert (await client.get(f"{PREFIX}//scim/v2//Users/", headers=headers)).status_code == 404
        assert (await client.get(f"{PREFIX}/scim/v2//Users/", headers=headers)).status_code == 200
        assert (await client.get(f"{PREFIX}/scim/v2/Users/%2F", headers=headers)).status_code == 404
        assert (await client.get("/scim/v2/Users", headers=headers)).status_code == 404
        page = await client.get(f"{PREFIX}/setup/{tenant.setup_token}")
        assert f'href="{PREFIX}/assets/musterbook.css?' in page.text
        for path in ("/healthz", "/readyz", "/assets/musterbook.css"):
            assert (await client.get(PREFIX + path)).status_code == 200
    async with application.lifespan():
        pass


@asynccontextmanager
async def running(host: Starlette) -> AsyncIterator[None]:
    """Run the lifespan of a host."""
    async with host.router.lifespan_context(host):
        yield


@pytest.mark.parametrize("framework", [Starlette, FastAPI])
async def test_a_host_runs_the_lifespan_inside_its_own(
    tmp_path: Path, framework: Callable[..., Starlette | FastAPI]
) -> None:
    """A host that runs ``application.lifespan()`` opens early and closes cleanly; afterwards there is a 503."""
    settings = make_settings(tmp_path, base_url=BASE_URL)
    application = create_app(settings, log=json_log(LogLines()))

    @asynccontextmanager
    async def lifespan(_host: object) -> AsyncIterator[None]:
        async with application.lifespan():
            yield

    host = framework(lifespan=lifespan)
    host.mount(PREFIX, application)
    async with client_of(host) as client:
        async with running(host):
            assert (await client.get(f"{PREFIX}/readyz")).status_code == 200
            assert (await client.get(f"{PREFIX}/scim/v2/ServiceProviderConfig")).status_code == 200
        assert (await client.get(f"{PREFIX}/scim/v2/ServiceProviderConfig")).status_code == 503
        assert (await client.get(f"{PREFIX}/healthz")).status_code == 200


async def test_closing_waits_for_requests_under_way(prepared: Prepared, tmp_path: Path) -> None:
    """On leaving the lifespan a request that has begun is finished before the database is closed."""
    goes_on = asyncio.Event()
    body = json.dumps(USER).encode()

    async def receive() -> Message:
        await goes_on.wait()
        return {"type": "http.request", "body": body, "more_body": False}

    async with open_site(prepared, tmp_path) as site:
        application = create_app(site.settings, log=json_log(LogLines()))
        lifespan = application.lifespan()
        await lifespan.__aenter__()
        length = (b"content-length", str(len(body)).encode())
        mounted = dataclasses.replace(site, application=application)
        request = asyncio.create_task(
            call(mounted, "/scim/v2/Users", method="POST", headers=(length,), receive=receive)
        )
        await asyncio.sleep(0)
        closing = asyncio.create_task(lifespan.__aexit__(None, None, None))
        done, _ = await asyncio.wait([request, closing], timeout=0.05)
        assert done == set()
        goes_on.set()
        assert (await request).status == 201
        await closing


async def test_the_host_s_own_routes_stay_its_own(tmp_path: Path) -> None:
    """What lies beside the prefix is the product's, also where a path begins like ours."""
    application = create_app(make_settings(tmp_path, base_url=BASE_URL), log=json_log(LogLines()))

    async def own(_request: object) -> PlainTextResponse:
        return PlainTextResponse("product")

    host = Starlette(routes=[Route("/directory-of-things", own), Mount(PREFIX, application), Route("/scim", own)])
    async with client_of(host) as client:
        assert (await client.get("/directory-of-things")).text == "product"
        assert (await client.get("/scim")).text == "product"
        assert (await client.get(f"{PREFIX}/scimitar")).status_code == 404
    async with application.lifespan():
        pass


async def test_a_nested_mount_works(tmp_path: Path) -> None:
    """Two mounts inside one another make one prefix."""
    application = create_app(make_settings(tmp_path, base_url=BASE_URL), log=json_log(LogLines()))
    async with application.lifespan(), client_of(nested(application, PREFIX)) as client:
        answer = await client.get("/direc/tory/scim/v2/ServiceProviderConfig")
        assert (answer.status_code, answer.json()["meta"]["location"]) == (
            200,
            f"{BASE_URL}/scim/v2/ServiceProviderConfig",
        )


async def test_a_websocket_is_closed(tmp_path: Path) -> None:
    """We speak HTTP: a websocket that a host hands over is closed at once."""
    application: Application = create_app(make_settings(tmp_path), log=json_log(LogLines()))
    sent: list[object] = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: object) -> None:
        sent.append(message)

    await application({"type": "websocket", "path": "/scim/v2"}, receive, send)
    assert sent == [{"type": "websocket.close"}]
