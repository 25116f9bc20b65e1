"""How passwords are hashed."""

import asyncio
import threading
from typing import Literal

import pytest
from argon2 import PasswordHasher
from argon2.low_level import Type

from musterbook.identity.passwords import (
    MAX_AT_ONCE,
    MAX_PASSWORD_LENGTH,
    Argon2Hashes,
    HashingBusyError,
    Verdict,
    prepare,
)

FAST = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


async def test_a_hash_is_of_one_password() -> None:
    """A hash is matched by its password and by no other; two hashes of one password differ, for each has its salt."""
    hashes = Argon2Hashes(FAST)
    first, second = await hashes.make("canary-Pa55word"), await hashes.make("canary-Pa55word")
    assert first != second
    assert "canary" not in first
    assert [await hashes.matches("canary-Pa55word", stored) for stored in (first, second)] == [True, True]
    assert [await hashes.matches(other, first) for other in ("canary-pa55word", "", "canary-Pa55word ")] == [False] * 3


@pytest.mark.parametrize("stored", ["", "$argon2id$", "no hash", "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$AAAA"])
async def test_what_is_no_hash_matches_nothing(stored: str) -> None:
    """A stored text that is no hash lets nobody in, and is no error."""
    assert not await Argon2Hashes(FAST).matches("canary-Pa55word", stored)


def test_the_parameters_are_those_of_the_rfc() -> None:
    """Hashes are argon2id with 64 MiB, three passes and four lanes (RFC 9106 §4, where memory is short)."""
    hasher = Argon2Hashes()._hasher
    assert (hasher.type, hasher.memory_cost, hasher.time_cost, hasher.parallelism) == (Type.ID, 64 * 1024, 3, 4)


@pytest.mark.parametrize(
    "one, other, is_same",
    [
        ("Zoe\u0308", "Zo\u00eb", True),
        ("a\u00a0b", "a b", True),
        ("a\u3000b", "a b", True),
        ("Ada", "ada", False),
        ("\uff21da", "Ada", False),
        (" a", "a", False),
        ("\ud800", "\ud801", False),
    ],
)
def test_what_people_type_is_one_text(one: str, other: str, *, is_same: bool) -> None:
    """RFC 8265 §4.2.1: spaces are one kind, letters are composed, case and width stay; any text can be a password."""
    assert (prepare(one) == prepare(other)) is is_same


async def test_a_verdict_is_of_one_password() -> None:
    """The right password is right, any other is not, and where there is nothing to compare with nothing is right."""
    hashes = Argon2Hashes(FAST)
    stored = await hashes.make("canary-Pa55word")
    right, wrong = Verdict(is_right=True), Verdict(is_right=False)
    assert await hashes.verify("canary-Pa55word", stored) == right
    assert [await hashes.verify(other, stored) for other in ("canary-pa55word", "", "x" * 5000)] == [wrong] * 3
    assert [await hashes.verify(any_, None) for any_ in ("canary-Pa55word", "")] == [wrong] * 2
    assert await hashes.verify("canary-Pa55word", "no hash") == wrong


async def test_nobodys_password_lets_nobody_in() -> None:
    """Whoever knows the text that is hashed for nobody gains nothing by it."""
    hashes = Argon2Hashes(FAST)
    assert await hashes.verify("what nobody's password is compared with", None) == Verdict(is_right=False)


async def test_a_long_password_counts_to_its_end() -> None:
    """A password is never cut short: one that agrees in its first thousand characters is wrong."""
    hashes = Argon2Hashes(FAST)
    longest = "x" * MAX_PASSWORD_LENGTH
    stored = await hashes.make(longest)
    assert await hashes.verify(longest, stored) == Verdict(is_right=True)
    assert await hashes.verify(longest + "x", stored) == Verdict(is_right=False)


async def test_a_hash_of_other_parameters_is_outdated() -> None:
    """A right password tells that its hash was made with other parameters than those of today; a wrong one does not."""
    stored = await Argon2Hashes(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)).make("canary-Pa55word")
    today = Argon2Hashes(FAST)
    assert await today.verify("canary-Pa55word", stored) == Verdict(is_right=True, is_outdated=True)
    assert await today.verify("another", stored) == Verdict(is_right=False)


async def test_the_line_is_short() -> None:
    """While as many are waiting as may, whoever comes to sign in is sent away at once, and those in line are served."""
    gate, begun = threading.Event(), threading.Semaphore(0)

    class HeldUp(PasswordHasher):
        """A hasher that waits at a gate."""

        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - as argon2-cffi names it
            """Wait, then verify."""
            begun.release()
            gate.wait()
            return super().verify(hash, password)

    hashes = Argon2Hashes(HeldUp(time_cost=1, memory_cost=8, parallelism=1), max_waiting=3)
    stored = await hashes.make("canary-Pa55word")
    hashes._nobodys = stored
    served = [asyncio.create_task(hashes.verify("canary-Pa55word", stored)) for _ in range(MAX_AT_ONCE + 3)]
    for _ in range(MAX_AT_ONCE):
        await asyncio.to_thread(begun.acquire)
    with pytest.raises(HashingBusyError) as caught:
        await hashes.verify("canary-Pa55word", stored)
    assert caught.value.retry_after_seconds == 2
    gate.set()
    assert await asyncio.gather(*served) == [Verdict(is_right=True)] * len(served)
    assert await hashes.verify("canary-Pa55word", stored) == Verdict(is_right=True)


async def test_who_no_longer_waits_leaves_the_line() -> None:
    """A request that is given up gives its place in the line back."""
    hashes = Argon2Hashes(FAST, max_waiting=1)
    async with hashes._turn(), hashes._turn():
        given_up = asyncio.create_task(hashes.make("canary-Pa55word"))
        await asyncio.sleep(0)
        with pytest.raises(HashingBusyError):
            hashes.check_room()
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        hashes.check_room()
    assert await hashes.verify("any", None) == Verdict(is_right=False)
