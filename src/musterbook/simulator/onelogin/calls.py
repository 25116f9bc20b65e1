"""*The calls in OneLogin's list.* Decides the request of each call and which answer to it is a good one.

Knows nothing of users in OneLogin or of their provisioning state. OneLogin's documentation lists the calls that an
application must take, and nothing here goes beyond it except `set_active`: get a user by ``userName``, create, get by
id, update, delete, get users, get groups. There is no discovery and no paging in that list, and no PATCH of a user.

The odd spellings are from a capture of real requests: a space in a filter is ``+``, a quotation mark ``%22``, a ``&``
ends the query, and a change of one resource has an empty query. RFC 7644 §3.3 to §3.6 define the calls themselves.
"""

import json
from http import HTTPStatus
from urllib.parse import quote, quote_plus

from musterbook.simulator.checks import Document, expect_status, read_document, same_user_name
from musterbook.simulator.errors import FailureReason, ProviderFailureError
from musterbook.simulator.onelogin.checks import (
    MEDIA_TYPES,
    SENTENCES,
    RemoteUser,
    read_group_name,
    read_list,
    read_user,
)
from musterbook.simulator.wire import Exchange, Habits, Wire, compact_json

# What OneLogin sends by itself is not known. Other products tell their customers to add application/scim+json as a
# custom header, which would be needless if it were the default.
HABITS = Habits(headers={"User-Agent": ""}, content_type="application/json")


class Calls:
    """The application's SCIM service as OneLogin calls it.

    Every method raises `ProviderFailureError` where the answer is not one with which OneLogin goes on.
    """

    def __init__(self, wire: Wire, *, json_content_type: bool) -> None:
        self._wire = wire
        self._media_types = MEDIA_TYPES if json_content_type else frozenset[str]()

    def look_up(self, user_name: str) -> RemoteUser | None:
        """Return the user of that name, or None when the application has none.

        404 is as good as an empty list: OneLogin documents both as the answer for a name that nobody has.
        """
        exchange = self._send("GET", _look_up_path(user_name))
        if exchange.status == HTTPStatus.NOT_FOUND:
            return None
        found = self._users(exchange)
        for user in found:
            if not same_user_name(user.user_name, user_name):
                message = f"Asked for userName {user_name!r}, the application answered {user.user_name!r}."
                raise ProviderFailureError(FailureReason.SOMEBODY_ELSE, message, status=exchange.status)
        if len(found) > 1:
            message = f"Asked for userName {user_name!r}, the application answered {len(found)} users."
            raise ProviderFailureError(FailureReason.NOT_UNIQUE, message, status=exchange.status)
        return found[0] if found else None

    def get(self, scim_id: str) -> RemoteUser | None:
        """Return the user of that id, or None when it does not exist."""
        exchange = self._send("GET", _user_path(scim_id))
        if exchange.status == HTTPStatus.NOT_FOUND:
            return None
        _expect(exchange, HTTPStatus.OK)
        return _same_id(exchange, self._user(exchange), scim_id)

    def list_users(self) -> tuple[RemoteUser, ...]:
        """Return all users, which must come in one answer."""
        return self._users(self._send("GET", "/Users"))

    def group_names(self) -> tuple[str, ...]:
        """Return the display names of all groups."""
        exchange = self._send("GET", "/Groups")
        return tuple(read_group_name(exchange, resource) for resource in self._resources(exchange))

    def create(self, body: bytes) -> RemoteUser:
        """Create a user and return it as answered."""
        exchange = self._send("POST", "/Users", body)
        _expect(exchange, HTTPStatus.CREATED)
        return self._user(exchange)

    def replace(self, scim_id: str, body: bytes) -> RemoteUser:
        """Replace a user and return it as answered."""
        exchange = self._send("PUT", _user_path(scim_id) + "?", body)
        # One of OneLogin's two sample servers answers a PUT with 201.
        _expect(exchange, HTTPStatus.OK, HTTPStatus.CREATED)
        return _same_id(exchange, self._user(exchange), scim_id)

    def set_active(self, scim_id: str, *, active: bool) -> None:
        """Set ``active`` by PATCH, which OneLogin's list of calls does not have, in case it is sent nevertheless."""
        operation = {"op": "replace", "path": "active", "value": active}
        document = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]}
        # The empty query is what the captured PATCH of a group has.
        exchange = self._send("PATCH", _user_path(scim_id) + "?", compact_json(document))
        _expect(exchange, HTTPStatus.OK, HTTPStatus.NO_CONTENT)
        if exchange.status == HTTPStatus.OK:
            _same_id(exchange, self._user(exchange), scim_id)

    def delete(self, scim_id: str) -> None:
        """Delete a user."""
        exchange = self._send("DELETE", _user_path(scim_id))
        # OneLogin's sample servers answer 200; 204 is RFC 7644 §3.6 and known to work from connected products.
        _expect(exchange, HTTPStatus.NO_CONTENT, HTTPStatus.OK)

    def _send(self, method: str, path: str, body: bytes | None = None) -> Exchange:
        return self._wire.send(method, path, body)

    def _user(self, exchange: Exchange) -> RemoteUser:
        return read_user(exchange, read_document(exchange, self._media_types))

    def _users(self, exchange: Exchange) -> tuple[RemoteUser, ...]:
        return tuple(read_user(exchange, resource) for resource in self._resources(exchange))

    def _resources(self, exchange: Exchange) -> tuple[Document, ...]:
        _expect(exchange, HTTPStatus.OK)
        return read_list(exchange, read_document(exchange, self._media_types))


def _expect(exchange: Exchange, *expected: int) -> None:
    expect_status(exchange, *expected, sentences=SENTENCES)


def _look_up_path(user_name: str) -> str:
    # A quotation mark inside a value is escaped as in JSON (RFC 7644 §3.4.2.2); what OneLogin does is not known.
    return f"/Users?filter={quote_plus(f'userName eq {json.dumps(user_name, ensure_ascii=False)}')}&"


def _user_path(scim_id: str) -> str:
    return f"/Users/{quote(scim_id, safe='')}"


def _same_id(exchange: Exchange, user: RemoteUser, scim_id: str) -> RemoteUser:
    if user.id != scim_id:
        message = f"Asked for the user with id {scim_id!r}, the application answered {user.id!r}."
        raise ProviderFailureError(FailureReason.SOMEBODY_ELSE, message, status=exchange.status)
    return user
