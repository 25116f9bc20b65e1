"""*Sign-in settings.* Decides what a tenant may settle about signing in, and what holds until it does.

They are kept as a resource of our own, with revisions and events, under a type that no SCIM endpoint serves. There is
no row until somebody changes one. Knows the SCIM engine's building blocks; knows no sign-in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import Enum
from functools import cache
from typing import Final

import msgspec

from musterbook.directory.actor import ResourceId
from musterbook.directory.tenant import SLUG
from musterbook.scim import Json, ResourceType, make_resource_type, make_schema
from musterbook.scim.errors import InvalidValueError
from musterbook.scim.schema import Attribute, AttributeType

SIGN_IN_SETTINGS_URN: Final = "urn:musterbook:schemas:core:1.0:SignInSettings"
SIGN_IN_SETTINGS_ID: Final = ResourceId("sign-in")
MAX_IDLE_MINUTES: Final = 24 * 60
MAX_ABSOLUTE_HOURS: Final = 7 * 24
MAX_DOMAIN_LENGTH: Final = 253
MAX_CONTACT_LENGTH: Final = 256


class SingleSignOn(Enum):
    """Whether people sign in by the tenant's identity provider (SAML)."""

    OFF = "off"
    OPTIONAL = "optional"
    """Beside the other ways."""
    ONLY = "only"
    """No other way, except for break-glass accounts."""


@dataclass(frozen=True, slots=True)
class SignInSettings:
    """What a tenant has settled about signing in."""

    sso: SingleSignOn = SingleSignOn.OFF
    google_domain: str | None = None
    """The Google Workspace domain (``hd``) whose people may sign in by Google; ``None``: nobody may."""
    allows_idp_initiated: bool = False
    """Whether a sign-in may begin at the identity provider."""
    creates_people: bool = False
    """Whether somebody unknown is added at the first sign-in (just-in-time)."""
    idle_minutes: int = 30
    """After how long without a request a session ends."""
    absolute_hours: int = 12
    """After how long a session ends in any case."""
    contact: str | None = None
    """Whom somebody may ask who is not let in."""
    maps_groups: bool = False
    """Whether what is granted to a group is held by its members."""


_NAMES: Final[Mapping[str, str]] = {
    "sso": "sso",
    "google_domain": "googleDomain",
    "allows_idp_initiated": "allowsIdpInitiated",
    "creates_people": "createsPeople",
    "idle_minutes": "idleMinutes",
    "absolute_hours": "absoluteHours",
    "contact": "contact",
    "maps_groups": "mapsGroups",
}
"""The attribute of each setting. Statements of ``storage`` read ``sso`` and ``mapsGroups``."""
_DECODER: Final = msgspec.json.Decoder(dict[str, Json])
_TYPES: Final[Mapping[type, AttributeType]] = {bool: AttributeType.BOOLEAN, int: AttributeType.INTEGER}


@cache
def sign_in_settings_type() -> ResourceType:
    """Return the resource type of the sign-in settings."""
    attributes = [
        Attribute(_NAMES[field.name], _TYPES.get(type(field.default), AttributeType.STRING))
        for field in fields(SignInSettings)
    ]
    base = make_schema(SIGN_IN_SETTINGS_URN, "SignInSettings", "How people sign in.", attributes)
    return make_resource_type("SignInSettings", "", base)


def attributes_of(settings: SignInSettings) -> dict[str, Json]:
    """Return the attributes under which settings are stored."""
    values = msgspec.to_builtins(settings)
    return {name: values[field] for field, name in _NAMES.items() if values[field] is not None}


def settings_of(attributes: Mapping[str, Json]) -> SignInSettings:
    """Return the settings of stored attributes; what is not among them is as it is by default."""
    values = {field: attributes[name] for field, name in _NAMES.items() if name in attributes}
    return msgspec.convert(values, SignInSettings)


def read_settings(text: str | None) -> SignInSettings:
    """Return the settings of a stored text; ``None``: nobody has decided about them."""
    return SignInSettings() if text is None else settings_of(_DECODER.decode(text))


def checked(settings: SignInSettings) -> SignInSettings:
    """Return the settings as they are stored: names of domains in lower case, and nothing blank.

    Raises:
        InvalidValueError: one of them cannot be used.
    """
    domain = (settings.google_domain or "").strip().lower() or None
    if domain is not None and not is_domain(domain):
        raise InvalidValueError("The Google domain must look like example.com.")
    contact = (settings.contact or "").strip() or None
    if contact is not None and (len(contact) > MAX_CONTACT_LENGTH or not contact.isprintable()):
        raise InvalidValueError(f"The contact has at most {MAX_CONTACT_LENGTH} printable characters.")
    if not 1 <= settings.idle_minutes <= MAX_IDLE_MINUTES:
        raise InvalidValueError(f"A session ends after 1 to {MAX_IDLE_MINUTES} minutes without a request.")
    if not 1 <= settings.absolute_hours <= MAX_ABSOLUTE_HOURS:
        raise InvalidValueError(f"A session ends after 1 to {MAX_ABSOLUTE_HOURS} hours.")
    return replace(settings, google_domain=domain, contact=contact)


def is_domain(name: str) -> bool:
    """Return whether ``name`` reads like the name of a domain, in lower case (RFC 1035 §2.3.1, or digits first)."""
    labels = name.split(".")
    return len(name) <= MAX_DOMAIN_LENGTH and len(labels) > 1 and all(map(SLUG.match, labels))
