"""*Everything that people sign in with*, put together: one value that wiring hands to the pages and the commands.

Knows the parts; decides nothing.
"""

from dataclasses import dataclass

from musterbook.directory import Clock, Directory, RandomBytes
from musterbook.identity.domains import SignInDomains
from musterbook.identity.google import GoogleExchange
from musterbook.identity.google_sign_in import GoogleSignIn
from musterbook.identity.landing import Landing
from musterbook.identity.saml_sign_in import SamlSignIn
from musterbook.identity.sessions import Sessions
from musterbook.identity.sign_in_log import SignInLog
from musterbook.identity.stores import IdentityStores
from musterbook.identity.subjects import Subjects


@dataclass(frozen=True, slots=True)
class SigningIn:
    """Signing in, for all tenants."""

    domains: SignInDomains
    """By which organizations are found."""
    saml: SamlSignIn
    google: GoogleSignIn | None
    """``None``: this server is not registered with Google."""
    landing: Landing
    """Where every way ends."""
    log: SignInLog
    """Who came, who was not let in, and why."""
    sessions: Sessions
    """Who is signed in."""


def make_signing_in(
    stores: IdentityStores,
    directory: Directory,
    *,
    base_url: str,
    google: GoogleExchange | None,
    clock: Clock,
    random_bytes: RandomBytes,
) -> SigningIn:
    """Return the parts over one open database, for a server at ``base_url`` that asks Google by ``google``."""
    sessions = Sessions(stores.sessions, clock, random_bytes)
    log = SignInLog(stores.log, clock, random_bytes)
    subjects = Subjects(directory, stores.bindings, clock)
    return SigningIn(
        domains=SignInDomains(stores.domains),
        saml=SamlSignIn(
            directory,
            subjects,
            stores.attempts,
            stores.assertions,
            base_url=base_url,
            clock=clock,
            random_bytes=random_bytes,
        ),
        google=None if google is None else GoogleSignIn(directory, subjects, stores.attempts, google, clock),
        landing=Landing(sessions, log),
        log=log,
        sessions=sessions,
    )
