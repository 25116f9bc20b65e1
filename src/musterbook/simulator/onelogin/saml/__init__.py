"""OneLogin as an application knows it that people sign in to by SAML 2.0: a small identity provider on loopback.

It signs real responses in the shape of recorded ones, and one of them is wrong where a `Fault` says so. Unlike the
provisioning side it is a server, and needs Starlette, uvicorn, cryptography, lxml and signxml.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from musterbook.simulator.loopback import listening, running
from musterbook.simulator.onelogin.saml.app import OneLoginSignIn
from musterbook.simulator.onelogin.saml.connector import SamlConnector, read_connector
from musterbook.simulator.onelogin.saml.faults import Fault
from musterbook.simulator.onelogin.saml.people import PASSWORD
from musterbook.simulator.onelogin.saml.signing import KeyPair, make_key_pair
from musterbook.simulator.onelogin.user import OneLoginUser

__all__ = [
    "PASSWORD",
    "Fault",
    "KeyPair",
    "OneLoginSignIn",
    "SamlConnector",
    "make_key_pair",
    "read_connector",
    "serve_onelogin",
]


@contextmanager
def serve_onelogin(
    connector: SamlConnector,
    people: Iterable[OneLoginUser] = (),
    *,
    key: KeyPair | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[OneLoginSignIn]:
    """Run OneLogin on a free port of loopback and stop it afterwards."""
    with listening() as (listener, origin):
        onelogin = OneLoginSignIn(origin, connector, people, key=key, clock=clock)
        with running(onelogin, listener):
            yield onelogin
