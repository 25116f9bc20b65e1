"""*A SAML sign-in that is under way, as text.* Decides what is kept of it between two requests of a browser.

Knows the saml room's values; knows no storage. There are two things to keep: the request that waits for its response,
and the assertion that came unasked and waits for a click.
"""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from musterbook.identity.subjects import Newcomer, Subject
from musterbook.saml import Assertion, AuthnRequest, NameId
from musterbook.saml.parties import EMAIL_NAME_ID

EMAIL_ATTRIBUTES = (
    "User.email",
    "email",
    "mail",
    "emailAddress",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    "urn:oid:0.9.2342.19200300.100.1.3",
)
"""How providers call the attribute with the address: OneLogin first, then what others send unless told otherwise."""
GIVEN_NAME_ATTRIBUTES = (
    "User.FirstName",
    "firstName",
    "givenName",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
    "urn:oid:2.5.4.42",
)
FAMILY_NAME_ATTRIBUTES = (
    "User.LastName",
    "lastName",
    "surname",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname",
    "urn:oid:2.5.4.4",
)


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """A request that waits for its response."""

    connection_id: str
    request: AuthnRequest
    return_to: str
    """Where in our pages somebody goes on."""
    former_session: bytes | None = None
    """The hash of the token of the session that the browser has. Its cookie does not come with the provider's POST."""


@dataclass(frozen=True, slots=True)
class WaitingAssertion:
    """What an assertion said of a person who has still to confirm it, and what a session needs of it."""

    connection_id: str
    name_id: NameId
    addresses: tuple[str, ...]
    given_name: str | None
    family_name: str | None
    session_index: str | None
    session_not_on_or_after: datetime | None
    return_to: str


def waiting_assertion(connection_id: str, assertion: Assertion, return_to: str) -> WaitingAssertion:
    """Return what is kept of an assertion: who it is about, and no more."""
    addresses = tuple(value for name in EMAIL_ATTRIBUTES for value in assertion.values(name))
    return WaitingAssertion(
        connection_id=connection_id,
        name_id=assertion.name_id,
        addresses=tuple(dict.fromkeys(addresses)),
        given_name=_first_value(assertion, GIVEN_NAME_ATTRIBUTES),
        family_name=_first_value(assertion, FAMILY_NAME_ATTRIBUTES),
        session_index=assertion.session_index,
        session_not_on_or_after=assertion.session_not_on_or_after,
        return_to=return_to,
    )


def to_text(waiting: WaitingRequest | WaitingAssertion) -> str:
    """Return what waits as the text that is stored."""
    return msgspec.json.encode(waiting).decode()


def read_request(text: str) -> WaitingRequest:
    """Return the request that :func:`to_text` made this text of."""
    return msgspec.json.decode(text, type=WaitingRequest)


def read_assertion(text: str) -> WaitingAssertion:
    """Return the assertion that :func:`to_text` made this text of."""
    return msgspec.json.decode(text, type=WaitingAssertion)


def subject_of(waiting: WaitingAssertion) -> Subject:
    """Return whom the assertion is about. A name that looks like an address is one, whatever its format is called."""
    name_id = waiting.name_id
    names = tuple(dict.fromkeys((name_id.value, *waiting.addresses)))
    address = next((name for name in names if "@" in name), None)
    return Subject(
        connection_id=waiting.connection_id,
        key=subject_key(name_id),
        names=names,
        is_address=name_id.format == EMAIL_NAME_ID or "@" in name_id.value,
        newcomer=None if address is None else Newcomer(address, waiting.given_name, waiting.family_name),
    )


def _first_value(assertion: Assertion, names: tuple[str, ...]) -> str | None:
    return next((value for name in names for value in assertion.values(name) if value), None)


def subject_key(name_id: NameId) -> str:
    """Return the text that is equal for two names if all of them is (core §2.2.3)."""
    parts = (name_id.value, name_id.format, name_id.name_qualifier, name_id.sp_name_qualifier)
    return msgspec.json.encode(parts).decode()


def read_subject_key(key: str) -> NameId:
    """Return the name that :func:`subject_key` made this text of."""
    value, format_, name_qualifier, sp_name_qualifier = msgspec.json.decode(
        key, type=tuple[str, str, str | None, str | None]
    )
    return NameId(value, format_, name_qualifier, sp_name_qualifier)
