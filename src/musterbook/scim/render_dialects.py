"""*What clients need in an answer.* The tolerated deviations of rendering, by name.

Knows only how a deviation is described; ``scim.render`` asks for them.
"""

from musterbook.scim.dialects import Dialect

WHOLE_NAME = Dialect(
    "whole-name",
    ("OneLogin",),
    "A person without a first or a last name is shown with an empty one in answers to POST, PUT and look-ups; OneLogin "
    "gives a person up whose answer lacks either.",
)
