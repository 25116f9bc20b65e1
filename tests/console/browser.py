"""A browser without a window: follows the pages as one does, and keeps cookies."""

import re
from dataclasses import dataclass, field
from html import unescape

import httpx

from tests.web.site import BASE_URL, PEER, Site

_TOKEN = re.compile(r'name="form_token" value="([^"]*)"')


@dataclass
class Browser:
    """A person's browser at one site. Each has cookies of its own."""

    site: Site
    base_url: str = BASE_URL
    client: httpx.AsyncClient = field(init=False)
    page: httpx.Response = field(init=False)
    """The page that is seen."""

    def __post_init__(self) -> None:
        transport = httpx.ASGITransport(self.site.application, client=PEER)
        self.client = httpx.AsyncClient(transport=transport, base_url=self.base_url)

    async def open(self, path: str) -> httpx.Response:
        """Go to a page, following where it leads."""
        self.page = await self.client.get(path, follow_redirects=True)
        return self.page

    async def submit(self, path: str, **fields: str) -> httpx.Response:
        """Fill in the form of the page that is seen, and follow where it leads."""
        self.page = await self.post(path, {"form_token": self.token, **fields}, follow_redirects=True)
        return self.page

    async def post(self, path: str, fields: dict[str, str], *, follow_redirects: bool = False) -> httpx.Response:
        """Send a form from a page of the site, with these fields alone."""
        headers = {"Origin": self.base_url, "Sec-Fetch-Site": "same-origin"}
        return await self.client.post(path, data=fields, headers=headers, follow_redirects=follow_redirects)

    async def post_from_elsewhere(self, path: str, fields: dict[str, str]) -> httpx.Response:
        """Send a form from a page of another site, with the cookies that come along then; follow where it leads."""
        lax = {name: value for name, value in self.client.cookies.items() if name != "musterbook-attempt"}
        for name in lax:
            del self.client.cookies[name]
        headers = {"Origin": "https://acme.onelogin.example", "Sec-Fetch-Site": "cross-site"}
        answer = await self.client.post(path, data=fields, headers=headers)
        for name, value in lax.items():
            if name not in self.client.cookies:
                self.client.cookies.set(name, value, domain="directory.test", path="/")
        self.page = answer if not answer.has_redirect_location else await self.open(answer.headers["Location"])
        return self.page

    @property
    def token(self) -> str:
        """The token of the form on the page that is seen."""
        found = _TOKEN.search(self.page.text)
        assert found is not None, f"there is no form on this page: {self.page.text}"
        return found[1]

    @property
    def title(self) -> str:
        """The heading of the page that is seen."""
        return heading(self.page)


def heading(page: httpx.Response) -> str:
    """Return the heading of a page."""
    found = re.search(r"<h1>(.*?)</h1>", page.text)
    assert found is not None, f"this page has no heading: {page.text}"
    return unescape(found[1])
