"""S30: of thousands of mutated responses, none is accepted with anything else than was signed, and none is a crash."""

import random
from collections.abc import Iterator

import pytest

from musterbook.saml import Assertion
from musterbook.saml.errors import SamlError
from tests.saml.idp import encrypt, signed_assertion, signed_response, signed_twice
from tests.saml.mutations import mutate
from tests.saml.parties import idp, our_key, validate

BY = idp(requires_signed_assertion=False, allows_idp_initiated=True)


def good() -> tuple[str, ...]:
    """Return a good response in each shape."""
    return signed_assertion(), signed_response(), signed_twice(), encrypt(signed_assertion(), our_key())


def accepted(count: int, seed: int) -> Iterator[tuple[str, Assertion]]:
    """Yield every mutated response that is accepted, with what it says; whatever else than a refusal is a crash."""
    chance, documents = random.Random(seed), good()
    for _ in range(count):
        document = mutate(chance.choice(documents), chance)
        try:
            yield document, validate(document.encode("utf-8", "surrogatepass"), by=BY)
        except SamlError:
            continue


def check_mutants(count: int, seed: int) -> None:
    """Fail if a mutant says anything that was not signed: a person, an attribute, a time, an answer."""
    said = validate(signed_assertion(), by=BY)
    mutants = list(accepted(count, seed))
    # What lies outside a signed assertion may change without changing what is said: white space, a status message.
    assert 0 < len(mutants) < count // 4
    assert [document for document, assertion in mutants if assertion != said] == []


def test_no_mutant_says_something_else() -> None:
    """Two thousand mutants, the same in each run, say what was signed or are refused."""
    check_mutants(2000, seed=20261124)


@pytest.mark.nightly
def test_no_mutant_of_many_says_something_else() -> None:
    """A hundred thousand mutants, others in each run, say what was signed or are refused."""
    check_mutants(100_000, seed=random.SystemRandom().randrange(2**32))
