"""*musterbook tenant …* Creates, lists, suspends and deletes tenants."""

from typing import Annotated

from cyclopts import App, Parameter

from musterbook.cli.exit_codes import CommandError, ExitCode
from musterbook.cli.output import Column, Listing, Row
from musterbook.cli.running import DEFAULTS, Common, Desk, Flag, run
from musterbook.cli.telling import told_date
from musterbook.directory import Tenant, TenantStatus
from musterbook.directory.store import TenantExistsError

app = App(name="tenant", help="Create and manage tenants, one for each customer.")


def _row(tenant: Tenant) -> Row:
    return {
        "tenant": tenant.slug,
        "name": tenant.name,
        "status": tenant.status.value,
        "scim_enabled": tenant.scim_enabled,
        "created_at": tenant.created_at,
        **_switches(tenant),
    }


def _switches(tenant: Tenant) -> Row:
    switches = tenant.switches
    return {"unique_group_names": switches.unique_group_names, "accepts_passwords": switches.accepts_passwords}


_TENANTS: Listing[Tenant] = Listing(
    row=_row,
    columns=(
        Column("tenant", lambda tenant: tenant.slug),
        Column("name", lambda tenant: tenant.name),
        Column("status", lambda tenant: tenant.status.value),
        Column("SCIM", lambda tenant: "on" if tenant.scim_enabled else "off"),
        Column("created", lambda tenant: told_date(tenant.created_at)),
    ),
    empty="There is no tenant yet. Make one with: musterbook tenant create",
)


@app.command
def create(
    slug: str,
    /,
    *,
    name: str,
    admin_email: Annotated[str, Parameter(metavar="EMAIL")],
    common: Common = DEFAULTS,
) -> ExitCode:
    """Create a tenant with its first administrator, a break-glass account.

    Parameters
    ----------
    slug
        A short name for commands and addresses: lower-case letters, digits and hyphens. It never changes.
    name
        The name that people see.
    admin_email
        The e-mail address of the first administrator.
    """

    async def work(desk: Desk) -> None:
        try:
            created = await desk.services.tenants.create(slug, name, admin_email, desk.request_id)
        except TenantExistsError as error:
            message = f"The slug '{slug}' is taken. A slug never changes hands, also after its tenant is deleted."
            raise CommandError(message, ExitCode.CONFLICT) from error
        desk.output.record(
            {
                "tenant": slug,
                "admin_email": admin_email,
                "setup_url": f"{desk.services.settings.base_url}/setup/{created.setup_token}",
                "setup_expires_at": created.setup_expires_at,
            }
        )
        desk.output.say(f"The set-up link is shown once. Next: musterbook key create {slug}")

    return run(common, work)


@app.command(name="list")
def list_(*, common: Common = DEFAULTS) -> ExitCode:
    """List all tenants."""

    async def work(desk: Desk) -> None:
        desk.output.list_items(_TENANTS, await desk.services.tenants.list())

    return run(common, work)


@app.command(name="set")
def set_(
    slug: str,
    /,
    *,
    unique_group_names: bool | None = None,
    accepts_passwords: bool | None = None,
    common: Common = DEFAULTS,
) -> ExitCode:
    """Change what a tenant decides for itself; what is not named stays. Without an option, show it.

    Parameters
    ----------
    slug
        The tenant.
    unique_group_names
        Whether no two groups have the same displayName. It begins so.
    accepts_passwords
        Whether identity providers may set passwords. It begins with no: people sign in with their provider.
    """

    async def work(desk: Desk) -> None:
        tenant = await desk.services.tenants.set_switches(
            slug, unique_group_names=unique_group_names, accepts_passwords=accepts_passwords
        )
        desk.output.record({"tenant": slug, **_switches(tenant)})

    return run(common, work)


@app.command
def suspend(slug: str, /, *, common: Common = DEFAULTS) -> ExitCode:
    """Stop serving a tenant. Nothing is lost; its keys answer 401 until it is resumed.

    Parameters
    ----------
    slug
        The tenant.
    """
    return run(common, lambda desk: _set_status(desk, slug, TenantStatus.SUSPENDED))


@app.command
def resume(slug: str, /, *, common: Common = DEFAULTS) -> ExitCode:
    """Serve a suspended tenant again.

    Parameters
    ----------
    slug
        The tenant.
    """
    return run(common, lambda desk: _set_status(desk, slug, TenantStatus.ACTIVE))


@app.command
def delete(slug: str, /, *, yes: Flag = False, common: Common = DEFAULTS) -> ExitCode:
    """Delete a tenant. Its keys stop working at once, and its slug is never given to another.

    Parameters
    ----------
    slug
        The tenant.
    yes
        Say that you mean it.
    """

    async def work(desk: Desk) -> None:
        if not yes:
            message = f"This ends the service for everybody in '{slug}'. Repeat the command with --yes to do it."
            raise CommandError(message, ExitCode.USAGE)
        await _set_status(desk, slug, TenantStatus.DELETED)

    return run(common, work)


async def _set_status(desk: Desk, slug: str, status: TenantStatus) -> None:
    await desk.services.tenants.set_status(slug, status)
    desk.output.record({"tenant": slug, "status": status.value})
