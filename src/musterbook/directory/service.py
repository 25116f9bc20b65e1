"""*The directory.* One operation in, one outcome out, and the only way to read or change anything of a tenant.

Knows who may do what, and who does it; knows no HTTP and no SQL. Every write goes the same way: authorize, read,
compute the next state with plain functions, store everything in one transaction (``directory.writing``).
"""

from typing import overload

from musterbook.directory import errors
from musterbook.directory.access import authorize
from musterbook.directory.actor import Actor, ActorKind
from musterbook.directory.clock import Clock, RandomBytes
from musterbook.directory.directory_operations import DirectoryOperations
from musterbook.directory.grant_store import DirectoryStore
from musterbook.directory.lockout import Lockouts
from musterbook.directory.operation import (
    AccountOperation,
    AnyOperation,
    AnyOutcome,
    ChangeSignInSettings,
    CreatedTogether,
    CreateTogether,
    Explained,
    ExplainPermission,
    FindGroup,
    FindPerson,
    Granted,
    GrantRole,
    Held,
    HeldPermissions,
    History,
    ListHistory,
    ListPeople,
    People,
    PreflightSsoOnly,
    ReadEveryone,
    ReadSamlConnection,
    ReadSignInSettings,
    RestoreResource,
    RevokeRole,
    SamlConnected,
    SetDisplayName,
    SetSamlConnection,
    Shown,
    SignInSettled,
)
from musterbook.directory.passwords import PasswordHashes
from musterbook.directory.records import Records
from musterbook.directory.scim_operations import ScimOperations
from musterbook.directory.store import QueryTooExpensiveError, StoreUnavailableError
from musterbook.directory.writing import Writer
from musterbook.scim.operation import (
    Created,
    CreateResource,
    Deleted,
    DeleteResource,
    Found,
    GetResource,
    Page,
    PatchResource,
    ReplaceResource,
    RootPage,
    SearchResources,
    SearchRoot,
)
from musterbook.scim.operation import Operation as ScimOperation
from musterbook.scim.operation import Outcome as ScimOutcome


class Directory:
    """The people and groups of all tenants. An operation sees the tenant of its actor and no other."""

    def __init__(
        self, store: DirectoryStore, clock: Clock, random_bytes: RandomBytes, hashes: PasswordHashes | None = None
    ) -> None:
        """Work on ``store``; time and chance are arguments. Without ``hashes`` no password is kept."""
        records = Records(store)
        writer = Writer(store, records, clock, random_bytes)
        self._new_id = writer.make_id
        self._scim = ScimOperations(store, records, writer, hashes)
        self._own = DirectoryOperations(store, records, writer)

    def new_id(self) -> str:
        """Return an id that nothing has, for what is created later and already referred to."""
        return self._new_id()

    @overload
    async def perform(self, actor: Actor, operation: CreateResource) -> Created: ...
    @overload
    async def perform(
        self, actor: Actor, operation: GetResource | ReplaceResource | PatchResource | RestoreResource
    ) -> Found: ...
    @overload
    async def perform(self, actor: Actor, operation: CreateTogether) -> CreatedTogether: ...
    @overload
    async def perform(self, actor: Actor, operation: SearchResources) -> Page: ...
    @overload
    async def perform(self, actor: Actor, operation: SearchRoot) -> RootPage: ...
    @overload
    async def perform(self, actor: Actor, operation: DeleteResource) -> Deleted: ...
    @overload
    async def perform(self, actor: Actor, operation: FindPerson | SetDisplayName | AccountOperation) -> Shown: ...
    @overload
    async def perform(self, actor: Actor, operation: GrantRole | RevokeRole | FindGroup | ReadEveryone) -> Granted: ...
    @overload
    async def perform(self, actor: Actor, operation: HeldPermissions) -> Held: ...
    @overload
    async def perform(self, actor: Actor, operation: ExplainPermission) -> Explained: ...
    @overload
    async def perform(self, actor: Actor, operation: ReadSignInSettings | ChangeSignInSettings) -> SignInSettled: ...
    @overload
    async def perform(self, actor: Actor, operation: ReadSamlConnection | SetSamlConnection) -> SamlConnected: ...
    @overload
    async def perform(self, actor: Actor, operation: PreflightSsoOnly) -> Lockouts: ...
    @overload
    async def perform(self, actor: Actor, operation: ListPeople) -> People: ...
    @overload
    async def perform(self, actor: Actor, operation: ListHistory) -> History: ...
    @overload
    async def perform(self, actor: Actor, operation: ScimOperation) -> ScimOutcome: ...
    @overload
    async def perform(self, actor: Actor, operation: AnyOperation) -> AnyOutcome: ...

    async def perform(self, actor: Actor, operation: AnyOperation) -> AnyOutcome:
        """Perform ``operation`` for ``actor`` and return what came of it.

        Raises:
            ScimError: the operation was refused, or the database is away; nothing was changed.
        """
        authorize(actor, operation)
        try:
            if actor.kind is ActorKind.PERSON:
                await self._own.check_rank(actor, operation)
            if isinstance(operation, ScimOperation):
                return await self._scim.perform(actor, operation)
            if isinstance(operation, CreateTogether):
                return await self._scim.create_together(actor, operation)
            return await self._own.perform(actor, operation)
        except StoreUnavailableError as error:
            raise errors.store_away() from error
        except QueryTooExpensiveError as error:
            raise errors.too_expensive() from error
