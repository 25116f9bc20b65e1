"""A way in by password over a world, for the tests of identity."""

from argon2 import PasswordHasher
from pyotp import TOTP

from musterbook.directory import ResourceId, Role, Tenant
from musterbook.directory.operation import GrantRole, SetPassword
from musterbook.identity.devices import Devices
from musterbook.identity.password_sign_in import (
    CodeNeeded,
    EnrolmentNeeded,
    PasswordParts,
    PasswordProven,
    PasswordSignIn,
)
from musterbook.identity.passwords import Argon2Hashes
from musterbook.identity.sealing import Seal
from musterbook.identity.sessions import Visitor
from musterbook.identity.slow_down import SlowDown
from musterbook.identity.totp import SecondFactors
from musterbook.scim import ResourceType
from tests.directory.world import USER, World
from tests.identity.people import VISITOR

FAST = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "canary-Pa55word"


class CountingHasher(PasswordHasher):
    """A hasher that counts how many guesses reach it."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.guesses: list[bytes | str] = []

    def verify(self, hash: str | bytes, password: str | bytes):  # type: ignore[no-untyped-def]  # noqa: A002, ANN201 - as argon2-cffi has it
        """Note the guess and verify it."""
        self.guesses.append(password)
        return super().verify(hash, password)


class Entrance:
    """Signing in by password at acme."""

    def __init__(self, world: World, tenant: Tenant, hasher: PasswordHasher = FAST, *, max_waiting: int = 20) -> None:
        self.world = world
        self.tenant = tenant
        identity = world.database.identity
        self.hashes = Argon2Hashes(hasher, max_waiting=max_waiting)
        seal = Seal((b"k" * 32,), world.random_bytes)
        self.factors = SecondFactors(identity.second_factors, seal, world.clock, world.random_bytes)
        self.parts = PasswordParts(
            accounts=identity.accounts,
            attempts=identity.attempts,
            hashes=self.hashes,
            slow_down=SlowDown(identity.tries, world.clock),
            second_factors=self.factors,
            devices=Devices((b"d" * 32,), world.clock, world.random_bytes),
        )
        self.sign_in = PasswordSignIn(world.directory, self.parts, world.clock, world.random_bytes)

    async def set_password(self, id_: ResourceId, type_: ResourceType = USER, password: str = PASSWORD) -> None:
        """Give somebody a password."""
        hashed = await self.hashes.make(password)
        await self.world.directory.perform(self.world.operator, SetPassword(type_, id_, hashed))

    async def make_administrator(self, id_: ResourceId, type_: ResourceType = USER) -> None:
        """Make somebody an administrator."""
        await self.world.directory.perform(self.world.operator, GrantRole(type_, id_, Role.ADMINISTRATOR))

    async def begin(
        self, name: str, password: str = PASSWORD, visitor: Visitor = VISITOR
    ) -> PasswordProven | CodeNeeded | EnrolmentNeeded:
        """Enter name and password."""
        return await self.sign_in.begin(self.tenant, name, password, visitor)

    async def finish(self, ticket: str, code: str, visitor: Visitor = VISITOR) -> PasswordProven:
        """Enter a code."""
        return await self.sign_in.finish(self.tenant, ticket, code, visitor)

    async def ticket(self, name: str, password: str = PASSWORD) -> str:
        """Enter name and password of somebody who is asked for more, and return the ticket."""
        outcome = await self.begin(name, password)
        assert isinstance(outcome, CodeNeeded | EnrolmentNeeded)
        return outcome.ticket

    async def enrol(self, name: str) -> tuple[str, tuple[str, ...]]:
        """Set a second factor up at the first sign-in; return its secret and the recovery codes."""
        ticket = await self.ticket(name)
        enrolment = await self.sign_in.show(self.tenant, ticket, VISITOR)
        assert enrolment is not None
        proven = await self.finish(ticket, self.code(enrolment.secret))
        return enrolment.secret, proven.recovery_codes

    def code(self, secret: str) -> str:
        """Return what the app shows at this moment."""
        return TOTP(secret).at(self.world.clock())
