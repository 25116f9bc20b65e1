"""*What a response says.* Decides its text before anything is signed: SAML 2.0 Core as OneLogin writes it.

Knows names, addresses and times as values; knows no key and no request. The parts are texts, so that whoever wants
another part in its place names it by itself. The shape is that of recorded responses: the issuer in both places, the
name an e-mail address, several roles as one text with semicolons.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from musterbook.simulator.onelogin.user import OneLoginUser

EMAIL_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"  # noqa: S105 the name of a method
NAMESPACES = {
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "xenc": "http://www.w3.org/2001/04/xmlenc#",
}
WINDOW_SECONDS = 180
"""How long before and after the present an assertion holds."""
SESSION_SECONDS = 86400
STATUS = f'<samlp:Status><samlp:StatusCode Value="{SUCCESS}"/></samlp:Status>'
_BASIC = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"


def attribute(name: str, *values: str) -> str:
    """Return an attribute as OneLogin writes it; the values are XML already."""
    texts = "".join(f'<saml:AttributeValue xsi:type="xs:string">{value}</saml:AttributeValue>' for value in values)
    return f'<saml:Attribute NameFormat="{_BASIC}" Name="{name}">{texts}</saml:Attribute>'


def attributes_of(user: OneLoginUser) -> tuple[tuple[str, str], ...]:
    """Return what OneLogin says of a person beside the name; roles are one text."""
    roles = ";".join(("Everyone", user.department) if user.department else ("Everyone",))
    return (
        ("User.email", user.email),
        ("User.FirstName", user.firstname),
        ("User.LastName", user.lastname),
        ("memberOf", roles),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A response before it is signed: its values, and the texts that are made of them."""

    moment: datetime
    issuer: str
    """OneLogin's entity ID."""
    audience: str
    """The application's."""
    acs_url: str
    name: str
    attributes: tuple[tuple[str, str], ...]
    in_response_to: str | None
    """The ID of the request; ``None``: nobody asked."""
    response_id: str
    assertion_id: str
    session_index: str
    forged_name: str = "eve@evil.example"
    """As whom an attacker would like to come."""

    def stamp(self, seconds: float = 0) -> str:
        """Return the time so many seconds from now as a message has it."""
        return (self.moment + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def answers(self) -> str:
        """The attribute that names the request, behind a space; empty where nobody asked."""
        return "" if self.in_response_to is None else f' InResponseTo="{escape(self.in_response_to)}"'

    @property
    def issuer_part(self) -> str:
        """Who says it."""
        return f"<saml:Issuer>{escape(self.issuer)}</saml:Issuer>"

    @property
    def name_part(self) -> str:
        """Whom it is about."""
        return f'<saml:NameID Format="{EMAIL_FORMAT}">{escape(self.name)}</saml:NameID>'

    @property
    def confirmation_part(self) -> str:
        """For which address, and until when."""
        return (
            f'<saml:SubjectConfirmation Method="{BEARER}"><saml:SubjectConfirmationData '
            f'NotOnOrAfter="{self.stamp(WINDOW_SECONDS)}" Recipient="{escape(self.acs_url)}"{self.answers}/>'
            "</saml:SubjectConfirmation>"
        )

    @property
    def subject_part(self) -> str:
        """The name and how it is confirmed."""
        return f"<saml:Subject>{self.name_part}{self.confirmation_part}</saml:Subject>"

    @property
    def audience_part(self) -> str:
        """For whom it is."""
        audience = f"<saml:Audience>{escape(self.audience)}</saml:Audience>"
        return f"<saml:AudienceRestriction>{audience}</saml:AudienceRestriction>"

    @property
    def conditions_part(self) -> str:
        """When and for whom it holds."""
        times = f'NotBefore="{self.stamp(-WINDOW_SECONDS)}" NotOnOrAfter="{self.stamp(WINDOW_SECONDS)}"'
        return f"<saml:Conditions {times}>{self.audience_part}</saml:Conditions>"

    @property
    def statement_part(self) -> str:
        """How and when the person signed in."""
        return (
            f'<saml:AuthnStatement AuthnInstant="{self.stamp(-1)}" SessionNotOnOrAfter="{self.stamp(SESSION_SECONDS)}" '
            f'SessionIndex="{escape(self.session_index)}">'
            f"<saml:AuthnContext><saml:AuthnContextClassRef>{PASSWORD}</saml:AuthnContextClassRef></saml:AuthnContext>"
            "</saml:AuthnStatement>"
        )

    @property
    def attributes_part(self) -> str:
        """What else is said of the person."""
        said = "".join(attribute(name, escape(value)) for name, value in self.attributes)
        return f"<saml:AttributeStatement>{said}</saml:AttributeStatement>"

    @property
    def assertion(self) -> str:
        """What is signed."""
        return (
            '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" '
            'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            f'Version="2.0" ID="{self.assertion_id}" IssueInstant="{self.stamp()}">{self.issuer_part}'
            f"{self.subject_part}{self.conditions_part}{self.statement_part}{self.attributes_part}</saml:Assertion>"
        )

    @property
    def response(self) -> str:
        """The whole document."""
        return (
            f'<samlp:Response xmlns:saml="{NAMESPACES["saml"]}" xmlns:samlp="{NAMESPACES["samlp"]}" '
            f'ID="{self.response_id}" Version="2.0" IssueInstant="{self.stamp()}" '
            f'Destination="{escape(self.acs_url)}"{self.answers}>'
            f"{self.issuer_part}{STATUS}{self.assertion}</samlp:Response>"
        )
