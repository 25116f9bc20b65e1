"""How passwords are hashed."""

import pytest
from argon2 import PasswordHasher
from argon2.low_level import Type

from musterbook.identity.passwords import Argon2Hashes, prepare

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
