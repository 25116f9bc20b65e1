"""*Every tolerated deviation.* Collects the entries of the modules that define them.

Knows nothing of what a deviation does. It stands apart from ``dialects`` because the modules that it reads import that
one. The reference page on dialects and the tests are held against this list.
"""

from types import ModuleType

from musterbook.scim import dialects, filter_dialects, patch_dialects, render_dialects
from musterbook.scim.dialects import Dialect


def _entries(module: ModuleType) -> list[Dialect]:
    return [value for value in vars(module).values() if isinstance(value, Dialect)]


DIALECTS: tuple[Dialect, ...] = tuple(
    dict.fromkeys(
        entry for module in (dialects, filter_dialects, patch_dialects, render_dialects) for entry in _entries(module)
    )
)
"""In the order of definition, no repetitions."""
