"""*Query parameters.* Decides what paging, filter and projection ask for (RFC 7644 §3.4.2, §3.9; RFC 9865 §2).

Knows resource types; knows no HTTP server. Parameter names are taken in any case and others than these are ignored,
since providers add their own; an empty query string and a trailing ``&`` are harmless.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from musterbook.scim.dialects import Tolerance
from musterbook.scim.errors import BadRequestError, InvalidCountError, InvalidFilterError, InvalidValueError
from musterbook.scim.filter_parser import parse_filter
from musterbook.scim.operation import DEFAULT_PROJECTION, Projection, Query
from musterbook.scim.path import BoundPath, parse_attr_path, resolve
from musterbook.scim.schema import ResourceType
from musterbook.scim.sorting import parse_sort

MAX_PAGE_SIZE = 1000
"""The largest page, and also the default: providers that send no ``count`` take the first page for everything."""
MAX_PARAMETERS = 100
MAX_PROJECTED_ATTRIBUTES = 200
_LARGEST_INDEX = 2**53
"""Beyond what JSON numbers hold exactly; a larger ``startIndex`` is past the end of any list."""


_KNOWN_PARAMETERS = frozenset(
    {"filter", "startindex", "count", "cursor", "sortby", "sortorder", "attributes", "excludedattributes"}
)


@dataclass(frozen=True, slots=True)
class Parameters:
    """The query parameters that mean something, by lower-cased name."""

    values: Mapping[str, str]

    def get(self, name: str) -> str | None:
        """Return the value of the parameter whose lower-cased name is ``name``."""
        return self.values.get(name)


_NO_PARAMETERS = Parameters({})


def parse_parameters(query: str) -> Parameters:
    """Return the parameters of a raw query string; ``+`` and ``%20`` are spaces, names lose their case.

    Raises:
        BadRequestError: not UTF-8 once decoded, too many parameters, or one with a meaning that is given twice: which
            of them a proxy looked at, nobody knows.
    """
    if not query or query == "&":
        return _NO_PARAMETERS
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except UnicodeDecodeError:
        raise InvalidValueError("The query string is not UTF-8 once it is percent-decoded.") from None
    except ValueError:
        raise BadRequestError(f"The query string holds more than {MAX_PARAMETERS} parameters.") from None
    values: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        if key not in _KNOWN_PARAMETERS:
            continue
        if key in values:
            refusal = InvalidFilterError if name == "filter" else BadRequestError
            raise refusal(f"The query parameter '{name}' is given twice.")
        values[key] = value
    return Parameters(values)


def parse_query(parameters: Parameters, resource_type: ResourceType, tolerance: Tolerance) -> Query:
    """Return what a list request asks for.

    Raises:
        InvalidFilterError: the filter is empty, malformed, or names an unknown attribute.
        InvalidValueError: ``startIndex`` or ``count`` is no integer, or ``sortBy`` and ``sortOrder`` name no order.
        InvalidCountError: there is a ``cursor``, and ``count`` is no integer or larger than a page may be.
    """
    text = parameters.get("filter")
    sort_by = (parameters.get("sortby") or "").strip()
    if text is not None and not text.strip():
        raise InvalidFilterError("The filter is empty. Leave the parameter out to list everything.", column=1)
    return Query(
        filter=None if text is None else parse_filter(text, resource_type, tolerance),
        start_index=max(1, _integer(parameters, "startIndex", default=1)),
        count=_count(parameters),
        sort=parse_sort(sort_by, parameters.get("sortorder"), resource_type) if sort_by else None,
    )


def _count(parameters: Parameters) -> int:
    if parameters.get("cursor") is None:
        return min(max(0, _integer(parameters, "count", default=MAX_PAGE_SIZE)), MAX_PAGE_SIZE)
    try:
        count = max(0, _integer(parameters, "count", default=MAX_PAGE_SIZE))
    except InvalidValueError as error:
        raise InvalidCountError(error.detail) from error
    if count > MAX_PAGE_SIZE:
        # What RFC 7644 lets a server cut, RFC 9865 §2.1 has it refuse, so that every page is asked for alike.
        raise InvalidCountError(f"With a cursor, 'count' is at most {MAX_PAGE_SIZE}.")
    return count


def _integer(parameters: Parameters, name: str, *, default: int) -> int:
    text = parameters.get(name.lower())
    if text is None or not text.strip():
        return default
    digits = text.strip().removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise InvalidValueError(f"'{name}' must be an integer.")
    # Counting digits first keeps a megabyte of digits from being turned into a number.
    number = int(digits) if len(digits) <= len(str(_LARGEST_INDEX)) else _LARGEST_INDEX
    return -number if text.strip().startswith("-") else min(number, _LARGEST_INDEX)


def parse_projection(parameters: Parameters, resource_type: ResourceType) -> Projection:
    """Return which attributes the response shows (RFC 7644 §3.9). Names that mean nothing are ignored.

    Raises:
        InvalidValueError: both parameters are given, or too many names.
    """
    attributes, excluded = parameters.get("attributes"), parameters.get("excludedattributes")
    if not attributes and not excluded:
        return DEFAULT_PROJECTION
    if attributes and excluded:
        raise InvalidValueError("Send either 'attributes' or 'excludedAttributes', not both (RFC 7644 §3.9).")
    if attributes:
        return Projection(attributes=_paths(attributes, resource_type))
    return Projection(excluded_attributes=_paths(excluded or "", resource_type))


def _paths(text: str, resource_type: ResourceType) -> tuple[BoundPath, ...]:
    names = text.split(",", MAX_PROJECTED_ATTRIBUTES)
    if len(names) > MAX_PROJECTED_ATTRIBUTES:
        raise InvalidValueError(f"More than {MAX_PROJECTED_ATTRIBUTES} attributes are named.")
    paths = (parse_attr_path(name.strip(), resource_type) for name in names)
    bound = (resolve(path, resource_type) for path in paths if path is not None)
    return tuple(path for path in bound if path is not None)
