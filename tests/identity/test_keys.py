"""API keys: their form, whom they let in, and how soon they no longer do."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterbook.directory import KeyId, TenantId, TenantStatus
from musterbook.directory.store import StoreUnavailableError
from musterbook.identity import IssuedKey, Key, KeyRefusal, KeyRefusedError, Keys, keys
from musterbook.identity.keys import hash_secret, is_well_formed, make_secret
from musterbook.identity.store import KeyRecord, KeyStore
from musterbook.scim import Profile
from tests.directory.world import World, open_world, repeatable_bytes

DAY_SECONDS = 24 * 3600
ISSUED = "2026-11-23T09:00:00.000Z"
BYTES = st.binary(min_size=32, max_size=32)


class CountedStore:
    """The real store, and which calls reached it."""

    def __init__(self, store: KeyStore) -> None:
        self._store = store
        self.calls: list[str] = []

    async def add(self, key: Key) -> None:
        """Ask the real store."""
        self.calls.append("add")
        await self._store.add(key)

    async def find(self, key_hash: bytes) -> KeyRecord | None:
        """Ask the real store."""
        self.calls.append("find")
        return await self._store.find(key_hash)

    async def list(self, tenant_id: TenantId) -> Sequence[Key]:
        """Ask the real store."""
        self.calls.append("list")
        return await self._store.list(tenant_id)

    async def revoke(self, tenant_id: TenantId, key_id: KeyId, at: str) -> bool:
        """Ask the real store."""
        self.calls.append("revoke")
        return await self._store.revoke(tenant_id, key_id, at)

    async def touch(self, tenant_id: TenantId, key_id: KeyId, at: str, *, not_since: str) -> None:
        """Ask the real store."""
        self.calls.append("touch")
        await self._store.touch(tenant_id, key_id, at, not_since=not_since)


def counted(world: World) -> tuple[Keys, CountedStore]:
    """Return the keys of another process over the same database, and what it asks of it."""
    store = CountedStore(world.database.keys)
    return Keys(store, world.clock, world.random_bytes), store


async def refusal(keys: Keys, secret: str) -> KeyRefusedError:
    """Return why a key opens nothing."""
    with pytest.raises(KeyRefusedError) as refused:
        await keys.authenticate(secret)
    return refused.value


async def last_used(world: World) -> str | None:
    """Return when acme's only key was last used."""
    (key,) = await world.keys.list(world.acme)
    return key.last_used_at


@given(BYTES)
def test_a_key_can_be_recognised(chance: bytes) -> None:
    """A key is ``mbk_``, 43 characters of base62 and a checksum of 6, and different chance makes another key."""
    secret = make_secret(lambda count: chance[:count])
    assert re.fullmatch(r"mbk_[0-9A-Za-z]{49}", secret)
    assert is_well_formed(secret)
    other = bytes([chance[0] ^ 1]) + chance[1:]
    assert make_secret(lambda count: other[:count]) != secret


@given(BYTES, st.integers(4, 52), st.sampled_from("0Az_é \x00\ud800"))
def test_a_mistyped_key_is_recognised(chance: bytes, place: int, character: str) -> None:
    """A key with one wrong character, one too few, or one too many is no key."""
    secret = make_secret(lambda count: chance[:count])
    wrong = secret[:place] + character + secret[place + 1 :]
    assert is_well_formed(wrong) is (wrong == secret)
    assert not is_well_formed(secret[:place] + secret[place + 1 :])
    assert not is_well_formed(secret[:place] + character + secret[place:])


async def test_what_is_no_key_reaches_no_database(world: World) -> None:
    """The form and the checksum are looked at before any database is asked."""
    keys_, store = counted(world)
    secret = make_secret(repeatable_bytes(7))
    for text in ("", "x", secret[:-1], secret[:-1] + "_", "xyz_" + secret[4:], secret + "\n", "é" * len(secret)):
        assert (await refusal(keys_, text)).reason is KeyRefusal.MALFORMED
    assert store.calls == []
    assert (await refusal(keys_, secret)).reason is KeyRefusal.UNKNOWN
    assert store.calls == ["find"]


async def test_a_key_is_issued(world: World) -> None:
    """A key says when it ends and what it is for; only its hash and its first characters are kept; SCIM is on."""
    issued = await world.keys.issue(
        world.acme, label="OneLogin", idp="onelogin", profile=Profile.RFC, expires_in_days=1
    )
    assert await world.keys.list(world.acme) == [issued.key]
    assert issued.key == Key(
        tenant_id=world.acme,
        id=issued.key.id,
        key_hash=hash_secret(issued.secret),
        prefix=issued.secret[:12],
        label="OneLogin",
        idp="onelogin",
        profile="rfc",
        created_at=ISSUED,
        expires_at="2026-11-24T09:00:00.000Z",
    )
    assert (await world.tenants.get("acme")).scim_enabled
    assert not (await world.tenants.get("globex")).scim_enabled
    assert await world.keys.list(world.globex) == []


async def test_a_key_lasts_a_year(world: World) -> None:
    """Whoever says nothing about the end gets a key for a year, held to the lenient profile, for any provider."""
    key = (await world.keys.issue(world.acme)).key
    assert (key.expires_at, key.profile, key.idp, key.label) == ("2027-11-23T09:00:00.000Z", "lenient", None, "")


async def test_a_secret_is_in_no_text_of_a_key(world: World) -> None:
    """What is logged of an issued key by mistake does not hold the key."""
    issued = await world.keys.issue(world.acme)
    assert repr(issued) == f"IssuedKey({issued.secret[:12]}…)"
    assert issued.secret not in f"{issued} {issued.key!r} {IssuedKey(issued.key, issued.secret)!s}"


async def test_a_key_selects_its_tenant(world: World) -> None:
    """The key alone says which tenant is meant; several keys of a tenant work side by side."""
    ours, again, theirs = [await world.keys.issue(tenant_id) for tenant_id in (world.acme, world.acme, world.globex)]
    found = [(await world.keys.authenticate(issued.secret)).key for issued in (ours, again, theirs)]
    assert [(key.tenant_id, key.id) for key in found] == [
        (world.acme, ours.key.id),
        (world.acme, again.key.id),
        (world.globex, theirs.key.id),
    ]


async def test_an_expired_key_is_refused_to_the_millisecond(world: World) -> None:
    """A key works until the millisecond before its end, also where it was looked up before that."""
    issued = await world.keys.issue(world.acme, expires_in_days=1)
    world.clock.move(seconds=DAY_SECONDS - 0.001)
    assert (await world.keys.authenticate(issued.secret)).key.id == issued.key.id
    world.clock.move(seconds=0.001)
    refused = await refusal(world.keys, issued.secret)
    assert (refused.reason, refused.key and refused.key.id) == (KeyRefusal.EXPIRED, issued.key.id)


async def test_a_revoked_key_is_refused_within_a_second_everywhere(world: World) -> None:
    """The process that revokes a key refuses it at once, every other within a second; other keys go on."""
    issued, other = await world.keys.issue(world.acme), await world.keys.issue(world.acme)
    elsewhere, _ = counted(world)
    for keys_ in (world.keys, elsewhere):
        await keys_.authenticate(issued.secret)
    assert await world.keys.revoke(world.acme, issued.key.id)
    assert (await refusal(world.keys, issued.secret)).reason is KeyRefusal.REVOKED
    world.clock.move(seconds=0.999)
    assert (await refusal(elsewhere, issued.secret)).reason is KeyRefusal.REVOKED
    assert (await elsewhere.authenticate(other.secret)).key.id == other.key.id


async def test_a_key_is_revoked_by_its_tenant_alone(world: World) -> None:
    """Another tenant cannot revoke a key, nor can anybody one that is not there; twice is as good as once."""
    issued = await world.keys.issue(world.acme)
    assert not await world.keys.revoke(world.globex, issued.key.id)
    assert not await world.keys.revoke(world.acme, KeyId("no-key"))
    assert (await world.keys.authenticate(issued.secret)).key.id == issued.key.id
    assert await world.keys.revoke(world.acme, issued.key.id)
    world.clock.move(seconds=5)
    assert await world.keys.revoke(world.acme, issued.key.id)
    assert [key.revoked_at for key in await world.keys.list(world.acme)] == [ISSUED]


@pytest.mark.parametrize("status", [TenantStatus.SUSPENDED, TenantStatus.DELETED])
async def test_keys_of_a_tenant_that_is_not_served(world: World, status: TenantStatus) -> None:
    """Within a second after a tenant was suspended or deleted, its keys open nothing."""
    issued = await world.keys.issue(world.acme)
    await world.keys.authenticate(issued.secret)
    await world.tenants.set_status("acme", status)
    world.clock.move(seconds=0.999)
    assert (await refusal(world.keys, issued.secret)).reason is KeyRefusal.TENANT_NOT_SERVED


async def test_scim_may_be_off(world: World) -> None:
    """A key of a tenant that has turned SCIM off opens nothing."""
    issued = await world.keys.issue(world.acme)
    record = await world.database.keys.find(issued.key.key_hash)
    assert record is not None

    class SwitchedOff(CountedStore):
        """The real store, where an administrator has turned SCIM off."""

        async def find(self, key_hash: bytes) -> KeyRecord | None:
            """Return the key with SCIM turned off."""
            found = await super().find(key_hash)
            return None if found is None else KeyRecord(found.key, found.tenant_status, scim_enabled=False)

    keys_ = Keys(SwitchedOff(world.database.keys), world.clock, world.random_bytes)
    assert (await refusal(keys_, issued.secret)).reason is KeyRefusal.SCIM_OFF


async def test_a_key_in_use_is_looked_up_twice_a_second(world: World) -> None:
    """A key that was let in a moment ago is let in without the database; after half a second it is asked again."""
    issued = await world.keys.issue(world.acme)
    keys_, store = counted(world)
    asked = []
    for seconds in (0, 0, 0.4, 0.1, 0.4, 0.1):
        world.clock.move(seconds=seconds)
        await keys_.authenticate(issued.secret)
        asked.append(store.calls.count("find"))
    assert asked == [1, 1, 1, 2, 2, 3]


async def test_a_clock_that_was_set_back_revives_no_key(world: World) -> None:
    """What was looked up at a time that lies ahead is not believed: the database is asked again."""
    issued = await world.keys.issue(world.acme)
    keys_, store = counted(world)
    await keys_.authenticate(issued.secret)
    await world.keys.revoke(world.acme, issued.key.id)
    world.clock.move(seconds=-60)
    assert (await refusal(keys_, issued.secret)).reason is KeyRefusal.REVOKED
    assert store.calls.count("find") == 2


async def test_an_unknown_key_is_not_remembered(world: World) -> None:
    """A key that is refused as unknown is looked up each time: it may be made the next moment, and fills no memory."""
    keys_, store = counted(world)
    secret = make_secret(repeatable_bytes(7))
    for _ in range(3):
        assert (await refusal(keys_, secret)).key is None
    assert store.calls == ["find"] * 3


async def test_a_stranger_is_a_key_that_was_never_found_here(world: World) -> None:
    """Only what has the form of a key and was not found before has to be looked for; also a stale one is known."""
    keys_of_another_process, _ = counted(world)
    issued = await world.keys.issue(world.acme)
    is_stranger = keys_of_another_process.is_stranger
    texts = (issued.secret, make_secret(repeatable_bytes(7)), "nonsense")
    assert [is_stranger(text) for text in texts] == [True, True, False]
    await keys_of_another_process.authenticate(issued.secret)
    world.clock.move(seconds=30)
    assert not is_stranger(issued.secret)


async def test_the_memory_of_keys_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many keys are in use, only so many are remembered, and all of them work."""
    monkeypatch.setattr(keys, "_MAX_KNOWN_KEYS", 2)
    keys_, store = counted(world)
    issued = [await world.keys.issue(world.acme) for _ in range(3)]
    for key in (*issued, *issued):
        assert (await keys_.authenticate(key.secret)).key.id == key.key.id
    assert 3 < store.calls.count("find") <= 6


async def test_the_last_use_is_written_once_a_minute(world: World) -> None:
    """However often a key is used, and by however many processes, its last use is written at most once a minute."""
    issued = await world.keys.issue(world.acme)
    keys_, store = counted(world)
    elsewhere, _ = counted(world)
    used = []
    for seconds in (0, 1, 58.999, 0.001, 59.999, 0.001):
        world.clock.move(seconds=seconds)
        await keys_.authenticate(issued.secret)
        await elsewhere.authenticate(issued.secret)
        used.append(await last_used(world))
    minutes = [f"2026-11-23T09:0{minute}:00.000Z" for minute in (0, 0, 0, 1, 1, 2)]
    assert used == minutes
    assert store.calls.count("touch") == 3


async def test_a_clock_that_was_set_back_does_not_stop_the_notes(world: World) -> None:
    """After the clock was set back, uses are noted again at once, and never with an earlier time."""
    issued = await world.keys.issue(world.acme)
    keys_, store = counted(world)
    await keys_.authenticate(issued.secret)
    world.clock.move(seconds=-3600)
    await keys_.authenticate(issued.secret)
    assert store.calls.count("touch") == 2
    assert await last_used(world) == ISSUED


async def test_a_refused_key_is_not_used(world: World) -> None:
    """A key that opens nothing leaves no note of its use."""
    issued = await world.keys.issue(world.acme)
    await world.keys.revoke(world.acme, issued.key.id)
    await refusal(world.keys, issued.secret)
    assert await last_used(world) is None


async def test_a_database_that_can_only_be_read_lets_keys_in(world: World) -> None:
    """Where the note of a key's use cannot be written, as on a full disk, the client is served all the same."""

    class ReadOnlyStore(CountedStore):
        """The real store, on a disk that is full."""

        async def touch(self, tenant_id: TenantId, key_id: KeyId, at: str, *, not_since: str) -> None:
            """Fail as a full disk does."""
            self.calls.append("touch")
            raise StoreUnavailableError("disk full")

    issued = await world.keys.issue(world.acme)
    store = ReadOnlyStore(world.database.keys)
    assert (await Keys(store, world.clock, world.random_bytes).authenticate(issued.secret)).key.id == issued.key.id
    assert store.calls == ["find", "touch"]


async def test_a_database_that_is_away_lets_nobody_in(tmp_path: Path) -> None:
    """A key that is not known from a moment ago is neither let in nor refused while the database is away."""
    async with open_world(tmp_path) as world:
        issued = await world.keys.issue(world.acme)
        await world.database.close()
        with pytest.raises(StoreUnavailableError):
            await world.keys.authenticate(issued.secret)


def test_every_refusal_has_a_word_of_its_own() -> None:
    """The words by which the log tells refusals apart, and which the metrics count."""
    assert [refusal.value for refusal in KeyRefusal] == [
        "missing",
        "malformed",
        "unknown",
        "expired",
        "revoked",
        "scim-off",
        "tenant-not-served",
    ]
