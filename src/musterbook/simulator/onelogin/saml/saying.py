"""*What OneLogin says wrongly.* Decides the edits that are made before anything is signed.

Knows drafts and texts; knows no key. Who relies on OneLogin must notice although the signature is right.
"""

from html import escape

from musterbook.simulator.onelogin.saml.draft import BEARER, SESSION_SECONDS, STATUS, SUCCESS, WINDOW_SECONDS, Draft
from musterbook.simulator.onelogin.saml.editing import Edit, Place
from musterbook.simulator.onelogin.saml.faults import Fault

OTHER = "https://evil.example/"
OTHER_REQUEST = "_" + "f" * 32
_LATER = 150
"""Seconds: longer than clocks may differ."""
_LONG_AGO = -900
_LONG_NAME = "a" * 513
_RESPONDER = "urn:oasis:names:tc:SAML:2.0:status:Responder"
_SCRIPT = "<samlp:StatusMessage>&lt;script&gt;alert(1)&lt;/script&gt;</samlp:StatusMessage></samlp:Status>"


def assertion_edits(draft: Draft) -> dict[Fault, Edit]:
    """Return what the assertion may say wrongly."""
    return {
        **_shapes(draft),
        **_issuers(draft),
        **_recipients(draft),
        **_audiences(draft),
        **_conditions(draft),
        **_times(draft),
        **_requests(draft),
        **_names(draft),
    }


def response_edits(draft: Draft) -> dict[Fault, Edit]:
    """Return what the response may say wrongly around the assertion, signed or not."""
    destination = f'Destination="{escape(draft.acs_url)}"'
    return {
        Fault.OTHER_MESSAGE: Edit("samlp:Response", "samlp:LogoutResponse", Place.EVERY),
        Fault.SAML_1: Edit('Version="2.0"', 'Version="1.1"'),
        Fault.ODD_ELEMENT_IN_RESPONSE: Edit(STATUS, f"{STATUS}<samlp:Odd/>"),
        Fault.TWO_STATES: Edit(STATUS, STATUS * 2),
        Fault.RESPONSE_OF_OTHER_ISSUER: Edit(draft.issuer_part, f"<saml:Issuer>{OTHER}</saml:Issuer>"),
        Fault.OTHER_DESTINATION: Edit(destination, f'Destination="{OTHER}"'),
        Fault.DESTINATION_WITH_SLASH: Edit(destination, f'{destination[:-1]}/"'),
        Fault.RESPONSE_OF_LONG_AGO: Edit(draft.stamp(), draft.stamp(_LONG_AGO)),
        Fault.NO_TIME: Edit(f'IssueInstant="{draft.stamp()}"', ""),
        Fault.RESPONSE_TO_OTHER_REQUEST: Edit(_answers(draft), f' InResponseTo="{OTHER_REQUEST}"'),
        Fault.RESPONSE_TO_NOTHING: Edit(_answers(draft), ""),
        Fault.FAILED: Edit(STATUS, STATUS.replace(SUCCESS, _RESPONDER).replace("</samlp:Status>", _SCRIPT)),
        Fault.NO_STATE: Edit(STATUS, ""),
        Fault.STATE_WITHOUT_CODE: Edit(STATUS, "<samlp:Status/>"),
    }


def signed_response_edits(draft: Draft) -> dict[Fault, Edit]:
    """Return what a signed response must not say, and another may."""
    return {
        Fault.NO_ISSUER: Edit(draft.issuer_part, ""),
        Fault.NO_DESTINATION: Edit(f'Destination="{escape(draft.acs_url)}"', ""),
    }


def _shapes(draft: Draft) -> dict[Fault, Edit]:
    conditions, statement = draft.conditions_part, draft.statement_part
    second = draft.assertion.replace(draft.assertion_id, f"{draft.assertion_id}-2")
    head = f'Version="2.0" ID="{draft.assertion_id}"'
    return {
        Fault.NO_ASSERTION: Edit(draft.assertion, ""),
        Fault.ODD_ELEMENT: Edit(conditions, f"{conditions}<saml:Odd/>"),
        Fault.TWO_SUBJECTS: Edit(draft.subject_part, draft.subject_part * 2),
        Fault.ASSERTION_OF_SAML_1: Edit(head, head.replace("2.0", "1.1")),
        Fault.ASSERTION_IN_ADVICE: Edit(conditions, f"{conditions}<saml:Advice>{second}</saml:Advice>"),
        Fault.NO_STATEMENT: Edit(statement, ""),
        Fault.TWO_STATEMENTS: Edit(statement, statement * 2),
    }


def _issuers(draft: Draft) -> dict[Fault, Edit]:
    issuer = draft.issuer_part
    return {
        Fault.OTHER_ISSUER: Edit(issuer, f"<saml:Issuer>{OTHER}</saml:Issuer>", Place.LAST),
        Fault.TWO_ISSUERS: Edit(issuer, issuer * 2, Place.LAST),
        Fault.LONGER_ISSUER: Edit(issuer, issuer.replace("</", "0</"), Place.LAST),
        Fault.ISSUER_OF_OTHER_FORMAT: Edit("<saml:Issuer>", '<saml:Issuer Format="urn:x">', Place.LAST),
    }


def _recipients(draft: Draft) -> dict[Fault, Edit]:
    url = escape(draft.acs_url)
    usual = f'Recipient="{url}"'
    return {
        Fault.OTHER_RECIPIENT: Edit(usual, f'Recipient="{OTHER}"'),
        Fault.NO_RECIPIENT: Edit(usual, ""),
        Fault.RECIPIENT_OF_OTHER_SCHEME: Edit(usual, f'Recipient="{_other_scheme(url)}"'),
        Fault.RECIPIENT_WITH_SLASH: Edit(usual, f'Recipient="{url}/"'),
        Fault.RECIPIENT_OF_OTHER_TENANT: Edit(usual, f'Recipient="{_other_tenant(url)}"'),
        Fault.NOT_CONFIRMED: Edit(draft.confirmation_part, ""),
        Fault.CONFIRMED_TWICE: Edit(draft.confirmation_part, draft.confirmation_part * 2),
        Fault.HOLDER_OF_KEY: Edit(BEARER, BEARER.replace("bearer", "holder-of-key")),
    }


def _audiences(draft: Draft) -> dict[Fault, Edit]:
    audience, part = escape(draft.audience), draft.audience_part
    usual = f"<saml:Audience>{audience}</saml:Audience>"
    return {
        Fault.NO_AUDIENCE: Edit(part, ""),
        Fault.EMPTY_AUDIENCE: Edit(usual, ""),
        Fault.OTHER_AUDIENCE: Edit(usual, usual.replace(audience, OTHER)),
        Fault.LONGER_AUDIENCE: Edit(usual, usual.replace(audience, f"{audience}x")),
        Fault.AUDIENCE_OF_OTHER_TENANT: Edit(usual, usual.replace(audience, _other_tenant(audience))),
        Fault.SECOND_AUDIENCE_RESTRICTION: Edit(part, part + part.replace(audience, OTHER)),
    }


def _conditions(draft: Draft) -> dict[Fault, Edit]:
    start, end = draft.stamp(-WINDOW_SECONDS), draft.stamp(WINDOW_SECONDS)
    return {
        Fault.NO_CONDITIONS: Edit(draft.conditions_part, ""),
        Fault.OTHER_CONDITION: Edit(draft.audience_part, f'{draft.audience_part}<Condition xmlns="urn:x"/>'),
        Fault.NO_BEGINNING: Edit(f'NotBefore="{start}"', ""),
        Fault.NO_END: Edit(f'NotOnOrAfter="{end}"', "", Place.LAST),
        Fault.NOT_YET_VALID: Edit(start, draft.stamp(_LATER)),
        Fault.EXPIRED: Edit(end, draft.stamp(-_LATER), Place.LAST),
        Fault.CONFIRMATION_EXPIRED: Edit(end, draft.stamp(-_LATER)),
        Fault.CONFIRMATION_WITHOUT_END: Edit(f'NotOnOrAfter="{end}" Recipient', "Recipient"),
        Fault.CONFIRMATION_WITH_BEGINNING: Edit("Recipient=", f'NotBefore="{draft.stamp(-60)}" Recipient='),
        Fault.TIME_THAT_IS_NONE: Edit(start, "2026-02-30T12:00:00Z"),
        Fault.TIME_OF_OTHER_ZONE: Edit(start, start.replace("Z", "+01:00")),
    }


def _times(draft: Draft) -> dict[Fault, Edit]:
    instant = f'AuthnInstant="{draft.stamp(-1)}"'
    return {
        Fault.ISSUED_LONG_AGO: Edit(draft.stamp(), draft.stamp(_LONG_AGO), Place.LAST),
        Fault.ISSUED_LATER: Edit(draft.stamp(), draft.stamp(_LATER), Place.LAST),
        Fault.SIGNED_IN_LATER: Edit(instant, f'AuthnInstant="{draft.stamp(_LATER)}"'),
        Fault.NO_TIME_OF_SIGN_IN: Edit(instant, ""),
        Fault.SESSION_OVER: Edit(draft.stamp(SESSION_SECONDS), draft.stamp(-_LATER)),
    }


def _requests(draft: Draft) -> dict[Fault, Edit]:
    return {
        Fault.ANSWERS_OTHER_REQUEST: Edit(_answers(draft), f' InResponseTo="{OTHER_REQUEST}"', Place.LAST),
        Fault.ANSWERS_NOTHING: Edit(_answers(draft), "", Place.LAST),
        Fault.UNSOLICITED: Edit(_answers(draft), "", Place.EVERY),
    }


def _names(draft: Draft) -> dict[Fault, Edit]:
    usual = f">{escape(draft.name)}</saml:NameID>"
    return {
        Fault.NO_SUBJECT: Edit(draft.subject_part, ""),
        Fault.NO_NAME: Edit(draft.name_part, ""),
        Fault.EMPTY_NAME: Edit(usual, "> </saml:NameID>"),
        Fault.LONG_NAME: Edit(usual, f">{_LONG_NAME}</saml:NameID>"),
        Fault.NAME_OF_TWO_LINES: Edit(usual, ">ada\ngrace</saml:NameID>"),
        Fault.NAME_WITH_XML: Edit(usual, ">a<saml:b/>c</saml:NameID>"),
    }


def _answers(draft: Draft) -> str:
    """Return the attribute that names the request; where nobody asked, a text that no message has."""
    return draft.answers or " InResponseTo="


def _other_scheme(address: str) -> str:
    scheme, _, rest = address.partition(":")
    return f"{'http' if scheme == 'https' else 'https'}:{rest}"


def _other_tenant(address: str) -> str:
    """Return the same address of another tenant: the part of the path before the last is another name."""
    path, _, end = address.rpartition("/")
    return f"{path}-other/{end}"
