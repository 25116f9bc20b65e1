"""*The two steps of a sign-in at Google.* Decides the order of the checks, and that each comes before what needs it.

Knows the clock and chance that it is given; knows no storage, no tenant and no account. What stands on the libraries is
in ``google.protocol``, imported here when it is first needed.
"""

import base64
import hmac
from dataclasses import dataclass, field
from datetime import timedelta

from musterbook.directory import Clock, RandomBytes, parse_time, render_time
from musterbook.identity.google.attempt import GoogleAttempt, GoogleCallback, GoogleState
from musterbook.identity.google.claims import Expected, check_claims, read_claims
from musterbook.identity.google.client import GoogleClient
from musterbook.identity.google.documents import Discovery, GoogleDocuments
from musterbook.identity.google.entry import GoogleIdentity
from musterbook.identity.google.refusal import GoogleRefusal, GoogleRefusedError
from musterbook.outbound import Outbound

ATTEMPT_SECONDS = 600
"""How long somebody has for Google's pages: a password, a second factor, the search for a telephone."""
_RANDOM_BYTES = 32


@dataclass(frozen=True, slots=True)
class GoogleStart:
    """What `GoogleExchange.begin` gives."""

    address: str = field(repr=False)
    """Where to send the browser."""
    state: GoogleState
    """What the attempt is found by when the browser comes back."""
    attempt: GoogleAttempt
    """What to keep until then, for this browser and for one use."""


class GoogleExchange:
    """What is said between this server and Google while somebody signs in."""

    def __init__(self, client: GoogleClient, outbound: Outbound, clock: Clock, random_bytes: RandomBytes) -> None:
        """Ask Google by ``outbound``; time and chance are arguments."""
        self._client = client
        self._outbound = outbound
        self._clock = clock
        self._random_bytes = random_bytes
        self._documents = GoogleDocuments(client, outbound, clock)

    async def begin(self, slug: str, *, google_domain: str | None, login_hint: str | None = None) -> GoogleStart:
        """Begin a sign-in to the tenant ``slug``, whose domain at Google is a hint for Google's form and no check.

        Raises:
            GoogleRefusedError: Google cannot be reached.
        """
        from musterbook.identity.google import protocol  # noqa: PLC0415 a quarter of a second, for who signs in so

        discovery = await self._documents.discovery()
        state = GoogleState(slug, self._random_text())
        now = self._clock()
        attempt = GoogleAttempt(
            state=str(state),
            nonce=self._random_text(),
            code_verifier=self._random_text(),
            begun_at=render_time(now),
            expires_at=render_time(now + timedelta(seconds=ATTEMPT_SECONDS)),
        )
        address = await protocol.authorization_url(
            self._client,
            self._outbound,
            discovery.authorization_endpoint,
            attempt,
            hosted_domain=google_domain,
            login_hint=login_hint,
        )
        return GoogleStart(address, state, attempt)

    async def finish(self, attempt: GoogleAttempt, callback: GoogleCallback) -> GoogleIdentity:
        """Return whom Google vouches for. The caller has found ``attempt`` for this browser and taken it.

        Raises:
            GoogleRefusedError: nobody, with the reason.
        """
        from musterbook.identity.google import protocol  # noqa: PLC0415 as above, a quarter of a second

        if render_time(self._clock()) >= attempt.expires_at:
            raise GoogleRefusedError(GoogleRefusal.ATTEMPT_EXPIRED, "The sign-in was begun too long ago.")
        if not hmac.compare_digest(str(callback.state).encode(), attempt.state.encode()):
            raise GoogleRefusedError(GoogleRefusal.STATE, "The answer belongs to another sign-in.")
        discovery = await self._documents.discovery()
        code = self._code(callback, discovery)
        tokens = await protocol.redeem_code(
            self._client, self._outbound, discovery.token_endpoint, code, attempt.code_verifier
        )
        key = await self._documents.key(protocol.read_key_id(tokens.id_token))
        claims = read_claims(protocol.verify(tokens.id_token, key))
        expected = Expected(
            client=self._client,
            nonce=attempt.nonce,
            access_token=tokens.access_token,
            begun_at=parse_time(attempt.begun_at).timestamp(),
            now=self._clock().timestamp(),
        )
        return check_claims(claims, expected)

    def _code(self, callback: GoogleCallback, discovery: Discovery) -> str:
        """Return the code of an answer that comes from Google."""
        # First of all, also before an error is believed: whose answer is it? (RFC 9207 §2.4)
        if callback.issuer is None and discovery.authorization_response_iss_parameter_supported:
            raise GoogleRefusedError(GoogleRefusal.OTHER_ISSUER_ANSWERS, "The answer does not say that it is Google's.")
        if callback.issuer is not None and callback.issuer != self._client.issuer:
            raise GoogleRefusedError(
                GoogleRefusal.OTHER_ISSUER_ANSWERS, f"The answer comes from {callback.issuer[:200]!r}."
            )
        if callback.error == "access_denied":
            raise GoogleRefusedError(GoogleRefusal.CANCELLED, "The person cancelled, or may not use this application.")
        if callback.error is not None:
            raise GoogleRefusedError(GoogleRefusal.GOOGLE_REFUSED, f"Google answered {callback.error[:100]!r}.")
        if not callback.code:
            raise GoogleRefusedError(GoogleRefusal.NO_CODE, "The answer has no code.")
        return callback.code

    def _random_text(self) -> str:
        # 43 characters: as many as RFC 7636 §4.1 recommends for a code verifier.
        return base64.urlsafe_b64encode(self._random_bytes(_RANDOM_BYTES)).rstrip(b"=").decode("ascii")
