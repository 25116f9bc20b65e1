"""*Signing in with Google*: OpenID Connect, from the side of the application.

Knows OAuth 2.0 with PKCE (RFC 6749, RFC 7636, RFC 9700), OpenID Connect Core 1.0 and Google's claims; knows no HTTP
server, no SQL, no account. A sign-in has two steps, and what the first leaves for the second is a value that the caller
keeps: `GoogleExchange.begin` and `GoogleExchange.finish`. Then `check_entry` decides whether that identity may enter a
tenant. The libraries behind it are imported when somebody first signs in.
"""

from musterbook.identity.google.attempt import GoogleAttempt, GoogleCallback, GoogleState, read_attempt
from musterbook.identity.google.client import CALLBACK_PATH, GoogleClient
from musterbook.identity.google.entry import GoogleIdentity, check_entry
from musterbook.identity.google.exchange import GoogleExchange, GoogleStart
from musterbook.identity.google.refusal import GoogleRefusal, GoogleRefusedError

__all__ = [
    "CALLBACK_PATH",
    "GoogleAttempt",
    "GoogleCallback",
    "GoogleClient",
    "GoogleExchange",
    "GoogleIdentity",
    "GoogleRefusal",
    "GoogleRefusedError",
    "GoogleStart",
    "GoogleState",
    "check_entry",
    "read_attempt",
]
