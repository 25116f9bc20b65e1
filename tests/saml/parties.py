"""The two parties of most tests: the tenant acme of ours, and its identity provider."""

from functools import cache

from musterbook.saml import (
    Assertion,
    AuthnRequest,
    Binding,
    Endpoint,
    IdentityProvider,
    ServiceKey,
    ServiceProvider,
    make_identity_provider,
    read_service_key,
    validate_response,
)
from tests.saml.idp import ACS, IDP, NOW, REQUEST_ID, SLO, SP, SP_SLO, SSO, KeyPair, acme, encode, key_pair

REQUEST = AuthnRequest(REQUEST_ID, NOW)


def our_key(name: str = "muster") -> KeyPair:
    """Return the key pair of our side."""
    return key_pair(name)


@cache
def service_key(name: str = "muster") -> ServiceKey:
    """Return a key of ours as the room has it."""
    return read_service_key(our_key(name).private_pem, our_key(name).pem)


def sp(*keys: str) -> ServiceProvider:
    """Return our side of acme, with the keys of these names."""
    return ServiceProvider(SP, ACS, SP_SLO, tuple(map(service_key, keys or ("muster",))))


def idp(
    *certificates: KeyPair, requires_signed_assertion: bool = True, allows_idp_initiated: bool = False
) -> IdentityProvider:
    """Return acme's identity provider, with these certificates or its usual one."""
    return make_identity_provider(
        entity_id=IDP,
        sso=Endpoint(SSO, Binding.REDIRECT),
        slo=Endpoint(SLO, Binding.REDIRECT),
        certificates=[pair.pem for pair in certificates or (acme(),)],
        requires_signed_assertion=requires_signed_assertion,
        allows_idp_initiated=allows_idp_initiated,
    )


def validate(
    document: str | bytes, *, by: IdentityProvider | None = None, request: AuthnRequest = REQUEST
) -> Assertion:
    """Return what a response says to acme at noon, in a browser that has made one request."""
    return validate_response(encode(document), sp=sp(), idp=by or idp(), requests=(request,), now=NOW)
