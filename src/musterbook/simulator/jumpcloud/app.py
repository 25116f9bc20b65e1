"""*The application in JumpCloud.* Decides which requests each thing that an administrator does there consists of.

Knows nothing of bodies. A person has the application through a group that is bound to it, and loses it with the last
one. Users are put whole, groups are patched, and only what a test made is ever deleted.

Not for use by several threads at once.
"""

from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Unpack

from musterbook.simulator.calls import Demands, resource_path
from musterbook.simulator.checks import Document
from musterbook.simulator.connector import Connector
from musterbook.simulator.errors import ProviderFailureError
from musterbook.simulator.jumpcloud import bodies
from musterbook.simulator.jumpcloud.settings import JumpCloudOptions, JumpCloudSettings
from musterbook.simulator.memory import RememberedUser
from musterbook.simulator.population import Group, Person

_TEST_GROUP = "JumpCloud test group"
"""The name of the group that a test makes and deletes. JumpCloud's own is not known."""
_TEST_NUMBER = -1
_NO_DELETE = frozenset({HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.NOT_FOUND})


class JumpCloudApp(Connector):
    """One application in JumpCloud. ``options`` are the fields of `JumpCloudSettings`.

    Where ``strict`` is on, a failed task raises `ProviderFailureError`.

    Raises:
        SettingError: a base URL or token that cannot be used.
    """

    def __init__(self, base_url: str, token: str, **options: Unpack[JumpCloudOptions]) -> None:
        settings = JumpCloudSettings(**options)
        super().__init__(base_url, token, settings, habits=bodies.HABITS, demands=Demands())
        self._test_email = settings.test_email

    # The application as a whole

    def test_connection(self) -> bool:
        """Press Test Connection: create a user and a group, and delete both.

        Where users cannot be deleted, the test user becomes inactive and stays.
        """

        def work() -> None:
            person = Person(
                number=_TEST_NUMBER,
                given_name="JumpCloud",
                family_name="Test",
                user_name=self._test_email,
                email=self._test_email,
            )
            scim_id = self._find_or_create("/Users", "userName", self._test_email, bodies.whole_user(person))
            group_id = self._find_or_create("/Groups", "displayName", _TEST_GROUP, bodies.new_group(_TEST_GROUP))
            self._calls.delete(resource_path("/Groups", group_id))
            try:
                self._calls.delete(resource_path("/Users", scim_id))
            except ProviderFailureError as error:
                if error.status not in _NO_DELETE:
                    raise
                self._switch(scim_id, person, active=False)

        return self._attempt("test connection", None, work)

    # One person

    def bind(self, person: Person) -> bool:
        """Give a person the application: find their user or create it; one that is found is put whole, and active."""

        def work() -> None:
            found = self._look_up("/Users", "userName", person.user_name)
            if found is None:
                scim_id = self._calls.create("/Users", bodies.whole_user(person))
            else:
                scim_id = str(found["id"])
                self._calls.replace(resource_path("/Users", scim_id), bodies.changed_user(scim_id, person))
            self._memory.users[person.number] = RememberedUser(person=person, scim_id=scim_id)

        return self._attempt("create user", person, work)

    def update(self, person: Person) -> bool:
        """Change a person who has the application: the user is put whole."""

        def work() -> None:
            before = self._memory.users[person.number]
            path = resource_path("/Users", before.scim_id)
            self._calls.replace(path, bodies.changed_user(before.scim_id, person))
            self._memory.users[person.number] = replace(before, person=person)

        return self._attempt("update user", person, work)

    def unbind(self, person: Person) -> bool:
        """Take the application from a person, or suspend the person in JumpCloud: the user becomes inactive."""

        def work() -> None:
            before = self._memory.users[person.number]
            self._switch(before.scim_id, before.person, active=False)
            self._memory.users[person.number] = replace(before, active=False)

        return self._attempt("deactivate user", person, work)

    # Groups

    def bind_group(self, group: Group) -> bool:
        """Bind a group: find it by its name or create it, then add the members who have a user."""

        def work() -> None:
            scim_id = self._find_or_create("/Groups", "displayName", group.name, bodies.new_group(group.name))
            members = self._memory.users_of(group.members)
            self._change_members(scim_id, "add", members)
            self._memory.keep_group(group, scim_id, members)

        return self._attempt("create group", group, work)

    def update_group(self, group: Group) -> bool:
        """Follow a group that was renamed or whose members changed in JumpCloud."""

        def work() -> None:
            before = self._memory.groups[group.number]
            if before.group.name != group.name:
                self._calls.change(resource_path("/Groups", before.scim_id), [bodies.rename(group.name)])
            members = self._memory.users_of(group.members)
            left = self._memory.users_of(before.group.members - {user.person.number for user in members})
            self._change_members(before.scim_id, "remove", left)
            joined = [user for user in members if user.person.number not in before.group.members]
            self._change_members(before.scim_id, "add", joined)
            self._memory.keep_group(group, before.scim_id, members)

        return self._attempt("update group", group, work)

    def unbind_group(self, group: Group) -> bool:
        """Unbind a group: its members are removed from it, and the group stays."""

        def work() -> None:
            before = self._memory.groups[group.number]
            self._change_members(before.scim_id, "remove", self._memory.users_of(before.group.members))
            self._memory.keep_group(group, before.scim_id, ())

        return self._attempt("unbind group", group, work)

    # What they consist of

    def _look_up(self, endpoint: str, attribute: str, value: str) -> Document | None:
        path = bodies.look_up_path(endpoint, attribute, value)
        return self._find(path, value, lambda found: found.get(attribute))

    def _find_or_create(self, endpoint: str, attribute: str, value: str, document: Document) -> str:
        found = self._look_up(endpoint, attribute, value)
        return self._calls.create(endpoint, document) if found is None else str(found["id"])

    def _switch(self, scim_id: str, person: Person, *, active: bool) -> None:
        body = bodies.switched_user(scim_id, person, active=active)
        self._calls.replace(resource_path("/Users", scim_id), body)

    def _change_members(self, scim_id: str, op: str, users: Sequence[RememberedUser]) -> None:
        if users:
            self._calls.change(resource_path("/Groups", scim_id), [bodies.change_members(op, users)])
