"""What is one edit away from a good response is refused, by the check that is made for it."""

from collections.abc import Callable

import pytest

from musterbook.saml.errors import Refusal, SamlError
from tests.saml import faults, wrapping
from tests.saml.faults import Fault
from tests.saml.idp import RESPONSE, signed_assertion, signed_response, signed_twice
from tests.saml.parties import idp, validate
from tests.saml.signature_faults import SIGNATURE_FAULTS

SIGNED_RESPONSE = idp(requires_signed_assertion=False)


def named(cases: list[Fault]) -> pytest.MarkDecorator:
    """Return the parameters of a test with these faults."""
    return pytest.mark.parametrize("fault", cases, ids=[case.name for case in cases])


def refusal_of(document: str) -> Refusal:
    """Return why acme refuses a response, whichever of the two must be signed."""
    with pytest.raises(SamlError) as refused:
        validate(document, by=SIGNED_RESPONSE)
    assert str(refused.value) == "This did not work. Please try again, and ask your administrator if it goes on."
    assert refused.value.detail
    return refused.value.refusal


@pytest.mark.parametrize("sign", [signed_assertion, signed_response, signed_twice])
def test_what_nobody_edited_is_accepted(sign: Callable[[str], str]) -> None:
    """Each way of signing is accepted as it is, so that the faults below are what is refused."""
    assert validate(sign(RESPONSE), by=SIGNED_RESPONSE).name_id.value == "ada@acme.example"


@named(faults.SAID)
def test_what_the_assertion_says_is_checked(fault: Fault) -> None:
    """Whatever an assertion says wrongly is refused, though it is signed; in a signed response too."""
    if fault.name != "S3: no assertion":
        assert refusal_of(signed_assertion(fault.apply(RESPONSE))) == fault.refusal
    assert refusal_of(signed_response(fault.apply(RESPONSE))) == fault.refusal


@named(faults.SAID_AROUND)
def test_what_the_response_says_is_checked(fault: Fault) -> None:
    """Whatever a response says wrongly around its assertion is refused, signed or not."""
    assert refusal_of(fault.apply(signed_assertion())) == fault.refusal
    assert refusal_of(signed_response(fault.apply(RESPONSE))) == fault.refusal


@named(faults.SAID_WHEN_SIGNED)
def test_a_signed_response_says_more(fault: Fault) -> None:
    """A signed response names its issuer and its destination; one that is not signed need not (Bindings §3.5.5.2)."""
    assert refusal_of(signed_response(fault.apply(RESPONSE))) == fault.refusal
    assert validate(fault.apply(signed_assertion())).id == "_a1"


@named(faults.CHANGED)
def test_what_was_changed_on_the_way_is_refused(fault: Fault) -> None:
    """Nothing can be changed in a document after it was signed, nor put in where others would read it differently."""
    for sign in (signed_assertion, signed_twice):
        assert refusal_of(fault.apply(sign())) == fault.refusal


@named(SIGNATURE_FAULTS)
def test_a_signature_has_one_form(fault: Fault) -> None:
    """A signature of any other form than the one of SAML 2.0 Core §5.4 is refused, whatever it would prove."""
    assert refusal_of(fault.apply(signed_assertion())) == fault.refusal


@pytest.mark.parametrize("name", wrapping.ATTACKS)
def test_wrapping_is_refused(name: str) -> None:
    """S5: however a forged assertion is put around, before or after the signed one, it is refused as a wrapping."""
    attack = wrapping.ATTACKS[name]
    document = attack.wrap()
    assert "eve@acme.example" in document
    assert "ada@acme.example" in document
    assert refusal_of(document) == attack.refusal
