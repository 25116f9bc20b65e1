"""*From outcome to response.* Decides status, headers and body of an answer (RFC 7644 §3.3 to §3.12).

Knows outcomes and the base URL; knows no HTTP server. How a resource is shown is the matter of ``representation``.
"""

from typing import NamedTuple, assert_never

import msgspec

from musterbook.scim.dialects import UNKNOWN_MEMBERS
from musterbook.scim.discovery import LIST_RESPONSE_URN
from musterbook.scim.errors import (
    MethodNotAllowedError,
    ScimError,
    TooManyRequestsError,
    UnauthorizedError,
    UnavailableError,
)
from musterbook.scim.listing import write_cursors
from musterbook.scim.operation import (
    Created,
    Deleted,
    Found,
    Outcome,
    Page,
    RootPage,
)
from musterbook.scim.protocol import Exchange
from musterbook.scim.render_dialects import PLAIN_JSON_ANSWER
from musterbook.scim.representation import representation
from musterbook.scim.resource import Json, StoredResource
from musterbook.scim.schema import ResourceType
from musterbook.scim.service import Service
from musterbook.scim.versions import entity_tag

SCIM_JSON = "application/scim+json"
PLAIN_JSON = "application/json"
ERROR_URN = "urn:ietf:params:scim:api:messages:2.0:Error"

_ENCODER = msgspec.json.Encoder()
_OK, _CREATED, _NO_CONTENT, _NOT_MODIFIED, _PERMANENT_REDIRECT = 200, 201, 204, 304, 308


class ScimResponse(NamedTuple):
    """A response, ready to be sent. A tuple: one is made for every request."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """With ``Content-Type`` where there is a body."""
    body: bytes


def choose_media_type(accept: str | None, idp: str | None) -> str:
    """Return the media type of the answer.

    OneLogin documents that every answer must be ``application/json``; RFC 7644 §3.8 asks for ``application/scim+json``
    by default. A key that was made for OneLogin decides for the first, ``Accept`` for whoever sends one.
    """
    if accept is not None:
        lowered = accept.lower()
        if SCIM_JSON in lowered:
            return SCIM_JSON
        if PLAIN_JSON in lowered and "*/*" not in lowered and "application/*" not in lowered:
            return PLAIN_JSON
    return PLAIN_JSON if idp in PLAIN_JSON_ANSWER.presets else SCIM_JSON


def render(exchange: Exchange, outcome: Outcome | None, service: Service, media_type: str) -> ScimResponse:
    """Return the response to ``exchange``; ``outcome`` is ``None`` where the exchange holds the answer already."""
    content_type = ("Content-Type", media_type)
    match outcome:
        case None if exchange.moved_to is not None:
            return ScimResponse(_PERMANENT_REDIRECT, (("Location", exchange.moved_to),), b"")
        case None:
            return ScimResponse(_OK, (content_type,), _ENCODER.encode(exchange.document))
        case Found(_, stored, is_known=True):
            return ScimResponse(_NOT_MODIFIED, (_etag(stored),), b"")
        case Found(resource_type, stored) | Created(resource_type, stored):
            if outcome.unknown_members:
                exchange.tolerance.permits(UNKNOWN_MEMBERS)
            location = ("Location", _location(stored, resource_type, service))
            if isinstance(outcome, Found) and not outcome.is_shown:
                return ScimResponse(_NO_CONTENT, (location, _etag(stored)), b"")
            body = representation(resource_type, exchange, service)(stored)
            status = _CREATED if isinstance(outcome, Created) else _OK
            return ScimResponse(status, (content_type, location, _etag(stored)), body.encode())
        case Deleted():
            return ScimResponse(_NO_CONTENT, (), b"")
        case Page() | RootPage():
            return ScimResponse(_OK, (content_type,), _list(outcome, service, exchange))
        case _:
            assert_never(outcome)


def render_error(error: ScimError, media_type: str) -> ScimResponse:
    """Return the Error message for ``error`` (RFC 7644 §3.12), with the headers that its status calls for."""
    headers: list[tuple[str, str]] = [("Content-Type", media_type)]
    if isinstance(error, MethodNotAllowedError):
        headers.append(("Allow", ", ".join(error.allowed)))
    elif isinstance(error, UnavailableError | TooManyRequestsError):
        headers.append(("Retry-After", str(error.retry_after_seconds)))
    elif isinstance(error, UnauthorizedError):
        headers.append(("WWW-Authenticate", error.challenge))
    return ScimResponse(error.status, tuple(headers), _ENCODER.encode(error_document(error)))


def error_document(error: ScimError) -> dict[str, Json]:
    """Return the Error message for ``error`` as JSON (RFC 7644 §3.12)."""
    document: dict[str, Json] = {"schemas": [ERROR_URN], "status": str(error.status)}
    if error.scim_type is not None:
        document["scimType"] = error.scim_type.value
    document["detail"] = error.detail
    return document


def _etag(stored: StoredResource) -> tuple[str, str]:
    return "ETag", entity_tag(stored.meta.version)


def _location(stored: StoredResource, resource_type: ResourceType, service: Service) -> str:
    return f"{service.base_url}{resource_type.endpoint}/{stored.id}"


def _list(page: Page | RootPage, service: Service, exchange: Exchange) -> bytes:
    if isinstance(page, Page):
        items = list(map(representation(page.resource_type, exchange, service), page.resources))
    else:
        types = {type_.name: type_ for type_, _ in page.resources}
        show = {name: representation(type_, exchange, service) for name, type_ in types.items()}
        items = [show[type_.name](stored) for type_, stored in page.resources]
    return (
        f'{{"schemas":["{LIST_RESPONSE_URN}"],"totalResults":{page.total_results}{_paging(page, service, exchange)},'
        f'"itemsPerPage":{len(items)},"Resources":[{",".join(items)}]}}'
    ).encode()


def _paging(page: Page | RootPage, service: Service, exchange: Exchange) -> str:
    """Return the members of a ListResponse that say where the page lies: an index, or cursors."""
    listing = exchange.listing
    if listing is None or listing.walk is None:
        return f',"startIndex":{page.start_index}'
    # A cursor needs no escaping.
    return "".join(f',"{name}":"{cursor}"' for name, cursor in write_cursors(listing, page, service).items())
