"""*The response as it is sent.* Decides how a draft becomes a form field: signed, and wrong where it is to be.

Knows drafts, keys and faults; knows no request. OneLogin signs the assertion and not the response.
"""

import base64
from collections.abc import Callable

from cryptography import x509

from musterbook.simulator.errors import SimulatorError
from musterbook.simulator.onelogin.saml.changing import FIELDS, changes
from musterbook.simulator.onelogin.saml.draft import Draft
from musterbook.simulator.onelogin.saml.editing import Edit
from musterbook.simulator.onelogin.saml.encryption import SEALINGS, encrypt
from musterbook.simulator.onelogin.saml.faults import Fault
from musterbook.simulator.onelogin.saml.forging import FORGERIES
from musterbook.simulator.onelogin.saml.saying import assertion_edits, response_edits, signed_response_edits
from musterbook.simulator.onelogin.saml.signing import KeyPair, sign, sign_assertion
from musterbook.simulator.onelogin.saml.wrapping import WRAPPINGS


def make_response(
    draft: Draft,
    key: KeyPair,
    fault: Fault | None,
    other_key: Callable[[], KeyPair],
    application: x509.Certificate | None = None,
) -> str:
    """Return the signed document, with a fault or without; ``other_key`` gives a key that is not OneLogin's.

    ``application``: for which certificate a right response is encrypted, if it is to be.

    Raises:
        SimulatorError: the fault cannot be played on this response.
    """
    if fault is None:
        document = sign_assertion(draft.response, key)
        return document if application is None else encrypt(document, application)
    if fault is Fault.ENCRYPTED_UNSIGNED:
        if application is None:
            raise SimulatorError("This fault needs an application for which assertions are encrypted.")
        return encrypt(draft.response, application)
    if fault in FORGERIES:
        return FORGERIES[fault](draft, other_key() if fault is Fault.OTHER_KEY else key)
    if fault in WRAPPINGS:
        return WRAPPINGS[fault](draft, key)
    return _edited_response(draft, key, fault, other_key)


def _edited_response(draft: Draft, key: KeyPair, fault: Fault, other_key: Callable[[], KeyPair]) -> str:
    """Return a response that is edited before it is signed, or afterwards, or encrypted wrongly."""
    if fault in (edits := signed_response_edits(draft)):
        return sign(edits[fault].apply(draft.response), key)
    said = _edited(draft.response, fault, assertion_edits(draft) | response_edits(draft))
    # Without an assertion there is nothing to sign.
    signed = said if fault is Fault.NO_ASSERTION else sign_assertion(said, key)
    document = _edited(signed, fault, changes(draft))
    return encrypt(document, other_key().certificate, SEALINGS[fault]) if fault in SEALINGS else document


def encode(document: str | bytes) -> str:
    """Return a document as a browser posts it."""
    return base64.b64encode(document.encode() if isinstance(document, str) else document).decode()


def form_field(document: str, fault: Fault | None) -> str:
    """Return the form field ``SAMLResponse``, with a fault or without."""
    return encode(document) if fault is None else FIELDS.get(fault, encode(document))


def _edited(document: str, fault: Fault, edits: dict[Fault, Edit]) -> str:
    return edits[fault].apply(document) if fault in edits else document
