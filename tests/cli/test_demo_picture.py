"""The picture of the demo in the README."""

from pathlib import Path

from tests.cli.recording import record

PICTURE = Path(__file__).parents[2] / "docs" / "demo.svg"


def test_the_picture_shows_what_the_demo_prints() -> None:
    """The recorded terminal is up to date; `make picture` records it again."""
    assert record() == PICTURE.read_text(encoding="utf-8")
