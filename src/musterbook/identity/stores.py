"""*All that identity asks of a database*, beside keys: one value that wiring hands over.

Knows the ports and no engine.
"""

from dataclasses import dataclass

from musterbook.identity.account_store import AccountStore
from musterbook.identity.attempt_store import AssertionStore, AttemptStore, BindingStore
from musterbook.identity.log_store import DomainStore, LogStore
from musterbook.identity.password_store import LinkStore, SecondFactorStore, TryStore
from musterbook.identity.saml_key_store import SamlKeyStore
from musterbook.identity.session_store import SessionStore


@dataclass(frozen=True, slots=True)
class IdentityStores:
    """The stores of identity over one open database."""

    accounts: AccountStore
    sessions: SessionStore
    attempts: AttemptStore
    assertions: AssertionStore
    bindings: BindingStore
    second_factors: SecondFactorStore
    tries: TryStore
    links: LinkStore
    saml_keys: SamlKeyStore
    log: LogStore
    domains: DomainStore
