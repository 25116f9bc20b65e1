"""Entra ID's whole story against a started server."""

from pathlib import Path

import pytest

from musterbook.simulator.entra import EntraApp, Matching, entra_story
from tests.journeys.conftest import make_tenant
from tests.journeys.serving import Server
from tests.journeys.storytelling import check_story

HISTORY = {
    "User created": 12,
    "User updated": 16,
    "User suspended": 2,
    "User reactivated": 1,
    "User deprovisioned": 1,
    "Group created": 3,
    "Group updated": 10,
    "Group deprovisioned": 1,
}
WAYS = [(False, Matching.EXTERNAL_ID), (True, Matching.WORK_EMAIL)]


@pytest.mark.parametrize("compliant, matching", WAYS)
def test_everything_is_as_entra_says_after_each_scene(
    server: Server, tmp_path: Path, matching: Matching, *, compliant: bool
) -> None:
    """After each scene everybody and every group is found as Entra ID has them, with the flag in the Tenant URL and
    without it, and by whatever attribute people are matched.
    """
    key = make_tenant(server.database, tmp_path, "acme", "--idp", "entra")
    with EntraApp(server.address, key, compliant=compliant, matching=matching) as app:
        history = check_story(app, entra_story, server, key)
        assert app.quarantine is None
    assert history == HISTORY
