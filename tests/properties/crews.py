"""The lives of a few groups: any sequence of changes as data, and a model that says what must come of each."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import strategies as st

from musterbook.directory import ResourceId
from musterbook.directory.operation import RestoreResource
from musterbook.scim import Json
from musterbook.scim.errors import ConflictError, InvalidValueError, NotFoundError, ScimError, UniquenessError
from tests.directory.groups import Groups, values
from tests.directory.world import GROUP, NOBODY, USER, World

NAMES = ("Crew", "CREW", "Officers", "\uff2fFFICERS", "Hands")
WHAT = (
    *("add", "add", "remove", "discard", "replace", "clear", "people", "both", "rename"),
    *("put", "put", "rename by put", "delete", "restore", "leave", "return", "create"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens: what, to which group or person, under which name, and with whom."""

    what: str
    whom: int
    name: int
    others: tuple[int, ...]


def steps_of(what: Sequence[str]) -> st.SearchStrategy[Step]:
    """Return steps that do one of these things."""
    others = st.lists(st.integers(0, 7), max_size=4).map(tuple)
    return st.builds(Step, st.sampled_from(what), st.integers(0, 2), st.integers(0, len(NAMES) - 1), others)


STEPS = st.builds(
    lambda beginning, rest: [Step("join", 0, 0, ())] * 3 + beginning + rest,
    st.lists(steps_of(("create",)), min_size=1, max_size=3),
    st.lists(steps_of(WHAT), min_size=5, max_size=25),
)


@dataclass(frozen=True, slots=True)
class Crew:
    """What a group must be."""

    name: str
    members: frozenset[str] = frozenset()
    version: int = 1
    exists: bool = True


@dataclass(slots=True)
class Crews:
    """What must be, and the world in which it must be so."""

    world: World
    groups: Groups
    crews: dict[ResourceId, Crew] = field(default_factory=dict)
    """Every group that there ever was."""
    people: dict[ResourceId, bool] = field(default_factory=dict)
    """Everybody who ever was, and whether they are there."""

    async def live(self, step: Step) -> None:
        """Let a step happen, and check that what was expected came of it."""
        if step.what == "join":
            person = await self.world.create({"userName": f"user{len(self.people)}"})
            self.people[person] = True
        elif step.what in {"leave", "return"}:
            await self._move(step, [*self.people][step.whom % len(self.people)])
        elif step.what == "create" or not self.crews:
            await self._create(step)
        else:
            await self._change(step, [*self.crews][step.whom % len(self.crews)])

    def _ids(self, step: Step) -> list[str]:
        pool = [*self.people, *self.crews, NOBODY]
        return [pool[number % len(pool)] for number in step.others]

    def _exists(self, id_: str) -> bool:
        resource_id = ResourceId(id_)
        return self.people.get(resource_id, False) or (resource_id in self.crews and self.crews[resource_id].exists)

    def _name_is_free(self, name: str, besides: ResourceId | None = None) -> bool:
        folded = name.replace("\uff2f", "O").lower()
        return not any(
            crew.exists and id_ != besides and crew.name.replace("\uff2f", "O").lower() == folded
            for id_, crew in self.crews.items()
        )

    def _unknown(self, step: Step) -> list[str]:
        """Return those of the ids that are sent as members and are nobody's, each once."""
        adds = step.what in {"create", "add", "both", "replace", "put"}
        return [id_ for id_ in dict.fromkeys(self._ids(step)) if not self._exists(id_)] if adds else []

    def _refusals(self, step: Step, name: str, id_: ResourceId | None) -> list[type[ScimError]]:
        """Return for what a group cannot get this name and these members."""
        unknown, found = self._unknown(step), list[type[ScimError]]()
        if unknown and len(unknown) == len(set(self._ids(step))):
            found.append(InvalidValueError)
        if not self._name_is_free(name, id_):
            found.append(UniquenessError)
        return found

    async def _create(self, step: Step) -> None:
        name, ids = NAMES[step.name], self._ids(step)
        post = self.groups.post({"displayName": name, "members": values(ids)})
        if refusals := self._refusals(step, name, None):
            await check_refused(refusals, post)
            return
        created = await post
        assert [*created.unknown_members] == self._unknown(step)
        self.crews[ResourceId(created.stored.id)] = Crew(name, frozenset(filter(self._exists, ids)))

    async def _move(self, step: Step, person: ResourceId) -> None:
        leaves = step.what == "leave"
        move = (
            self.world.delete(person)
            if leaves
            else self.world.directory.perform(self.world.operator, RestoreResource(USER, person))
        )
        if self.people[person] is not leaves:
            await check_refused([NotFoundError if leaves else ConflictError], move)
            return
        await move
        self.people[person] = not leaves
        if leaves:
            self._leave_all(person)

    def _leave_all(self, id_: str) -> None:
        for group_id, crew in self.crews.items():
            if crew.exists and id_ in crew.members:
                self.crews[group_id] = replace(crew, members=crew.members - {id_}, version=crew.version + 1)

    async def _change(self, step: Step, id_: ResourceId) -> None:
        crew, unknown = self.crews[id_], self._unknown(step)
        name = NAMES[step.name] if step.what in {"both", "rename", "put", "rename by put"} else crew.name
        if crew.exists is (step.what == "restore"):
            refusals: list[type[ScimError]] = [ConflictError if crew.exists else NotFoundError]
        else:
            refusals = self._refusals(step, name, id_)
        if refusals:
            await check_refused(refusals, self._perform(step, id_))
            return
        told = await self._perform(step, id_)
        assert told is None or [*told] == unknown
        if step.what == "delete":
            self._leave_all(id_)
        self.crews[id_] = self._after(step, crew, name)

    def _after(self, step: Step, crew: Crew, name: str) -> Crew:
        """Return what becomes of the group."""
        if step.what == "restore":
            return Crew(crew.name, frozenset(), crew.version + 1)
        if step.what == "delete":
            return replace(crew, members=frozenset(), exists=False)
        after = replace(crew, name=name, members=self._members_after(step, crew, frozenset(self._ids(step))))
        return after if after == crew else replace(after, version=crew.version + 1)

    def _members_after(self, step: Step, crew: Crew, ids: frozenset[str]) -> frozenset[str]:
        match step.what:
            case "add" | "both":
                return crew.members | frozenset(filter(self._exists, ids))
            case "replace" | "put":
                return frozenset(filter(self._exists, ids))
            case "remove" | "discard":
                return crew.members - ids
            case "clear":
                return frozenset()
            case "people":
                return frozenset(id_ for id_ in crew.members if ResourceId(id_) not in self.people)
            case _:
                return crew.members

    async def _perform(self, step: Step, id_: ResourceId) -> Sequence[str] | None:
        """Do what the step says; return the ids that were told to be nobody's, where there is such an answer."""
        world, name, ids = self.world, NAMES[step.name], self._ids(step)
        match step.what:
            case "delete":
                await self.groups.delete(id_)
                return None
            case "restore":
                await world.directory.perform(world.operator, RestoreResource(GROUP, id_))
                return None
            case "put":
                return (await self.groups.put(id_, {"displayName": name, "members": values(ids)})).unknown_members
            case "rename by put":
                return (await self.groups.put(id_, {"displayName": name})).unknown_members
            case _:
                return (await self.groups.patch(id_, *operations(step.what, name, ids))).unknown_members

    async def check(self) -> None:
        """Check that groups and people are what they must be."""
        for id_, crew in self.crews.items():
            if crew.exists:
                found = (await self.groups.get(id_)).stored
                shown = [item.value for item in found.related or ()]
                assert (shown, found.meta.version) == (sorted(crew.members), crew.version)
        for person, is_there in self.people.items():
            if is_there:
                assert await self.groups.groups_of(person) == self._groups_of(person)

    def _groups_of(self, person: str) -> dict[str, str]:
        direct = {id_ for id_, crew in self.crews.items() if person in crew.members}
        found = set(direct)
        while above := {id_ for id_, crew in self.crews.items() if crew.members & found} - found:
            found |= above
        return {id_: "direct" if id_ in direct else "indirect" for id_ in sorted(found)}


async def check_refused(errors: Sequence[type[ScimError]], attempt: Awaitable[object]) -> None:
    """Check that an attempt is refused for one of these reasons."""
    with pytest.raises(tuple(errors)):
        await attempt


def operations(what: str, name: str, ids: Sequence[str]) -> list[Json]:
    """Return the operations of a PATCH."""
    rename = {"op": "replace", "path": "displayName", "value": name}
    add = {"op": "add", "path": "members", "value": values(ids)}
    match what:
        case "add":
            return [add]
        case "both":
            return [rename, add]
        case "rename":
            return [rename]
        case "replace":
            return [{"op": "replace", "path": "members", "value": values(ids)}]
        case "discard":
            return [{"op": "remove", "path": "members", "value": values(ids or [NOBODY])}]
        case "remove":
            terms = " or ".join(f'value eq "{id_}"' for id_ in (ids or [NOBODY]))
            return [{"op": "remove", "path": f"members[{terms}]"}]
        case "people":
            return [{"op": "remove", "path": 'members[type eq "User"]'}]
        case _:
            return [{"op": "remove", "path": "members"}]
