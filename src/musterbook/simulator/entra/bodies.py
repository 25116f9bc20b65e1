"""*What Entra ID writes.* Decides the bodies and queries of Entra ID's requests.

Knows nothing of HTTP and of when something is sent. The shapes and their order are those of Microsoft's documentation.
How a query is percent-encoded is not in it; here a space is ``+``, since Okta's is ``%20`` and both must do.
"""

import hashlib
import uuid
from collections.abc import Sequence
from urllib.parse import quote_plus

from musterbook.simulator.calls import ENTERPRISE_USER, GROUP, USER, equals
from musterbook.simulator.checks import Document
from musterbook.simulator.entra.settings import Matching
from musterbook.simulator.memory import RememberedUser
from musterbook.simulator.population import Group, Person
from musterbook.simulator.wire import Habits

MICROSOFT_GROUP = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
"""The second URN of a group, which no standard knows."""

FLAG = "aadOptscim062020"

_CONTENT_TYPE = "application/scim+json"

PLAIN = Habits(headers={"Accept": _CONTENT_TYPE}, content_type=_CONTENT_TYPE)
COMPLIANT = Habits(headers=PLAIN.headers, content_type=_CONTENT_TYPE, query=FLAG)
"""The flag stands in the Tenant URL. That it then stands in every request is our reading: what Entra ID does with it is
not documented, and a server that ignores unknown parameters, as it should, is indifferent to it."""


def look_up_path(endpoint: str, attribute: str, value: str) -> str:
    """Return the path of a look-up; those of groups leave their members out."""
    leave_out = "excludedAttributes=members&" if endpoint == "/Groups" else ""
    return f"{endpoint}?{leave_out}filter={quote_plus(equals(attribute, value))}"


def reference_path(scim_id: str, manager_id: str) -> str:
    """Return the path that asks whether a user has a certain manager."""
    condition = quote_plus(f"{equals('id', scim_id)} and {equals('manager', manager_id)}")
    return f"/Users?filter={condition}&attributes=id"


def object_id(kind: str, number: int) -> str:
    """Return the id of a person or a group in Entra ID."""
    return str(uuid.UUID(bytes=hashlib.sha256(f"entra:{kind}:{number}".encode()).digest()[:16]))


def matching_value(matching: Matching, person: Person) -> str:
    """Return the value of the matching attribute."""
    match matching:
        case Matching.USER_NAME:
            return person.user_name
        case Matching.EXTERNAL_ID:
            return mail_nickname(person)
        case Matching.WORK_EMAIL:
            return person.email


def mail_nickname(person: Person) -> str:
    """Return what is sent as ``externalId`` unless the administrator maps something else. It does not change here."""
    return object_id("nickname", person.number)[:8] + f"-{person.number}"


def attributes(person: Person) -> dict[str, str]:
    """Return a person's single values by the paths of Entra ID's default mapping. An empty one is not there."""
    values = {
        "userName": person.user_name,
        "displayName": person.display_name,
        "title": person.title,
        'emails[type eq "work"].value': person.email,
        "name.givenName": person.given_name,
        "name.familyName": person.family_name,
        "name.formatted": person.display_name,
        'phoneNumbers[type eq "work"].value': person.phone,
        "externalId": mail_nickname(person),
        f"{ENTERPRISE_USER}:department": person.department,
    }
    return {path: value for path, value in values.items() if value}


def new_user(person: Person) -> Document:
    """Return the body that creates a user. Empty roles and the nulls of empty fields are sent as well."""
    document: Document = {
        "schemas": [USER, ENTERPRISE_USER],
        "externalId": mail_nickname(person),
        "userName": person.user_name,
        "active": True,
        "displayName": person.display_name,
        "title": person.title or None,
        "emails": [{"primary": True, "type": "work", "value": person.email}],
        "meta": {"resourceType": "User"},
        "name": {
            "formatted": person.display_name,
            "familyName": person.family_name,
            "givenName": person.given_name,
        },
        "roles": [],
    }
    if person.phone:
        document["phoneNumbers"] = [{"type": "work", "value": person.phone}]
    if person.department:
        document[ENTERPRISE_USER] = {"department": person.department}
    else:
        # At the top level, where the attribute does not belong, and only when there is nothing to say.
        document["department"] = None
    return document


def new_group(group: Group) -> Document:
    """Return the body that creates a group, which never has members."""
    return {
        "schemas": [GROUP, MICROSOFT_GROUP],
        "externalId": object_id("group", group.number),
        "displayName": group.name,
        "meta": {"resourceType": "Group"},
    }


class Operations:
    """The operations of a PATCH, in one of Entra ID's two spellings."""

    def __init__(self, *, compliant: bool) -> None:
        self._compliant = compliant

    def set_active(self, *, active: bool) -> list[Document]:
        """Return what disables or enables a user: a string without the flag, a boolean with it."""
        return [self._one("Replace", "active", active if self._compliant else str(active))]

    def set_manager(self, manager_id: str | None) -> list[Document]:
        """Return what sets or clears a manager: the id as it is, and an empty string for nobody."""
        path = f"{ENTERPRISE_USER}:manager"
        return [self._one("Replace", path, "") if manager_id is None else self._one("Add", path, manager_id)]

    def set_attributes(
        self, added: Sequence[tuple[str, str]], replaced: Sequence[tuple[str, str]], removed: Sequence[str]
    ) -> list[Document]:
        """Return what changes a user's single values, each a path and a value.

        Without the flag it is an operation for each. With it, two or more replacements whose paths have no filter
        become one operation without a path, with dots and colons in its names.
        """
        gathered = [(path, value) for path, value in replaced if "[" not in path]
        if not self._compliant or len(gathered) == 1:
            gathered = []
        single = [change for change in replaced if change not in gathered]
        operations = [self._one("Add", path, value) for path, value in added]
        operations += [self._one("Replace", path, value) for path, value in single]
        if gathered:
            operations.append({"op": self._op("Replace"), "value": dict(gathered)})
        operations += [{"op": self._op("Remove"), "path": path} for path in removed]
        return operations

    def set_name(self, name: str) -> list[Document]:
        """Return what renames a group."""
        return [self._one("Replace", "displayName", name)]

    def add_members(self, users: Sequence[RememberedUser]) -> Document:
        """Return the operation that adds members."""
        return self._one("Add", "members", _references(users))

    def remove_members(self, users: Sequence[RememberedUser]) -> list[Document]:
        """Return what removes members: a list of values without the flag, a filter for each with it."""
        if not self._compliant:
            return [self._one("Remove", "members", _references(users))]
        return [{"op": "remove", "path": f'members[value eq "{user.scim_id}"]'} for user in users]

    def _one(self, op: str, path: str, value: object) -> Document:
        return {"op": self._op(op), "path": path, "value": value}

    def _op(self, op: str) -> str:
        return op.lower() if self._compliant else op


def _references(users: Sequence[RememberedUser]) -> list[Document]:
    return [{"$ref": None, "value": user.scim_id} for user in users]
