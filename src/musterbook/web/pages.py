"""*Everything that is not SCIM.* The routes for operators and for people's browsers.

Knows Starlette and the pages; holds no rule. These are not hot, so they may cost what a framework costs. Each endpoint
runs inside ``errors.attempt``, like every SCIM request.
"""

from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from musterbook.scim.errors import ForbiddenError, ScimError, UnavailableError
from musterbook.settings import Settings
from musterbook.web.answer import fixed_headers
from musterbook.web.errors import attempt
from musterbook.web.head import RequestHead, read_head
from musterbook.web.health import Health
from musterbook.web.metrics import MetricsPage
from musterbook.web.observer import CLIENT_GONE, Observer
from musterbook.web.proxy import TrustedProxies, peer_host
from musterbook.web.record import UNMATCHED
from musterbook.web.rooms import Rooms
from musterbook.web.setup import STYLESHEET_PATH, SetupPage, Stylesheet

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

_STYLESHEET = files("musterbook.web") / "static" / "musterbook.css"
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
            "/setup/{token}": SetupPage(rooms, settings.base_url, observer.clock).answer,
            STYLESHEET_PATH: Stylesheet(_STYLESHEET.read_text(encoding="utf-8")).answer,
        }
        self._starlette = Starlette(
            routes=[Route(path, self._guard(endpoint), methods=["GET"]) for path, endpoint in endpoints.items()]
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
        async def guarded(request: Request) -> Response:
            request_id: str = request.scope["musterbook.request_id"]
            result = await attempt(endpoint(request), request_id, self._observer.log)
            if isinstance(result, Response):
                return result
            assert result is not None, "a page reads no body, so it does not notice a client that goes"
            return _refuse(result)

        return guarded


def _refuse(error: ScimError) -> Response:
    headers = {"Retry-After": str(error.retry_after_seconds)} if isinstance(error, UnavailableError) else {}
    return PlainTextResponse(error.detail, error.status, headers)
