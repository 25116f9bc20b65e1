"""HTTP/1.1 on the line: what no well-meaning client sends, and what slow and broken ones do (RFC 9110, RFC 9112)."""

import contextlib
import json
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from musterbook.web import body as body_module
from musterbook.web import connection as module
from musterbook.web.connection import MAX_HEAD_BYTES
from tests.web.site import USER
from tests.web.wire import PATIENCE_SECONDS, Line, Running, running_server

BODY = json.dumps(USER).encode()
KIB = 1024
MIB = 1024 * KIB


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run one server for this module; no test leaves anybody behind in it."""
    with running_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def line(server: Running) -> Iterator[Line]:
    """Open a connection to it."""
    with server.line() as opened:
        yield opened


def users(server: Running) -> int:
    """Return how many people there are."""
    with server.line() as other:
        other.send(server.head("GET", "/Users"))
        total: int = json.loads(other.read().body)["totalResults"]
        return total


def remove_users(server: Running) -> None:
    """Remove everybody."""
    with server.line() as other:
        other.send(server.head("GET", "/Users"))
        for user in json.loads(other.read().body)["Resources"]:
            other.send(server.head("DELETE", f"/Users/{user['id']}"))
            assert other.read().status == 204


@pytest.mark.parametrize(
    "request_",
    [
        "POST {path} HTTP/1.1\r\n{fields}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET {path} ",
        "POST {path} HTTP/1.1\r\n{fields}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nGET {path} ",
        "POST {path} HTTP/1.1\r\n{fields}Content-Length: 5\r\nContent-Length: 6\r\n\r\n{{}}abc",
        "POST {path} HTTP/1.1\r\n{fields}Content-Length: 5\r\nContent-Length: 5\r\n\r\n{{}}abc",
        "POST {path} HTTP/1.1\r\n{fields}Content-Length: +5\r\n\r\n{{}}abc",
        "POST {path} HTTP/1.1\r\n{fields}Content-Length: -5\r\n\r\n",
        "POST {path} HTTP/1.1\r\n{fields}Content-Length : 5\r\n\r\n{{}}abc",
        "POST {path} HTTP/1.1\r\n{fields}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST {path} HTTP/1.1\r\n{fields}Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        "GET {path} HTTP/1.1\r\n{fields}X: a\r\n b\r\n\r\n",
        "GET {path} HTTP/1.1\n{fields}\n\n",
        "GET /\xff\xfe HTTP/1.1\r\n{fields}\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "NONSENSE {path} HTTP/1.1\r\n{fields}\r\n",
        "CONNECT example.com:443 HTTP/1.1\r\n{fields}\r\n",
        "GET {path} HTTP/1.1\r\n{fields}Host: y\r\n\r\n",
        "GET {path} HTTP/1.1\r\nX-Field: y\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01",
    ],
    ids=range(18),
)
def test_what_is_not_clearly_one_request_is_refused(server: Running, line: Line, request_: str) -> None:
    """RFC 9112 §6.3, §11.2: ambiguous lengths and malformed heads get 400 and the end of the connection, so that
    nothing that follows is taken for a request.
    """
    fields = f"Host: x\r\nAuthorization: Bearer {server.secret}\r\n"
    line.send(request_.format(path="/scim/v2/Users", fields=fields).encode("latin-1"))
    reply = line.read()
    assert (reply.status, reply.headers["content-type"], reply.headers["connection"]) == (
        400,
        "application/scim+json",
        "close",
    )
    assert json.loads(reply.body)["status"] == "400"
    assert line.read_rest() == b""


@pytest.mark.parametrize(
    "target,fields,expected",
    [
        ("/Users?" + "x" * 64 * KIB, [], 414),
        ("/Users?" + "x" * 60 * KIB, [], 200),
        ("/Users", [f"X-Field-{number}: y" for number in range(1000)], 431),
        ("/Users", [f"X-Field-{number}: y" for number in range(90)], 200),
        ("/Users", ["X-Field: " + "y" * 64 * KIB], 431),
        ("/Users", ["X-Field: " + "y" * 60 * KIB], 200),
    ],
    ids=["long-target", "target", "many-fields", "fields", "long-field", "field"],
)
@pytest.mark.parametrize("size", [10**6, 7000], ids=["at-once", "in-parts"])
def test_a_head_has_a_largest_size(
    server: Running, line: Line, target: str, fields: list[str], expected: int, size: int
) -> None:
    """RFC 9110 §15.5.15, RFC 6585 §5: a request line over 64 KiB is 414; header fields over 64 KiB or 100 are 431."""
    head = server.head("GET", target, *fields)
    for start in range(0, len(head), size):
        try:
            line.send(head[start : start + size])
        except (BrokenPipeError, ConnectionResetError):
            break
    reply = line.read()
    assert reply.status == expected
    assert json.loads(reply.body).get("status", "200") == str(expected)


def test_a_head_without_an_end_is_cut_off(line: Line) -> None:
    """A head is not kept beyond its limit, though no line of it ever ends."""
    line.send(b"GET /scim/v2/Users HTTP/1.1\r\nX-Field: ")
    with pytest.raises((BrokenPipeError, ConnectionResetError)):  # noqa: PT012 - which of the writes fails is the system's choice
        for _ in range(1000):
            line.send(b"y" * 16 * KIB, pause=0.001)


@pytest.mark.parametrize("has_key", [True, False])
@pytest.mark.parametrize(
    "start", [b"0\r\nX-Field: ", b"0\r\n", b"1;extension="], ids=["trailer", "trailers", "extension"]
)
def test_what_comes_beside_a_body_is_cut_off(server: Running, line: Line, start: bytes, *, has_key: bool) -> None:
    """RFC 9112 §7.1: chunk extensions and trailer fields that do not end are not read for ever, nor kept."""
    line.send(server.head("POST", "/Users", "Transfer-Encoding: chunked", key=has_key), b"1\r\n{\r\n", start)
    block = b"X-Field: y\r\n" * KIB if start == b"0\r\n" else b"y" * 16 * KIB
    with pytest.raises((BrokenPipeError, ConnectionResetError)):  # noqa: PT012 - which of the writes fails is the system's choice
        for _ in range(200):
            line.send(block, pause=0.001)


def test_a_trailer_field_is_no_field_of_the_head(server: Running, line: Line) -> None:
    """RFC 9110 §6.5.1: what comes after the body opens nothing: a proxy may have checked the head alone."""
    chunks = b"%x\r\n%s\r\n0\r\nAuthorization: Bearer %s\r\n\r\n" % (len(BODY), BODY, server.secret.encode())
    line.send(server.head("POST", "/Users", "Transfer-Encoding: chunked", key=False) + chunks)
    assert line.read().status == 401
    line.send(server.head("POST", "/Users", "Transfer-Encoding: chunked") + chunks)
    assert line.read().status == 201
    remove_users(server)


@pytest.mark.parametrize("drip", [b"", b"x", b"\r\n"])
@pytest.mark.parametrize("is_fresh", [True, False])
def test_a_slow_head_is_given_up(
    server: Running, line: Line, monkeypatch: pytest.MonkeyPatch, drip: bytes, *, is_fresh: bool
) -> None:
    """A peer that sends its head byte by byte is left after the time for a head, on a fresh line and on a used one.

    Line ends alone, which may stand before a request (RFC 9112 §2.2), gain no time either.
    """
    monkeypatch.setattr(module, "HEAD_SECONDS", 0.2)
    with server.line() as slow:
        if not is_fresh:
            slow.send(server.head("GET", "/Users"))
            slow.read()
        slow.send(drip if drip == b"\r\n" else b"GET /scim/v2/Users HTTP/1.1\r\nX: ")
        started = time.monotonic()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while drip and time.monotonic() - started < PATIENCE_SECONDS:
                slow.send(drip, pause=0.01)
        assert slow.is_closed()
        assert 0.1 < time.monotonic() - started < PATIENCE_SECONDS


def test_a_connection_that_sends_nothing_is_given_up(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection without a single byte is left after the time for a head."""
    monkeypatch.setattr(module, "HEAD_SECONDS", 0.2)
    with server.line() as silent:
        assert silent.is_closed()


def test_slow_heads_do_not_hold_up_others(server: Running) -> None:
    """Fifty peers that never finish their heads cost the others nothing."""
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(server.line()).send(b"GET /scim/v2/Users HTTP/1.1\r\n")
        assert users(server) == 0


def test_a_slow_body_is_408(server: Running, line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that stops is answered with 408 and the end of the connection; nothing is stored."""
    monkeypatch.setattr(body_module, "GRACE_SECONDS", 0.2)
    line.send(server.head("POST", "/Users", f"Content-Length: {len(BODY)}"), BODY[:-1])
    reply = line.read()
    assert (reply.status, reply.headers["connection"]) == (408, "close")
    assert line.read_rest() == b""
    assert users(server) == 0


def test_a_client_that_goes_away_within_its_body_changes_nothing(server: Running) -> None:
    """Half a request is no request."""
    with server.line() as gone:
        gone.send(server.head("POST", "/Users", f"Content-Length: {len(BODY) + 1}"), BODY)
    assert users(server) == 0


@pytest.mark.parametrize("length", [MIB + 1, 10**18, 2**63])
def test_a_body_over_its_limit_is_refused_before_it_is_sent(server: Running, line: Line, length: int) -> None:
    """RFC 9110 §10.1.1: who asks with Expect: 100-continue gets the 413 instead, and need send nothing."""
    line.send(server.head("POST", "/Users", f"Content-Length: {length}", "Expect: 100-continue"))
    assert line.read().status == 413


def test_a_client_that_asks_is_told_to_go_on(server: Running, line: Line) -> None:
    """RFC 9110 §10.1.1: 100 comes before the body is waited for, and the answer after it."""
    line.send(server.head("POST", "/Users", f"Content-Length: {len(BODY)}", "Expect: 100-continue"))
    assert line.read().status == 100
    line.send(BODY)
    assert line.read().status == 201
    remove_users(server)


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_over_its_limit_is_refused_while_it_is_sent(server: Running, line: Line, *, is_chunked: bool) -> None:
    """A client that sends without end gets its 413, and the connection is closed when it does not stop."""
    field = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {100 * MIB}"
    line.send(server.head("POST", "/Users", field))
    block = b"x" * 64 * KIB
    sent = 0
    with pytest.raises((BrokenPipeError, ConnectionResetError)):  # noqa: PT012 - which of the writes fails is the system's choice
        while sent < 100 * MIB:
            line.send(b"%x\r\n%s\r\n" % (len(block), block) if is_chunked else block)
            sent += len(block)
    assert line.read().status == 413


def test_a_refused_body_that_ends_leaves_the_connection_usable(server: Running, line: Line) -> None:
    """What a refused request still sends is dropped; the next request on the connection is answered."""
    for path, key, expected in (("/Users", False, 401), ("/Nowhere", True, 404), ("/Schemas", True, 405)):
        line.send(server.head("POST", path, "Content-Length: 100000", key=key))
        assert line.read().status == expected
        line.send(b"x" * 100_000)
        line.send(server.head("GET", "/Users"))
        assert line.read().status == 200


def test_a_broken_body_that_nobody_reads_is_not_answered_again(server: Running, line: Line) -> None:
    """A request has one answer: where its body turns out broken after it was refused, the connection just ends."""
    line.send(server.head("POST", "/Nowhere", "Transfer-Encoding: chunked"))
    assert line.read().status == 404
    line.send(b"nonsense\r\n")
    assert line.read_rest() == b""


def test_the_body_of_a_refused_request_is_not_waited_for(
    server: Running, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A peer that was answered and then holds its body back is left soon."""
    monkeypatch.setattr(module, "UNREAD_BODY_SECONDS", 0.2)
    line.send(server.head("POST", "/Nowhere", "Content-Length: 100"), b"x")
    assert line.read().status == 404
    assert line.is_closed()


def test_errors_leave_the_connection_open(server: Running, line: Line) -> None:
    """After any SCIM error the connection goes on: providers reuse it."""
    for _ in range(3):
        line.send(server.head("POST", "/Users", "Content-Length: 1"), b"{")
        assert line.read().status == 400
        line.send(server.head("GET", "/Users/1"))
        assert line.read().status == 404
        line.send(server.head("HEAD", "/Users"))
        assert line.read(of="HEAD").status == 200
    line.send(server.head("GET", "/Users"))
    assert line.read().status == 200


def test_requests_in_a_row_are_answered_in_their_order(server: Running, line: Line) -> None:
    """RFC 9112 §9.3.2: pipelined requests get their answers in the order of the requests."""
    paths = ["/Users", "/Users/1", "/Schemas", "/Nowhere", "/ServiceProviderConfig"]
    line.send(b"".join(server.head("GET", path, f"X-Request-Id: r{index}") for index, path in enumerate(paths)))
    replies = [line.read() for _ in paths]
    assert [(reply.status, reply.headers["x-request-id"]) for reply in replies] == [
        (200, "r0"),
        (404, "r1"),
        (200, "r2"),
        (404, "r3"),
        (200, "r4"),
    ]


def test_many_requests_in_a_row_are_no_large_head(server: Running, line: Line) -> None:
    """However much is read at once, only what belongs to one head counts for its limits."""
    count = 1500
    requests = server.head("GET", "/Users/1") * count
    assert len(requests) > 3 * MAX_HEAD_BYTES
    threading.Thread(target=line.send, args=(requests,)).start()
    assert [line.read().status for _ in range(count)] == [404] * count


@pytest.mark.parametrize("between", [0, 1, 3])
def test_garbage_after_a_request_does_not_answer_it(server: Running, line: Line, between: int) -> None:
    """A request that is followed by garbage gets its own answer and the end of the connection: a 400 sent at once
    would be taken for the answer to it.
    """
    post = server.head("POST", "/Users", f"Content-Length: {len(BODY)}") + BODY
    line.send(post + server.head("GET", "/Users") * between + b"\x00\x01garbage\r\n\r\n")
    assert line.read().status == 201
    assert b"400" not in line.read_rest()
    remove_users(server)


@pytest.mark.parametrize("framing", ["none", "empty", "length", "chunked"])
@pytest.mark.parametrize("is_cut", [False, True])
def test_an_offer_of_another_protocol_is_declined(server: Running, line: Line, framing: str, *, is_cut: bool) -> None:
    """RFC 9110 §7.8: an offer to change to HTTP/2, which Java's client makes with a request, is ignored; the request
    is answered with its body, and the connection goes on.
    """
    fields, body = {
        "none": ([], b""),
        "empty": (["Content-Length: 0"], b""),
        "length": ([f"Content-Length: {len(BODY)}"], BODY),
        "chunked": (["Transfer-Encoding: chunked"], b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)),
    }[framing]
    offer = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"]
    head = server.head("POST" if body else "GET", "/Users", *offer, *fields)
    parts = (head, body[:10], body[10:]) if is_cut else (head + body,)
    line.send(*parts, pause=0.05)
    assert line.read().status == (201 if body else 200)
    line.send(server.head("GET", "/Users"))
    assert json.loads(line.read().body)["totalResults"] == (1 if body else 0)
    remove_users(server)


def test_an_answer_that_nobody_takes_is_given_up(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that asks and asks and reads nothing is left after a while, and until then only so much of what it sends
    is read: the rest waits in the buffers of the system, which do not grow.
    """
    monkeypatch.setattr(module, "STALLED_WRITE_SECONDS", 0.5)
    before = len(server.log.requests)
    with server.line() as other:
        other.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * KIB)
        other.connection.settimeout(PATIENCE_SECONDS)
        request = server.head("GET", "/Schemas")
        sent = 0
        with pytest.raises((BrokenPipeError, ConnectionResetError)):  # noqa: PT012 - which of the writes fails is the system's choice
            while sent < 50 * MIB:
                other.send(request)
                sent += len(request)
    assert sent < 20 * MIB
    assert 0 < len(server.log.requests) - before < 500
    assert users(server) == 0


def test_the_server_tells_no_name(server: Running, line: Line) -> None:
    """No header field names the software or its version; the date is there (RFC 9110 §6.6.1)."""
    line.send(server.head("GET", "/Users"))
    headers = line.read().headers
    assert "server" not in headers
    assert headers["date"].endswith("GMT")


def test_what_is_refused_on_the_line_is_counted(server: Running, line: Line) -> None:
    """What the server refuses before it is a request leaves no line of one, and is counted by its status."""

    def refused() -> Counter[str]:
        with server.line() as other:
            other.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            text = other.read().body.decode()
        found = re.findall(
            r'^musterbook_connections_refused_total\{status="(\d+)"\} ([\d.]+)$', text, flags=re.MULTILINE
        )
        return Counter({status: int(float(count)) for status, count in found})

    before = refused()
    for request in (b"nonsense\r\n\r\n", b"GET /" + b"x" * 70 * KIB, b"more nonsense\r\n\r\n"):
        with server.line() as other:
            other.send(request)
            other.read()
    assert refused() - before == Counter({"400": 2, "414": 1})
