"""*musterbook key …* Makes, lists and revokes the API keys of a tenant's identity provider."""

from cyclopts import App

from musterbook.cli.exit_codes import CommandError, ExitCode
from musterbook.cli.output import Row
from musterbook.cli.running import DEFAULTS, Common, Desk, run
from musterbook.directory import KeyId
from musterbook.identity import DEFAULT_EXPIRY_DAYS, MAX_EXPIRY_DAYS, Key
from musterbook.scim import Profile

app = App(name="key", help="Make and revoke the API keys that identity providers use.")

IDPS = ("onelogin", "okta", "entra", "jumpcloud", "ping", "cyberark", "rippling", "google", "other")
MAX_LABEL_LENGTH = 100
_COLUMNS = ("id", "prefix", "label", "idp", "profile", "created_at", "expires_at", "revoked_at", "last_used_at")


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


@app.command
def create(
    slug: str,
    /,
    *,
    label: str = "",
    idp: str | None = None,
    profile: str = Profile.LENIENT.value,
    expires_in_days: int = DEFAULT_EXPIRY_DAYS,
    common: Common = DEFAULTS,
) -> ExitCode:
    """Make an API key and turn SCIM on. The key is shown once, alone on standard output.

    Parameters
    ----------
    slug
        The tenant.
    label
        What people call this key.
    idp
        The identity provider: onelogin, okta, entra, jumpcloud, ping, cyberark, rippling, google or other.
    profile
        How closely the provider is held to the standards: lenient, rfc or interop-strict.
    expires_in_days
        After how many days the key stops working.
    """

    async def work(desk: Desk) -> None:
        _check(label, idp, profile, expires_in_days)
        tenant = await desk.tenant(slug)
        issued = await desk.services.keys.issue(
            tenant.id, label=label, idp=idp, profile=Profile(profile), expires_in_days=expires_in_days
        )
        key = issued.key
        if desk.output.as_json:
            shown = {"id": key.id, "key": issued.secret, "prefix": key.prefix, "idp": idp, "profile": profile}
            desk.output.json_line({**shown, "expires_at": key.expires_at})
            return
        desk.output.line(issued.secret)
        desk.output.say(f"Shown once. It works until {key.expires_at}, at {desk.services.service.base_url}")

    return run(common, work)


def _check(label: str, idp: str | None, profile: str, expires_in_days: int) -> None:
    if idp is not None and idp not in IDPS:
        message = f"--idp is one of: {', '.join(IDPS)}."
        raise CommandError(message, ExitCode.USAGE)
    if profile not in {item.value for item in Profile}:
        message = f"--profile is one of: {', '.join(item.value for item in Profile)}."
        raise CommandError(message, ExitCode.USAGE)
    if not 1 <= expires_in_days <= MAX_EXPIRY_DAYS:
        message = f"--expires-in-days is a number from 1 to {MAX_EXPIRY_DAYS}."
        raise CommandError(message, ExitCode.USAGE)
    if len(label) > MAX_LABEL_LENGTH or (label and not label.isprintable()):
        message = f"--label is at most {MAX_LABEL_LENGTH} printable characters."
        raise CommandError(message, ExitCode.USAGE)


@app.command(name="list")
def list_(slug: str, /, *, common: Common = DEFAULTS) -> ExitCode:
    """List a tenant's keys, also expired and revoked ones."""

    async def work(desk: Desk) -> None:
        keys = await desk.services.keys.list((await desk.tenant(slug)).id)
        desk.output.table([_row(key) for key in keys], _COLUMNS, empty="There is no key yet.")

    return run(common, work)


@app.command
def revoke(slug: str, key_id: str, /, *, common: Common = DEFAULTS) -> ExitCode:
    """Revoke a key. Every process refuses it within a second."""

    async def work(desk: Desk) -> None:
        if not await desk.services.keys.revoke((await desk.tenant(slug)).id, KeyId(key_id)):
            message = f"The tenant '{slug}' has no key with this id."
            raise CommandError(message, ExitCode.NOT_FOUND)
        desk.output.record({"id": key_id, "revoked": True})

    return run(common, work)
