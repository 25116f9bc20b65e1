"""*Everything that people sign in with*, put together: one value that wiring hands to the pages and the commands.

Knows the parts; decides nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from musterbook.directory import Clock, Directory, RandomBytes
from musterbook.identity.devices import Devices
from musterbook.identity.domains import SignInDomains
from musterbook.identity.google import GoogleExchange
from musterbook.identity.google_sign_in import GoogleSignIn
from musterbook.identity.landing import Landing
from musterbook.identity.links import LinkParts, Links
from musterbook.identity.mail import Mail
from musterbook.identity.password_change import PasswordChange
from musterbook.identity.password_sign_in import PasswordParts, PasswordSignIn
from musterbook.identity.passwords import Argon2Hashes
from musterbook.identity.saml_keys import MakePrivateKey, SamlKeys
from musterbook.identity.saml_logout import SamlLogout
from musterbook.identity.saml_sign_in import SamlParts, SamlSignIn
from musterbook.identity.sealing import Seal
from musterbook.identity.second_factor_change import SecondFactorChange
from musterbook.identity.sessions import Sessions
from musterbook.identity.sign_in_log import SignInLog
from musterbook.identity.slow_down import SlowDown
from musterbook.identity.stores import IdentityStores
from musterbook.identity.subjects import Subjects
from musterbook.identity.totp import SecondFactors


@dataclass(frozen=True, slots=True)
class SigningInKeys:
    """The keys that signing in needs, newest first. A command, which signs nobody in, has none."""

    seal: Sequence[bytes] = field(default=(), repr=False)
    device: Sequence[bytes] = field(default=(), repr=False)
    saml_key: Sequence[bytes] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Outside:
    """What signing in needs beside the directory and its stores."""

    base_url: str
    keys: SigningInKeys
    hashes: Argon2Hashes
    mail: Mail
    google: GoogleExchange | None
    """Asks Google; ``None``: this server is not registered there."""
    make_private_key: MakePrivateKey
    clock: Clock
    random_bytes: RandomBytes


@dataclass(frozen=True, slots=True)
class SigningIn:
    """Signing in, for all tenants."""

    domains: SignInDomains
    """By which organizations are found."""
    saml: SamlSignIn
    google: GoogleSignIn | None
    """``None``: this server is not registered with Google."""
    password: PasswordSignIn
    second_factors: SecondFactors
    password_change: PasswordChange
    second_factor_change: SecondFactorChange
    links: Links
    """By which somebody comes to a password."""
    saml_keys: SamlKeys
    """By which identity providers know our side."""
    logout: SamlLogout
    """Single logout."""
    landing: Landing
    """Where every way ends."""
    log: SignInLog
    """Who came, who was not let in, and why."""
    sessions: Sessions
    """Who is signed in."""


def make_signing_in(stores: IdentityStores, directory: Directory, outside: Outside) -> SigningIn:
    """Return the parts over one open database."""
    clock, random_bytes, google = outside.clock, outside.random_bytes, outside.google
    sessions = Sessions(stores.sessions, clock, random_bytes)
    log = SignInLog(stores.log, clock, random_bytes)
    subjects = Subjects(directory, stores.bindings, clock)
    slow_down = SlowDown(stores.tries, clock)
    parts = _password_parts(stores, slow_down, outside)
    saml_keys = SamlKeys(
        stores.saml_keys, Seal(outside.keys.saml_key, random_bytes), outside.make_private_key, clock, random_bytes
    )
    saml = SamlSignIn(
        directory,
        SamlParts(subjects, stores.attempts, stores.assertions, saml_keys),
        base_url=outside.base_url,
        clock=clock,
        random_bytes=random_bytes,
    )
    return SigningIn(
        domains=SignInDomains(stores.domains),
        saml=saml,
        saml_keys=saml_keys,
        logout=SamlLogout(saml, sessions, stores.assertions, clock, random_bytes),
        google=None if google is None else GoogleSignIn(directory, subjects, stores.attempts, google, clock),
        links=Links(
            directory,
            LinkParts(stores.links, stores.accounts, outside.hashes, slow_down, outside.mail),
            outside.base_url,
            clock,
            random_bytes,
        ),
        password=PasswordSignIn(directory, parts, clock, random_bytes),
        second_factors=parts.second_factors,
        password_change=PasswordChange(directory, outside.hashes, slow_down),
        second_factor_change=SecondFactorChange(directory, parts.second_factors, outside.hashes, slow_down),
        landing=Landing(sessions, log),
        log=log,
        sessions=sessions,
    )


def _password_parts(stores: IdentityStores, slow_down: SlowDown, outside: Outside) -> PasswordParts:
    clock, random_bytes = outside.clock, outside.random_bytes
    return PasswordParts(
        accounts=stores.accounts,
        attempts=stores.attempts,
        hashes=outside.hashes,
        slow_down=slow_down,
        second_factors=SecondFactors(stores.second_factors, Seal(outside.keys.seal, random_bytes), clock, random_bytes),
        devices=Devices(outside.keys.device, clock, random_bytes),
    )
