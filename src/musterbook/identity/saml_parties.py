"""*The two parties of a tenant's SAML.* Decides where we are reached, and what is expected of the provider.

Knows a tenant's slug, its connection and its settings; knows no message. The addresses are the tenant's own, so a
response that was made for one tenant is for no other.
"""

from dataclasses import dataclass

from musterbook.directory.saml_connection import ConnectionId, SamlBinding, SamlConnection
from musterbook.directory.sign_in_settings import SignInSettings
from musterbook.saml import Binding, Endpoint, IdentityProvider, ServiceKey, ServiceProvider, make_identity_provider

BINDINGS = {SamlBinding.REDIRECT: Binding.REDIRECT, SamlBinding.POST: Binding.POST}


@dataclass(frozen=True, slots=True)
class Parties:
    """Both parties of a connection."""

    connection_id: ConnectionId
    sp: ServiceProvider
    idp: IdentityProvider


def service_provider(base_url: str, slug: str, keys: tuple[ServiceKey, ...] = ()) -> ServiceProvider:
    """Return what a tenant's identity provider is told of us; the first of ``keys`` signs."""
    root = f"{base_url}/saml/{slug}"
    return ServiceProvider(entity_id=f"{root}/metadata", acs_url=f"{root}/acs", slo_url=f"{root}/slo", keys=keys)


def parties_of(sp: ServiceProvider, connection: SamlConnection, settings: SignInSettings) -> Parties:
    """Return the parties of a tenant's connection.

    Raises:
        saml.errors.SettingsError: what is stored of the provider cannot be used.
    """
    slo_url = connection.slo_url
    idp = make_identity_provider(
        entity_id=connection.entity_id,
        sso=Endpoint(connection.sso_url, BINDINGS[connection.sso_binding]),
        certificates=connection.certificates,
        slo=None if slo_url is None else Endpoint(slo_url, BINDINGS[connection.slo_binding]),
        requires_signed_assertion=connection.wants_signed_assertion,
        allows_idp_initiated=settings.allows_idp_initiated,
        wants_signed_requests=connection.signs_requests,
    )
    return Parties(connection.id, sp, idp)
