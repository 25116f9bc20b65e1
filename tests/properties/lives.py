"""The lives of a few people in two tenants: any sequence of what clients and operators may do, as data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from hypothesis import strategies as st

from musterbook.directory import (
    Actor,
    HistoryLine,
    ResourceId,
    Role,
    TenantId,
    break_glass_type,
    operator_actor,
    scim_actor,
)
from musterbook.directory.actor import KeyId
from musterbook.directory.events import StoredEvent
from musterbook.directory.operation import GrantRole, RestoreResource, RevokeRole, SetDisplayName
from musterbook.directory.store import Record
from musterbook.scim import Json
from musterbook.scim.errors import ScimError
from musterbook.scim.operation import DeleteResource, Query, SearchResources
from tests.directory.world import USER, World

NAMES = ("ada", "ADA", "grace", "\uff47race", "edith")
DETAILS: tuple[Mapping[str, Json], ...] = (
    {},
    {"name": {"givenName": "Ada", "familyName": "Lovelace"}},
    {"name": {"givenName": "Grace"}, "displayName": "G", "active": False},
    {"active": True, "emails": [{"value": "a@x", "primary": True}, {"value": "b@x"}], "externalId": "x"},
    {USER.extensions[0].schema.id: {"department": "Sums", "manager": {"value": "1"}}, "title": "T"},
)
OPERATIONS: tuple[Json, ...] = (
    {"op": "replace", "path": "active", "value": False},
    {"op": "replace", "path": "active", "value": True},
    {"op": "add", "path": "title", "value": "Countess"},
    {"op": "remove", "path": "title"},
    {"op": "remove", "path": "active"},
    {"op": "replace", "path": "userName", "value": "Ada"},
    {"op": "add", "path": "emails", "value": [{"value": "c@x"}]},
)
CLOCK_SECONDS = (1, 0.0004, -30, 3600, 8 * 24 * 3600)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens: in which tenant, what, to whom, and in which of the ways above."""

    tenant: int
    what: str
    whom: int
    way: int


WHAT = ("create", "put", "put", "patch", "patch", "delete", "restore", "grant", "revoke", "name", "clock", "clock")
# Few people, mostly of one tenant, and many steps: what is interesting takes several steps with one person.
STEP = st.builds(Step, st.sampled_from((0, 0, 0, 1)), st.sampled_from(WHAT), st.integers(0, 2), st.integers(0, 34))
BEGINNINGS = st.lists(
    st.builds(Step, st.sampled_from((0, 0, 1)), st.just("create"), st.integers(0, 2), st.integers(0, 34))
)
STEPS = st.builds(list.__add__, BEGINNINGS.map(lambda steps: steps[:3]), st.lists(STEP, min_size=10, max_size=30))

Snapshot: TypeAlias = tuple[Sequence[Record], Sequence[Record], list[HistoryLine], Sequence[StoredEvent], int]
"""Everything of a tenant: people, break-glass accounts, history, events, and how many people a client counts."""


@dataclass(slots=True)
class Lives:
    """What has happened so far."""

    world: World
    people: dict[TenantId, list[ResourceId]] = field(default_factory=dict)
    """Everybody who was ever added, also who was removed."""

    def tenant(self, step: Step) -> TenantId:
        """Return the tenant in which a step takes place."""
        return (self.world.acme, self.world.globex)[step.tenant]

    async def live(self, step: Step) -> bool:
        """Let a step happen; return whether it was let."""
        try:
            await self._perform(step)
        except ScimError:
            return False
        return True

    async def _perform(self, step: Step) -> None:
        world, tenant_id = self.world, self.tenant(step)
        client = scim_actor(tenant_id, KeyId("key"), "request")
        operator = operator_actor(tenant_id, "command")
        known = self.people.setdefault(tenant_id, [])
        document = {"userName": NAMES[step.way % len(NAMES)], **DETAILS[step.way // len(NAMES) % len(DETAILS)]}
        if step.what == "clock":
            world.clock.move(seconds=CLOCK_SECONDS[step.way % len(CLOCK_SECONDS)])
        elif step.what == "create":
            known.append(await world.create(document, client if step.whom else operator))
        elif known:
            await self._change(step, known[step.whom % len(known)], document, client, operator)

    async def _change(
        self, step: Step, id_: ResourceId, document: Mapping[str, Json], client: Actor, operator: Actor
    ) -> None:
        world, role = self.world, list(Role)[step.way % len(Role)]
        match step.what:
            case "put":
                await world.put(id_, document, client)
            case "patch":
                first, second = OPERATIONS[step.way % len(OPERATIONS)], OPERATIONS[step.whom]
                await world.patch(id_, first, second, actor=client)
            case "delete":
                await world.directory.perform(client, DeleteResource(USER, id_))
            case "restore":
                await world.directory.perform(operator, RestoreResource(USER, id_))
            case "grant":
                await world.directory.perform(operator, GrantRole(USER, id_, role))
            case "revoke":
                await world.directory.perform(operator, RevokeRole(USER, id_, role))
            case _:
                await world.directory.perform(operator, SetDisplayName(USER, id_, NAMES[step.way % len(NAMES)]))

    async def snapshot(self, tenant_id: TenantId) -> Snapshot:
        """Return everything that the store holds of a tenant."""
        store = self.world.database.resources
        operator = operator_actor(tenant_id, "command")
        page = await self.world.directory.perform(operator, SearchResources(USER, Query(count=0)))
        return (
            await store.list_records(tenant_id, USER.name, after=None, limit=1000),
            await store.list_records(tenant_id, break_glass_type().name, after=None, limit=1000),
            await self.world.history(actor=operator),
            await store.events(tenant_id, after=(0, 0), limit=1000),
            page.total_results,
        )
