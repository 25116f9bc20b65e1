"""JumpCloud's whole story against a started server."""

from pathlib import Path

from musterbook.simulator.jumpcloud import JumpCloudApp, jumpcloud_story
from tests.journeys.conftest import make_tenant
from tests.journeys.serving import Server
from tests.journeys.storytelling import check_story

HISTORY = {
    "User created": 13,
    "User updated": 5,
    "User suspended": 2,
    "User reactivated": 1,
    "User deprovisioned": 1,
    "Group created": 4,
    "Group updated": 8,
    "Group deprovisioned": 1,
}


def test_everything_is_as_jumpcloud_says_after_each_scene(server: Server, tmp_path: Path) -> None:
    """After each scene everybody and every group is found as JumpCloud has them, and its test has left nothing."""
    key = make_tenant(server.database, tmp_path, "acme", "--idp", "jumpcloud")
    with JumpCloudApp(server.address, key) as app:
        history = check_story(app, jumpcloud_story, server, key)
    assert history == HISTORY
