"""*The domain*: tenants, people, their history and events, and the one access decision.

``Directory.perform(actor, operation)`` is the only way to read or change anything. Knows the SCIM engine; knows no HTTP
and no SQL. ``directory.store`` is the vocabulary of the ports that ``storage`` implements.
"""

from musterbook.directory.actor import Actor, ActorKind, KeyId, ResourceId, TenantId, scim_actor
from musterbook.directory.tenant import NewTenant, SetupLink, Tenant, TenantStatus

__all__ = [
    "Actor",
    "ActorKind",
    "KeyId",
    "NewTenant",
    "ResourceId",
    "SetupLink",
    "Tenant",
    "TenantId",
    "TenantStatus",
    "scim_actor",
]
