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
from tests.machine.model import Json
from tests.web.site import LogLines, SteppingClock

BASE_URL = "http://directory.test"
SCIM_URL = f"{BASE_URL}/scim/v2"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: httpx.Headers
    document: Json


class TenantClient:
    """A client of one tenant."""

    def __init__(self, runner: asyncio.Runner, client: httpx.AsyncClient, profile: Profile) -> None:
        self._runner = runner
        self._client = client
        self.profile = profile.value

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

    def new_client(self, profile: Profile) -> TenantClient:
        """Return a client of a tenant in which nobody is yet."""
        return TenantClient(self._runner, self._runner.run(self._new_client(profile)), profile)

    async def _new_client(self, profile: Profile) -> httpx.AsyncClient:
        slug = f"tenant-{secrets.token_hex(8)}"
        made = await self._services.tenants.create(slug, slug, f"admin@{slug}.example", "request-1")
        key = await self._services.keys.issue(made.tenant.id, profile=profile)
        return await self._stack.enter_async_context(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(self._application),
                base_url=SCIM_URL,
                headers={"Authorization": f"Bearer {key.secret}"},
            )
        )

    def advance(self, **duration: float) -> None:
        """Let some time go by."""
        self._clock.advance(**duration)
