"""*Identity's stores on SQLite*, put together."""

from musterbook.identity.stores import IdentityStores
from musterbook.storage.sqlite.accounts import SqliteAccountStore
from musterbook.storage.sqlite.attempts import SqliteAssertionStore, SqliteAttemptStore, SqliteBindingStore
from musterbook.storage.sqlite.connection import Reader
from musterbook.storage.sqlite.password_sign_in import SqliteLinkStore, SqliteSecondFactorStore, SqliteTryStore
from musterbook.storage.sqlite.saml_keys import SqliteSamlKeyStore
from musterbook.storage.sqlite.sessions import SqliteSessionStore
from musterbook.storage.sqlite.sign_in_log import SqliteDomainStore, SqliteLogStore
from musterbook.storage.sqlite.writer import Writer


def identity_stores(reader: Reader, writer: Writer) -> IdentityStores:
    """Return the stores over an open database."""
    return IdentityStores(
        accounts=SqliteAccountStore(reader),
        sessions=SqliteSessionStore(reader, writer),
        attempts=SqliteAttemptStore(reader, writer),
        assertions=SqliteAssertionStore(writer),
        bindings=SqliteBindingStore(reader, writer),
        second_factors=SqliteSecondFactorStore(reader, writer),
        tries=SqliteTryStore(reader, writer),
        links=SqliteLinkStore(reader, writer),
        saml_keys=SqliteSamlKeyStore(reader, writer),
        log=SqliteLogStore(reader, writer),
        domains=SqliteDomainStore(reader, writer),
    )
