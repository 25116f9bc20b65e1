"""*The two parties.* Decides what each knows of the other: addresses, names, certificates, and what is allowed.

Knows no message and no storage. We are the service provider, one for each tenant; the identity provider is a tenant's
connection. Addresses are compared as texts, character by character, so what is stored here is what must arrive.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final
from urllib.parse import urlsplit

from musterbook.saml.certificates import Certificate, ServiceKey, parse_certificate
from musterbook.saml.errors import SettingsError, SettingsField, SettingsProblem

EMAIL_NAME_ID: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
MAX_CERTIFICATES: Final = 10
"""Each is tried on each signature: two are needed for a change of certificates."""
_MAX_ENTITY_ID = 1024
_MAX_URL = 2048
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Binding(Enum):
    """How a message travels through the browser (Bindings §3.4, §3.5)."""

    REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
    POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address of the identity provider, and how messages go there."""

    url: str
    binding: Binding
    response_url: str | None = None
    """Where answers go, if elsewhere (Metadata §2.2.2): single logout only."""


@dataclass(frozen=True, slots=True)
class ServiceProvider:
    """What a tenant's identity provider knows of us."""

    entity_id: str
    acs_url: str
    """The assertion consumer service: where responses arrive, by POST."""
    slo_url: str
    """Where requests and answers of single logout arrive, by redirect or POST."""
    keys: tuple[ServiceKey, ...] = ()
    """The first signs; each opens what is encrypted for it, so that a change of keys loses no sign-in."""


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """What a tenant knows of its identity provider. Made by :func:`make_identity_provider`, which checks it."""

    entity_id: str
    sso: Endpoint
    """Single sign-on: where requests go."""
    certificates: tuple[Certificate, ...]
    """The pins. Each may sign; a second one is entered before the first is given up."""
    slo: Endpoint | None = None
    """Single logout, where there is any."""
    requires_signed_assertion: bool = True
    """Whether the assertion itself must be signed, also in a signed response."""
    allows_idp_initiated: bool = False
    """Whether a response may come that nobody asked for."""
    wants_signed_requests: bool = False
    """Whether it takes signed authentication requests only."""


def make_identity_provider(
    *,
    entity_id: str,
    sso: Endpoint,
    certificates: Sequence[str],
    slo: Endpoint | None = None,
    requires_signed_assertion: bool = True,
    allows_idp_initiated: bool = False,
    wants_signed_requests: bool = False,
) -> IdentityProvider:
    """Return an identity provider from what an administrator entered; certificates are PEM or bare base64.

    Raises:
        SettingsError: something is wrong; it names everything that is.
    """
    problems = _entity_id_problems(entity_id) + _url_problems(sso, SettingsField.SSO_URL)
    if slo is not None:
        problems += _url_problems(slo, SettingsField.SLO_URL)
    read, certificate_problems = _read_certificates(certificates)
    problems += certificate_problems
    if problems:
        raise SettingsError(tuple(problems))
    return IdentityProvider(
        entity_id=entity_id,
        sso=sso,
        certificates=read,
        slo=slo,
        requires_signed_assertion=requires_signed_assertion,
        allows_idp_initiated=allows_idp_initiated,
        wants_signed_requests=wants_signed_requests,
    )


def is_safe_url(url: str) -> bool:
    """Return whether a browser may be sent to ``url``: https, or http on the machine itself, for trying things out."""
    if len(url) > _MAX_URL or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        return False
    if not parts.hostname or "@" in parts.netloc or parts.fragment or not port_is_valid:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def _entity_id_problems(entity_id: str) -> list[SettingsProblem]:
    if 0 < len(entity_id) <= _MAX_ENTITY_ID and entity_id.isprintable() and entity_id == entity_id.strip():
        return []
    return [SettingsProblem(SettingsField.ENTITY_ID, "The entity ID must have 1 to 1024 characters, without spaces.")]


def _url_problems(endpoint: Endpoint, field: SettingsField) -> list[SettingsProblem]:
    urls = [endpoint.url] if endpoint.response_url is None else [endpoint.url, endpoint.response_url]
    if all(map(is_safe_url, urls)):
        return []
    return [SettingsProblem(field, "The address must be complete and begin with https://.")]


def _read_certificates(texts: Sequence[str]) -> tuple[tuple[Certificate, ...], list[SettingsProblem]]:
    if not 0 < len(texts) <= MAX_CERTIFICATES:
        detail = f"There must be at least one signing certificate, and at most {MAX_CERTIFICATES}."
        return (), [SettingsProblem(SettingsField.CERTIFICATES, detail)]
    read: dict[str, Certificate] = {}
    problems = []
    for text in texts:
        try:
            certificate = parse_certificate(text)
        except ValueError as error:
            problems.append(SettingsProblem(SettingsField.CERTIFICATES, str(error)))
        else:
            read[certificate.fingerprint] = certificate
    return tuple(read.values()), problems
