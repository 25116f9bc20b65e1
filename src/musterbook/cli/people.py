"""*musterbook user … and role …* Shows people and grants roles."""

from typing import Annotated

from cyclopts import App, Parameter

from musterbook.cli.exit_codes import CommandError, ExitCode
from musterbook.cli.output import Row
from musterbook.cli.running import DEFAULTS, Common, Desk, run
from musterbook.directory import Person, ResourceId, Role, break_glass_type
from musterbook.directory.operation import FindPerson, GrantRole, ListPeople, RevokeRole
from musterbook.scim import user_type

users = App(name="user", help="Show people.")
roles = App(name="role", help="Grant roles to people and revoke them.")

_COLUMNS = ("id", "user_name", "display_name", "status", "source", "roles")
_PAGE = 500


def _row(person: Person) -> Row:
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


@users.command(name="list")
def list_(
    slug: str, /, *, break_glass: Annotated[bool, Parameter(negative="")] = False, common: Common = DEFAULTS
) -> ExitCode:
    """List the people of a tenant in the order in which they were added.

    Parameters
    ----------
    slug
        The tenant.
    break_glass
        List the break-glass accounts instead.
    """

    async def work(desk: Desk) -> None:
        actor = await desk.actor(slug)
        resource_type = break_glass_type() if break_glass else user_type()
        rows: list[Row] = []
        after: ResourceId | None = None
        while page := (await desk.services.directory.perform(actor, ListPeople(resource_type, after, _PAGE))).people:
            rows.extend(_row(person) for person in page)
            after = page[-1].id
        desk.output.table(rows, _COLUMNS, empty="There is nobody yet.")

    return run(common, work)


@users.command
def show(slug: str, user: str, /, *, common: Common = DEFAULTS) -> ExitCode:
    """Show one person by id or userName, also a removed one."""

    async def work(desk: Desk) -> None:
        actor = await desk.actor(slug)
        desk.output.record(_row((await desk.services.directory.perform(actor, FindPerson(user))).person))

    return run(common, work)


@roles.command
def grant(slug: str, user: str, role: str, /, *, common: Common = DEFAULTS) -> ExitCode:
    """Grant a role: Administrator or Member."""

    async def work(desk: Desk) -> None:
        wanted = _role(role)
        actor = await desk.actor(slug)
        person = (await desk.services.directory.perform(actor, FindPerson(user))).person
        shown = await desk.services.directory.perform(actor, GrantRole(person.resource_type, person.id, wanted))
        desk.output.record(_row(shown.person))

    return run(common, work)


@roles.command
def revoke(slug: str, user: str, role: str, /, *, common: Common = DEFAULTS) -> ExitCode:
    """Revoke a role. The last administrator keeps it."""

    async def work(desk: Desk) -> None:
        wanted = _role(role)
        actor = await desk.actor(slug)
        person = (await desk.services.directory.perform(actor, FindPerson(user))).person
        shown = await desk.services.directory.perform(actor, RevokeRole(person.resource_type, person.id, wanted))
        desk.output.record(_row(shown.person))

    return run(common, work)


def _role(text: str) -> Role:
    for role in Role:
        if role.value.lower() == text.lower():
            return role
    message = f"There is no role '{text}'. Roles are: {', '.join(role.value for role in Role)}."
    raise CommandError(message, ExitCode.USAGE)
