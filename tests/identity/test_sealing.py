"""How what must be read again is kept."""

import base64

import pytest

from musterbook.identity.sealing import Seal, UnsealError
from tests.directory.world import repeatable_bytes

OLD, CURRENT = b"o" * 32, b"c" * 32
OWNER = ("acme", "User", "1")


def seal(*keys: bytes) -> Seal:
    """Return a seal with these keys."""
    return Seal(keys, repeatable_bytes())


def test_what_is_sealed_is_read_by_its_owner_alone() -> None:
    """A text comes back for its owner; for any other, also one whose parts read the same together, it does not."""
    one = seal(CURRENT)
    sealed = one.close("canary-seed", *OWNER)
    assert one.open(sealed, *OWNER) == "canary-seed"
    assert "canary" not in sealed
    for other in (("acme", "User", "2"), ("globex", "User", "1"), ("acmeUser", "", "1"), ()):
        with pytest.raises(UnsealError):
            one.open(sealed, *other)


def test_one_text_is_sealed_differently_each_time() -> None:
    """Nobody sees from what is stored that two secrets are the same."""
    one = seal(CURRENT)
    assert one.close("canary-seed", *OWNER) != one.close("canary-seed", *OWNER)


def test_the_first_key_seals_and_all_open() -> None:
    """After a rotation what was sealed before still opens; without the older key it does not."""
    sealed = seal(OLD).close("canary-seed", *OWNER)
    assert seal(CURRENT, OLD).open(sealed, *OWNER) == "canary-seed"
    again = seal(CURRENT, OLD).close("canary-seed", *OWNER)
    assert seal(CURRENT).open(again, *OWNER) == "canary-seed"
    with pytest.raises(UnsealError):
        seal(CURRENT).open(sealed, *OWNER)


def test_what_an_older_key_sealed_is_outdated() -> None:
    """What was sealed with another key than the first should be sealed anew."""
    sealed = [seal(key).close("canary-seed", *OWNER) for key in (OLD, CURRENT)]
    assert [seal(CURRENT, OLD).is_outdated(each, *OWNER) for each in sealed] == [True, False]


@pytest.mark.parametrize("position", [0, 3, 11, 12, 20, -1])
def test_a_changed_text_does_not_open(position: int) -> None:
    """Any changed byte is noticed."""
    one = seal(CURRENT)
    content = bytearray(base64.urlsafe_b64decode(one.close("canary-seed", *OWNER).removeprefix("s1.")))
    content[position] ^= 1
    with pytest.raises(UnsealError):
        one.open("s1." + base64.urlsafe_b64encode(content).decode(), *OWNER)


@pytest.mark.parametrize("text", ["", "s1.", "s2.AAAA", "canary-seed", "s1.AAAA", "s1.A", "s1.é"])
def test_what_was_never_sealed_does_not_open(text: str) -> None:
    """A text that is no sealed one is refused."""
    with pytest.raises(UnsealError):
        seal(CURRENT).open(text, *OWNER)
