"""Google, a browser and this server, for one sign-in after the other."""

import secrets
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from musterbook.identity.google import (
    GoogleCallback,
    GoogleClient,
    GoogleExchange,
    GoogleIdentity,
    GoogleRefusal,
    GoogleRefusedError,
    GoogleStart,
)
from musterbook.outbound import Outbound, TimeLimits
from musterbook.simulator.google import Client, Fault, GoogleAccounts, GooglePerson, consumer, workspace_person

BASE_URL = "https://directory.example.com"
REGISTERED = Client(
    id="1234.apps.googleusercontent.com",
    secret="CANARY-google-client-secret+/=&",
    redirect_uris=(f"{BASE_URL}/google/callback",),
)
ADA = workspace_person("ada.merriweather@acme.example")
GRACE = workspace_person("grace.holloway@globex.example", "Grace", "Holloway")
EVE = consumer("eve@gmail.com")
MALLORY = consumer("mallory@acme.example", "Mallory", "Outside")
"""Has opened an account for anybody with an address at a company's domain."""
LOOPBACK = (ip_network("127.0.0.0/8"),)


@dataclass(slots=True)
class Hands:
    """A clock that a test moves."""

    now: datetime = field(default_factory=lambda: datetime(2026, 5, 4, 12, tzinfo=UTC))

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now

    def timestamp(self) -> float:
        """Return the time as Google's server asks for it."""
        return self.now.timestamp()

    def move(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)


@dataclass(slots=True)
class Stage:
    """One process of this server, and Google."""

    google: GoogleAccounts
    clock: Hands
    exchange: GoogleExchange
    secrets: list[str] = field(default_factory=lambda: [REGISTERED.secret])
    """What no refusal may repeat."""

    @classmethod
    def open(cls, google: GoogleAccounts, clock: Hands, *, total_seconds: float = 10.0) -> "Stage":
        """Start a process that has asked Google for nothing yet."""
        client = GoogleClient(BASE_URL, REGISTERED.id, REGISTERED.secret, google.discovery_url)
        outbound = Outbound(LOOPBACK, limits=TimeLimits(5.0, total_seconds))
        return cls(google, clock, GoogleExchange(client, outbound, clock, secrets.token_bytes))

    async def begin(self, slug: str = "acme") -> GoogleStart:
        """Begin a sign-in."""
        return await self.exchange.begin(slug, google_domain="acme.example")

    async def sign_in_as(self, person: GooglePerson = ADA, *faults: Fault) -> GoogleIdentity:
        """Sign a person in, with Google making mistakes from when the browser is there."""
        start = await self.begin()
        self.google.faults = frozenset(faults)
        callback = await visit(start, person)
        self.secrets += [
            start.state.random,
            start.attempt.nonce,
            start.attempt.code_verifier,
            callback.code or REGISTERED.secret,
        ]
        return await self.exchange.finish(start.attempt, callback)

    async def refusal(self, person: GooglePerson = ADA, *faults: Fault) -> GoogleRefusal:
        """Return why a person is refused, in words that hold no secret."""
        with pytest.raises(GoogleRefusedError) as caught:
            await self.sign_in_as(person, *faults)
        told = f"{caught.value} {caught.value!r} {caught.value.detail}"
        assert [secret for secret in self.secrets if secret in told] == []
        return caught.value.reason


async def visit(start: GoogleStart, person: GooglePerson = ADA, *, action: str = "next") -> GoogleCallback:
    """Go where the browser is sent, fill in the form, and return what comes back."""
    return GoogleCallback.read(await visit_address(start.address, person, action=action))


async def visit_address(address: str, person: GooglePerson = ADA, *, action: str = "next") -> str:
    """Fill in the form at an address and return the query of the address that the browser is sent back to."""
    form = {"identifier": person.email, "password": person.password, "action": action}
    # The certificates of the machine are not needed here, and take a while to read.
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    async with httpx.AsyncClient(trust_env=False, verify=tls) as browser:
        assert (await browser.get(address)).status_code == 200
        answer = await browser.post(address, data=form)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["Location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == REGISTERED.redirect_uris[0]
    return back.query


def parameters(address: str) -> dict[str, str]:
    """Return the parameters of an address, each of which stands there once."""
    found = parse_qs(urlsplit(address).query, strict_parsing=True)
    assert {name for name, values in found.items() if len(values) > 1} == set()
    return {name: values[0] for name, values in found.items()}
