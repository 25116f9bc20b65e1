"""A shell in a folder of its own: runs the command line in this process, and tells people apart without their ids."""

import asyncio
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from musterbook.cli.application import run_command
from musterbook.cli.exit_codes import ExitCode
from musterbook.scim import Json
from musterbook.settings import Settings
from musterbook.web import json_log
from musterbook.wiring import create_app
from tests.postgres import SECRET_KEY

BASE_URL = "http://127.0.0.1:8000"
ADA = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "userName": "ada@acme.example",
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
}
GRACE = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "userName": "grace@acme.example",
    "name": {"givenName": "Grace", "familyName": "Hopper"},
}
VARYING = re.compile(
    r"(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"|(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)"
    r"|(?P<date>\d{4}-\d\d-\d\d)"
    r"|(?P<key>mbk_[0-9A-Za-z]{49})"
    r"|(?P<prefix>mbk_[0-9A-Za-z]{8})"
    r"|(?<=/setup/)(?P<token>[0-9A-Za-z_-]{43})"
)


@dataclass(frozen=True, slots=True)
class Result:
    """How one command ended, and what it printed."""

    code: ExitCode
    out: str
    err: str

    @property
    def json(self) -> Json:
        """Standard output, read as JSON."""
        return json.loads(self.out)


@dataclass
class Shell:
    """Runs commands in the working folder of the test."""

    folder: Path
    capfd: pytest.CaptureFixture[str]
    database: str
    _names: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str) -> Result:
        """Run one command line."""
        self.capfd.readouterr()
        code = run_command(arguments)
        out, err = self.capfd.readouterr()
        return Result(code, out, err)

    def done(self, *arguments: str) -> Result:
        """Run one command line that must succeed."""
        result = self(*arguments)
        assert result.code is ExitCode.DONE, result
        return result

    def make_tenant(self, slug: str = "acme") -> str:
        """Make a tenant and return a key of it."""
        self.done("tenant", "create", slug, "--name", slug.title(), "--admin-email", f"admin@{slug}.example")
        return self.done("key", "create", slug, "--idp", "onelogin").out.strip()

    def scim(self, key: str, method: str, path: str, body: Mapping[str, object] | None = None) -> Json:
        """Send one SCIM request to a server over the same database; return the answer's body."""
        settings = Settings(database_url=self.database, base_url=BASE_URL, secret_keys=(SECRET_KEY,))
        application = create_app(settings, log=json_log(io.BytesIO()))

        async def send() -> Json:
            transport = httpx.ASGITransport(application)
            async with application.lifespan(), httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
                headers = {"Authorization": f"Bearer {key}"}
                answer = await client.request(method, f"/scim/v2{path}", json=body, headers=headers)
                assert answer.is_success, answer.text
                return answer.json() if answer.content else None

        return asyncio.run(send())

    def plain(self, text: str) -> str:
        """Return text with what differs from run to run replaced: ids are numbered as they appear in this test."""

        def name(match: re.Match[str]) -> str:
            kind = match.lastgroup or ""
            if kind in {"time", "date"}:
                return f"<{kind}>"
            same_kind = sum(value.startswith(f"<{kind} ") for value in self._names.values())
            return self._names.setdefault(match[0], f"<{kind} {same_kind + 1}>")

        return VARYING.sub(name, text)

    def rows(self, *arguments: str) -> Json:
        """Run one command that prints JSON; return it with ids and times replaced as in :meth:`plain`."""
        return json.loads(self.plain(self.done(*arguments, "--json").out))
