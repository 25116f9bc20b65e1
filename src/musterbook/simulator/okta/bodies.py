"""*What Okta writes.* Decides the bodies and queries of Okta's requests.

Knows nothing of HTTP and of when something is sent. The shapes, their order and the percent-encoding are those of the
examples in Okta's SCIM 2.0 reference.
"""

import hashlib
from collections.abc import Sequence
from urllib.parse import quote

from musterbook.simulator.calls import GROUP, USER, equals
from musterbook.simulator.checks import Document
from musterbook.simulator.memory import RememberedUser
from musterbook.simulator.population import Person
from musterbook.simulator.wire import Habits

HABITS = Habits(
    headers={
        "Accept": "application/scim+json",
        "Accept-Charset": "utf-8",
        # Captured for Okta's client as a whole; whether a GET has it is not known.
        "Content-Type": "application/scim+json; charset=utf-8",
        "User-Agent": "Okta SCIM Client 1.0.0",
        "Accept-Encoding": "gzip,deflate",
        "Connection": "Keep-Alive",
    },
    content_type="application/scim+json; charset=utf-8",
)

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID_LENGTH = 20


def look_up_path(endpoint: str, attribute: str, value: str) -> str:
    """Return the path of a look-up: everything that may be escaped is, and the page is 100 long."""
    return f"{endpoint}?filter={quote(equals(attribute, value), safe='')}&startIndex=1&count=100"


def external_id(person: Person) -> str:
    """Return the id of a person in Okta, which is sent as ``externalId``: ``00u`` and 17 more characters."""
    digest = hashlib.sha256(f"okta:{person.number}".encode()).digest()
    return "00u" + "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest)[: _ID_LENGTH - len("00u")]


def new_user(person: Person) -> Document:
    """Return the body that creates a user. The password is a placeholder, and always there."""
    return {
        "schemas": [USER],
        "userName": person.user_name,
        "name": {"givenName": person.given_name, "familyName": person.family_name},
        "emails": [{"primary": True, "value": person.email, "type": "work"}],
        "displayName": person.display_name,
        "locale": "en-US",
        "externalId": external_id(person),
        "groups": [],
        "password": placeholder_password(person),
        "active": True,
    }


def placeholder_password(person: Person) -> str:
    """Return eight characters, as in Okta's example. They open nothing."""
    return hashlib.sha256(f"password:{person.number}".encode()).hexdigest()[:8]


def changed_user(found: Document, person: Person, *, active: bool) -> Document:
    """Return the body that replaces a user: the one that was read, ``id``, ``meta`` and ``groups`` included, changed.

    Which attributes count as changed is decided by Okta's mapping; here they are those of `new_user`.
    """
    name, emails = found.get("name"), found.get("emails")
    kept_emails = emails if isinstance(emails, list) else []
    primary = next((email for email in kept_emails if _is_primary(email)), Document())
    return {
        **found,
        "userName": person.user_name,
        "name": {
            **(name if isinstance(name, dict) else {}),
            "givenName": person.given_name,
            "familyName": person.family_name,
        },
        "emails": [
            {**primary, "primary": True, "value": person.email, "type": "work"},
            *(email for email in kept_emails if not _is_primary(email)),
        ],
        "displayName": person.display_name,
        "externalId": external_id(person),
        "active": active,
    }


def _is_primary(email: object) -> bool:
    return isinstance(email, dict) and email.get("primary") is True


def set_active(*, active: bool) -> Document:
    """Return the operation that activates or deactivates a user. It has no path."""
    return {"op": "replace", "value": {"active": active}}


def set_password(person: Person) -> Document:
    """Return the operation that sets a password. Its shape is not in the reference: it is that of `set_active`."""
    return {"op": "replace", "value": {"password": placeholder_password(person)}}


def new_group(name: str) -> Document:
    """Return the body that creates a group, which has no members yet."""
    return {"schemas": [GROUP], "displayName": name, "members": []}


def whole_group(scim_id: str, name: str, members: Sequence[RememberedUser]) -> Document:
    """Return the body that replaces a group. Its shape is not in the reference: it is that of a group, with its id."""
    return {
        "schemas": [GROUP],
        "id": scim_id,
        "displayName": name,
        "members": [member(user) for user in members],
    }


def rename(scim_id: str, name: str) -> Document:
    """Return the operation that names a group. It has no path, and the group's id in its value."""
    return {"op": "replace", "value": {"id": scim_id, "displayName": name}}


def member(user: RememberedUser) -> Document:
    """Return one member as Okta names it."""
    return {"value": user.scim_id, "display": user.person.user_name}


def remove_member(user: RememberedUser) -> Document:
    """Return the operation that removes one member."""
    return {"op": "remove", "path": f'members[value eq "{user.scim_id}"]'}


def add_members(users: Sequence[RememberedUser]) -> Document:
    """Return the operation that adds members."""
    return {"op": "add", "path": "members", "value": [member(user) for user in users]}


def replace_members(users: Sequence[RememberedUser]) -> Document:
    """Return the operation of Push now: these are the members, and an empty array where there are none."""
    return {"op": "replace", "path": "members", "value": [member(user) for user in users]}
