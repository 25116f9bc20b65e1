"""Second factors."""

import asyncio
from base64 import b32decode, b32encode
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from pyotp import TOTP

from musterbook.directory import ResourceId
from musterbook.identity.accounts import AccountRef
from musterbook.identity.sealing import Seal
from musterbook.identity.totp import RECOVERY_CODES, Enrolment, SecondFactors, matching_step
from tests.directory.world import START, World
from tests.identity.people import account_of

RFC_SECRET = b32encode(b"12345678901234567890").decode()
RFC_6238 = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}
"""RFC 6238, appendix B, SHA-1: the last six digits of the codes at these times."""
ID = ResourceId("01938000-0000-7000-8000-000000000001")


KEY, NEXT = b"k" * 32, b"n" * 32


def factors_of(world: World, *keys: bytes) -> SecondFactors:
    """Return the second factors of all accounts, sealed with these keys."""
    seal = Seal(keys or (KEY,), world.random_bytes)
    return SecondFactors(world.database.identity.second_factors, seal, world.clock, world.random_bytes)


def code_at(enrolment: Enrolment, moment: datetime) -> str:
    """Return what an app shows at a moment."""
    return TOTP(enrolment.secret).at(moment)


async def begin(world: World, account: AccountRef) -> Enrolment:
    """Begin to set up a factor."""
    enrolment = await factors_of(world).begin(account, issuer="Acme", name="ada@example.com")
    assert enrolment is not None
    return enrolment


async def enrol(world: World, account: AccountRef) -> tuple[Enrolment, tuple[str, ...]]:
    """Set up a factor; the code of the present step is used by that."""
    enrolment = await begin(world, account)
    codes = await factors_of(world).confirm(account, enrolment.sealed, code_at(enrolment, world.clock()))
    assert codes is not None
    return enrolment, codes


@pytest.fixture
def account(world: World) -> AccountRef:
    """Return an account of acme."""
    return account_of(world, ID)


@pytest.mark.parametrize("seconds, code", RFC_6238.items())
def test_the_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    """RFC 6238, appendix B: at each of its times the code of its secret is found at that step."""
    assert matching_step(RFC_SECRET, code, datetime.fromtimestamp(seconds, UTC)) == seconds // 30


@pytest.mark.parametrize("drift, expected", [(-2, None), (-1, 0), (0, 0), (1, 0), (2, None)])
def test_one_step_before_and_after_is_taken(drift: int, expected: int | None) -> None:
    """A code is taken for a step before and a step after its own, and no longer."""
    step = int(START.timestamp()) // 30
    code = TOTP(RFC_SECRET).at(START)
    now = START + timedelta(seconds=30 * drift)
    assert matching_step(RFC_SECRET, code, now) == (None if expected is None else step)


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "12345a", "\uff11\uff12\uff13\uff14\uff15\uff16", "-12345", "12345\u0663"]
)
def test_what_is_no_code_matches_nothing(code: str) -> None:
    """Six ASCII digits are a code; people may put spaces between them."""
    assert matching_step(RFC_SECRET, code, START) is None
    right = TOTP(RFC_SECRET).at(START)
    assert matching_step(RFC_SECRET, f" {right[:3]} {right[3:]} ", START) is not None


async def test_a_factor_is_none_until_it_is_confirmed(world: World, account: AccountRef) -> None:
    """A wrong code confirms nothing; a right one does, gives ten recovery codes, and is used by that."""
    factors = factors_of(world)
    enrolment = await begin(world, account)
    right = code_at(enrolment, world.clock())
    assert await factors.confirm(account, enrolment.sealed, "000000") is None
    assert (await factors.is_set(account), await factors.check(account, right)) == (False, False)
    codes = await factors.confirm(account, enrolment.sealed, right)
    assert codes is not None
    assert (len(set(codes)), await factors.recovery_codes_left(account)) == (RECOVERY_CODES, RECOVERY_CODES)
    assert (await factors.is_set(account), await factors.check(account, right)) == (True, False)
    assert await factors.begin(account, issuer="Acme", name="ada") is None


async def test_an_app_learns_the_secret_from_the_address(world: World, account: AccountRef) -> None:
    """The address that a QR code shows names secret, issuer and account; the secret has 160 bits."""
    enrolment = await begin(world, account)
    address = urlsplit(enrolment.uri)
    assert (address.scheme, address.netloc, address.path) == ("otpauth", "totp", "/Acme:ada%40example.com")
    assert parse_qs(address.query) == {"secret": [enrolment.secret], "issuer": ["Acme"]}
    assert len(b32decode(enrolment.secret)) == 20
    assert factors_of(world).show(account, enrolment.sealed, issuer="Acme", name="ada@example.com") == enrolment
    assert enrolment.secret not in repr(enrolment)


async def test_a_secret_that_somebody_saw_before_is_not_confirmed(world: World, account: AccountRef) -> None:
    """Beginning anew makes another secret; the one before can no longer be confirmed, with a right code of its own."""
    first = await begin(world, account)
    second = await begin(world, account)
    assert first.secret != second.secret
    factors = factors_of(world)
    assert await factors.confirm(account, first.sealed, code_at(first, world.clock())) is None
    assert await factors.confirm(account, second.sealed, code_at(second, world.clock())) is not None


async def test_a_code_is_used_once(world: World, account: AccountRef) -> None:
    """Of many who bring one code, one gets in, and nobody with a code of an earlier step after it."""
    enrolment, _ = await enrol(world, account)
    factors = factors_of(world)
    earlier = code_at(enrolment, world.clock() + timedelta(seconds=30))
    world.clock.move(seconds=60)
    code = code_at(enrolment, world.clock())
    checked = await asyncio.gather(*(factors.check(account, code) for _ in range(8)))
    assert sorted(checked) == [False] * 7 + [True]
    assert await factors.check(account, earlier) is False


async def test_a_recovery_code_is_used_once(world: World, account: AccountRef) -> None:
    """Each recovery code lets somebody in once, however it is typed, and the others stay."""
    _, codes = await enrol(world, account)
    factors = factors_of(world)
    typed = codes[0].upper().replace("-", " ")
    checked = await asyncio.gather(*(factors.check(account, typed) for _ in range(5)))
    assert sorted(checked) == [False] * 4 + [True]
    assert await factors.check(account, codes[0]) is False
    assert [await factors.check(account, code) for code in codes[1:]] == [True] * 9
    assert await factors.recovery_codes_left(account) == 0


async def test_recovery_codes_used_at_once_are_all_used(world: World, account: AccountRef) -> None:
    """Two different recovery codes at the same moment are both good, and both gone."""
    _, codes = await enrol(world, account)
    factors = factors_of(world)
    assert await asyncio.gather(*(factors.check(account, code) for code in codes[:2])) == [True, True]
    assert await factors.recovery_codes_left(account) == RECOVERY_CODES - 2


@pytest.mark.parametrize("code", ["", "0", "aaaa-aaaa-aaaa-aaaa", "\ud800", "x" * 10_000], ids=ascii)
async def test_any_other_text_is_wrong(world: World, account: AccountRef, code: str) -> None:
    """What is neither a code nor a recovery code lets nobody in."""
    await enrol(world, account)
    assert await factors_of(world).check(account, code) is False


async def test_codes_of_another_account_are_wrong(world: World, account: AccountRef) -> None:
    """A code, or recovery code, is good for its own account alone, also where another has the same id."""
    enrolment, codes = await enrol(world, account)
    other = account_of(world, ID, tenant_id=world.globex)
    await enrol(world, other)
    world.clock.move(seconds=60)
    factors = factors_of(world)
    assert [await factors.check(other, code) for code in (code_at(enrolment, world.clock()), *codes)] == [False] * 11
    nobody = account_of(world, ResourceId("01938000-0000-7000-8000-000000000002"))
    assert await factors.check(nobody, codes[0]) is False


async def test_recovery_codes_are_renewed(world: World, account: AccountRef) -> None:
    """New recovery codes take the place of all that were there; without a factor there are none."""
    factors = factors_of(world)
    assert await factors.renew_recovery_codes(account) is None
    _, codes = await enrol(world, account)
    renewed = await factors.renew_recovery_codes(account)
    assert renewed is not None
    assert [await factors.check(account, code) for code in (codes[0], renewed[0])] == [False, True]
    assert await factors.recovery_codes_left(account) == RECOVERY_CODES - 1


async def test_a_removed_factor_checks_nothing(world: World, account: AccountRef) -> None:
    """After removal no code is right, and another factor can be set up."""
    enrolment, codes = await enrol(world, account)
    factors = factors_of(world)
    assert [await factors.remove(account) for _ in range(2)] == [True, False]
    world.clock.move(seconds=60)
    assert await factors.check(account, code_at(enrolment, world.clock())) is False
    assert await factors.check(account, codes[0]) is False
    assert await factors.recovery_codes_left(account) == 0
    await begin(world, account)


async def test_a_key_is_replaced_without_anybody_noticing(world: World, account: AccountRef) -> None:
    """While both keys are given, whoever signs in has the secret sealed with the new one; then the old can go."""
    enrolment, _ = await enrol(world, account)
    world.clock.move(seconds=60)
    assert await factors_of(world, NEXT, KEY).check(account, code_at(enrolment, world.clock())) is True
    world.clock.move(seconds=60)
    assert await factors_of(world, NEXT).check(account, code_at(enrolment, world.clock())) is True


async def test_a_key_that_is_gone_leaves_the_recovery_codes(world: World, account: AccountRef) -> None:
    """Where the key of a secret was taken away, no code of the app is right, and recovery codes still are."""
    enrolment, codes = await enrol(world, account)
    world.clock.move(seconds=60)
    factors = factors_of(world, NEXT)
    checked = [await factors.check(account, code) for code in (code_at(enrolment, world.clock()), codes[0])]
    assert checked == [False, True]


async def test_nothing_that_opens_is_stored_readable(world: World, account: AccountRef) -> None:
    """The database has neither the secret nor a recovery code."""
    enrolment, codes = await enrol(world, account)
    factor = await world.database.identity.second_factors.find(account)
    assert factor is not None
    stored = f"{factor.secret} {factor.recovery}"
    assert [text for text in (enrolment.secret, *codes) if text in stored] == []
    assert f"{factor}".count("s1.") == 0
