"""The bytes on the wire, and what is recorded of them."""

import re
import socket
import ssl
import threading
from dataclasses import replace

import pytest

from musterbook.simulator import FailureReason, OneLoginApp, OneLoginFailureError, OneLoginUser
from musterbook.simulator import wire as wire_module
from musterbook.simulator.errors import SettingError
from musterbook.simulator.pytest_plugin import OneLoginFactory
from musterbook.simulator.wire import parse_base_url
from tests.simulator.applications import Connect
from tests.simulator.scripted_server import TOKEN, Answer, ScriptedServer, serving


@pytest.mark.parametrize(
    "given, base",
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/scim/v2"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/scim/v2"),
        ("http://127.0.0.1:8000/scim/v2", "http://127.0.0.1:8000/scim/v2"),
        ("http://127.0.0.1:8000/scim/v2/", "http://127.0.0.1:8000/scim/v2"),
        (" https://muster.example.com ", "https://muster.example.com/scim/v2"),
        ("https://muster.example.com:443/", "https://muster.example.com/scim/v2"),
        ("https://muster.example.com/crew/list", "https://muster.example.com/crew/list/scim/v2"),
        ("https://muster.example.com/crew/scim/v2/", "https://muster.example.com/crew/scim/v2"),
        ("https://other.example.com/api/SCIM", "https://other.example.com/api/SCIM"),
        ("https://other.example.com/scim/v2/tenant-7", "https://other.example.com/scim/v2/tenant-7"),
        ("https://other.example.com/provisioning/v1.1", "https://other.example.com/provisioning/v1.1"),
        ("http://[::1]:8000", "http://[::1]:8000/scim/v2"),
    ],
)
def test_base_url(given: str, base: str) -> None:
    """The base URL is the server's root, with or without a prefix, or the SCIM base itself."""
    assert str(parse_base_url(given)) == base


@pytest.mark.parametrize(
    "given, message",
    [
        ("muster.example.com", "The SCIM Base URL must begin with http:// or https:// and a host."),
        ("ftp://muster.example.com", "The SCIM Base URL must begin with http:// or https:// and a host."),
        ("https://", "The SCIM Base URL must begin with http:// or https:// and a host."),
        ("https://me:secret@muster.example.com", "The SCIM Base URL must hold no user and no password."),
        ("https://muster.example.com/?a=b", "The SCIM Base URL must have no query and no fragment (RFC 7644 §1.3)."),
        ("https://muster.example.com/#a", "The SCIM Base URL must have no query and no fragment (RFC 7644 §1.3)."),
        ("https://muster.example.com/a b", "The path of the SCIM Base URL must be percent-encoded."),
        (
            "https://muster.example.com:70000",
            "The SCIM Base URL cannot be read: Port out of range 0-65535.",
        ),
    ],
)
def test_base_url_that_cannot_be_used(given: str, message: str) -> None:
    """A base URL that cannot be used is refused with a sentence, which never shows a password."""
    with pytest.raises(SettingError) as refused:
        parse_base_url(given)
    assert str(refused.value) == message


@pytest.mark.parametrize("token", ["", "Bearer abc", "abc\r\nX: y", "schlüssel", " abc"])
def test_token_that_cannot_be_sent(token: str, onelogin: OneLoginFactory) -> None:
    """The token is pasted alone; the complaint about another text does not show it."""
    with pytest.raises(SettingError) as refused:
        onelogin("http://127.0.0.1:1", token)
    assert str(refused.value) == (
        "The SCIM Bearer Token must be the token alone: ASCII, without 'Bearer', without spaces."
    )


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("X Y", "z", "The custom header 'X Y' cannot be sent: a name or value of printable ASCII is needed."),
        ("X", "a\r\nB: c", "The custom header 'X' cannot be sent: a name or value of printable ASCII is needed."),
        ("authorization", "Basic abc", "The header 'authorization' cannot be a custom header."),
        ("Content-Length", "3", "The header 'Content-Length' cannot be a custom header."),
    ],
)
def test_custom_header_that_cannot_be_sent(name: str, value: str, message: str, onelogin: OneLoginFactory) -> None:
    """A custom header cannot break the request apart, nor replace what holds it together."""
    with pytest.raises(SettingError) as refused:
        onelogin("http://127.0.0.1:1", "t", custom_headers={name: value})
    assert str(refused.value) == message


def test_bytes_of_the_look_up(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """A look-up has ``+`` for a space, ``%22`` for a quotation mark and a ``&`` at its end, and few headers."""
    app = connect()
    app.assign(replace(ada, username="onelogin-test-user01"))
    look_up = server.requests[0]
    assert look_up.line == "GET /scim/v2/Users?filter=userName+eq+%22onelogin-test-user01%22& HTTP/1.1"
    assert look_up.headers == (
        ("Host", server.url.split("/")[2]),
        ("User-Agent", ""),
        ("Authorization", f"Bearer {TOKEN}"),
    )
    assert look_up.body == b""


def test_bytes_of_a_change(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """POST goes to the endpoint; PUT has an empty query; both carry JSON and say so. DELETE carries nothing."""
    app = connect()
    app.assign(ada)
    app.update(ada)
    app.unassign(ada)
    assert server.requests[1].headers == (
        ("Host", server.url.split("/")[2]),
        ("User-Agent", ""),
        ("Authorization", f"Bearer {TOKEN}"),
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(server.requests[1].body))),
    )
    assert server.requests[3].headers == server.requests[1].headers
    assert server.requests[3].body == server.requests[1].body
    assert server.requests[5].headers == server.requests[0].headers
    look_up = "GET /scim/v2/Users?filter=userName+eq+%22ada.merriweather%40example.com%22& HTTP/1.1"
    assert server.lines() == [
        look_up,
        "POST /scim/v2/Users HTTP/1.1",
        look_up,
        "PUT /scim/v2/Users/id-1? HTTP/1.1",
        look_up,
        "DELETE /scim/v2/Users/id-1 HTTP/1.1",
    ]


def test_odd_user_name(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """A quotation mark in a user name is escaped as in JSON, other scripts are UTF-8; the server finds the name."""
    app = connect()
    odd = replace(ada, username='ü"&=\\#')
    app.assign(odd)
    app.update(odd)
    assert server.lines() == [
        "GET /scim/v2/Users?filter=userName+eq+%22%C3%BC%5C%22%26%3D%5C%5C%23%22& HTTP/1.1",
        "POST /scim/v2/Users HTTP/1.1",
        "GET /scim/v2/Users?filter=userName+eq+%22%C3%BC%5C%22%26%3D%5C%5C%23%22& HTTP/1.1",
        "PUT /scim/v2/Users/id-1? HTTP/1.1",
    ]


def test_custom_headers(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """Custom headers go with every request, and replace the simulator's own in their place."""
    custom = {"content-type": "application/scim+json", "User-Agent": "OneLogin SCIM", "X-Tenant": "acme"}
    connect(custom_headers=custom).assign(ada)
    assert [request.headers[1:] for request in server.requests] == [
        (
            ("User-Agent", "OneLogin SCIM"),
            ("Authorization", f"Bearer {TOKEN}"),
            ("content-type", "application/scim+json"),
            ("X-Tenant", "acme"),
        ),
        (
            ("User-Agent", "OneLogin SCIM"),
            ("Authorization", f"Bearer {TOKEN}"),
            ("Content-Type", "application/scim+json"),
            ("X-Tenant", "acme"),
            ("Content-Length", str(len(server.requests[1].body))),
        ),
    ]


def test_prefix(ada: OneLoginUser, onelogin: OneLoginFactory) -> None:
    """The prefix under which a server is mounted stays in every target."""
    with serving("/crew/scim/v2") as server:
        app = onelogin(server.url.removesuffix("/scim/v2"), TOKEN)
        app.enable()
        app.assign(ada)
        assert str(app.base_url) == server.url
        assert server.lines()[-1] == "POST /crew/scim/v2/Users HTTP/1.1"


def test_connection_is_used_again(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """One connection serves all requests while the server keeps it."""
    app = connect()
    app.assign(ada)
    app.update(ada)
    assert (len(app.exchanges), server.connections) == (5, 1)


def test_connection_that_the_server_closed(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """A connection that the server has closed between two requests is replaced, and no request is sent twice."""
    app = connect()
    server.bend = lambda _request, answer: replace(answer, headers=(("Connection", "close"),))
    app.assign(ada)
    assert (len(server.requests), server.connections) == (2, 2)


def test_connection_that_the_server_dropped(ada: OneLoginUser, onelogin: OneLoginFactory) -> None:
    """The same holds where the server closes without having said so: what can be seen before sending is seen."""
    headers = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 33\r\n\r\n"
    answer = headers + b'{"totalResults":0,"Resources":[]}'
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = threading.Event()

        def serve_twice() -> None:
            for _ in range(2):
                connection, _address = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)
                closed.set()

        thread = threading.Thread(target=serve_twice)
        thread.start()
        app = onelogin(f"http://127.0.0.1:{listener.getsockname()[1]}", TOKEN)
        app.enable()
        assert closed.wait(10)
        assert app.refresh_entitlements() == ()
        thread.join()
    assert [exchange.status for exchange in app.exchanges] == [200, 200]


def test_exchange_is_recorded(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """Method, target, headers, bodies, status and duration are recorded; where the token was stands a word."""
    app = connect(custom_headers={"X-Copy": f"a {TOKEN} b"})
    app.assign(ada)
    exchange = app.exchanges[-1]
    assert (exchange.method, exchange.target, exchange.status) == ("POST", "/scim/v2/Users", 201)
    assert exchange.request_headers == (
        ("User-Agent", ""),
        ("Authorization", "Bearer [token]"),
        ("Content-Type", "application/json"),
        ("X-Copy", "a [token] b"),
    )
    assert exchange.request_body == server.requests[-1].body
    assert b'"id": "id-1"' in exchange.response_body
    assert exchange.response_header("content-type") == "application/json"
    assert exchange.response_header("X-None") is None
    assert 0 < exchange.duration < 30


def test_token_is_not_shown(server: ScriptedServer, connect: Connect, ada: OneLoginUser) -> None:
    """No repr, message or task shows the token, not even where the application echoes it."""
    app = connect(strict=False)
    echo = replace(ada, id=5, username="echo")
    app.assign(ada)
    server.bend = lambda _request, _answer: Answer(status=400, document={"detail": f"Who is {TOKEN}?"})
    row = app.assign(echo)
    assert row.message == (
        "Failed to create user in app. The application refused the request (HTTP 400): Who is [token]?"
    )
    assert TOKEN not in repr((app, vars(app), app.tasks, app.exchanges, app.assignments, app.settings))


def test_server_that_is_not_there(onelogin: OneLoginFactory) -> None:
    """Where nobody listens, the message names the address and what to check; the request is recorded."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    app = onelogin(f"http://127.0.0.1:{port}", TOKEN)
    with pytest.raises(OneLoginFailureError) as failed:
        app.enable()
    assert (failed.value.reason, failed.value.status) == (FailureReason.UNREACHABLE, None)
    assert failed.value.message == (
        f"Failed to enable the API connection. Could not reach http://127.0.0.1:{port}/scim/v2: Connection refused. "
        "Check the SCIM Base URL and that the application is running."
    )
    assert [(exchange.method, exchange.status) for exchange in app.exchanges] == [("GET", None)]


def _failure(app: OneLoginApp) -> tuple[FailureReason, str]:
    with pytest.raises(OneLoginFailureError) as failed:
        app.refresh_entitlements()
    return failed.value.reason, failed.value.message


def test_server_that_hangs_up(server: ScriptedServer, connect: Connect) -> None:
    """A connection closed instead of an answer is a failure, and the next request opens another one."""
    app = connect()
    server.bend = lambda _request, answer: replace(answer, hang_up=True)
    reason, message = _failure(app)
    assert reason is FailureReason.UNREACHABLE
    assert message == (
        f"Failed to refresh entitlements. Could not reach {server.url}: the connection was closed without an answer. "
        "Check the SCIM Base URL and that the application is running."
    )
    server.bend = lambda _request, answer: answer
    assert app.refresh_entitlements() == ()


def test_server_that_does_not_answer(server: ScriptedServer, connect: Connect) -> None:
    """The time for an answer is limited."""
    app = connect(timeout=0.05)
    over = threading.Event()

    def wait(_request: object, answer: Answer) -> Answer:
        over.wait(10)
        return answer

    server.bend = wait
    reason, message = _failure(app)
    over.set()
    assert reason is FailureReason.UNREACHABLE
    assert "no answer within 0.05 seconds" in message


def test_server_that_speaks_something_else(onelogin: OneLoginFactory) -> None:
    """What is not HTTP is no answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _address = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"220 mail.example.com ESMTP\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        app = onelogin(f"http://127.0.0.1:{listener.getsockname()[1]}", TOKEN)
        reason, message = _failure(app)
        thread.join()
    assert reason is FailureReason.UNREACHABLE
    assert re.search(r"Could not reach \S+: 220 mail\.example\.com ESMTP", message)


def test_certificate_that_is_not_trusted(server: ScriptedServer, onelogin: OneLoginFactory) -> None:
    """An https address without TLS behind it is a failure, whatever the given context would trust."""
    context = ssl.create_default_context()
    reason, message = _failure(onelogin(server.url.replace("http:", "https:"), TOKEN, tls=context))
    assert reason is FailureReason.UNREACHABLE
    assert message.startswith("Failed to refresh entitlements. Could not reach https://127.0.0.1:")


def test_answer_that_is_too_long(server: ScriptedServer, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer is read up to a limit, and the rest of it is not taken for the next answer."""
    app = connect()
    monkeypatch.setattr(wire_module, "MAX_BODY", 64)
    server.bend = lambda _request, _answer: Answer(status=200, raw=b"x" * 65)
    assert _failure(app) == (
        FailureReason.TOO_LARGE,
        "Failed to refresh entitlements. The answer is longer than 64 bytes.",
    )
    assert len(app.exchanges[-1].response_body) == 64
    server.bend = lambda _request, _answer: Answer(status=200, raw=b'{"totalResults":0,"Resources":[]}')
    assert app.refresh_entitlements() == ()
