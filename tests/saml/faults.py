"""Responses that are one edit away from a good one, with the check that must refuse each.

Two kinds: what the identity provider says wrongly, which is edited before it is signed; and what somebody on the way
changes, which is edited afterwards. The edit is one replacement, or one function where a text cannot say it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from musterbook.saml.errors import Refusal
from tests.saml import idp
from tests.saml.idp import ACS, AUDIENCE, BEARER, CONDITIONS, IDP, ISSUER, REQUEST_ID, SP, STATUS, SUCCESS, stamp

Edit = tuple[str, str]
COMMENT = "<!---->"
OTHER = "https://evil.example/"


@dataclass(frozen=True)
class Fault:
    """What is wrong, as an edit of a document, and the check that must find it."""

    name: str
    refusal: Refusal
    edit: Edit | Callable[[str], str]
    everywhere: bool = False
    """Whether every place is edited, not only the first."""

    def apply(self, document: str) -> str:
        """Return the document with the fault, which must have changed it."""
        if callable(self.edit):
            changed = self.edit(document)
        else:
            old, new = self.edit
            changed = document.replace(old, new, -1 if self.everywhere else 1)
        assert changed != document, f"{self.name} changes nothing"
        return changed


def last(old: str, new: str) -> Callable[[str], str]:
    """Return the edit of the last place: the assertion's, where the response has the same before it."""

    def edit(document: str) -> str:
        before, found, after = document.rpartition(old)
        assert found, old
        return before + new + after

    return edit


# What the identity provider says: each is signed as it stands here.
SAID = [
    Fault("S3: no assertion", Refusal.ASSERTION_COUNT, (idp.ASSERTION, "")),
    Fault("S3: an element that no assertion has", Refusal.UNEXPECTED_ELEMENT, (CONDITIONS, f"{CONDITIONS}<saml:Odd/>")),
    Fault("S3: two subjects", Refusal.UNEXPECTED_ELEMENT, (idp.SUBJECT, idp.SUBJECT * 2)),
    Fault("S3: an assertion of SAML 1.1", Refusal.VERSION, last('Version="2.0" ID="_a1"', 'Version="1.1" ID="_a1"')),
    Fault(
        "S3: an assertion within the assertion's advice (CVE-2021-21238)",
        Refusal.ASSERTION_COUNT,
        (CONDITIONS, f"{CONDITIONS}<saml:Advice>{idp.ASSERTION.replace('_a1', '_a2')}</saml:Advice>"),
    ),
    Fault("S12: another issuer", Refusal.ISSUER, last(ISSUER, f"<saml:Issuer>{OTHER}</saml:Issuer>")),
    Fault("S12: two issuers", Refusal.UNEXPECTED_ELEMENT, last(ISSUER, ISSUER * 2)),
    Fault("S12: an issuer that only begins alike", Refusal.ISSUER, last(IDP, IDP + "0")),
    Fault("S12: an issuer of another format", Refusal.ISSUER, last("<saml:Issuer>", '<saml:Issuer Format="urn:x">')),
    Fault("S13: another recipient", Refusal.RECIPIENT, (f'Recipient="{ACS}"', f'Recipient="{OTHER}"')),
    Fault("S13: no recipient", Refusal.RECIPIENT, (f'Recipient="{ACS}"', "")),
    Fault("S13: the recipient by http", Refusal.RECIPIENT, (f'Recipient="{ACS}"', f'Recipient="{ACS[0:4]}{ACS[5:]}"')),
    Fault("S13: a slash after the recipient", Refusal.RECIPIENT, (f'Recipient="{ACS}"', f'Recipient="{ACS}/"')),
    Fault(
        "S13: another tenant's recipient",
        Refusal.RECIPIENT,
        (f'Recipient="{ACS}"', f'Recipient="{ACS.replace("acme", "globex")}"'),
    ),
    Fault("S14: no audience", Refusal.AUDIENCE, (AUDIENCE, "")),
    Fault("S14: a restriction to nobody", Refusal.AUDIENCE, (f"<saml:Audience>{SP}</saml:Audience>", "")),
    Fault("S14: another audience", Refusal.AUDIENCE, (SP, OTHER)),
    Fault("S14: an audience that only begins alike", Refusal.AUDIENCE, (SP, SP + "x")),
    Fault("S14: another tenant's audience", Refusal.AUDIENCE, (SP, SP.replace("acme", "globex"))),
    Fault(
        "S14: a second restriction, to others",
        Refusal.AUDIENCE,
        (AUDIENCE, AUDIENCE + AUDIENCE.replace(SP, OTHER)),
    ),
    Fault("S14: no conditions (CVE-2026-41577)", Refusal.CONDITION, (CONDITIONS, "")),
    Fault("S14: a condition of somebody's own", Refusal.CONDITION, (AUDIENCE, AUDIENCE + '<Condition xmlns="urn:x"/>')),
    Fault("S15: conditions without a beginning", Refusal.CONDITION, (f'NotBefore="{stamp(-180)}"', "")),
    Fault(
        "S15: conditions without an end",
        Refusal.CONDITION,
        last(f'NotOnOrAfter="{stamp(180)}"', ""),
    ),
    Fault("S15: conditions from later on", Refusal.NOT_YET_VALID, (stamp(-180), stamp(61))),
    Fault("S15: conditions until earlier", Refusal.EXPIRED, last(stamp(180), stamp(-60))),
    Fault("S15: confirmed until earlier", Refusal.EXPIRED, (stamp(180), stamp(-60))),
    Fault(
        "S15: confirmed without an end",
        Refusal.SUBJECT_CONFIRMATION,
        (f'NotOnOrAfter="{stamp(180)}" Recipient', "Recipient"),
    ),
    Fault(
        "S15: confirmed from some time on",
        Refusal.SUBJECT_CONFIRMATION,
        (f'Recipient="{ACS}"', f'Recipient="{ACS}" NotBefore="{stamp(-60)}"'),
    ),
    Fault("S15: an assertion of long ago", Refusal.ISSUE_INSTANT, last(stamp(), stamp(-661))),
    Fault("S15: an assertion of the future", Refusal.ISSUE_INSTANT, last(stamp(), stamp(61))),
    Fault("S15: a sign-in in the future", Refusal.NOT_YET_VALID, (stamp(-1), stamp(61))),
    Fault("S15: no time of the sign-in", Refusal.BAD_VALUE, (f'AuthnInstant="{stamp(-1)}"', "")),
    Fault("S15: a time that is none", Refusal.BAD_VALUE, (stamp(-180), "2026-02-30T12:00:00Z")),
    Fault("S15: a time of another zone", Refusal.BAD_VALUE, (stamp(-180), "2026-11-24T12:00:00+01:00")),
    Fault("S16: the answer to another request", Refusal.IN_RESPONSE_TO, last(REQUEST_ID, "_" + "f" * 32)),
    Fault("S16: an assertion that answers nothing", Refusal.UNSOLICITED, last(f'InResponseTo="{REQUEST_ID}"', "")),
    Fault("S3: not confirmed", Refusal.SUBJECT_CONFIRMATION, (idp.CONFIRMATION, "")),
    Fault("S3: confirmed twice", Refusal.UNEXPECTED_ELEMENT, (idp.CONFIRMATION, idp.CONFIRMATION * 2)),
    Fault(
        "S3: confirmed by the holder of a key", Refusal.SUBJECT_CONFIRMATION, (BEARER, BEARER[:-6] + "holder-of-key")
    ),
    Fault("S21: nobody", Refusal.NAME_ID, (idp.SUBJECT, "")),
    Fault("S21: no name", Refusal.NAME_ID, (idp.NAME_ID, "")),
    Fault("S21: an empty name", Refusal.NAME_ID, (">ada@acme.example</saml:NameID>", "> </saml:NameID>")),
    Fault("S21: a name of 513 characters", Refusal.NAME_ID, ("ada@acme.example</saml:N", "a" * 513 + "</saml:N")),
    Fault("S21: a name of two lines", Refusal.NAME_ID, ("ada@acme.example</saml:N", "ada\ngrace</saml:N")),
    Fault(
        "S21: a name with XML in it", Refusal.UNEXPECTED_ELEMENT, ("ada@acme.example</saml:N", "a<saml:b/>c</saml:N")
    ),
    Fault("S28: the session is over", Refusal.SESSION_ENDED, (stamp(86400), stamp(-60))),
    Fault("S28: no statement of a sign-in", Refusal.AUTHN_STATEMENT, (idp.AUTHN_STATEMENT, "")),
    Fault(
        "S28: two statements of sign-ins", Refusal.UNEXPECTED_ELEMENT, (idp.AUTHN_STATEMENT, idp.AUTHN_STATEMENT * 2)
    ),
]

# What the response says around the assertion, signed or not: whoever changes it, it is refused.
SAID_AROUND = [
    Fault("S3: another message", Refusal.WRONG_MESSAGE, ("samlp:Response", "samlp:LogoutResponse"), everywhere=True),
    Fault("S3: SAML 1.1", Refusal.VERSION, ('ID="_r1" Version="2.0"', 'ID="_r1" Version="1.1"')),
    Fault("S3: an element that no response has", Refusal.UNEXPECTED_ELEMENT, (STATUS, f"{STATUS}<samlp:Odd/>")),
    Fault("S3: two states", Refusal.UNEXPECTED_ELEMENT, (STATUS, STATUS * 2)),
    Fault("S12: another issuer", Refusal.ISSUER, (IDP, OTHER)),
    Fault("S13: another destination", Refusal.DESTINATION, (f'Destination="{ACS}"', f'Destination="{OTHER}"')),
    Fault("S13: a slash after the destination", Refusal.DESTINATION, (f'Destination="{ACS}"', f'Destination="{ACS}/"')),
    Fault("S15: a response of long ago", Refusal.ISSUE_INSTANT, (stamp(), stamp(-661))),
    Fault("S15: no time", Refusal.BAD_VALUE, (f'IssueInstant="{stamp()}"', "")),
    Fault("S16: the answer to another request", Refusal.IN_RESPONSE_TO, (REQUEST_ID, "_" + "f" * 32)),
    Fault("S16: a response that answers nothing", Refusal.IN_RESPONSE_TO, (f'InResponseTo="{REQUEST_ID}"', "")),
    Fault("S20: it did not work", Refusal.STATUS, (SUCCESS, SUCCESS[:-7] + "Responder")),
    Fault("S20: no state", Refusal.STATUS, (STATUS, "")),
    Fault("S20: a state without a code", Refusal.STATUS, (STATUS, "<samlp:Status/>")),
]

# What a signed response must say, and another need not.
SAID_WHEN_SIGNED = [
    Fault("S12: no issuer", Refusal.ISSUER, lambda document: document.replace(ISSUER, "", 1)),
    Fault("S13: no destination", Refusal.DESTINATION, (f'Destination="{ACS}"', "")),
]

# What somebody on the way changes in a signed document.
CHANGED = [
    Fault(
        "S4: another name", Refusal.SIGNATURE, (">ada@acme.example</saml:NameID>", ">eve@acme.example</saml:NameID>")
    ),
    Fault("S4: another attribute (CVE-2025-46572)", Refusal.SIGNATURE, (">Engineering;", ">Administrators;")),
    Fault(
        "S2: a document type (CVE-2025-23369, CVE-2025-25291)",
        Refusal.DOCUMENT_TYPE,
        ("<samlp:Response", "<!DOCTYPE x><samlp:Response"),
    ),
    Fault("S2: a processing instruction", Refusal.COMMENT, (STATUS, f"{STATUS}<?xml-stylesheet href='x'?>")),
    Fault("S2: a processing instruction at the end", Refusal.COMMENT, ("</samlp:Response>", "</samlp:Response><?x?>")),
    Fault("S2: an entity of nobody", Refusal.NOT_XML, ("Ada<", "&ada;<")),
    Fault("S10: a comment in the name (CVE-2017-11427)", Refusal.COMMENT, ("ada@acme", f"ada@{COMMENT}acme")),
    Fault("S10: a comment before the response", Refusal.COMMENT, ("<samlp:Response", f"{COMMENT}<samlp:Response")),
    Fault("S11: an attribute twice (CVE-2025-25292)", Refusal.NOT_XML, ('ID="_a1"', 'ID="_a1" ID="_a2"')),
    Fault("S11: an unknown prefix (CVE-2025-66567)", Refusal.NOT_XML, (STATUS, f'{STATUS}<x:y xmlns:z="urn:z"/>')),
    Fault("S11: xmlns as a prefix", Refusal.NOT_XML, ('xmlns:xs="http', 'xmlns:xmlns="http')),
    Fault("S5: an ID twice", Refusal.DUPLICATE_ID, ('ID="_r1"', 'ID="_a1"')),
    Fault("S5: an ID of another spelling twice", Refusal.DUPLICATE_ID, ("<samlp:Status>", '<samlp:Status Id="_a1">')),
    Fault("S5: an xml:id twice", Refusal.DUPLICATE_ID, ("<samlp:Status>", '<samlp:Status xml:id="_a1">')),
    Fault("S5: an empty ID", Refusal.DUPLICATE_ID, ('ID="_r1"', 'ID=""')),
]
