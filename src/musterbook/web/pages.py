"""*Everything that is not SCIM.* The routes for operators, and those of the console for people's browsers.

Knows Starlette and what the console mounts; holds no rule. These are not hot, so they may cost what a framework costs.
Each endpoint runs inside ``errors.attempt``, like every SCIM request; bodies are read, and bounded, before a page sees
them.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from musterbook.console import Arrival, Console
from musterbook.console import Route as ConsoleRoute
from musterbook.scim.errors import ForbiddenError, ScimError, UnavailableError
from musterbook.settings import Settings
from musterbook.web.answer import fixed_headers
from musterbook.web.body import check_length, read_body
from musterbook.web.errors import attempt
from musterbook.web.head import RequestHead, read_head
from musterbook.web.health import Health
from musterbook.web.metrics import MetricsPage
from musterbook.web.observer import CLIENT_GONE, Observer
from musterbook.web.proxy import TrustedProxies, peer_host
from musterbook.web.record import UNMATCHED
from musterbook.web.rooms import Rooms

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

_PLAIN_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked by machines next to the server, which do not pass the proxy that ends TLS."""


class PagesApplication:
    """The ASGI application beside ``/scim``."""

    def __init__(self, rooms: Rooms, settings: Settings, observer: Observer) -> None:
        """Serve pages; one that needs the rooms opens them where nobody did before."""
        self._observer = observer
        self._proxies = TrustedProxies.parse(settings.trusted_proxies)
        self._requires_tls = settings.base_url.startswith("https://")
        self._headers = fixed_headers(settings.base_url)
        health = Health(rooms)
        endpoints: dict[str, Endpoint] = {
            "/healthz": health.answer_alive,
            "/readyz": health.answer_ready,
            "/metrics": MetricsPage(observer.metrics, settings.metrics_token).answer,
        }
        self._console = Console(rooms.open, settings.base_url, observer.random_bytes)
        self._starlette = Starlette(
            routes=[
                *(Route(path, self._guard(endpoint), methods=["GET"]) for path, endpoint in endpoints.items()),
                *(Route(each.path, self._mount(each), methods=each.methods) for each in self._console.routes),
            ],
            exception_handlers={HTTPException: self._answer_unmatched},
        )
        self._starlette.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        """Answer one request; ``path`` is below the mount."""
        head = read_head(scope["headers"])
        record = self._observer.begin(scope["method"], head)
        record.status = CLIENT_GONE
        scope["musterbook.request_id"] = record.request_id
        names = {b"x-request-id"}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = message["status"]
                present = {name for name, _ in message["headers"]} | names
                more = [header for header in self._headers if header[0] not in present]
                message["headers"] = [
                    *message["headers"],
                    *more,
                    (b"x-request-id", record.request_id.encode("ascii")),
                ]
            else:
                record.response_bytes += len(message.get("body", b""))
            await send(message)

        try:
            if path not in _PLAIN_PATHS and self._is_unprotected(scope, head):
                response = _refuse(ForbiddenError("This server is reached over https only."))
                await response(scope, receive, send_with_headers)
            else:
                await self._starlette(scope, receive, send_with_headers)
        finally:
            route = scope.get("route")
            record.route = route.path if isinstance(route, Route) else UNMATCHED
            self._observer.end(record)

    def _is_unprotected(self, scope: Scope, head: RequestHead) -> bool:
        return self._requires_tls and not self._proxies.is_secure(peer_host(scope), scope["scheme"], head)

    def _guard(self, endpoint: Endpoint) -> Endpoint:
        """Return an endpoint for machines and operators: its failures are plain text."""

        async def guarded(request: Request) -> Response:
            result = await attempt(endpoint(request), _request_id(request), self._observer.log)
            if isinstance(result, Response):
                return result
            assert result is not None, "these read no body, so they do not notice a client that goes"
            return _refuse(result)

        return guarded

    def _mount(self, route: ConsoleRoute) -> Endpoint:
        """Return the endpoint of a page: its failures are pages too."""

        async def answer(request: Request) -> Response:
            return await route.answer(request, await self._arrival(request, route.body_limit))

        async def mounted(request: Request) -> Response:
            request_id = _request_id(request)
            result = await attempt(answer(request), request_id, self._observer.log)
            if isinstance(result, Response):
                return result
            if result is None:  # The client went while it sent its form; nobody reads this.
                return Response(status_code=CLIENT_GONE)
            failure = self._console.answer_failure(result.status, result.detail, request_id)
            failure.headers.update(_retry_headers(result))
            return failure

        return mounted

    async def _arrival(self, request: Request, body_limit: int) -> Arrival:
        head = read_head(request.scope["headers"])
        body = b""
        if request.method == "POST":
            check_length(head.content_length, body_limit)
            body = await read_body(request.receive, body_limit)
        client = self._proxies.client_host(peer_host(request.scope), head)
        return Arrival(_request_id(request), client or "", body)

    async def _answer_unmatched(self, request: Request, error: Exception) -> Response:
        """Answer where no route is, or none for this method."""
        assert isinstance(error, HTTPException), "it is registered for these alone"
        detail = "Check that the address is complete. It may have been cut off where it was copied."
        failure = self._console.answer_failure(error.status_code, detail, _request_id(request))
        failure.headers.update(error.headers or {})
        return failure


def _request_id(request: Request) -> str:
    request_id: str = request.scope["musterbook.request_id"]
    return request_id


def _refuse(error: ScimError) -> Response:
    return PlainTextResponse(error.detail, error.status, _retry_headers(error))


def _retry_headers(error: ScimError) -> dict[str, str]:
    return {"Retry-After": str(error.retry_after_seconds)} if isinstance(error, UnavailableError) else {}
