"""*The order of a bulk request.* Decides what must wait for what, and what can only be done together (RFC 7644 §3.7.1).

Knows numbers alone: operations are the numbers of their places. Operations that need each other in a circle are a unit;
between units there is no circle left.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Unit:
    """Operations that are done together."""

    members: list[int]
    """In their order; more than one only in a circle."""
    needs: set[int] = field(default_factory=set)
    """The places of the units that must be done before."""
    awaited_by: list[int] = field(default_factory=list)
    """The places of the units that need this one, in their order."""


def units_of(needs: Sequence[Sequence[int]]) -> list[Unit]:
    """Return the units of operations of which number ``i`` needs those in ``needs[i]``, by their last operations."""
    units = sorted((Unit(sorted(circle)) for circle in _circles(needs)), key=lambda unit: unit.members[-1])
    place_of = {member: place for place, unit in enumerate(units) for member in unit.members}
    for place, unit in enumerate(units):
        unit.needs = {place_of[need] for member in unit.members for need in needs[member]} - {place}
        for need in unit.needs:
            units[need].awaited_by.append(place)
    return units


def _circles(needs: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return the strongly connected components of the graph (Tarjan's algorithm, without recursion)."""
    found: list[list[int]] = []
    order: dict[int, int] = {}
    lowest: dict[int, int] = {}
    open_: list[int] = []
    is_open = [False] * len(needs)
    for root in range(len(needs)):
        if root in order:
            continue
        trail = [(root, iter(needs[root]))]
        order[root] = lowest[root] = len(order)
        open_.append(root)
        is_open[root] = True
        while trail:
            node, following = trail[-1]
            for need in following:
                if need not in order:
                    order[need] = lowest[need] = len(order)
                    open_.append(need)
                    is_open[need] = True
                    trail.append((need, iter(needs[need])))
                    break
                if is_open[need]:
                    lowest[node] = min(lowest[node], order[need])
            else:
                trail.pop()
                if trail:
                    above = trail[-1][0]
                    lowest[above] = min(lowest[above], lowest[node])
                if lowest[node] == order[node]:
                    circle = open_[open_.index(node) :]
                    del open_[-len(circle) :]
                    for member in circle:
                        is_open[member] = False
                    found.append(circle)
    return found
