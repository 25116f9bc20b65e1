"""Signing in at the simulated OneLogin, begun by the application or in the portal."""

import base64
import re
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from musterbook.saml import Assertion, Attribute, Binding, NameId, read_service_key, render_sp_metadata
from musterbook.saml.errors import SamlError
from musterbook.simulator import SimulatorError, people
from musterbook.simulator.onelogin.saml import PASSWORD, Fault, make_key_pair, read_connector
from musterbook.simulator.onelogin.saml.connector import SamlConnector
from musterbook.simulator.onelogin.saml.draft import EMAIL_FORMAT
from musterbook.simulator.onelogin.saml.people import SignInError
from musterbook.simulator.onelogin.user import UserStatus
from musterbook.simulator.pytest_plugin import OneLoginFactory
from tests.simulator.saml.application import CONNECTOR, REQUEST_ID, SP, Visitor, fields_of
from tests.simulator.scripted_server import TOKEN, ScriptedServer

ADA = people(1)[0]


def test_metadata(visitor: Visitor) -> None:
    """The metadata stand at the entity ID, and name OneLogin's endpoints and its certificate."""
    addresses = visitor.onelogin.addresses
    answer = visitor.http.get(addresses.issuer)
    assert answer.text == visitor.onelogin.metadata
    idp = visitor.idp
    assert (idp.entity_id, idp.sso.url, idp.slo and idp.slo.url) == (addresses.issuer, addresses.sso, addresses.slo)
    assert [certificate.pem for certificate in idp.certificates] == [visitor.onelogin.signing_key.pem]


@pytest.mark.parametrize("binding", Binding)
def test_an_application_asks(visitor: Visitor, binding: Binding) -> None:
    """Who is sent by redirect or POST signs in on the form, and is carried back with an answer to the request."""
    form = visitor.ask(binding=binding)
    assert "Sign in to OneLogin" in form.text
    page = visitor.type_in(form, ADA.username)
    assert fields_of(page)["RelayState"] == "handle"
    assert f'action="{SP.acs_url}"' in page.text
    said = visitor.read(page)
    assert (said.in_response_to, said.issuer) == (REQUEST_ID, visitor.onelogin.addresses.issuer)
    assert said.name_id == NameId(ADA.email, EMAIL_FORMAT)
    assert said.attributes == (
        Attribute("User.email", (ADA.email,)),
        Attribute("User.FirstName", (ADA.firstname,)),
        Attribute("User.LastName", (ADA.lastname,)),
        Attribute("memberOf", (f"Everyone;{ADA.department}",)),
    )


def test_who_is_signed_in_is_not_asked_again(visitor: Visitor) -> None:
    """A second request is answered at once, in the same session, unless it wants a fresh sign-in."""
    first = visitor.read(visitor.type_in(visitor.ask(), ADA.email.upper()))
    second = visitor.read(visitor.ask())
    assert first.session_index == second.session_index
    assert first.id != second.id
    assert "Sign in to OneLogin" in visitor.ask(forces_authn=True).text


def test_the_portal_begins(visitor: Visitor) -> None:
    """Who chooses the application in the portal is carried there with a response that answers nothing."""
    portal = visitor.type_in(visitor.http.get("/portal"), ADA.username)
    assert ADA.display_name in portal.text
    assert CONNECTOR.name in portal.text
    page = visitor.http.post("/launch")
    assert "RelayState" not in fields_of(page)
    assert visitor.read(page, is_asked=False).in_response_to is None


def test_the_portal_may_send_people_to_the_application(visitor: Visitor) -> None:
    """With a Login URL the application begins the sign-in."""
    visitor.onelogin.connector = replace(CONNECTOR, login_url="https://muster.example/saml/acme/login")
    answer = visitor.http.post("/launch", follow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "https://muster.example/saml/acme/login")


@pytest.mark.parametrize("username, password", [(ADA.username, "guess"), ("nobody", "correct horse"), ("", "")])
def test_who_is_not_let_in(visitor: Visitor, username: str, password: str) -> None:
    """A wrong password and an unknown name look alike, and nothing is sent to the application."""
    page = visitor.type_in(visitor.ask(), username, password)
    assert "The username or the password is wrong." in page.text
    assert fields_of(page) == {}


def test_who_is_suspended_or_has_lost_the_application(visitor: Visitor) -> None:
    """Suspended people cannot sign in and are in no session; who has lost the application is told so."""
    directory = visitor.onelogin.directory
    assert visitor.type_in(visitor.ask(), ADA.username).status_code == 200
    directory._without_access.add(ADA.id)
    refused = visitor.ask()
    assert (refused.status_code, "You do not have access" in refused.text) == (403, True)
    directory.people[ADA.id] = replace(ADA, status=UserStatus.SUSPENDED)
    form = visitor.ask()
    assert "Your account is suspended." in visitor.type_in(form, ADA.username).text


def test_whoever_is_provisioned_can_sign_in(
    visitor: Visitor, server: ScriptedServer, onelogin: OneLoginFactory
) -> None:
    """People come with their first task, cannot sign in while they are suspended, and lose access when deleted."""
    learned = visitor.onelogin.directory
    learned.people.clear()
    app = onelogin(server.url, TOKEN)
    app.observe(learned.learn)
    app.enable()
    app.assign(ADA)
    session = learned.sign_in(ADA.username, PASSWORD)
    assert learned.find(session.token) == (ADA, session)
    app.suspend(ADA)
    assert learned.find(session.token) is None
    with pytest.raises(SignInError, match="suspended"):
        learned.sign_in(ADA.username, PASSWORD)
    app.reactivate(ADA)
    assert learned.find(session.token) is None
    assert learned.has_access(ADA)
    app.unassign(ADA)
    assert not learned.has_access(ADA)


@pytest.mark.parametrize(
    "connector, message",
    [
        (replace(CONNECTOR, audience="https://other.example/"), "No application here has the audience"),
        (replace(CONNECTOR, acs_url="https://other.example/"), "ACS URL Validator"),
    ],
)
def test_an_application_that_was_entered_otherwise(visitor: Visitor, connector: SamlConnector, message: str) -> None:
    """A request of another application, or for another address, ends on a page of OneLogin's."""
    visitor.onelogin.connector = connector
    page = visitor.ask()
    assert (page.status_code, message in page.text) == (400, True)


@pytest.mark.parametrize("value", ["", "*", "PHg+", "PHg+PC94Pg=="])
@pytest.mark.parametrize("endpoint", ["sso", "slo"])
def test_what_cannot_be_read(visitor: Visitor, endpoint: str, value: str) -> None:
    """What is no message ends on a page of OneLogin's."""
    address = getattr(visitor.onelogin.addresses, endpoint)
    answers: list[httpx.Response] = [
        visitor.http.post(address, data={"SAMLRequest": value}),
        visitor.http.get(address, params={"SAMLRequest": value}),
    ]
    assert [answer.status_code for answer in answers] == [400, 400]


def test_forms_name_their_fields(visitor: Visitor) -> None:
    """Each field that is typed into has a label, and the page a language and a heading."""
    page = visitor.http.get("/login").text
    typed = re.findall(r'<input id="(\w+)"', page)
    assert typed == ["username", "password"]
    assert re.findall(r'<label for="(\w+)"', page) == typed
    assert '<html lang="en">' in page
    assert "<h1>Sign in to OneLogin</h1>" in page


def test_a_certificate_is_changed_in_three_steps(visitor: Visitor) -> None:
    """The next certificate is published, then signs, then stands alone: who reads the metadata loses no sign-in."""
    onelogin = visitor.onelogin
    old = onelogin.signing_key
    form = visitor.ask()
    said = [visitor.read(visitor.type_in(form, ADA.username)).certificate_fingerprint]
    following = onelogin.announce_key()
    assert [certificate.pem for certificate in visitor.idp.certificates] == [old.pem, following.pem]
    said.append(visitor.read(visitor.ask()).certificate_fingerprint)
    onelogin.change_key()
    said.append(visitor.read(visitor.ask()).certificate_fingerprint)
    onelogin.retire_keys()
    assert [certificate.pem for certificate in visitor.idp.certificates] == [following.pem]
    said.append(visitor.read(visitor.ask()).certificate_fingerprint)
    assert (said[0] == said[1], said[2] == said[3], said[1] == said[2]) == (True, True, False)


def test_a_fault_is_in_the_next_response(visitor: Visitor) -> None:
    """The switch holds for every response from then on, until it is taken back."""
    visitor.onelogin.fault = Fault.UNSIGNED
    page = visitor.type_in(visitor.ask(), ADA.username)
    with pytest.raises(SamlError):
        visitor.read(page)
    visitor.onelogin.fault = None
    assert isinstance(visitor.read(visitor.ask()), Assertion)


def test_an_assertion_may_be_encrypted(visitor: Visitor) -> None:
    """Where the application has a certificate and wants it, nobody else can read the assertion."""
    ours = make_key_pair("muster", datetime.now(UTC))
    sealing = replace(SP, keys=(read_service_key(ours.private_pem, ours.pem),))
    entered = read_connector(render_sp_metadata(sealing))
    visitor.onelogin.connector = entered
    plain = visitor.read(visitor.type_in(visitor.ask(), ADA.username))
    visitor.onelogin.connector = replace(entered, encrypts=True)
    page = visitor.ask()
    assert ADA.email.encode() not in base64.b64decode(fields_of(page)["SAMLResponse"])
    assert visitor.read(page, sp=sealing).attributes == plain.attributes
    visitor.onelogin.fault = Fault.ENCRYPTED_UNSIGNED
    with pytest.raises(SamlError, match="did not work"):
        visitor.read(visitor.ask(), sp=sealing)


def test_an_assertion_may_come_again(visitor: Visitor) -> None:
    """The ID of the assertion before stands in another response, which is right otherwise."""
    first = visitor.read(visitor.type_in(visitor.ask(), ADA.username))
    visitor.onelogin.fault = Fault.USED_ASSERTION
    assert visitor.read(visitor.ask()).id == first.id


def test_a_fault_that_cannot_be_played(visitor: Visitor) -> None:
    """A response that answers nothing cannot answer another request: the simulator says so instead of sending it."""
    visitor.type_in(visitor.http.get("/portal"), ADA.username)
    for fault in (Fault.ANSWERS_OTHER_REQUEST, Fault.ENCRYPTED_UNSIGNED):
        visitor.onelogin.fault = fault
        page = visitor.http.post("/launch")
        assert (page.status_code, "This fault needs" in page.text) == (400, True)


def test_an_application_is_entered_from_its_metadata() -> None:
    """Audience, ACS URL and Single Logout URL are read; what is no application's metadata is refused."""
    assert read_connector(render_sp_metadata(SP)) == CONNECTOR
    for document in (b"", b"<x/>"):
        with pytest.raises(SimulatorError):
            read_connector(document)
    assert read_connector(render_sp_metadata(SP), "Crew") == replace(CONNECTOR, name="Crew")
    assert isinstance(CONNECTOR, SamlConnector)
