"""*People with a Google account.* Decides what Google knows of a person, and what it says of one in an id token.

Knows nothing of tokens or requests. Somebody with an account of a Google Workspace organisation has that organisation's
domain as ``hd``. An account that anybody can open has none: with an address at gmail.com, or with the address of any
other mailbox, also one at the domain of a company whose administrators know nothing of it.
"""

import hashlib
from dataclasses import dataclass, field
from typing import TypeAlias

Claims: TypeAlias = dict[str, object]
"""The claims of a token, by name."""

_SUBJECT_DIGITS = 10**20


@dataclass(frozen=True, slots=True, kw_only=True)
class GooglePerson:
    """One Google account."""

    email: str
    given_name: str
    family_name: str
    hosted_domain: str | None = None
    """The domain of the organisation that the account belongs to."""
    email_verified: bool = True
    password: str = field(default="correct horse", repr=False)

    @property
    def subject(self) -> str:
        """What the account is called for good, whatever its address becomes: 21 digits."""
        digest = hashlib.sha256(self.email.encode()).digest()
        return str(_SUBJECT_DIGITS + int.from_bytes(digest) % _SUBJECT_DIGITS)

    @property
    def claims(self) -> Claims:
        """What Google says of the person to who asks for ``openid email profile``."""
        claims: Claims = {
            "sub": self.subject,
            "email": self.email,
            "email_verified": self.email_verified,
            "name": f"{self.given_name} {self.family_name}",
            "picture": f"https://lh3.googleusercontent.com/a/{self.subject}=s96-c",
            "given_name": self.given_name,
            "family_name": self.family_name,
        }
        return claims if self.hosted_domain is None else {"hd": self.hosted_domain, **claims}


def workspace_person(email: str, given_name: str = "Ada", family_name: str = "Merriweather") -> GooglePerson:
    """Return somebody whose account belongs to the organisation with the domain of ``email``."""
    domain = email.rpartition("@")[2]
    return GooglePerson(email=email, given_name=given_name, family_name=family_name, hosted_domain=domain)


def consumer(email: str, given_name: str = "Eve", family_name: str = "Anybody") -> GooglePerson:
    """Return somebody whose account belongs to no organisation."""
    return GooglePerson(email=email, given_name=given_name, family_name=family_name)
