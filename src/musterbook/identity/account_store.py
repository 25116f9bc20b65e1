"""*Accounts by name, as they are stored.* The port by which a password sign-in finds whom it is about.

Knows no SQL and decides nothing. Whether there is somebody or not, it is one statement: the answer takes
the same time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from musterbook.directory import TenantId
from musterbook.directory.store import Record
from musterbook.identity.accounts import AccountRef


@dataclass(frozen=True, slots=True)
class FoundAccount:
    """An account, and everything that is stored of it."""

    ref: AccountRef
    record: Record


class AccountStore(Protocol):
    """Accounts. They are changed by ``Directory.perform`` alone."""

    async def find_by_name(self, tenant_id: TenantId, name_key: str) -> Sequence[FoundAccount]:
        """Return the accounts whose ``userName`` has this comparison key: a break-glass account first, then a person.

        The two may have one name, because neither knows of the other.
        """
