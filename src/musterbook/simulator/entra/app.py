"""*The application in Entra ID.* Decides which requests each thing that the provisioning service does consists of.

Knows nothing of bodies. The service works in cycles of about forty minutes; here each method does at once what a cycle
would do for one person or group. What failed is in escrow and is tried again by the next `EntraApp.run_cycle`.

Not for use by several threads at once.
"""

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar, Unpack

from musterbook.simulator.calls import Demands, resource_path
from musterbook.simulator.checks import Document, broken
from musterbook.simulator.connector import Connector
from musterbook.simulator.entra import bodies
from musterbook.simulator.entra.differences import differences, value_at
from musterbook.simulator.entra.settings import EntraOptions, EntraSettings, Quarantine
from musterbook.simulator.errors import FailureReason, ProviderFailureError
from musterbook.simulator.memory import RememberedUser
from musterbook.simulator.population import Group, Person
from musterbook.simulator.wire import Exchange

_MEMBERS_PER_OPERATION = 20
_OPERATIONS_PER_PATCH = 5
"""Members come several in an operation, and several operations in a request. How many is not known."""
_QUARANTINES = {
    FailureReason.NOT_FOUND: Quarantine.SCIM_COMPLIANCE,
    FailureReason.UNAUTHORIZED: Quarantine.INVALID_CREDENTIALS,
}

_Item = TypeVar("_Item")


class EntraApp(Connector):
    """One non-gallery application in Entra ID. ``options`` are the fields of `EntraSettings`.

    A failed task has its message in the provisioning log; where ``strict`` is on, `ProviderFailureError` is raised too.

    Raises:
        SettingError: a base URL or token that cannot be used.
    """

    def __init__(self, base_url: str, token: str, **options: Unpack[EntraOptions]) -> None:
        settings = EntraSettings(**options)
        super().__init__(
            base_url,
            token,
            settings,
            habits=bodies.COMPLIANT if settings.compliant else bodies.PLAIN,
            # Microsoft: the content type of all responses should be application/scim+json.
            demands=Demands(media_types=frozenset({"application/scim+json"}), check_resource=_check),
        )
        self._matching = settings.matching
        self._operations = bodies.Operations(compliant=settings.compliant)
        self._quarantine: Quarantine | None = None
        self._escrow: dict[tuple[str, type, int], tuple[Person | Group, Callable[[], None]]] = {}

    @property
    def quarantine(self) -> Quarantine | None:
        """Why provisioning is in quarantine; None when it is not."""
        return self._quarantine

    # The application as a whole

    def test_connection(self) -> bool:
        """Press Test Connection: look up a random GUID, for which only 200 with an empty list is right."""
        return self._attempt("test connection", None, self._probe)

    def run_cycle(self) -> bool:
        """Begin a cycle with the look-up of somebody who does not exist, and try again what is in escrow.

        Return whether all of it succeeded.
        """
        if not self._attempt("begin cycle", None, self._probe):
            return False
        waiting = list(self._escrow.items())
        done = [self._attempt(action, subject, work) for (action, _, _), (subject, work) in waiting]
        return all(done)

    # One person

    def provision(self, person: Person) -> bool:
        """Take a person in: find their user by the matching attribute or create it; one that is found is updated."""

        def work() -> None:
            value = bodies.matching_value(self._matching, person)
            found = self._look_up("/Users", self._matching.value, value)
            if found is None:
                scim_id = self._calls.create("/Users", bodies.new_user(person))
            else:
                scim_id = str(found["id"])
                self._push(scim_id, found, person, person)
                if found.get("active") is not True:
                    self._switch(scim_id, active=True)
            self._memory.users[person.number] = RememberedUser(person=person, scim_id=scim_id)

        return self._attempt("create user", person, work)

    def update(self, person: Person) -> bool:
        """Compare a person's user with what Entra ID holds, and send the differences, if there are any."""

        def work() -> None:
            before = self._memory.users[person.number]
            found = self._calls.read(resource_path("/Users", before.scim_id))
            self._push(before.scim_id, found, before.person, person)
            self._memory.users[person.number] = replace(before, person=person)

        return self._attempt("update user", person, work)

    def set_manager(self, person: Person, manager: Person | None) -> bool:
        """Ask whether a person has this manager, and set it where they have not; None clears it without asking."""

        def work() -> None:
            scim_id = self._memory.users[person.number].scim_id
            manager_id = None if manager is None else self._memory.users[manager.number].scim_id
            if manager_id is not None and self._calls.page(bodies.reference_path(scim_id, manager_id)).total:
                return
            self._calls.change(resource_path("/Users", scim_id), self._operations.set_manager(manager_id))

        return self._attempt("update manager", person, work)

    def disable(self, person: Person) -> bool:
        """Disable a person: deleted softly, unassigned or disabled in Entra ID. The user becomes inactive."""
        return self._attempt("disable user", person, lambda: self._remember_switch(person, active=False))

    def enable(self, person: Person) -> bool:
        """Restore a person who was disabled. The user becomes active again."""
        return self._attempt("enable user", person, lambda: self._remember_switch(person, active=True))

    def delete(self, person: Person) -> bool:
        """Delete a person for good, which Entra ID does about thirty days after the soft deletion."""

        def work() -> None:
            path = resource_path("/Users", self._memory.users[person.number].scim_id)
            self._delete(path)
            del self._memory.users[person.number]

        return self._attempt("delete user", person, work)

    # Groups

    def provision_group(self, group: Group) -> bool:
        """Take a group in: find it by its name or create it without members, then add the members who have a user."""

        def work() -> None:
            found = self._look_up("/Groups", "displayName", group.name)
            scim_id = self._calls.create("/Groups", bodies.new_group(group)) if found is None else str(found["id"])
            members = self._memory.users_of(group.members)
            self._add_members(scim_id, members)
            self._memory.keep_group(group, scim_id, members)

        return self._attempt("create group", group, work)

    def update_group(self, group: Group) -> bool:
        """Read a group without its members, and send its new name, who left and who joined."""

        def work() -> None:
            before = self._memory.groups[group.number]
            path = resource_path("/Groups", before.scim_id)
            found = self._calls.read(f"{path}?excludedAttributes=members")
            if found.get("displayName") != group.name:
                self._calls.change(path, self._operations.set_name(group.name))
            members = self._memory.users_of(group.members)
            now = {user.person.number for user in members}
            left = self._memory.users_of(before.group.members - now)
            for some in _batched(left, _MEMBERS_PER_OPERATION):
                self._calls.change(path, self._operations.remove_members(some))
            joined = [user for user in members if user.person.number not in before.group.members]
            self._add_members(before.scim_id, joined)
            self._memory.keep_group(group, before.scim_id, members)

        return self._attempt("update group", group, work)

    def delete_group(self, group: Group) -> bool:
        """Delete a group that is no longer in scope."""

        def work() -> None:
            path = resource_path("/Groups", self._memory.groups[group.number].scim_id)
            self._delete(path)
            del self._memory.groups[group.number]

        return self._attempt("delete group", group, work)

    # What they consist of

    def _probe(self) -> None:
        self._quarantine = None
        path = bodies.look_up_path("/Users", self._matching.value, str(uuid.uuid4()))
        try:
            found = self._calls.find(path, none_is_404=False)
        except ProviderFailureError as error:
            self._quarantine = _QUARANTINES.get(error.reason)
            raise
        if found is not None:
            raise ProviderFailureError(FailureReason.SOMEBODY_ELSE, "A user was found whom nobody has made.")

    def _look_up(self, endpoint: str, attribute: str, value: str) -> Document | None:
        path = bodies.look_up_path(endpoint, attribute, value)
        return self._find(path, value, lambda found: value_at(found, attribute))

    def _push(self, scim_id: str, found: Document, before: Person, person: Person) -> None:
        changes = differences(found, before, person)
        operations = self._operations.set_attributes(changes.added, changes.replaced, changes.removed)
        if operations:
            self._calls.change(resource_path("/Users", scim_id), operations)

    def _remember_switch(self, person: Person, *, active: bool) -> None:
        before = self._memory.users[person.number]
        self._switch(before.scim_id, active=active)
        self._memory.users[person.number] = replace(before, active=active)

    def _switch(self, scim_id: str, *, active: bool) -> None:
        path = resource_path("/Users", scim_id)
        self._calls.change(path, self._operations.set_active(active=active))
        # Entra ID reads the user later and finds out whether it was heard.
        if self._calls.read(path).get("active") is not active:
            message = f"The change was answered with success, but active is not {active!r}."
            raise ProviderFailureError(FailureReason.CHANGE_NOT_KEPT, message)

    def _add_members(self, scim_id: str, users: Sequence[RememberedUser]) -> None:
        operations = [self._operations.add_members(some) for some in _batched(users, _MEMBERS_PER_OPERATION)]
        for some in _batched(operations, _OPERATIONS_PER_PATCH):
            self._calls.change(resource_path("/Groups", scim_id), some)

    def _attempt(self, action: str, subject: Person | Group | None, work: Callable[[], None]) -> bool:
        """Do one task; what fails stays in escrow until the same task for the same person or group succeeds."""
        if subject is None:
            return super()._attempt(action, subject, work)
        key = (action, type(subject), subject.number)
        self._escrow[key] = (subject, work)
        done = super()._attempt(action, subject, work)
        if done:
            del self._escrow[key]
        return done


def _check(exchange: Exchange, document: Document) -> None:
    """Refuse members in an answer to a request that had left them out."""
    if "excludedAttributes=members" in exchange.target and document.get("members"):
        message = "The answer has the members of a group, which were to be left out."
        raise broken(exchange, FailureReason.MEMBERS_NOT_EXCLUDED, message)


def _batched(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    return (items[first : first + size] for first in range(0, len(items), size))
