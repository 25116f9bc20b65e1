"""The answers to a look-up and a create with which OneLogin fails, one rule at a time.

The server behaves well otherwise.
Where a test has a good way as well, it is tried first, so that the test cannot fail for another reason.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from musterbook.simulator import (
    FailureReason,
    OneLoginUser,
    ProvisioningState,
)
from tests.simulator.applications import Connect
from tests.simulator.bends import drop, failure_of, found, on, setting, status_only
from tests.simulator.scripted_server import (
    Answer,
    ScriptedServer,
    without,
)

ANSWERS_TO_A_CREATE = [
    (
        status_only(401),
        FailureReason.UNAUTHORIZED,
        "The SCIM Bearer Token was not accepted (HTTP 401): no",
    ),
    (status_only(403), FailureReason.UNAUTHORIZED, "The SCIM Bearer Token does not allow this (HTTP 403): no"),
    (
        status_only(404),
        FailureReason.NOT_FOUND,
        "Specified resource (e.g. User) or endpoint does not exist (HTTP 404): no",
    ),
    (
        status_only(409, "Taken."),
        FailureReason.CONFLICT,
        "The application already has this (HTTP 409): Taken.",
    ),
    (status_only(400), FailureReason.REFUSED, "The application refused the request (HTTP 400): no"),
    (status_only(429), FailureReason.REFUSED, "The application refused the request (HTTP 429): no"),
    (status_only(500), FailureReason.SERVER_ERROR, "The application failed (HTTP 500): no"),
    (
        lambda _answer: Answer(status=503, raw=b"<html>busy</html>", content_type="text/html"),
        FailureReason.SERVER_ERROR,
        "The application failed (HTTP 503)",
    ),
    (
        lambda _answer: Answer(status=302, headers=(("Location", "/elsewhere"),)),
        FailureReason.UNEXPECTED_STATUS,
        "The application answered with a status that this request does not have (HTTP 302)",
    ),
    (
        lambda answer: replace(answer, status=200),
        FailureReason.UNEXPECTED_STATUS,
        "The application answered with a status that this request does not have (HTTP 200)",
    ),
    (
        lambda _answer: Answer(status=204),
        FailureReason.UNEXPECTED_STATUS,
        "The application answered with a status that this request does not have (HTTP 204)",
    ),
    (
        lambda answer: replace(answer, content_type="application/scim+json"),
        FailureReason.CONTENT_TYPE,
        "The Content-Type must be application/json, not 'application/scim+json'.",
    ),
    (
        lambda answer: replace(answer, content_type=None),
        FailureReason.CONTENT_TYPE,
        "The Content-Type must be application/json, not none.",
    ),
    (lambda answer: replace(answer, raw=b"<html>"), FailureReason.NOT_JSON, "The answer is not JSON."),
    (lambda answer: replace(answer, raw=b'{"id":"\xff"}'), FailureReason.NOT_JSON, "The answer is not JSON."),
    (lambda answer: replace(answer, raw=b'{"id":NaN}'), FailureReason.NOT_JSON, "The answer is not JSON."),
    (lambda answer: replace(answer, raw=b"[" * 100_000), FailureReason.NOT_JSON, "The answer is not JSON."),
    (lambda answer: replace(answer, raw=b""), FailureReason.CONTENT_TYPE, "The Content-Type must be application/json"),
    (lambda answer: replace(answer, raw=b"[]"), FailureReason.NOT_JSON, "The answer is not a JSON object."),
    (drop("id"), FailureReason.NO_ID, "The resource in the answer has no id."),
    (setting(id=""), FailureReason.NO_ID, "The resource in the answer has no id."),
    (setting(id=7), FailureReason.ID_NOT_A_STRING, "The id of the resource in the answer is not a string."),
    (drop("userName"), FailureReason.NO_USER_NAME, "The user in the answer has no userName."),
    (drop("name"), FailureReason.NO_NAME, "The user in the answer has no name with givenName and familyName."),
    (
        drop("name", "givenName"),
        FailureReason.NO_NAME,
        "The user in the answer has no name with givenName and familyName.",
    ),
    (
        drop("name", "familyName"),
        FailureReason.NO_NAME,
        "The user in the answer has no name with givenName and familyName.",
    ),
    (
        setting(name="Ada Merriweather"),
        FailureReason.NO_NAME,
        "The user in the answer has no name with givenName and familyName.",
    ),
]


@pytest.mark.parametrize("bend, reason, message", ANSWERS_TO_A_CREATE)
def test_answer_to_a_create(
    server: ScriptedServer,
    connect: Connect,
    ada: OneLoginUser,
    grace: OneLoginUser,
    bend: Callable[[Answer], Answer],
    reason: FailureReason,
    message: str,
) -> None:
    """The answer to a POST must be 201 and JSON of type application/json, with id, userName and both names."""
    app = connect()
    assert app.assign(grace).state is ProvisioningState.PROVISIONED
    server.bend = on("POST", bend)
    found_reason, found_message = failure_of(app, ada, lambda: app.assign(ada))
    assert found_reason is reason
    assert found_message.startswith("Failed to create user in app. " + message)


def test_no_location_is_needed_in_the_answer_to_a_create(
    server: ScriptedServer, connect: Connect, ada: OneLoginUser
) -> None:
    """``meta.location`` is looked for in what is read, not in the answer to a change."""
    server.bend = on("POST", drop("meta"))
    assert connect().assign(ada).state is ProvisioningState.PROVISIONED


def test_content_type_may_be_left_unchecked(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """The check of the Content-Type can be switched off, because products with another one are connected."""
    server.bend = lambda _request, answer: replace(answer, content_type="application/scim+json")
    assert connect(require_json_content_type=False).assign(ada).state is ProvisioningState.PROVISIONED


def test_content_type_may_have_a_charset(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """A charset behind the type, and another case, make no difference."""
    server.bend = lambda _request, answer: replace(answer, content_type="Application/JSON; charset=utf-8")
    assert connect().assign(ada).state is ProvisioningState.PROVISIONED


ANSWERS_TO_A_LOOK_UP = [
    (setting(totalResults=2), FailureReason.TOTAL_RESULTS, "totalResults is 2, but there are 1 Resources."),
    (setting(totalResults="1"), FailureReason.TOTAL_RESULTS, 'totalResults is "1", but there are 1 Resources.'),
    (setting(totalResults=True), FailureReason.TOTAL_RESULTS, "totalResults is true, but there are 1 Resources."),
    (drop("totalResults"), FailureReason.TOTAL_RESULTS, "totalResults is null, but there are 1 Resources."),
    (setting(totalResults=0, Resources=None), FailureReason.NOT_A_LIST, "The answer has no array of Resources."),
    (setting(Resources=["id-1"]), FailureReason.NOT_A_LIST, "The answer has no array of Resources."),
    (
        found(lambda user: [user | {"userName": "grace.holloway@example.com"}]),
        FailureReason.SOMEBODY_ELSE,
        ("Asked for userName 'ada.merriweather@example.com', the application answered 'grace.holloway@example.com'."),
    ),
    (
        found(lambda user: [user, user | {"id": "id-2"}]),
        FailureReason.NOT_UNIQUE,
        "Asked for userName 'ada.merriweather@example.com', the application answered 2 users.",
    ),
    (
        found(lambda user: [without(user, "meta", "location")]),
        FailureReason.NO_LOCATION,
        "The user in the answer has no meta.location.",
    ),
    (
        found(lambda user: [without(user, "meta")]),
        FailureReason.NO_LOCATION,
        "The user in the answer has no meta.location.",
    ),
    (
        found(lambda user: [without(user, "name")]),
        FailureReason.NO_NAME,
        "The user in the answer has no name with givenName and familyName.",
    ),
    (status_only(401), FailureReason.UNAUTHORIZED, "The SCIM Bearer Token was not accepted (HTTP 401): no"),
    (status_only(400), FailureReason.REFUSED, "The application refused the request (HTTP 400): no"),
    (
        lambda answer: replace(answer, status=201),
        FailureReason.UNEXPECTED_STATUS,
        "The application answered with a status that this request does not have (HTTP 201)",
    ),
    (lambda answer: replace(answer, raw=b"ok"), FailureReason.NOT_JSON, "The answer is not JSON."),
]


@pytest.mark.parametrize("bend, reason, message", ANSWERS_TO_A_LOOK_UP)
def test_answer_to_a_look_up(
    server: ScriptedServer,
    connect: Connect,
    ada: OneLoginUser,
    bend: Callable[[Answer], Answer],
    reason: FailureReason,
    message: str,
) -> None:
    """The answer to a look-up must be a list of right length with the one user who was asked for, or nobody."""
    app = connect()
    app.assign(ada)
    assert app.update(ada).state is ProvisioningState.PROVISIONED
    server.bend = on("GET", bend)
    assert failure_of(app, ada, lambda: app.update(ada)) == (reason, f"Failed to update user in app. {message}")


def test_user_name_is_compared_without_case(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """A user name in other letters than asked for is the same user name."""
    app = connect()
    app.assign(ada)
    server.bend = on("GET", found(lambda user: [user | {"userName": "ADA.Merriweather@Example.com"}]))
    assert app.update(ada).state is ProvisioningState.PROVISIONED
