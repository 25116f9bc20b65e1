"""*What every provider needs of an answer.* Decides whether an answer is one with which provisioning goes on.

Knows no provider, no connection, and nothing of why a request was made: it receives an exchange and returns what was
read in it, or raises. RFC 7644 §3.4.2 (ListResponse), §3.12 (errors) and RFC 7643 §3.1 (``id``) give the shapes. What
one provider asks for besides stands with that provider.

Attribute names are compared as they are written here: that every client takes them in any case is not known, so an
application is better off with the spelling of the schema.
"""

import json
import unicodedata
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias

from musterbook.simulator.errors import FailureReason, ProviderFailureError
from musterbook.simulator.wire import Exchange

Document: TypeAlias = dict[str, object]
Sentences: TypeAlias = Mapping[int, str]
"""What an administrator reads for a status, where a provider has words of its own."""

SHOWN = 300
"""Characters of an application's own words that go into a message."""

_REFUSALS: Mapping[int, tuple[FailureReason, str]] = {
    HTTPStatus.UNAUTHORIZED: (FailureReason.UNAUTHORIZED, "The token was not accepted"),
    HTTPStatus.FORBIDDEN: (FailureReason.UNAUTHORIZED, "The token does not allow this"),
    HTTPStatus.NOT_FOUND: (FailureReason.NOT_FOUND, "The resource or endpoint does not exist"),
    HTTPStatus.CONFLICT: (FailureReason.CONFLICT, "The application already has this"),
}


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list answer (RFC 7644 §3.4.2.4)."""

    total: int
    """``totalResults``: how many resources all pages have together."""
    resources: tuple[Document, ...]


def same_user_name(left: str, right: str) -> bool:
    """Compare two user names as ``userName`` is compared: without regard to case (RFC 7643 §4.1.1)."""
    return unicodedata.normalize("NFC", left).casefold() == unicodedata.normalize("NFC", right).casefold()


def expect_status(exchange: Exchange, *expected: int, sentences: Sentences | None = None) -> None:
    """Raise unless the answer has one of the expected statuses.

    Raises:
        ProviderFailureError: with the sentence for the administrator, and the application's ``detail`` if it has one.
    """
    status = exchange.status
    if status is None or status in expected:
        return
    reason, sentence = _refusal(status)
    sentence = (sentences or {}).get(status, sentence)
    detail = _detail(exchange)
    message = f"{sentence} (HTTP {status})" + (f": {detail}" if detail else "")
    raise ProviderFailureError(reason, message, status=status)


def read_document(exchange: Exchange, media_types: AbstractSet[str]) -> Document:
    """Return the JSON object in the body of an answer. No media types: any will do.

    Raises:
        ProviderFailureError: another content type, or a body that is not a JSON object.
    """
    content_type = exchange.response_header("Content-Type") or ""
    if media_types and content_type.split(";")[0].strip().lower() not in media_types:
        shown = f"{content_type[:SHOWN]!r}" if content_type else "none"
        wanted = " or ".join(sorted(media_types))
        raise broken(exchange, FailureReason.CONTENT_TYPE, f"The Content-Type must be {wanted}, not {shown}.")
    try:
        document = json.loads(exchange.response_body.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise broken(exchange, FailureReason.NOT_JSON, "The answer is not JSON.") from error
    if not isinstance(document, dict):
        raise broken(exchange, FailureReason.NOT_JSON, "The answer is not a JSON object.")
    return document


def read_resources(exchange: Exchange, document: Document) -> tuple[Document, ...]:
    """Return the resources of a list answer.

    RFC 7644 §3.4.2 lets an answer without results leave them out. Every provider's example has an empty array then.

    Raises:
        ProviderFailureError: no array of objects.
    """
    resources = document.get("Resources")
    if not isinstance(resources, list) or not all(isinstance(resource, dict) for resource in resources):
        raise broken(exchange, FailureReason.NOT_A_LIST, "The answer has no array of Resources.")
    return tuple(resources)


def read_page(exchange: Exchange, document: Document) -> Page:
    """Return a page of a list answer.

    Raises:
        ProviderFailureError: no array of objects, no ``totalResults``, or one of the numbers is not an integer.
    """
    resources = read_resources(exchange, document)
    for name in ("totalResults", "startIndex", "itemsPerPage"):
        number = document.get(name, 0)
        if not isinstance(number, int) or isinstance(number, bool):
            message = f"{name} is {json.dumps(number)[:SHOWN]}, which is not an integer."
            raise broken(exchange, FailureReason.NOT_INTEGERS, message)
    total = document.get("totalResults")
    if not isinstance(total, int) or total < len(resources):
        message = f"totalResults is {json.dumps(total)}, but there are {len(resources)} Resources."
        raise broken(exchange, FailureReason.TOTAL_RESULTS, message)
    return Page(total, resources)


def read_id(exchange: Exchange, document: Document) -> str:
    """Return the ``id`` of a resource.

    Raises:
        ProviderFailureError: there is none, or it is not a string.
    """
    scim_id = document.get("id")
    if scim_id is None or scim_id == "":
        raise broken(exchange, FailureReason.NO_ID, "The resource in the answer has no id.")
    if not isinstance(scim_id, str):
        raise broken(exchange, FailureReason.ID_NOT_A_STRING, "The id of the resource in the answer is not a string.")
    return scim_id


def broken(exchange: Exchange, reason: FailureReason, message: str) -> ProviderFailureError:
    """Return the failure of an answer that breaks a rule, with its status."""
    return ProviderFailureError(reason, message, status=exchange.status)


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
    return "".join(mark if mark.isprintable() else " " for mark in found[:SHOWN]) if isinstance(found, str) else ""


def _no_number(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")
