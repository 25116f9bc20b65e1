"""*The story.* Decides what happens to a crew of people from joining to leaving, and how the directory must then look.

Knows nothing of the server: it drives applications in a simulated OneLogin and says after each step what is expected
of every person. Whoever tells the story compares that with what the directory and its history say.

Where the application lets a step end differently than it must, the story stops with `StoryError`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from musterbook.simulator.errors import OneLoginFailureError, SimulatorError, StoryError
from musterbook.simulator.onelogin.app import OneLoginApp
from musterbook.simulator.onelogin.crew import Crew, ExpectedPerson
from musterbook.simulator.onelogin.settings import Approval, WhenDeleted
from musterbook.simulator.onelogin.state import Assignment, ProvisioningState, Task
from musterbook.simulator.onelogin.user import OneLoginUser
from musterbook.simulator.onelogin.user import people as invented_people
from musterbook.simulator.wire import Exchange

MINIMUM_PEOPLE = 13
"""Each part of the story has its own people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the story, after it was done."""

    number: int
    title: str
    what_onelogin_did: str
    requests: tuple[Exchange, ...] = field(repr=False)
    expectation: str
    changes_nothing: bool
    """Whether the directory and its history must be exactly as before the step."""
    people: tuple[ExpectedPerson, ...] = field(repr=False)

    def expected_people(self) -> tuple[ExpectedPerson, ...]:
        """Return everybody in the story as they must be found now, those who are absent included."""
        return self.people


def run_story(
    app_factory: Callable[[], OneLoginApp],
    people: int = 25,
    observer: Callable[[Task], None] | None = None,
    *,
    seed: int = 0,
) -> Iterator[Step]:
    """Play the story one step at a time: the next step begins when the next one is asked for.

    ``app_factory`` makes an application with no settings but its address, its token and its template; it is called
    twice, because one customer has connected the directory twice. ``observer`` sees every task as it ends.

    Raises:
        ValueError: fewer than `MINIMUM_PEOPLE` people.
        StoryError: a step ended differently than it must.
    """
    if people < MINIMUM_PEOPLE:
        raise ValueError(f"The story needs at least {MINIMUM_PEOPLE} people, not {people}.")
    return _Story(app_factory, people, observer, seed).steps()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    title: str
    did: str
    expectation: str
    play: Callable[[], None]
    changes_nothing: bool = False
    refused: int = 0
    """How many tasks must fail because the application says 409."""


class _Story:
    def __init__(
        self, app_factory: Callable[[], OneLoginApp], count: int, observer: Callable[[Task], None] | None, seed: int
    ) -> None:
        self._apps = self._app, self._second_app = app_factory(), app_factory()
        for app in self._apps:
            if observer is not None:
                app.observe(observer)
        self._crew = Crew(invented_people(count, seed), self._app.settings.scim_username)

    def steps(self) -> Iterator[Step]:
        scenes = (*self._arrivals(), *self._changes(), *self._departures(), *self._repetitions(), *self._approvals())
        try:
            for number, scene in enumerate(scenes, 1):
                yield self._step(number, scene)
        finally:
            for app in self._apps:
                app.close()

    def _step(self, number: int, scene: _Scene) -> Step:
        sent = [len(app.exchanges) for app in self._apps]
        done = [len(app.tasks) for app in self._apps]
        try:
            scene.play()
        except SimulatorError as error:
            raise StoryError(f"Step {number} ({scene.title}): {error}") from error
        tasks = [task for app, first in zip(self._apps, done, strict=True) for task in app.tasks[first:]]
        failed = [task for task in tasks if task.state is ProvisioningState.FAILED]
        refused = [task for task in failed if task.exchanges[-1].status == HTTPStatus.CONFLICT]
        if len(failed) > min(len(refused), scene.refused):
            raise StoryError(f"Step {number} ({scene.title}): {failed[-1].message}")
        return Step(
            number=number,
            title=scene.title,
            what_onelogin_did=scene.did,
            requests=tuple(
                exchange for app, first in zip(self._apps, sent, strict=True) for exchange in app.exchanges[first:]
            ),
            expectation=scene.expectation,
            changes_nothing=scene.changes_nothing,
            people=self._crew.expected(),
        )

    # The scenes. Each person has one part; the numbers are places in the crew, and the last one comes late.

    def _arrivals(self) -> tuple[_Scene, ...]:
        return (
            _Scene(
                title="Connect",
                did="The administrator presses Enable: OneLogin looks up a user name that nobody has.",
                expectation="API Status is Enabled, and nobody was created.",
                play=self._connect,
                changes_nothing=True,
            ),
            _Scene(
                title="Refresh entitlements",
                did="The administrator presses Refresh: OneLogin gets the groups.",
                expectation="The groups are listed, or an empty list; nothing changes.",
                play=self._refresh,
                changes_nothing=True,
            ),
            _Scene(
                title="Everybody joins",
                did="Everybody but one gets access: OneLogin looks each person up, finds nobody and creates them.",
                expectation="Everybody but one is in the directory and active.",
                play=lambda: self._each(self._crew.members[:-1], self._join),
            ),
        )

    def _changes(self) -> tuple[_Scene, ...]:
        return (
            _Scene(
                title="New names",
                did="Three people change their names: OneLogin looks each up and puts the whole user again.",
                expectation="First and last names follow; the name that a directory gave at joining may stay.",
                play=self._rename,
            ),
            _Scene(
                title="New addresses",
                did="One person gets another e-mail address and user name, one the same user name in capitals.",
                expectation="Both keep their ids; nobody was created.",
                play=self._readdress,
            ),
            _Scene(
                title="Suspension",
                did='Three people are suspended: OneLogin puts each with "active": false.',
                expectation="They cannot sign in, and are still found.",
                play=lambda: self._each(self._crew.members[5:8], self._suspend),
            ),
            _Scene(
                title="A change during suspension",
                did="A suspended person marries: OneLogin puts the user without active, as its templates do.",
                expectation="The last name follows, and the person stays suspended.",
                play=self._marry,
            ),
            _Scene(
                title="Return",
                did='Two of the suspended come back: OneLogin puts each with "active": true.',
                expectation="They can sign in again, under the same ids.",
                play=lambda: self._each((self._crew.members[5], self._crew.members[7]), self._reactivate),
            ),
        )

    def _departures(self) -> tuple[_Scene, ...]:
        return (
            _Scene(
                title="Leaving",
                did="Three people lose access, one of them suspended; the drop-down says Delete.",
                expectation="They are gone, and their user names are free.",
                play=self._leave,
            ),
            _Scene(
                title="One comes back",
                did="Somebody who was deleted gets access again: OneLogin finds nobody and creates a user.",
                expectation="The person is there again, active, under a new id.",
                play=lambda: self._join(self._crew.members[8]),
            ),
            _Scene(
                title="Leaving with Suspend",
                did="The drop-down now says Suspend, and one person loses access.",
                expectation="The person cannot sign in, and is still found.",
                play=self._leave_suspended,
            ),
            _Scene(
                title="Access again",
                did='The same person gets access again: OneLogin finds them and puts "active": true.',
                expectation="The person can sign in again, under the same id.",
                play=lambda: self._join(self._crew.members[10]),
            ),
            _Scene(
                title="Leaving with Do Nothing",
                did="The drop-down now says Do Nothing, and one person loses access. Nothing is sent.",
                expectation="Nothing changes.",
                play=self._leave_unnoticed,
                changes_nothing=True,
            ),
        )

    def _repetitions(self) -> tuple[_Scene, ...]:
        return (
            _Scene(
                title="Reapply mappings",
                did="The administrator presses Reapply Mappings: OneLogin puts everybody again, as they are.",
                expectation="Nothing changes: no version, no line in the history.",
                play=self._app.reapply_mappings,
                changes_nothing=True,
            ),
            _Scene(
                title="Connected twice",
                did="A second application with the same key is given three of the people: it finds and puts them.",
                expectation="Nothing changes, and nobody is there twice.",
                play=self._connect_twice,
                changes_nothing=True,
            ),
            _Scene(
                title="The same person twice",
                did="A second record with the user name of somebody else, in capitals: OneLogin tries to create it.",
                expectation="409: the task is Failed, with a message for the administrator. Nothing changes.",
                play=self._duplicate,
                changes_nothing=True,
                refused=1,
            ),
            _Scene(
                title="A user name that is taken",
                did="Somebody is renamed to the user name of another, which fails, and is corrected.",
                expectation="409, then Provisioned again. Nothing changes.",
                play=self._take_a_name,
                changes_nothing=True,
                refused=1,
            ),
        )

    def _approvals(self) -> tuple[_Scene, ...]:
        return (
            _Scene(
                title="Approval",
                did="Creating users now needs approval, and the last person gets access.",
                expectation="The person is Pending and not in the directory; nothing was sent.",
                play=self._wait_for_approval,
                changes_nothing=True,
            ),
            _Scene(
                title="Approved",
                did="The administrator approves: OneLogin looks the person up and creates them.",
                expectation="The last person is in the directory and active.",
                play=self._approve,
            ),
        )

    # What happens in them

    def _connect(self) -> None:
        self._app.enable()

    def _refresh(self) -> None:
        self._app.refresh_entitlements()

    def _rename(self) -> None:
        members = self._crew.members
        self._change(replace(members[0], lastname="Merriweather-Stone"))
        # The dots stand apart from their letter: a decomposed spelling, as some systems send it.
        self._change(replace(members[1], lastname=" Hollo\u0308way"))
        self._change(replace(members[2], firstname="Robin"))

    def _readdress(self) -> None:
        members = self._crew.members
        self._change(replace(members[3], username="new.address@example.com", email="new.address@example.com"))
        self._change(_in_capitals(members[4]))

    def _marry(self) -> None:
        self._change(replace(self._crew.members[7], lastname="Lindqvist-Moreau", title="Archivist"))

    def _leave(self) -> None:
        members = self._crew.members
        self._each((members[6], members[8], members[9]), self._delete)

    def _leave_suspended(self) -> None:
        self._app.change_settings(when_deleted=WhenDeleted.SUSPEND)
        user = self._crew.members[10]
        self._app.unassign(user)
        self._crew.switched(user, active=False)

    def _leave_unnoticed(self) -> None:
        self._app.change_settings(when_deleted=WhenDeleted.DO_NOTHING)
        self._app.unassign(self._crew.members[11])
        self._app.change_settings(when_deleted=WhenDeleted.DELETE)

    def _connect_twice(self) -> None:
        self._second_app.enable()
        for user in self._crew.members[:3]:
            self._crew.arrived(user, self._second_app.assign(user).link.scim_id)

    def _duplicate(self) -> None:
        last = self._crew.members[-1]
        double = replace(_in_capitals(self._crew.members[2]), id=last.id + 1)
        self._attempt(lambda: self._app.assign(double))
        self._app.unassign(double)

    def _take_a_name(self) -> None:
        owner, mistaken = self._crew.members[:2]
        self._attempt(lambda: self._app.update(replace(mistaken, username=owner.username, email=owner.email)))
        self._app.update(mistaken)

    def _wait_for_approval(self) -> None:
        self._app.change_settings(require_approval=frozenset({Approval.CREATE_USER}))
        self._app.assign(self._crew.members[-1])

    def _approve(self) -> None:
        user = self._crew.members[-1]
        self._crew.arrived(user, self._app.approve(user).link.scim_id)
        self._app.change_settings(require_approval=frozenset())

    # One person

    def _join(self, user: OneLoginUser) -> None:
        self._crew.arrived(user, self._app.assign(user).link.scim_id)

    def _suspend(self, user: OneLoginUser) -> None:
        self._app.suspend(user)
        self._crew.switched(user, active=False)

    def _reactivate(self, user: OneLoginUser) -> None:
        self._app.reactivate(user)
        self._crew.switched(user, active=True)

    def _delete(self, user: OneLoginUser) -> None:
        self._app.unassign(user)
        self._crew.left(user)

    def _change(self, user: OneLoginUser) -> None:
        self._app.update(user)
        self._crew.changed(user)

    def _attempt(self, change: Callable[[], Assignment]) -> None:
        """Make a change that must be refused. Whether it was for the right reason is for `_step` to see."""
        try:
            row = change()
        except OneLoginFailureError:
            return
        if row.state is not ProvisioningState.FAILED:
            raise StoryError("The application accepted what it must refuse.")

    def _each(self, users: Iterable[OneLoginUser], play: Callable[[OneLoginUser], None]) -> None:
        for user in users:
            play(user)


def _in_capitals(user: OneLoginUser) -> OneLoginUser:
    return replace(user, username=user.username.upper(), email=user.email.upper())
