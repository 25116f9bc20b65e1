"""*May this identity enter this tenant?* Decides it, from what Google vouches for and what the tenant has declared.

Knows no account: whether the tenant has somebody with that address, and whether they are active, is the next question
and somebody else's. Who somebody is never depends on the e-mail address, which may be given to another person: it is
the issuer and the subject.
"""

from dataclasses import dataclass

from musterbook.identity.google.refusal import GoogleRefusal, GoogleRefusedError

CONSUMER_DOMAINS = frozenset({"gmail.com", "googlemail.com"})


@dataclass(frozen=True, slots=True)
class GoogleIdentity:
    """Somebody whom Google has vouched for."""

    issuer: str
    subject: str
    email: str
    email_verified: bool
    hosted_domain: str | None
    """The Google Workspace organisation whose account it is (claim ``hd``); nobody can have it who is not a member."""
    name: str | None

    @property
    def subject_key(self) -> str:
        """What a binding to an account is kept under."""
        return f"{self.issuer} {self.subject}"


def check_entry(identity: GoogleIdentity, google_domain: str | None) -> None:
    """Check that ``identity`` is a member of the tenant's organisation at Google, whose domain is ``google_domain``.

    Raises:
        GoogleRefusedError: it is not, or the tenant has none.
    """
    if not google_domain:
        raise GoogleRefusedError(
            GoogleRefusal.NO_DOMAIN_DECLARED, "No Google Workspace domain is set for this organization."
        )
    # Anybody can have such an account, whatever address they registered it with.
    if not identity.hosted_domain:
        raise GoogleRefusedError(
            GoogleRefusal.CONSUMER_ACCOUNT, f"The Google account {identity.email} belongs to no organization."
        )
    domain = identity.hosted_domain.lower()
    if domain in CONSUMER_DOMAINS or _domain_of(identity.email) in CONSUMER_DOMAINS:
        raise GoogleRefusedError(
            GoogleRefusal.CONSUMER_ACCOUNT, f"The Google account {identity.email} is a consumer account."
        )
    # Equal, not "ends with": whoever owns other.example also owns acme.example.other.example.
    if domain != google_domain.lower():
        raise GoogleRefusedError(
            GoogleRefusal.OTHER_DOMAIN, f"The Google account {identity.email} belongs to {domain}, not {google_domain}."
        )
    if not identity.email_verified:
        raise GoogleRefusedError(
            GoogleRefusal.EMAIL_NOT_VERIFIED, f"Google has not verified the address {identity.email}."
        )


def _domain_of(email: str) -> str:
    return email.rpartition("@")[2].lower()
