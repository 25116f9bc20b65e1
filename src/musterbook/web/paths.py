"""*Which path is asked for.* Takes the prefix off under which a product mounted us, and decodes exactly once.

Knows ASGI's ``path``, ``raw_path`` and ``root_path``; knows no route.
"""

from urllib.parse import unquote

from starlette.types import Scope

_ESCAPED_SLASH = "%2f"


def request_path(scope: Scope) -> str:
    """Return the path below the mount, percent-decoded once.

    Servers hand over a decoded path in which ``%2F`` has become a separator, so ``/Users/%2F`` would name the list of
    all users. Here an escaped slash stays escaped: it is part of an id that nobody has.
    """
    path: str = scope["path"]
    raw_path: bytes | None = scope.get("raw_path")
    if raw_path is not None and b"%" in raw_path:
        raw = raw_path.decode("latin-1").partition("?")[0]
        if _ESCAPED_SLASH in raw.lower():
            path = unquote(raw.replace("%2F", "%252F").replace("%2f", "%252f"))
    root_path: str = scope.get("root_path", "")
    if root_path and path.startswith(root_path) and path[len(root_path) : len(root_path) + 1] in {"", "/"}:
        return path[len(root_path) :] or "/"
    return path
