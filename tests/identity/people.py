"""People who sign in, and how, for the tests of identity."""

from msgspec import UNSET

from musterbook.directory import ResourceId, TenantId
from musterbook.directory.actor import sign_in_actor
from musterbook.directory.operation import ChangeSignInSettings, ReadSignInSettings, SetSamlConnection
from musterbook.directory.sign_in_settings import SignInSettings, SingleSignOn
from musterbook.identity.accounts import AccountRef
from musterbook.identity.session_store import Session, SignInMethod
from musterbook.identity.sessions import OpenedSession, SessionRefusal, SessionRefusedError, Sessions, SignIn, Visitor
from tests.directory.world import World

CONNECTION = SetSamlConnection(
    entity_id="https://idp.example/1",
    sso_url="https://idp.example/sso",
    certificates=("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",),
)
VISITOR = Visitor("192.0.2.7", "Browser 1", "request-1")


def account_of(world: World, id_: ResourceId, *, tenant_id: TenantId | None = None, type_: str = "User") -> AccountRef:
    """Return how a person's account is named; of acme, unless another tenant is given."""
    return AccountRef(tenant_id or world.acme, type_, id_)


async def settings_of(world: World) -> SignInSettings:
    """Return what acme has settled."""
    outcome = await world.directory.perform(sign_in_actor(world.acme, "request-1"), ReadSignInSettings())
    return outcome.settings


async def settle(world: World, change: ChangeSignInSettings) -> None:
    """Have acme settle something; single sign-on with a connection that was made for it."""
    if change.sso not in {UNSET, SingleSignOn.OFF}:
        await world.directory.perform(world.operator, CONNECTION)
    await world.directory.perform(world.operator, change)


async def signed_in(
    world: World,
    id_: ResourceId,
    *,
    method: SignInMethod = SignInMethod.PASSWORD,
    epoch: int = 0,
    visitor: Visitor = VISITOR,
) -> OpenedSession:
    """Open a session for a person of acme."""
    sign_in = SignIn(account_of(world, id_), epoch, method)
    return await sessions_of(world).open(sign_in, await settings_of(world), visitor)


def sessions_of(world: World) -> Sessions:
    """Return the sessions of all tenants."""
    return Sessions(world.database.identity.sessions, world.clock, world.random_bytes)


async def refusal(world: World, token: str) -> SessionRefusal | None:
    """Return why a token opens nothing, or ``None`` where it opens a session."""
    try:
        await sessions_of(world).authenticate(token)
    except SessionRefusedError as error:
        return error.reason
    return None


async def stored(world: World) -> list[Session]:
    """Return what is stored of acme's sessions, good or not."""
    return [record.session for record in await world.database.identity.sessions.list(world.acme)]
