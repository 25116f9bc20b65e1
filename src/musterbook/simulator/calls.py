"""*The calls of SCIM.* Decides which answer to each call of RFC 7644 §3 is one with which a provider goes on.

Knows nothing of people or groups, and no provider: what one of them asks for besides comes in `Demands`. OneLogin,
whose list of calls is shorter and odder, has its own.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import quote

from musterbook.simulator.checks import (
    Document,
    Page,
    Sentences,
    broken,
    expect_status,
    read_document,
    read_id,
    read_page,
)
from musterbook.simulator.errors import FailureReason
from musterbook.simulator.wire import Exchange, Wire, compact_json

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE_USER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

_PAGE_SIZE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """What one provider asks of every answer, and how patient it is."""

    media_types: frozenset[str] = frozenset()
    """The content types that a body may have; none: any."""
    sentences: Sentences = field(default_factory=dict)
    """What the administrator reads for a status."""
    check_resource: Callable[[Exchange, Document], None] = lambda _exchange, _document: None
    """Raises where a resource is not one for this provider."""
    patience: int = 0
    """How often a request is sent again after 429, each time when ``Retry-After`` says."""
    pause: Callable[[float], None] = time.sleep
    """Waits that many seconds."""


class Calls:
    """The application's SCIM service as a provider calls it.

    Every method raises `ProviderFailureError` where the answer is not one with which the provider goes on.
    """

    def __init__(self, wire: Wire, demands: Demands) -> None:
        self._wire = wire
        self._demands = demands

    def page(self, path: str) -> Page:
        """Return one page of a list; ``path`` has the query, percent-encoded as the provider does."""
        exchange = self._send("GET", path)
        self._expect(exchange, HTTPStatus.OK)
        page = read_page(exchange, self._document(exchange))
        for resource in page.resources:
            self._checked(exchange, resource)
        return page

    def find(self, path: str, *, none_is_404: bool) -> Document | None:
        """Return the one resource that a look-up finds, or None. ``none_is_404`` takes 404 for an empty list."""
        exchange = self._send("GET", path)
        if none_is_404 and exchange.status == HTTPStatus.NOT_FOUND:
            return None
        self._expect(exchange, HTTPStatus.OK)
        found = read_page(exchange, self._document(exchange)).resources
        if len(found) > 1:
            raise broken(exchange, FailureReason.NOT_UNIQUE, f"The look-up found {len(found)} resources.")
        return self._checked(exchange, found[0]) if found else None

    def all(self, endpoint: str) -> tuple[Document, ...]:
        """Return all resources of an endpoint, page by page (RFC 7644 §3.4.2.4)."""
        found: dict[str, Document] = {}
        while True:
            page = self.page(f"{endpoint}?startIndex={len(found) + 1}&count={_PAGE_SIZE}")
            fresh = {str(resource["id"]): resource for resource in page.resources}
            if len(fresh) < len(page.resources) or not found.keys().isdisjoint(fresh):
                raise self._pages("hold a resource twice")
            found |= fresh
            if len(found) >= page.total:
                return tuple(found.values())
            if not fresh:
                raise self._pages(f"end after {len(found)} of {page.total} resources")

    def read(self, path: str) -> Document:
        """Return a resource, which must exist."""
        exchange = self._send("GET", path)
        self._expect(exchange, HTTPStatus.OK)
        return self._same(exchange, path)

    def exists(self, path: str) -> bool:
        """Return whether a resource exists."""
        exchange = self._send("GET", path)
        self._expect(exchange, HTTPStatus.OK, HTTPStatus.NOT_FOUND)
        return exchange.status == HTTPStatus.OK

    def create(self, endpoint: str, document: Mapping[str, object]) -> str:
        """Create a resource and return its id."""
        exchange = self._send("POST", endpoint, document)
        self._expect(exchange, HTTPStatus.CREATED)
        if not exchange.response_body.strip():
            raise broken(exchange, FailureReason.EMPTY_BODY, "The answer to the creation has no body.")
        return str(self._checked(exchange, self._document(exchange))["id"])

    def replace(self, path: str, document: Mapping[str, object]) -> None:
        """Replace a resource."""
        exchange = self._send("PUT", path, document)
        self._expect(exchange, HTTPStatus.OK)
        self._same(exchange, path)

    def change(self, path: str, operations: Sequence[Mapping[str, object]]) -> None:
        """Change a resource by PATCH (RFC 7644 §3.5.2). 204 will do as well as 200 with the resource."""
        exchange = self._send("PATCH", path, {"schemas": [PATCH_OP], "Operations": list(operations)})
        self._expect(exchange, HTTPStatus.OK, HTTPStatus.NO_CONTENT)
        if exchange.status == HTTPStatus.OK:
            self._same(exchange, path)

    def delete(self, path: str) -> None:
        """Delete a resource."""
        self._expect(self._send("DELETE", path), HTTPStatus.NO_CONTENT, HTTPStatus.OK)

    def _send(self, method: str, path: str, document: Mapping[str, object] | None = None) -> Exchange:
        body = None if document is None else compact_json(document)
        exchange = self._wire.send(method, path, body)
        for _ in range(self._demands.patience):
            seconds = _retry_after(exchange)
            if seconds is None:
                break
            self._demands.pause(seconds)
            exchange = self._wire.send(method, path, body)
        return exchange

    def _expect(self, exchange: Exchange, *expected: int) -> None:
        expect_status(exchange, *expected, sentences=self._demands.sentences)

    def _document(self, exchange: Exchange) -> Document:
        return read_document(exchange, self._demands.media_types)

    def _same(self, exchange: Exchange, path: str) -> Document:
        """Return the resource in an answer, which must be the one whose path was asked for."""
        document = self._checked(exchange, self._document(exchange))
        scim_id = str(document["id"])
        if not path.partition("?")[0].endswith(f"/{quote(scim_id, safe='')}"):
            message = f"Asked for {path.partition('?')[0]}, the application answered {scim_id!r}."
            raise broken(exchange, FailureReason.SOMEBODY_ELSE, message)
        return document

    def _checked(self, exchange: Exchange, document: Document) -> Document:
        read_id(exchange, document)
        self._demands.check_resource(exchange, document)
        return document

    def _pages(self, fault: str) -> Exception:
        return broken(self._wire.exchanges[-1], FailureReason.PAGES, f"The pages {fault}.")


def resource_path(endpoint: str, scim_id: str) -> str:
    """Return the path of one resource."""
    return f"{endpoint}/{quote(scim_id, safe='')}"


def equals(attribute: str, value: str) -> str:
    """Return the filter for one value, which is written as JSON (RFC 7644 §3.4.2.2). It is not percent-encoded yet."""
    return f"{attribute} eq {json.dumps(value, ensure_ascii=False)}"


def _retry_after(exchange: Exchange) -> int | None:
    """Return the seconds that a 429 asks to wait; None for any other answer, or when it does not say (RFC 6585 §4)."""
    text = exchange.response_header("Retry-After") or ""
    if exchange.status != HTTPStatus.TOO_MANY_REQUESTS or not text.isdecimal():
        return None
    return int(text)
