"""*Certificates of SAML.* Decides how the commands say when a certificate ends, and which ends soon.

Knows certificates and time; prints nothing. A certificate that has ended still holds: it is a pin, and its end is a
reason to warn.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from musterbook.cli.output import Row
from musterbook.directory import Tenant, operator_actor, render_time
from musterbook.directory.operation import ReadSamlConnection
from musterbook.identity.saml_keys import KeyStage
from musterbook.saml import Certificate, parse_certificate
from musterbook.wiring import Services

_THEIRS: Final = "the identity provider's certificate"
_OURS: Final = "our own certificate"
_STAGES: Final = {
    KeyStage.SIGNS: "signs",
    KeyStage.NEXT: "waits to sign",
    KeyStage.FORMER: "signed before, and still opens",
}


@dataclass(frozen=True, slots=True)
class Watched:
    """A certificate that a tenant's sign-ins hang on."""

    tenant: Tenant
    name: str
    """Whose it is."""
    certificate: Certificate
    remedy: str
    """The command that puts another in its place."""


def days_left(certificate: Certificate, now: datetime) -> int:
    """Return how many whole days a certificate still has; below 0 where it has ended."""
    return (certificate.not_after - now).days


def told_end(certificate: Certificate, now: datetime) -> str:
    """Return when a certificate ends, with a warning where that is soon."""
    date, warning = f"{certificate.not_after:%Y-%m-%d}", certificate.expiry_warning(now)
    if warning is None:
        return f"until {date}"
    if warning == 0:
        return f"has ended on {date}"
    days = days_left(certificate, now)
    return f"ends on {date}, " + ("within a day" if days == 0 else f"in {days} day{'' if days == 1 else 's'}")


def certificate_row(certificate: Certificate, now: datetime) -> Row:
    """Return a certificate for scripts."""
    return {
        "fingerprint": certificate.fingerprint,
        "subject": certificate.subject,
        "expires_at": render_time(certificate.not_after),
        "days_left": days_left(certificate, now),
        "warning": certificate.expiry_warning(now) is not None,
    }


def told_stage(stage: KeyStage) -> str:
    """Return what a key of ours is for."""
    return _STAGES[stage]


async def watched(services: Services, request_id: str) -> list[Watched]:
    """Return the certificates of all tenants, those of their identity providers and ours."""
    found: list[Watched] = []
    for tenant in await services.tenants.list():
        actor = operator_actor(tenant.id, request_id)
        connection = (await services.directory.perform(actor, ReadSamlConnection())).connection
        remedy = f"musterbook saml set {tenant.slug} --second-certificate FILE"
        pins = () if connection is None else connection.certificates
        found += [Watched(tenant, _THEIRS, parse_certificate(pem), remedy) for pem in pins]
        remedy = f"musterbook saml rotate {tenant.slug}"
        keys = await services.signing_in.saml_keys.list(tenant.id)
        found += [Watched(tenant, _OURS, key.certificate, remedy) for key in keys]
    return found
