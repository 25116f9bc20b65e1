"""A whole server in this process that a state machine, which knows nothing of ``async``, can ask."""

import asyncio
import secrets
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx

from musterbook.scim import Profile
from musterbook.settings import Settings
from musterbook.web import json_log
from musterbook.wiring import create_app, open_services
from tests.machine.model import SCIM_URL, Json
from tests.web.site import LogLines, SteppingClock

BASE_URL = SCIM_URL.removesuffix("/scim/v2")


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: httpx.Headers
    document: Json


class TenantClient:
    """A client of one tenant."""

    def __init__(self, runner: asyncio.Runner, client: httpx.AsyncClient, profile: Profile, idp: str | None) -> None:
        self._runner = runner
        self._client = client
        self.profile = profile.value
        self.idp = idp

    def send(self, method: str, path: str, body: Json = None, **more: Json) -> Answer:
        """Send a request and return the answer; ``more`` is for httpx."""
        answer = self._runner.run(self._client.request(method, path, json=body, **more))
        return Answer(answer.status_code, answer.headers, answer.json() if answer.content else None)


class MachineServer:
    """A server over one database; each tenant that a machine asks for is a new one."""

    def __init__(self, database_url: str) -> None:
        secret = secrets.token_hex(32)
        self._settings = Settings(database_url=database_url, base_url=BASE_URL, secret_keys=(secret,))
        self._clock = SteppingClock()
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()

    def __enter__(self) -> Self:
        self._runner.run(self._open())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.run(self._stack.aclose())
        self._runner.close()

    async def _open(self) -> None:
        self._services = await self._stack.enter_async_context(open_services(self._settings, clock=self._clock))
        self._application = create_app(self._settings, clock=self._clock, log=json_log(LogLines()))
        await self._stack.enter_async_context(self._application.lifespan())

    def new_tenant(self, profile: Profile, *idps: str | None) -> list[TenantClient]:
        """Return clients of a tenant in which nobody is yet: one for each provider that has a key of its own."""
        return self._runner.run(self._new_tenant(profile, idps))

    async def _new_tenant(self, profile: Profile, idps: tuple[str | None, ...]) -> list[TenantClient]:
        slug = f"tenant-{secrets.token_hex(8)}"
        made = await self._services.tenants.create(slug, slug, f"admin@{slug}.example", "request-1")
        keys = [(idp, await self._services.keys.issue(made.tenant.id, profile=profile, idp=idp)) for idp in idps]
        return [TenantClient(self._runner, await self._client(key.secret), profile, idp) for idp, key in keys]

    async def _client(self, secret: str) -> httpx.AsyncClient:
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self._application),
            base_url=SCIM_URL,
            headers={"Authorization": f"Bearer {secret}"},
        )
        return await self._stack.enter_async_context(client)

    def advance(self, **duration: float) -> None:
        """Let some time go by."""
        self._clock.advance(**duration)
