"""*SCIM over HTTP.* Takes a request from an ASGI server to the directory and its answer back.

Knows ASGI and the order of the checks; holds no rule of SCIM: what a request asks is decided in ``scim.protocol``, what
may be done in ``directory``. This is the way that every request of a provider takes, so it is one plain ASGI
application without a framework: no routing table, no middleware, no task of its own. The order is the cheapest first,
and nothing of a body is read before its sender is known:

    request line, transport, announced length → key → turn → path and media type → body → operation → answer
"""

from starlette.types import Receive, Scope, Send

from musterbook.directory import scim_actor
from musterbook.identity import Key
from musterbook.scim import Profile, Tolerance
from musterbook.scim.errors import (
    ForbiddenError,
    ScimError,
    UnauthorizedError,
    UnsupportedMediaTypeError,
    UriTooLongError,
)
from musterbook.scim.listing import NOBODY, Reader
from musterbook.scim.protocol import Exchange, ScimRequest, check_content_type, parse_request
from musterbook.scim.render import ScimResponse, choose_media_type, render, render_error
from musterbook.scim.routing import body_limit, find_route, is_public
from musterbook.scim.service import Service
from musterbook.settings import Settings
from musterbook.web.answer import CONNECTION_CLOSE, fixed_headers, send_answer
from musterbook.web.authentication import authenticate
from musterbook.web.body import check_length, read_body
from musterbook.web.bulk import perform_bulk
from musterbook.web.entrance import Entrance
from musterbook.web.errors import RequestTimeoutError, attempt, is_outage
from musterbook.web.head import MAX_REQUEST_LINE_BYTES, RequestHead, read_head
from musterbook.web.observer import CLIENT_GONE, Observer
from musterbook.web.proxy import TrustedProxies, peer_host
from musterbook.web.record import UNMATCHED, RequestRecord
from musterbook.web.rooms import Rooms
from musterbook.web.services import Services

PREFIX = "/scim"
BASE_PATH = "/scim/v2"
_BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})
_REFUSALS = frozenset({UnauthorizedError.status, ForbiddenError.status})


class ScimApplication:
    """The ASGI application below ``/scim``."""

    def __init__(self, rooms: Rooms, settings: Settings, observer: Observer) -> None:
        """Serve from ``rooms``, which the first request opens where nobody did before."""
        self._rooms = rooms
        self._observer = observer
        self._proxies = TrustedProxies.parse(settings.trusted_proxies)
        self._requires_tls = settings.base_url.startswith("https://")
        self._entrance = Entrance(settings.requests_per_second, observer.metrics)
        self._headers = fixed_headers(settings.base_url)
        self._closing_headers = [*self._headers, CONNECTION_CLOSE]

    async def __call__(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        """Answer one request; ``path`` is below the mount."""
        head = read_head(scope["headers"])
        record = self._observer.begin(scope["method"], head)
        is_head = scope["method"] == "HEAD"
        if is_head:
            # From here on it is a GET; only the content is not sent (RFC 9110 §9.3.2).
            scope = {**scope, "method": "GET"}
        record.media_type = choose_media_type(head.accept, None)
        try:
            work = self._serve(scope, receive, path, head, record)
            result = await attempt(work, record.request_id, self._observer.log)
            if result is None:
                record.status = CLIENT_GONE
                return
            response = self._refusal(result, scope, path, head, record) if isinstance(result, ScimError) else result
            record.status = response.status
            record.response_bytes = 0 if is_head else len(response.body)
            headers = self._closing_headers if isinstance(result, RequestTimeoutError) else self._headers
            await send_answer(send, response, record.request_id, headers, is_head=is_head)
        finally:
            self._observer.end(record)

    async def _serve(
        self, scope: Scope, receive: Receive, path: str, head: RequestHead, record: RequestRecord
    ) -> ScimResponse:
        services = self._rooms.opened or await self._rooms.open()
        path = _below_base(path)
        self._check_door(scope, path, head)
        if head.authorization is None and is_public(scope["method"], path):
            return await self._answer(services, scope, receive, path, head, None, record)
        found = await authenticate(head, services.keys, self._entrance, record)
        services, key = services.for_tenant(found.switches), found.key
        record.tenant_id = key.tenant_id
        record.key_id = key.id
        record.media_type = choose_media_type(head.accept, key.idp)
        self._entrance.check_rate(key.id, record)
        place = self._entrance.enter(key.tenant_id) or await self._entrance.wait(key.tenant_id, record)
        try:
            return await self._answer(services, scope, receive, path, head, key, record)
        except ScimError as error:
            if is_outage(error):
                self._entrance.dismiss(place)
            raise
        finally:
            self._entrance.leave(place)

    async def _answer(
        self,
        services: Services,
        scope: Scope,
        receive: Receive,
        path: str,
        head: RequestHead,
        key: Key | None,
        record: RequestRecord,
    ) -> ScimResponse:
        method: str = scope["method"]
        body = b""
        if head.has_body and method in _BODY_METHODS:
            record.route = find_route(method, path, services.service).template
            _check_coding(head)
            body = await read_body(receive, body_limit(method, path))
        tolerance = record.tolerance = Tolerance() if key is None else Tolerance(Profile(key.profile), key.idp)
        query = scope["query_string"].decode("latin-1")
        request = ScimRequest(
            method,
            path,
            query,
            head.content_type,
            body,
            head.if_match,
            head.if_none_match,
            reader=NOBODY if key is None else Reader(key.tenant_id, int(self._observer.clock().timestamp())),
        )
        exchange = parse_request(request, services.service, tolerance)
        record.route = exchange.route
        record.operation = exchange.operation_name
        return await self._perform(services, exchange, key, record)

    async def _perform(
        self, services: Services, exchange: Exchange, key: Key | None, record: RequestRecord
    ) -> ScimResponse:
        operation = exchange.operation
        if operation is None and exchange.bulk is None:
            return render(exchange, None, services.service, record.media_type)
        if key is None:  # Only discovery is public; if that ever changed by mistake, the directory stays shut.
            raise UnauthorizedError(credentials_sent=False)
        actor = scim_actor(key.tenant_id, key.id, record.request_id, idp=key.idp)
        if operation is None:
            exchange = await perform_bulk(services, actor, exchange, record, self._observer.log)
            return render(exchange, None, services.service, record.media_type)
        outcome = await services.directory.perform(actor, operation)
        record.note(outcome)
        return render(exchange, outcome, services.service, record.media_type)

    def _check_door(self, scope: Scope, path: str, head: RequestHead) -> None:
        """Refuse what can be refused before anybody's key is looked up."""
        raw_path: bytes = scope.get("raw_path") or b""
        if len(raw_path) + len(scope["query_string"]) > MAX_REQUEST_LINE_BYTES:
            raise UriTooLongError("The request line is longer than 64 KiB. Ask for less in one request.")
        if self._requires_tls and not self._proxies.is_secure(peer_host(scope), scope["scheme"], head):
            # The key has crossed the network in the clear; to answer as if nothing were wrong would hide it.
            advice = "" if head.authorization is None else " Replace the key: it was sent unprotected."
            raise ForbiddenError(f"This server is reached over https only.{advice}")
        method: str = scope["method"]
        if method in _BODY_METHODS:
            check_length(head.content_length, body_limit(method, path))

    def _refusal(
        self, error: ScimError, scope: Scope, path: str, head: RequestHead, record: RequestRecord
    ) -> ScimResponse:
        """Return the answer to a failure, and complete the record for whoever has to find its cause."""
        if error.scim_type is not None:
            record.scim_type = error.scim_type.value
        if error.status in _REFUSALS:
            record.client = self._proxies.client_host(peer_host(scope), head)
        if record.route == UNMATCHED and self._rooms.opened is not None:
            record.route = _route_of(scope["method"], path, self._rooms.opened.service)
        return render_error(error, record.media_type)


def _route_of(method: str, path: str, service: Service) -> str:
    try:
        return find_route(method, _below_base(path), service).template
    except ScimError:
        return UNMATCHED


def _below_base(path: str) -> str:
    """Return the path below ``/scim/v2``; other versions of the protocol have no path here (RFC 7644 §3.13)."""
    if path.startswith(BASE_PATH) and path[len(BASE_PATH) : len(BASE_PATH) + 1] in {"", "/"}:
        return path[len(BASE_PATH) :]
    return path


def _check_coding(head: RequestHead) -> None:
    """Refuse a body that is not JSON in UTF-8 as it stands.

    Raises:
        UnsupportedMediaTypeError: it is something else, or compressed: what unpacks to a thousand times its size is
            not unpacked.
    """
    if head.content_encoding not in {None, "", "identity"} or head.transfer_encoding not in {None, "chunked"}:
        raise UnsupportedMediaTypeError("Send the body uncompressed, without Content-Encoding.")
    if head.repeats_content_type:
        raise UnsupportedMediaTypeError("Send one Content-Type, not several.")
    check_content_type(head.content_type)
