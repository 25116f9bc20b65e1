"""*From outcome to response.* Decides status, headers and body of an answer (RFC 7644 §3.3 to §3.12).

Knows outcomes, stored texts and the base URL; knows no HTTP server. The stored text is spliced into the answer as it
is; only where a client names attributes, or needs a name that is not there, is it decoded.
"""

from collections.abc import Sequence
from typing import NamedTuple, assert_never

import msgspec

from musterbook.scim.dialects import UNKNOWN_MEMBERS, Tolerance
from musterbook.scim.discovery import LIST_RESPONSE_URN
from musterbook.scim.errors import (
    MethodNotAllowedError,
    ScimError,
    TooManyRequestsError,
    UnauthorizedError,
    UnavailableError,
)
from musterbook.scim.listing import resources_of, write_cursors
from musterbook.scim.operation import (
    Created,
    CreateResource,
    Deleted,
    Found,
    Outcome,
    Page,
    ReplaceResource,
    RootPage,
    SearchResources,
)
from musterbook.scim.projection import project
from musterbook.scim.protocol import Exchange
from musterbook.scim.render_dialects import PLAIN_JSON_ANSWER, WHOLE_NAME
from musterbook.scim.resource import Json, Related, StoredResource
from musterbook.scim.schema import ResourceType
from musterbook.scim.service import Service
from musterbook.scim.versions import entity_tag

SCIM_JSON = "application/scim+json"
PLAIN_JSON = "application/json"
ERROR_URN = "urn:ietf:params:scim:api:messages:2.0:Error"

_WHOLE_NAME_MARKS = ('"givenName":"', '"familyName":"')
"""In JSON text a quotation mark inside a value is escaped, so these stand only where the attribute has a value."""
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
            body = _representation(stored, resource_type, service, exchange)
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


def _representation(stored: StoredResource, resource_type: ResourceType, service: Service, exchange: Exchange) -> str:
    meta = stored.meta
    document = stored.document
    if _needs_whole_name(exchange) and not all(mark in document for mark in _WHOLE_NAME_MARKS):
        document = _with_whole_name(document, resource_type, exchange.tolerance)
    related = "" if not stored.related else _related(stored.related, resource_type, service)
    # The values are ours and need no escaping: a checked base URL, an id, two times in one fixed form, a number.
    text = (
        f'{document[:-1]}{related},"meta":{{"resourceType":"{resource_type.name}","created":"{meta.created}",'
        f'"lastModified":"{meta.last_modified}","location":"{service.base_url}{resource_type.endpoint}/{stored.id}",'
        f'"version":"W/\\"{meta.version}\\""}}}}'
    )
    projection = exchange.projection_of(resource_type)
    if projection.is_default and resource_type.visibility.is_plain:
        return text
    return _ENCODER.encode(project(msgspec.json.decode(text), resource_type, projection)).decode()


def _related(related: Sequence[Related], resource_type: ResourceType, service: Service) -> str:
    """Return the member of a JSON object that shows memberships; written by hand, for there may be 100 000 of them."""
    # Here too nothing needs escaping but the names that clients give: ids and types are ours.
    locations = {name: f'","$ref":"{location}' for name, location in service.locations.items()}
    elements = [
        f'{{"value":"{value}{locations[type_name]}{value}","type":"{type_}"'
        + ("}" if display is None else f',"display":{_ENCODER.encode(display).decode()}}}')
        for value, type_name, type_, display in related
    ]
    return f',"{resource_type.related_attribute}":[{",".join(elements)}]'


def _needs_whole_name(exchange: Exchange) -> bool:
    # OneLogin looks people up, creates them and replaces them; what others ask with its key is answered as it is.
    return exchange.tolerance.idp in WHOLE_NAME.presets and isinstance(
        exchange.operation, CreateResource | ReplaceResource | SearchResources
    )


def _with_whole_name(document: str, resource_type: ResourceType, tolerance: Tolerance) -> str:
    """Return the text of a person with a first and a last name, empty where there is none."""
    if resource_type.attribute("name") is None or not tolerance.permits(WHOLE_NAME):
        return document
    attributes: dict[str, Json] = msgspec.json.decode(document)
    attributes["name"] = {"givenName": "", "familyName": "", **attributes.get("name", {})}
    return _ENCODER.encode(attributes).decode()


def _list(page: Page | RootPage, service: Service, exchange: Exchange) -> bytes:
    resources = resources_of(page)
    items = ",".join([_representation(stored, type_, service, exchange) for type_, stored in resources])
    return (
        f'{{"schemas":["{LIST_RESPONSE_URN}"],"totalResults":{page.total_results}{_paging(page, service, exchange)},'
        f'"itemsPerPage":{len(resources)},"Resources":[{items}]}}'
    ).encode()


def _paging(page: Page | RootPage, service: Service, exchange: Exchange) -> str:
    """Return the members of a ListResponse that say where the page lies: an index, or cursors."""
    listing = exchange.listing
    if listing is None or listing.walk is None:
        return f',"startIndex":{page.start_index}'
    # A cursor needs no escaping.
    return "".join(f',"{name}":"{cursor}"' for name, cursor in write_cursors(listing, page, service).items())
