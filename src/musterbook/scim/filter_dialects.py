"""*Tolerated deviations in filters.* The entries of :mod:`musterbook.scim.dialects` that the filter parser asks for."""

from musterbook.scim.dialects import LENIENT_AND_RFC, Dialect

FILTER_STRING_BOOLEAN = Dialect(
    "filter-string-boolean",
    ("Entra ID",),
    'A boolean is compared with the string "True" or "False" in any case, as in roles[primary eq "True"]; refused, '
    "role assignments would fail.",
)
FILTER_VALUE_PATH_SUB_ATTRIBUTE = Dialect(
    "filter-value-path-sub-attribute",
    ("Entra ID",),
    'A value path is followed by a sub-attribute, as in emails[type eq "work"].value eq "x"; refused, people matched '
    "by their e-mail address would not be found and would be created twice.",
)
FILTER_MISSING_SPACE = Dialect(
    "filter-missing-space",
    ("RFC 7644 §3.5.2.3, in its own example",),
    'A space is left out beside a literal, a bracket or a parenthesis, as in members[value eq"x"]; the meaning is '
    "plain all the same.",
    LENIENT_AND_RFC,
)
FILTER_UNQUOTED_LITERAL = Dialect(
    "filter-unquoted-literal",
    ("Entra ID",),
    "A string without spaces stands without its quotation marks, as in externalId eq jyoung; Microsoft's tutorial "
    "shows it. Taken for eq on strings alone, where it can mean nothing else.",
)
FILTER_OFFSET_WITHOUT_PLUS = Dialect(
    "filter-offset-without-plus",
    ("clients that do not percent-encode",),
    "The plus sign of a time's offset arrives as a space, because a raw plus sign in a query string is one.",
)
FILTER_UNQUALIFIED_EXTENSION_ATTRIBUTE = Dialect(
    "filter-unqualified-extension-attribute",
    ("Entra ID",),
    "An extension's attribute is named without its URN, as in manager eq; taken where one extension has that name.",
)
FILTER_COMPLEX_AS_VALUE = Dialect(
    "filter-complex-as-value",
    ("Entra ID",),
    "A complex attribute with one value is compared as a whole, as in manager eq; its sub-attribute value is meant.",
)
