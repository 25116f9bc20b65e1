"""*The domain*: tenants, people, their history and events, and the one access decision.

``Directory.perform(actor, operation)`` is the only way to read or change anything. Knows the SCIM engine; knows no HTTP
and no SQL. Beside the names below, these modules are vocabularies that other rooms import as they are:
``directory.operation``, what can be asked; ``directory.store`` and ``directory.grant_store``, the ports that
``storage`` implements; ``directory.events``; ``directory.actor`` and ``directory.person``, who acts; and what the
operations speak of: ``directory.permissions``, ``directory.sign_in_settings``, ``directory.saml_connection``,
``directory.lockout`` and ``directory.everyone``.
"""

from musterbook.directory.account import Role, Status
from musterbook.directory.actor import Actor, ActorKind, KeyId, ResourceId, TenantId, operator_actor, scim_actor
from musterbook.directory.break_glass import break_glass_type
from musterbook.directory.clock import Clock, RandomBytes, make_id, parse_time, render_time
from musterbook.directory.history import Action, HistoryLine
from musterbook.directory.person import Person
from musterbook.directory.service import Directory
from musterbook.directory.tenant import NewTenant, SetupLink, Switches, Tenant, TenantStatus
from musterbook.directory.tenants import Tenants

__all__ = [
    "Action",
    "Actor",
    "ActorKind",
    "Clock",
    "Directory",
    "HistoryLine",
    "KeyId",
    "NewTenant",
    "Person",
    "RandomBytes",
    "ResourceId",
    "Role",
    "SetupLink",
    "Status",
    "Switches",
    "Tenant",
    "TenantId",
    "TenantStatus",
    "Tenants",
    "break_glass_type",
    "make_id",
    "operator_actor",
    "parse_time",
    "render_time",
    "scim_actor",
]
