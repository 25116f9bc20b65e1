"""The port ``ResourceStore``: groups and who is in them, on each engine (RFC 7643 §4.2)."""

from dataclasses import replace

import pytest

from musterbook.directory import ResourceId
from musterbook.directory.events import Event
from musterbook.directory.history import Action, Revision
from musterbook.directory.store import (
    ALL_RELATED,
    HistoryQuery,
    MembersOutcome,
    StaleRevisionError,
    UniqueKeyTakenError,
    UnknownMembersError,
)
from musterbook.scim import IndexEntries
from musterbook.scim.members import MembersEdit
from musterbook.storage import Database
from tests.contracts.groups import (
    adding,
    change,
    direct,
    disbanded,
    discharged,
    founded,
    group,
    indirect,
    member,
    members_change,
    reformed,
    removing,
    shown,
)
from tests.contracts.looks import BEFORE_ALL, contents
from tests.contracts.sample import ACME, ADA, BOB, GLOBEX, at, created, first_administrator, id_of, person, updated

CAROL = person(3, "carol@example.com")
CREW = group(11, "Crew")
DECK = group(12, "Deck", externalId="D-1")
SHIP = group(13, "Ship")

STRANGERS = [id_of(99), "", "unknown", ADA.id.upper(), "ü", "\0", "\ud800", "x" * 10_000, '"', "%"]
"""Ids of nobody, also such as no database would take."""


@pytest.fixture
async def aboard(database: Database) -> Database:
    """Return a database with three people and three empty groups."""
    for user in (ADA, BOB, CAROL):
        await database.resources.commit(created(user))
    for each in (CREW, DECK, SHIP):
        await database.resources.commit(founded(each))
    return database


async def last_of(database: Database, resource_id: ResourceId) -> tuple[Revision, Event]:
    """Return the last revision of a resource, and its event."""
    (entry,) = await database.resources.history(ACME, HistoryQuery(resource_id=resource_id, limit=1))
    events = await database.resources.events(ACME, after=BEFORE_ALL, limit=1000)
    return entry.revision, [item.event for item in events if item.event.resource_id == resource_id][-1]


class TestReading:
    """What is read with a resource."""

    async def test_a_group_shows_its_members_in_the_order_of_their_ids(self, aboard: Database) -> None:
        """Members are people and groups, each with the name that the client gave, as many as are asked for."""
        edit = MembersEdit(added={SHIP.id: None, CAROL.id: "Carol \U0001f600", ADA.id: "Ada"})
        await change(aboard, CREW, edit, 50)
        members = (member(ADA, "Ada"), member(CAROL, "Carol \U0001f600"), member(SHIP))
        for limit, expected in ((ALL_RELATED, members), (3, members), (2, members[:2]), (1, members[:1]), (0, None)):
            assert await shown(aboard, CREW, limit=limit) == expected
        assert await shown(aboard, DECK) == ()

    async def test_a_person_shows_groups_directly_and_by_way_of_others(self, aboard: Database) -> None:
        """Each group once, in the order of the ids, under its present name; directly wins over by way of others."""
        await change(aboard, DECK, adding(ADA), 50)
        await change(aboard, CREW, adding(DECK), 51)
        await change(aboard, SHIP, adding(CREW, ADA), 52)
        assert await shown(aboard, ADA) == (indirect(CREW), direct(DECK), direct(SHIP))
        assert await shown(aboard, ADA, limit=2) == (indirect(CREW), direct(DECK))
        assert await shown(aboard, BOB) == ()
        renamed = replace(DECK, attributes={"displayName": "Deckhands"}, revision=3, version=3, second=53)
        await aboard.resources.commit(reformed(renamed))
        assert await shown(aboard, ADA) == (indirect(CREW), direct(renamed), direct(SHIP))

    async def test_circles_of_groups_come_to_an_end(self, aboard: Database) -> None:
        """Groups may hold each other, and themselves; whoever is in one is in all of them, once."""
        await change(aboard, CREW, adding(DECK, CREW), 50)
        await change(aboard, DECK, adding(SHIP, BOB), 51)
        await change(aboard, SHIP, adding(CREW), 52)
        assert await shown(aboard, BOB) == (indirect(CREW), direct(DECK), indirect(SHIP))
        assert await shown(aboard, CREW) == (member(CREW), member(DECK))

    async def test_other_types_have_no_memberships(self, aboard: Database) -> None:
        """What is neither a person of the tenant nor a group shows an empty list."""
        record = await aboard.resources.get(ACME, "BreakGlassAccount", id_of(0), related_limit=5)
        assert record is not None
        assert record.stored.related == ()

    @pytest.mark.parametrize("resource_id", ["unknown", "\0", "\ud800", ADA.id], ids=ascii)
    async def test_an_unknown_group_is_not_found(self, aboard: Database, resource_id: str) -> None:
        """What is no group has no members, also an id that no database would take."""
        assert await aboard.resources.get(ACME, "Group", ResourceId(resource_id), related_limit=5) is None


class TestChangingMembers:
    """``change_members``, and ``commit`` with members."""

    async def test_a_group_is_created_with_its_members(self, aboard: Database) -> None:
        """Group, members, revision and event are stored at once; the revision names the members in order."""
        galley = group(14, "Galley")
        asked = founded(galley, adding(SHIP, BOB, ADA))
        assert await aboard.resources.commit(asked) == ()
        assert await aboard.resources.get(ACME, "Group", galley.id, related_limit=5) == galley.with_members(
            member(ADA), member(BOB), member(SHIP)
        )
        expected = galley.history(Action.CREATED, members_added=(ADA.id, BOB.id, SHIP.id))
        assert await last_of(aboard, galley.id) == (expected, asked.event)

    async def test_a_change_of_members_is_a_change_of_the_group_alone(self, aboard: Database) -> None:
        """Version, revision and time of the group go on; its text stays, and the members' own versions too."""
        await change(aboard, CREW, adding(ADA), 50)
        edit = MembersEdit(added={CAROL.id: None, BOB.id: None}, removed=frozenset({ADA.id, DECK.id}))
        outcome = await change(aboard, CREW, edit, 51)
        after = replace(CREW, revision=3, version=3, second=51)
        assert outcome == MembersOutcome(after.record, (), is_changed=True)
        assert await aboard.resources.get(ACME, "Group", CREW.id, related_limit=5) == after.with_members(
            member(BOB), member(CAROL)
        )
        expected = after.history(Action.UPDATED, members_added=(BOB.id, CAROL.id), members_removed=(ADA.id,))
        event = replace(members_change(CREW, edit, 51).event, revision=3)
        assert await last_of(aboard, CREW.id) == (expected, event)
        for user in (ADA, BOB, CAROL):
            assert await aboard.resources.get(ACME, "User", user.id) == user.record

    @pytest.mark.parametrize(
        "edit",
        [
            MembersEdit(),
            adding(ADA, BOB),
            MembersEdit(added={ADA.id: "Another name"}),
            adding(ADA, BOB, replaces=True),
            adding(ADA, id_of(99)),
            adding(ADA, BOB, id_of(99), replaces=True),
            removing(CAROL, SHIP, CREW),
            removing(*STRANGERS),
        ],
        ids=[
            *("nothing", "who is there", "another name", "the same list", "a stranger too", "a stranger in the list"),
            *("who is not there", "strangers removed"),
        ],
    )
    async def test_what_changes_nothing_is_not_stored(self, aboard: Database, edit: MembersEdit) -> None:
        """To add who is there and to remove who is not makes no version, no revision and no event."""
        await change(aboard, CREW, adding(ADA, BOB), 50)
        before = await contents(aboard)
        outcome = await change(aboard, CREW, edit, 51)
        record = replace(CREW, revision=2, version=2, second=50).record
        assert outcome == MembersOutcome(record, tuple(id_ for id_ in edit.added if id_ == id_of(99)))
        assert await contents(aboard) == before
        assert await shown(aboard, CREW) == (member(ADA), member(BOB))

    async def test_a_replacement_is_stored_as_its_difference(self, aboard: Database) -> None:
        """Of a whole new list, those who come and those who go are members and history; the others keep their names."""
        await change(aboard, CREW, MembersEdit(added={ADA.id: "Ada", BOB.id: "Bob"}), 50)
        edit = MembersEdit(added={DECK.id: None, BOB.id: "Robert", CAROL.id: None}, replaces=True)
        assert (await change(aboard, CREW, edit, 51)).is_changed
        assert await shown(aboard, CREW) == (member(BOB, "Bob"), member(CAROL), member(DECK))
        revision, _ = await last_of(aboard, CREW.id)
        assert (revision.members_added, revision.members_removed) == ((CAROL.id, DECK.id), (ADA.id,))
        await change(aboard, CREW, MembersEdit(replaces=True), 52)
        assert await shown(aboard, CREW) == ()
        revision, _ = await last_of(aboard, CREW.id)
        assert (revision.members_added, revision.members_removed) == ((), (BOB.id, CAROL.id, DECK.id))

    async def test_attributes_and_members_are_one_change(self, aboard: Database) -> None:
        """A write of both is one version, one revision and one event, and both or neither are stored."""
        await change(aboard, CREW, adding(ADA), 50)
        renamed = replace(CREW, revision=2, version=2).becomes(51, displayName="The crew")
        edit = MembersEdit(added={BOB.id: None, id_of(99): None}, removed=frozenset({ADA.id}))
        asked = reformed(renamed, edit)
        assert await aboard.resources.commit(asked) == (id_of(99),)
        assert await aboard.resources.get(ACME, "Group", CREW.id, related_limit=5) == renamed.with_members(member(BOB))
        expected = renamed.history(Action.UPDATED, members_added=(BOB.id,), members_removed=(ADA.id,))
        assert await last_of(aboard, CREW.id) == (expected, asked.event)
        before = await contents(aboard)
        next_ = renamed.becomes(52, displayName="deck")
        with pytest.raises(UniqueKeyTakenError):
            await aboard.resources.commit(reformed(next_, adding(CAROL)))
        with pytest.raises(StaleRevisionError):
            await aboard.resources.commit(reformed(renamed.becomes(52, externalId="C"), adding(CAROL), expected=2))
        with pytest.raises(UnknownMembersError):
            await aboard.resources.commit(reformed(renamed.becomes(52, externalId="C"), adding(id_of(99))))
        assert await contents(aboard) == before
        assert await shown(aboard, CREW) == (member(BOB),)

    async def test_attributes_change_also_where_the_members_stay(self, aboard: Database) -> None:
        """A write whose members are there already stores the attributes, and a revision without members."""
        await change(aboard, CREW, adding(ADA), 50)
        renamed = replace(CREW, revision=2, version=2).becomes(51, displayName="The crew")
        assert await aboard.resources.commit(reformed(renamed, adding(ADA))) == ()
        revision, _ = await last_of(aboard, CREW.id)
        assert revision == renamed.history(Action.UPDATED)
        assert await shown(aboard, ADA) == (direct(renamed),)

    async def test_no_revision_is_older_than_the_one_before_it(self, aboard: Database) -> None:
        """A clock that was set back makes neither the group nor its history older."""
        await change(aboard, CREW, adding(ADA), 50)
        outcome = await change(aboard, CREW, adding(BOB), 20)
        after = replace(CREW, revision=3, version=3, second=50)
        assert outcome.record == after.record
        revision, event = await last_of(aboard, CREW.id)
        assert (revision.at, event.at, revision.number, event.revision) == (at(50), at(50), 3, 3)

    async def test_a_precondition_names_the_only_revision(self, aboard: Database) -> None:
        """At the expected revision the change is made; at any other it is stale, also where it would change nothing."""
        assert (await change(aboard, CREW, adding(ADA), 50, expected_revision=1)).is_changed
        before = await contents(aboard)
        for expected in (0, 1, 3):
            for edit in (adding(BOB), adding(ADA), MembersEdit()):
                with pytest.raises(StaleRevisionError):
                    await change(aboard, CREW, edit, 51, expected_revision=expected)
        assert await contents(aboard) == before
        assert not (await change(aboard, CREW, adding(ADA), 51, expected_revision=2)).is_changed

    @pytest.mark.parametrize("group_id", [id_of(99), ADA.id, "unknown", "\0", "\ud800"], ids=ascii)
    async def test_what_is_no_group_has_no_members_to_change(self, aboard: Database, group_id: str) -> None:
        """The members of an unknown group, or of a person, are not changed, and nothing is stored."""
        before = await contents(aboard)
        asked = replace(members_change(CREW, adding(ADA), 50), group_id=ResourceId(group_id))
        assert await aboard.resources.change_members(asked) == MembersOutcome(None)
        assert await contents(aboard) == before


class TestUnknownMembers:
    """What is asked to become a member and is nobody."""

    async def test_strangers_are_left_out_while_somebody_is_known(self, aboard: Database) -> None:
        """Those who exist become members; the others come back in the order in which they were sent."""
        added = dict.fromkeys([STRANGERS[0], BOB.id, *STRANGERS[1:], ADA.id])
        outcome = await change(aboard, CREW, MembersEdit(added=added), 50)
        assert (outcome.unknown, outcome.is_changed) == (tuple(STRANGERS), True)
        assert await shown(aboard, CREW) == (member(ADA), member(BOB))

    @pytest.mark.parametrize(
        "edit",
        [
            adding(*STRANGERS),
            adding(id_of(99), replaces=True),
            adding(ADA, id_of(99), leaves_out_unknown=False),
            adding(ADA, id_of(99), leaves_out_unknown=False, replaces=True),
            MembersEdit(added={id_of(99): None}, removed=frozenset({BOB.id})),
            adding(id_of(0)),
        ],
        ids=["all", "all of a list", "one", "one of a list", "beside a removal", "break-glass account"],
    )
    async def test_an_edit_is_refused_whole(self, aboard: Database, edit: MembersEdit) -> None:
        """Where nobody is known, or strangers are not left out, nothing is stored: nobody is removed either."""
        await change(aboard, CREW, adding(BOB), 50)
        before = await contents(aboard)
        unknown = tuple(id_ for id_ in edit.added if id_ != ADA.id)
        with pytest.raises(UnknownMembersError) as caught:
            await change(aboard, CREW, edit, 51)
        assert caught.value.unknown == unknown
        with pytest.raises(UnknownMembersError) as caught:
            await aboard.resources.commit(founded(group(15, "New"), edit))
        assert caught.value.unknown == unknown
        assert await contents(aboard) == before
        assert await shown(aboard, CREW) == (member(BOB),)

    async def test_what_adds_nobody_is_never_refused(self, aboard: Database) -> None:
        """Removing strangers, and emptying a group, is no failure, however strict the edit."""
        await change(aboard, CREW, adding(BOB), 50)
        strict = MembersEdit(removed=frozenset(STRANGERS), leaves_out_unknown=False)
        assert not (await change(aboard, CREW, strict, 51)).is_changed
        emptied = MembersEdit(replaces=True, leaves_out_unknown=False)
        assert (await change(aboard, CREW, emptied, 52)).is_changed

    async def test_somebody_of_another_tenant_is_a_stranger(self, aboard: Database) -> None:
        """Ids are looked for within the tenant alone."""
        other = person(70, "other@example.com", tenant_id=GLOBEX)
        await aboard.resources.commit(created(other))
        with pytest.raises(UnknownMembersError):
            await change(aboard, CREW, adding(other), 50)


class TestLeaving:
    """What removing a resource does to the groups."""

    async def test_a_removed_person_leaves_every_group(self, aboard: Database) -> None:
        """Each group that the person was in gets a version, a time, a revision and an event; other groups do not."""
        await change(aboard, CREW, adding(ADA, BOB), 50)
        await change(aboard, DECK, adding(ADA), 51)
        await change(aboard, SHIP, adding(DECK, BOB), 52)
        asked = discharged(ADA, 60)
        await aboard.resources.commit(asked)
        crew, deck, ship = (replace(each, revision=3, version=3, second=60) for each in (CREW, DECK, SHIP))
        assert await aboard.resources.get(ACME, "Group", CREW.id, related_limit=5) == crew.with_members(member(BOB))
        assert await aboard.resources.get(ACME, "Group", DECK.id, related_limit=5) == deck.with_members()
        ship = replace(ship, revision=2, version=2, second=52)
        assert await aboard.resources.get(ACME, "Group", SHIP.id, related_limit=5) == ship.with_members(
            member(BOB), member(DECK)
        )
        for each in (crew, deck):
            revision, event = await last_of(aboard, each.id)
            assert revision == each.history(Action.UPDATED, members_removed=(ADA.id,))
            assert (event.revision, event.at, event.type) == (3, at(60), "group.updated")
        assert (await last_of(aboard, ADA.id))[0] == asked.revision

    async def test_a_removed_group_leaves_no_member_behind(self, aboard: Database) -> None:
        """The tombstone names all who were members; groups that held the group go on without it."""
        await change(aboard, CREW, adding(ADA, BOB, DECK, CREW), 50)
        await change(aboard, SHIP, adding(CREW, ADA), 51)
        last = replace(CREW, revision=2, version=2, second=50)
        asked = disbanded(last, 60)
        await aboard.resources.commit(asked)
        everybody = tuple(sorted((ADA.id, BOB.id, DECK.id, CREW.id)))
        assert await last_of(aboard, CREW.id) == (replace(asked.revision, members_removed=everybody), asked.event)
        assert await shown(aboard, SHIP) == (member(ADA),)
        assert (await last_of(aboard, SHIP.id))[0].members_removed == (CREW.id,)
        assert (await shown(aboard, ADA), await shown(aboard, BOB)) == ((direct(SHIP),), ())

    async def test_whoever_comes_back_is_in_no_group(self, aboard: Database) -> None:
        """A restore under the same id brings back a person without groups, and a group without members."""
        await change(aboard, CREW, adding(ADA), 50)
        await aboard.resources.commit(discharged(ADA, 60))
        await aboard.resources.commit(created(replace(ADA, revision=3, second=61)))
        assert (await shown(aboard, ADA), await shown(aboard, CREW)) == ((), ())
        await change(aboard, CREW, adding(ADA), 62)
        last = replace(CREW, revision=4, version=4, second=62)
        await aboard.resources.commit(disbanded(last, 63))
        await aboard.resources.commit(founded(replace(last, revision=6, second=64)))
        assert (await shown(aboard, ADA), await shown(aboard, CREW)) == ((), ())

    async def test_what_can_be_no_member_leaves_no_group(self, aboard: Database) -> None:
        """A resource of another type is removed without a look at the groups."""
        added = first_administrator(ACME)
        tombstone = replace(added.revision, number=2, action=Action.DEPROVISIONED)
        removal = replace(added, expected_revision=1, record=None, entries=IndexEntries(), revision=tombstone)
        assert await aboard.resources.commit(removal) == ()
        assert await aboard.resources.get(ACME, "BreakGlassAccount", id_of(0)) is None

    async def test_a_refused_removal_leaves_the_groups_as_they_are(self, aboard: Database) -> None:
        """A removal that is stale takes nobody out of a group."""
        await change(aboard, CREW, adding(ADA), 50)
        await aboard.resources.commit(updated(ADA.becomes(55, title="Dr")))
        before = await contents(aboard)
        with pytest.raises(StaleRevisionError):
            await aboard.resources.commit(discharged(ADA, 60))
        assert await contents(aboard) == before
        assert await shown(aboard, CREW) == (member(ADA),)


class TestTenants:
    """Memberships of two tenants."""

    async def test_the_same_ids_in_two_tenants_are_apart(self, aboard: Database) -> None:
        """Groups and people of the same ids, each with their own memberships; removing one touches no other."""
        ada = replace(ADA, tenant_id=GLOBEX)
        crew, deck = (replace(each, tenant_id=GLOBEX) for each in (CREW, DECK))
        await aboard.resources.commit(created(ada))
        for each in (crew, deck):
            await aboard.resources.commit(founded(each))
        await change(aboard, CREW, adding(ADA, BOB), 50)
        await change(aboard, deck, adding(ada, crew), 51)
        assert (await shown(aboard, ADA), await shown(aboard, ada)) == ((direct(CREW),), (direct(deck),))
        assert (await shown(aboard, crew), await shown(aboard, DECK)) == ((), ())
        await aboard.resources.commit(discharged(ada, 60))
        assert await shown(aboard, CREW) == (member(ADA), member(BOB))
        assert await shown(aboard, deck) == (member(crew),)
