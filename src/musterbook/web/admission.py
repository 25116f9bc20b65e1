"""*Whose turn it is.* Decides how many requests of one tenant are worked on at a time, and which of the others is next.

Knows tenants by a name, and the turns of the event loop; knows no request and no key. One process computes one thing
at a time, and one writer or a handful of connections lead to the database. So what a tenant has to wait for is what
others have begun or may begin before it. Four ideas keep that short:

* **Who asks for little never waits.** A request is let in at once as long as few of its tenant are under way. That
  costs a look-up and a counter, no lock and no ``await``.
* **Who is alone has the whole process.** While nobody else asks for anything, many requests may be under way, so that
  they share commits and connections.
* **What waits is begun one at a time**, in the order in which it came, and the tenants take turns: one request in each
  turn of the event loop, so that what has arrived meanwhile is read and let in between two of them.
* **What waited leaves as long a pause as it took**, while others are served: the processor, the disk and the database
  are free half of the time, however fast or slow they are.

The body of a request that waits is not read; the connection's own buffer is all that it holds.
"""

import asyncio
import time
from collections import deque
from dataclasses import dataclass

from musterbook.web.errors import database_away
from musterbook.web.limits import Limit, OverLimitError

STRANGERS = ""
"""Stands for the tenant of a key that was never seen. All of these share one lane, because anybody can make up any
number of keys, and it is a narrow one always. They do not count as somebody who is being served: whoever guesses keys
must not slow down a tenant that is alone."""
SHARED_SECONDS = 5.0
"""For how long a tenant counts as being served after a request of its own, so that the next one finds room."""
SLOW_SECONDS = 0.25
"""When the next request is begun though the one before has not ended: it waits for the network or the database, and
keeps nobody else. Also the longest pause."""
SHORTEST_PAUSE_SECONDS = 0.0005
"""The event loop's timers count in milliseconds; what is over faster than this leaves enough of each."""
FEW_LANES = 1000
"""How many tenants are remembered before those that are quiet are looked for."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many requests of one tenant may be under way, and how many may wait for how long."""

    alone: int = 32
    """Under way while nobody else is served: three times the connections that there are to PostgreSQL, and enough for
    one commit of SQLite to cost next to nothing each."""
    shared: int = 4
    """Under way while others are: half of the connections to PostgreSQL stay free for them, and a provider that sends
    a few requests at the same time, as they do, waits for none of its own."""
    waiting: int = 512
    """A provider sends tens at a time; what sends hundreds is broken or hostile."""
    patience_seconds: float = 10.0
    """Some providers are not known to repeat a refused request; Okta and Entra ID wait a minute for an answer."""


STANDARD_BOUNDS = Bounds()


class Lane:
    """The requests of one tenant."""

    __slots__ = ("alarm", "called", "direct", "in_flight", "is_narrow", "is_offered", "waiting")

    def __init__(self, *, is_narrow: bool) -> None:
        self.is_narrow = is_narrow
        """Whether it gets no more than its share, also while nobody else is served."""
        self.in_flight = 0
        self.direct = Place(self)
        """What all requests hold that were let in at once: they need not be told apart."""
        self.waiting: deque[asyncio.Future[Place]] = deque()
        self.called: Place | None = None
        """The request that was begun last of those that waited, until it has ended or taken long."""
        self.alarm: asyncio.TimerHandle | None = None
        """Ends the time for which nothing that waits is begun."""
        self.is_offered = False

    def is_idle(self) -> bool:
        """Return whether nothing of the tenant is under way or waits."""
        return not self.in_flight and not self.waiting and self.alarm is None


class Place:
    """The right to work on one request; given back with :meth:`Admission.leave`."""

    __slots__ = ("begun_at", "lane")

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.begun_at = 0.0


class Admission:
    """Who may work in this process, one event loop."""

    def __init__(self, bounds: Bounds = STANDARD_BOUNDS) -> None:
        """Let in within ``bounds``."""
        self._bounds = bounds
        self._lanes: dict[str, Lane] = {}
        self._sweep_at = FEW_LANES
        self._offered: deque[Lane] = deque()
        """Lanes of which a waiting request may begin, in the order of their turns."""
        self._left: list[Place] = []
        self._is_turn_due = False
        self._latest: str | None = None
        self._shared_until = 0.0

    def enter(self, name: str) -> Place | None:
        """Let a request of the tenant in at once, or return ``None``: it has to :meth:`wait`."""
        lane = self._lanes.get(name) or self._add_lane(name)
        if name != self._latest and name:  # Strangers have the empty name.
            if self._latest is not None:
                self._shared_until = asyncio.get_running_loop().time() + SHARED_SECONDS
            self._latest = name
        if lane.waiting or (lane.in_flight >= self._bounds.shared and not self._has_room(lane)):
            return None
        lane.in_flight += 1
        return lane.direct

    async def wait(self, name: str) -> Place:
        """Return when it is the turn of a request that :meth:`enter` did not let in.

        Raises:
            OverLimitError: too many wait, or it waited too long.
            UnavailableError: what was begun before it found the database away.
        """
        lane = self._lanes[name]
        if len(lane.waiting) >= self._bounds.waiting:
            raise OverLimitError(Limit.QUEUE, "Too many requests are waiting. Send fewer at the same time.")
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[Place] = loop.create_future()
        timer = loop.call_later(self._bounds.patience_seconds, self._lose_patience, lane, turn)
        lane.waiting.append(turn)
        self._offer(lane)
        self._plan_turn()  # One that has left may not have been settled yet.
        try:
            return await turn
        except asyncio.CancelledError:
            if not turn.cancelled() and turn.exception() is None:  # Its turn had come in the same moment.
                self.leave(turn.result())
            raise
        finally:
            timer.cancel()

    def leave(self, place: Place) -> None:
        """Give a place back, with effect from the next turn of the event loop.

        Until then it counts, so that a tenant cannot have any number of requests worked on in one turn, whose answers
        are computed without ever waiting for anything.
        """
        self._left.append(place)
        # A single place that still counts harms nobody, and planning a turn costs half a microsecond.
        if len(self._left) > 1 or place is not place.lane.direct or place.lane.waiting:
            self._plan_turn()

    def dismiss(self, place: Place) -> None:
        """Refuse what waits behind a request that found the database away: it would find the same, only later."""
        waiting = place.lane.waiting
        while waiting:
            turn = waiting.popleft()
            if not turn.done():
                turn.set_exception(database_away())

    def _add_lane(self, name: str) -> Lane:
        """Return a lane for a tenant without one; forget those of tenants that have been quiet, now and then."""
        if len(self._lanes) >= self._sweep_at:
            self._lanes = {name: lane for name, lane in self._lanes.items() if not lane.is_idle()}
            self._sweep_at = 2 * len(self._lanes) + FEW_LANES
        lane = self._lanes[name] = Lane(is_narrow=name == STRANGERS)
        return lane

    def _has_room(self, lane: Lane) -> bool:
        if lane.in_flight < self._bounds.shared:
            return True
        return lane.in_flight < self._bounds.alone and not self._is_shared(lane)

    def _is_shared(self, lane: Lane) -> bool:
        return lane.is_narrow or asyncio.get_running_loop().time() < self._shared_until

    def _plan_turn(self) -> None:
        if not self._is_turn_due:
            self._is_turn_due = True
            asyncio.get_running_loop().call_soon(self._take_turn)

    def _take_turn(self) -> None:
        """Settle what was given back in the turn before, and begin one of the requests that wait."""
        self._is_turn_due = False
        for place in self._left:
            lane = place.lane
            lane.in_flight -= 1
            if lane.waiting or lane.called is place:
                self._settle(lane, place)
        self._left.clear()
        while self._offered:
            lane = self._offered.popleft()
            lane.is_offered = False
            if self._may_begin(lane):
                self._begin(lane)
                break
        if self._offered:
            self._plan_turn()

    def _settle(self, lane: Lane, place: Place) -> None:
        if lane.called is place:
            self._pause(lane, time.perf_counter() - place.begun_at)
        self._offer(lane)

    def _pause(self, lane: Lane, seconds: float) -> None:
        """Let the next request of those that wait begin after a while, or at once where nobody needs the time."""
        lane.called = None
        if lane.alarm is not None:
            lane.alarm.cancel()
            lane.alarm = None
        if lane.waiting and seconds >= SHORTEST_PAUSE_SECONDS and self._is_shared(lane):
            pause = min(seconds, SLOW_SECONDS)
            lane.alarm = asyncio.get_running_loop().call_later(pause, self._resume, lane)

    def _resume(self, lane: Lane) -> None:
        lane.called = lane.alarm = None
        self._offer(lane)

    def _offer(self, lane: Lane) -> None:
        """Queue the lane for a turn, if one of its requests may begin."""
        if not lane.is_offered and self._may_begin(lane):
            lane.is_offered = True
            self._offered.append(lane)
            self._plan_turn()

    def _may_begin(self, lane: Lane) -> bool:
        if not lane.waiting or not self._has_room(lane):
            return False
        return lane.alarm is None or not self._is_shared(lane)

    def _begin(self, lane: Lane) -> None:
        turn = lane.waiting.popleft()
        if turn.done():  # Whoever waited was called off.
            self._offer(lane)
            return
        place = lane.called = Place(lane)
        place.begun_at = time.perf_counter()
        lane.in_flight += 1
        if lane.alarm is not None:
            lane.alarm.cancel()
        lane.alarm = asyncio.get_running_loop().call_later(SLOW_SECONDS, self._resume, lane)
        turn.set_result(place)
        self._offer(lane)

    def _lose_patience(self, lane: Lane, turn: "asyncio.Future[Place]") -> None:
        if not turn.done():
            lane.waiting.remove(turn)
            turn.set_exception(
                OverLimitError(Limit.PATIENCE, "The request did not get its turn in time. Send fewer at the same time.")
            )
