"""*Who may come in.* Turns the ``Authorization`` header into a key (RFC 6750 §2.1).

Knows headers and asks ``identity``; knows no route and no operation. Every refusal looks the same from outside, so a
stranger learns nothing; the log says which it was. A key is read from this header alone, never from the query, where
proxies and browsers would write it down (RFC 6750 §2.3 advises against it for that reason).
"""

from musterbook.identity import KeyRecord, KeyRefusal, KeyRefusedError, Keys
from musterbook.scim.errors import UnauthorizedError
from musterbook.web.admission import STRANGERS
from musterbook.web.entrance import Entrance
from musterbook.web.head import RequestHead
from musterbook.web.record import RequestRecord

MAX_AUTHORIZATION_BYTES = 8 * 1024
"""A key has 54 characters; this leaves room for the tokens that others send here by mistake, and bounds their cost."""
_SCHEME = b"bearer"


async def authenticate(head: RequestHead, keys: Keys, entrance: Entrance, record: RequestRecord) -> KeyRecord:
    """Return the key that the request presents; ``record`` learns why there is none.

    Raises:
        UnauthorizedError: no key, several, or one that opens nothing.
        OverLimitError: it is a key that was never seen, as too many are at the moment.
        StoreUnavailableError: keys cannot be looked up.
    """
    header = head.authorization
    if header is None:
        record.refusal = KeyRefusal.MISSING.value
        raise UnauthorizedError(credentials_sent=False)
    if head.repeats_authorization:
        # Request smuggling: a proxy may have checked one of them and we would act on the other.
        record.refusal = KeyRefusal.MALFORMED.value
        raise UnauthorizedError(credentials_sent=True)
    if len(header) > MAX_AUTHORIZATION_BYTES:
        record.refusal = KeyRefusal.MALFORMED.value
        raise UnauthorizedError(credentials_sent=True)
    scheme, _, secret = header.partition(b" ")
    if scheme.lower() != _SCHEME:
        record.refusal = KeyRefusal.MALFORMED.value
        raise UnauthorizedError(credentials_sent=True)
    text = secret.strip().decode("latin-1")
    place = None
    if keys.is_stranger(text):
        # A flood of made-up keys: each costs a question to the database, and must not keep it from the tenants.
        place = entrance.enter(STRANGERS) or await entrance.wait(STRANGERS, record)
    try:
        return await keys.authenticate(text)
    except KeyRefusedError as error:
        record.refusal = error.reason.value
        if error.key is not None:
            record.tenant_id = error.key.tenant_id
            record.key_id = error.key.id
        raise UnauthorizedError(credentials_sent=True) from error
    finally:
        if place is not None:
            entrance.leave(place)
