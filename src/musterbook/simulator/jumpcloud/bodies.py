"""*What JumpCloud writes.* Decides the bodies and queries of JumpCloud's requests.

Knows nothing of HTTP and of when something is sent. The bodies of users and of changes of members follow recorded
requests. Not recorded are the look-up, the body of a group, its new name, and the headers: they are those of Okta's
requests, JumpCloud's neighbour in this, without what only Okta says.
"""

import hashlib
from collections.abc import Sequence
from urllib.parse import quote

from musterbook.simulator.calls import ENTERPRISE_USER, GROUP, USER, equals
from musterbook.simulator.checks import Document
from musterbook.simulator.memory import RememberedUser
from musterbook.simulator.population import Person
from musterbook.simulator.wire import Habits

_CONTENT_TYPE = "application/scim+json"
HABITS = Habits(headers={"Accept": _CONTENT_TYPE}, content_type=_CONTENT_TYPE)


def look_up_path(endpoint: str, attribute: str, value: str) -> str:
    """Return the path of a look-up."""
    return f"{endpoint}?filter={quote(equals(attribute, value), safe='')}"


def jumpcloud_id(kind: str, number: int) -> str:
    """Return an id in JumpCloud: 24 hexadecimal digits. That of a person is sent as ``externalId``."""
    return hashlib.sha256(f"jumpcloud:{kind}:{number}".encode()).hexdigest()[:24]


def whole_user(person: Person) -> Document:
    """Return the body of a user with everything in it; what JumpCloud has nothing for is an empty array."""
    return {
        "schemas": [USER, ENTERPRISE_USER],
        "externalId": jumpcloud_id("user", person.number),
        "userName": person.user_name,
        "name": {
            "givenName": person.given_name,
            "familyName": person.family_name,
            "formatted": person.display_name,
        },
        "displayName": person.display_name,
        "title": person.title,
        "active": True,
        "emails": [{"value": person.email, "type": "work", "primary": True}],
        "phoneNumbers": [{"value": _telephone(person.phone), "type": "work"}] if person.phone else [],
        "addresses": [{"type": "work", "locality": "Port Elsewhere", "country": "NO", "primary": True}],
        "photos": [{"value": f"https://example.com/photos/{person.number}"}],
        ENTERPRISE_USER: {"department": person.department},
    }


def changed_user(scim_id: str, person: Person) -> Document:
    """Return the body that replaces a user: the whole one, with its id, and the schemas the other way round."""
    return {**whole_user(person), "schemas": [ENTERPRISE_USER, USER], "id": scim_id}


def switched_user(scim_id: str, person: Person, *, active: bool) -> Document:
    """Return the short body that replaces a user, with null for the addresses.

    Both bodies are recorded. That the short one is for ``active`` is our reading.
    """
    return {
        "schemas": [USER, ENTERPRISE_USER],
        "id": scim_id,
        "externalId": jumpcloud_id("user", person.number),
        "userName": person.user_name,
        "name": {"givenName": person.given_name, "familyName": person.family_name},
        "emails": None,
        "active": active,
    }


def new_group(name: str) -> Document:
    """Return the body that creates a group, which has no members yet."""
    return {"schemas": [GROUP], "displayName": name, "members": []}


def rename(name: str) -> Document:
    """Return the operation that names a group."""
    return {"op": "replace", "path": "displayName", "value": name}


def change_members(op: str, users: Sequence[RememberedUser]) -> Document:
    """Return the operation that adds or removes members: both are a list of values, without a filter."""
    return {"op": op, "path": "members", "value": [{"value": user.scim_id} for user in users]}


def _telephone(phone: str) -> str:
    return "tel:" + phone.replace(" ", "-")
