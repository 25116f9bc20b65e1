"""What waits for an administrator: approval, and the retry after a failure."""

from dataclasses import replace

import pytest

from musterbook.simulator import (
    Action,
    Approval,
    OneLoginFailureError,
    OneLoginUser,
    ProvisioningState,
    WhenDeleted,
)
from musterbook.simulator.onelogin.users_tab import queued
from tests.simulator.applications import Connect
from tests.simulator.scripted_server import ScriptedServer, error

WAITING = "Waiting for an administrator's approval."


def _methods(server: ScriptedServer) -> list[str]:
    methods = [request.method for request in server.requests]
    server.requests.clear()
    return methods


def test_create_waits(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """With the box Create user, a new person is Pending until Approve is pressed; nothing is sent before."""
    app = connect(require_approval=frozenset({Approval.CREATE_USER}))
    row = app.assign(ada)
    assert (row.state, row.message, server.requests) == (ProvisioningState.PENDING, WAITING, [])
    task = app.tasks[-1]
    assert (task.action, task.state, task.exchanges) == (Action.CREATE, ProvisioningState.PENDING, ())
    row = app.approve(ada)
    assert (row.state, row.message, _methods(server)) == (ProvisioningState.PROVISIONED, "", ["GET", "POST"])
    assert app.update(ada).state is ProvisioningState.PROVISIONED


def test_latest_record_is_approved(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """What changes while a person is Pending goes out with the approval, in one push."""
    app = connect(require_approval=frozenset({Approval.CREATE_USER}))
    app.assign(ada)
    assert app.update(replace(ada, lastname="Stone")).state is ProvisioningState.PENDING
    app.approve(ada)
    assert _methods(server) == ["GET", "POST"]
    assert server.users["id-1"]["name"] == {"familyName": "Stone", "givenName": "Ada", "formatted": "Ada Stone"}


@pytest.mark.parametrize("act", ["update", "suspend", "reactivate"])
def test_update_waits(server: ScriptedServer, connect: Connect, ada: OneLoginUser, act: str) -> None:
    """With the box Update user, a change, a suspension and a reactivation wait."""
    app = connect(require_approval=frozenset({Approval.UPDATE_USER}))
    app.assign(ada)
    assert _methods(server) == ["GET", "POST"]
    assert (getattr(app, act)(ada).state, _methods(server)) == (ProvisioningState.PENDING, [])
    assert (app.approve(ada).state, _methods(server)) == (ProvisioningState.PROVISIONED, ["GET", "PUT"])


def test_delete_waits(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """With the box Delete user, a deletion waits, and the person stays in the list until then."""
    app = connect(require_approval=frozenset({Approval.DELETE_USER}))
    app.assign(ada)
    assert app.unassign(ada).state is ProvisioningState.PENDING
    assert [row.leaving for row in app.assignments] == [True]
    app.reapply_mappings()
    app.update(ada)
    assert _methods(server) == ["GET", "POST"]
    app.approve(ada)
    assert (app.assignments, _methods(server)) == ((), ["GET", "DELETE"])


def test_access_again_before_the_deletion(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """Access that is given again before the deletion was approved leaves nothing to delete."""
    app = connect(require_approval=frozenset({Approval.DELETE_USER}))
    app.assign(ada)
    app.unassign(ada)
    row = app.reassign(ada)
    assert (row.state, row.waiting, row.link.scim_id) == (ProvisioningState.PROVISIONED, (), "id-1")
    assert _methods(server) == ["GET", "POST", "GET", "PUT"]


@pytest.mark.parametrize("when_deleted", [WhenDeleted.DELETE, WhenDeleted.SUSPEND])
def test_never_approved(server: ScriptedServer, connect: Connect, ada: OneLoginUser, when_deleted: WhenDeleted) -> None:
    """Somebody who leaves before the approval was never there: one look-up, nothing to suspend or delete."""
    app = connect(require_approval=frozenset({Approval.CREATE_USER}), when_deleted=when_deleted)
    app.assign(ada)
    assert app.unassign(ada).state is ProvisioningState.PROVISIONED
    assert (app.assignments, _methods(server), server.changes) == ((), ["GET"], 0)


def test_unticked_box(server: ScriptedServer, connect: Connect, ada: OneLoginUser, grace: OneLoginUser) -> None:
    """Who is Pending waits on when the box is unticked; others go through."""
    app = connect(require_approval=frozenset({Approval.CREATE_USER}))
    app.assign(ada)
    app.change_settings(require_approval=frozenset())
    assert app.assign(grace).state is ProvisioningState.PROVISIONED
    assert app.suspend(ada).state is ProvisioningState.PENDING
    assert _methods(server) == ["GET", "POST"]
    row = app.approve(ada)
    assert (row.link.suspended, _methods(server)) == (True, ["GET", "POST", "GET", "PUT"])


def test_retry(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """A failed person is Failed with the message until Retry is pressed; Approve and a needless Retry do nothing."""
    app = connect()
    server.refuse = {"POST": error(503, "Busy.")}
    with pytest.raises(OneLoginFailureError):
        app.assign(ada)
    row = app.assignment(ada)
    assert (row.state, row.message, row.waiting) == (
        ProvisioningState.FAILED,
        "Failed to create user in app. The application failed (HTTP 503): Busy.",
        (Action.CREATE,),
    )
    assert app.approve(ada) == row
    server.refuse = {}
    server.requests.clear()
    row = app.retry(ada)
    assert (row.state, row.message, row.waiting) == (ProvisioningState.PROVISIONED, "", ())
    assert app.retry(ada) == row
    assert _methods(server) == ["GET", "POST"]


def test_retry_fails_again(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """A retry that fails leaves the person Failed."""
    app = connect(strict=False)
    server.refuse = {"POST": error(503)}
    assert [app.assign(ada).state, app.retry(ada).state] == [ProvisioningState.FAILED, ProvisioningState.FAILED]
    assert _methods(server) == ["GET", "POST", "GET", "POST"]


def test_retry_after_a_lost_answer(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """Where a create was carried out and its answer was lost, the retry finds the user and puts it."""
    app = connect(strict=False)
    server.bend = lambda request, answer: replace(answer, hang_up=request.method == "POST")
    assert app.assign(ada).state is ProvisioningState.FAILED
    assert app.retry(ada).link.scim_id == "id-1"
    assert (_methods(server), len(server.users)) == (["GET", "POST", "GET", "PUT"], 1)


def test_failed_deletion(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """A person whose deletion failed stays in the list until a retry works."""
    app = connect(strict=False)
    app.assign(ada)
    server.refuse = {"DELETE": error(500)}
    assert app.unassign(ada).state is ProvisioningState.FAILED
    assert [row.user for row in app.assignments] == [ada]
    server.refuse = {}
    app.retry(ada)
    assert app.assignments == ()


def test_do_nothing_forgets_what_waits(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """With Do Nothing, the end of access ends the waiting, too."""
    app = connect(require_approval=frozenset({Approval.CREATE_USER}), when_deleted=WhenDeleted.DO_NOTHING)
    app.assign(ada)
    app.unassign(ada)
    assert (app.assignments, server.requests) == ((), [])


@pytest.mark.parametrize(
    "waiting, action, then",
    [
        ((), Action.CREATE, (Action.CREATE,)),
        ((Action.CREATE,), Action.UPDATE, (Action.CREATE,)),
        ((Action.UPDATE,), Action.UPDATE, (Action.UPDATE,)),
        ((Action.SUSPEND,), Action.UPDATE, (Action.SUSPEND, Action.UPDATE)),
        ((Action.CREATE,), Action.SUSPEND, (Action.CREATE, Action.SUSPEND)),
        ((Action.SUSPEND, Action.UPDATE), Action.REACTIVATE, (Action.UPDATE, Action.REACTIVATE)),
        ((), Action.DELETE, (Action.DELETE,)),
    ],
)
def test_what_waits(waiting: tuple[Action, ...], action: Action, then: tuple[Action, ...]) -> None:
    """One push is enough, and a later switch replaces an earlier one; the order stays."""
    assert queued(waiting, action) == then
