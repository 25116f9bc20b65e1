"""*The command line*: everything an operator does, and the demo.

Knows wiring, settings and the rooms' doors; holds no rule. Each module is one group of commands. ``main`` is the
command ``musterbook``.
"""

from musterbook.cli.application import main

__all__ = ["main"]
