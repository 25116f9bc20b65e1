"""The other answers with which OneLogin fails, one rule at a time, against a server that behaves well otherwise.

Where a test has a good way as well, it is tried first, so that the test cannot fail for another reason.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from musterbook.simulator import (
    ApiStatus,
    FailureReason,
    OneLoginFailureError,
    OneLoginUser,
    ProvisioningState,
    SuspendBy,
)
from musterbook.simulator.pytest_plugin import OneLoginFactory
from tests.simulator.applications import Connect
from tests.simulator.bends import drop, failure_of, on, setting, somebody, status_only
from tests.simulator.scripted_server import (
    TOKEN,
    Answer,
    Document,
    Request,
    ScriptedServer,
    listed,
)


@pytest.mark.parametrize("status", [200, 201])
def test_status_of_an_update(server: ScriptedServer, connect: Connect, ada: OneLoginUser, status: int) -> None:
    """A PUT may be answered with 200, and with 201 as by one of OneLogin's samples."""
    app = connect()
    app.assign(ada)
    server.bend = on("PUT", lambda answer: replace(answer, status=status))
    assert app.update(ada).state is ProvisioningState.PROVISIONED


@pytest.mark.parametrize(
    "bend, reason",
    [
        (lambda _answer: Answer(status=204), FailureReason.UNEXPECTED_STATUS),
        (status_only(404), FailureReason.NOT_FOUND),
        (status_only(412), FailureReason.REFUSED),
        (drop("name"), FailureReason.NO_NAME),
        (drop("id"), FailureReason.NO_ID),
        (setting(id="id-2"), FailureReason.SOMEBODY_ELSE),
    ],
)
def test_answer_to_an_update(
    server: ScriptedServer,
    connect: Connect,
    ada: OneLoginUser,
    bend: Callable[[Answer], Answer],
    reason: FailureReason,
) -> None:
    """The answer to a PUT must carry the user that was put."""
    app = connect()
    app.assign(ada)
    server.bend = on("PUT", bend)
    assert failure_of(app, ada, lambda: app.update(ada))[0] is reason


@pytest.mark.parametrize("status", [200, 204])
def test_status_of_a_delete(server: ScriptedServer, connect: Connect, ada: OneLoginUser, status: int) -> None:
    """A DELETE may be answered with 204, and with 200 as by OneLogin's samples, without a body."""
    app = connect()
    app.assign(ada)
    server.bend = on("DELETE", lambda answer: replace(answer, status=status))
    assert (app.unassign(ada).state, app.assignments) == (ProvisioningState.PROVISIONED, ())


@pytest.mark.parametrize(
    "status, reason",
    [(202, FailureReason.UNEXPECTED_STATUS), (404, FailureReason.NOT_FOUND), (409, FailureReason.CONFLICT)],
)
def test_answer_to_a_delete(
    server: ScriptedServer, connect: Connect, ada: OneLoginUser, status: int, reason: FailureReason
) -> None:
    """A DELETE with another answer failed, and the person stays in the list."""
    app = connect()
    app.assign(ada)
    server.bend = on("DELETE", status_only(status))
    assert failure_of(app, ada, lambda: app.unassign(ada))[0] is reason


@pytest.mark.parametrize(
    "bend, reason",
    [
        (lambda answer: replace(answer, status=202), FailureReason.UNEXPECTED_STATUS),
        (status_only(501), FailureReason.SERVER_ERROR),
        (setting(id="id-2"), FailureReason.SOMEBODY_ELSE),
        (drop("name"), FailureReason.NO_NAME),
    ],
)
def test_answer_to_a_patch(
    server: ScriptedServer,
    connect: Connect,
    ada: OneLoginUser,
    bend: Callable[[Answer], Answer],
    reason: FailureReason,
) -> None:
    """Where PATCH suspends, its answer must be 200 with the user, or 204."""
    app = connect(suspend_by=SuspendBy.PATCH)
    app.assign(ada)
    server.bend = on("PATCH", bend)
    assert failure_of(app, ada, lambda: app.suspend(ada))[0] is reason
    server.bend = on("PATCH", lambda _answer: Answer(status=204))
    assert app.retry(ada).state is ProvisioningState.PROVISIONED


def test_suspended_user_who_vanished(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """A suspended user must still be found: hidden, OneLogin would create the person a second time."""
    app = connect()
    app.assign(ada)
    app.suspend(ada)
    server.bend = on("GET", lambda _answer: listed([]))
    assert failure_of(app, ada, lambda: app.reactivate(ada)) == (
        FailureReason.SUSPENDED_VANISHED,
        ("Failed to reactivate user in app. The suspended user 'ada.merriweather@example.com' is not found any more."),
    )
    assert [request.method for request in server.requests] == ["GET", "POST", "GET", "PUT", "GET"]


@pytest.mark.parametrize("action", ["suspend", "unassign"])
def test_provisioned_user_who_vanished(
    server: ScriptedServer, connect: Connect, ada: OneLoginUser, action: str
) -> None:
    """Nobody can be suspended or deleted who is not found any more."""
    app = connect()
    app.assign(ada)
    server.users.clear()
    reason, message = failure_of(app, ada, lambda: getattr(app, action)(ada))
    assert reason is FailureReason.VANISHED
    assert message.endswith("The user 'ada.merriweather@example.com' is not found any more.")


def test_deleted_user_who_is_still_visible(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """A deleted user must be gone: found again, OneLogin would put into a user who does not exist."""
    app = connect()
    app.assign(ada)
    [user] = server.users.values()
    app.unassign(ada)
    server.bend = on("GET", lambda _answer: listed([user]))
    assert failure_of(app, ada, lambda: app.reassign(ada)) == (
        FailureReason.DELETED_STILL_VISIBLE,
        "Failed to create user in app. The deleted user 'ada.merriweather@example.com' is still found.",
    )


@pytest.mark.parametrize(
    "bend, reason, message",
    [
        (
            status_only(401),
            FailureReason.UNAUTHORIZED,
            "The SCIM Bearer Token was not accepted",
        ),
        (status_only(500), FailureReason.SERVER_ERROR, "The application failed"),
        (lambda answer: replace(answer, raw=b"<html>"), FailureReason.NOT_JSON, "The answer is not JSON."),
        (
            lambda answer: replace(answer, content_type="text/html"),
            FailureReason.CONTENT_TYPE,
            "The Content-Type must be application/json, not 'text/html'.",
        ),
        (drop("Resources"), FailureReason.NOT_A_LIST, "The answer has no array of Resources."),
        (
            lambda _answer: listed([somebody("x")]),
            FailureReason.SOMEBODY_ELSE,
            "Asked for userName 'onelogin-",
        ),
    ],
)
def test_enable_fails(
    server: ScriptedServer,
    onelogin: OneLoginFactory,
    bend: Callable[[Answer], Answer],
    reason: FailureReason,
    message: str,
) -> None:
    """Enable fails visibly with any answer but an empty list or 404; a filter that is ignored is seen, too."""
    app = onelogin(server.url, TOKEN)
    server.bend = on("GET", bend)
    with pytest.raises(OneLoginFailureError) as failed:
        app.enable()
    assert failed.value.reason is reason
    assert failed.value.message.startswith(f"Failed to enable the API connection. {message}")
    assert (app.api_status, app.api_message) == (ApiStatus.DISABLED, failed.value.message)
    server.bend = lambda _request, answer: answer
    assert (app.enable(), app.api_message) == (ApiStatus.ENABLED, "")


def test_enable_finds_the_made_up_user(server: ScriptedServer, onelogin: OneLoginFactory) -> None:
    """An application that answers any name with a user of that name is not one to provision into."""

    def echo(request: Request, _answer: Answer) -> Answer:
        return listed([somebody(request.target.split("%22")[1])])

    server.bend = echo
    with pytest.raises(OneLoginFailureError) as failed:
        onelogin(server.url, TOKEN).enable()
    assert failed.value.reason is FailureReason.SOMEBODY_ELSE


@pytest.mark.parametrize(
    "groups, reason",
    [
        ([{"displayName": "Deck"}], FailureReason.NO_ID),
        ([{"id": 1, "displayName": "Deck"}], FailureReason.ID_NOT_A_STRING),
        ([{"id": "g-1"}], FailureReason.NO_DISPLAY_NAME),
        ([{"id": "g-1", "displayName": ""}], FailureReason.NO_DISPLAY_NAME),
    ],
)
def test_groups_that_cannot_be_chosen(
    server: ScriptedServer, connect: Connect, groups: list[Document], reason: FailureReason
) -> None:
    """A group needs an id and a name; after a failure the groups of before are still there."""
    app = connect()
    server.groups = [{"id": "g-1", "displayName": "Engine"}]
    assert app.refresh_entitlements() == ("Engine",)
    server.groups = groups
    with pytest.raises(OneLoginFailureError) as failed:
        app.refresh_entitlements()
    assert (failed.value.reason, app.entitlements) == (reason, ("Engine",))


def test_groups_endpoint_that_is_missing(server: ScriptedServer, connect: Connect) -> None:
    """A refresh needs the endpoint: 404 is a failure here, though a look-up takes it for an empty list."""
    app = connect()
    server.bend = on("GET", status_only(404))
    with pytest.raises(OneLoginFailureError) as failed:
        app.refresh_entitlements()
    assert failed.value.message == (
        "Failed to refresh entitlements. Specified resource (e.g. User) or endpoint does not exist (HTTP 404): no"
    )


@pytest.mark.parametrize(
    "document, shown",
    [
        ({"Errors": {"description": "Old words.", "code": 400}}, ": Old words."),
        ({"Errors": [{"description": "Old words in a list.", "code": "400"}]}, ": Old words in a list."),
        ({"Errors": []}, ""),
        ({"detail": "Two\nlines\x1b[2J"}, ": Two lines [2J"),
        ({"detail": 7}, ""),
        (["detail"], ""),
        ({"detail": "x" * 1000}, ": " + "x" * 300),
    ],
)
def test_words_of_the_application(
    server: ScriptedServer, connect: Connect, ada: OneLoginUser, document: object, shown: str
) -> None:
    """The application's own words are shown, in the shapes of SCIM 1.1 and 2.0, as one line of bounded length."""
    app = connect()
    server.bend = on("POST", lambda _answer: Answer(status=400, document=document))
    assert failure_of(app, ada, lambda: app.assign(ada))[1] == (
        f"Failed to create user in app. The application refused the request (HTTP 400){shown}"
    )
