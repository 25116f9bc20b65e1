"""Records the demo as the picture that the README shows.

    make picture

The story is really played, against a real server. The picture has the most telling steps: all of them would be a page
too long to look at. It is the same for every recording, so a test can tell when it is out of date.
"""

import io
import re
import sys
from pathlib import Path

from rich.console import Console

from musterbook.cli.demo import running_server
from musterbook.cli.output import Output
from musterbook.cli.simulation import TEMPLATES
from musterbook.cli.stage import Play, Stage

STEPS = frozenset({1, 3, 4, 6, 9, 21, 22})
WIDTH = 102
"""Somewhat more than the demo uses: a letter made of two characters is wider in a picture than in a terminal."""
_FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def record() -> str:
    """Play the story and return it as an SVG document."""
    console = Console(
        width=WIDTH, record=True, file=io.StringIO(), force_terminal=True, color_system="truecolor", highlight=False
    )
    output = Output(as_json=False, out=console, err=console)
    with running_server(port=0) as theatre:
        play = Play(template=TEMPLATES["v2-enterprise"], people=25, seed=0, shown_steps=STEPS)
        Stage(output, theatre.runner, theatre.services, theatre.onelogin).perform(play)
    picture = console.export_svg(title="musterbook demo", unique_id="demo")
    # A picture in a repository fetches nothing: the reader's own fixed-width font does.
    return _FONT_FACE.sub("", picture).replace("Fira Code, monospace", "monospace").rstrip() + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(record(), encoding="utf-8")
