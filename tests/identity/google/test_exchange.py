"""Signing in with Google, in a browser's place, against a Google that makes no mistakes."""

import asyncio

import pytest

from musterbook.identity.google import (
    GoogleCallback,
    GoogleIdentity,
    GoogleRefusal,
    GoogleRefusedError,
    GoogleState,
    read_attempt,
)
from musterbook.simulator.google import Fault
from musterbook.simulator.google.tokens import code_challenge
from tests.identity.google.stage import ADA, EVE, REGISTERED, Stage, parameters, visit, visit_address


async def test_a_person_signs_in(stage: Stage) -> None:
    """Whoever Google vouches for comes back as what Google knows of them."""
    assert await stage.sign_in_as() == GoogleIdentity(
        issuer=stage.google.issuer,
        subject=ADA.subject,
        email="ada.merriweather@acme.example",
        email_verified=True,
        hosted_domain="acme.example",
        name="Ada Merriweather",
    )


async def test_what_google_is_asked(stage: Stage) -> None:
    """O1, O2, O5, O6: code flow, PKCE with S256, a state and a nonce, the one redirect URI; ``hd`` is a hint."""
    start = await stage.exchange.begin("acme", google_domain="acme.example", login_hint="ada@acme.example")
    assert start.address.startswith(f"{stage.google.issuer}/o/oauth2/v2/auth?")
    assert parameters(start.address) == {
        "response_type": "code",
        "client_id": REGISTERED.id,
        "redirect_uri": "https://directory.example.com/google/callback",
        "scope": "openid email profile",
        "state": start.attempt.state,
        "nonce": start.attempt.nonce,
        "code_challenge": code_challenge(start.attempt.code_verifier),
        "code_challenge_method": "S256",
        "prompt": "select_account",
        "hd": "acme.example",
        "login_hint": "ada@acme.example",
    }


async def test_hints_are_left_out_where_there_are_none(stage: Stage) -> None:
    """A tenant that has declared no domain gives no hint of one."""
    start = await stage.exchange.begin("acme", google_domain=None)
    assert {"hd", "login_hint"}.isdisjoint(parameters(start.address))


async def test_nothing_random_is_used_twice(stage: Stage) -> None:
    """O1: state, nonce and verifier have 256 bits each, and no two sign-ins share one."""
    attempts = [(await stage.begin()).attempt for _ in range(20)]
    texts = [
        text
        for attempt in attempts
        for text in (attempt.state.removeprefix("acme."), attempt.nonce, attempt.code_verifier)
    ]
    assert {len(text) for text in texts} == {43}
    assert len(set(texts)) == 60


async def test_the_state_names_the_tenant(stage: Stage) -> None:
    """O6: one redirect URI serves all tenants, and the callback says by its state which one is meant."""
    start = await stage.begin("globex")
    callback = await visit(start)
    assert callback.state == start.state == GoogleState("globex", start.attempt.state.removeprefix("globex."))


async def test_an_attempt_is_kept_as_text(stage: Stage) -> None:
    """What is kept between the steps can be stored anywhere, and shows no secret where it is printed."""
    start = await stage.begin()
    assert read_attempt(start.attempt.to_text()) == start.attempt
    secret = (start.state.random, start.attempt.nonce, start.attempt.code_verifier)
    assert [text for text in secret if text in repr(start)] == []


async def test_any_process_finishes_what_another_began(stage: Stage) -> None:
    """All that the second step needs is in the attempt."""
    start = await stage.begin()
    other = Stage.open(stage.google, stage.clock)
    identity = await other.exchange.finish(read_attempt(start.attempt.to_text()), await visit(start))
    assert identity.email == ADA.email


async def test_an_answer_to_another_sign_in_is_refused(stage: Stage) -> None:
    """O1: an answer is good for the attempt that it was asked for, also where both are the same person's."""
    mine, other = await stage.begin(), await stage.begin()
    callback = await visit(other)
    with pytest.raises(GoogleRefusedError) as caught:
        await stage.exchange.finish(mine.attempt, callback)
    assert caught.value.reason is GoogleRefusal.STATE
    assert (await stage.exchange.finish(other.attempt, callback)).email == ADA.email


async def test_a_code_put_into_another_answer_is_refused(stage: Stage) -> None:
    """O1: a stolen code under the state of one's own sign-in fails at Google, for want of its verifier (PKCE)."""
    mine, victim = await stage.begin(), await stage.begin()
    stolen = await visit(victim)
    callback = GoogleCallback(state=mine.state, code=stolen.code, error=None, issuer=stolen.issuer)
    with pytest.raises(GoogleRefusedError) as caught:
        await stage.exchange.finish(mine.attempt, callback)
    assert caught.value.reason is GoogleRefusal.CODE_REFUSED


async def test_a_code_is_good_once(stage: Stage) -> None:
    """O1: what was redeemed is refused the second time, by Google."""
    start = await stage.begin()
    callback = await visit(start)
    await stage.exchange.finish(start.attempt, callback)
    with pytest.raises(GoogleRefusedError) as caught:
        await stage.exchange.finish(start.attempt, callback)
    assert caught.value.reason is GoogleRefusal.CODE_REFUSED


async def test_an_attempt_ends_after_ten_minutes(stage: Stage) -> None:
    """An answer that comes too late is refused; a moment earlier it is not."""
    start = await stage.begin()
    stage.clock.move(seconds=599)
    assert (await stage.exchange.finish(start.attempt, await visit(start))).email == ADA.email
    late = await stage.begin()
    callback = await visit(late)
    stage.clock.move(seconds=600)
    with pytest.raises(GoogleRefusedError) as caught:
        await stage.exchange.finish(late.attempt, callback)
    assert caught.value.reason is GoogleRefusal.ATTEMPT_EXPIRED


async def test_somebody_cancels(stage: Stage) -> None:
    """Who goes back from Google's form is refused with a reason of its own."""
    start = await stage.begin()
    with pytest.raises(GoogleRefusedError) as caught:
        await stage.exchange.finish(start.attempt, await visit(start, action="cancel"))
    assert caught.value.reason is GoogleRefusal.CANCELLED


async def test_google_refuses_for_reasons_of_its_own(stage: Stage) -> None:
    """An error of RFC 6749 §4.1.2.1 is told by its code, and only as much of it as fits a line."""
    start = await stage.begin()
    callback = GoogleCallback(state=start.state, code="4/0A", error="server_error" * 50, issuer=stage.google.issuer)
    with pytest.raises(GoogleRefusedError) as caught:
        await stage.exchange.finish(start.attempt, callback)
    assert caught.value.reason is GoogleRefusal.GOOGLE_REFUSED
    assert len(caught.value.detail) < 150


async def test_whoever_edits_the_hint_is_told_apart(stage: Stage) -> None:
    """O5: without the hint any account can answer; the identity says which one did, and the claim decides."""
    start = await stage.begin()
    address = start.address.replace("&hd=acme.example", "")
    identity = await stage.exchange.finish(start.attempt, GoogleCallback.read(await visit_address(address, EVE)))
    assert (identity.email, identity.hosted_domain) == ("eve@gmail.com", None)


async def test_a_wrong_secret_is_the_operators_mistake(stage: Stage) -> None:
    """Where Google does not know this server, the reason says so, and the secret stays ours."""
    start = await stage.begin()
    callback = await visit(start)
    known = stage.google.client
    stage.google.client = type(known)(id=known.id, secret="another", redirect_uris=known.redirect_uris)
    try:
        with pytest.raises(GoogleRefusedError) as caught:
            await stage.exchange.finish(start.attempt, callback)
    finally:
        stage.google.client = known
    assert caught.value.reason is GoogleRefusal.CLIENT_REFUSED
    assert "CANARY" not in str(caught.value) + repr(caught.value)


async def test_documents_are_asked_for_once(stage: Stage) -> None:
    """Many people who sign in at the same time cost one look at each document."""
    starts = await asyncio.gather(*(stage.begin() for _ in range(5)))
    callbacks = [await visit(start) for start in starts]
    finished = await asyncio.gather(
        *(stage.exchange.finish(start.attempt, callback) for start, callback in zip(starts, callbacks, strict=True))
    )
    assert [identity.email for identity in finished] == [ADA.email] * 5
    asked = stage.google.requests
    assert asked.count("GET /.well-known/openid-configuration") == 1
    assert asked.count("GET /oauth2/v3/certs") == 1
    assert asked.count("POST /token") == 5


async def test_a_google_that_answers_twice_changes_nothing(stage: Stage) -> None:
    """Single use does not hang on Google alone: the attempt is the caller's to take once (its store proves that)."""
    start = await stage.begin()
    callback = await visit(start)
    stage.google.faults = frozenset({Fault.TOKEN_SECOND_ANSWER})
    first = await stage.exchange.finish(start.attempt, callback)
    assert await stage.exchange.finish(start.attempt, callback) == first
