"""Members against a model, on each engine: any changes in any order, then state, history and rows are compared."""

from dataclasses import dataclass, field, replace
from itertools import count
from typing import TypeAlias

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from musterbook.directory import TenantId
from musterbook.directory.history import Action
from musterbook.directory.store import ALL_RELATED, HistoryQuery, MembersOutcome, UnknownMembersError
from musterbook.scim.members import MembersEdit
from musterbook.storage import Database
from tests.contracts.engines import Engine
from tests.contracts.groups import Group, change, disbanded, discharged, founded, group
from tests.contracts.sample import Person, created, first_administrator, id_of, person, setup_link, tenant

PEOPLE, GROUPS = (1, 2, 3), (11, 12, 13)
EVERYBODY = (*PEOPLE, *GROUPS)
NOBODY = 99


@dataclass(frozen=True, slots=True)
class Edit:
    """Members of a group are asked to come and go."""

    group: int
    edit: MembersEdit


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody is removed from the directory, or comes back."""

    number: int


Step: TypeAlias = Edit | Turn


def _edit(added: set[int], removed: set[int], *, replaces: bool, leaves_out_unknown: bool) -> MembersEdit:
    return MembersEdit(
        dict.fromkeys(map(id_of, sorted(added))),
        frozenset() if replaces else frozenset(map(id_of, removed - added)),
        replaces,
        leaves_out_unknown,
    )


SOME = st.sets(st.sampled_from([*EVERYBODY, NOBODY]), max_size=4)
EDITS = st.builds(_edit, SOME, SOME, replaces=st.booleans(), leaves_out_unknown=st.booleans())
EDIT = st.builds(Edit, st.sampled_from(GROUPS), EDITS)
STEPS = st.lists(EDIT | EDIT | EDIT | st.builds(Turn, st.sampled_from(EVERYBODY)), min_size=5, max_size=25)
TENANTS = count()


@dataclass(slots=True)
class Model:
    """What is to be found in the database."""

    tenant_id: TenantId
    revisions: dict[int, int] = field(default_factory=lambda: dict.fromkeys(EVERYBODY, 1))
    versions: dict[int, int] = field(default_factory=lambda: dict.fromkeys(EVERYBODY, 1))
    members: dict[int, set[int]] = field(default_factory=lambda: {number: set() for number in GROUPS})
    alive: set[int] = field(default_factory=lambda: set(EVERYBODY))

    def state(self, number: int) -> Person | Group:
        """Return the present or the last state of somebody."""
        new: Person | Group = (
            person(number, f"user{number}", tenant_id=self.tenant_id)
            if number in PEOPLE
            else group(number, f"group{number}", tenant_id=self.tenant_id)
        )
        return replace(new, revision=self.revisions[number], version=self.versions[number])

    def edit(self, number: int, edit: MembersEdit) -> tuple[str, ...] | None:
        """Change the members of a group that is there; return the ids left out, or ``None`` for a refusal."""
        ids: dict[str, int] = {id_of(other): other for other in self.alive}
        unknown = tuple(id_ for id_ in edit.added if id_ not in ids)
        known = {ids[id_] for id_ in edit.added if id_ in ids}
        if unknown and not (known and edit.leaves_out_unknown):
            return None
        before = self.members[number]
        kept = set() if edit.replaces else {other for other in before if id_of(other) not in edit.removed}
        if (after := kept | known) != before:
            self._touch(number, after)
        return unknown

    def remove(self, number: int) -> None:
        """Take somebody out of the directory, and out of every group."""
        self.alive.discard(number)
        self.revisions[number] += 1
        if number in GROUPS:
            self.members[number] = set()
        for group_ in self.alive & set(GROUPS):
            if number in self.members[group_]:
                self._touch(group_, self.members[group_] - {number})

    def _touch(self, number: int, members: set[int]) -> None:
        self.members[number] = members
        self.versions[number] += 1
        self.revisions[number] += 1

    def related(self, number: int) -> list[tuple[str, str]]:
        """Return the id and the type of each member of a group, or of each group that a person is in."""
        if number in GROUPS:
            return [(id_of(other), "User" if other in PEOPLE else "Group") for other in sorted(self.members[number])]
        direct = {group_ for group_, inside in self.members.items() if number in inside}
        found = set(direct)
        while more := {group_ for group_, inside in self.members.items() if inside & found} - found:
            found |= more
        return [(id_of(group_), "direct" if group_ in direct else "indirect") for group_ in sorted(found)]


async def perform(database: Database, model: Model, step: Step, second: int) -> None:
    """Do a step in the database and in the model, and check that both say the same of it."""
    if isinstance(step, Turn):
        await _turn(database, model, step.number, second)
        return
    of = model.state(step.group)
    assert isinstance(of, Group)
    is_there, before = step.group in model.alive, model.revisions[step.group]
    expected = model.edit(step.group, step.edit) if is_there else ()
    try:
        outcome = await change(database, of, step.edit, second)
    except UnknownMembersError:
        assert expected is None
        return
    is_changed = model.revisions[step.group] > before
    assert (outcome.unknown, outcome.is_changed) == (expected, is_changed)
    assert (outcome.record is not None) == is_there
    assert is_there or outcome == MembersOutcome(None)


async def _turn(database: Database, model: Model, number: int, second: int) -> None:
    state = model.state(number)
    if number in model.alive:
        removal = discharged(state, second) if isinstance(state, Person) else disbanded(state, second)
        await database.resources.commit(removal)
        model.remove(number)
        return
    model.revisions[number] += 1
    state = replace(model.state(number), second=second)
    await database.resources.commit(created(state) if isinstance(state, Person) else founded(state))
    model.alive.add(number)


async def members_by_history(database: Database, model: Model, number: int) -> set[str]:
    """Return who is a member of a group as its revisions tell, each of which must fit the ones before it."""
    entries = await database.resources.history(model.tenant_id, HistoryQuery(resource_id=id_of(number), limit=1000))
    revisions = [entry.revision for entry in reversed(entries)]
    assert [revision.number for revision in revisions] == list(range(1, model.revisions[number] + 1))
    members: set[str] = set()
    for revision in revisions:
        came, went = set(revision.members_added), set(revision.members_removed)
        assert not came & members
        assert went <= members
        assert list(revision.members_added) == sorted(came)
        assert list(revision.members_removed) == sorted(went)
        members = (members | came) - went
        assert not members or revision.action is not Action.DEPROVISIONED
    return members


async def check(database: Database, model: Model) -> None:
    """Check that everything is in the database as the model has it."""
    for number in EVERYBODY:
        kind = "User" if number in PEOPLE else "Group"
        record = await database.resources.get(model.tenant_id, kind, id_of(number), related_limit=ALL_RELATED)
        assert (record is not None) == (number in model.alive)
        if number in GROUPS:
            members = {id_of(other) for other in model.members[number]}
            assert await members_by_history(database, model, number) == members
        if record is not None:
            assert record.stored.related is not None
            assert [(item.value, item.type) for item in record.stored.related] == model.related(number)
            versions = (record.revision, record.stored.meta.version)
            assert versions == (model.revisions[number], model.versions[number])


DANGLING = """
SELECT members.group_id, members.member_id FROM members WHERE NOT EXISTS (
    SELECT 1 FROM resources WHERE resources.tenant_id = members.tenant_id
        AND resources.resource_type = members.member_type AND resources.id = members.member_id
) OR NOT EXISTS (
    SELECT 1 FROM resources WHERE resources.tenant_id = members.tenant_id
        AND resources.resource_type = 'Group' AND resources.id = members.group_id
)
"""


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_members_are_as_the_model_has_them(empty_database: Database, engine: Engine, steps: list[Step]) -> None:
    """Members, groups of people, versions and history are those of the model, and no row leads to nobody."""
    model = Model(TenantId(f"tenant-{next(TENANTS)}"))
    link = setup_link(model.tenant_id, model.tenant_id.encode())
    new = tenant(model.tenant_id, model.tenant_id)
    await empty_database.tenants.create(new, first_administrator(model.tenant_id), link)
    for number in EVERYBODY:
        state = model.state(number)
        await empty_database.resources.commit(created(state) if isinstance(state, Person) else founded(state))
    for second, step in enumerate(steps, start=100):
        await perform(empty_database, model, step, second)
    await check(empty_database, model)
    assert await engine.execute(DANGLING) == []
