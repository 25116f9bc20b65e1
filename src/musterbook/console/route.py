"""*A route*, as the shell mounts it.

Knows paths and methods; knows no page.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from musterbook.console.rooms import Arrival

Answer: TypeAlias = Callable[[Request, Arrival], Awaitable[Response]]

FORM_BYTES = 64 * 1024
"""What forms of ours may have: a password of the greatest length, percent-encoded, is a fraction of it."""


@dataclass(frozen=True, slots=True)
class Route:
    """One path, and what answers there."""

    path: str
    methods: tuple[str, ...]
    answer: Answer
    body_limit: int = FORM_BYTES
