"""*Mail.* Decides what a letter is and by whom it is carried; the port for it.

Knows letters; knows no account. Where the server has been told of no mail server, letters of a server on a developer's
own machine are printed, and those of any other are not sent at all: the links in them are secrets, and a log is no
place for them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol


class MailError(Exception):
    """The letter was not handed over; the message says why, without what is in it."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to one person."""

    to: str
    subject: str
    text: str = field(repr=False)


class Mail(Protocol):
    """Carries letters."""

    @property
    def is_carried(self) -> bool:
        """Whether letters reach anybody."""
        ...

    async def send(self, letter: Letter) -> None:
        """Hand a letter over.

        Raises:
            MailError: it was not taken.
        """


class PrintedMail:
    """Prints letters, on a developer's own machine."""

    def __init__(self, write: Callable[[str], object]) -> None:
        """Print by ``write``."""
        self._write = write

    @property
    def is_carried(self) -> bool:
        """Whether letters reach anybody: whoever looks at the screen."""
        return True

    async def send(self, letter: Letter) -> None:
        """Print a letter."""
        self._write(
            f"No mail server is set, so here is the letter to {letter.to}:\n\n{letter.subject}\n{letter.text}\n"
        )


class NoMail:
    """Carries nothing."""

    @property
    def is_carried(self) -> bool:
        """Whether letters reach anybody."""
        return False

    async def send(self, letter: Letter) -> None:
        """Refuse a letter.

        Raises:
            MailError: always.
        """
        raise MailError(f"No mail server is set, so the letter to {letter.to} was not sent. See the setting smtp_url.")
