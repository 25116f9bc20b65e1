"""*The identity provider's metadata.* Decides which EntityDescriptor is a connection (SAML 2.0 Metadata §2).

Pure: the document and the time are arguments; whoever fetches it decides from where. An administrator uploads or
pastes it, and thereby says that it is theirs: what it holds is checked as if it had been typed into the form.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from musterbook.saml.certificates import Certificate
from musterbook.saml.errors import SamlError, SettingsError, SettingsField, SettingsProblem
from musterbook.saml.parties import Binding, Endpoint, IdentityProvider, make_identity_provider
from musterbook.saml.signature import verify_element
from musterbook.saml.times import parse_time, render_time
from musterbook.saml.xml import DS, METADATA, METADATA_FILE, SAMLP, Element, parse_document, text_of

_ENTITY = f"{METADATA}EntityDescriptor"
_ROLE = f"{METADATA}IDPSSODescriptor"
_TRUE = frozenset({"true", "1"})


def read_idp_metadata(document: bytes, *, now: datetime, signed_by: tuple[Certificate, ...] = ()) -> IdentityProvider:
    """Return the identity provider of a metadata document; where ``signed_by`` is given, the document must be signed.

    Raises:
        SettingsError: it is no such document, is no longer valid, or something in it cannot be used.
    """
    try:
        root = parse_document(document, METADATA_FILE)
        if signed_by:
            root = verify_element(root, signed_by).root
        entity, role = _identity_provider(root)
        _check_valid((root, entity, role), now)
        certificates = [text_of(node) for node in _certificates(role)]
    except SamlError as error:
        raise _problem(error.detail) from error
    sso = _endpoint(role, "SingleSignOnService")
    if sso is None:
        raise _problem("The identity provider offers no single sign-on by redirect or POST.")
    return make_identity_provider(
        entity_id=entity.get("entityID", ""),
        sso=sso,
        slo=_endpoint(role, "SingleLogoutService"),
        # One certificate may stand there for several uses.
        certificates=list(dict.fromkeys(certificates)),
        wants_signed_requests=role.get("WantAuthnRequestsSigned") in _TRUE,
    )


def _identity_provider(root: Element) -> tuple[Element, Element]:
    """Return the one entity with the role; a federation's file holds many, of which nobody could choose here."""
    entities = [root] if root.tag == _ENTITY else list(root.iterchildren(_ENTITY))
    found = [(entity, role) for entity in entities for role in entity.iterchildren(_ROLE) if _speaks_saml2(role)]
    if len(found) != 1:
        raise _problem(
            f"The document describes {len(found)} SAML 2.0 identity providers. It must describe one: the file that "
            "the identity provider offers for this application."
        )
    return found[0]


def _speaks_saml2(role: Element) -> bool:
    return SAMLP[1:-1] in role.get("protocolSupportEnumeration", "").split()


def _check_valid(described: Iterable[Element], now: datetime) -> None:
    for element in described:
        if element.get("validUntil") is not None and parse_time(element.get("validUntil")) <= now:
            until = render_time(parse_time(element.get("validUntil")))
            raise _problem(f"The document was valid until {until}. Get it from the identity provider again.")


def _certificates(role: Element) -> Iterable[Element]:
    """Yield the certificates for signing: of the keys for that, and of those for everything (Metadata §2.4.1.1)."""
    for key in role.iterchildren(f"{METADATA}KeyDescriptor"):
        if key.get("use", "signing") == "signing":
            yield from key.iterfind(f"{DS}KeyInfo/{DS}X509Data/{DS}X509Certificate")


def _endpoint(role: Element, name: str) -> Endpoint | None:
    """Return the address of a service: by redirect if there is one, for then every message is an ordinary link."""
    offered: Sequence[Element] = list(role.iterchildren(METADATA + name))
    for binding in (Binding.REDIRECT, Binding.POST):
        for element in offered:
            if element.get("Binding") == binding.value:
                return Endpoint(element.get("Location", ""), binding, element.get("ResponseLocation"))
    return None


def _problem(detail: str) -> SettingsError:
    return SettingsError((SettingsProblem(SettingsField.METADATA, detail),))
