"""*Tolerated deviations of PATCH.* Decides what a PatchOp message may look like beyond RFC 7644 §3.5.2.

Knows no request and no resource; says only what is tolerated, for whom and why, as ``dialects`` does for values.
"""

from musterbook.scim.dialects import LENIENT_AND_RFC, Dialect

PATCH_WITHOUT_SCHEMAS = Dialect(
    "patch-without-schemas",
    ("scripts of administrators",),
    "The message does not say that it is a PatchOp; there is nothing else that it could be.",
)
EMPTY_OPERATIONS = Dialect(
    "empty-operations",
    ("Entra ID",),
    "The message holds no operation; nothing is asked for, so nothing changes.",
)
MEMBERS_WITHOUT_OPERATIONS = Dialect(
    "members-without-operations",
    ("OneLogin",),
    "The body is that of SCIM 1.1: a part of the group, with members that are added, or removed where their operation "
    "is delete.",
)
OPERATION_NAME_CASE = Dialect(
    "operation-name-case",
    ("Entra ID",),
    "The operation is written Add, Replace or Remove; refused, no change by Entra ID would arrive.",
    LENIENT_AND_RFC,
)
VALUE_PATHS_AS_KEYS = Dialect(
    "value-paths-as-keys",
    ("Entra ID with aadOptscim062020",),
    "An operation without a path carries an object with keys that select by a filter, such as "
    'emails[type eq "work"].value, where RFC 7644 §3.5.2.1 foresees attribute names.',
)
READ_ONLY_TARGETS = Dialect(
    "read-only-targets",
    ("Okta", "Entra ID"),
    "An operation writes id, meta or another read-only attribute beside what it is about; it is left out, because "
    "refusing the message would lose the suspension that may stand in it.",
)
UNKNOWN_TARGETS = Dialect(
    "unknown-targets",
    ("Entra ID", "Okta"),
    "An operation names an attribute that no schema here defines; it is left out, because refusing the message would "
    "lose the suspension that may stand in it.",
)
SCHEMAS_AS_TARGET = Dialect(
    "schemas-as-target",
    ("Entra ID", "Okta"),
    "An operation writes schemas, with URNs that may be old or unknown; it is left out, because which schemas a "
    "resource has follows from the attributes that it holds.",
)
UNQUALIFIED_EXTENSION_PATHS = Dialect(
    "unqualified-extension-paths",
    ("Entra ID",),
    "The path of an extension's attribute comes without the extension's URN, as manager does.",
)
CREATED_BY_FILTER = Dialect(
    "created-by-filter",
    ("Entra ID",),
    'An operation writes emails[type eq "work"].value where no element has that type yet; the element that the filter '
    "describes is made, where RFC 7644 §3.5.2.3 says noTarget. Refused, nobody's first work address would arrive.",
)
FILTERED_SINGLE_VALUES = Dialect(
    "filtered-single-values",
    ("Entra ID",),
    'A filter selects a value of an attribute that has only one, as in manager[value eq "id"].',
)
REMOVED_BY_VALUE = Dialect(
    "removed-by-value",
    ("Entra ID", "JumpCloud"),
    "A removal from a multi-valued attribute lists in its value what is to go, which RFC 7644 §3.5.2.2 does not "
    "foresee; read as the RFC has it, it would remove every member of a group.",
)
CLEARED_BY_VALUE = Dialect(
    "cleared-by-value",
    ("Entra ID",),
    "The manager is removed by an empty value inside the object; what stays beside it, such as $ref, goes too.",
)
