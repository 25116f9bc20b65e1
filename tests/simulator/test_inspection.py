"""The checks at the end find what a directory has lost, mixed up or kept."""

from collections.abc import Callable
from functools import partial

import pytest

from musterbook.simulator.entra import EntraApp
from musterbook.simulator.errors import ProviderFailureError, StoryError
from musterbook.simulator.inspection import Check
from musterbook.simulator.population import Group, invent_people
from musterbook.simulator.pytest_plugin import EntraFactory
from musterbook.simulator.scenes import Scene, conclude, expect_refusal, invent_cast, play
from tests.simulator.bends import on
from tests.simulator.directory_server import DirectoryServer
from tests.simulator.scripted_server import TOKEN, changed, error

ADA, GRACE = invent_people(2)
CREW = Group(number=0, name="Night Watch", members=frozenset({0, 1}))
FOUND, NAMED, SWITCHED, GONE, GROUPED, FILLED = (
    "Everybody who was sent is found, once",
    "First names, last names and user names are as sent",
    "Exactly those who lost access are suspended",
    "What was deleted is gone",
    "Every group is found, once, under its name",
    "Every group has exactly its members",
)


@pytest.fixture
def app(directory: DirectoryServer, entra: EntraFactory) -> EntraApp:
    """An application that has sent two people, one of them disabled, and a group."""
    app = entra(directory.url, TOKEN)
    app.provision(ADA)
    app.provision(GRACE)
    app.disable(GRACE)
    app.provision_group(CREW)
    return app


def _users(directory: DirectoryServer) -> list[dict[str, object]]:
    return list(directory.stored["Users"].values())


def _double(directory: DirectoryServer, endpoint: str, scim_id: str) -> None:
    stored = directory.stored[endpoint]
    stored["double"] = {**stored[scim_id], "id": "double"}


FAULTS: list[tuple[str, Callable[[DirectoryServer], object], str]] = [
    (FOUND, lambda server: server.stored["Users"].pop("id-1"), "ada.merriweather@example.com is not found"),
    (FOUND, lambda server: _double(server, "Users", "id-1"), "ada.merriweather@example.com is there twice"),
    (
        NAMED,
        lambda server: _users(server)[0].update(userName="eve"),
        "ada.merriweather@example.com has the user name 'eve'",
    ),
    (
        NAMED,
        lambda server: _users(server)[0].update(name={"givenName": "Ada"}),
        "ada.merriweather@example.com has the familyName None instead of 'Merriweather'",
    ),
    (
        SWITCHED,
        lambda server: _users(server)[1].update(active=True),
        "grace.holloway@example.com has active True instead of False",
    ),
    (GROUPED, lambda server: server.stored["Groups"].clear(), "Night Watch is not found"),
    (GROUPED, lambda server: _double(server, "Groups", "id-3"), "Night Watch is there twice"),
    (
        GROUPED,
        lambda server: server.stored["Groups"]["id-3"].update(displayName="Night watch"),
        "Night Watch has the name 'Night watch'",
    ),
    (
        FILLED,
        lambda server: server.stored["Groups"]["id-3"].update(members=[{"value": "id-1"}, {"value": "id-9"}]),
        "Night Watch lacks 1 and has 1 too many",
    ),
    (
        FILLED,
        lambda server: server.stored["Groups"]["id-3"].update(members=None),
        "Night Watch lacks 2 and has 0 too many",
    ),
]  # fmt: skip


@pytest.mark.parametrize("title, spoil, problem", FAULTS, ids=[row[2][:40] for row in FAULTS])
def test_a_fault_is_found(
    directory: DirectoryServer, app: EntraApp, title: str, spoil: Callable[[DirectoryServer], object], problem: str
) -> None:
    """Each fault breaks its check and says what is wrong; before it, all checks hold."""
    assert app.inspect() == tuple(Check(name, None) for name in (FOUND, NAMED, SWITCHED, GONE, GROUPED, FILLED))
    spoil(directory)
    assert Check(title, problem) in app.inspect()


def test_names_may_be_trimmed_and_spelled_otherwise(directory: DirectoryServer, app: EntraApp) -> None:
    """Spaces around a name, and composed instead of decomposed marks, are no difference; nor is case in a user name."""
    user = _users(directory)[1]
    assert user["name"] == {"givenName": "Grace", "familyName": " Holloway", "formatted": "Grace Holloway"}
    user["name"] = {"givenName": "Grace", "familyName": "Holloway"}
    user["userName"] = "GRACE.holloway@example.com"
    assert [check.problem for check in app.inspect()] == [None] * 6


@pytest.mark.parametrize(
    "page, problem",
    [
        ({"totalResults": 9}, "The pages end after 2 of 9 resources."),
        ({"totalResults": 3, "Resources": [{"id": "id-1"}, {"id": "id-1"}]}, "The pages hold a resource twice."),
    ],
)
def test_pages_that_do_not_add_up(
    directory: DirectoryServer, app: EntraApp, page: dict[str, object], problem: str
) -> None:
    """Pages that end too early or repeat themselves are a failure, and not a shorter list."""
    directory.bend = on("GET", lambda answer: changed(answer, **page))
    with pytest.raises(StoryError) as failed:
        conclude(app)
    assert str(failed.value) == f"At the end: {problem}"


def _scene(play_it: Callable[[], object], refused: int = 0) -> Scene:
    return Scene(title="It", did="Something.", expectation="Nothing.", play=play_it, refused=refused)


def test_a_scene_that_fails_ends_the_story(directory: DirectoryServer, entra: EntraFactory) -> None:
    """A failure that the scene does not expect ends the story with its message, whether it was raised or only shown."""
    for strict in (True, False):
        app = entra(directory.url, TOKEN, strict=strict)
        directory.refuse = {"POST": error(500)}
        with pytest.raises(StoryError) as failed:
            list(play(app, [_scene(partial(app.provision, ADA))]))
        assert str(failed.value) == (
            "Scene 1 (It): Failed to create user ada.merriweather@example.com: The application failed (HTTP 500): no"
        )


def test_what_must_be_refused(directory: DirectoryServer, entra: EntraFactory) -> None:
    """A scene in which something must be refused ends the story where nothing is, or where it is for another reason."""
    app = entra(directory.url, TOKEN)
    directory.refuse = {"POST": error(409)}
    scene = _scene(lambda: expect_refusal(lambda: app.provision(ADA)), refused=1)
    assert [len(played.tasks) for played in play(app, [scene])] == [1]
    directory.refuse = {"POST": error(400)}
    with pytest.raises(StoryError, match="HTTP 400"):
        list(play(app, [scene]))
    directory.refuse = {}
    with pytest.raises(StoryError, match="0 tasks were refused, not 1"):
        list(play(app, [scene]))


@pytest.mark.parametrize("people, groups", [(7, 1), (8, 0)])
def test_a_story_needs_a_cast(people: int, groups: int) -> None:
    """A story with fewer than eight people or without a group cannot be told."""
    with pytest.raises(ValueError, match="The story needs at least 8 people and one group"):
        invent_cast(people, groups)


def test_one_failure_that_is_raised_has_its_reason(directory: DirectoryServer, app: EntraApp) -> None:
    """What a strict application raises has the status of the answer, for programs."""
    directory.refuse = {"POST": error(409)}
    with pytest.raises(ProviderFailureError) as failed:
        app.provision_group(Group(number=5, name="Other", members=frozenset()))
    assert failed.value.status == 409
