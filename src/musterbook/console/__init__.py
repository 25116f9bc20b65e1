"""*Pages for people*: signing in, and what everybody sees of their own account.

Server-rendered pages over the same directory as everything else; hold no rule and know no SQL. ``web`` mounts the
routes of :class:`Console`, bounds what comes in and turns failures into :meth:`Console.answer_failure`.
"""

from musterbook.console.application import Console
from musterbook.console.rooms import Arrival, Rooms
from musterbook.console.route import Route

__all__ = ["Arrival", "Console", "Rooms", "Route"]
