"""Google as an application knows it that signs people in with it: a small, strict OpenID Connect provider on loopback.

It signs real tokens with real keys, and forges them where a `Fault` says so. Unlike the provisioning providers it is a
server, and needs Starlette, uvicorn and cryptography.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from musterbook.simulator.google.app import GoogleAccounts
from musterbook.simulator.google.faults import Fault
from musterbook.simulator.google.grants import Client
from musterbook.simulator.google.people import GooglePerson, consumer, workspace_person
from musterbook.simulator.google.tokens import SigningKey
from musterbook.simulator.loopback import listening, running

__all__ = [
    "Client",
    "Fault",
    "GoogleAccounts",
    "GooglePerson",
    "SigningKey",
    "consumer",
    "serve_google",
    "workspace_person",
]


@contextmanager
def serve_google(
    client: Client,
    people: Iterable[GooglePerson],
    *,
    key: SigningKey | None = None,
    clock: Callable[[], float] = time.time,
) -> Iterator[GoogleAccounts]:
    """Run Google on a free port of loopback and stop it afterwards."""
    with listening() as (listener, origin):
        google = GoogleAccounts(origin, client, people, key=key, clock=clock)
        with running(google, listener):
            yield google
