"""How long Google's keys are believed, and when Google is asked again."""

import asyncio

import pytest

from musterbook.identity.google import GoogleRefusal, GoogleRefusedError
from musterbook.identity.google.documents import (
    FAILED_PAUSE_SECONDS,
    FRESH_SECONDS,
    MAX_AGE_SECONDS,
    PAUSE_SECONDS,
    CachedDocument,
    Jwk,
    can_verify,
)
from musterbook.simulator.google import Fault, SigningKey
from tests.identity.google.stage import ADA, Hands, Stage

KEYS = "GET /oauth2/v3/certs"
DOWN = frozenset({Fault.KEYS_DOWN, Fault.DISCOVERY_DOWN})


class Source:
    """Something that is fetched: a number that counts up, or a failure."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_down = False

    async def fetch(self) -> int:
        """Return how often this was asked."""
        self.asked += 1
        await asyncio.sleep(0)
        if self.is_down:
            raise GoogleRefusedError(GoogleRefusal.UNAVAILABLE, "down")
        return self.asked


async def test_keys_serve_through_an_outage_of_a_day(stage: Stage) -> None:
    """O3: with the key and discovery endpoints down, people sign in with the keys of up to 24 hours ago; then not."""
    assert (await stage.sign_in_as()).email == ADA.email
    stage.clock.move(seconds=MAX_AGE_SECONDS - 1)
    stage.google.faults = DOWN
    assert (await stage.sign_in_as(ADA, *DOWN)).email == ADA.email
    stage.clock.move(seconds=PAUSE_SECONDS)
    with pytest.raises(GoogleRefusedError) as caught:
        await stage.begin()
    assert caught.value.reason is GoogleRefusal.UNAVAILABLE


async def test_the_endpoint_comes_back(stage: Stage) -> None:
    """When the outage is over, the next sign-in after the pause works."""
    stage.google.faults = DOWN
    for _ in range(3):
        with pytest.raises(GoogleRefusedError):
            await stage.begin()
    assert stage.google.requests == ["GET /.well-known/openid-configuration"]
    stage.google.faults = frozenset()
    stage.clock.move(seconds=FAILED_PAUSE_SECONDS)
    assert (await stage.sign_in_as()).email == ADA.email


async def test_a_new_key_is_found_at_once(stage: Stage) -> None:
    """O3: a key that is not in the list has the list asked for once more, and the sign-in goes on."""
    await stage.sign_in_as()
    stage.clock.move(seconds=PAUSE_SECONDS)
    stage.google.rotate_keys(SigningKey())
    assert (await stage.sign_in_as()).email == ADA.email
    assert stage.google.requests.count(KEYS) == 2


async def test_unknown_keys_do_not_make_us_ask_again_and_again(stage: Stage) -> None:
    """O3: tokens with invented key names cost one request a minute, however many come."""
    await stage.sign_in_as()
    stage.clock.move(seconds=PAUSE_SECONDS)
    for _ in range(4):
        assert await stage.refusal(ADA, Fault.UNPUBLISHED_KEY) is GoogleRefusal.UNKNOWN_KEY
    assert stage.google.requests.count(KEYS) == 2


async def test_a_key_that_google_withdrew_is_not_believed(stage: Stage) -> None:
    """A key that left the list opens nothing once the list is an hour old."""
    await stage.sign_in_as()
    withdrawn = stage.google.signing_key
    stage.google.rotate_keys(SigningKey(), forget=True)
    stage.clock.move(seconds=FRESH_SECONDS)
    await stage.sign_in_as()
    stage.google.published_keys = stage.google.published_keys[:1]
    stage.google.signing_key = withdrawn
    assert await stage.refusal() is GoogleRefusal.UNKNOWN_KEY


async def test_a_fresh_document_is_not_asked_for() -> None:
    """Within an hour the document that is there is used, and after it the next one."""
    clock, source = Hands(), Source()
    cached = CachedDocument(source.fetch, clock)
    assert [await cached.get(), await cached.get()] == [1, 1]
    clock.move(seconds=FRESH_SECONDS - 1)
    assert await cached.get() == 1
    clock.move(seconds=1)
    assert [await cached.get(), await cached.get()] == [2, 2]


async def test_a_failure_is_told_to_all_who_wait() -> None:
    """Many callers while nothing can be had cost one request, and each is told; after the pause there is another."""
    clock, source = Hands(), Source()
    source.is_down = True
    cached = CachedDocument(source.fetch, clock)
    results = await asyncio.gather(*(cached.get() for _ in range(5)), return_exceptions=True)
    assert [str(result) for result in results] == ["unavailable: down"] * 5
    assert source.asked == 1
    clock.move(seconds=FAILED_PAUSE_SECONDS)
    source.is_down = False
    assert await cached.get() == 2


async def test_a_clock_that_is_set_back_does_not_keep_old_documents() -> None:
    """What seems to come from the future is asked for again."""
    clock, source = Hands(), Source()
    cached = CachedDocument(source.fetch, clock)
    assert await cached.get() == 1
    clock.move(hours=-2)
    assert await cached.get() == 2


def test_which_keys_are_of_use() -> None:
    """RFC 7518 §3.3: RSA keys for signatures with RS256, of 2048 bits or more; everything else is left out."""
    good = SigningKey().jwk
    edits: list[dict[str, str]] = [
        {"kty": "EC"},
        {"kty": "oct"},
        {"use": "enc"},
        {"alg": "RS512"},
        {"alg": "HS256"},
        {"kid": ""},
        {"n": SigningKey(1024).jwk["n"]},
        {"n": "not base64!"},
        {"n": ""},
    ]
    assert can_verify(Jwk(**good))
    assert can_verify(Jwk(kty="RSA", kid="1", n=good["n"], e=good["e"]))
    assert [edit for edit in edits if can_verify(Jwk(**{**good, **edit}))] == []
