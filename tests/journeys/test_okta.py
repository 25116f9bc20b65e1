"""Okta's whole story against a started server."""

from pathlib import Path

import pytest

from musterbook.simulator.okta import Application, OktaApp, okta_story
from tests.journeys.conftest import make_tenant
from tests.journeys.serving import Server
from tests.journeys.storytelling import check_story

HISTORY = {
    "User created": 12,
    "User updated": 5,
    "User suspended": 2,
    "User reactivated": 1,
    "Group created": 3,
    "Group updated": 7,
    "Group deprovisioned": 1,
}


@pytest.mark.parametrize("application", Application)
def test_everything_is_as_okta_says_after_each_scene(application: Application, server: Server, tmp_path: Path) -> None:
    """After each scene everybody and every group is found as Okta has them, whether the application is from the
    catalogue or made by the wizard.
    """
    key = make_tenant(server.database, tmp_path, "acme", "--idp", "okta")
    with OktaApp(server.address, key, application=application) as app:
        history = check_story(app, okta_story, server, key)
    assert history == HISTORY
