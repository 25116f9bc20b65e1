"""*Edits.* Decides what an edit of a document is: one text in the place of another, which must be there.

Knows texts alone. An edit that changed nothing would make a good response pass for a bad one, so it fails.
"""

from dataclasses import dataclass
from enum import Enum

from musterbook.simulator.errors import SimulatorError

_SHOWN_CHARACTERS = 80


class Place(Enum):
    """Which of several places that look alike is edited."""

    FIRST = "first"
    """The response's, where the assertion has the same behind it."""
    LAST = "last"
    """The assertion's, where the response has the same before it."""
    EVERY = "every"


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a document."""

    old: str
    new: str
    place: Place = Place.FIRST

    def apply(self, document: str) -> str:
        """Return the document with the change.

        Raises:
            SimulatorError: the place is not there, so the fault cannot be played.
        """
        if self.old not in document:
            raise SimulatorError(f"This fault needs {self.old[:_SHOWN_CHARACTERS]!r} in the message: it is not there.")
        if self.place is Place.LAST:
            before, _, after = document.rpartition(self.old)
            return before + self.new + after
        return document.replace(self.old, self.new, 1 if self.place is Place.FIRST else -1)
