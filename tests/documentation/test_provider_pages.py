"""The pages for the administrators of Okta, Entra ID and JumpCloud quote what the server really answers."""

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from musterbook.simulator.okta import OktaApp
from musterbook.simulator.population import Group, invent_people
from tests.documentation.session import DOCS
from tests.journeys.serving import Server, run_command, serving

ADA, GRACE = invent_people(2)
BRIDGE = Group(number=0, name="Bridge", members=frozenset())
GALLEY = Group(number=1, name="Galley", members=frozenset())


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> Sequence[str]:
    """Let a provider fail in the ways that the pages speak of, in their order; return what its administrator reads."""
    folder = tmp_path_factory.mktemp("server")
    with serving("sqlite:///musterbook.db", folder) as server:
        run_command("tenant", "create", "acme", "--name", "A", "--admin-email", "admin@acme.example", folder=folder)
        key = run_command("key", "create", "acme", "--idp", "okta", folder=folder).strip()
        return (*_refused(server, key), *_unknown(server))


def _refused(server: Server, key: str) -> list[str]:
    with OktaApp(server.address, key, strict=False) as app:
        assert app.assign(ADA)
        assert app.assign(GRACE)
        assert app.push_group(BRIDGE)
        assert app.push_group(GALLEY)
        app.update(replace(GRACE, user_name=ADA.user_name.upper()))
        app.update_group(replace(GALLEY, name="bridge"))
        run_command("role", "grant", "acme", ADA.user_name, "Administrator", folder=server.folder)
        run_command("role", "revoke", "acme", "admin@acme.example", "Administrator", folder=server.folder)
        app.unassign(ADA)
        return [task.message for task in app.tasks if task.message]


def _unknown(server: Server) -> list[str]:
    with OktaApp(server.address, f"mbk{'-0' * 24}", strict=False) as app:
        app.test_credentials()
        return [task.message for task in app.tasks]


@pytest.mark.parametrize("page", ["okta", "entra", "jumpcloud"])
def test_each_answer_is_quoted_as_it_is(page: str, messages: Sequence[str]) -> None:
    """What stands in the first column of the page's last table stands in the answer to that failure."""
    text = (DOCS / "how-to" / f"connect-{page}.md").read_text(encoding="utf-8")
    quoted = re.findall(r"^\| `([^`]+)` \|", text, flags=re.MULTILINE)
    assert [answer for answer, message in zip(quoted, messages, strict=True) if answer not in message] == []


@pytest.mark.parametrize("idp", ["okta", "entra", "jumpcloud", "ping", "cyberark", "rippling"])
def test_each_page_makes_the_right_key(idp: str) -> None:
    """The command on each page makes a key for that provider."""
    text = (DOCS / "how-to" / f"connect-{idp}.md").read_text(encoding="utf-8")
    command = re.findall(r"^musterbook (key create .+)$", text, flags=re.MULTILINE)
    assert [line.split()[:5] for line in command] == [["key", "create", "acme", "--idp", idp]]
