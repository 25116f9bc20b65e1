"""*musterbook saml …* Shows and sets how a tenant's people sign in by SAML, and changes our own key."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

from cyclopts import App, Parameter
from msgspec import UNSET

from musterbook.cli.certificates import certificate_row, told_end, told_stage
from musterbook.cli.exit_codes import CommandError, ExitCode
from musterbook.cli.lockouts import check_nobody_is_locked_out
from musterbook.cli.output import Row
from musterbook.cli.running import DEFAULTS, Common, Desk, Flag, run
from musterbook.directory import Actor
from musterbook.directory.operation import ChangeSignInSettings, ReadSamlConnection, ReadSignInSettings
from musterbook.directory.saml_connection import SamlConnection
from musterbook.directory.sign_in_settings import SingleSignOn
from musterbook.identity.saml_import import MAX_METADATA_BYTES, Entered, fetch_metadata, make_connection
from musterbook.identity.saml_keys import KeyChangeError, SamlKey
from musterbook.outbound import OutboundError
from musterbook.saml import parse_certificate
from musterbook.saml.errors import SettingsError, SettingsField

app = App(name="saml", help="Have people sign in by their organization's identity provider.")

Step: TypeAlias = Literal["begin", "sign", "finish"]
_OPTIONS: Final = {
    SettingsField.METADATA: "--metadata",
    SettingsField.ENTITY_ID: "--entity-id",
    SettingsField.SSO_URL: "--sso-url",
    SettingsField.SLO_URL: "--slo-url",
    SettingsField.CERTIFICATES: "--certificate",
}
_NEXT_STEPS: Final[dict[Step, str]] = {
    "begin": "Give the provider the new metadata. Next: musterbook saml rotate {slug} sign",
    "sign": "Once the provider encrypts for the new certificate: musterbook saml rotate {slug} finish",
    "finish": "The former key is gone.",
}
_FIRST_KEY = "This is the first key, and it signs from now on. The metadata show it."
_STANDARD_INPUT = "-"


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """The identity provider; what is not named stays as it is."""

    metadata: Annotated[str | None, Parameter(metavar="SOURCE", allow_leading_hyphen=True)] = None
    """The provider's metadata: a file, "-" for standard input, or the https address where it stands, such as OneLogin's
    Issuer URL."""
    entity_id: str | None = None
    """What the provider calls itself: its issuer."""
    sso_url: str | None = None
    """Where people are sent to sign in."""
    slo_url: str | None = None
    """Where people are sent to sign out; "" for nowhere."""
    certificate: Annotated[str | None, Parameter(metavar="FILE")] = None
    """The certificate by which the provider signs, in place of all that there are."""
    second_certificate: Annotated[str | None, Parameter(metavar="FILE")] = None
    """A certificate by which it will sign, beside those that there are."""


NOTHING = Provider()


@app.command
def show(slug: str, /, *, common: Common = DEFAULTS) -> ExitCode:
    """Show both sides of a tenant's SAML: what the provider needs to know of us, and what we know of it.

    Parameters
    ----------
    slug
        The tenant.
    """
    return run(common, lambda desk: _show(desk, slug))


@app.command(name="set")
def set_(
    slug: str,
    /,
    *,
    provider: Provider = NOTHING,
    sign_in: SingleSignOn | None = None,
    allow_idp_initiated: bool | None = None,
    yes: Flag = False,
    common: Common = DEFAULTS,
) -> ExitCode:
    """Set a tenant's identity provider, and whether people sign in by it; then show it.

    Parameters
    ----------
    slug
        The tenant.
    sign_in
        Whether people sign in by the provider: not, beside other ways, or by no other way.
    allow_idp_initiated
        Whether a sign-in may begin at the provider, such as in OneLogin's portal. It begins with no.
    yes
        Say that you mean it, where people would be locked out or the provider becomes another.
    """

    async def work(desk: Desk) -> None:
        tenant, actor = await desk.tenant(slug), await desk.actor(slug)
        perform = desk.services.directory.perform
        if provider != NOTHING:
            await _set_provider(desk, actor, provider, yes=yes)
        settings = (await perform(actor, ReadSignInSettings())).settings
        connection = (await perform(actor, ReadSamlConnection())).connection
        if connection is not None:
            await desk.services.signing_in.saml_keys.ensure(tenant)
        # Without a connection it is refused in any case.
        if sign_in is SingleSignOn.ONLY and settings.sso is not SingleSignOn.ONLY and connection is not None:
            await check_nobody_is_locked_out(desk, actor, yes=yes)
        if sign_in is not None or allow_idp_initiated is not None:
            changes = ChangeSignInSettings(
                sso=UNSET if sign_in is None else sign_in,
                allows_idp_initiated=UNSET if allow_idp_initiated is None else allow_idp_initiated,
            )
            await perform(actor, changes)
        await _show(desk, slug)

    return run(common, work, with_secret=True)


@app.command
def rotate(slug: str, step: Step = "begin", /, *, common: Common = DEFAULTS) -> ExitCode:
    """Change the key by which the provider knows us, in three steps, so that nobody is kept out meanwhile.

    Parameters
    ----------
    slug
        The tenant.
    step
        begin: a second key, which our metadata shows. sign: it signs from now on. finish: the former one goes.
    """

    async def work(desk: Desk) -> None:
        tenant, keys = await desk.tenant(slug), desk.services.signing_in.saml_keys
        steps = {"begin": keys.begin, "sign": keys.let_sign, "finish": keys.finish}
        try:
            await steps[step](tenant)
        except KeyChangeError as error:
            raise CommandError(str(error), ExitCode.CONFLICT) from error
        shown = await keys.list(tenant.id)
        if desk.output.as_json:
            desk.output.record({"tenant": slug, "step": step, "certificates": [_key_row(desk, key) for key in shown]})
        else:
            desk.output.record({"tenant": slug, "certificates": [_told_key(desk, key) for key in shown]})
            is_first = step == "begin" and len(shown) == 1
            desk.output.say(_FIRST_KEY if is_first else _NEXT_STEPS[step].format(slug=slug))

    return run(common, work, with_secret=True)


async def _set_provider(desk: Desk, actor: Actor, provider: Provider, *, yes: bool) -> None:
    perform = desk.services.directory.perform
    present = (await perform(actor, ReadSamlConnection())).connection
    entered = await _entered(desk, provider)
    try:
        wanted = make_connection(entered, present, desk.services.clock())
    except SettingsError as error:
        lines = (f"{_OPTIONS[problem.field]}: {problem.detail}" for problem in error.problems)
        raise CommandError("\n".join(lines), ExitCode.USAGE) from error
    if present is not None and present.entity_id != wanted.entity_id and not yes:
        raise CommandError(
            f"The provider is {present.entity_id} so far, and would become {wanted.entity_id}. Nobody is known by that "
            "yet, so everybody is found by e-mail address once more. Repeat the command with --yes to do it.",
            ExitCode.CONFLICT,
        )
    await perform(actor, wanted)


async def _entered(desk: Desk, provider: Provider) -> Entered:
    first, second = provider.certificate, provider.second_certificate
    return Entered(
        metadata=None if provider.metadata is None else await _read_metadata(desk, provider.metadata),
        entity_id=provider.entity_id,
        sso_url=provider.sso_url,
        slo_url=provider.slo_url,
        certificate=None if first is None else _read_file(first).decode("ascii", "replace"),
        second_certificate=None if second is None else _read_file(second).decode("ascii", "replace"),
    )


async def _read_metadata(desk: Desk, source: str) -> bytes:
    if source.startswith(("https://", "http://")):
        try:
            return await fetch_metadata(desk.services.outbound, source)
        except OutboundError as error:
            raise CommandError(f"{source}: {error.detail}") from error
    if source == _STANDARD_INPUT:
        return sys.stdin.buffer.read(MAX_METADATA_BYTES + 1)
    return _read_file(source)


def _read_file(name: str) -> bytes:
    """Return what stands in a file, and one byte more than may be: whoever reads it says that it is too much."""
    try:
        with Path(name).open("rb") as opened:
            return opened.read(MAX_METADATA_BYTES + 1)
    except FileNotFoundError as error:
        raise CommandError(f"There is no file {name}.", ExitCode.NOT_FOUND) from error
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from error


async def _show(desk: Desk, slug: str) -> None:
    tenant, actor = await desk.tenant(slug), await desk.actor(slug)
    perform = desk.services.directory.perform
    settings = (await perform(actor, ReadSignInSettings())).settings
    connection = (await perform(actor, ReadSamlConnection())).connection
    keys = await desk.services.signing_in.saml_keys.list(tenant.id)
    root = f"{desk.services.settings.base_url}/saml/{slug}"
    ours: Row = {
        "tenant": slug,
        "sign_in": settings.sso.value,
        "allow_idp_initiated": settings.allows_idp_initiated,
        "entity_id": f"{root}/metadata",
        "metadata_url": f"{root}/metadata",
        "acs_url": f"{root}/acs",
        "acs_url_validator": _as_expression(f"{root}/acs"),
        "slo_url": f"{root}/slo",
        "login_url": f"{root}/login",
    }
    if desk.output.as_json:
        theirs = None if connection is None else _provider_row(desk, connection)
        certificates = [_key_row(desk, key) for key in keys]
        desk.output.record({**ours, "certificates": certificates, "identity_provider": theirs})
        return
    told = {**ours, "certificates": [_told_key(desk, key) for key in keys]}
    desk.output.record({**told, **_told_provider(desk, connection)})


def _provider_row(desk: Desk, connection: SamlConnection) -> Row:
    now = desk.services.clock()
    return {
        "entity_id": connection.entity_id,
        "sso_url": connection.sso_url,
        "sso_binding": connection.sso_binding.value,
        "slo_url": connection.slo_url,
        "slo_binding": connection.slo_binding.value,
        "certificates": [certificate_row(parse_certificate(pem), now) for pem in connection.certificates],
    }


def _told_provider(desk: Desk, connection: SamlConnection | None) -> Row:
    """Return the provider as people read it: each of its fields in a line of its own."""
    if connection is None:
        return {"provider": "none yet: musterbook saml set … --metadata …"}
    now = desk.services.clock()
    certificates = [parse_certificate(pem) for pem in connection.certificates]
    return {
        "provider": connection.entity_id,
        "provider_sso_url": connection.sso_url,
        "provider_slo_url": connection.slo_url,
        "provider_certificates": [f"{item.fingerprint[:16]}, {told_end(item, now)}" for item in certificates],
    }


def _key_row(desk: Desk, key: SamlKey) -> Row:
    return {"use": key.stage.value, **certificate_row(key.certificate, desk.services.clock())}


def _told_key(desk: Desk, key: SamlKey) -> str:
    certificate = key.certificate
    end = told_end(certificate, desk.services.clock())
    return f"{certificate.fingerprint[:16]}, {told_stage(key.stage)}, {end}"


def _as_expression(url: str) -> str:
    r"""Return the regular expression that fits ``url`` alone, as OneLogin's form asks for it, with ``/`` as ``\/``."""
    special = str.maketrans({character: f"\\{character}" for character in "/.[]"})
    return f"^{url.translate(special)}$"
