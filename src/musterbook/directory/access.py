"""*The one access decision.* Decides whether an actor may perform an operation.

Knows actors and operations; knows no storage. Every operation passes here, whoever asks and by whichever way. Which
tenant is meant is no question: an actor carries its tenant and cannot name another.
"""

from collections.abc import Sequence
from typing import TypeAlias

from musterbook.directory.actor import Actor, ActorKind
from musterbook.directory.break_glass import break_glass_type
from musterbook.directory.operation import AnyOperation, CreateTogether, DirectoryOperation
from musterbook.scim.errors import ForbiddenError
from musterbook.scim.operation import (
    CreateResource,
    DeleteResource,
    GetResource,
    PatchResource,
    ReplaceResource,
    SearchResources,
    SearchRoot,
)
from musterbook.scim.operation import Operation as ScimOperation

_OfOneType: TypeAlias = (
    CreateResource | GetResource | SearchResources | ReplaceResource | PatchResource | DeleteResource
)


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
    if any(each.resource_type is break_glass_type() for each in _parts(operation)):
        raise ForbiddenError("Break-glass accounts cannot be reached by SCIM.")


def _parts(operation: ScimOperation | CreateTogether) -> Sequence[_OfOneType]:
    """Return the operations of one type that ``operation`` consists of."""
    match operation:
        case CreateTogether(creates):
            return creates
        case SearchRoot(searches):
            return searches
        case _:
            return (operation,)
