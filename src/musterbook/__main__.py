"""``python -m musterbook``."""

from musterbook.cli import main

main()
