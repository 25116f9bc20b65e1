"""*What clients need in an answer.* The tolerated deviations of rendering, by name.

Knows only how a deviation is described; ``scim.render`` asks for them.
"""

from musterbook.scim.dialects import ALL_PROFILES, Dialect

WHOLE_NAME = Dialect(
    "whole-name",
    ("OneLogin",),
    "A person without a first or a last name is shown with an empty one in answers to POST, PUT and look-ups; OneLogin "
    "gives a person up whose answer lacks either.",
    presets=frozenset({"onelogin"}),
)
PLAIN_JSON_ANSWER = Dialect(
    "plain-json-answer",
    ("OneLogin",),
    "Answers are application/json where Accept does not name application/scim+json, as OneLogin documents that they "
    "must be; RFC 7644 §3.8 asks for the other by default.",
    ALL_PROFILES,
    presets=frozenset({"onelogin"}),
)
EMPTY_PATCH_ANSWER = Dialect(
    "empty-patch-answer",
    ("Entra ID",),
    "A PATCH of a group is answered with 204 and no body, as Microsoft advises, unless attributes are asked for; "
    "RFC 7644 §3.5.2 leaves the choice to the server.",
    ALL_PROFILES,
    presets=frozenset({"entra"}),
)
