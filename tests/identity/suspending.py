"""A process of its own that suspends a person: ``python -m tests.identity.suspending URL TENANT_ID ID``."""

import asyncio
import secrets
import sys
from datetime import UTC, datetime

from musterbook.directory import Directory, KeyId, TenantId, scim_actor
from musterbook.scim import Tolerance, user_type
from musterbook.scim.operation import PatchResource
from musterbook.scim.patch import parse_patch
from musterbook.storage import open_database

SUSPEND = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations": [{"op": "replace", "path": "active", "value": False}],
}


async def suspend(url: str, tenant_id: str, id_: str) -> None:
    """Suspend a person as an identity provider does."""
    database = await open_database(url)
    try:
        directory = Directory(database.resources, lambda: datetime.now(UTC), secrets.token_bytes)
        actor = scim_actor(TenantId(tenant_id), KeyId("key-1"), "request-9")
        patch = parse_patch(SUSPEND, user_type(), Tolerance())
        await directory.perform(actor, PatchResource(user_type(), id_, patch))
    finally:
        await database.close()


if __name__ == "__main__":
    asyncio.run(suspend(*sys.argv[1:4]))
