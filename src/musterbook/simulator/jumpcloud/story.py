"""*JumpCloud's story.* Decides what happens to a crew and its groups there, from Test Connection to the last unbinding.

Knows nothing of requests and nothing of the server.
"""

from collections.abc import Sequence
from dataclasses import replace

from musterbook.simulator.jumpcloud.app import JumpCloudApp
from musterbook.simulator.population import Group, Person
from musterbook.simulator.scenes import Cast, Scene, each, expect_refusal

_UNBOUND = 5
"""Who loses the application for good."""


def jumpcloud_story(app: JumpCloudApp, cast: Cast) -> Sequence[Scene]:
    """Return the scenes of JumpCloud's story, to be played in their order."""
    story = _Story(app, cast)
    return (*story.people(), *story.groups(), *story.endings())


class _Story:
    def __init__(self, app: JumpCloudApp, cast: Cast) -> None:
        self._app = app
        self._people = {person.number: person for person in cast.people}
        self._groups = {group.number: group for group in cast.groups}
        self._late = cast.people[-1]

    def people(self) -> tuple[Scene, ...]:
        return (
            Scene(
                title="Test Connection",
                did="JumpCloud creates a user and a group, and deletes both.",
                expectation="Both are gone.",
                play=self._app.test_connection,
            ),
            Scene(
                title="Everybody joins",
                did="Everybody but one gets the application: JumpCloud looks each person up and creates a user.",
                expectation="Everybody but one has an active user.",
                play=lambda: each(list(self._people.values())[:-1], self._app.bind),
            ),
            Scene(
                title="New names",
                did="Five people change: JumpCloud puts each user whole.",
                expectation="Names, e-mail addresses and user names follow; nobody was created.",
                play=lambda: each(self._renamed(), self._update),
            ),
            Scene(
                title="Access ends",
                did="Two people lose the application: JumpCloud puts active as false, and null for the addresses.",
                expectation="Both are inactive, and still found.",
                play=lambda: each((self._people[_UNBOUND], self._people[6]), self._app.unbind),
            ),
            Scene(
                title="Access again",
                did="One of them gets it back: JumpCloud finds the user and puts it whole.",
                expectation="The person is active again, under the same id.",
                play=lambda: self._app.bind(self._people[6]),
            ),
        )

    def groups(self) -> tuple[Scene, ...]:
        return (
            Scene(
                title="Groups",
                did="JumpCloud looks each group up by its name, creates it and adds the members.",
                expectation="Each group has everybody of it who has a user.",
                play=lambda: each(list(self._groups.values()), self._app.bind_group),
            ),
            Scene(
                title="Joining and leaving",
                did="The last person gets the application and joins the first group, which another one leaves.",
                expectation="One joined and one left; everybody else is still a member.",
                play=self._exchange,
            ),
            Scene(
                title="A group is renamed",
                did="JumpCloud patches the name.",
                expectation="The name is new, the members are as before.",
                play=lambda: self._update_group(replace(self._groups[0], name="Bridge Crew")),
            ),
        )

    def endings(self) -> tuple[Scene, ...]:
        return (
            Scene(
                title="The same again",
                did="JumpCloud puts everybody who has the application, as they are.",
                expectation="Nothing changes.",
                play=self._update_all,
                changes_nothing=True,
            ),
            Scene(
                title="A user name that is taken",
                did="Somebody is given the user name of another, which is refused, and is corrected.",
                expectation="409; then nothing has changed.",
                play=self._take_a_name,
                changes_nothing=True,
                refused=1,
            ),
            Scene(
                title="A group is unbound",
                did="The last group loses the application: JumpCloud removes its members and leaves the group.",
                expectation="The group is there and has no members.",
                play=lambda: self._app.unbind_group(self._groups[len(self._groups) - 1]),
            ),
        )

    # What happens in them

    def _renamed(self) -> list[Person]:
        people = self._people
        return [
            replace(people[0], family_name="Merriweather-Stone"),
            # The dots stand apart from their letter: a decomposed spelling, as some systems send it.
            replace(people[1], family_name=" Hollo\u0308way"),
            replace(people[2], given_name="Robin", title=""),
            replace(people[3], user_name="new.address@example.com", email="new.address@example.com"),
            replace(people[4], user_name=people[4].user_name.upper()),
        ]

    def _update(self, person: Person) -> None:
        self._people[person.number] = person
        self._app.update(person)

    def _update_all(self) -> None:
        each([person for person in self._people.values() if person.number != _UNBOUND], self._app.update)

    def _update_group(self, group: Group) -> None:
        self._groups[group.number] = group
        self._app.update_group(group)

    def _exchange(self) -> None:
        self._app.bind(self._late)
        members = self._groups[0].members - {0} | {self._late.number}
        self._groups[0] = replace(self._groups[0], members=members)
        each(list(self._groups.values()), self._app.update_group)

    def _take_a_name(self) -> None:
        owner, mistaken = self._people[0], self._people[1]
        expect_refusal(lambda: self._app.update(replace(mistaken, user_name=owner.user_name)))
        self._app.update(mistaken)
