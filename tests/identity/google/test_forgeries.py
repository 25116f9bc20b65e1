"""Forged tokens and answers: each is one edit away from a good one, and each is refused for its own reason."""

import pytest

from musterbook.identity.google import GoogleRefusal, GoogleRefusedError, check_entry
from musterbook.simulator.google import Fault, GooglePerson
from tests.identity.google.stage import ADA, EVE, MALLORY, Stage, visit

FORGED = {
    # O3: the signature, and with what it was made
    Fault.ALGORITHM_NONE: GoogleRefusal.ALGORITHM,
    Fault.HS256_WITH_PUBLIC_KEY: GoogleRefusal.ALGORITHM,
    Fault.RS512: GoogleRefusal.ALGORITHM,
    Fault.OTHER_SIGNATURE: GoogleRefusal.SIGNATURE,
    Fault.CHANGED_AFTER_SIGNING: GoogleRefusal.SIGNATURE,
    Fault.UNPUBLISHED_KEY: GoogleRefusal.UNKNOWN_KEY,
    Fault.KEY_IN_HEADER: GoogleRefusal.MALFORMED_TOKEN,
    Fault.NO_KEY_ID: GoogleRefusal.UNKNOWN_KEY,
    Fault.CRITICAL_EXTENSION: GoogleRefusal.MALFORMED_TOKEN,
    Fault.NOT_A_TOKEN: GoogleRefusal.MALFORMED_TOKEN,
    Fault.NO_TOKEN: GoogleRefusal.MALFORMED_ANSWER,
    Fault.LONG_TOKEN: GoogleRefusal.MALFORMED_TOKEN,
    # O3: who made it, for whom, and when
    Fault.OTHER_ISSUER: GoogleRefusal.ISSUER,
    Fault.NO_ISSUER: GoogleRefusal.ISSUER,
    Fault.OTHER_AUDIENCE: GoogleRefusal.AUDIENCE,
    Fault.TWO_AUDIENCES: GoogleRefusal.AUDIENCE,
    Fault.NO_AUDIENCE: GoogleRefusal.AUDIENCE,
    Fault.OTHER_AUTHORIZED_PARTY: GoogleRefusal.AUTHORIZED_PARTY,
    Fault.EXPIRED: GoogleRefusal.EXPIRED,
    Fault.NO_EXPIRY: GoogleRefusal.EXPIRED,
    Fault.ISSUED_LATER: GoogleRefusal.ISSUED_AT,
    Fault.ISSUED_EARLIER: GoogleRefusal.ISSUED_AT,
    Fault.NO_ISSUE_TIME: GoogleRefusal.ISSUED_AT,
    Fault.OTHER_ACCESS_TOKEN_HASH: GoogleRefusal.ACCESS_TOKEN_HASH,
    Fault.NO_ACCESS_TOKEN_HASH: GoogleRefusal.ACCESS_TOKEN_HASH,
    # O2: the nonce
    Fault.OTHER_NONCE: GoogleRefusal.NONCE,
    Fault.NO_NONCE: GoogleRefusal.NONCE,
    # O4: who it is
    Fault.NO_SUBJECT: GoogleRefusal.SUBJECT,
    Fault.EMPTY_SUBJECT: GoogleRefusal.SUBJECT,
    Fault.NO_EMAIL: GoogleRefusal.EMAIL,
    Fault.EMAIL_VERIFIED_AS_TEXT: GoogleRefusal.MALFORMED_TOKEN,
    # O1 and O6: the way back
    Fault.OTHER_STATE: GoogleRefusal.STATE,
    Fault.NO_STATE: GoogleRefusal.MALFORMED_CALLBACK,
    Fault.OTHER_ISS_PARAMETER: GoogleRefusal.OTHER_ISSUER_ANSWERS,
    Fault.NO_ISS_PARAMETER: GoogleRefusal.OTHER_ISSUER_ANSWERS,
    Fault.NO_CODE: GoogleRefusal.NO_CODE,
    Fault.OTHER_CODE: GoogleRefusal.CODE_REFUSED,
    # Answers of the endpoints that are no answers
    Fault.KEYS_DOWN: GoogleRefusal.UNAVAILABLE,
    Fault.KEYS_NOT_JSON: GoogleRefusal.MALFORMED_ANSWER,
    Fault.KEYS_EMPTY: GoogleRefusal.MALFORMED_ANSWER,
    Fault.KEYS_WEAK: GoogleRefusal.MALFORMED_ANSWER,
    Fault.TOKEN_DOWN: GoogleRefusal.UNAVAILABLE,
    Fault.TOKEN_NOT_JSON: GoogleRefusal.MALFORMED_ANSWER,
    Fault.TOKEN_REDIRECTS: GoogleRefusal.UNAVAILABLE,
}

NOT_ENTERING = {
    Fault.EMAIL_NOT_VERIFIED: GoogleRefusal.EMAIL_NOT_VERIFIED,
    Fault.NO_HOSTED_DOMAIN: GoogleRefusal.CONSUMER_ACCOUNT,
    Fault.OTHER_HOSTED_DOMAIN: GoogleRefusal.OTHER_DOMAIN,
}

DISCOVERY = {
    Fault.DISCOVERY_DOWN: GoogleRefusal.UNAVAILABLE,
    Fault.DISCOVERY_NOT_JSON: GoogleRefusal.MALFORMED_ANSWER,
    Fault.DISCOVERY_OF_OTHER_ISSUER: GoogleRefusal.MALFORMED_ANSWER,
    Fault.DISCOVERY_WITHOUT_KEYS: GoogleRefusal.MALFORMED_ANSWER,
    Fault.DISCOVERY_SENDS_ELSEWHERE: GoogleRefusal.MALFORMED_ANSWER,
}

ELSEWHERE = {
    Fault.SILENT,  # below, with a shorter deadline
    Fault.TOKEN_SECOND_ANSWER,  # test_exchange.py: it is the caller's attempt that is used once
}


@pytest.mark.parametrize("fault", FORGED, ids=lambda fault: str(fault.name))
async def test_a_forged_answer_is_refused(stage: Stage, fault: Fault) -> None:
    """The same sign-in succeeds without the edit and is refused with it, for the reason that belongs to it."""
    assert await stage.refusal(ADA, fault) is FORGED[fault]
    stage.google.faults = frozenset()
    stage.clock.move(minutes=2)
    assert (await stage.sign_in_as(ADA)).email == ADA.email


@pytest.mark.parametrize("fault", NOT_ENTERING, ids=lambda fault: str(fault.name))
async def test_a_token_for_somebody_outside_does_not_enter(stage: Stage, fault: Fault) -> None:
    """O5: an honest token about somebody whom Google does not count to the tenant's organisation."""
    check_entry(await stage.sign_in_as(ADA), "acme.example")
    identity = await stage.sign_in_as(ADA, fault)
    with pytest.raises(GoogleRefusedError) as caught:
        check_entry(identity, "acme.example")
    assert caught.value.reason is NOT_ENTERING[fault]


@pytest.mark.parametrize("person", [EVE, MALLORY], ids=["at gmail.com", "with an address at the company's domain"])
async def test_a_consumer_account_does_not_enter(stage: Stage, person: GooglePerson) -> None:
    """O5: a verified address at the company's domain makes nobody a member of its organisation."""
    identity = await stage.sign_in_as(person)
    with pytest.raises(GoogleRefusedError) as caught:
        check_entry(identity, "acme.example")
    assert (identity.email_verified, caught.value.reason) == (True, GoogleRefusal.CONSUMER_ACCOUNT)


@pytest.mark.parametrize("fault", DISCOVERY, ids=lambda fault: str(fault.name))
async def test_a_sign_in_does_not_begin_without_google(stage: Stage, fault: Fault) -> None:
    """Where the discovery document cannot be had or is another's, nobody is sent anywhere."""
    stage.google.faults = frozenset({fault})
    with pytest.raises(GoogleRefusedError) as caught:
        await stage.begin()
    assert caught.value.reason is DISCOVERY[fault]


async def test_a_google_that_is_silent_is_left(stage: Stage) -> None:
    """An endpoint that takes the request and never answers ends in a refusal when the time is over."""
    hasty = Stage.open(stage.google, stage.clock, total_seconds=2.0)
    start = await hasty.begin()
    callback = await visit(start)
    stage.google.faults = frozenset({Fault.SILENT})
    with pytest.raises(GoogleRefusedError) as caught:
        await hasty.exchange.finish(start.attempt, callback)
    assert caught.value.reason is GoogleRefusal.UNAVAILABLE


def test_every_fault_is_tried() -> None:
    """No fault of the simulated Google is left out, and at least fourteen forge a token."""
    assert {*FORGED, *NOT_ENTERING, *DISCOVERY, *ELSEWHERE} == set(Fault)
    assert len(FORGED) >= 14
