"""Ways to bend one answer of the scripted server, and to look at the failure that follows."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from musterbook.simulator import (
    FailureReason,
    OneLoginApp,
    OneLoginFailureError,
    OneLoginUser,
    ProvisioningState,
)
from tests.simulator.scripted_server import (
    Answer,
    Document,
    Request,
    changed,
    error,
    listed,
    without,
)

Bend = Callable[[Request, Answer], Answer]


def on(method: str, bend: Callable[[Answer], Answer]) -> Bend:
    """Bend the answers to one method."""
    return lambda request, answer: bend(answer) if request.method == method else answer


def drop(*path: str) -> Callable[[Answer], Answer]:
    """Take a member out of the document."""
    return lambda answer: replace(answer, document=without(answer.document, *path))


def setting(**members: object) -> Callable[[Answer], Answer]:
    """Put members into the document."""
    return lambda answer: changed(answer, **members)


def found(change: Callable[[Document], list[Document]]) -> Callable[[Answer], Answer]:
    """Bend the resources of a list that has one."""

    def bend(answer: Answer) -> Answer:
        assert isinstance(answer.document, dict)
        return listed(change(answer.document["Resources"][0]))

    return bend


def status_only(status: int, detail: str = "no") -> Callable[[Answer], Answer]:
    """Answer with an error instead."""
    return lambda _answer: error(status, detail)


def somebody(user_name: str) -> Document:
    """Return a user whom nobody has created."""
    names = {"givenName": "", "familyName": ""}
    return {"id": "1", "userName": user_name, "name": names, "meta": {"location": "/"}}


def failure_of(app: OneLoginApp, user: OneLoginUser, act: Callable[[], object]) -> tuple[FailureReason, str]:
    """Return how an action failed, having checked that the administrator sees the same."""
    with pytest.raises(OneLoginFailureError) as failed:
        act()
    row = app.assignment(user)
    assert (row.state, row.message) == (ProvisioningState.FAILED, failed.value.message)
    return failed.value.reason, failed.value.message
