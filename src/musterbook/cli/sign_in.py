"""*musterbook sign-in …* Shows and changes how a tenant's people sign in, beside SAML, and by which domains."""

from typing import Annotated, Final

from cyclopts import App, Parameter
from cyclopts.validators import Number
from msgspec import UNSET

from musterbook.cli.exit_codes import CommandError, ExitCode
from musterbook.cli.output import Row
from musterbook.cli.running import DEFAULTS, Common, Desk, run
from musterbook.directory.operation import ChangeSignInSettings, ReadSignInSettings
from musterbook.directory.sign_in_settings import MAX_ABSOLUTE_HOURS, MAX_IDLE_MINUTES
from musterbook.identity.domains import InvalidDomainError
from musterbook.identity.log_store import DomainTakenError

app = App(name="sign-in", help="Decide how people sign in, and which e-mail domains are an organization's.")
domains = App(name="domain", help="Lead people to their organization by the domain of their e-mail address.")
app.command(domains)

_NOTHING: Final = ("", "none")


@app.command(name="set")
def set_(
    slug: str,
    /,
    *,
    google_domain: Annotated[str | None, Parameter(metavar="DOMAIN")] = None,
    contact: Annotated[str | None, Parameter(metavar="TEXT")] = None,
    idle_minutes: Annotated[int | None, Parameter(validator=Number(gte=1, lte=MAX_IDLE_MINUTES))] = None,
    absolute_hours: Annotated[int | None, Parameter(validator=Number(gte=1, lte=MAX_ABSOLUTE_HOURS))] = None,
    common: Common = DEFAULTS,
) -> ExitCode:
    """Change how a tenant's people sign in; what is not named stays. Without an option, show it.

    Parameters
    ----------
    slug
        The tenant.
    google_domain
        The Google Workspace domain whose people may sign in by Google; "none" for nobody.
    contact
        Whom somebody may ask who is not let in; "none" for nobody.
    idle_minutes
        After how long without a request a session ends.
    absolute_hours
        After how long a session ends in any case.
    """

    async def work(desk: Desk) -> None:
        actor, perform = await desk.actor(slug), desk.services.directory.perform
        changes = ChangeSignInSettings(
            google_domain=UNSET if google_domain is None else _text(google_domain),
            contact=UNSET if contact is None else _text(contact),
            idle_minutes=UNSET if idle_minutes is None else idle_minutes,
            absolute_hours=UNSET if absolute_hours is None else absolute_hours,
        )
        if changes != ChangeSignInSettings():
            await perform(actor, changes)
        settings = (await perform(actor, ReadSignInSettings())).settings
        desk.output.record(
            {
                "tenant": slug,
                "saml": settings.sso.value,
                "google_domain": settings.google_domain,
                "contact": settings.contact,
                "idle_minutes": settings.idle_minutes,
                "absolute_hours": settings.absolute_hours,
                "domains": [*await desk.services.signing_in.domains.list((await desk.tenant(slug)).id)],
            }
        )

    return run(common, work)


@domains.command
def add(slug: str, domain: str, /, *, common: Common = DEFAULTS) -> ExitCode:
    """Lead people with addresses at a domain to this tenant. A domain is one tenant's.

    Parameters
    ----------
    slug
        The tenant.
    domain
        Such as example.com.
    """
    return run(common, lambda desk: _change(desk, slug, domain, is_added=True))


@domains.command
def remove(slug: str, domain: str, /, *, common: Common = DEFAULTS) -> ExitCode:
    """Lead people with addresses at a domain nowhere. They still sign in at their tenant's own page.

    Parameters
    ----------
    slug
        The tenant.
    domain
        One that the tenant has.
    """
    return run(common, lambda desk: _change(desk, slug, domain, is_added=False))


async def _change(desk: Desk, slug: str, domain: str, *, is_added: bool) -> None:
    tenant, domains_of = await desk.tenant(slug), desk.services.signing_in.domains
    try:
        if is_added:
            await domains_of.add(tenant.id, domain)
        elif not await domains_of.remove(tenant.id, domain):
            raise CommandError(f"The tenant '{slug}' has no domain {domain}.", ExitCode.NOT_FOUND)
    except InvalidDomainError as error:
        raise CommandError(str(error), ExitCode.USAGE) from error
    except DomainTakenError as error:
        raise CommandError(f"The domain {error.domain} is another tenant's.", ExitCode.CONFLICT) from error
    row: Row = {"tenant": slug, "domains": [*await domains_of.list(tenant.id)]}
    desk.output.record(row)


def _text(entered: str) -> str | None:
    """Return what was entered, or ``None`` where nothing is to be there any more."""
    return None if entered.strip().lower() in _NOTHING else entered
