"""*What is asked of Google, and what it grants.* Decides when a request is answered, and with which refusal.

Knows OAuth 2.0 (RFC 6749), PKCE (RFC 7636) and what Google makes of them; knows no HTTP and no tokens. A mistake that
an application could use to send people elsewhere is shown to the person, and never sent back to the application.
"""

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import unquote_plus, urlsplit

from musterbook.simulator.errors import SettingError
from musterbook.simulator.google.people import GooglePerson
from musterbook.simulator.google.tokens import code_challenge

Parameters: TypeAlias = Mapping[str, str]

CODE_SECONDS = 600
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_METHODS = frozenset({"S256", "plain"})


class BlockedError(Exception):
    """The application is set up wrongly; the person is told, and stays here."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        """Keep what the page says."""
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail


class TokenRefusedError(Exception):
    """The token endpoint refuses (RFC 6749 §5.2)."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        """Keep what the answer says."""
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """An application as it was registered in Google's console.

    Raises:
        SettingError: a redirect URI is neither https nor loopback, or has a fragment.
    """

    id: str
    secret: str = field(repr=False)
    redirect_uris: tuple[str, ...]
    name: str = "Musterbook"

    def __post_init__(self) -> None:
        """Check the redirect URIs as Google's console does."""
        for uri in self.redirect_uris:
            parts = urlsplit(uri)
            is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
            if not is_safe or parts.fragment:
                raise SettingError(f"Google does not take {uri} as a redirect URI.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """What an application asks a person for."""

    redirect_uri: str
    state: str | None
    nonce: str | None
    challenge: str | None
    method: str
    hosted_domain: str | None
    """A hint which account is meant. The real form offers no other; whoever edits the address is not stopped by it."""
    login_hint: str


@dataclass(slots=True, kw_only=True)
class Grant:
    """What a code stands for."""

    request: AuthorizationRequest
    person: GooglePerson
    granted_at: int
    is_spent: bool = False


def read_authorization_request(client: Client, asked: Parameters) -> AuthorizationRequest:
    """Return what is asked.

    Raises:
        BlockedError: Google shows a page instead of the form.
    """
    if asked.get("client_id") != client.id:
        raise BlockedError(401, "invalid_client", "The OAuth client was not found.")
    if asked.get("redirect_uri") not in client.redirect_uris:
        raise BlockedError(400, "redirect_uri_mismatch", "The redirect URI of the request is not registered.")
    if asked.get("response_type") != "code":
        raise BlockedError(400, "invalid_request", "Required parameter is missing or unknown: response_type")
    if "openid" not in asked.get("scope", "").split():
        raise BlockedError(400, "invalid_request", "Missing required parameter: scope")
    method = asked.get("code_challenge_method", "plain")
    if method not in _METHODS:
        raise BlockedError(400, "invalid_request", "Invalid parameter value for code_challenge_method")
    return AuthorizationRequest(
        redirect_uri=asked["redirect_uri"],
        state=asked.get("state"),
        nonce=asked.get("nonce"),
        challenge=asked.get("code_challenge"),
        method=method,
        hosted_domain=asked.get("hd"),
        login_hint=asked.get("login_hint", ""),
    )


class Grants:
    """The codes that were given out."""

    def __init__(self) -> None:
        self._granted: dict[str, Grant] = {}

    def grant(self, request: AuthorizationRequest, person: GooglePerson, now: int) -> str:
        """Return a code for what a person granted."""
        code = f"4/0{secrets.token_urlsafe(32)}"
        self._granted[code] = Grant(request=request, person=person, granted_at=now)
        return code

    def redeem(self, asked: Parameters, now: int, *, again: bool = False) -> Grant:
        """Return what a code stands for; it is spent then, unless codes are answered ``again`` and again.

        Raises:
            TokenRefusedError: there is nothing for this request.
        """
        if asked.get("grant_type") != "authorization_code":
            raise TokenRefusedError(400, "unsupported_grant_type", f"Invalid grant_type: {asked.get('grant_type')}")
        grant = self._granted.get(asked.get("code", ""))
        if grant is None:
            raise TokenRefusedError(400, "invalid_grant", "Malformed auth code.")
        if asked.get("redirect_uri") != grant.request.redirect_uri:
            raise TokenRefusedError(400, "redirect_uri_mismatch", "Bad Request")
        if (grant.is_spent and not again) or now - grant.granted_at > CODE_SECONDS:
            raise TokenRefusedError(400, "invalid_grant", "Bad Request")
        # A wrong verifier spends the code too: whoever found a code has one guess.
        grant.is_spent = True
        _check_verifier(grant.request, asked.get("code_verifier"))
        return grant


def authenticate(client: Client, authorization: str | None, asked: Parameters) -> None:
    """Check who asks for tokens: by the header (RFC 6749 §2.3.1) or by parameters.

    Raises:
        TokenRefusedError: it is not the application that was registered.
    """
    client_id, secret = asked.get("client_id", ""), asked.get("client_secret", "")
    if authorization is not None:
        client_id, secret = _basic(authorization)
    if client_id != client.id:
        raise TokenRefusedError(401, "invalid_client", "The OAuth client was not found.")
    if not hmac.compare_digest(secret.encode(), client.secret.encode()):
        raise TokenRefusedError(401, "invalid_client", "Unauthorized")


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    try:
        text = base64.b64decode(encoded, validate=True).decode() if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    client_id, _, secret = text.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)


def _check_verifier(request: AuthorizationRequest, verifier: str | None) -> None:
    if request.challenge is None:
        return
    if verifier is None:
        raise TokenRefusedError(400, "invalid_grant", "Missing code verifier.")
    made = code_challenge(verifier) if request.method == "S256" else verifier
    if not hmac.compare_digest(made.encode(), request.challenge.encode()):
        raise TokenRefusedError(400, "invalid_grant", "Invalid code verifier.")
