"""*musterbook admin …* Lets administrators set up their accounts, and choose another password."""

from cyclopts import App

from musterbook.cli.exit_codes import CommandError, ExitCode
from musterbook.cli.running import DEFAULTS, Common, Desk, Flag, run
from musterbook.directory import Status, Tenant, break_glass_type, operator_actor
from musterbook.directory.operation import RecordSecondFactor
from musterbook.identity.links import Addressee
from musterbook.identity.mail import MailError
from musterbook.identity.password_store import LinkPurpose
from musterbook.scim import user_type

app = App(name="admin", help="Let administrators set up their accounts and choose another password.")

_TYPES = {each.name: each for each in (user_type(), break_glass_type())}


@app.command
def invite(slug: str, email: str, /, *, mail: Flag = False, common: Common = DEFAULTS) -> ExitCode:
    """Make another set-up link for somebody who has no password yet. The link before stops working.

    Parameters
    ----------
    slug
        The tenant.
    email
        The e-mail address of the administrator, or any userName.
    mail
        Send the link to the person instead of printing it.
    """

    async def work(desk: Desk) -> None:
        tenant = await desk.tenant(slug)
        addressee = await _find(desk, tenant, email)
        if addressee.has_password:
            message = f"{addressee.name} has a password. To choose another one: musterbook admin reset {slug} {email}"
            raise CommandError(message, ExitCode.CONFLICT)
        await _hand_over(desk, tenant, addressee, LinkPurpose.SET_UP, by_mail=mail)

    return run(common, work)


@app.command
def reset(
    slug: str,
    email: str,
    /,
    *,
    mail: Flag = False,
    second_factor: Flag = False,
    common: Common = DEFAULTS,
) -> ExitCode:
    """Make a link by which somebody chooses another password. Nothing changes until it is used.

    Parameters
    ----------
    slug
        The tenant.
    email
        The e-mail address of the administrator, or any userName.
    mail
        Send the link to the person instead of printing it.
    second_factor
        Take the second factor away, at once, from somebody who has lost it; the next sign-in sets up another.
    """

    async def work(desk: Desk) -> None:
        tenant = await desk.tenant(slug)
        addressee = await _find(desk, tenant, email)
        if second_factor:
            await _remove_second_factor(desk, addressee)
        await _hand_over(desk, tenant, addressee, LinkPurpose.RESET, by_mail=mail)

    return run(common, work)


async def _find(desk: Desk, tenant: Tenant, name: str) -> Addressee:
    addressee = await desk.services.signing_in.links.find_addressee(tenant, name)
    if addressee is None:
        raise CommandError(f"There is nobody called '{name}' in '{tenant.slug}'.", ExitCode.NOT_FOUND)
    if addressee.status is not Status.ACTIVE:
        raise CommandError(f"{addressee.name} is suspended, so no link would let them in.", ExitCode.CONFLICT)
    return addressee


async def _remove_second_factor(desk: Desk, addressee: Addressee) -> None:
    account = addressee.account
    actor = operator_actor(account.tenant_id, desk.request_id)
    operation = RecordSecondFactor(_TYPES[account.resource_type], account.id, is_set=False)
    await desk.services.directory.perform(actor, operation)
    await desk.services.signing_in.second_factors.remove(account)


async def _hand_over(desk: Desk, tenant: Tenant, addressee: Addressee, purpose: LinkPurpose, *, by_mail: bool) -> None:
    links = desk.services.signing_in.links
    if by_mail and addressee.address is None:
        raise CommandError(f"{addressee.name} has no e-mail address.", ExitCode.CONFLICT)
    issued = await links.issue(addressee.account, purpose)
    if by_mail and addressee.address is not None:
        try:
            await links.send(issued, tenant, addressee.address)
        except MailError as error:
            raise CommandError(str(error)) from error
    desk.output.record(
        {
            "tenant": tenant.slug,
            "user_name": addressee.name,
            "purpose": purpose.value,
            "url": None if by_mail else issued.url,
            "expires_at": issued.link.expires_at,
            "sent_to": addressee.address if by_mail else None,
        }
    )
    if not by_mail:
        desk.output.say("The link is shown once and works once.")
