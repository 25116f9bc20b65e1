"""*The command line*: everything an operator does, and the demo.

Knows wiring, settings and the rooms' doors; holds no rule. Each module is one group of commands. ``main`` is the
command ``musterbook``.
"""

import sys

__all__ = ["main"]

_INTERRUPTED = 130


def main() -> None:
    """Run the command line of this process, and end the process."""
    try:
        from musterbook.cli.application import run_process  # noqa: PLC0415 it takes a while, and Ctrl-C ends that too
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    run_process()
