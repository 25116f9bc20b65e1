"""*Okta's story.* Decides what happens to a crew and its groups in Okta, from the first test to the last unlinking.

Knows nothing of requests and nothing of the server.
"""

from collections.abc import Sequence
from dataclasses import replace

from musterbook.simulator.okta.app import OktaApp
from musterbook.simulator.population import Group, Person
from musterbook.simulator.scenes import Cast, Scene, each, expect_refusal

_UNASSIGNED = 5
"""Who loses the application for good."""


def okta_story(app: OktaApp, cast: Cast) -> Sequence[Scene]:
    """Return the scenes of Okta's story, to be played in their order."""
    story = _Story(app, cast)
    return (*story.people(), *story.groups(), *story.troubles(), *story.endings())


class _Story:
    def __init__(self, app: OktaApp, cast: Cast) -> None:
        self._app = app
        self._people = {person.number: person for person in cast.people}
        self._groups = {group.number: group for group in cast.groups}
        self._late = cast.people[-1]

    def people(self) -> tuple[Scene, ...]:
        return (
            Scene(
                title="Test API Credentials",
                did="Okta gets a page of users and a page of groups.",
                expectation="Both are lists; nobody was created.",
                play=self._app.test_credentials,
                changes_nothing=True,
            ),
            Scene(
                title="Assignments",
                did="Everybody but one is assigned: Okta looks each person up, finds nobody and creates a user.",
                expectation="Everybody but one has an active user.",
                play=lambda: each(list(self._people.values())[:-1], self._app.assign),
            ),
            Scene(
                title="New names",
                did="Five people change: Okta reads each user and puts it back with the changes.",
                expectation="Names, e-mail addresses and user names follow; nobody was created.",
                play=lambda: each(self._renamed(), self._update),
            ),
            Scene(
                title="End of assignment",
                did="Two people lose the application: Okta sets active to false.",
                expectation="Both are inactive, and still found.",
                play=lambda: each((self._people[_UNASSIGNED], self._people[6]), self._app.unassign),
            ),
            Scene(
                title="Assigned again",
                did="One of them gets it back: Okta finds the user, reactivates it and puts the profile.",
                expectation="The person is active again, under the same id.",
                play=lambda: self._app.assign(self._people[6]),
            ),
        )

    def groups(self) -> tuple[Scene, ...]:
        return (
            Scene(
                title="Push groups",
                did="Okta looks each group up by its name, creates it without members and sends the members.",
                expectation="Each group has everybody of it who is assigned.",
                play=lambda: each(list(self._groups.values()), self._app.push_group),
            ),
            Scene(
                title="Joining and leaving",
                did="The last person is assigned and joins the first group, which another one leaves.",
                expectation="One joined and one left; everybody else is still a member.",
                play=self._exchange,
            ),
            Scene(
                title="A group is renamed",
                did="Okta sends the new name.",
                expectation="The name is new, the members are as before.",
                play=lambda: self._update_group(replace(self._groups[0], name="Bridge Crew")),
            ),
            Scene(
                title="Push now",
                did="The administrator presses Push now: Okta replaces all members by those who are there already.",
                expectation="Nothing changes.",
                play=lambda: self._app.push_now(self._groups[0]),
                changes_nothing=True,
            ),
            Scene(
                title="An empty group",
                did="Everybody leaves the last group in Okta, and the administrator presses Push now.",
                expectation="The group is there and has no members.",
                play=self._empty,
            ),
        )

    def troubles(self) -> tuple[Scene, ...]:
        return (
            Scene(
                title="The same again",
                did="A forced sync: Okta reads the user of everybody who is assigned and puts it back as it is.",
                expectation="Nothing changes.",
                play=self._update_all,
                changes_nothing=True,
            ),
            Scene(
                title="A user name that is taken",
                did="Somebody is given the user name of another, which is refused, and is corrected.",
                expectation="409, and a task with a message; then nothing has changed.",
                play=self._take_a_name,
                changes_nothing=True,
                refused=1,
            ),
            Scene(
                title="Import",
                did="The administrator presses Import Now: Okta gets all users and groups in pages.",
                expectation="Every page together holds everybody once.",
                play=self._app.import_now,
                changes_nothing=True,
            ),
        )

    def endings(self) -> tuple[Scene, ...]:
        return (
            Scene(
                title="Unlinked",
                did="The last group is unlinked and deleted in the application.",
                expectation="The group is gone; its members are still users.",
                play=lambda: self._app.unlink_group(self._groups[len(self._groups) - 1], delete=True),
            ),
        )

    # What happens in them

    def _renamed(self) -> list[Person]:
        people = self._people
        return [
            replace(people[0], family_name="Merriweather-Stone"),
            # The dots stand apart from their letter: a decomposed spelling, as some systems send it.
            replace(people[1], family_name=" Hollo\u0308way"),
            replace(people[2], given_name="Robin"),
            replace(people[3], user_name="new.address@example.com", email="new.address@example.com"),
            replace(people[4], user_name=people[4].user_name.upper()),
        ]

    def _update(self, person: Person) -> None:
        self._people[person.number] = person
        self._app.update(person)

    def _update_all(self) -> None:
        each([person for person in self._people.values() if person.number != _UNASSIGNED], self._app.update)

    def _update_group(self, group: Group) -> None:
        self._groups[group.number] = group
        self._app.update_group(group)

    def _exchange(self) -> None:
        self._app.assign(self._late)
        members = self._groups[0].members - {0} | {self._late.number}
        self._groups[0] = replace(self._groups[0], members=members)
        each(list(self._groups.values()), self._app.update_group)

    def _empty(self) -> None:
        last = len(self._groups) - 1
        self._groups[last] = replace(self._groups[last], members=frozenset())
        self._app.push_now(self._groups[last])

    def _take_a_name(self) -> None:
        owner, mistaken = self._people[0], self._people[1]
        expect_refusal(lambda: self._app.update(replace(mistaken, user_name=owner.user_name)))
        self._app.update(mistaken)
