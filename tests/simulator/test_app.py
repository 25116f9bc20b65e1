"""What each button of the administrator sends, and what OneLogin's pages show then."""

import json
import re
from dataclasses import replace

import pytest

from musterbook.simulator import (
    V2_CORE,
    Action,
    ApiStatus,
    FailureReason,
    OneLoginFailureError,
    OneLoginUser,
    ProvisioningState,
    ScimUsername,
    SuspendBy,
    Task,
    Template,
    WhenDeleted,
    WhenSuspended,
    people,
)
from musterbook.simulator.errors import ApiDisabledError, NotAssignedError
from musterbook.simulator.onelogin.settings import AppSettings
from musterbook.simulator.onelogin.user import UserStatus
from musterbook.simulator.pytest_plugin import OneLoginFactory
from tests.simulator.applications import Connect
from tests.simulator.scripted_server import TOKEN, Answer, Request, ScriptedServer, error

LOOK_UP_ADA = "GET /scim/v2/Users?filter=userName+eq+%22ada.merriweather%40example.com%22& HTTP/1.1"
POST = "POST /scim/v2/Users HTTP/1.1"
PUT_1 = "PUT /scim/v2/Users/id-1? HTTP/1.1"


def _body(server: ScriptedServer) -> object:
    return json.loads(server.requests[-1].body)


def test_enable(server: ScriptedServer, onelogin: OneLoginFactory) -> None:
    """Enable looks up a user name that nobody has, another one each time, and an empty list gives Enabled."""
    app = onelogin(server.url, TOKEN)
    assert app.api_status is ApiStatus.DISABLED
    assert [app.enable(), app.enable()] == [ApiStatus.ENABLED, ApiStatus.ENABLED]
    probes = server.lines()
    assert len(set(probes)) == 2
    pattern = r"GET /scim/v2/Users\?filter=userName\+eq\+%22onelogin-[0-9a-f]{32}%22& HTTP/1\.1"
    assert [probe for probe in probes if not re.fullmatch(pattern, probe)] == []
    app.disable()
    assert app.api_status is ApiStatus.DISABLED


def test_enable_takes_404(server: ScriptedServer, onelogin: OneLoginFactory) -> None:
    """404 proves the endpoint as well, so that a wrong base URL shows Enabled and fails at the first person."""
    app = onelogin(server.url + "/wrong", TOKEN)
    assert app.enable() is ApiStatus.ENABLED
    with pytest.raises(OneLoginFailureError) as failed:
        app.assign(people(1)[0])
    assert failed.value.message == (
        "Failed to create user in app. "
        "Specified resource (e.g. User) or endpoint does not exist (HTTP 404): No such user."
    )


def test_wrong_token(server: ScriptedServer, onelogin: OneLoginFactory) -> None:
    """Without strictness a failed Enable is shown and nothing is raised."""
    app = onelogin(server.url, "another-token", strict=False)
    assert app.enable() is ApiStatus.DISABLED
    assert app.api_message == (
        "Failed to enable the API connection. The SCIM Bearer Token was not accepted (HTTP 401): The token is unknown."
    )


def test_provisioning_needs_enabled(server: ScriptedServer, onelogin: OneLoginFactory, ada: OneLoginUser) -> None:
    """While API Status is Disabled nobody is provisioned."""
    app = onelogin(server.url, TOKEN)
    with pytest.raises(ApiDisabledError):
        app.assign(ada)
    assert (server.requests, app.assignments) == ([], ())


def test_refresh_entitlements(server: ScriptedServer, connect: Connect) -> None:
    """Refresh gets the groups, whose names can be chosen then."""
    server.groups = [{"id": "g-1", "displayName": "Deck"}, {"id": "g-2", "displayName": "Engine"}]
    app = connect()
    assert (app.refresh_entitlements(), app.entitlements) == (("Deck", "Engine"), ("Deck", "Engine"))
    assert server.lines() == ["GET /scim/v2/Groups HTTP/1.1"]


def test_refresh_entitlements_without_strictness(server: ScriptedServer, connect: Connect) -> None:
    """Without strictness a failed refresh leaves the groups as they were, and is a failed task."""
    app = connect(strict=False)
    server.bend = lambda _request, _answer: error(500)
    assert app.refresh_entitlements() == ()
    assert (app.tasks[-1].action, app.tasks[-1].state) == (Action.REFRESH_ENTITLEMENTS, ProvisioningState.FAILED)


def test_list_users(server: ScriptedServer, connect: Connect, ada: OneLoginUser, grace: OneLoginUser) -> None:
    """Get Users answers everybody at once."""
    app = connect()
    app.assign(ada)
    app.assign(grace)
    server.requests.clear()
    assert [(user.user_name, user.family_name, user.active) for user in app.list_users()] == [
        ("ada.merriweather@example.com", "Merriweather", True),
        ("grace.holloway@example.com", "Holloway", True),
    ]
    assert server.lines() == ["GET /scim/v2/Users HTTP/1.1"]


def test_assign_creates(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """Somebody who is not found is created from the template; the states are Provisioning, then Provisioned."""
    app = connect(template=V2_CORE)
    states: list[ProvisioningState] = []

    def look(_request: Request, answer: Answer) -> Answer:
        states.append(app.assignment(ada).state)
        return answer

    server.bend = look
    row = app.assign(ada)
    assert states == [ProvisioningState.PROVISIONING, ProvisioningState.PROVISIONING]
    assert (row.state, row.message, row.link.scim_id) == (ProvisioningState.PROVISIONED, "", "id-1")
    assert app.assignments == (row,)
    assert _body(server) == {
        "schemas": ["urn:scim:schemas:core:2.0"],
        "userName": "ada.merriweather@example.com",
        "name": {"givenName": "Ada", "familyName": "Merriweather", "formatted": "Ada Merriweather"},
    }
    assert server.lines() == [LOOK_UP_ADA, POST]


def test_assign_adopts(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """Somebody who is found is put, under the id that was found."""
    connect().assign(ada)
    server.requests.clear()
    row = connect().assign(ada)
    assert server.lines() == [LOOK_UP_ADA, PUT_1]
    assert (row.link.scim_id, server.changes) == ("id-1", 1)


def test_assign_twice(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """Giving access to somebody who has it is one more push, and changes nothing."""
    app = connect()
    app.assign(ada)
    app.assign(ada)
    assert server.lines() == [LOOK_UP_ADA, POST, LOOK_UP_ADA, PUT_1]
    assert server.changes == 1


def test_rename(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """A new name and e-mail address are put; the user name stays, so the look-up finds the user."""
    app = connect(template=V2_CORE)
    app.assign(ada)
    server.requests.clear()
    app.update(replace(ada, lastname="Stone", email="ada.stone@example.com"))
    assert _body(server) == {
        "schemas": ["urn:scim:schemas:core:2.0"],
        "userName": "ada.merriweather@example.com",
        "name": {"givenName": "Ada", "familyName": "Stone", "formatted": "Ada Stone"},
    }
    assert server.lines() == [LOOK_UP_ADA, PUT_1]


def test_new_user_name(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """After a change of the user name nobody is found, and the id stored at the create is put."""
    app = connect()
    app.assign(ada)
    server.requests.clear()
    row = app.update(replace(ada, username="ada.stone@example.com"))
    assert server.lines() == [LOOK_UP_ADA.replace("merriweather", "stone"), PUT_1]
    assert (row.link.scim_id, row.link.user_name) == ("id-1", "ada.stone@example.com")
    assert [user["userName"] for user in server.users.values()] == ["ada.stone@example.com"]


def test_scim_username_from_email(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """With scimusername mapped to Email, the address is looked up."""
    connect(scim_username=ScimUsername.EMAIL).assign(replace(ada, username="ada"))
    assert server.lines() == [LOOK_UP_ADA, POST]


def test_user_name_of_another(server: ScriptedServer, connect: Connect, ada: OneLoginUser, grace: OneLoginUser) -> None:
    """A person with another's user name is not put over that other: the application can refuse, and a retry works."""
    app = connect(strict=False)
    app.assign(ada)
    app.assign(grace)
    server.requests.clear()
    mistaken = app.update(replace(grace, username=ada.username.upper()))
    assert (mistaken.state, mistaken.message) == (
        ProvisioningState.FAILED,
        "Failed to update user in app. The application already has this (HTTP 409): The userName is taken.",
    )
    assert server.lines()[-1] == "PUT /scim/v2/Users/id-2? HTTP/1.1"
    app.unassign(ada)
    assert app.retry(grace).state is ProvisioningState.PROVISIONED
    assert [user["userName"] for user in server.users.values()] == [ada.username.upper()]


def test_user_who_was_removed_in_the_application(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """Somebody whom the application has removed by itself is created again."""
    app = connect()
    app.assign(ada)
    server.users.clear()
    assert app.update(ada).link.scim_id == "id-2"


def test_suspend_and_reactivate(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """Suspending puts the rendered template with ``"active": false``, reactivating with ``"active": true``."""
    app = connect(template=V2_CORE)
    app.assign(ada)
    plain = _body(server)
    assert isinstance(plain, dict)
    server.requests.clear()
    row = app.suspend(ada)
    assert _body(server) == plain | {"active": False}
    assert (row.link.suspended, row.user.status) == (True, UserStatus.SUSPENDED)
    row = app.reactivate(ada)
    assert _body(server) == plain | {"active": True}
    assert (row.link.suspended, row.user.status) == (False, UserStatus.ACTIVE)
    assert server.lines() == [LOOK_UP_ADA, PUT_1, LOOK_UP_ADA, PUT_1]


def test_suspend_by_patch(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """The variant with PATCH replaces ``active`` and nothing else."""
    app = connect(suspend_by=SuspendBy.PATCH)
    app.assign(ada)
    server.requests.clear()
    app.suspend(ada)
    assert server.requests[-1].body == (
        b'{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],'
        b'"Operations":[{"op":"replace","path":"active","value":false}]}'
    )
    active = [server.users["id-1"]["active"]]
    app.reactivate(ada)
    active.append(server.users["id-1"]["active"])
    assert active == [False, True]
    patch = "PATCH /scim/v2/Users/id-1? HTTP/1.1"
    assert server.lines() == [LOOK_UP_ADA, patch, LOOK_UP_ADA, patch]


def test_change_during_suspension(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """A change of a suspended person carries no ``active``, and the person stays suspended, in OneLogin too."""
    app = connect(template=V2_CORE)
    app.assign(ada)
    app.suspend(ada)
    row = app.update(replace(ada, lastname="Stone"))
    assert "active" not in json.loads(server.requests[-1].body)
    assert (row.link.suspended, row.user.status) == (True, UserStatus.SUSPENDED)
    assert server.users["id-1"]["active"] is False


def test_suspended_do_nothing(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """With Do Nothing, neither suspending nor reactivating sends anything."""
    app = connect(when_suspended=WhenSuspended.DO_NOTHING)
    app.assign(ada)
    server.requests.clear()
    assert app.suspend(ada).user.status is UserStatus.SUSPENDED
    assert app.reactivate(ada).user.status is UserStatus.ACTIVE
    assert server.requests == []
    assert [(task.action, task.message) for task in app.tasks[-2:]] == [
        (Action.SUSPEND, "Nothing was sent: the drop-down says Do Nothing."),
        (Action.REACTIVATE, "Nothing was sent: the drop-down says Do Nothing."),
    ]


def test_delete_and_reassign(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """With Delete, the end of access deletes the user; access again makes a new one."""
    app = connect()
    app.assign(ada)
    app.unassign(ada)
    assert (app.assignments, server.users) == ((), {})
    assert app.reassign(ada).link.scim_id == "id-2"
    delete = "DELETE /scim/v2/Users/id-1 HTTP/1.1"
    assert server.lines() == [LOOK_UP_ADA, POST, LOOK_UP_ADA, delete, LOOK_UP_ADA, POST]


def test_leave_with_suspend(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """With Suspend, the end of access suspends the user; access again reactivates the same one."""
    app = connect(when_deleted=WhenDeleted.SUSPEND)
    app.assign(ada)
    app.delete(ada)
    assert (app.assignments, server.users["id-1"]["active"]) == ((), False)
    assert app.reassign(ada).link.scim_id == "id-1"
    assert server.users["id-1"]["active"] is True
    assert server.lines() == [LOOK_UP_ADA, POST, LOOK_UP_ADA, PUT_1, LOOK_UP_ADA, PUT_1]


def test_leave_with_do_nothing(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """With Do Nothing, the end of access sends nothing; access again finds the user and puts it."""
    app = connect(when_deleted=WhenDeleted.DO_NOTHING)
    app.assign(ada)
    app.unassign(ada)
    assert (app.assignments, list(server.users)) == ((), ["id-1"])
    app.reassign(ada)
    assert server.lines() == [LOOK_UP_ADA, POST, LOOK_UP_ADA, PUT_1]


@pytest.mark.parametrize("act", ["update", "suspend", "reactivate", "unassign", "approve", "retry"])
def test_somebody_without_access(connect: Connect, ada: OneLoginUser, act: str) -> None:
    """Nothing can be done with somebody who has no access."""
    app = connect()
    with pytest.raises(NotAssignedError) as refused:
        getattr(app, act)(ada)
    assert str(refused.value) == "User 41000001 has no access to this application."


def test_reapply_mappings(server: ScriptedServer, connect: Connect, ada: OneLoginUser, grace: OneLoginUser) -> None:
    """Reapply Mappings looks everybody up and puts them as they are; nothing changes."""
    app = connect()
    app.assign(ada)
    app.assign(grace)
    app.suspend(grace)
    bodies = [server.requests[1].body, server.requests[3].body]
    server.requests.clear()
    changes = server.changes
    app.reapply_mappings()
    assert [request.body for request in server.requests if request.method == "PUT"] == bodies
    assert [request.method for request in server.requests] == ["GET", "PUT", "GET", "PUT"]
    assert server.changes == changes


def test_new_template(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """A new template goes out with the next push."""
    app = connect()
    app.assign(ada)
    name = '{"givenName": "{$user.firstname}", "familyName": "{$user.lastname}"}'
    custom = Template(f'{{"userName": "{{$parameters.scimusername}}", "name": {name}}}')
    app.change_settings(template=custom)
    assert app.settings == AppSettings(template=custom)
    app.reapply_mappings()
    assert server.requests[-1].body == (
        b'{"userName":"ada.merriweather@example.com","name":{"givenName":"Ada","familyName":"Merriweather"}}'
    )


def test_template_that_fails_for_one(connect: Connect, ada: OneLoginUser, grace: OneLoginUser) -> None:
    """A template that gives JSON for one person and not for another fails for that other, and says so."""
    text = '{"userName": "{$parameters.scimusername}", "name": {"givenName": "{$user.firstname}", "familyName": "x"}'
    app = connect(template=Template(text + ', "phone": {$user.phone}}'))
    assert app.assign(replace(ada, phone="100")).state is ProvisioningState.PROVISIONED
    with pytest.raises(OneLoginFailureError) as failed:
        app.assign(grace)
    assert failed.value.reason is FailureReason.TEMPLATE
    assert failed.value.message.startswith(
        "Failed to create user in app. Template 'custom' gives no JSON for user 41000002: "
    )


def test_observer(connect: Connect, ada: OneLoginUser) -> None:
    """An observer sees each task as it ends, with its requests, when the row is in its new state already."""
    app = connect()
    seen: list[tuple[Task, ProvisioningState]] = []
    app.observe(lambda task: seen.append((task, app.assignment(ada).state)))
    app.assign(ada)
    expected = Task(
        number=2,
        action=Action.CREATE,
        user=ada,
        state=ProvisioningState.PROVISIONED,
        message="",
        exchanges=app.exchanges[1:],
    )
    assert seen == [(expected, ProvisioningState.PROVISIONED)]
    assert app.tasks[-1] == expected
    assert [exchange.method for exchange in expected.exchanges] == ["GET", "POST"]
