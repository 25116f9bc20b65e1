"""*What clients need in an answer.* The tolerated deviations of rendering, by name.

Knows only how a deviation is described; ``scim.render`` asks for them.
"""

from musterbook.scim.dialects import Dialect

WHOLE_NAME = Dialect(
    "whole-name",
    ("OneLogin",),
    "A person without a first or a last name is answered with an empty one; OneLogin gives a person up whose answer "
    "lacks either.",
)
