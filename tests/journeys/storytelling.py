"""A provider's story against a started server, and the server's own word on it after every scene."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from musterbook.simulator.connector import Connector
from musterbook.simulator.memory import Memory
from musterbook.simulator.scenes import Cast, Scene, conclude, invent_cast, play
from tests.journeys.serving import Client, Server
from tests.journeys.writing import check_whole, read_rows

App = TypeVar("App", bound=Connector)
REVISIONS = "SELECT COUNT(*) FROM revisions"
HISTORY = "SELECT resource_type, action, actor_name FROM revisions WHERE key_id IS NOT NULL"


def check_story(app: App, write: Callable[[App, Cast], Sequence[Scene]], server: Server, key: str) -> Mapping[str, int]:
    """Play a story; after every scene assert who is there, who is active and who is a member of what.

    A scene that changes nothing leaves no line in the history, and every line of the provider's is by Scim System User.
    Return how many lines of the history are of which kind, as in ``User suspended``.
    """
    before = read_rows(server.database, REVISIONS)[0][0]
    with Client(server.address, key) as client:
        for scene in play(app, write(app, invent_cast(12, 3))):
            _check_directory(client, scene.memory)
            revisions = read_rows(server.database, REVISIONS)[0][0]
            assert (revisions == before) if scene.scene.changes_nothing else (revisions > before), scene.scene.title
            before = revisions
        for path in app.memory.deleted:
            assert client.request("GET", path)[0] == 404
    assert [check.problem for check in conclude(app)] == [None] * 6
    check_whole(server.database)
    history = read_rows(server.database, HISTORY)
    assert {actor for *_, actor in history} == {"Scim System User"}
    return Counter(f"{resource_type} {action}" for resource_type, action, _ in history)


def _check_directory(client: Client, memory: Memory) -> None:
    """Assert that the directory holds exactly what the provider remembers, seen from both ends of each membership."""
    users, groups = _listed(client, "/Users"), _listed(client, "/Groups")
    assert {user["id"]: (user["userName"], user["active"]) for user in users} == {
        user.scim_id: (user.person.user_name, user.active) for user in memory.users.values()
    }
    members = {
        group.group.name: {user.scim_id for user in memory.users_of(group.group.members)}
        for group in memory.groups.values()
    }
    assert {
        group["displayName"]: {member["value"] for member in group.get("members", ())} for group in groups
    } == members
    for user in users:
        names = {group["display"] for group in user.get("groups", ())}
        assert names == {name for name, ids in members.items() if user["id"] in ids}


def _listed(client: Client, endpoint: str) -> list[dict[str, Any]]:  # Any: JSON of any shape
    status, listed = client.request("GET", endpoint)
    assert status == 200
    resources: list[dict[str, Any]] = listed["Resources"]
    assert len(resources) == listed["totalResults"]
    return resources
