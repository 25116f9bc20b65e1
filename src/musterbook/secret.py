"""*The secret.* Decides where it comes from, what a usable one is, and that each purpose has a key of its own.

Everything that is signed, and later everything that is encrypted, hangs on it. Knows no room and no database: what is
derived is handed to the rooms by ``wiring``. Three ideas:

* Several secrets may be given: the first signs, all verify, so one is replaced without a pause.
* A purpose never sees the secret, only a key derived from it (HKDF-Expand of RFC 5869, one block): a key that leaks
  opens its purpose and nothing else.
* With SQLite, which needs nobody to set it up, the secret is made when it is first needed, in a file beside the
  database. With PostgreSQL several machines must have the same one, so it is given.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from musterbook.settings import MIN_SECRET_CHARACTERS

SECRET_BYTES = 32
_MAX_FILE_BYTES = 64 * 1024
_OWNER_ONLY = 0o600


class SecretError(Exception):
    """The file with the secret cannot be read or made; the message says which, why, and what to do."""


class Purpose(Enum):
    """What a key is derived for. A value never changes: everything signed so far would become invalid."""

    CURSOR = "cursor"
    """Signs the cursors of lists (RFC 9865)."""
    SEAL = "seal"
    """Encrypts what is stored and must be read again, such as what makes the codes of a second factor."""
    SAML_KEY = "saml-key"
    """Encrypts the private keys by which identity providers know our side."""
    DEVICE = "device"
    """Signs what browsers keep in which somebody has signed in before."""


@dataclass(frozen=True, slots=True)
class Secret:
    """One or more secrets, the first of which signs."""

    values: tuple[str, ...] = field(repr=False)

    def keys(self, purpose: Purpose) -> tuple[bytes, ...]:
        """Return the keys for ``purpose``, one for each secret, in the same order."""
        return tuple(_derive(value, purpose) for value in self.values)


def _derive(value: str, purpose: Purpose) -> bytes:
    """HKDF of RFC 5869 with SHA-256: extraction without salt, then the first block of the expansion."""
    pseudorandom = hmac.digest(bytes(hashlib.sha256().digest_size), value.encode(), "sha256")
    return hmac.digest(pseudorandom, f"musterbook {purpose.value}".encode() + b"\x01", "sha256")


def secret_file(database: Path) -> Path:
    """Return where the secret of a SQLite database is kept.

    Not under a name that begins with the database's: whoever moves ``musterbook.db*`` away to restore a copy means the
    files of the database, which can be replaced.
    """
    return database.with_name(f"{database.stem}.secret")


def read_or_make(file: Path, random_bytes: Callable[[int], bytes]) -> Secret:
    """Return the secret of ``file``, which is made where there is none; of several processes one makes it.

    Raises:
        SecretError: it cannot be read or made, or holds no secret.
    """
    try:
        if not file.exists():
            _make(file, random_bytes)
        return read(file)
    except OSError as error:
        raise SecretError(
            f"The secret key {file} cannot be made: {error.strerror}. Make the folder writable, or give "
            "MUSTERBOOK_SECRET_KEY."
        ) from error


def read(file: Path) -> Secret:
    """Return the secret of ``file``: one or several words, the newest first.

    Raises:
        SecretError: it cannot be read or holds no secret.
    """
    try:
        with file.open("rb") as opened:
            values = opened.read(_MAX_FILE_BYTES).decode("ascii").split()
    except OSError as error:
        raise SecretError(f"The secret key {file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        values = []
    if not values or any(len(value) < MIN_SECRET_CHARACTERS for value in values):
        # A new one in its place would make everything worthless that hangs on the one that was there.
        raise SecretError(f"{file} holds no secret key. Put back the one from your backup.")
    return Secret(tuple(values))


def _make(file: Path, random_bytes: Callable[[int], bytes]) -> None:
    """Make the file whole or not at all: a name appears only after what it names is on disk."""
    text = base64.urlsafe_b64encode(random_bytes(SECRET_BYTES)).rstrip(b"=") + b"\n"
    unfinished = file.with_name(f".{file.name}.{os.getpid()}.{random_bytes(8).hex()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        # Another process may have been faster; then its secret is the secret. `rename` would replace it.
        with suppress(FileExistsError):
            os.link(unfinished, file)
    finally:
        unfinished.unlink()
    _sync_folder(file.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
