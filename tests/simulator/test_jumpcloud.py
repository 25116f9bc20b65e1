"""JumpCloud's requests, in the shapes that were recorded, and its test of a connection."""

from dataclasses import replace

import pytest

from musterbook.simulator import FailureReason
from musterbook.simulator.errors import ProviderFailureError
from musterbook.simulator.jumpcloud import jumpcloud_story
from musterbook.simulator.population import Group, invent_people
from musterbook.simulator.pytest_plugin import JumpCloudFactory
from musterbook.simulator.scenes import conclude, invent_cast, play
from tests.simulator.bends import on
from tests.simulator.directory_server import DirectoryServer
from tests.simulator.scripted_server import TOKEN, changed

ADA, GRACE, THIRD = invent_people(3)
CREW = Group(number=0, name="Night Watch", members=frozenset({0, 1}))
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
WHOLE_GRACE = {
    "userName": "grace.holloway@example.com",
    "name": {"givenName": "Grace", "familyName": " Holloway", "formatted": "Grace Holloway"},
    "displayName": "Grace Holloway",
    "title": "First Mate",
    "active": True,
    "emails": [{"value": "grace.holloway@example.com", "type": "work", "primary": True}],
    "phoneNumbers": [],
    "addresses": [{"type": "work", "locality": "Port Elsewhere", "country": "NO", "primary": True}],
    "photos": [{"value": "https://example.com/photos/1"}],
    ENTERPRISE: {"department": "Deck"},
}


@pytest.mark.parametrize("seed", [0, 3])
def test_the_story_ends_well(directory: DirectoryServer, jumpcloud: JumpCloudFactory, seed: int) -> None:
    """Against a server that behaves well every scene ends as it must, what changes nothing changes nothing, and all
    checks hold.
    """
    app = jumpcloud(directory.url, TOKEN)
    before = 0
    for scene in play(app, jumpcloud_story(app, invent_cast(9, 3, seed))):
        assert not scene.scene.changes_nothing or directory.changes == before, scene.scene.title
        before = directory.changes
    assert [check.problem for check in conclude(app)] == [None] * 6


def test_the_test_leaves_nothing(directory: DirectoryServer, jumpcloud: JumpCloudFactory) -> None:
    """Test Connection makes a user with the given address and a group, and deletes both."""
    app = jumpcloud(directory.url, TOKEN, test_email="test@acme.example")
    assert app.test_connection()
    assert [request.line.removesuffix(" HTTP/1.1").replace("/scim/v2", "") for request in directory.requests] == [
        "GET /Users?filter=userName%20eq%20%22test%40acme.example%22",
        "POST /Users",
        "GET /Groups?filter=displayName%20eq%20%22JumpCloud%20test%20group%22",
        "POST /Groups",
        "DELETE /Groups/id-2",
        "DELETE /Users/id-1",
    ]
    assert directory.stored == {"Users": {}, "Groups": {}}


@pytest.mark.parametrize("status", [404, 405, 501])
def test_the_test_without_delete(directory: DirectoryServer, jumpcloud: JumpCloudFactory, status: int) -> None:
    """Where users cannot be deleted, the test user becomes inactive and stays."""
    directory.refuse_delete["Users"] = status
    assert jumpcloud(directory.url, TOKEN).test_connection()
    assert [user["active"] for user in directory.stored["Users"].values()] == [False]
    assert directory.stored["Groups"] == {}


def test_the_test_fails(directory: DirectoryServer, jumpcloud: JumpCloudFactory) -> None:
    """A deletion that is refused for another reason fails the test, with a message."""
    directory.refuse_delete["Users"] = 500
    with pytest.raises(ProviderFailureError, match=r"^Failed to test connection: The application failed \(HTTP 500\)"):
        jumpcloud(directory.url, TOKEN).test_connection()


def test_whole_users(directory: DirectoryServer, jumpcloud: JumpCloudFactory) -> None:
    """A user is created and put whole: with an empty array for what is missing, and the id and the schemas in the
    other order when it is put.
    """
    app = jumpcloud(directory.url, TOKEN)
    app.bind(GRACE)
    app.update(replace(GRACE, phone="+1 555 0100"))
    created, replaced = directory.documents()
    assert created == {"schemas": [CORE, ENTERPRISE], **WHOLE_GRACE, "externalId": created["externalId"]}
    assert replaced == {
        **created,
        "schemas": [ENTERPRISE, CORE],
        "id": "id-1",
        "phoneNumbers": [{"value": "tel:+1-555-0100", "type": "work"}],
    }
    assert len(str(created["externalId"])) == 24


def test_access_ends_and_comes_back(directory: DirectoryServer, jumpcloud: JumpCloudFactory) -> None:
    """The end of access is a short PUT with null for the addresses; access again finds the user and puts it whole."""
    app = jumpcloud(directory.url, TOKEN)
    app.bind(GRACE)
    directory.requests.clear()
    app.unbind(GRACE)
    (short,) = directory.documents()
    assert short == {
        "schemas": [CORE, ENTERPRISE],
        "id": "id-1",
        "externalId": short["externalId"],
        "userName": GRACE.user_name,
        "name": {"givenName": "Grace", "familyName": " Holloway"},
        "emails": None,
        "active": False,
    }
    app.bind(GRACE)
    assert directory.stored["Users"]["id-1"]["active"] is True


def test_groups(directory: DirectoryServer, jumpcloud: JumpCloudFactory) -> None:
    """Members come and go by lists of values, in small letters and without filters; unbinding leaves the group."""
    app = jumpcloud(directory.url, TOKEN)
    for person in (ADA, GRACE, THIRD):
        app.bind(person)
    directory.requests.clear()
    app.bind_group(CREW)
    app.update_group(replace(CREW, name="Day Watch", members=frozenset({1, 2})))
    app.unbind_group(replace(CREW, name="Day Watch"))
    created, *changes = directory.documents()
    assert created == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": "Night Watch",
        "members": [],
    }
    assert [change["Operations"] for change in changes] == [
        [{"op": "add", "path": "members", "value": [{"value": "id-1"}, {"value": "id-2"}]}],
        [{"op": "replace", "path": "displayName", "value": "Day Watch"}],
        [{"op": "remove", "path": "members", "value": [{"value": "id-1"}]}],
        [{"op": "add", "path": "members", "value": [{"value": "id-3"}]}],
        [{"op": "remove", "path": "members", "value": [{"value": "id-2"}, {"value": "id-3"}]}],
    ]
    assert directory.members("Day Watch") == []


def test_somebody_else(directory: DirectoryServer, jumpcloud: JumpCloudFactory) -> None:
    """A look-up that finds another person fails, rather than have that person written over."""
    directory.bend = on(
        "GET", lambda answer: changed(answer, totalResults=1, Resources=[{"id": "1", "userName": "eve"}])
    )
    with pytest.raises(ProviderFailureError) as failed:
        jumpcloud(directory.url, TOKEN).bind(ADA)
    assert failed.value.reason is FailureReason.SOMEBODY_ELSE
