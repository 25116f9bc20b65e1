"""What is one edit away from a good response is refused, by the check that is made for it."""

from collections.abc import Callable, Iterable

import pytest

from musterbook.saml import validate_response
from musterbook.saml.errors import Refusal, SamlError
from musterbook.simulator.onelogin.saml import Fault
from musterbook.simulator.onelogin.saml.changing import changes
from musterbook.simulator.onelogin.saml.encryption import SEALINGS
from musterbook.simulator.onelogin.saml.forging import FORGERIES
from musterbook.simulator.onelogin.saml.saying import assertion_edits, response_edits, signed_response_edits
from musterbook.simulator.onelogin.saml.wrapping import WRAPPINGS
from tests.saml.faults import REFUSALS, wrong_field, wrong_response
from tests.saml.idp import GOOD, NOW, RESPONSE, encode, signed_assertion, signed_response, signed_twice
from tests.saml.parties import REQUEST, idp, sp, validate

SIGNED_RESPONSE = idp(requires_signed_assertion=False)
SAID, SAID_AROUND, SAID_WHEN_SIGNED = assertion_edits(GOOD), response_edits(GOOD), signed_response_edits(GOOD)
CHANGED = changes(GOOD)
ALONE = {Fault.SIGNED_RESPONSE_ALONE}
"""No fault where a tenant takes signed responses."""


def each(faults: Iterable[Fault]) -> pytest.MarkDecorator:
    """Return the parameters of a test with these faults."""
    return pytest.mark.parametrize("fault", faults, ids=lambda fault: fault.name)


def refusal_of(document: str) -> Refusal:
    """Return why acme refuses a response, whichever of the two must be signed."""
    return refusal_of_field(encode(document))


def refusal_of_field(field: str) -> Refusal:
    """Return why acme refuses what stands in a form field."""
    with pytest.raises(SamlError) as refused:
        validate_response(field, sp=sp(), idp=SIGNED_RESPONSE, requests=(REQUEST,), now=NOW)
    assert str(refused.value) == "This did not work. Please try again, and ask your administrator if it goes on."
    assert refused.value.detail
    return refused.value.refusal


@pytest.mark.parametrize("sign", [signed_assertion, signed_response, signed_twice])
def test_what_nobody_edited_is_accepted(sign: Callable[[str], str]) -> None:
    """Each way of signing is accepted as it is, so that the faults below are what is refused."""
    assert validate(sign(RESPONSE), by=SIGNED_RESPONSE).name_id.value == "ada@acme.example"


def test_each_fault_has_its_refusal() -> None:
    """No fault that the simulated OneLogin can put into a response is left out here."""
    of_logout = {fault for fault in Fault if fault.name.startswith("LOGOUT_")}
    assert set(REFUSALS) == set(Fault) - of_logout - {Fault.USED_ASSERTION}


@each(REFUSALS)
def test_each_fault_is_refused_as_it_is_sent(fault: Fault) -> None:
    """As OneLogin sends it, with the assertion signed, each fault is refused by its check."""
    with pytest.raises(SamlError) as refused:
        validate_response(wrong_field(fault), sp=sp(), idp=idp(), requests=(REQUEST,), now=NOW)
    assert refused.value.refusal == REFUSALS[fault]


@each(SAID)
def test_what_the_assertion_says_is_checked(fault: Fault) -> None:
    """Whatever an assertion says wrongly is refused, though it is signed; in a signed response too."""
    said = SAID[fault].apply(RESPONSE)
    if fault is not Fault.NO_ASSERTION:
        assert refusal_of(signed_assertion(said)) == REFUSALS[fault]
    assert refusal_of(signed_response(said)) == REFUSALS[fault]


@each(SAID_AROUND)
def test_what_the_response_says_is_checked(fault: Fault) -> None:
    """Whatever a response says wrongly around its assertion is refused, signed or not."""
    said = SAID_AROUND[fault]
    assert refusal_of(said.apply(signed_assertion())) == REFUSALS[fault]
    assert refusal_of(signed_response(said.apply(RESPONSE))) == REFUSALS[fault]


@each(SAID_WHEN_SIGNED)
def test_a_signed_response_says_more(fault: Fault) -> None:
    """A signed response names its issuer and its destination; one that is not signed need not (Bindings §3.5.5.2)."""
    said = SAID_WHEN_SIGNED[fault]
    assert refusal_of(signed_response(said.apply(RESPONSE))) == REFUSALS[fault]
    assert validate(said.apply(signed_assertion())).id == "_a1"


@each(CHANGED)
def test_what_was_changed_on_the_way_is_refused(fault: Fault) -> None:
    """Nothing can be changed in a document after it was signed, nor put in where others would read it differently."""
    for sign in (signed_assertion, signed_twice):
        assert refusal_of(CHANGED[fault].apply(sign())) == REFUSALS[fault]


@each(FORGERIES.keys() - ALONE)
def test_a_signature_has_one_form(fault: Fault) -> None:
    """A signature of any other form than the one of SAML 2.0 Core §5.4 is refused, whatever it would prove."""
    assert refusal_of(wrong_response(fault)) == REFUSALS[fault]


@each([*SEALINGS, Fault.ENCRYPTED_UNSIGNED])
def test_what_is_encrypted_wrongly_is_refused(fault: Fault) -> None:
    """What is encrypted in another way, or for somebody else, or by somebody who cannot sign, is refused."""
    assert refusal_of(wrong_response(fault)) == REFUSALS[fault]


@each(WRAPPINGS)
def test_wrapping_is_refused(fault: Fault) -> None:
    """S5: however a forged assertion is put around, before or after the signed one, it is refused as a wrapping."""
    document = wrong_response(fault)
    assert "eve@acme.example" in document
    assert fault is Fault.SIGNATURE_MOVED_UP or "ada@acme.example</saml:NameID>" in document
    assert refusal_of(document) == REFUSALS[fault]
