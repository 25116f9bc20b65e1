"""*The response as it is sent.* Decides how a draft becomes a form field: signed, and wrong where it is to be.

Knows drafts, keys and faults; knows no request. OneLogin signs the assertion and not the response.
"""

import base64
from collections.abc import Callable

from musterbook.simulator.onelogin.saml.changing import FIELDS, changes
from musterbook.simulator.onelogin.saml.draft import Draft
from musterbook.simulator.onelogin.saml.editing import Edit
from musterbook.simulator.onelogin.saml.encryption import SEALINGS, encrypt
from musterbook.simulator.onelogin.saml.faults import Fault
from musterbook.simulator.onelogin.saml.forging import FORGERIES
from musterbook.simulator.onelogin.saml.saying import assertion_edits, response_edits, signed_response_edits
from musterbook.simulator.onelogin.saml.signing import KeyPair, sign, sign_assertion
from musterbook.simulator.onelogin.saml.wrapping import WRAPPINGS


def make_response(draft: Draft, key: KeyPair, fault: Fault | None, other_key: Callable[[], KeyPair]) -> str:
    """Return the signed document, with a fault or without; ``other_key`` gives a key that is not OneLogin's.

    Raises:
        SimulatorError: the fault cannot be played on this response.
    """
    if fault is None:
        return sign_assertion(draft.response, key)
    if fault in FORGERIES:
        return FORGERIES[fault](draft, other_key() if fault is Fault.OTHER_KEY else key)
    if fault in WRAPPINGS:
        return WRAPPINGS[fault](draft, key)
    if fault in (edits := signed_response_edits(draft)):
        return sign(edits[fault].apply(draft.response), key)
    said = _edited(draft.response, fault, assertion_edits(draft) | response_edits(draft))
    # Without an assertion there is nothing to sign.
    signed = said if fault is Fault.NO_ASSERTION else sign_assertion(said, key)
    document = _edited(signed, fault, changes(draft))
    return encrypt(document, other_key(), SEALINGS[fault]) if fault in SEALINGS else document


def encode(document: str | bytes) -> str:
    """Return a document as a browser posts it."""
    return base64.b64encode(document.encode() if isinstance(document, str) else document).decode()


def form_field(document: str, fault: Fault | None) -> str:
    """Return the form field ``SAMLResponse``, with a fault or without."""
    return encode(document) if fault is None else FIELDS.get(fault, encode(document))


def _edited(document: str, fault: Fault, edits: dict[Fault, Edit]) -> str:
    return edits[fault].apply(document) if fault in edits else document
