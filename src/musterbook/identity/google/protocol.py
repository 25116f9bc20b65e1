"""*What libraries do for us.* The one module that knows Authlib and joserfc, and through Authlib the HTTP client.

Decides nothing about people. Authlib makes the address that people are sent to and asks the token endpoint (RFC 6749
§4.1, RFC 7636); joserfc verifies signatures (RFC 7515). Imported when somebody first signs in with Google.
"""

import asyncio
from dataclasses import dataclass, field

import httpx2
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jws
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import RSAKey

from musterbook.identity.google.attempt import GoogleAttempt
from musterbook.identity.google.client import GoogleClient
from musterbook.identity.google.documents import Jwk
from musterbook.identity.google.refusal import GoogleRefusal, GoogleRefusedError
from musterbook.outbound import Outbound, OutboundError
from musterbook.outbound.transport import client_options, timed_out

ALGORITHM = "RS256"
"""The one with which Google signs. A header never chooses: ``none`` and HS256 would let anybody sign."""
MAX_TOKEN_CHARACTERS = 16 * 1024
"""Google's id tokens have about 1 KiB."""
MAX_ANSWER_BYTES = 64 * 1024
_SCOPE = "openid email profile"
_CLIENT_ERRORS = frozenset({"invalid_client", "unauthorized_client", "redirect_uri_mismatch"})


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the token endpoint gave."""

    id_token: str = field(repr=False)
    access_token: str = field(repr=False)


async def authorization_url(
    client: GoogleClient,
    outbound: Outbound,
    endpoint: str,
    attempt: GoogleAttempt,
    *,
    hosted_domain: str | None,
    login_hint: str | None,
) -> str:
    """Return where to send somebody who wants to sign in."""
    hints = {"hd": hosted_domain, "login_hint": login_hint}
    async with _oauth(client, outbound) as oauth:
        address, _ = oauth.create_authorization_url(
            endpoint,
            state=attempt.state,
            nonce=attempt.nonce,
            code_verifier=attempt.code_verifier,
            # Somebody with several accounts must not be signed in with the wrong one without a word.
            prompt="select_account",
            **{name: hint for name, hint in hints.items() if hint is not None},
        )
    return str(address)


async def redeem_code(client: GoogleClient, outbound: Outbound, endpoint: str, code: str, verifier: str) -> Tokens:
    """Return the tokens that a code stands for.

    Raises:
        GoogleRefusedError: there are none.
    """
    try:
        async with _oauth(client, outbound) as oauth, asyncio.timeout(outbound.limits.total_seconds):
            answer = await oauth.fetch_token(
                endpoint, grant_type="authorization_code", code=code, code_verifier=verifier
            )
    except OAuthError as error:
        raise _refused(error) from error
    except OutboundError as error:
        raise GoogleRefusedError(GoogleRefusal.UNAVAILABLE, f"{endpoint}: {error.detail}") from error
    except TimeoutError as error:
        raise GoogleRefusedError(GoogleRefusal.UNAVAILABLE, f"{endpoint}: {timed_out(outbound).detail}") from error
    except httpx2.HTTPStatusError as error:
        detail = f"{endpoint} answered with status {error.response.status_code}."
        raise GoogleRefusedError(GoogleRefusal.UNAVAILABLE, detail) from error
    except (ValueError, TypeError) as error:
        raise _malformed(f"{endpoint} gave no tokens that can be read.") from error
    id_token, access_token = (str(answer.get(name, "")) for name in ("id_token", "access_token"))
    if not id_token or not access_token or not (id_token + access_token).isascii():
        raise _malformed(f"{endpoint} gave no id token and access token.")
    return Tokens(id_token=id_token, access_token=access_token)


def read_key_id(id_token: str) -> str:
    """Return the name of the key that a token says it is signed with.

    Raises:
        GoogleRefusedError: it is no token, or says that it is signed in another way than Google signs.
    """
    if len(id_token) > MAX_TOKEN_CHARACTERS:
        raise GoogleRefusedError(GoogleRefusal.MALFORMED_TOKEN, "The id token is too long.")
    try:
        header = jws.extract_compact(id_token.encode()).headers()
    except (JoseError, ValueError) as error:
        raise GoogleRefusedError(GoogleRefusal.MALFORMED_TOKEN, "The id token cannot be read.") from error
    if header.get("alg") != ALGORITHM:
        raise GoogleRefusedError(GoogleRefusal.ALGORITHM, f"The id token is signed with {header.get('alg')!r}.")
    key_id = header.get("kid")
    if not isinstance(key_id, str):
        raise GoogleRefusedError(GoogleRefusal.UNKNOWN_KEY, "The id token does not name its key.")
    return key_id


def verify(id_token: str, key: Jwk) -> bytes:
    """Return the payload of a token that this key has signed.

    Raises:
        GoogleRefusedError: it has not.
    """
    try:
        public = RSAKey.import_key({"kty": "RSA", "n": key.n, "e": key.e})
        verified = jws.deserialize_compact(id_token.encode(), public, algorithms=[ALGORITHM])
    except BadSignatureError as error:
        raise GoogleRefusedError(GoogleRefusal.SIGNATURE, "The id token's signature is not Google's.") from error
    except (JoseError, ValueError) as error:
        raise GoogleRefusedError(GoogleRefusal.MALFORMED_TOKEN, "The id token cannot be verified.") from error
    assert verified.payload is not None, "what was verified has a payload"
    return verified.payload


def _oauth(client: GoogleClient, outbound: Outbound) -> AsyncOAuth2Client:
    return AsyncOAuth2Client(
        client.client_id,
        client.client_secret,
        # In the body: how a header encodes what is not ASCII is read differently by different servers.
        token_endpoint_auth_method="client_secret_post",  # noqa: S106 the name of a method
        scope=_SCOPE,
        redirect_uri=client.redirect_uri,
        code_challenge_method="S256",
        **client_options(outbound, limit_bytes=MAX_ANSWER_BYTES),
    )


def _refused(error: OAuthError) -> GoogleRefusedError:
    """Return the refusal for an error of RFC 6749 §5.2; only its code is told, which Google chose from a short list."""
    code = str(error.error)
    reason = GoogleRefusal.CLIENT_REFUSED if code in _CLIENT_ERRORS else GoogleRefusal.CODE_REFUSED
    return GoogleRefusedError(reason, f"Google's token endpoint refused: {code[:100]!r}.")


def _malformed(detail: str) -> GoogleRefusedError:
    return GoogleRefusedError(GoogleRefusal.MALFORMED_ANSWER, detail)
