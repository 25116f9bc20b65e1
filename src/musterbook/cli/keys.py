"""*musterbook key …* Makes, lists and revokes the API keys of a tenant's identity provider."""

from typing import Annotated, Literal, TypeAlias

from cyclopts import App, Parameter
from cyclopts.validators import Number

from musterbook.cli.exit_codes import CommandError, ExitCode
from musterbook.cli.output import Column, Listing, Row
from musterbook.cli.running import DEFAULTS, Common, Desk, run
from musterbook.cli.telling import told_date
from musterbook.directory import KeyId
from musterbook.identity import DEFAULT_EXPIRY_DAYS, MAX_EXPIRY_DAYS, Key
from musterbook.scim import Profile

app = App(name="key", help="Make and revoke the API keys that identity providers use.")

Idp: TypeAlias = Literal["onelogin", "okta", "entra", "jumpcloud", "ping", "cyberark", "rippling", "google", "other"]
MAX_LABEL_LENGTH = 100


def _row(key: Key) -> Row:
    return {
        "id": key.id,
        "prefix": key.prefix,
        "label": key.label,
        "idp": key.idp,
        "profile": key.profile,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
    }


_KEYS: Listing[Key] = Listing(
    row=_row,
    columns=(
        Column("id", lambda key: key.id, is_whole=True),
        Column("begins with", lambda key: key.prefix, is_whole=True),
        Column("label", lambda key: key.label),
        Column("idp", lambda key: key.idp or ""),
        Column("expires", lambda key: told_date(key.expires_at), is_whole=True),
        Column("revoked", lambda key: told_date(key.revoked_at), is_whole=True),
        Column("last used", lambda key: told_date(key.last_used_at), is_whole=True),
    ),
    empty="There is no key yet. Make one with: musterbook key create",
)


@app.command
def create(
    slug: str,
    /,
    *,
    label: str = "",
    idp: Idp | None = None,
    profile: Profile = Profile.LENIENT,
    expires_in_days: Annotated[int, Parameter(validator=Number(gte=1, lte=MAX_EXPIRY_DAYS))] = DEFAULT_EXPIRY_DAYS,
    common: Common = DEFAULTS,
) -> ExitCode:
    """Make an API key and turn SCIM on. The key is shown once, alone on standard output.

    Parameters
    ----------
    slug
        The tenant.
    label
        What people call this key, to tell it from others.
    idp
        The identity provider that will use it.
    profile
        How closely the provider is held to the standards.
    expires_in_days
        After how many days the key stops working.
    """

    async def work(desk: Desk) -> None:
        if len(label) > MAX_LABEL_LENGTH or (label and not label.isprintable()):
            raise CommandError(f"--label is at most {MAX_LABEL_LENGTH} printable characters.", ExitCode.USAGE)
        tenant = await desk.tenant(slug)
        issued = await desk.services.keys.issue(
            tenant.id, label=label, idp=idp, profile=profile, expires_in_days=expires_in_days
        )
        key = issued.key
        if desk.output.as_json:
            shown = {"id": key.id, "key": issued.secret, "prefix": key.prefix, "idp": idp, "profile": profile.value}
            desk.output.json_line({**shown, "expires_at": key.expires_at})
            return
        desk.output.line(issued.secret)
        desk.output.say(f"The key is shown once, and works until {told_date(key.expires_at)}.")
        desk.output.say(f"SCIM base URL: {desk.services.service.base_url}")

    return run(common, work)


@app.command(name="list")
def list_(slug: str, /, *, common: Common = DEFAULTS) -> ExitCode:
    """List a tenant's keys, also expired and revoked ones.

    Parameters
    ----------
    slug
        The tenant.
    """

    async def work(desk: Desk) -> None:
        desk.output.list_items(_KEYS, await desk.services.keys.list((await desk.tenant(slug)).id))

    return run(common, work)


@app.command
def revoke(slug: str, key_id: str, /, *, common: Common = DEFAULTS) -> ExitCode:
    """Revoke a key. Every process refuses it within a second.

    Parameters
    ----------
    slug
        The tenant.
    key_id
        The key's id, as "musterbook key list" shows it.
    """

    async def work(desk: Desk) -> None:
        if not await desk.services.keys.revoke((await desk.tenant(slug)).id, KeyId(key_id)):
            raise CommandError(f"The tenant '{slug}' has no key with this id.", ExitCode.NOT_FOUND)
        desk.output.record({"id": key_id, "revoked": True})

    return run(common, work)
