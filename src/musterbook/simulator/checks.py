"""*What OneLogin needs of an answer.* Decides whether an answer is one with which provisioning goes on.

Knows nothing of connections or of why a request was made: it receives an exchange and returns what was read in it, or
raises. RFC 7644 §3.4.2 (ListResponse), §3.12 (errors) and RFC 7643 §3.1 (``id``, ``meta``) give the shapes. Where
OneLogin asks for more than the standards or for something else, the comment says where that is known from:
its documentation, its sample servers, its test harness, or products that have it connected.

Attribute names are compared as they are written here: that a client as old as this one takes them in any case
is not known, so an application is better off with the spelling of the schema.
"""

import json
import unicodedata
from dataclasses import dataclass
from http import HTTPStatus

from musterbook.simulator.errors import FailureReason, OneLoginFailureError
from musterbook.simulator.wire import Exchange

Document = dict[str, object]

_SHOWN = 300
"""Characters of an application's own words that go into a message."""

_REFUSALS: dict[int, tuple[FailureReason, str]] = {
    HTTPStatus.UNAUTHORIZED: (FailureReason.UNAUTHORIZED, "The SCIM Bearer Token was not accepted"),
    HTTPStatus.FORBIDDEN: (FailureReason.UNAUTHORIZED, "The SCIM Bearer Token does not allow this"),
    # OneLogin's own words, known from a product that explains them to its customers.
    HTTPStatus.NOT_FOUND: (FailureReason.NOT_FOUND, "Specified resource (e.g. User) or endpoint does not exist"),
    HTTPStatus.CONFLICT: (FailureReason.CONFLICT, "The application already has this"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteUser:
    """A User resource as the application answered it."""

    id: str
    user_name: str
    given_name: str
    family_name: str
    active: bool | None
    """None where the answer has no boolean ``active``."""


def same_user_name(left: str, right: str) -> bool:
    """Compare two user names as ``userName`` is compared: without regard to case (RFC 7643 §4.1.1)."""
    return unicodedata.normalize("NFC", left).casefold() == unicodedata.normalize("NFC", right).casefold()


def expect_status(exchange: Exchange, *expected: int) -> None:
    """Raise unless the answer has one of the expected statuses.

    Raises:
        OneLoginFailureError: with the sentence for the administrator, and the application's ``detail`` if it has one.
    """
    status = exchange.status
    if status is None or status in expected:
        return
    reason, sentence = _refusal(status)
    detail = _detail(exchange)
    message = f"{sentence} (HTTP {status})" + (f": {detail}" if detail else "")
    raise OneLoginFailureError(reason, message, status=status)


def read_document(exchange: Exchange, *, json_content_type: bool) -> Document:
    """Return the JSON object in the body of an answer.

    Raises:
        OneLoginFailureError: another content type, or a body that is not a JSON object.
    """
    content_type = exchange.response_header("Content-Type") or ""
    # OneLogin's documentation: the content type of all responses must be application/json.
    if json_content_type and content_type.split(";")[0].strip().lower() != "application/json":
        shown = f"{content_type[:_SHOWN]!r}" if content_type else "none"
        raise _broken(exchange, FailureReason.CONTENT_TYPE, f"The Content-Type must be application/json, not {shown}.")
    try:
        document = json.loads(exchange.response_body.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise _broken(exchange, FailureReason.NOT_JSON, "The answer is not JSON.") from error
    if not isinstance(document, dict):
        raise _broken(exchange, FailureReason.NOT_JSON, "The answer is not a JSON object.")
    return document


def read_list(exchange: Exchange, document: Document) -> tuple[Document, ...]:
    """Return the resources of a list answer.

    Raises:
        OneLoginFailureError: no array of objects, or a ``totalResults`` that is not their number.
    """
    resources = document.get("Resources")
    # RFC 7644 §3.4.2 lets an answer without results leave Resources out; OneLogin asks for an empty array.
    if not isinstance(resources, list) or not all(isinstance(resource, dict) for resource in resources):
        raise _broken(exchange, FailureReason.NOT_A_LIST, "The answer has no array of Resources.")
    total = document.get("totalResults")
    # OneLogin's test harness compares the two; it asks for no pages.
    if not isinstance(total, int) or isinstance(total, bool) or total != len(resources):
        raise _broken(
            exchange,
            FailureReason.TOTAL_RESULTS,
            f"totalResults is {json.dumps(total)[:_SHOWN]}, but there are {len(resources)} Resources.",
        )
    return tuple(resources)


def read_user(exchange: Exchange, document: Document) -> RemoteUser:
    """Return the user that a resource describes.

    Raises:
        OneLoginFailureError: no ``id``, one that is not a string, no ``userName``, no ``name`` with both its parts,
            or, in the answer to a GET, no ``meta.location``.
    """
    scim_id = read_id(exchange, document)
    user_name = document.get("userName")
    if not isinstance(user_name, str) or not user_name:
        raise _broken(exchange, FailureReason.NO_USER_NAME, "The user in the answer has no userName.")
    # Known from a product that has no use for names and had to return them all the same.
    name = document.get("name")
    given_name, family_name = (
        (name.get("givenName"), name.get("familyName")) if isinstance(name, dict) else (None, None)
    )
    if not isinstance(given_name, str) or not isinstance(family_name, str):
        raise _broken(
            exchange, FailureReason.NO_NAME, "The user in the answer has no name with givenName and familyName."
        )
    meta = document.get("meta")
    location = meta.get("location") if isinstance(meta, dict) else None
    # OneLogin's test harness looks for it in what it reads, not in what it gets back for a change.
    if exchange.method == "GET" and (not isinstance(location, str) or not location):
        raise _broken(exchange, FailureReason.NO_LOCATION, "The user in the answer has no meta.location.")
    active = document.get("active")
    return RemoteUser(
        id=scim_id,
        user_name=user_name,
        given_name=given_name,
        family_name=family_name,
        active=active if isinstance(active, bool) else None,
    )


def read_id(exchange: Exchange, document: Document) -> str:
    """Return the ``id`` of a resource.

    Raises:
        OneLoginFailureError: there is none, or it is not a string.
    """
    scim_id = document.get("id")
    if scim_id is None or scim_id == "":
        raise _broken(exchange, FailureReason.NO_ID, "The resource in the answer has no id.")
    if not isinstance(scim_id, str):
        raise _broken(exchange, FailureReason.ID_NOT_A_STRING, "The id of the resource in the answer is not a string.")
    return scim_id


def read_group_name(exchange: Exchange, document: Document) -> str:
    """Return the ``displayName`` of a group, which becomes a value to choose in OneLogin.

    Raises:
        OneLoginFailureError: the group has no ``id`` or no ``displayName``.
    """
    read_id(exchange, document)
    display_name = document.get("displayName")
    if not isinstance(display_name, str) or not display_name:
        raise _broken(exchange, FailureReason.NO_DISPLAY_NAME, "The group in the answer has no displayName.")
    return display_name


def _refusal(status: int) -> tuple[FailureReason, str]:
    if status in _REFUSALS:
        return _REFUSALS[status]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return FailureReason.SERVER_ERROR, "The application failed"
    if status >= HTTPStatus.BAD_REQUEST:
        return FailureReason.REFUSED, "The application refused the request"
    return FailureReason.UNEXPECTED_STATUS, "The application answered with a status that this request does not have"


def _detail(exchange: Exchange) -> str:
    """Return the application's own words: an error of RFC 7644 §3.12, or of SCIM 1.1 in either of its spellings."""
    try:
        document = json.loads(exchange.response_body.decode())
    except (ValueError, RecursionError):
        return ""
    if not isinstance(document, dict):
        return ""
    errors = document.get("Errors")
    if isinstance(errors, list):
        errors = errors[0] if errors else None
    found = errors.get("description") if isinstance(errors, dict) else document.get("detail")
    # One line, so that an application cannot forge a line of a log or a terminal.
    return "".join(mark if mark.isprintable() else " " for mark in found[:_SHOWN]) if isinstance(found, str) else ""


def _no_number(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


def _broken(exchange: Exchange, reason: FailureReason, message: str) -> OneLoginFailureError:
    return OneLoginFailureError(reason, message, status=exchange.status)
