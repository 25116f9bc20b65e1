"""*The application in Okta.* Decides which requests each thing that an administrator does there consists of.

Knows nothing of bytes. What Okta sends when is in its SCIM 2.0 reference; where that says nothing, the choice is
commented. Okta never deletes a user and never asks for discovery.

Not for use by several threads at once.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Unpack

from musterbook.simulator.calls import Demands, resource_path
from musterbook.simulator.checks import Document, broken
from musterbook.simulator.connector import Connector
from musterbook.simulator.errors import FailureReason, ProviderFailureError, SettingError
from musterbook.simulator.memory import RememberedUser
from musterbook.simulator.okta import bodies
from musterbook.simulator.okta.settings import Application, OktaOptions, OktaSettings
from musterbook.simulator.population import Group, Person
from musterbook.simulator.wire import Exchange

_CHANGES_PER_PATCH = 100
"""Large changes of a group come in several requests. How many members each has is not known."""
_PATIENCE = 3
"""Okta comes back after 429 when Retry-After says. How often is not known."""


class OktaApp(Connector):
    """One application in Okta. ``options`` are the fields of `OktaSettings`.

    A failed task has the message of Okta's page Tasks; where ``strict`` is on, `ProviderFailureError` is raised too.

    Raises:
        SettingError: a base URL or token that cannot be used.
    """

    def __init__(self, base_url: str, token: str, **options: Unpack[OktaOptions]) -> None:
        settings = OktaSettings(**options)
        if "_" in base_url:
            raise SettingError("Okta takes no base URL with an underscore in it.")
        demands = Demands(check_resource=_check, patience=_PATIENCE, pause=settings.pause)
        super().__init__(base_url, token, settings, habits=bodies.HABITS, demands=demands)
        self._settings = settings

    # The application as a whole

    def test_credentials(self) -> bool:
        """Press Test API Credentials. These two requests are reported by one application, and not documented."""

        def work() -> None:
            self._calls.page("/Users?startIndex=1&count=2")
            self._calls.page("/Groups?startIndex=1&count=100")

        return self._attempt("test API credentials", None, work)

    def import_now(self) -> tuple[str, ...]:
        """Press Import Now: get all users and groups by pages of 100, and return the user names."""
        found: list[str] = []

        def work() -> None:
            found.extend(str(user.get("userName")) for user in self._calls.all("/Users"))
            self._calls.all("/Groups")

        self._attempt("import users and groups", None, work)
        return tuple(found)

    # One person

    def assign(self, person: Person) -> bool:
        """Assign a person: find their user or create it; one that is found is reactivated and gets the profile."""

        def work() -> None:
            found = self._look_up("/Users", "userName", person.user_name)
            if found is None:
                scim_id = self._calls.create("/Users", bodies.new_user(person))
            else:
                scim_id = str(found["id"])
                self._take_over(found, person)
            self._memory.users[person.number] = RememberedUser(person=person, scim_id=scim_id)

        return self._attempt("assign user", person, work)

    def update(self, person: Person) -> bool:
        """Change an assigned person's profile: read the user, and put it back with the changes."""

        def work() -> None:
            before = self._memory.users[person.number]
            self._push_profile(before.scim_id, person, active=before.active)
            self._memory.users[person.number] = replace(before, person=person)

        return self._attempt("update user", person, work)

    def unassign(self, person: Person) -> bool:
        """End a person's assignment, or deactivate the person in Okta: the user becomes inactive."""

        def work() -> None:
            before = self._memory.users[person.number]
            self._switch(before, active=False)
            self._memory.users[person.number] = replace(before, active=False)

        return self._attempt("deactivate user", person, work)

    def sync_password(self, person: Person) -> bool:
        """Send a person's password, which Okta does for applications of its catalogue by PATCH."""
        path = resource_path("/Users", self._memory.users[person.number].scim_id)
        return self._attempt("set password", person, lambda: self._calls.change(path, [bodies.set_password(person)]))

    # Groups

    def push_group(self, group: Group) -> bool:
        """Push a group: find it or create it without members, then send its members.

        Only members who are assigned are sent. A group that is found is linked and gets exactly these members.
        """

        def work() -> None:
            found = self._look_up("/Groups", "displayName", group.name)
            members = self._assigned(group.members)
            if found is None:
                scim_id = self._calls.create("/Groups", bodies.new_group(group.name))
                self._send_members(scim_id, group.name, members, added=members)
            else:
                scim_id = str(found["id"])
                self._send_all_members(scim_id, group.name, members)
            self._memory.keep_group(group, scim_id, members)

        return self._attempt("push group", group, work)

    def update_group(self, group: Group) -> bool:
        """Follow a group that was renamed or whose members changed in Okta."""

        def work() -> None:
            before = self._memory.groups[group.number]
            members = self._assigned(group.members)
            now = {user.person.number for user in members}
            removed = self._memory.users_of(before.group.members - now)
            added = [user for user in members if user.person.number not in before.group.members]
            self._send_members(before.scim_id, group.name, members, removed=removed, added=added)
            self._memory.keep_group(group, before.scim_id, members)

        return self._attempt("update group", group, work)

    def push_now(self, group: Group) -> bool:
        """Press Push now: replace all members of a group that was pushed before."""

        def work() -> None:
            scim_id = self._memory.groups[group.number].scim_id
            members = self._assigned(group.members)
            self._send_all_members(scim_id, group.name, members)
            self._memory.keep_group(group, scim_id, members)

        return self._attempt("push group now", group, work)

    def unlink_group(self, group: Group, *, delete: bool) -> bool:
        """Unlink a pushed group, and delete it in the application or leave it there."""
        path = resource_path("/Groups", self._memory.groups[group.number].scim_id)

        def work() -> None:
            if delete:
                self._delete(path)
            del self._memory.groups[group.number]

        return self._attempt("unlink group", group, work)

    # What they consist of

    @property
    def _puts_everything(self) -> bool:
        return self._settings.application is Application.AIW

    def _look_up(self, endpoint: str, attribute: str, value: str) -> Document | None:
        path = bodies.look_up_path(endpoint, attribute, value)
        return self._find(path, value, lambda found: found.get(attribute), none_is_404=True)

    def _take_over(self, found: Document, person: Person) -> None:
        scim_id = str(found["id"])
        if found.get("active") is False and not self._puts_everything:
            self._calls.change(resource_path("/Users", scim_id), [bodies.set_active(active=True)])
        self._push_profile(scim_id, person, active=True)

    def _push_profile(self, scim_id: str, person: Person, *, active: bool) -> None:
        path = resource_path("/Users", scim_id)
        self._calls.replace(path, bodies.changed_user(self._calls.read(path), person, active=active))

    def _switch(self, user: RememberedUser, *, active: bool) -> None:
        if self._puts_everything:
            self._push_profile(user.scim_id, user.person, active=active)
        else:
            self._calls.change(resource_path("/Users", user.scim_id), [bodies.set_active(active=active)])

    def _send_members(
        self,
        scim_id: str,
        name: str,
        members: Sequence[RememberedUser],
        *,
        removed: Sequence[RememberedUser] = (),
        added: Sequence[RememberedUser] = (),
    ) -> None:
        """Send the change of a group's members, or all of them where everything is a PUT."""
        path = resource_path("/Groups", scim_id)
        if self._puts_everything:
            self._calls.replace(path, bodies.whole_group(scim_id, name, members))
            return
        # The name comes with every change of members; that it comes first is our reading.
        self._calls.change(path, [bodies.rename(scim_id, name)])
        for operations in _portions(removed, added):
            self._calls.change(path, operations)

    def _send_all_members(self, scim_id: str, name: str, members: Sequence[RememberedUser]) -> None:
        """Send all members of a group, and its name where everything is a PUT."""
        path = resource_path("/Groups", scim_id)
        if self._puts_everything:
            self._calls.replace(path, bodies.whole_group(scim_id, name, members))
        else:
            self._calls.change(path, [bodies.replace_members(members)])

    def _assigned(self, numbers: Iterable[int]) -> tuple[RememberedUser, ...]:
        return tuple(user for user in self._memory.users_of(numbers) if user.active)

    def _complaint(self, action: str, subject: Person | Group | None, error: ProviderFailureError) -> str:
        """Return what stands on the page Tasks. Only the message for a user answered without a body is documented."""
        reason = _REASONS.get(error.reason, error.message)
        if not isinstance(subject, Person):
            return super()._complaint(action, subject, ProviderFailureError(error.reason, reason))
        doing = _DOING[action]
        return (
            f"Automatic provisioning of user {subject.user_name} to app {self._settings.label} failed: "
            f"Error while {doing} user {subject.display_name}: {reason}"
        )


_REASONS = {FailureReason.EMPTY_BODY: "Create new user returned empty user."}
_DOING = {
    "assign user": "creating",
    "update user": "updating",
    "deactivate user": "deactivating",
    "set password": "setting the password of",
}


def _check(exchange: Exchange, document: Document) -> None:
    """Refuse an id that holds the word with which bulk requests refer to what they make (RFC 7644 §3.7.2)."""
    if "bulkId" in str(document["id"]):
        raise broken(exchange, FailureReason.RESERVED_ID, "The id of the resource holds the reserved word bulkId.")


def _portions(removed: Sequence[RememberedUser], added: Sequence[RememberedUser]) -> Iterator[list[Document]]:
    """Yield the operations of each request: removals by filter first, then one addition."""
    changes = [*((user, False) for user in removed), *((user, True) for user in added)]
    for first in range(0, len(changes), _CHANGES_PER_PATCH):
        portion = changes[first : first + _CHANGES_PER_PATCH]
        operations = [bodies.remove_member(user) for user, joins in portion if not joins]
        joining = [user for user, joins in portion if joins]
        if joining:
            operations.append(bodies.add_members(joining))
        yield operations
