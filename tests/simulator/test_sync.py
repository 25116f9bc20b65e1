"""Sync logins: what it sends and what it stores is our reading, and the same for everybody."""

import pytest

from musterbook.simulator import Action, OneLoginFailureError, OneLoginUser, ProvisioningState
from tests.simulator.applications import Connect
from tests.simulator.scripted_server import ScriptedServer, error

LOOK_UP_ADA = "GET /scim/v2/Users?filter=userName+eq+%22ada.merriweather%40example.com%22& HTTP/1.1"


def test_sync(server: ScriptedServer, connect: Connect, ada: OneLoginUser, grace: OneLoginUser) -> None:
    """Sync logins looks everybody up, stores the ids that are found, and changes nobody."""
    connect().assign(ada)
    app = connect(strict=False)
    server.bend = lambda _request, _answer: error(500)
    app.assign(ada)
    app.assign(grace)
    server.bend = lambda _request, answer: answer
    server.requests.clear()
    app.sync()
    assert [row.link.scim_id for row in app.assignments] == ["id-1", None]
    assert server.lines() == [LOOK_UP_ADA, LOOK_UP_ADA.replace("ada.merriweather", "grace.holloway")]


def test_sync_fails(server: ScriptedServer, connect: Connect, ada: OneLoginUser, grace: OneLoginUser) -> None:
    """A failed look-up stops a strict sync, and is one failed task each in another."""
    app = connect()
    app.assign(ada)
    app.assign(grace)
    server.bend = lambda _request, _answer: error(500)
    with pytest.raises(OneLoginFailureError) as failed:
        app.sync()
    assert failed.value.message == "Failed to look up user in app. The application failed (HTTP 500): no"
    app.change_settings(strict=False)
    app.sync()
    assert [(task.action, task.state, task.user) for task in app.tasks[-2:]] == [
        (Action.LOOK_UP, ProvisioningState.FAILED, ada),
        (Action.LOOK_UP, ProvisioningState.FAILED, grace),
    ]
