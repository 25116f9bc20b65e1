"""Plays the console blocks of a page in one shell, as a reader types them, and gives what each command printed.

A page shows what is typed after ``$``, lines that go on after ``>``, and below it what is printed. What differs from
run to run (ids, times, keys, sizes) is compared by its kind.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.cli.shell import VARYING
from tests.journeys.serving import environment

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENTED_ADDRESS = "127.0.0.1:8000"
_CONSOLE = re.compile(r"^```console\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
_MARK = "@@ the next command @@"
_CURL = Path(__file__).with_name("curl.py")


@dataclass(frozen=True, slots=True)
class Typed:
    """One command of a page, and what the page says that it prints."""

    command: str
    prints: str


def read_commands(page: Path) -> Iterator[Typed]:
    """Yield what a page has a reader type, in order."""
    for block in _CONSOLE.findall(page.read_text(encoding="utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = part.splitlines()
            count = 1
            while count < len(lines) and lines[count].startswith("> "):
                count += 1
            command = "\n".join([lines[0], *(line.removeprefix("> ") for line in lines[1:count])])
            yield Typed(command, plain("\n".join(lines[count:])))


def plain(text: str) -> str:
    """Return text with what differs from run to run replaced by its kind, and without spaces at the ends of lines."""
    replaced = VARYING.sub(lambda match: f"<{match.lastgroup}>", text)
    replaced = re.sub(r"(?<=^bytes )( *)\d+", r"\1<bytes>", replaced, flags=re.MULTILINE)
    return "\n".join(line.rstrip() for line in replaced.strip("\n").splitlines())


def play(commands: Sequence[str], folder: Path, address: str = DOCUMENTED_ADDRESS) -> list[str]:
    """Run commands one after the other in one shell; return what each printed, on both outputs together."""
    script = "".join(f"{command}\nprintf '%s\\n' '{_MARK}'\n" for command in commands)
    done = subprocess.run(
        ["/bin/sh", "-s"],
        input="exec 2>&1\n" + script.replace(DOCUMENTED_ADDRESS, address),
        cwd=folder,
        env=_environment(folder),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
    )
    printed = done.stdout.replace(address, DOCUMENTED_ADDRESS).split(f"{_MARK}\n")
    assert printed[-1] == "", done.stdout
    return [plain(text) for text in printed[:-1]]


def _environment(folder: Path) -> Mapping[str, str]:
    """Return an environment in which ``musterbook``, ``python3`` and ``curl`` are found."""
    tools = folder.parent / f"{folder.name}-tools"
    if not tools.exists():
        tools.mkdir()
        (tools / "python3").symlink_to(sys.executable)
    if shutil.which("curl") is None:
        # A machine needs no curl for the tests; this does for what the pages have it do.
        (tools / "curl").write_text(f"#!/bin/sh\nexec '{sys.executable}' '{_CURL}' \"$@\"\n")
        (tools / "curl").chmod(0o700)
    path = os.pathsep.join([str(tools), str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {**environment(), "PATH": path}
