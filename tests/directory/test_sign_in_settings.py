"""What a tenant settles about signing in: defaults, changes, refusals, and that an administrator can still sign in."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from musterbook.directory import Person, ResourceId, Role, Status, break_glass_type
from musterbook.directory.account import Account, DisplayNameOrigin, Password, Source
from musterbook.directory.lockout import Lockout, LockoutReason, Lockouts, Overview, lockout_reason
from musterbook.directory.operation import (
    ChangeSignInSettings,
    GrantRole,
    ListPeople,
    PreflightSsoOnly,
    ReadSamlConnection,
    ReadSignInSettings,
    RevokeRole,
    SamlConnected,
    SetPassword,
    SetSamlConnection,
    SignInSettled,
)
from musterbook.directory.saml_connection import SAML_CONNECTION_ID, SamlBinding, SamlConnection
from musterbook.directory.sign_in_settings import (
    SIGN_IN_SETTINGS_ID,
    SignInSettings,
    SingleSignOn,
    attributes_of,
    is_domain,
    settings_of,
)
from musterbook.identity.accounts import AccountRef
from musterbook.identity.attempt_store import Binding
from musterbook.scim import Json
from musterbook.scim.errors import ConflictError, InvalidValueError
from tests.directory.world import ADA, GRACE, USER, World

NOW = "2026-11-23T09:00:00.000Z"
SETUP_SECONDS = 7 * 24 * 3600
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
CONNECT = SetSamlConnection(
    entity_id="https://app.onelogin.com/saml/metadata/1",
    sso_url="https://acme.onelogin.com/trust/saml2/http-redirect/sso/1",
    certificates=(PEM,),
)
FIRST_PART = PreflightSsoOnly()
SETTINGS = SignInSettings(
    sso=SingleSignOn.OPTIONAL,
    google_domain="acme.example",
    allows_idp_initiated=True,
    creates_people=True,
    idle_minutes=5,
    absolute_hours=1,
    contact="help@acme.example",
    maps_groups=True,
)


async def connect(world: World, operation: SetSamlConnection = CONNECT) -> SamlConnection:
    """Set the identity provider and return it."""
    connection = (await world.directory.perform(world.operator, operation)).connection
    assert connection is not None
    return connection


async def settle(world: World, change: ChangeSignInSettings) -> SignInSettings:
    """Change settings and return them."""
    return (await world.directory.perform(world.operator, change)).settings


async def administrator(world: World, document: Mapping[str, Json]) -> ResourceId:
    """Add an administrator, later than whoever was added before."""
    world.clock.move(seconds=1)
    id_ = await world.create(document)
    await world.directory.perform(world.operator, GrantRole(USER, id_, Role.ADMINISTRATOR))
    return id_


async def bind(world: World, id_: ResourceId, connection: SamlConnection) -> None:
    """Bind a person to a connection, as a first sign-in does."""
    account = AccountRef(world.acme, USER.name, id_)
    await world.database.identity.bindings.bind(Binding(account, connection.id, f"name of {id_}", NOW, NOW))


async def people(world: World) -> list[Person]:
    """Return the people of acme, in order."""
    return [*(await world.directory.perform(world.operator, ListPeople(USER))).people]


async def preflight(world: World, operation: PreflightSsoOnly = FIRST_PART) -> Lockouts:
    """Return who would be locked out."""
    return await world.directory.perform(world.operator, operation)


# Settings


async def test_settings_are_as_they_are_by_default(world: World) -> None:
    """Until somebody decides, single sign-on is off, nobody is added at sign-in, and groups give nothing."""
    assert await world.directory.perform(world.operator, ReadSignInSettings()) == SignInSettled(
        SignInSettings(SingleSignOn.OFF, None, False, False, 30, 12, None, False)
    )
    assert await world.history(SIGN_IN_SETTINGS_ID) == []


def test_settings_read_back_as_written() -> None:
    """The stored attributes hold all settings; what is not among them is as it is by default."""
    assert settings_of(attributes_of(SETTINGS)) == SETTINGS
    assert settings_of({}) == SignInSettings()


async def test_what_is_not_named_stays(world: World) -> None:
    """A change sets what it names; the history tells it as a change of what held before, also the first time."""
    await connect(world)
    names = {name: getattr(SETTINGS, name) for name in SETTINGS.__dataclass_fields__}
    assert await settle(world, ChangeSignInSettings(**names)) == SETTINGS
    expected = replace(SETTINGS, idle_minutes=10, contact=None)
    assert await settle(world, ChangeSignInSettings(idle_minutes=10, contact=None)) == expected
    assert await settle(world, ChangeSignInSettings(idle_minutes=10)) == expected
    assert (await world.directory.perform(world.operator, ReadSignInSettings())).settings == expected
    lines = await world.history(SIGN_IN_SETTINGS_ID)
    assert [(line.revision.action.value, line.user_name) for line in lines] == [("updated", "Sign-in settings")] * 2
    told = [(item.path, item.before, item.after) for item in lines[0].changes]
    assert told == [
        ("absoluteHours", 12, 1),
        ("allowsIdpInitiated", False, True),
        ("contact", None, "help@acme.example"),
        ("createsPeople", False, True),
        ("googleDomain", None, "acme.example"),
        ("idleMinutes", 30, 5),
        ("mapsGroups", False, True),
        ("sso", "off", "optional"),
    ]
    assert [(item.path, item.before, item.after) for item in lines[1].changes] == [
        ("contact", "help@acme.example", None),
        ("idleMinutes", 5, 10),
    ]
    assert (await world.event_types())[-2:] == ["signinsettings.updated"] * 2


async def test_settings_are_each_tenants_own(world: World) -> None:
    """What one tenant settles, another has not."""
    await settle(world, ChangeSignInSettings(idle_minutes=5))
    globex = replace(world.operator, tenant_id=world.globex)
    assert (await world.directory.perform(globex, ReadSignInSettings())).settings == SignInSettings()


@pytest.mark.parametrize(
    "change, told",
    [
        (ChangeSignInSettings(idle_minutes=0), "minutes"),
        (ChangeSignInSettings(idle_minutes=1441), "minutes"),
        (ChangeSignInSettings(absolute_hours=0), "hours"),
        (ChangeSignInSettings(absolute_hours=169), "hours"),
        (ChangeSignInSettings(google_domain="acme"), "domain"),
        (ChangeSignInSettings(google_domain="acme..example"), "domain"),
        (ChangeSignInSettings(google_domain="gmail.com/@acme.example"), "domain"),
        (ChangeSignInSettings(contact="a" * 257), "contact"),
        (ChangeSignInSettings(contact="a\x1bb"), "contact"),
    ],
)
async def test_what_cannot_be_settled(world: World, change: ChangeSignInSettings, told: str) -> None:
    """A setting out of bounds is refused with a sentence that says which, and nothing is stored."""
    with pytest.raises(InvalidValueError, match=told):
        await settle(world, change)
    assert await world.history(SIGN_IN_SETTINGS_ID) == []


async def test_blank_is_nothing(world: World) -> None:
    """A domain is stored in lower case; what is blank is not settled."""
    settings = await settle(world, ChangeSignInSettings(google_domain=" ACME.example ", contact="  "))
    assert (settings.google_domain, settings.contact) == ("acme.example", None)
    assert (await settle(world, ChangeSignInSettings(google_domain=""))).google_domain is None


@pytest.mark.parametrize(
    "name, is_one",
    [("acme.example", True), ("3m.example", True), ("a.b.c", True), ("example", False), ("-a.example", False)],
)
def test_names_of_domains(name: str, *, is_one: bool) -> None:
    """A domain has labels of letters, digits and hyphens, and at least two."""
    assert is_domain(name) is is_one
    assert not is_domain(f"{'a.' * 126}aa")


# The SAML connection


async def test_a_connection_is_set(world: World) -> None:
    """The provider reads back as it was set; a change of its key or addresses is the same connection."""
    assert await world.directory.perform(world.operator, ReadSamlConnection()) == SamlConnected(None)
    first = await connect(world)
    assert first == SamlConnection(
        id=first.id,
        entity_id=CONNECT.entity_id,
        sso_url=CONNECT.sso_url,
        certificates=(PEM,),
        sso_binding=SamlBinding.REDIRECT,
        slo_url=None,
        slo_binding=SamlBinding.REDIRECT,
        wants_signed_assertion=True,
        signs_requests=False,
    )
    rolled = replace(CONNECT, certificates=(PEM, PEM.replace("MIIB", "MIIC")), slo_url="https://acme.onelogin.com/slo")
    second = await connect(world, rolled)
    assert second == replace(first, certificates=rolled.certificates, slo_url=rolled.slo_url)
    assert await world.directory.perform(world.operator, ReadSamlConnection()) == SamlConnected(second)
    await connect(world, rolled)
    lines = await world.history(SAML_CONNECTION_ID)
    assert [(line.revision.action.value, line.user_name) for line in lines] == [("updated", "SAML connection")] * 2
    assert [item.path for item in lines[1].changes] == ["certificates", "sloUrl"]


async def test_another_provider_is_another_connection(world: World) -> None:
    """With another entity id the connection gets another id, so nobody is bound to it."""
    first = await connect(world)
    second = await connect(world, replace(CONNECT, entity_id="https://app.onelogin.com/saml/metadata/2"))
    assert second.id != first.id
    again = await connect(world)
    assert again.id not in {first.id, second.id}


@pytest.mark.parametrize(
    "operation, told",
    [
        (replace(CONNECT, entity_id=""), "entity id"),
        (replace(CONNECT, entity_id=" idp"), "entity id"),
        (replace(CONNECT, entity_id="a" * 1025), "entity id"),
        (replace(CONNECT, sso_url="http://acme.onelogin.com/sso"), "sign-in address"),
        (replace(CONNECT, sso_url="javascript:alert(1)"), "sign-in address"),
        (replace(CONNECT, sso_url="https:///sso"), "sign-in address"),
        (replace(CONNECT, sso_url="https://[::1/sso"), "sign-in address"),
        (replace(CONNECT, sso_url="https://user@acme.onelogin.com/"), "sign-in address"),
        (replace(CONNECT, sso_url=f"https://acme.onelogin.com/{'a' * 2048}"), "sign-in address"),
        (replace(CONNECT, sso_url="https://acme.onelogin.com/a b"), "sign-in address"),
        (replace(CONNECT, slo_url="ftp://acme.onelogin.com/"), "sign-out address"),
        (replace(CONNECT, certificates=()), "certificates"),
        (replace(CONNECT, certificates=(PEM, PEM)), "certificates"),
        (replace(CONNECT, certificates=("MIIB",)), "PEM"),
        (replace(CONNECT, certificates=(PEM + "a" * 16384,)), "PEM"),
    ],
)
async def test_what_is_no_provider(world: World, operation: SetSamlConnection, told: str) -> None:
    """A provider that cannot be one is refused with a sentence that says why, and nothing is stored."""
    with pytest.raises(InvalidValueError, match=told):
        await connect(world, operation)
    assert await world.history(SAML_CONNECTION_ID) == []


async def test_plain_http_leads_to_this_machine_alone(world: World) -> None:
    """For trying, a provider on this machine may be reached without TLS."""
    connection = await connect(world, replace(CONNECT, sso_url="http://127.0.0.1:8000/sso"))
    assert connection.sso_url == "http://127.0.0.1:8000/sso"


# Single sign-on only


@pytest.mark.parametrize("sso", [SingleSignOn.OPTIONAL, SingleSignOn.ONLY])
async def test_single_sign_on_needs_a_provider(world: World, sso: SingleSignOn) -> None:
    """Single sign-on cannot be turned on before there is a provider."""
    with pytest.raises(ConflictError, match="no SAML connection"):
        await settle(world, ChangeSignInSettings(sso=sso))
    await connect(world)
    assert (await settle(world, ChangeSignInSettings(sso=sso))).sso is sso


async def test_somebody_who_administers_can_still_sign_in(world: World) -> None:
    """Single sign-on becomes the only way once an administrator is bound, or a break-glass account is set up."""
    connection = await connect(world)
    ada = await administrator(world, ADA)
    world.clock.move(seconds=SETUP_SECONDS)
    only = ChangeSignInSettings(sso=SingleSignOn.ONLY)
    with pytest.raises(ConflictError, match="Nobody who can administer the organization could sign in"):
        await settle(world, only)
    assert (await world.directory.perform(world.operator, ReadSignInSettings())).settings.sso is SingleSignOn.OFF
    await bind(world, ada, connection)
    assert (await settle(world, only)).sso is SingleSignOn.ONLY
    await settle(world, ChangeSignInSettings(sso=SingleSignOn.OPTIONAL))
    with pytest.raises(ConflictError):
        await world.delete(ada)


async def test_a_break_glass_account_lets_single_sign_on_be_all(world: World) -> None:
    """A break-glass account with a password counts, also where nobody is bound."""
    await connect(world)
    (boss,) = (await world.directory.perform(world.operator, ListPeople(break_glass_type()))).people
    await world.directory.perform(world.operator, SetPassword(break_glass_type(), boss.id, "hash"))
    world.clock.move(seconds=SETUP_SECONDS)
    assert (await settle(world, ChangeSignInSettings(sso=SingleSignOn.ONLY))).sso is SingleSignOn.ONLY


async def test_who_counts_where_single_sign_on_is_all(world: World) -> None:
    """Where single sign-on is the only way, an administrator who is not bound lets nobody else go."""
    connection = await connect(world)
    ada, grace = await administrator(world, ADA), await administrator(world, GRACE)
    await bind(world, ada, connection)
    world.clock.move(seconds=SETUP_SECONDS)
    await settle(world, ChangeSignInSettings(sso=SingleSignOn.ONLY))
    revoke = RevokeRole(USER, ada, Role.ADMINISTRATOR)
    with pytest.raises(ConflictError, match="last person"):
        await world.directory.perform(world.operator, revoke)
    await bind(world, grace, connection)
    await world.directory.perform(world.operator, revoke)
    with pytest.raises(ConflictError, match="Nobody who can administer"):
        await connect(world, replace(CONNECT, entity_id="https://app.onelogin.com/saml/metadata/2"))
    assert await connect(world) == connection


# Who would be locked out

PERSON = Account("Ada", DisplayNameOrigin.NAME, Status.ACTIVE, Source.SCIM)
BOSS = replace(PERSON, source=Source.BREAK_GLASS)


@pytest.mark.parametrize(
    "account, is_bound, has_connection, reason",
    [
        (PERSON, True, True, None),
        (PERSON, False, True, LockoutReason.NOT_BOUND),
        (PERSON, False, False, LockoutReason.NO_CONNECTION),
        (replace(PERSON, password=Password("hash", NOW)), False, True, LockoutReason.NOT_BOUND),
        (replace(PERSON, status=Status.SUSPENDED), True, True, LockoutReason.SUSPENDED),
        (BOSS, False, True, LockoutReason.NOT_SET_UP),
        (replace(BOSS, setup_expires_at=NOW), False, True, LockoutReason.NOT_SET_UP),
        (replace(BOSS, setup_expires_at="2026-11-23T09:00:00.001Z"), False, False, None),
        (replace(BOSS, password=Password("hash", NOW)), False, False, None),
        (replace(BOSS, password=Password("hash", NOW), status=Status.SUSPENDED), False, True, LockoutReason.SUSPENDED),
    ],
)
def test_why_somebody_is_locked_out(
    account: Account, reason: LockoutReason | None, *, is_bound: bool, has_connection: bool
) -> None:
    """People need a binding, whatever password they have; break-glass accounts a password, or a link that is good."""
    assert lockout_reason(account, NOW, is_bound=is_bound, has_connection=has_connection) is reason


async def test_the_preflight_says_who_is_locked_out(world: World) -> None:
    """Before single sign-on is made the only way, one sees who could not sign in, and why; administrators first."""
    connection = await connect(world)
    ada, grace = await administrator(world, ADA), await administrator(world, GRACE)
    world.clock.move(seconds=1)
    alan = await world.create({"userName": "alan@example.com", "active": False})
    (boss,) = (await world.directory.perform(world.operator, ListPeople(break_glass_type()))).people
    for id_ in (ada, alan):
        await bind(world, id_, connection)
    by_id = {person.id: person for person in await people(world)}
    not_bound = Lockout(by_id[grace], LockoutReason.NOT_BOUND)
    assert await preflight(world) == Lockouts(
        overview=Overview(administrators=[boss, by_id[ada]], locked_out_administrators=[not_bound], people=3, bound=2),
        locked_out=[not_bound, Lockout(by_id[alan], LockoutReason.SUSPENDED)],
        next=None,
    )


async def test_without_a_provider_everybody_is_locked_out(world: World) -> None:
    """Without a connection nobody could sign in but break-glass accounts."""
    await world.create(ADA)
    (boss,) = (await world.directory.perform(world.operator, ListPeople(break_glass_type()))).people
    (ada,) = await people(world)
    found = await preflight(world)
    assert found.overview == Overview([boss], [], people=1, bound=0)
    assert found.locked_out == [Lockout(ada, LockoutReason.NO_CONNECTION)]


async def test_the_preflight_comes_in_parts(world: World) -> None:
    """Each part looks at as many people as it was asked to; together they look at everybody once, and count once."""
    for number in range(5):
        await world.create({"userName": f"user{number}@example.com"})
        world.clock.move(seconds=1)
    found: list[str] = []
    parts: list[bool] = []
    part: Lockouts | None = None
    while part is None or part.next is not None:
        part = await preflight(world, PreflightSsoOnly(after=None if part is None else part.next, limit=2))
        found += [item.person.user_name for item in part.locked_out]
        parts.append(part.overview is not None)
    assert found == [f"user{number}@example.com" for number in range(5)]
    assert parts == [True, False, False]
