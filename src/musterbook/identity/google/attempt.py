"""*A sign-in that waits for Google.* Decides what is kept of it, and what Google's redirect must look like.

Knows no request and no storage: whoever keeps an attempt keeps its text. The state is the tenant's slug and a random
part, so that the one redirect URI finds the tenant. It proves nothing by itself: the caller finds the attempt by it,
makes sure that it belongs to this browser, and takes it, so that it is used once.
"""

import string
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import msgspec

from musterbook.identity.google.refusal import GoogleRefusal, GoogleRefusedError

MAX_QUERY_CHARACTERS = 8192
"""Google's codes have about 80 characters, and its documentation allows 256 bytes."""
_MAX_PARAMETERS = 20
_MAX_SLUG_CHARACTERS = 63
_RANDOM_CHARACTERS = 43
_ALPHABET = frozenset(string.ascii_letters + string.digits + "-_")


@dataclass(frozen=True, slots=True)
class GoogleState:
    """The value of ``state``."""

    slug: str
    """Which tenant the sign-in is for."""
    random: str = field(repr=False)
    """What finds the attempt: 256 bits that only Google and the browser have seen."""

    def __str__(self) -> str:
        """Return what goes to Google and comes back."""
        return f"{self.slug}.{self.random}"

    @classmethod
    def find(cls, text: str) -> "GoogleState | None":
        """Return the state that ``text`` is, if it could be one of ours."""
        slug, _, random = text.partition(".")
        is_one = 0 < len(slug) <= _MAX_SLUG_CHARACTERS and len(random) == _RANDOM_CHARACTERS
        return cls(slug, random) if is_one and _ALPHABET.issuperset(slug + random) else None


@dataclass(frozen=True, slots=True)
class GoogleAttempt:
    """What is kept between the two steps of a sign-in."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    """Comes back in the id token, which is so made for this sign-in."""
    code_verifier: str = field(repr=False)
    """Shows at the token endpoint that whoever has the code also began (RFC 7636)."""
    begun_at: str
    expires_at: str

    def to_text(self) -> str:
        """Return the attempt as text, to be kept where nobody else reads it."""
        return msgspec.json.encode(self).decode()


def read_attempt(text: str) -> GoogleAttempt:
    """Return the attempt that `GoogleAttempt.to_text` made this text of."""
    return msgspec.json.decode(text, type=GoogleAttempt)


@dataclass(frozen=True, slots=True)
class GoogleCallback:
    """What Google's redirect says."""

    state: GoogleState
    code: str | None = field(repr=False)
    error: str | None
    issuer: str | None

    @classmethod
    def read(cls, query: str) -> "GoogleCallback":
        """Return what stands in the query string of the redirect.

        Raises:
            GoogleRefusedError: ``MALFORMED_CALLBACK``: it is too long, repeats a parameter, or has no state of ours.
        """
        if len(query) > MAX_QUERY_CHARACTERS:
            raise _malformed("it is too long")
        try:
            pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MAX_PARAMETERS, errors="strict")
        except ValueError as error:
            raise _malformed("it cannot be read") from error
        values = dict(pairs)
        # Of two codes or states one would be checked and the other used (RFC 6749 §3.1).
        if len(values) != len(pairs):
            raise _malformed("a parameter is repeated")
        state = GoogleState.find(values.get("state", ""))
        if state is None:
            raise _malformed("it has no state of this server")
        return cls(
            state=state,
            code=values.get("code"),
            error=values.get("error"),
            issuer=values.get("iss"),
        )


def _malformed(problem: str) -> GoogleRefusedError:
    return GoogleRefusedError(GoogleRefusal.MALFORMED_CALLBACK, f"The answer is none of Google's: {problem}.")
