"""*A browser without a window.* Follows links, fills in forms and keeps cookies, as somebody who signs in does.

Knows HTTP and HTML; knows no page. It runs no script: where a page's form would be sent by itself, whoever leads this
browser clicks, as people without scripts do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self
from urllib.parse import urljoin, urlsplit

import httpx2

from musterbook.cli.exit_codes import CommandError

_TIMEOUT_SECONDS = 30.0
_MAX_REDIRECTS = 10


@dataclass(slots=True)
class _Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """A page as somebody sees it: its heading, its links, its forms."""

    def __init__(self, url: str, text: str) -> None:
        """Read a page that was found at an address."""
        super().__init__()
        self.url = url
        self.text = text
        self.heading = ""
        self.links: dict[str, str] = {}
        """Where a link leads, by what stands on it."""
        self.forms: list[_Form] = []
        self._inside: list[str] = []
        self._href = ""
        self.feed(text)

    @property
    def path(self) -> str:
        """The path of its address."""
        return urlsplit(self.url).path

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where links and forms begin, and what a form holds already."""
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(_Form(urljoin(self.url, values.get("action", self.url))))
        elif tag == "input" and self.forms and "name" in values:
            self.forms[-1].fields[values["name"]] = values.get("value", "")
        elif tag == "a":
            self._href = values.get("href", "")
        if tag in {"h1", "a"}:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Note where a heading or a link ends."""
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        """Note what stands on links, and the heading."""
        inside = self._inside[-1] if self._inside else ""
        if inside == "h1":
            self.heading += data
        elif inside == "a" and data.strip():
            self.links[data.strip()] = urljoin(self.url, self._href)


class DemoBrowser:
    """Somebody's browser."""

    def __init__(self) -> None:
        """Open a browser that knows no site."""
        self._client = httpx2.Client(
            timeout=_TIMEOUT_SECONDS, follow_redirects=True, max_redirects=_MAX_REDIRECTS, trust_env=False
        )
        self.visits: list[str] = []
        """The method and status of every request, oldest first."""
        self.page = Page("", "")
        """What is seen."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def open(self, url: str) -> None:
        """Go to an address, and on to where it leads."""
        self._see(self._send("GET", url))

    def click(self, label: str) -> None:
        """Follow a link.

        Raises:
            CommandError: there is none on this page.
        """
        if label not in self.page.links:
            raise CommandError(f"The page {self.page.heading!r} has no link {label!r}.")
        self.open(self.page.links[label])

    def submit(self, **typed: str) -> None:
        """Fill in the first form that has these fields, and send it.

        Raises:
            CommandError: there is none on this page.
        """
        form = next((form for form in self.page.forms if typed.keys() <= form.fields.keys()), None)
        if form is None:
            raise CommandError(f"The page {self.page.heading!r} has no form for {', '.join(typed) or 'this'}.")
        self._see(self._send("POST", form.action, form.fields | typed))

    def submit_to(self, path: str) -> None:
        """Send the form that goes to this path, as it is.

        Raises:
            CommandError: there is none on this page.
        """
        form = next((form for form in self.page.forms if urlsplit(form.action).path == path), None)
        if form is None:
            raise CommandError(f"The page {self.page.heading!r} has no form that goes to {path}.")
        self._see(self._send("POST", form.action, form.fields))

    def _send(self, method: str, url: str, fields: Mapping[str, str] | None = None) -> httpx2.Response:
        parts = urlsplit(self.page.url or url)
        headers = {} if fields is None else {"Origin": f"{parts.scheme}://{parts.netloc}"}
        try:
            return self._client.request(method, url, data=fields, headers=headers)
        except httpx2.HTTPError as error:
            raise CommandError(f"The browser got no answer from {url}: {error}") from error

    def _see(self, answer: httpx2.Response) -> None:
        self.visits.extend(f"{each.request.method} {each.status_code}" for each in (*answer.history, answer))
        self.page = Page(str(answer.url), answer.text)
