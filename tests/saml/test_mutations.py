"""S30: of thousands of mutated responses, none is accepted with anything else than was signed, and none is a crash."""

import contextlib
import random
from collections.abc import Iterator

import pytest

from musterbook.saml import Assertion, read_idp_metadata
from musterbook.saml.errors import SamlError, SettingsError
from tests.saml.idp import NOW, encrypt, metadata, signed_assertion, signed_response, signed_twice
from tests.saml.mutations import IN_THE_TEXT, mutate
from tests.saml.parties import idp, our_key, validate
from tests.saml.test_logout import REQUEST as LOGOUT_REQUEST
from tests.saml.test_logout import query, receive

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


def test_no_mutated_query_signs_somebody_else_out() -> None:
    """Of five hundred mutants of a signed query, those that are believed say what was signed."""
    chance, good_query = random.Random(1), query(LOGOUT_REQUEST, state="&RelayState=x")
    said = receive(good_query)
    believed = []
    for _ in range(500):
        mutant = chance.choice(IN_THE_TEXT)(good_query, chance)
        with contextlib.suppress(SamlError):
            believed.append(receive(mutant))
    assert believed == [said] * len(believed)
    assert len(believed) < 50


def test_no_mutated_metadata_is_a_crash() -> None:
    """Of three hundred mutants of a metadata document, each is a connection or is refused with a sentence."""
    chance, (_, _, document) = random.Random(2), metadata().partition("\n")
    outcomes = set()
    for _ in range(300):
        try:
            outcomes.add(bool(read_idp_metadata(mutate(document, chance).encode(), now=NOW).certificates))
        except SettingsError as error:
            outcomes.add(str(error) == "")
    assert outcomes == {True, False}


@pytest.mark.nightly
def test_no_mutant_of_many_says_something_else() -> None:
    """A hundred thousand mutants, others in each run, say what was signed or are refused."""
    check_mutants(100_000, seed=random.SystemRandom().randrange(2**32))
