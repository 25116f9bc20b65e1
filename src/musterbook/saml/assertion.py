"""*What an assertion says.* Decides whether it is for us, of now, and about one person (Core §2, Profiles §4.1.4).

Reads :class:`~musterbook.saml.signature.Verified` and nothing else, so it can be handed nothing that is not signed.
Knows no response, no binding and no key. Times, addresses and the requests that wait for an answer are arguments. A
value that is missing is a failure, a comparison is equality, and the first check that fails ends it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from musterbook.saml.errors import Refusal, SamlError, shown
from musterbook.saml.parties import IdentityProvider, ServiceProvider
from musterbook.saml.request import AuthnRequest
from musterbook.saml.signature import Verified
from musterbook.saml.structure import ASSERTION, ISSUER
from musterbook.saml.times import MAX_AGE, SKEW, check_begun, check_issue_instant, check_not_ended, parse_time
from musterbook.saml.xml import SAML, Element, name_of, needed_child, only_child, text_of

UNSPECIFIED: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
_ENTITY = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_UNDERSTOOD = frozenset(SAML + name for name in ("AudienceRestriction", "OneTimeUse", "ProxyRestriction"))
_MAX_NAME_ID_CHARACTERS = 512


@dataclass(frozen=True, slots=True)
class NameId:
    """The name by which the identity provider knows a person (core §2.2.3): two are one if all of it is equal."""

    value: str
    format: str = UNSPECIFIED
    name_qualifier: str | None = None
    sp_name_qualifier: str | None = None


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of the person, with every value of it that is a text (core §2.7.3.1)."""

    name: str
    values: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Assertion:
    """What an identity provider says of a person who has signed in. Every check has been made but whether it is new."""

    id: str
    """Unique with the issuer. Whoever accepts it keeps it until ``replay_until``, and accepts it no second time."""
    replay_until: datetime
    """From when on it is refused as expired, so that it need not be remembered any longer."""
    issuer: str
    name_id: NameId
    attributes: tuple[Attribute, ...]
    in_response_to: str | None
    """The request that it answers, which is thereby used up; ``None``: nobody asked, which the tenant allows."""
    authn_instant: datetime
    """When the person signed in at the identity provider."""
    authn_context: str | None
    session_index: str | None
    """The session at the identity provider, which a LogoutRequest names."""
    session_not_on_or_after: datetime | None
    """When the session has to end here too."""
    certificate_fingerprint: str
    """The certificate that it was verified by."""

    def values(self, name: str) -> tuple[str, ...]:
        """Return every value of an attribute; names are compared exactly."""
        return tuple(value for attribute in self.attributes if attribute.name == name for value in attribute.values)


def read_assertion(
    verified: Verified,
    *,
    sp: ServiceProvider,
    idp: IdentityProvider,
    requests: tuple[AuthnRequest, ...],
    now: datetime,
) -> Assertion:
    """Return what a signed assertion says, or the assertion of a signed response.

    Raises:
        SamlError: a check fails.
    """
    root = verified.root
    element = root if root.tag == ASSERTION else needed_child(root, ASSERTION, Refusal.ASSERTION_COUNT)
    check_issuer(element, idp)
    check_issue_instant(parse_time(element.get("IssueInstant")), now)
    subject = needed_child(element, f"{SAML}Subject", Refusal.NAME_ID)
    confirmation, confirmed_until = _confirmation(subject, sp, now)
    request = _request(confirmation.get("InResponseTo"), requests, idp, now)
    valid_until = _check_conditions(element, sp, now)
    statement = needed_child(element, f"{SAML}AuthnStatement", Refusal.AUTHN_STATEMENT)
    authn_instant = _authn_instant(statement, request, now)
    return Assertion(
        id=element.get("ID", ""),
        replay_until=min(confirmed_until, valid_until) + SKEW,
        issuer=idp.entity_id,
        name_id=read_name_id(subject),
        attributes=_attributes(element),
        in_response_to=None if request is None else request.id,
        authn_instant=authn_instant,
        authn_context=_authn_context(statement, request),
        session_index=statement.get("SessionIndex"),
        session_not_on_or_after=_session_end(statement, now),
        certificate_fingerprint=verified.certificate.fingerprint,
    )


def check_issuer(element: Element, idp: IdentityProvider) -> None:
    """Return if an element names the tenant's identity provider as its issuer.

    Raises:
        SamlError: it names another, or none.
    """
    issuer = needed_child(element, ISSUER, Refusal.ISSUER)
    if issuer.get("Format", _ENTITY) != _ENTITY or text_of(issuer) != idp.entity_id:
        raise SamlError(
            Refusal.ISSUER,
            f"{name_of(element)} is from {shown(text_of(issuer))}, and this connection is to {shown(idp.entity_id)}.",
        )


def read_name_id(element: Element) -> NameId:
    """Return the name in a subject or a LogoutRequest.

    Raises:
        SamlError: there is none, it is encrypted, or it is too long.
    """
    name_id = needed_child(element, f"{SAML}NameID", Refusal.NAME_ID)
    value = text_of(name_id)
    if not 0 < len(value) <= _MAX_NAME_ID_CHARACTERS or not value.isprintable():
        raise SamlError(
            Refusal.NAME_ID, f"The NameID must have 1 to {_MAX_NAME_ID_CHARACTERS} characters, and is {shown(value)}."
        )
    return NameId(
        value,
        name_id.get("Format", UNSPECIFIED),
        name_id.get("NameQualifier"),
        name_id.get("SPNameQualifier"),
    )


def _confirmation(subject: Element, sp: ServiceProvider, now: datetime) -> tuple[Element, datetime]:
    """Return the data of the one confirmation by bearer, and until when it holds (Profiles §4.1.4.2)."""
    confirmation = needed_child(subject, f"{SAML}SubjectConfirmation", Refusal.SUBJECT_CONFIRMATION)
    if confirmation.get("Method") != _BEARER:
        raise SamlError(Refusal.SUBJECT_CONFIRMATION, f"It is confirmed by {shown(confirmation.get('Method'))}.")
    data = needed_child(confirmation, f"{SAML}SubjectConfirmationData", Refusal.SUBJECT_CONFIRMATION)
    if data.get("NotOnOrAfter") is None or data.get("NotBefore") is not None:
        raise SamlError(
            Refusal.SUBJECT_CONFIRMATION, "The confirmation must have an end, and must not have a beginning."
        )
    end = parse_time(data.get("NotOnOrAfter"))
    check_not_ended(end, now)
    if data.get("Recipient") != sp.acs_url:
        raise SamlError(
            Refusal.RECIPIENT,
            f"The recipient is {shown(data.get('Recipient'))}. It must be exactly {shown(sp.acs_url)}.",
        )
    return data, end


def _request(
    id_: str | None, requests: tuple[AuthnRequest, ...], idp: IdentityProvider, now: datetime
) -> AuthnRequest | None:
    """Return the request that is answered; ``None`` where nobody asked and the tenant allows that."""
    if id_ is None:
        if idp.allows_idp_initiated:
            return None
        raise SamlError(
            Refusal.UNSOLICITED, "It answers no request. Signing in from the identity provider's portal is not allowed."
        )
    for request in requests:
        if request.id == id_ and now < request.issued_at + MAX_AGE:
            return request
    raise SamlError(
        Refusal.IN_RESPONSE_TO, f"It answers {shown(id_)}, which this browser did not ask in the last ten minutes."
    )


def _check_conditions(assertion: Element, sp: ServiceProvider, now: datetime) -> datetime:
    """Return until when the assertion is valid (core §2.5.1)."""
    conditions = needed_child(assertion, f"{SAML}Conditions", Refusal.CONDITION)
    if any(condition.tag not in _UNDERSTOOD for condition in conditions):
        raise SamlError(Refusal.CONDITION, "There is a condition that is not understood.")
    if conditions.get("NotBefore") is None or conditions.get("NotOnOrAfter") is None:
        raise SamlError(Refusal.CONDITION, "The conditions must say from when and until when they hold.")
    check_begun(parse_time(conditions.get("NotBefore")), now)
    end = parse_time(conditions.get("NotOnOrAfter"))
    check_not_ended(end, now)
    restrictions = [
        [text_of(audience) for audience in restriction.iterchildren(f"{SAML}Audience")]
        for restriction in conditions.iterchildren(f"{SAML}AudienceRestriction")
    ]
    # Each restriction must name us, and one restriction may name several (core §2.5.1.4).
    if not restrictions or any(sp.entity_id not in audiences for audiences in restrictions):
        raise SamlError(
            Refusal.AUDIENCE, f"The audience is {shown(str(restrictions))}. It must be exactly {shown(sp.entity_id)}."
        )
    return end


def _authn_instant(statement: Element, request: AuthnRequest | None, now: datetime) -> datetime:
    instant = parse_time(statement.get("AuthnInstant"))
    # How long ago is the identity provider's affair: people sign in there in the morning, and come here all day.
    check_begun(instant, now)
    if request is not None and request.forces_authn and instant < request.issued_at - SKEW:
        raise SamlError(Refusal.NOT_FRESH, "A new sign-in was asked for, and the person signed in before that.")
    return instant


def _authn_context(statement: Element, request: AuthnRequest | None) -> str | None:
    context = needed_child(statement, f"{SAML}AuthnContext", Refusal.AUTHN_STATEMENT)
    reference = only_child(context, f"{SAML}AuthnContextClassRef")
    used = None if reference is None else text_of(reference)
    if request is not None and request.authn_contexts and used not in request.authn_contexts:
        raise SamlError(Refusal.AUTHN_CONTEXT, f"The person signed in by {shown(used)}, which was not asked for.")
    return used


def _session_end(statement: Element, now: datetime) -> datetime | None:
    if statement.get("SessionNotOnOrAfter") is None:
        return None
    end = parse_time(statement.get("SessionNotOnOrAfter"))
    check_not_ended(end, now, Refusal.SESSION_ENDED)
    return end


def _attributes(assertion: Element) -> tuple[Attribute, ...]:
    """Return the attributes; a value that holds XML is left out, since no attribute of ours is made of one."""
    statement = only_child(assertion, f"{SAML}AttributeStatement")
    if statement is None:
        return ()
    return tuple(
        Attribute(
            attribute.get("Name", ""),
            tuple(text_of(value) for value in attribute.iterchildren(f"{SAML}AttributeValue") if not len(value)),
        )
        for attribute in statement.iterchildren(f"{SAML}Attribute")
    )
