"""*Copies of a database.* Decides how a file is copied while it is in use."""

import os
from contextlib import closing
from pathlib import Path

from musterbook.directory.store import StoreUnavailableError
from musterbook.storage.sqlite.connection import READER_BUSY_SECONDS, connect, store_errors


def copy_database(path: Path, target: Path, *, replace: bool = False) -> None:
    """Copy the database as it is at one moment; writers go on meanwhile. The copy appears whole or not at all.

    Raises:
        FileExistsError: the target exists and is not to be replaced.
        StoreUnavailableError: the database cannot be read, or the copy not written.
    """
    if target.exists() and not replace:
        raise FileExistsError(f"{target} exists already")
    unfinished = target.with_name(f"{target.name}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with (
            store_errors(),
            closing(connect(path, busy_seconds=READER_BUSY_SECONDS)) as source,
            closing(connect(unfinished, busy_seconds=READER_BUSY_SECONDS)) as copy,
        ):
            # In one step, so that it is one state; SQLite lets others write to the log meanwhile.
            source.backup(copy)
            # Without a log of its own the copy is one file, and can be taken elsewhere as it is.
            copy.execute("PRAGMA journal_mode = DELETE")
        unfinished.replace(target)
    except OSError as error:
        raise StoreUnavailableError(f"the copy {target} cannot be written: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)
