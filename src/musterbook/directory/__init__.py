"""*The domain*: tenants, people, their history and events, and the one access decision.

``Directory.perform(actor, operation)`` is the only way to read or change anything. Knows the SCIM engine; knows no HTTP
and no SQL. ``directory.store`` is the vocabulary of the ports that ``storage`` implements.
"""

from musterbook.directory.actor import Actor, ActorKind, KeyId, ResourceId, TenantId, operator_actor, scim_actor
from musterbook.directory.clock import Clock, RandomBytes, make_id, parse_time, render_time
from musterbook.directory.tenant import NewTenant, SetupLink, Tenant, TenantStatus

__all__ = [
    "Actor",
    "ActorKind",
    "Clock",
    "KeyId",
    "NewTenant",
    "RandomBytes",
    "ResourceId",
    "SetupLink",
    "Tenant",
    "TenantId",
    "TenantStatus",
    "make_id",
    "operator_actor",
    "parse_time",
    "render_time",
    "scim_actor",
]
