"""*Identity's stores on PostgreSQL*, put together."""

from musterbook.identity.stores import IdentityStores
from musterbook.storage.postgres.accounts import PostgresAccountStore
from musterbook.storage.postgres.attempts import PostgresAssertionStore, PostgresAttemptStore, PostgresBindingStore
from musterbook.storage.postgres.password_sign_in import PostgresLinkStore, PostgresSecondFactorStore, PostgresTryStore
from musterbook.storage.postgres.pool import Pool
from musterbook.storage.postgres.saml_keys import PostgresSamlKeyStore
from musterbook.storage.postgres.sessions import PostgresSessionStore
from musterbook.storage.postgres.sign_in_log import PostgresDomainStore, PostgresLogStore


def identity_stores(pool: Pool) -> IdentityStores:
    """Return the stores over an open database."""
    return IdentityStores(
        accounts=PostgresAccountStore(pool),
        sessions=PostgresSessionStore(pool),
        attempts=PostgresAttemptStore(pool),
        assertions=PostgresAssertionStore(pool),
        bindings=PostgresBindingStore(pool),
        second_factors=PostgresSecondFactorStore(pool),
        tries=PostgresTryStore(pool),
        links=PostgresLinkStore(pool),
        saml_keys=PostgresSamlKeyStore(pool),
        log=PostgresLogStore(pool),
        domains=PostgresDomainStore(pool),
    )
