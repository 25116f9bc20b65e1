"""The page for OneLogin's administrator quotes what the server really answers, and its template works."""

import asyncio
import io
import re
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import httpx

from musterbook.settings import Settings
from musterbook.simulator import OneLoginApp, ProvisioningState, Template, people
from musterbook.web import json_log
from musterbook.wiring import create_app
from tests.documentation.session import DOCS
from tests.journeys.serving import Server, run_command, serving
from tests.postgres import SECRET_KEY

PAGE = (DOCS / "how-to" / "connect-onelogin.md").read_text(encoding="utf-8")
TEMPLATE = Template(re.findall(r"^```json\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)[0])
ANSWERS = re.findall(r"^\| `([^`]+)` \|", PAGE, flags=re.MULTILINE)
ADDRESS = "http://127.0.0.1:1"


def failures(server: Server, key: str) -> list[str]:
    """Let OneLogin fail in the ways that the server itself refuses; return what its administrator reads."""
    ada, grace, chloe = people(3)
    long = "x" * 257
    with OneLoginApp(server.address, key, template=TEMPLATE, strict=False) as app:
        app.enable()
        assert app.assign(ada).state is ProvisioningState.PROVISIONED
        double = app.assign(replace(grace, username=ada.username.upper()))
        nameless = app.assign(replace(chloe, id=chloe.id + 1, username=""))
        endless = app.assign(replace(chloe, id=chloe.id + 2, username=long, email="x@example.com"))
        run_command("role", "grant", "acme", ada.username, "Administrator", folder=server.folder)
        run_command("role", "revoke", "acme", "admin@acme.example", "Administrator", folder=server.folder)
        last = app.suspend(ada)
        key_id = run_command("key", "list", "acme", folder=server.folder).splitlines()[1].split()[0]
        run_command("key", "revoke", "acme", key_id, folder=server.folder)
        # Every process forgets a key that it knew within a second; until then it may still be let in.
        while (revoked := app.assign(chloe)).state is not ProvisioningState.FAILED:
            app.unassign(chloe)
    rows = (double, nameless, endless, last, revoked)
    assert {row.state for row in rows} == {ProvisioningState.FAILED}
    return [row.message for row in rows]


async def answer_without_database() -> str:
    """Return what a server answers whose database is away."""
    settings = Settings(database_url="postgresql://127.0.0.1:1/x", base_url=ADDRESS, secret_keys=(SECRET_KEY,))
    transport = httpx.ASGITransport(create_app(settings, log=json_log(io.BytesIO())))
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as client:
        answer = await client.get("/scim/v2/Users", headers={"Authorization": f"Bearer mbk_{'0' * 49}"})
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    detail: str = answer.json()["detail"]
    return detail


def test_each_answer_is_quoted_as_it_is(tmp_path: Path) -> None:
    """Each failure of the page happens, in its order, and shows the quoted words."""
    with serving("sqlite:///musterbook.db", tmp_path) as server:
        create = ("--name", "Acme", "--admin-email", "admin@acme.example")
        run_command("tenant", "create", "acme", *create, folder=tmp_path)
        key = run_command("key", "create", "acme", "--idp", "onelogin", folder=tmp_path).strip()
        seen = [*failures(server, key), asyncio.run(answer_without_database())]
    assert [(quoted, text) for quoted, text in zip(ANSWERS, seen, strict=True) if quoted not in text] == []
