"""*Pages.* Makes HTML of templates, and tells browsers what such a page may do.

Knows templates and header fields; knows no rule. Pages have no script and no style of their own, so a browser is told
to run and load nothing but our files: whatever text slips into a page stays text.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

_POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action "
PAGE_HEADERS = {
    "Content-Security-Policy": _POLICY + "'self'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""What a browser is told with every answer: load, run and send to nothing but ours, be framed by nobody, tell nobody
from where one comes, keep no copy (OWASP ASVS 5.0 §3.4, §14.3)."""
ASSET_TYPES = {"musterbook.css": "text/css", "mark.svg": "image/svg+xml"}
_ASSET_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable"}
"""An asset's address changes with its content, so a browser may keep it for good."""
_DIGEST_CHARACTERS = 12
_TITLES = {
    403: "This was refused",
    404: "There is no such page",
    405: "There is no such page",
    429: "That was too much at once",
    500: "Something went wrong",
    503: "Not available right now",
}
_OTHER_TITLE = "This request cannot be answered"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that pages load."""

    content: bytes
    media_type: str
    path: str
    """Below the mount."""
    version: str
    """A digest of its content."""

    def answer(self) -> Response:
        """Return the file."""
        return Response(self.content, media_type=self.media_type, headers=_ASSET_HEADERS)


def read_assets() -> Mapping[str, Asset]:
    """Return the files that pages load, by name."""
    assets = {}
    for name, media_type in ASSET_TYPES.items():
        content = (files("musterbook.console") / "static" / name).read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:_DIGEST_CHARACTERS]
        assets[name] = Asset(content, media_type, f"/assets/{name}", digest)
    return assets


class Pages:
    """The templates, and the addresses that they refer to."""

    def __init__(self, base_url: str, assets: Mapping[str, Asset]) -> None:
        """Make pages of a server at ``base_url``."""
        # A path, not an address: the browser may have come by another name of the same server.
        self._prefix = urlsplit(base_url).path.rstrip("/")
        self._templates = Environment(
            loader=PackageLoader("musterbook.console"), autoescape=True, undefined=StrictUndefined, auto_reload=False,
            trim_blocks=True, lstrip_blocks=True,
        )  # fmt: skip
        self._templates.globals.update(
            path=self.path,
            asset=lambda name: f"{self.path(assets[name].path)}?{assets[name].version}",
        )

    def path(self, below: str) -> str:
        """Return a path of ours as a browser asks for it."""
        return self._prefix + below

    def page(self, template: str, status: int = 200, *, form_targets: Sequence[str] = (), **values: object) -> Response:
        """Return a page. Its forms may be sent to us and to ``form_targets``, which are origins."""
        html = self._templates.get_template(template).render(values)
        response = HTMLResponse(html, status)
        response.headers["Content-Security-Policy"] = _POLICY + " ".join(["'self'", *form_targets])
        return response

    def redirect(self, below: str) -> Response:
        """Send the browser to another page of ours, which it then GETs."""
        return RedirectResponse(self.path(below), 303)

    def failure(self, status: int, text: str, reference: str) -> Response:
        """Return the page for a request that came to nothing; ``text`` says why, to whoever asked."""
        title = _TITLES.get(status, _OTHER_TITLE)
        return self.page("failure.html", status, title=title, text=text, reference=reference)
