"""The tenant acme with people, and its identity provider, for tests of signing in by SAML."""

import base64
import zlib
from collections.abc import Sequence
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from musterbook.directory import Tenant, operator_actor
from musterbook.directory.operation import ChangeSignInSettings, SetSamlConnection
from musterbook.directory.sign_in_settings import SingleSignOn
from musterbook.scim import Resource, user_type
from musterbook.scim.operation import CreateResource
from tests.saml import idp
from tests.web.site import BASE_URL, Site

ACS = f"{BASE_URL}/saml/acme/acs"
_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ENTITY_ID = f"{BASE_URL}/saml/acme/metadata"


async def add_person(
    site: Site, user_name: str, *, emails: Sequence[str] = (), active: bool = True, tenant: Tenant | None = None
) -> str:
    """Add a person to acme, or to another tenant; return the id."""
    attributes = {"userName": user_name, "active": active, "emails": [{"value": email} for email in emails]}
    actor = operator_actor((tenant or site.acme.tenant).id, "request-1")
    created = await site.services.directory.perform(actor, CreateResource(Resource(user_type(), attributes)))
    return created.stored.id


async def connect(
    site: Site,
    *,
    sso: SingleSignOn = SingleSignOn.OPTIONAL,
    allows_idp_initiated: bool = False,
    entity_id: str = idp.IDP,
    slo_url: str | None = idp.SLO,
    contact: str | None = None,
) -> None:
    """Connect acme to the identity provider of the tests, at whose time it is from then on."""
    actor = operator_actor(site.acme.tenant.id, "request-1")
    perform = site.services.directory.perform
    await perform(
        actor,
        SetSamlConnection(entity_id=entity_id, sso_url=idp.SSO, slo_url=slo_url, certificates=(idp.acme().pem,)),
    )
    await perform(actor, ChangeSignInSettings(sso=sso, allows_idp_initiated=allows_idp_initiated, contact=contact))
    site.clock.now = idp.NOW


async def settle(site: Site, change: ChangeSignInSettings) -> None:
    """Have acme settle something else about signing in."""
    await site.services.directory.perform(operator_actor(site.acme.tenant.id, "request-1"), change)


def response(
    request_id: str | None,
    *,
    name: str = "ada@acme.example",
    name_format: str = idp.EMAIL_FORMAT,
    email: str = "ada@acme.example",
    assertion_id: str = "_a1",
) -> str:
    """Return the field of a good response in OneLogin's shape; ``None``: nobody asked for it."""
    document = (
        idp.RESPONSE.replace(idp.ACS, ACS)
        .replace(idp.SP, ENTITY_ID)
        .replace(idp.NAME_ID, f'<saml:NameID Format="{name_format}">{name}</saml:NameID>')
        .replace(idp.attribute("User.email", "ada@acme.example"), idp.attribute("User.email", email))
        .replace("_a1", assertion_id)
    )
    in_response_to = f' InResponseTo="{idp.REQUEST_ID}"'
    answers = "" if request_id is None else f' InResponseTo="{request_id}"'
    return idp.encode(idp.signed_assertion(document.replace(in_response_to, answers)))


def logout_request(*, name: str = "ada@acme.example", session_index: str | None = None, id_: str = "_l1") -> str:
    """Return the identity provider's request to sign somebody out."""
    index = "" if session_index is None else f"<samlp:SessionIndex>{session_index}</samlp:SessionIndex>"
    return (
        f'<samlp:LogoutRequest {_head(id_)}>{idp.ISSUER}<saml:NameID Format="{idp.EMAIL_FORMAT}">{name}</saml:NameID>'
        f"{index}</samlp:LogoutRequest>"
    )


def logout_response(request_id: str) -> str:
    """Return the identity provider's answer to a request of ours."""
    return (
        f'<samlp:LogoutResponse {_head("_l2")} InResponseTo="{request_id}">{idp.ISSUER}{idp.STATUS}'
        "</samlp:LogoutResponse>"
    )


def _head(id_: str) -> str:
    namespaces = " ".join(f'xmlns:{prefix}="{idp.NAMESPACES[prefix]}"' for prefix in ("samlp", "saml"))
    destination = f"{BASE_URL}/saml/acme/slo"
    return f'{namespaces} ID="{id_}" Version="2.0" IssueInstant="{idp.stamp()}" Destination="{destination}"'


def signed_query(document: str, parameter: str = "SAMLRequest", relay_state: str = "") -> str:
    """Return the query by which a message goes by redirect, with a signature over its octets."""
    private = idp.acme().private
    assert isinstance(private, rsa.RSAPrivateKey)
    packed = base64.b64encode(zlib.compress(document.encode(), wbits=-15)).decode()
    fields = {parameter: packed, "RelayState": relay_state, "SigAlg": _RSA_SHA256}
    octets = urlencode({name: value for name, value in fields.items() if value})
    signature = private.sign(octets.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{octets}&{urlencode({'Signature': base64.b64encode(signature).decode()})}"
