"""What holds after any sequence of changes: the history is whole, exact, and each tenant's own."""

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings

from musterbook.directory import Action, HistoryLine, ResourceId
from musterbook.directory.account import read_account
from musterbook.directory.changes import state_of_revision
from musterbook.directory.clock import render_time
from musterbook.directory.history import is_tombstone
from musterbook.directory.rules import administers_until
from musterbook.scim import Json
from tests.directory.world import USER, open_world
from tests.properties.lives import STEPS, Lives, Snapshot, Step

LIVES = settings(max_examples=30, deadline=None)


def live(check: Callable[[Lives], Awaitable[None]]) -> None:
    """Open a world, let ``check`` live in it, and close it."""

    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with open_world(Path(folder)) as world:
                await check(Lives(world))

    asyncio.run(run())


def by_resource(lines: list[HistoryLine]) -> dict[ResourceId, list[HistoryLine]]:
    """Return the lines of each resource, oldest first."""
    found: dict[ResourceId, list[HistoryLine]] = {}
    for line in sorted(lines, key=lambda line: line.revision.number):
        found.setdefault(line.revision.resource_id, []).append(line)
    return found


def flat(document: Json, prefix: str = "") -> dict[str, Json]:
    """Return the values of a state by the paths under which the history shows them."""
    found: dict[str, Json] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            found.update(flat(value, f"{prefix}{name}{':' if name.startswith('urn:') else '.'}"))
        elif value not in (None, []):
            found[prefix + name] = value
    return found


def replay(lines: list[HistoryLine]) -> dict[str, Json]:
    """Return the values that result from applying each difference to the one before."""
    values: dict[str, Json] = {}
    for line in lines:
        for change in line.changes:
            assert values.get(change.path) == change.before != change.after
            if change.after is None:
                del values[change.path]
            else:
                values[change.path] = change.after
    return values


def check_history(snapshot: Snapshot) -> None:
    """Check that resources, revisions and events of a tenant tell the same."""
    users, others, lines, events, total = snapshot
    records = {record.stored.id: record for record in (*users, *others)}
    assert total == len(users)
    for id_, life in by_resource(lines).items():
        last = life[-1].revision
        assert [line.revision.number for line in life] == list(range(1, len(life) + 1))
        assert is_tombstone(last) is (id_ not in records)
        if id_ in records:
            record = records[id_]
            assert (last.number, last.version) == (record.revision, record.stored.meta.version)
            assert (last.document, last.account) == (record.stored.document, record.account)
        state = {**json.loads(last.document), "account": json.loads(last.account or "{}")}
        del state["schemas"], state["id"]
        told = flat(state)
        told.pop("account.session_epoch", None)  # a number that says nothing to people
        assert replay(life) == told
    assert records.keys() <= by_resource(lines).keys()
    assert sorted((event.event.resource_id, event.event.revision, event.event.type) for event in events) == sorted(
        (
            line.revision.resource_id,
            line.revision.number,
            f"{line.revision.resource_type.lower()}.{line.revision.action.value}",
        )
        for line in lines
    )


def check_time(snapshot: Snapshot) -> None:
    """Check that nothing of a resource runs backwards, whatever the clock does."""
    for life in by_resource(snapshot[2]).values():
        began: dict[int, str] = {}
        for line in life:
            began.setdefault(line.revision.version, line.revision.at)
        assert list(began) == list(range(1, len(began) + 1))
        assert list(began.values()) == sorted(began.values())
        for one, other in pairwise(line.revision for line in life):
            is_version = one.document != other.document or other.action is Action.RESTORED
            assert (other.version > one.version) is is_version


@LIVES
@given(STEPS)
def test_the_history_is_the_state(steps: list[Step]) -> None:
    """Replaying the differences gives the state; the last revision is the resource, or its tombstone; each revision has
    its event, and each event its revision.
    """

    async def check(lives: Lives) -> None:
        for step in steps:
            await lives.live(step)
        for tenant_id in (lives.world.acme, lives.world.globex):
            snapshot = await lives.snapshot(tenant_id)
            check_history(snapshot)
            check_time(snapshot)
            for line in snapshot[2]:
                if line.revision.resource_type == USER.name:
                    assert state_of_revision(USER, line.revision).resource.id == line.revision.resource_id

    live(check)


@LIVES
@given(STEPS)
def test_what_is_refused_and_what_is_another_tenants_changes_nothing(steps: list[Step]) -> None:
    """A refused write leaves everything of its tenant as it was, and no write changes anything of the other tenant."""

    async def check(lives: Lives) -> None:
        tenants = (lives.world.acme, lives.world.globex)
        before = [await lives.snapshot(tenant_id) for tenant_id in tenants]
        for step in steps:
            was_let = await lives.live(step)
            after = [await lives.snapshot(tenant_id) for tenant_id in tenants]
            assert after[1 - step.tenant] == before[1 - step.tenant]
            if not was_let:
                assert after[step.tenant] == before[step.tenant]
            before = after

    live(check)


@LIVES
@given(STEPS)
def test_somebody_who_can_administer_always_stays(steps: list[Step]) -> None:
    """No step takes away the last person who can administer a tenant; only time does, when a set-up link expires."""

    async def check(lives: Lives) -> None:
        for step in steps:
            if step.what == "clock":
                await lives.live(step)
                continue
            before = await administrators(lives, step)
            await lives.live(step)
            assert (await administrators(lives, step) > 0) >= (before > 0)

    async def administrators(lives: Lives, step: Step) -> int:
        users, others, *_ = await lives.snapshot(lives.tenant(step))
        now = render_time(lives.world.clock())
        accounts = [read_account(record.account) for record in (*users, *others) if record.account is not None]
        return sum((administers_until(account) or "") > now for account in accounts)

    live(check)
