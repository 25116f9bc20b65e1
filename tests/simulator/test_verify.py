"""The extra checks of ``verify``, which read every change back as OneLogin itself does not."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from musterbook.simulator import (
    V2_CORE,
    FailureReason,
    OneLoginUser,
    ProvisioningState,
    SuspendBy,
    Template,
)
from tests.simulator.applications import Connect
from tests.simulator.bends import failure_of
from tests.simulator.scripted_server import Answer, Document, Request, ScriptedServer, changed, error, listed

GET_1 = "GET /scim/v2/Users/id-1 HTTP/1.1"


def _read(change: Callable[[Answer], Answer]) -> Callable[[Request, Answer], Answer]:
    """Bend what is read back by id."""

    def bend(request: Request, answer: Answer) -> Answer:
        return change(answer) if request.method == "GET" and "/Users/" in request.target else answer

    return bend


def _member(name: str, value: object) -> Callable[[Answer], Answer]:
    return lambda answer: changed(answer, **{name: value})


def test_what_is_read_back(server: ScriptedServer, connect: Connect, grace: OneLoginUser) -> None:
    """Each change is read back by id; a suspension and a deletion by name as well. A trimmed name is the same name."""
    app = connect(verify=True)
    app.assign(grace)
    app.update(grace)
    app.suspend(grace)
    app.reactivate(grace)
    app.unassign(grace)
    look_up = "GET /scim/v2/Users?filter=userName+eq+%22grace.holloway%40example.com%22& HTTP/1.1"
    put = "PUT /scim/v2/Users/id-1? HTTP/1.1"
    assert server.lines() == [
        *(look_up, "POST /scim/v2/Users HTTP/1.1", GET_1),
        *(look_up, put, GET_1),
        *(look_up, put, GET_1, look_up),
        *(look_up, put, GET_1),
        *(look_up, "DELETE /scim/v2/Users/id-1 HTTP/1.1", look_up, GET_1),
    ]


def test_suspension_by_patch_is_read_back(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """A suspension by PATCH sends no names, so none are compared; a suspended user may be changed."""
    app = connect(verify=True, suspend_by=SuspendBy.PATCH)
    app.assign(ada)
    server.bend = _read(_member("name", {"givenName": "Other", "familyName": "Name"}))
    assert app.suspend(ada).state is ProvisioningState.PROVISIONED
    server.bend = lambda _request, answer: answer
    assert app.update(ada).link.suspended


@pytest.mark.parametrize("name", ["", ', "name": {}'])
def test_template_without_names(server: ScriptedServer, connect: Connect, ada: OneLoginUser, name: str) -> None:
    """Only what the template sends is compared."""
    server.bend = lambda request, answer: (
        answer if "filter" in request.target else changed(answer, name={"givenName": "A", "familyName": "B"})
    )
    text = '{"userName": "{$parameters.scimusername}"' + name + "}"
    assert connect(verify=True, template=Template(text)).assign(ada).state is ProvisioningState.PROVISIONED


@pytest.mark.parametrize(
    "bend, message",
    [
        (_member("userName", "grace@example.com"), "userName is 'grace@example.com'."),
        (_member("name", {"givenName": "Adah", "familyName": "Merriweather"}), "name.givenName is 'Adah'."),
        (_member("name", {"givenName": "Ada", "familyName": "M"}), "name.familyName is 'M'."),
        (lambda _answer: error(404), "the user 'ada.merriweather@example.com' does not exist."),
    ],
)
def test_change_that_was_not_kept(
    server: ScriptedServer, connect: Connect, ada: OneLoginUser, bend: Callable[[Answer], Answer], message: str
) -> None:
    """A change that was answered with success must read back."""
    app = connect(verify=True)
    app.assign(ada)
    server.bend = _read(bend)
    assert failure_of(app, ada, lambda: app.update(ada)) == (
        FailureReason.CHANGE_NOT_KEPT,
        f"Failed to update user in app. The change was answered with success, but {message}",
    )


def test_suspension_that_was_not_kept(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """A suspended user must read back as not active, and a missing ``active`` does not say so."""
    app = connect(verify=True)
    app.assign(ada)
    for active in (True, None, "false"):
        server.bend = _read(_member("active", active))
        reason, message = failure_of(app, ada, lambda: app.suspend(ada))
        assert reason is FailureReason.CHANGE_NOT_KEPT
        assert message.endswith("the user 'ada.merriweather@example.com' is not suspended.")


def test_update_that_reactivates(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """A change of a suspended user that carries no ``active`` must not reactivate them."""
    app = connect(verify=True, template=V2_CORE)
    app.assign(ada)
    app.suspend(ada)
    server.bend = _read(_member("active", True))
    assert failure_of(app, ada, lambda: app.update(ada))[0] is FailureReason.CHANGE_NOT_KEPT


def test_reactivation_that_was_not_kept(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """A reactivated user must read back as active."""
    app = connect(verify=True)
    app.assign(ada)
    app.suspend(ada)
    server.bend = _read(_member("active", False))
    reason, message = failure_of(app, ada, lambda: app.reactivate(ada))
    assert reason is FailureReason.CHANGE_NOT_KEPT
    assert message.endswith("the user 'ada.merriweather@example.com' is not active again.")


def test_suspended_user_who_vanishes_at_once(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """A suspended user must be found by name, which shows without waiting for the next action."""
    app = connect(verify=True)
    app.assign(ada)

    def hide(request: Request, answer: Answer) -> Answer:
        is_suspended = server.users["id-1"]["active"] is False
        return listed([]) if is_suspended and "filter" in request.target else answer

    server.bend = hide
    assert failure_of(app, ada, lambda: app.suspend(ada))[0] is FailureReason.SUSPENDED_VANISHED


@pytest.mark.parametrize("place", ["/Users/", "filter"])
def test_deleted_user_who_stays(server: ScriptedServer, connect: Connect, ada: OneLoginUser, place: str) -> None:
    """A deleted user must be gone by id and by name."""
    app = connect(verify=True)
    app.assign(ada)
    [user] = server.users.values()

    def keep(request: Request, answer: Answer) -> Answer:
        if server.users or place not in request.target:
            return answer
        return listed([user]) if place == "filter" else replace(answer, status=200, document=user)

    server.bend = keep
    reason, message = failure_of(app, ada, lambda: app.unassign(ada))
    assert reason is FailureReason.DELETED_STILL_VISIBLE
    assert message.endswith("The deleted user 'ada.merriweather@example.com' is still found.")


def test_nothing_to_delete(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """Somebody who was never created is not read back when access ends."""
    app = connect(verify=True, strict=False)
    server.refuse = {"POST": error(400)}
    app.assign(ada)
    server.requests.clear()
    app.unassign(ada)
    assert ([request.method for request in server.requests], app.assignments) == (["GET"], ())


def test_location_is_needed_in_what_is_read(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """A user that is read by id must have ``meta.location``."""
    app = connect(verify=True)
    app.assign(ada)
    meta: Document = {"resourceType": "User"}
    server.bend = _read(_member("meta", meta))
    assert failure_of(app, ada, lambda: app.update(ada))[0] is FailureReason.NO_LOCATION
