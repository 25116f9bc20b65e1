"""*Known devices.* Decides in which browsers somebody has signed in before.

Knows keys, names and time; knows no cookie and no storage. A browser keeps a random number, signed together with the
tenant and the name that signed in: so it is known without being stored, and knows nothing but itself. It opens
nothing: whoever steals it may guess at that one account, as often as anybody (``slow_down``), and its owner still comes
in while others guess (OWASP, "Device cookies").
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import timedelta

from musterbook.directory import Clock, RandomBytes, TenantId

KNOWN_DAYS = 180
_VERSION = "d1"
_NONCE_BYTES = 16
_MAX_LENGTH = 256


class Devices:
    """Makes and recognises what browsers keep."""

    def __init__(self, keys: Sequence[bytes], clock: Clock, random_bytes: RandomBytes) -> None:
        """Sign with the first of ``keys`` and believe all of them."""
        self._keys = keys
        self._clock = clock
        self._random_bytes = random_bytes

    def issue(self, tenant_id: TenantId, name_key: str) -> str:
        """Return what a browser keeps in which somebody has signed in by this name."""
        nonce = _text(self._random_bytes(_NONCE_BYTES))
        expires = str(int((self._clock() + timedelta(days=KNOWN_DAYS)).timestamp()))
        return ".".join((_VERSION, nonce, expires, _sign(self._keys[0], tenant_id, name_key, nonce, expires)))

    def recognise(self, text: str | None, tenant_id: TenantId, name_key: str) -> str | None:
        """Return the number of a browser that is known for this name, or ``None``."""
        if text is None or len(text) > _MAX_LENGTH or not text.isascii():
            return None
        parts = text.split(".")
        if len(parts) != 4 or parts[0] != _VERSION:  # noqa: PLR2004 - version, number, end and signature
            return None
        _, nonce, expires, signature = parts
        signatures = (_sign(key, tenant_id, name_key, nonce, expires) for key in self._keys)
        if not any(hmac.compare_digest(signature, expected) for expected in signatures):
            return None
        return nonce if int(expires) > self._clock().timestamp() else None


def _sign(key: bytes, *parts: str) -> str:
    encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
    message = b"".join(len(part).to_bytes(4) + part for part in encoded)
    return _text(hmac.digest(key, message, "sha256"))


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
