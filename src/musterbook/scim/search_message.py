"""*The SearchRequest message.* Decides whether JSON is a query sent by POST, and what it asks (RFC 7644 §3.4.3).

Knows no schema and no resource. The message becomes the parameters that a query string would hold, so that a query
means the same, and is bounded in the same way, however it was sent.
"""

from collections.abc import Mapping

from musterbook.scim.errors import InvalidSyntaxError, InvalidValueError
from musterbook.scim.query import Parameters
from musterbook.scim.resource import Json

SEARCH_REQUEST_URN = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"

_TEXTS = ("filter", "sortBy", "sortOrder", "cursor")
_INTEGERS = ("startIndex", "count")
_LISTS = ("attributes", "excludedAttributes")


def parse_search(document: Mapping[str, Json]) -> Parameters:
    """Return the parameters of a SearchRequest; members that mean nothing are ignored, ``null`` is absent.

    Raises:
        InvalidSyntaxError: the document is no SearchRequest message.
        InvalidValueError: a parameter is of the wrong type.
    """
    members = {name.lower(): value for name, value in document.items()}
    _check_schemas(members.get("schemas"))
    values: dict[str, str] = {}
    for names, read in ((_TEXTS, _text), (_INTEGERS, _integer), (_LISTS, _list)):
        for name in names:
            value = members.get(name.lower())
            if value is not None:
                values[name.lower()] = read(name, value)
    return Parameters(values)


def _check_schemas(schemas: Json) -> None:
    if not isinstance(schemas, list) or not any(
        isinstance(urn, str) and urn.lower() == _SEARCH_REQUEST_KEY for urn in schemas
    ):
        raise InvalidSyntaxError(f'A query that is sent by POST needs "schemas": ["{SEARCH_REQUEST_URN}"].')


_SEARCH_REQUEST_KEY = SEARCH_REQUEST_URN.lower()


def _text(name: str, value: Json) -> str:
    if not isinstance(value, str):
        raise InvalidValueError(f"'{name}' must be a string.")
    return value


def _integer(name: str, value: Json) -> str:
    if type(value) is not int:  # `true` is an int to Python.
        raise InvalidValueError(f"'{name}' must be an integer.")
    return str(value)


def _list(name: str, value: Json) -> str:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidValueError(f"'{name}' must be an array of attribute names.")
    return ",".join(value)
