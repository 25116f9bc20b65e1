"""*Entra ID's story.* Decides what happens to a crew and its groups there, from Test Connection to the last deletion.

Knows nothing of requests and nothing of the server.
"""

from collections.abc import Sequence
from dataclasses import replace

from musterbook.simulator.entra.app import EntraApp
from musterbook.simulator.population import Group, Person
from musterbook.simulator.scenes import Cast, Scene, each, expect_refusal

_DELETED = 5
"""Who is disabled and, a month later, deleted."""


def entra_story(app: EntraApp, cast: Cast) -> Sequence[Scene]:
    """Return the scenes of Entra ID's story, to be played in their order."""
    story = _Story(app, cast)
    return (*story.people(), *story.changes(), *story.groups(), *story.troubles(), *story.endings())


class _Story:
    def __init__(self, app: EntraApp, cast: Cast) -> None:
        self._app = app
        self._people = {person.number: person for person in cast.people}
        self._groups = {group.number: group for group in cast.groups}
        self._late = cast.people[-1]

    def people(self) -> tuple[Scene, ...]:
        return (
            Scene(
                title="Test Connection",
                did="Entra ID looks up a random GUID.",
                expectation="200 with an empty list; nobody was created.",
                play=self._app.test_connection,
                changes_nothing=True,
            ),
            Scene(
                title="The first cycle",
                did="Everybody but one is in scope: Entra ID looks each person up, finds nobody and creates a user.",
                expectation="Everybody but one has an active user.",
                play=lambda: each(list(self._people.values())[:-1], self._app.provision),
            ),
            Scene(
                title="Managers",
                did="Entra ID asks of each person whether they have their manager, and sets it.",
                expectation="Everybody who has a manager in Entra ID has one in the directory.",
                play=lambda: each(list(self._people.values())[:-1], self._set_manager),
            ),
            Scene(
                title="The same managers",
                did="Entra ID asks again, and hears that all is as it should be.",
                expectation="Nothing changes.",
                play=lambda: each(list(self._people.values())[:-1], self._set_manager),
                changes_nothing=True,
            ),
        )

    def changes(self) -> tuple[Scene, ...]:
        return (
            Scene(
                title="New names",
                did="Five people change: Entra ID reads each user and patches what differs.",
                expectation="Names, addresses, phones and user names follow; nobody was created.",
                play=lambda: each(self._renamed(), self._update),
            ),
            Scene(
                title="Disabled",
                did="Two people are deleted in Entra ID, which is soft at first: active becomes false.",
                expectation="Both are inactive, and still found.",
                play=lambda: each((self._people[_DELETED], self._people[6]), self._app.disable),
            ),
            Scene(
                title="Restored",
                did="One of them is restored: active becomes true.",
                expectation="The person is active again, under the same id.",
                play=lambda: self._app.enable(self._people[6]),
            ),
        )

    def groups(self) -> tuple[Scene, ...]:
        return (
            Scene(
                title="Groups",
                did="Entra ID looks each group up by its name, creates it without members and adds them.",
                expectation="Each group has everybody of it who has a user.",
                play=lambda: each(list(self._groups.values()), self._app.provision_group),
            ),
            Scene(
                title="Joining and leaving",
                did="The last person comes into scope and joins the first group, which two others leave.",
                expectation="One joined and two left; everybody else is still a member.",
                play=self._exchange,
            ),
            Scene(
                title="A group is renamed",
                did="Entra ID reads the group without its members and patches its name.",
                expectation="The name is new, the members are as before.",
                play=lambda: self._update_group(replace(self._groups[0], name="Bridge Crew")),
            ),
        )

    def troubles(self) -> tuple[Scene, ...]:
        return (
            Scene(
                title="The next cycle",
                did="Entra ID reads everybody and every group again, and finds nothing that changes them.",
                expectation="Nothing changes.",
                play=self._repeat,
                changes_nothing=True,
            ),
            Scene(
                title="A user name that is taken",
                did="Somebody is given the user name of another, which is refused, and is corrected.",
                expectation="409 in the provisioning log; then nothing has changed.",
                play=self._take_a_name,
                changes_nothing=True,
                refused=1,
            ),
        )

    def endings(self) -> tuple[Scene, ...]:
        return (
            Scene(
                title="A manager less",
                did="Somebody has no manager any more: Entra ID sets it to an empty text.",
                expectation="The person has no manager.",
                play=lambda: self._app.set_manager(self._people[1], None),
            ),
            Scene(
                title="Deleted for good",
                did="A month after the soft deletion, Entra ID deletes the user.",
                expectation="The person is gone, from the groups as well.",
                play=lambda: self._app.delete(self._people[_DELETED]),
            ),
            Scene(
                title="A group less",
                did="The last group is no longer in scope: Entra ID deletes it.",
                expectation="The group is gone; its members are still users.",
                play=lambda: self._app.delete_group(self._groups[len(self._groups) - 1]),
            ),
        )

    # What happens in them

    def _renamed(self) -> list[Person]:
        people = self._people
        return [
            replace(people[0], family_name="Merriweather-Stone", title=""),
            # The dots stand apart from their letter: a decomposed spelling, as some systems send it.
            replace(people[1], family_name=" Hollo\u0308way", phone="+1 (555) 01 99"),
            replace(people[2], given_name="Robin", department="Bridge"),
            replace(people[3], user_name="new.address@example.com", email="new.address@example.com"),
            replace(people[4], user_name=people[4].user_name.upper()),
        ]

    def _set_manager(self, person: Person) -> None:
        if person.manager is not None:
            self._app.set_manager(person, self._people[person.manager])

    def _update(self, person: Person) -> None:
        self._people[person.number] = person
        self._app.update(person)

    def _update_group(self, group: Group) -> None:
        self._groups[group.number] = group
        self._app.update_group(group)

    def _exchange(self) -> None:
        self._app.provision(self._late)
        members = self._groups[0].members - {0, 1} | {self._late.number}
        self._groups[0] = replace(self._groups[0], members=members)
        each(list(self._groups.values()), self._app.update_group)

    def _repeat(self) -> None:
        self._app.run_cycle()
        each(list(self._people.values()), self._app.update)
        each(list(self._groups.values()), self._app.update_group)

    def _take_a_name(self) -> None:
        owner, mistaken = self._people[0], self._people[1]
        expect_refusal(lambda: self._app.update(replace(mistaken, user_name=owner.user_name)))
        self._app.update(mistaken)
