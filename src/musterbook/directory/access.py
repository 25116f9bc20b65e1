"""*The one access decision.* Decides whether an actor may perform an operation.

Knows actors and operations; knows no storage. Every operation passes here, whoever asks and by whichever way. Which
tenant is meant is no question: an actor carries its tenant and cannot name another.
"""

from musterbook.directory.actor import Actor, ActorKind
from musterbook.directory.break_glass import break_glass_type
from musterbook.directory.operation import AnyOperation, CreateTogether, DirectoryOperation
from musterbook.scim.errors import ForbiddenError


def authorize(actor: Actor, operation: AnyOperation) -> None:
    """Return if ``actor`` may perform ``operation``.

    A SCIM client may do what SCIM has an operation for; roles, restoring and the history are for people. What must work
    when the identity provider does not is out of the identity provider's reach.

    Raises:
        ForbiddenError: the actor may not.
    """
    if actor.kind is not ActorKind.SCIM:
        return
    if isinstance(operation, DirectoryOperation):
        raise ForbiddenError("A SCIM client may not do this.")
    creates = operation.creates if isinstance(operation, CreateTogether) else (operation,)
    if any(each.resource_type is break_glass_type() for each in creates):
        raise ForbiddenError("Break-glass accounts cannot be reached by SCIM.")
