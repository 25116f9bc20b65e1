"""The story, played against the well-behaved server and against servers with one fault each."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from musterbook.simulator import (
    V1_CORE,
    V1_ENTERPRISE,
    V2_CORE,
    V2_ENTERPRISE,
    Action,
    ExpectedPerson,
    OneLoginApp,
    ScimUsername,
    Step,
    StoryError,
    SuspendBy,
    Task,
    Template,
    run_story,
)
from musterbook.simulator.onelogin.settings import AppOptions
from musterbook.simulator.onelogin.story import MINIMUM_PEOPLE
from tests.simulator.scripted_server import TOKEN, Answer, Request, ScriptedServer, error, listed

TITLES = [
    "Connect",
    "Refresh entitlements",
    "Everybody joins",
    "New names",
    "New addresses",
    "Suspension",
    "A change during suspension",
    "Return",
    "Leaving",
    "One comes back",
    "Leaving with Suspend",
    "Access again",
    "Leaving with Do Nothing",
    "Reapply mappings",
    "Connected twice",
    "The same person twice",
    "A user name that is taken",
    "Approval",
    "Approved",
]


def _factory(server: ScriptedServer, options: AppOptions) -> Callable[[], OneLoginApp]:
    return lambda: OneLoginApp(server.url, TOKEN, **options)


def _check_directory(server: ScriptedServer, people: Iterable[ExpectedPerson]) -> None:
    expected = {
        person.scim_id: (person.user_name, person.trimmed_given_name, person.trimmed_family_name, person.active)
        for person in people
        if person.present
    }
    found = {}
    for scim_id, user in server.users.items():
        name = user["name"]
        assert isinstance(name, dict), "the server stores names as objects"
        found[scim_id] = (user["userName"], name["givenName"], name["familyName"], user["active"])
    assert found == expected


@pytest.mark.parametrize(
    "options",
    [
        AppOptions(template=V1_CORE),
        AppOptions(template=V1_ENTERPRISE),
        AppOptions(template=V2_CORE),
        AppOptions(template=V2_ENTERPRISE),
        AppOptions(template=V2_ENTERPRISE, scim_username=ScimUsername.EMAIL),
        AppOptions(template=V2_ENTERPRISE, suspend_by=SuspendBy.PATCH),
        AppOptions(template=V2_ENTERPRISE, verify=True),
        AppOptions(template=V2_ENTERPRISE, strict=False),
        AppOptions(template=Template(V2_CORE.text.replace("{\n", '{\n"externalId": "{$user.id}",\n', 1))),
    ],
)
def test_whole_story(server: ScriptedServer, options: AppOptions) -> None:
    """After every step the directory is as expected, and no step that must change nothing changes anything."""
    titles = []
    changes = 0
    for step in run_story(_factory(server, options)):
        titles.append(step.title)
        assert step.number == len(titles)
        _check_directory(server, step.expected_people())
        assert (server.changes == changes) == step.changes_nothing, step.title
        changes = server.changes
    assert titles == TITLES


def _by_title(server: ScriptedServer, count: int = 25) -> dict[str, Step]:
    return {step.title: step for step in run_story(_factory(server, {}), count)}


def test_requests_of_each_step(server: ScriptedServer) -> None:
    """Each step shows the requests that it took, and no other."""
    steps = _by_title(server)
    methods = {title: [exchange.method for exchange in step.requests] for title, step in steps.items()}
    assert methods == {
        "Connect": ["GET"],
        "Refresh entitlements": ["GET"],
        "Everybody joins": ["GET", "POST"] * 24,
        "New names": ["GET", "PUT"] * 3,
        "New addresses": ["GET", "PUT"] * 2,
        "Suspension": ["GET", "PUT"] * 3,
        "A change during suspension": ["GET", "PUT"],
        "Return": ["GET", "PUT"] * 2,
        "Leaving": ["GET", "DELETE"] * 3,
        "One comes back": ["GET", "POST"],
        "Leaving with Suspend": ["GET", "PUT"],
        "Access again": ["GET", "PUT"],
        "Leaving with Do Nothing": [],
        "Reapply mappings": ["GET", "PUT"] * 21,
        "Connected twice": ["GET"] + ["GET", "PUT"] * 3,
        "The same person twice": ["GET", "POST", "GET"],
        "A user name that is taken": ["GET", "PUT"] * 2,
        "Approval": [],
        "Approved": ["GET", "POST"],
    }
    assert sum(len(step.requests) for step in steps.values()) == len(server.requests)


def test_what_is_expected_at_the_end(server: ScriptedServer) -> None:
    """At the end each person's state is the one that their part in the story leaves."""
    people = _by_title(server)["Approved"].expected_people()
    assert [place for place, person in enumerate(people) if not person.present] == [6, 9]
    assert [place for place, person in enumerate(people) if person.present and not person.active] == []
    assert [place for place, person in enumerate(people) if person.former_scim_ids] == [6, 8, 9]
    ada = people[0]
    assert ada == ExpectedPerson(
        user=replace(ada.user, lastname="Merriweather-Stone"),
        present=True,
        active=True,
        user_name="ada.merriweather@example.com",
        given_name="Ada",
        family_name="Merriweather-Stone",
        joined_as="Ada Merriweather",
        scim_id="id-1",
        former_scim_ids=(),
    )
    assert (people[1].family_name, people[1].trimmed_family_name, people[1].joined_as) == (
        " Hollo\u0308way",
        "Hollo\u0308way",
        "Grace Holloway",
    )
    assert (people[3].user_name, people[4].user_name) == (
        "new.address@example.com",
        people[4].user.username.lower().upper(),
    )


def test_suspended_in_between(server: ScriptedServer) -> None:
    """Who is suspended is present and not active until the return; a change in between changes nothing about that."""
    steps = _by_title(server)
    suspended = {
        title: [place for place, person in enumerate(step.people) if person.present and not person.active]
        for title, step in steps.items()
    }
    assert {title: places for title, places in suspended.items() if places} == {
        "Suspension": [5, 6, 7],
        "A change during suspension": [5, 6, 7],
        "Return": [6],
        "Leaving with Suspend": [10],
    }


def test_observer(server: ScriptedServer) -> None:
    """An observer sees the tasks of both applications while the step is going on."""
    tasks: list[Task] = []
    story = run_story(_factory(server, {}), MINIMUM_PEOPLE, tasks.append)
    assert tasks == []
    next(story)
    assert [task.action for task in tasks] == [Action.ENABLE]
    steps = list(story)
    assert len(steps) == len(TITLES) - 1
    assert [task.action for task in tasks].count(Action.ENABLE) == 2


def test_smallest_crew(server: ScriptedServer) -> None:
    """The story needs a person for each part, and says so before anything is sent."""
    assert list(_by_title(server, MINIMUM_PEOPLE)) == TITLES
    server.requests.clear()
    with pytest.raises(ValueError, match=r"^The story needs at least 13 people, not 12\.$"):
        run_story(_factory(server, {}), MINIMUM_PEOPLE - 1)
    assert server.requests == []


def _play(server: ScriptedServer, *, strict: bool) -> str:
    with pytest.raises(StoryError) as stopped:
        list(run_story(_factory(server, {"strict": strict})))
    return str(stopped.value)


@pytest.mark.parametrize("strict", [True, False])
def test_story_stops_at_a_failure(server: ScriptedServer, strict: bool) -> None:  # noqa: FBT001 given by name
    """A failure stops the story with its step and the administrator's message, strict or not."""
    server.refuse = {"DELETE": error(500, "Out of order.")}
    assert _play(server, strict=strict) == (
        "Step 9 (Leaving): Failed to delete user in app. The application failed (HTTP 500): Out of order."
    )


@pytest.mark.parametrize("strict", [True, False])
def test_story_needs_its_refusals(server: ScriptedServer, strict: bool) -> None:  # noqa: FBT001 given by name
    """A second user with a taken user name must be refused with 409; success or another refusal stops the story."""

    def lenient(request: Request, answer: Answer) -> Answer:
        if answer.status != 409:
            return answer
        names = {"givenName": "R", "familyName": "R"}
        return Answer(status=201, document={"id": f"id-{request.method}", "userName": "double", "name": names})

    server.bend = lenient
    assert _play(server, strict=strict) == (
        "Step 16 (The same person twice): The application accepted what it must refuse."
    )


@pytest.mark.parametrize("strict", [True, False])
def test_story_needs_the_right_refusal(server: ScriptedServer, strict: bool) -> None:  # noqa: FBT001 given by name
    """A taken user name that is refused with another status than 409 stops the story."""
    server.bend = lambda _request, answer: error(400, "No.") if answer.status == 409 else answer
    assert _play(server, strict=strict) == (
        "Step 16 (The same person twice): "
        "Failed to create user in app. The application refused the request (HTTP 400): No."
    )


def test_id_must_not_come_again(server: ScriptedServer) -> None:
    """Somebody who comes back after a deletion must have a new id."""
    last: list[str] = []

    def reuse(request: Request, answer: Answer) -> Answer:
        if request.method == "DELETE":
            last.append(request.target.rsplit("/", 1)[1])
        if request.method == "POST" and last:
            assert isinstance(answer.document, dict), "a create is answered with the user"
            return replace(answer, document=answer.document | {"id": last[1]})
        return answer

    server.bend = reuse
    assert _play(server, strict=True).startswith("Step 10 (One comes back): ")


def test_id_must_stay(server: ScriptedServer) -> None:
    """Somebody who is found by a second application must be found under the same id."""

    def alias(request: Request, answer: Answer) -> Answer:
        assert isinstance(answer.document, dict) or answer.status == 204, "the server answers with objects"
        if not isinstance(answer.document, dict) or sum("onelogin-" in seen.line for seen in server.requests) < 2:
            return answer
        if request.method == "GET" and answer.document["Resources"]:
            return listed([answer.document["Resources"][0] | {"id": "alias"}])
        return answer

    server.bend = alias
    assert _play(server, strict=False).startswith("Step 15 (Connected twice): ")
