"""*musterbook role …* and *musterbook explain* Grants roles, and says who may do what, and why."""

from typing import Final

from cyclopts import App

from musterbook.cli.exit_codes import CommandError, ExitCode
from musterbook.cli.output import Row, visible
from musterbook.cli.people import find_person, person_row
from musterbook.cli.running import DEFAULTS, Common, Desk, Flag, run
from musterbook.directory import Person, Role, Status
from musterbook.directory.everyone import EVERYONE_ID, everyone_type
from musterbook.directory.operation import (
    ChangeSignInSettings,
    Explained,
    ExplainPermission,
    FindGroup,
    GrantRole,
    ReadEveryone,
    ReadSignInSettings,
    RevokeRole,
)
from musterbook.directory.permissions import Grant, GrantedTo, Permission
from musterbook.directory.person import Collective

app = App(name="role", help="Grant roles to people, groups and Everyone, and take them back.")

_ROLES: Final = {role.name.lower().replace("_", "-"): role for role in Role}
_MISSING = "ROLE is missing: name the person and then the role, or the role alone with --group or --everyone."
_TOO_MANY = "With --group or --everyone, name the role alone, and only one of these two."


@app.command
def grant(
    slug: str,
    user: str,
    role: Role | None = None,
    /,
    *,
    group: str | None = None,
    everyone: Flag = False,
    common: Common = DEFAULTS,
) -> ExitCode:
    """Grant a role to a person; or to a group or to Everyone, in place of USER.

    Parameters
    ----------
    slug
        The tenant.
    user
        An id or a userName. It is left out with --group and --everyone.
    role
        What the person may do from now on. Everybody is a member, until Everyone is not.
    group
        Grant it to this group: its displayName or id. Members hold it once groups map to roles.
    everyone
        Grant it to Everyone: whoever is in the directory, and whoever will be.
    """
    return run(common, lambda desk: _change(desk, GrantRole, slug, _words(user, role, group, everyone=everyone)))


@app.command
def revoke(
    slug: str,
    user: str,
    role: Role | None = None,
    /,
    *,
    group: str | None = None,
    everyone: Flag = False,
    common: Common = DEFAULTS,
) -> ExitCode:
    """Take a role from a person; or from a group or from Everyone, in place of USER. The last administrator keeps it.

    Parameters
    ----------
    slug
        The tenant.
    user
        An id or a userName. It is left out with --group and --everyone.
    role
        What the person may no longer do.
    group
        Take it from this group: its displayName or id.
    everyone
        Take it from Everyone.
    """
    return run(common, lambda desk: _change(desk, RevokeRole, slug, _words(user, role, group, everyone=everyone)))


@app.command(name="set")
def set_(slug: str, /, *, maps_groups: bool | None = None, common: Common = DEFAULTS) -> ExitCode:
    """Change whether groups give roles to their members. Without an option, show that and what Everyone is granted.

    Parameters
    ----------
    slug
        The tenant.
    maps_groups
        Whether what is granted to a group is held by its members. It begins with no: a provider decides who is in a
        group.
    """

    async def work(desk: Desk) -> None:
        actor = await desk.actor(slug)
        perform = desk.services.directory.perform
        if maps_groups is not None:
            await perform(actor, ChangeSignInSettings(maps_groups=maps_groups))
        settings = (await perform(actor, ReadSignInSettings())).settings
        granted = (await perform(actor, ReadEveryone())).grantee
        desk.output.record({"tenant": slug, "maps_groups": settings.maps_groups, "everyone": _names(granted)})

    return run(common, work)


def explain(slug: str, user: str, permission: str, /, *, common: Common = DEFAULTS) -> ExitCode:
    """Say whether a person holds a permission, and by which grants.

    Parameters
    ----------
    slug
        The tenant.
    user
        An id or a userName.
    permission
        Such as users.write.
    """

    async def work(desk: Desk) -> None:
        asked = ExplainPermission(user, _permission(permission))
        explained = await desk.services.directory.perform(await desk.actor(slug), asked)
        if desk.output.as_json:
            desk.output.record(_explained_row(explained))
        else:
            desk.output.tell(_told_whole(explained))

    return run(common, work)


_Words = tuple[str | None, Role, str | None]
"""The person, the role, and the group; neither person nor group: Everyone."""


def _words(user: str, role: Role | None, group: str | None, *, everyone: bool) -> _Words:
    """Return what was named: where a group or Everyone is, the first word is the role."""
    if group is None and not everyone:
        if role is None:
            raise CommandError(_MISSING, ExitCode.USAGE)
        return user, role, None
    if role is not None or (group is not None and everyone):
        raise CommandError(_TOO_MANY, ExitCode.USAGE)
    named = _ROLES.get(user.lower())
    if named is None:
        choices = ", ".join(f'"{name}"' for name in _ROLES)
        raise CommandError(f'Invalid value "{user}" for ROLE. Choose from: {choices}.', ExitCode.USAGE)
    return None, named, group


async def _change(desk: Desk, operation: type[GrantRole | RevokeRole], slug: str, words: _Words) -> None:
    user, role, group = words
    actor, perform = await desk.actor(slug), desk.services.directory.perform
    if user is not None:
        person = await find_person(desk, actor, user)
        await perform(actor, operation(person.resource_type, person.id, role))
        desk.output.record(person_row(await find_person(desk, actor, person.id)))
    elif group is None:
        await perform(actor, operation(everyone_type(), EVERYONE_ID, role))
        desk.output.record(_grantee_row((await perform(actor, ReadEveryone())).grantee))
    else:
        found = (await perform(actor, FindGroup(group))).grantee
        granted = await perform(actor, operation(found.resource_type, found.id, role))
        desk.output.record(_grantee_row(granted.grantee))


def _grantee_row(grantee: Person | Collective) -> Row:
    name = grantee.name if isinstance(grantee, Collective) else grantee.user_name
    return {"id": grantee.id, "name": name, "roles": _names(grantee)}


def _names(grantee: Person | Collective) -> list[str]:
    return [role.value for role in grantee.roles]


def _permission(name: str) -> Permission:
    try:
        return Permission(name)
    except ValueError as error:
        choices = ", ".join(f'"{permission.value}"' for permission in Permission)
        message = f'Invalid value "{name}" for PERMISSION. Choose from: {choices}.'
        raise CommandError(message, ExitCode.USAGE) from error


def _explained_row(explained: Explained) -> Row:
    person = explained.person
    return {
        "id": person.id,
        "user_name": person.user_name,
        "status": person.status.value,
        "permission": explained.permission.value,
        "held": explained.is_held,
        "grants": [
            {
                "role": item.role.value,
                "granted_to": item.granted_to.value,
                "group_id": item.group_id,
                "group_name": item.group_name,
            }
            for item in explained.grants
        ],
    }


def _told_whole(explained: Explained) -> str:
    """Return an explanation as people read it."""
    name, permission = visible(explained.person.user_name), explained.permission.value
    if explained.person.status is not Status.ACTIVE:
        return f"{name} does not hold {permission}: whoever is {explained.person.status.value} may do nothing."
    if not explained.is_held:
        return f"{name} does not hold {permission}: no role that allows it was granted."
    return "\n".join([f"{name} holds {permission}:", *(f"  {_told(item)}" for item in explained.grants)])


def _told(grant_: Grant) -> str:
    role, group = grant_.role.value, visible(grant_.group_name or "")
    match grant_.granted_to:
        case GrantedTo.PERSON:
            return f"{role}, granted to the person"
        case GrantedTo.GROUP:
            return f"{role}, granted to the group {group}"
        case GrantedTo.OUTER_GROUP:
            return f"{role}, granted to the group {group}, which holds a group of the person"
        case GrantedTo.EVERYONE:
            return f"{role}, granted to Everyone"
