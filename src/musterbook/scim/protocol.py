"""*From request to operation.* Decides what a SCIM request asks (RFC 7644 §3).

Knows HTTP's words (method, path, header values, body) as plain values; knows no HTTP server, tenant or storage. One
request makes one :class:`Exchange`: the operation for the directory, or a document that needs no directory, and how
the answer is to be shown. ``scim.render`` turns the outcome into the response.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from musterbook.scim import discovery
from musterbook.scim.dialects import Tolerance
from musterbook.scim.errors import ForbiddenError, NotFoundError, NotSupportedError, UnsupportedMediaTypeError
from musterbook.scim.listing import NOBODY, Listing, Reader, parse_list
from musterbook.scim.members import MembersEdit, take_members
from musterbook.scim.operation import (
    DEFAULT_PROJECTION,
    CreateResource,
    DeleteResource,
    GetResource,
    Operation,
    PatchAnswer,
    PatchResource,
    Projection,
    ReplaceResource,
)
from musterbook.scim.parse import parse_resource
from musterbook.scim.password import PasswordEdit, take_password
from musterbook.scim.patch import parse_patch
from musterbook.scim.payload import decode_json_object
from musterbook.scim.projection import shows_related
from musterbook.scim.query import parse_parameters, parse_projection
from musterbook.scim.render_dialects import EMPTY_PATCH_ANSWER
from musterbook.scim.resource import Json, Resource
from musterbook.scim.routing import Endpoint, Route, find_route
from musterbook.scim.schema import ResourceType
from musterbook.scim.search_message import parse_search
from musterbook.scim.service import Service
from musterbook.scim.versions import parse_precondition

_LISTS = frozenset({Endpoint.ROOT, Endpoint.SEARCH})
_JSON_TYPES = frozenset({"application/scim+json", "application/json"})


class ScimRequest(NamedTuple):
    """A request below the SCIM base URL, whole and within its limits. A tuple: one is made for every request."""

    method: str
    path: str
    """Below ``/scim/v2``, percent-decoded once."""
    query: str
    """The raw query string, still percent-encoded."""
    content_type: str | None
    body: bytes
    if_match: str | None = None
    """As it was sent, several fields joined by commas."""
    if_none_match: str | None = None
    """As it was sent, several fields joined by commas."""
    document: dict[str, Json] | None = None
    """The body, where it came as a part of another message and was decoded with it."""
    reader: Reader = NOBODY
    """Whose request it is: a list that is read by cursors is read by somebody, at some time."""
    person_id: str | None = None
    """The person who asks. A key is nobody's: whoever comes with one is no person."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a request asks, and how its answer is shown."""

    route: str
    """The path without ids, for logs and metrics."""
    operation_name: str
    """What is done, in one word, for logs and metrics."""
    operation: Operation | None
    """``None`` where ``document`` is the answer already, and in a bulk request."""
    document: Json = None
    """The body of an answer that needs no directory."""
    projection: Projection = DEFAULT_PROJECTION
    tolerance: Tolerance = field(default_factory=Tolerance)
    """What the client may deviate in, and needs in an answer."""
    listing: Listing | None = None
    """How the pages of a list follow each other, where one is asked for."""
    bulk: dict[str, Json] | None = None
    """A BulkRequest message, whose operations ``scim.bulk`` turns into exchanges of their own."""
    moved_to: str | None = None
    """Where the client finds, by the same method, what it asks for."""

    def projection_of(self, resource_type: ResourceType) -> Projection:
        """Return which attributes of a resource of this type are shown."""
        return self.projection if self.listing is None else self.listing.projections[resource_type.name]


def parse_request(request: ScimRequest, service: Service, tolerance: Tolerance) -> Exchange:
    """Return what ``request`` asks.

    Raises:
        ScimError: with the status and ``scimType`` of what is wrong.
    """
    route = find_route(request.method, request.path, service)
    is_list = route.endpoint is Endpoint.RESOURCES and request.method == "GET"
    if is_list or route.endpoint in _LISTS:
        return _parse_list_request(request, route, service, tolerance)
    if route.resource_type is not None:
        return _parse_resource_request(request, route, route.resource_type, tolerance)
    if route.endpoint is Endpoint.BULK:
        return Exchange(route.template, "bulk", None, bulk=_body(request), tolerance=tolerance)
    if route.endpoint is Endpoint.ME:
        return _answer_me(request, route, service)
    return _answer_discovery(request, route, service)


def _answer_me(request: ScimRequest, route: Route, service: Service) -> Exchange:
    """Send a person to their own resource, and nobody else to anybody (RFC 7644 §3.11)."""
    if request.person_id is None:
        raise NotSupportedError("A key belongs to no person, so /Me is nobody. Ask for a user by id.")
    return Exchange(route.template, "me", None, moved_to=f"{service.base_url}/Users/{request.person_id}")


def _parse_resource_request(
    request: ScimRequest, route: Route, resource_type: ResourceType, tolerance: Tolerance
) -> Exchange:
    projection = parse_projection(parse_parameters(request.query), resource_type)
    if route.endpoint is Endpoint.RESOURCE:
        name, operation = _parse_resource_operation(request, route.id, resource_type, projection, tolerance)
    else:
        # What is not created yet has no version: preconditions say nothing here, and neither do they for a list.
        resource, members, password = _parse_whole(request, resource_type, tolerance)
        shows = shows_related(projection, resource_type)
        name, operation = "create", CreateResource(resource, members, shows, password=password)
    return Exchange(
        route=route.template,
        operation_name=name,
        operation=operation,
        projection=projection,
        tolerance=tolerance,
    )


def _parse_list_request(request: ScimRequest, route: Route, service: Service, tolerance: Tolerance) -> Exchange:
    is_search = route.endpoint is Endpoint.SEARCH  # The query is in the body then, and the address asks nothing.
    parameters = parse_search(_body(request)) if is_search else parse_parameters(request.query)
    listing = parse_list(parameters, route.resource_type, service, tolerance, request.reader)
    return Exchange(route.template, "search", listing.operation, tolerance=tolerance, listing=listing)


def _parse_resource_operation(
    request: ScimRequest, id_: str, resource_type: ResourceType, projection: Projection, tolerance: Tolerance
) -> tuple[str, Operation]:
    precondition = parse_precondition(request.if_match, request.if_none_match)
    shows = shows_related(projection, resource_type)
    match request.method:
        case "GET":
            return "get", GetResource(resource_type, id_, precondition, shows)
        case "DELETE":
            return "delete", DeleteResource(resource_type, id_, precondition)
        case "PATCH":
            patch = parse_patch(_body(request), resource_type, tolerance)
            answer = _patch_answer(resource_type, projection, tolerance)
            return "patch", PatchResource(resource_type, id_, patch, precondition, shows, answer)
        case _:
            resource, members, password = _parse_whole(request, resource_type, tolerance)
            return "replace", ReplaceResource(id_, resource, precondition, members, shows, password)


def _parse_whole(
    request: ScimRequest, resource_type: ResourceType, tolerance: Tolerance
) -> tuple[Resource, MembersEdit | None, PasswordEdit | None]:
    """Return the resource that was sent, and apart from it what is no part of its text."""
    resource, members = take_members(parse_resource(_body(request), resource_type, tolerance), tolerance)
    resource, password = take_password(resource)
    return resource, members, password


def _patch_answer(resource_type: ResourceType, projection: Projection, tolerance: Tolerance) -> PatchAnswer:
    if projection.attributes is not None:
        return PatchAnswer.WHOLE
    if resource_type.name == "Group" and tolerance.permits(EMPTY_PATCH_ANSWER):
        return PatchAnswer.EMPTY
    return PatchAnswer.SHORT


def _body(request: ScimRequest) -> dict[str, Json]:
    if request.document is not None:
        return request.document
    check_content_type(request.content_type)
    return decode_json_object(request.body)


def check_content_type(content_type: str | None) -> None:
    """Accept JSON under both of its names, in UTF-8, and a body without a type (RFC 7644 §8.1).

    Raises:
        UnsupportedMediaTypeError: another media type or charset.
    """
    if content_type is None or content_type in _JSON_TYPES:
        return
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [part.removeprefix("charset=").strip('"') for part in parameters if part.startswith("charset=")]
    if (media_type and media_type not in _JSON_TYPES) or any(charset not in {"utf-8", "utf8"} for charset in charsets):
        raise UnsupportedMediaTypeError("Send the body as application/scim+json or application/json, in UTF-8.")


def _answer_discovery(request: ScimRequest, route: Route, service: Service) -> Exchange:
    if request.query and parse_parameters(request.query).get("filter") is not None:
        raise ForbiddenError("Discovery endpoints cannot be filtered (RFC 7644 §4).")
    document: Json
    match route.endpoint:
        case Endpoint.SERVICE_PROVIDER_CONFIG:
            document = discovery.service_provider_config(service)
        case Endpoint.SCHEMAS:
            document = discovery.list_response(discovery.schemas(service))
        case Endpoint.RESOURCE_TYPES:
            document = discovery.list_response(discovery.resource_types(service))
        case Endpoint.SCHEMA:
            document = discovery.find_by_id(discovery.schemas(service), route.id)
        case _:
            document = discovery.find_by_id(discovery.resource_types(service), route.id)
    if document is None:
        raise NotFoundError("There is no such schema or resource type.")
    return Exchange(route.template, "discover", None, document)
