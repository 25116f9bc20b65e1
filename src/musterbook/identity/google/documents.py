"""*What Google publishes.* Decides how long the discovery document and the keys are believed, and when to ask again.

Knows the documents' shapes (OpenID Connect Discovery 1.0 §3, RFC 7517 §5); verifies nothing with the keys. A document
is fresh for an hour. After that it is asked for again, and while Google does not answer the old one serves on, for at
most a day: an outage of one address keeps nobody out, and a key that Google withdrew is not believed for ever.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from musterbook.directory import Clock
from musterbook.identity.google.client import GoogleClient
from musterbook.identity.google.refusal import GoogleRefusal, GoogleRefusedError
from musterbook.outbound import Outbound, OutboundError

FRESH_SECONDS = 3600
MAX_AGE_SECONDS = 24 * 3600
PAUSE_SECONDS = 60
"""How long nobody is asked again after an answer or a failure, while there is something to work with."""
FAILED_PAUSE_SECONDS = 5
"""How long after a failure, while there is nothing: people who wait must not queue for one time-out each."""
MAX_DOCUMENT_BYTES = 64 * 1024
"""Google's documents have about 2 KiB."""
MIN_KEY_BITS = 2048

_Document = TypeVar("_Document")
_Shape = TypeVar("_Shape")


class Discovery(msgspec.Struct, frozen=True):
    """What is read of the discovery document."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    authorization_response_iss_parameter_supported: bool = False


class Jwk(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is read of a published key; only RSA keys have all of it."""

    kty: str
    kid: str = ""
    n: str = ""
    e: str = ""
    use: str | None = None
    alg: str | None = None


class _JwkSet(msgspec.Struct, frozen=True):
    keys: list[Jwk]


@dataclass(slots=True)
class _Held(Generic[_Document]):
    document: _Document
    at: float


class CachedDocument(Generic[_Document]):
    """A document that is fetched when needed, by one caller at a time."""

    def __init__(self, fetch: Callable[[], Awaitable[_Document]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._held: _Held[_Document] | None = None
        self._tried_at: float | None = None
        self._failure: GoogleRefusedError | None = None
        self._turn = asyncio.Lock()

    async def get(self) -> _Document:
        """Return the document, at most a day old.

        Raises:
            GoogleRefusedError: there is none, and none can be had.
        """
        held = self._held
        if held is not None and self._is_within(held.at, FRESH_SECONDS):
            return held.document
        return await self.renew()

    async def renew(self) -> _Document:
        """Return the document as it is now, if it was not asked for a moment ago.

        Raises:
            GoogleRefusedError: there is none, and none can be had.
        """
        async with self._turn:
            pause = FAILED_PAUSE_SECONDS if self._usable() is None else PAUSE_SECONDS
            if self._tried_at is None or not self._is_within(self._tried_at, pause):
                await self._try()
            held = self._usable()
            if held is not None:
                return held.document
            assert self._failure is not None, "whoever tried has a document or a failure"
            raise GoogleRefusedError(self._failure.reason, self._failure.detail)

    async def _try(self) -> None:
        try:
            self._held = _Held(await self._fetch(), self._now())
            self._failure = None
        except GoogleRefusedError as error:
            self._failure = error
        self._tried_at = self._now()

    def _usable(self) -> _Held[_Document] | None:
        held = self._held
        return held if held is not None and self._is_within(held.at, MAX_AGE_SECONDS) else None

    def _is_within(self, at: float, seconds: float) -> bool:
        # A clock that was set back makes what was fetched later look as if it came from the future: ask again.
        return 0 <= self._now() - at < seconds

    def _now(self) -> float:
        return self._clock().timestamp()


class GoogleDocuments:
    """Google's documents as one process knows them."""

    def __init__(self, client: GoogleClient, outbound: Outbound, clock: Clock) -> None:
        self._client = client
        self._outbound = outbound
        self._discovery = CachedDocument(self._fetch_discovery, clock)
        self._keys = CachedDocument(self._fetch_keys, clock)

    async def discovery(self) -> Discovery:
        """Return the discovery document.

        Raises:
            GoogleRefusedError: it cannot be had, or is not the issuer's.
        """
        return await self._discovery.get()

    async def key(self, key_id: str) -> Jwk:
        """Return the key of this name; where it is not known, Google is asked for its keys once more.

        Raises:
            GoogleRefusedError: there is no such key, or the keys cannot be had.
        """
        keys = await self._keys.get()
        if key_id not in keys:
            keys = await self._keys.renew()
        if key_id not in keys:
            raise GoogleRefusedError(GoogleRefusal.UNKNOWN_KEY, "The id token is signed by a key that Google has not.")
        return keys[key_id]

    async def _fetch_discovery(self) -> Discovery:
        url = self._client.discovery_url
        discovery = _decoded(await self._fetch(url), Discovery, url)
        # Otherwise whoever can answer for one address could name another issuer's keys (§4.3).
        if discovery.issuer != self._client.issuer:
            raise GoogleRefusedError(
                GoogleRefusal.MALFORMED_ANSWER, f"The document at {url} is about {discovery.issuer!r}."
            )
        # The other addresses are ours to ask, and asked with the same care; this one is where people are sent.
        if not discovery.authorization_endpoint.startswith(("https://", self._client.issuer + "/")):
            raise GoogleRefusedError(GoogleRefusal.MALFORMED_ANSWER, f"The document at {url} sends people to no https.")
        return discovery

    async def _fetch_keys(self) -> Mapping[str, Jwk]:
        url = (await self._discovery.get()).jwks_uri
        published = _decoded(await self._fetch(url), _JwkSet, url)
        keys = {key.kid: key for key in published.keys if can_verify(key)}
        if not keys:
            raise GoogleRefusedError(GoogleRefusal.MALFORMED_ANSWER, f"There is no key of use at {url}.")
        return keys

    async def _fetch(self, url: str) -> bytes:
        try:
            return await self._outbound.get(url, limit_bytes=MAX_DOCUMENT_BYTES, accept="application/json")
        except OutboundError as error:
            raise GoogleRefusedError(GoogleRefusal.UNAVAILABLE, f"{url}: {error.detail}") from error


def _decoded(content: bytes, shape: type[_Shape], url: str) -> _Shape:
    try:
        return msgspec.json.decode(content, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise GoogleRefusedError(
            GoogleRefusal.MALFORMED_ANSWER, f"What stands at {url} is not what Google publishes there: {error}."
        ) from error


def can_verify(key: Jwk) -> bool:
    """Return whether a key is for signatures with RS256, and long enough (RFC 7518 §3.3)."""
    if key.kty != "RSA" or not key.kid or key.use not in {None, "sig"} or key.alg not in {None, "RS256"}:
        return False
    try:
        modulus = base64.b64decode(key.n + "=" * (-len(key.n) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return False
    return int.from_bytes(modulus).bit_length() >= MIN_KEY_BITS
