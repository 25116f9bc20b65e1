"""What a server does not load until somebody signs in with Google."""

import subprocess
import sys

HEAVY = {"authlib", "httpx2", "joserfc"}


def test_the_libraries_are_loaded_when_needed() -> None:
    """A server that knows Google's client starts without the libraries behind it; they cost a quarter of a second."""
    code = "import sys, musterbook.identity.google, musterbook.outbound; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "musterbook.identity.google.exchange" in loaded
    assert HEAVY.intersection(loaded) == set()
