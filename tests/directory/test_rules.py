"""The rules of a person as tables: who counts as administrator, what a change is called."""

from dataclasses import replace

import pytest
from msgspec import UNSET

from musterbook.directory import Action, ActorKind, Role, Status, rules
from musterbook.directory.account import Account, DisplayNameOrigin, Password, Source, read_account, render_account
from musterbook.directory.person import person_of
from musterbook.directory.rules import FOREVER, State
from musterbook.scim import Json, Resource, make_resource_type, make_schema
from tests.directory.world import user

NOW = "2026-11-23T09:00:00.000Z"
BEFORE, AFTER = "2026-11-23T08:59:59.999Z", "2026-11-23T09:00:00.001Z"
MEMBER = Account("Ada", DisplayNameOrigin.NAME, Status.ACTIVE, Source.SCIM)
ADMINISTRATOR = replace(MEMBER, roles=(Role.ADMINISTRATOR,))
SUSPENDED = replace(ADMINISTRATOR, status=Status.SUSPENDED)
REMOVED = replace(ADMINISTRATOR, status=Status.REMOVED)
EMERGENCY = replace(ADMINISTRATOR, source=Source.BREAK_GLASS, password=Password("hash", "2026-11-23T08:00:00.000Z"))
UNOPENED = replace(EMERGENCY, password=UNSET)
THING = make_resource_type("Thing", "/Things", make_schema("urn:example:Thing", "Thing", "No person.", []))


@pytest.mark.parametrize(
    "account, until",
    [
        (None, None),
        (MEMBER, None),
        (ADMINISTRATOR, FOREVER),
        (SUSPENDED, None),
        (REMOVED, None),
        (EMERGENCY, FOREVER),
        (UNOPENED, None),
        (replace(UNOPENED, setup_expires_at=AFTER), AFTER),
        (replace(UNOPENED, setup_expires_at=AFTER, status=Status.SUSPENDED), None),
    ],
)
def test_until_when_a_person_administers(account: Account | None, until: str | None) -> None:
    """An active administrator counts without end; a break-glass account without a password, until its link expires."""
    assert rules.administers_until(account) == until


@pytest.mark.parametrize(
    "before, after, may_remove",
    [
        (ADMINISTRATOR, ADMINISTRATOR, False),
        (ADMINISTRATOR, None, True),
        (ADMINISTRATOR, MEMBER, True),
        (ADMINISTRATOR, SUSPENDED, True),
        (ADMINISTRATOR, replace(ADMINISTRATOR, setup_expires_at=AFTER), True),
        (MEMBER, None, False),
        (MEMBER, ADMINISTRATOR, False),
        (SUSPENDED, MEMBER, False),
        (None, ADMINISTRATOR, False),
        (None, None, False),
        (replace(UNOPENED, setup_expires_at=AFTER), None, True),
        (replace(UNOPENED, setup_expires_at=AFTER), EMERGENCY, False),
        (replace(UNOPENED, setup_expires_at=NOW), None, False),
        (replace(UNOPENED, setup_expires_at=BEFORE), None, False),
        (replace(UNOPENED, setup_expires_at=BEFORE), EMERGENCY, False),
        (EMERGENCY, UNOPENED, True),
    ],
)
def test_what_may_take_an_administrator_away(
    before: Account | None, after: Account | None, *, may_remove: bool
) -> None:
    """Only a change of somebody who counts now, to somebody who counts less, has to look at who else is there."""
    assert rules.may_remove_administrator(before, after, NOW) is may_remove


@pytest.mark.parametrize(
    "before, after, action",
    [
        (MEMBER, MEMBER, Action.UPDATED),
        (MEMBER, replace(MEMBER, status=Status.SUSPENDED), Action.SUSPENDED),
        (replace(MEMBER, status=Status.SUSPENDED), MEMBER, Action.REACTIVATED),
        (replace(MEMBER, source=Source.CONSOLE), MEMBER, Action.LINKED),
        (replace(MEMBER, source=Source.CONSOLE), replace(MEMBER, status=Status.SUSPENDED), Action.SUSPENDED),
        (None, None, Action.UPDATED),
    ],
)
def test_what_a_change_is_called(before: Account | None, after: Account | None, action: Action) -> None:
    """A change has one name: what it does to the status comes before the link, and that before everything else."""
    resource = user({"userName": "ada"})
    assert rules.action_between(State(resource, before), State(resource, after)) is action


@pytest.mark.parametrize("active, status", [(True, Status.ACTIVE), (False, Status.SUSPENDED), (None, Status.ACTIVE)])
def test_the_status_follows_active(active: Json, status: Status) -> None:
    """``active: false`` is suspension; anything else is not."""
    account = rules.open_account(user({"userName": "ada", "active": active}), Source.SCIM)
    assert account == Account("ada", DisplayNameOrigin.FALLBACK, status, Source.SCIM)


def test_what_is_no_person_has_no_account() -> None:
    """A resource of another type gets neither ``active`` nor an account, and no rule gives it one later."""
    thing = Resource(THING, {})
    assert rules.with_defaults(thing) is thing
    assert rules.open_account(thing, Source.SCIM) is None
    assert rules.follow_resource(None, thing, ActorKind.SCIM) is None
    assert rules.name_by_administrator(None, "Thing") is None
    assert person_of(State(thing, None), ()) is None


def test_who_acts_decides_about_the_link() -> None:
    """A client's write makes the source SCIM; an administrator's leaves it."""
    resource = user({"userName": "ada"})
    added = replace(MEMBER, source=Source.CONSOLE)
    by_client = rules.follow_resource(added, resource, ActorKind.SCIM)
    by_administrator = rules.follow_resource(added, resource, ActorKind.PERSON)
    assert (by_client, by_administrator) == (MEMBER, added)


def test_roles_are_a_sorted_set() -> None:
    """A role that is granted twice is held once, and to revoke one leaves the others."""
    both = rules.grant(rules.grant(MEMBER, Role.MEMBER), Role.ADMINISTRATOR)
    assert both.roles == (Role.ADMINISTRATOR, Role.MEMBER)
    assert rules.grant(both, Role.MEMBER) == both
    assert rules.revoke(both, Role.ADMINISTRATOR).roles == (Role.MEMBER,)


@pytest.mark.parametrize(
    "account", [MEMBER, ADMINISTRATOR, replace(UNOPENED, setup_expires_at=AFTER), EMERGENCY, REMOVED]
)
def test_an_account_reads_back_as_written(account: Account) -> None:
    """The stored text of an account holds all of it."""
    assert read_account(render_account(account)) == account
