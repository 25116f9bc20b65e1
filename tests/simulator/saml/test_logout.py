"""Single logout with the simulated OneLogin, begun on either side, rightly and wrongly."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from musterbook.saml import LogoutRequest, LogoutResponse, NameId, send_logout_response
from musterbook.saml.errors import Refusal, SamlError
from musterbook.simulator import people
from musterbook.simulator.onelogin.saml import Fault
from musterbook.simulator.onelogin.saml.draft import EMAIL_FORMAT
from musterbook.simulator.onelogin.saml.requests import LogoutAnswer
from tests.simulator.saml.application import CONNECTOR, REQUEST_ID, SP, Visitor

ADA = people(1)[0]
NAME = NameId(ADA.email, EMAIL_FORMAT)
REQUESTS = {
    Fault.LOGOUT_UNSIGNED: Refusal.UNSIGNED,
    Fault.LOGOUT_OF_OTHER_KEY: Refusal.SIGNATURE,
    Fault.LOGOUT_CHANGED: Refusal.SIGNATURE,
    Fault.LOGOUT_REORDERED: Refusal.SIGNATURE,
    Fault.LOGOUT_BY_SHA1: Refusal.ALGORITHM,
    Fault.LOGOUT_OF_OTHER_ISSUER: Refusal.ISSUER,
    Fault.LOGOUT_ELSEWHERE: Refusal.DESTINATION,
    Fault.LOGOUT_OF_LONG_AGO: Refusal.ISSUE_INSTANT,
    Fault.LOGOUT_EXPIRED: Refusal.EXPIRED,
    Fault.LOGOUT_WITH_COMMENT: Refusal.COMMENT,
    Fault.LOGOUT_BOMB: Refusal.TOO_LARGE,
}
ANSWERS = {
    Fault.LOGOUT_ANSWER_TO_ANOTHER: Refusal.IN_RESPONSE_TO,
    Fault.LOGOUT_FAILED: Refusal.STATUS,
    Fault.LOGOUT_ANSWER_UNSIGNED: Refusal.UNSIGNED,
}


def signed_in(visitor: Visitor) -> str | None:
    """Sign Ada in; return what the application is told of her session."""
    return visitor.read(visitor.type_in(visitor.ask(), ADA.username)).session_index


def test_onelogin_asks(visitor: Visitor) -> None:
    """Who logs out in the portal is signed out there, and sent to the application with a request that names them."""
    index = signed_in(visitor)
    asked = visitor.read_logout(visitor.log_out())
    assert isinstance(asked, LogoutRequest)
    assert (asked.name_id, asked.session_indexes, asked.relay_state) == (NAME, (index,), "onelogin")
    assert "Sign in to OneLogin" in visitor.ask().text


def test_an_application_asks(visitor: Visitor) -> None:
    """A request of the application ends the session at OneLogin, and is answered."""
    index = signed_in(visitor)
    answer = visitor.read_logout(visitor.ask_for_logout(NAME, index), REQUEST_ID)
    assert answer == LogoutResponse(REQUEST_ID, None)
    assert "Sign in to OneLogin" in visitor.ask().text


@pytest.mark.parametrize("name, index", [("grace@acme.example", None), (ADA.email, "_another")])
def test_another_session_goes_on(visitor: Visitor, name: str, index: str | None) -> None:
    """A request for somebody else, or for another session, ends no other."""
    signed_in(visitor)
    visitor.ask_for_logout(NameId(name, EMAIL_FORMAT), index)
    assert "Signing in to" in visitor.ask().text


def test_an_answer_of_the_application_is_kept(visitor: Visitor) -> None:
    """What the application answers to OneLogin's request stands in ``logout_answers``."""
    signed_in(visitor)
    asked = visitor.read_logout(visitor.log_out())
    assert isinstance(asked, LogoutRequest)
    for is_done in (True, False):
        sent = send_logout_response(
            REQUEST_ID, sp=SP, idp=visitor.idp, request=asked, is_done=is_done, now=datetime.now(UTC)
        )
        assert sent is not None
        assert "You are logged out" in visitor.http.get(sent.url).text
    assert visitor.onelogin.logout_answers == [
        LogoutAnswer(asked.id, is_done=True),
        LogoutAnswer(asked.id, is_done=False),
    ]


def test_an_application_without_single_logout_is_left_alone(visitor: Visitor) -> None:
    """Without a Single Logout URL nothing is sent; who is not signed in is told that they are logged out, too."""
    visitor.onelogin.connector = replace(CONNECTOR, slo_url=None)
    assert visitor.log_out() == ""
    signed_in(visitor)
    assert visitor.log_out() == ""
    assert "Sign in to OneLogin" in visitor.ask().text


def test_each_fault_of_logout_is_here() -> None:
    """No fault of logout messages is left out."""
    of_logout = {fault for fault in Fault if fault.name.startswith("LOGOUT_")}
    assert {*REQUESTS, *ANSWERS, Fault.LOGOUT_USED} == of_logout


@pytest.mark.parametrize("fault", REQUESTS, ids=lambda fault: fault.name)
def test_each_wrong_request_is_refused(visitor: Visitor, fault: Fault) -> None:
    """One edit away from a good request, it is refused by the check that is made for it."""
    signed_in(visitor)
    visitor.onelogin.fault = fault
    with pytest.raises(SamlError) as refused:
        visitor.read_logout(visitor.log_out())
    assert refused.value.refusal is REQUESTS[fault]


@pytest.mark.parametrize("fault", ANSWERS, ids=lambda fault: fault.name)
def test_each_wrong_answer_is_refused(visitor: Visitor, fault: Fault) -> None:
    """One edit away from a good answer, it is refused by the check that is made for it."""
    index = signed_in(visitor)
    visitor.onelogin.fault = fault
    query = visitor.ask_for_logout(NAME, index)
    with pytest.raises(SamlError) as refused:
        visitor.read_logout(query, REQUEST_ID)
    assert refused.value.refusal is ANSWERS[fault]


def test_a_request_may_come_again(visitor: Visitor) -> None:
    """The ID of the request before stands in another, which is right otherwise: who remembers it refuses it."""
    ids = []
    for fault in (None, Fault.LOGOUT_USED):
        signed_in(visitor)
        visitor.onelogin.fault = fault
        asked = visitor.read_logout(visitor.log_out())
        assert isinstance(asked, LogoutRequest)
        ids.append(asked.id)
        visitor.onelogin.fault = None
    assert ids[0] == ids[1]
