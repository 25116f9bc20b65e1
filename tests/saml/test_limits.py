"""What is sent to exhaust us costs little: of time, of memory, and nothing of files and networks (S1, S2)."""

import builtins
import io
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

import pytest

from musterbook.saml.errors import Refusal
from musterbook.simulator.onelogin.saml.changing import changes
from musterbook.simulator.onelogin.saml.forging import FORGERIES
from musterbook.simulator.onelogin.saml.wrapping import WRAPPINGS
from tests.saml import bombs
from tests.saml.bombs import refuse_field, refuse_query, zipped
from tests.saml.faults import wrong_field
from tests.saml.idp import GOOD, RESPONSE, attribute, encode, signed_assertion, signed_response, signed_twice
from tests.saml.parties import validate
from tests.timing import processor_seconds

SECONDS = 0.05
KIB = 5 * 1024


def attacks() -> dict[str, str]:
    """Return the form field of every fault that is made on the way or by a signature, and is not a bomb."""
    kinds = (changes(GOOD), FORGERIES, WRAPPINGS)
    return {fault.name: wrong_field(fault) for kind in kinds for fault in kind}


def takes_long(work: Callable[[], object]) -> bool:
    """Return whether the work takes more than 50 ms of the processor. One look sorts out nearly all."""
    started = time.thread_time()
    work()
    return time.thread_time() - started > SECONDS and processor_seconds(work) > SECONDS


@pytest.mark.parametrize("name", bombs.FIELDS)
def test_a_bomb_costs_little_time(name: str) -> None:
    """Whatever a form holds, it is refused within 50 ms of the processor, also where ten certificates are tried."""
    make, refusal = bombs.FIELDS[name]
    field = make()
    assert refuse_field(field) == refusal
    assert not takes_long(lambda: refuse_field(field))


def test_a_compressed_bomb_costs_little_time() -> None:
    """A query is unpacked only as far as a message may reach (CVE-2025-25293): of 20 MB, a quarter of one."""
    query = zipped()
    assert refuse_query(query) is Refusal.TOO_LARGE
    assert not takes_long(lambda: refuse_query(query))


def test_a_thousand_groups_are_taken() -> None:
    """Whoever is in a thousand groups signs in, also where each of them declares its namespaces, as Okta writes it."""
    namespaces = 'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    groups = tuple(f"CN=Group {number},OU=Groups,DC=acme,DC=example" for number in range(1000))
    values = attribute("groups", *groups).replace("<saml:AttributeValue ", f"<saml:AttributeValue {namespaces} ")
    end = "</saml:AttributeStatement>"
    for sign in (signed_assertion, signed_twice):
        document = sign(RESPONSE.replace(end, values + end))
        assert validate(document).values("groups") == groups
        assert not takes_long(partial(validate, document))


def test_an_attack_costs_little_time() -> None:
    """No attack of these tests takes 50 ms of the processor to refuse."""
    fields = attacks()
    assert [name for name, field in fields.items() if refuse_field(field) is None] == []
    assert [name for name, field in fields.items() if takes_long(partial(refuse_field, field))] == []


def test_bombs_cost_little_memory() -> None:
    """All of these together do not make a process larger by 5 MB than what they arrive in and one good response."""
    printed = subprocess.run([sys.executable, "-m", "tests.saml.bombs"], check=True, capture_output=True, text=True)
    assert 0 <= int(printed.stdout) < KIB


def test_nothing_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file and no address is opened, whatever a document names, and no more for a good one."""
    fields = [*attacks().values(), *(make() for make, _ in bombs.FIELDS.values())]
    good = [encode(signed_assertion()), encode(signed_response())]
    refuse_field(good[0])
    opened: list[object] = []

    def refuse(*arguments: object, **_: object) -> object:
        opened.append(arguments)
        raise OSError

    for owner, name in ((builtins, "open"), (io, "open"), (os, "open"), (socket, "socket"), (socket, "getaddrinfo")):
        monkeypatch.setattr(owner, name, refuse)
    refusals = [refuse_field(field) for field in fields + good]
    monkeypatch.undo()
    assert opened == []
    assert all(refusals[: len(fields)])
    assert refusals[len(fields) :] == [None, Refusal.UNSIGNED]
