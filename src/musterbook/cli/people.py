"""*musterbook user …* Shows people."""

from collections.abc import AsyncIterator, Sequence

from cyclopts import App

from musterbook.cli.exit_codes import ExitCode
from musterbook.cli.output import Column, Listing, Row
from musterbook.cli.running import DEFAULTS, Common, Desk, Flag, run
from musterbook.directory import Actor, Person, ResourceId, break_glass_type
from musterbook.directory.operation import FindPerson, ListPeople
from musterbook.scim import ResourceType, user_type

users = App(name="user", help="Show people.")

_PAGE = 500


def person_row(person: Person) -> Row:
    """Return what JSON says of a person."""
    return {
        "id": person.id,
        "user_name": person.user_name,
        "display_name": person.display_name,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "status": person.status.value,
        "source": person.source.value,
        "roles": [role.value for role in person.roles],
    }


_PEOPLE: Listing[Person] = Listing(
    row=person_row,
    columns=(
        Column("user name", lambda person: person.user_name),
        Column("display name", lambda person: person.display_name),
        Column("status", lambda person: person.status.value, is_whole=True),
        Column("roles", lambda person: ", ".join(role.value for role in person.roles)),
        Column("id", lambda person: person.id, is_whole=True),
    ),
    empty="There is nobody yet.",
)


async def _pages(desk: Desk, actor: Actor, resource_type: ResourceType) -> AsyncIterator[Sequence[Person]]:
    after: ResourceId | None = None
    while page := (await desk.services.directory.perform(actor, ListPeople(resource_type, after, _PAGE))).people:
        yield page
        after = page[-1].id


@users.command(name="list")
def list_(slug: str, /, *, break_glass: Flag = False, common: Common = DEFAULTS) -> ExitCode:
    """List the people of a tenant in the order in which they were added.

    Parameters
    ----------
    slug
        The tenant.
    break_glass
        List the break-glass accounts instead, which no identity provider sees.
    """

    async def work(desk: Desk) -> None:
        resource_type = break_glass_type() if break_glass else user_type()
        await desk.output.list_pages(_PEOPLE, _pages(desk, await desk.actor(slug), resource_type))

    return run(common, work)


@users.command
def show(slug: str, user: str, /, *, common: Common = DEFAULTS) -> ExitCode:
    """Show one person, also one who was removed.

    Parameters
    ----------
    slug
        The tenant.
    user
        An id or a userName; upper and lower case make no difference in a userName.
    """

    async def work(desk: Desk) -> None:
        desk.output.record(person_row(await find_person(desk, await desk.actor(slug), user)))

    return run(common, work)


async def find_person(desk: Desk, actor: Actor, user: str) -> Person:
    """Return the person that the word of a command means.

    Raises:
        NotFoundError: there is nobody.
    """
    return (await desk.services.directory.perform(actor, FindPerson(user))).person
