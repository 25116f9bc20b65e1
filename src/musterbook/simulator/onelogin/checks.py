"""*What OneLogin needs of an answer.* Decides which users, groups and lists OneLogin goes on with.

Knows nothing of connections or of why a request was made: it receives an exchange and returns what was read in it, or
raises. RFC 7644 §3.4.2 (ListResponse) and RFC 7643 §3.1 (``id``, ``meta``) give the shapes. Where OneLogin asks for
more than the standards or for something else, the comment says where that is known from: its documentation, its sample
servers, its test harness, or products that have it connected.

Attribute names are compared as they are written here: that a client as old as this one takes them in any case
is not known, so an application is better off with the spelling of the schema.
"""

import json
from dataclasses import dataclass
from http import HTTPStatus

from musterbook.simulator.checks import SHOWN, Document, Sentences, broken, read_id, read_resources
from musterbook.simulator.errors import FailureReason
from musterbook.simulator.wire import Exchange

MEDIA_TYPES = frozenset({"application/json"})
"""OneLogin's documentation: the content type of all responses must be application/json."""

SENTENCES: Sentences = {
    HTTPStatus.UNAUTHORIZED: "The SCIM Bearer Token was not accepted",
    HTTPStatus.FORBIDDEN: "The SCIM Bearer Token does not allow this",
    # OneLogin's own words, known from a product that explains them to its customers.
    HTTPStatus.NOT_FOUND: "Specified resource (e.g. User) or endpoint does not exist",
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


def read_list(exchange: Exchange, document: Document) -> tuple[Document, ...]:
    """Return the resources of a list answer.

    Raises:
        ProviderFailureError: no array of objects, or a ``totalResults`` that is not their number.
    """
    resources = read_resources(exchange, document)
    total = document.get("totalResults")
    # OneLogin's test harness compares the two; it asks for no pages.
    if not isinstance(total, int) or isinstance(total, bool) or total != len(resources):
        raise broken(
            exchange,
            FailureReason.TOTAL_RESULTS,
            f"totalResults is {json.dumps(total)[:SHOWN]}, but there are {len(resources)} Resources.",
        )
    return resources


def read_user(exchange: Exchange, document: Document) -> RemoteUser:
    """Return the user that a resource describes.

    Raises:
        ProviderFailureError: no ``id``, one that is not a string, no ``userName``, no ``name`` with both its parts,
            or, in the answer to a GET, no ``meta.location``.
    """
    scim_id = read_id(exchange, document)
    user_name = document.get("userName")
    if not isinstance(user_name, str) or not user_name:
        raise broken(exchange, FailureReason.NO_USER_NAME, "The user in the answer has no userName.")
    # Known from a product that has no use for names and had to return them all the same.
    name = document.get("name")
    given_name, family_name = (
        (name.get("givenName"), name.get("familyName")) if isinstance(name, dict) else (None, None)
    )
    if not isinstance(given_name, str) or not isinstance(family_name, str):
        raise broken(
            exchange, FailureReason.NO_NAME, "The user in the answer has no name with givenName and familyName."
        )
    meta = document.get("meta")
    location = meta.get("location") if isinstance(meta, dict) else None
    # OneLogin's test harness looks for it in what it reads, not in what it gets back for a change.
    if exchange.method == "GET" and (not isinstance(location, str) or not location):
        raise broken(exchange, FailureReason.NO_LOCATION, "The user in the answer has no meta.location.")
    active = document.get("active")
    return RemoteUser(
        id=scim_id,
        user_name=user_name,
        given_name=given_name,
        family_name=family_name,
        active=active if isinstance(active, bool) else None,
    )


def read_group_name(exchange: Exchange, document: Document) -> str:
    """Return the ``displayName`` of a group, which becomes a value to choose in OneLogin.

    Raises:
        ProviderFailureError: the group has no ``id`` or no ``displayName``.
    """
    read_id(exchange, document)
    display_name = document.get("displayName")
    if not isinstance(display_name, str) or not display_name:
        raise broken(exchange, FailureReason.NO_DISPLAY_NAME, "The group in the answer has no displayName.")
    return display_name
