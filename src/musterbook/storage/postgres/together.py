"""*Several new resources as one.* Decides how resources that refer to each other are stored together.

Knows how each of them is written; knows no pool.
"""

from collections.abc import Sequence

from musterbook.directory.store import Change, CreationRefusedError, MembersChange, StoreError
from musterbook.storage.postgres.connection import Connection
from musterbook.storage.postgres.members import change_under_lock
from musterbook.storage.postgres.transaction import transaction
from musterbook.storage.postgres.writes import write


async def create_together(
    connection: Connection, creations: Sequence[Change], members: Sequence[MembersChange]
) -> None:
    """Store ``creations``, then ``members``, in one transaction.

    Raises:
        CreationRefusedError: one of them cannot be stored; nothing was.
    """
    async with transaction(connection):
        for creation in creations:
            try:
                await write(connection, creation)
            except StoreError as error:
                raise CreationRefusedError(creation.resource_type) from error
        for change in members:
            try:
                await change_under_lock(connection, change)
            except StoreError as error:
                raise CreationRefusedError(change.revision.resource_type) from error
