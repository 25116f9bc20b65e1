"""A directory as a newcomer would write it: dictionaries, and the rules of the RFCs in as few words as possible.

The state machine compares the server with this. It shares no code with the server, and knows no JSON Schema: only the
few attributes that the machine uses. The members of a group are a dictionary here: the name under which each was added,
perhaps none (``""``), by id.
"""

import copy
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = Any
"""A decoded JSON value."""
Attributes: TypeAlias = dict[str, Json]
"""A resource without ``schemas``, ``id`` and ``meta``, and without anything empty."""
Problem: TypeAlias = tuple[int, str | None]
"""A status and a ``scimType``."""

SCIM_URL = "http://directory.test/scim/v2"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
USERS, GROUPS = "Users", "Groups"
TYPES = {USERS: "User", GROUPS: "Group"}
SCHEMAS = {USERS: USER, GROUPS: GROUP}
NAMES = {USERS: "userName", GROUPS: "displayName"}
RFC = "rfc"
"""The profile that holds a client to the RFCs; the other is lenient."""
KEPT_BY_PUT = ("active", "externalId", "members")


class RefusedError(Exception):
    """The request must be refused, and nothing may change. Where it has several problems, any of them may be told."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems

    def allows(self, status: int, scim_type: str | None) -> bool:
        """Return whether this is an answer to the request."""
        if len(self.problems) == 1:
            return (status, scim_type) == self.problems[0]
        return status in {each for each, _ in self.problems}


def key(text: str) -> str:
    """Return what is compared of a string that is not case-exact; right for the strings that the machine uses."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).lower())


def without_empty(value: Json) -> Json:
    """Return a value without what is unassigned: ``null``, empty arrays and objects."""
    if isinstance(value, dict):
        return {name: kept for name, item in value.items() if not is_empty(kept := without_empty(item))}
    if isinstance(value, list):
        return [kept for item in value if not is_empty(kept := without_empty(item))]
    return value


def is_empty(value: Json) -> bool:
    """Return whether a value is none."""
    return value is None or value in ([], {})


@dataclass
class Kept:
    """One resource."""

    attributes: Attributes
    version: int = 1


@dataclass
class Tenant:
    """The people and the groups of one tenant, by id, in the order in which they came."""

    kept: dict[str, dict[str, Kept]] = field(default_factory=lambda: {USERS: {}, GROUPS: {}})
    coming: set[str] = field(default_factory=set)
    """Who is created at this moment, together with those that refer to them."""

    # Writing

    def create(self, kind: str, id_: str, caller: "Caller", sent: Attributes, edits: Sequence["Edit"] = ()) -> None:
        """Do a POST."""
        default = {"active": True} if kind == USERS else {}
        draft = {**default, **without_empty(sent)}
        self.kept[kind][id_] = Kept(self._edited(kind, id_, caller, draft, edits, []))

    def replace(
        self, kind: str, id_: str, caller: "Caller", sent: Attributes, edits: Sequence["Edit"], version: int | None
    ) -> None:
        """Do a PUT; ``edits`` are what it says of the members."""
        present, problems = self._present(kind, id_, edits, version)
        kept = {name: copy.copy(present[name]) for name in KEPT_BY_PUT if name in present}
        self._keep(kind, id_, self._edited(kind, id_, caller, {**kept, **without_empty(sent)}, edits, problems))

    def patch(self, kind: str, id_: str, caller: "Caller", edits: Sequence["Edit"], version: int | None) -> None:
        """Do a PATCH: all of its edits, each on what the one before left, or none."""
        present, problems = self._present(kind, id_, edits, version)
        self._keep(kind, id_, self._edited(kind, id_, caller, copy.deepcopy(present), edits, problems))

    def remove(self, kind: str, id_: str, version: int | None) -> None:
        """Do a DELETE: whoever goes leaves every group."""
        _, problems = self._present(kind, id_, (), version)
        if problems:
            raise RefusedError(*problems)
        del self.kept[kind][id_]
        for group_id, group in self.kept[GROUPS].items():
            members = dict(group.attributes.get("members", {}))
            if members.pop(id_, None) is not None:
                self._keep(GROUPS, group_id, without_empty({**group.attributes, "members": members}))

    def together(self, ids: set[str], creations: Iterable[Callable[[], None]]) -> None:
        """Create resources that refer to each other: all of them or none."""
        before, self.coming = copy.deepcopy(self.kept), ids
        try:
            for create in creations:
                create()
        except RefusedError:
            self.kept = before
            raise
        finally:
            self.coming = set()
        for id_ in ids & self.kept[GROUPS].keys():
            # Its members come once all are there, which is a change of its own.
            self.kept[GROUPS][id_].version = 2

    def _present(
        self, kind: str, id_: str, edits: Sequence["Edit"], version: int | None
    ) -> tuple[Attributes, list[Problem]]:
        """Return the attributes of a resource, and what is wrong with the version that the client expects."""
        if id_ not in self.kept[kind]:
            # What is wrong is wrong also with somebody who is not there.
            raise RefusedError((404, None), *([(400, None)] if edits else []))
        kept = self.kept[kind][id_]
        return kept.attributes, [] if version in {None, kept.version} else [(412, None)]

    def _edited(
        self,
        kind: str,
        id_: str,
        caller: "Caller",
        draft: Attributes,
        edits: Sequence["Edit"],
        problems: list[Problem],
    ) -> Attributes:
        try:
            for edit in edits:
                edit(draft, caller)
        except RefusedError as error:
            # Of several wrong operations, either may be named.
            others: list[Problem] = [(400, None)] if len(edits) > 1 else []
            raise RefusedError(*problems, *error.problems, *others) from error
        problems += self._settle_members(kind, id_, caller, draft)
        attributes: Attributes = without_empty(draft)
        taken = {key(kept.attributes[NAMES[kind]]) for other, kept in self.kept[kind].items() if other != id_}
        if key(attributes[NAMES[kind]]) in taken:
            problems.append((409, "uniqueness"))
        if problems:
            raise RefusedError(*problems)
        return attributes

    def _settle_members(self, kind: str, id_: str, caller: "Caller", draft: Attributes) -> list[Problem]:
        """Leave those out who are nobody; whoever was a member keeps the name that they had."""
        asked, members = draft.pop("asked", {}), draft.pop("members", {})
        unknown = {other for other in asked if not self._is_somebody(other)}
        before = self.kept[kind][id_].attributes.get("members", {}) if id_ in self.kept[kind] else {}
        draft["members"] = {
            other: before.get(other, name) for other, name in members.items() if other not in unknown
        }  # fmt: skip
        refuses = caller.profile == RFC or len(unknown) == len(asked)
        return [(400, "invalidValue")] if unknown and refuses else []

    def _is_somebody(self, id_: str) -> bool:
        return id_ in self.coming or any(id_ in some for some in self.kept.values())

    def _keep(self, kind: str, id_: str, attributes: Attributes) -> None:
        """Take in what a change made; without a difference there is no new version."""
        kept = self.kept[kind][id_]
        if kept.attributes != attributes:
            self.kept[kind][id_] = Kept(attributes, kept.version + 1)

    # Reading

    def documents(self, *kinds: str) -> dict[str, Json]:
        """Return what lists show, in the order of ids; people come before groups."""
        return {id_: self.document(kind, id_) for kind in kinds for id_ in sorted(self.kept[kind])}

    def document(self, kind: str, id_: str) -> Json:
        """Return a resource as an answer shows it, but for the times in its ``meta``."""
        kept = self.kept[kind][id_]
        attributes = {name: value for name, value in kept.attributes.items() if name != "members"}
        related = self._members(kept) if kind == GROUPS else self._groups_of(id_)
        return {
            "schemas": [SCHEMAS[kind], *([ENTERPRISE] if ENTERPRISE in attributes else [])],
            "id": id_,
            **attributes,
            **({("members" if kind == GROUPS else "groups"): related} if related else {}),
            "meta": {
                "resourceType": TYPES[kind],
                "location": f"{SCIM_URL}/{kind}/{id_}",
                "version": f'W/"{kept.version}"',
            },
        }

    def _members(self, group: Kept) -> list[Json]:
        found = []
        for id_, name in sorted(group.attributes.get("members", {}).items()):
            kind = self.kind_of(id_)
            member = {"value": id_, "$ref": f"{SCIM_URL}/{kind}/{id_}", "type": TYPES[kind], "display": name}
            found.append({part: value for part, value in member.items() if value})
        return found

    def _groups_of(self, person: str) -> list[Json]:
        held = {id_: group.attributes.get("members", {}).keys() for id_, group in self.kept[GROUPS].items()}
        direct = {id_ for id_, members in held.items() if person in members}
        found = set(direct)
        while above := {id_ for id_, members in held.items() if members & found} - found:
            found |= above
        return [
            {
                "value": id_,
                "$ref": f"{SCIM_URL}/{GROUPS}/{id_}",
                "type": "direct" if id_ in direct else "indirect",
                "display": self.kept[GROUPS][id_].attributes["displayName"],
            }
            for id_ in sorted(found)
        ]

    def kind_of(self, id_: str) -> str:
        """Return what somebody is."""
        return GROUPS if id_ in self.kept[GROUPS] else USERS


@dataclass
class Caller:
    """Who sends a request."""

    tenant: Tenant
    profile: str
    """``lenient`` or ``rfc``."""
    made: dict[str, str] = field(default_factory=dict)
    """In a bulk request: the ids behind the references to what it has created."""

    def id_of(self, text: str) -> str:
        """Return the id that a client means, of whatever case."""
        return self.made.get(text, text).lower()

    def read(self, value: Json) -> Json:
        """Return what a client sent, with ids instead of references."""
        if isinstance(value, dict):
            return {name: self.read(item) for name, item in value.items()}
        return self.made.get(value, value) if isinstance(value, str) else value


Edit: TypeAlias = Callable[[Attributes, Caller], None]
"""Changes attributes, or raises RefusedError."""
