"""*The one access decision.* Decides whether an actor may perform an operation.

Knows actors and operations; knows no storage. Every operation passes here, whoever asks and by whichever way. Which
tenant is meant is no question: an actor carries its tenant and cannot name another.
"""

from typing import get_args

from musterbook.directory.actor import Actor, ActorKind
from musterbook.directory.operation import AnyOperation
from musterbook.scim.errors import ForbiddenError
from musterbook.scim.operation import Operation as ScimOperation

_SCIM_OPERATIONS: frozenset[type] = frozenset(get_args(ScimOperation))


def authorize(actor: Actor, operation: AnyOperation) -> None:
    """Return if ``actor`` may perform ``operation``.

    A SCIM client may do what SCIM has an operation for; roles, restoring and the history are for people.

    Raises:
        ForbiddenError: the actor may not.
    """
    if actor.kind is ActorKind.SCIM and type(operation) not in _SCIM_OPERATIONS:
        message = "A SCIM client may not do this."
        raise ForbiddenError(message)
