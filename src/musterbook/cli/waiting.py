"""*Waiting for the end.* What a command does that goes on until somebody ends it: Ctrl-C and SIGTERM are alike."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, so that what it opened is closed."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def wait_for_the_end() -> None:
    """Return when somebody ends the command."""
    with suppress(KeyboardInterrupt):
        threading.Event().wait()
