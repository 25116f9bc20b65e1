"""Requests to addresses that somebody else named."""

import asyncio
import gzip
from contextlib import AsyncExitStack
from ipaddress import ip_network

import pytest

from musterbook.outbound import Outbound, OutboundError, OutboundFailure, Resolver, TimeLimits, resolve_by_system
from tests.outbound.authority import Authority
from tests.outbound.listeners import Names, Speak, answer, endless, listening, raw, silence

LIMIT = 100_000
LOOPBACK = ip_network("127.0.0.0/8")
HOME = ip_network("127.0.0.1/32")


def outbound(authority: Authority, resolve: Resolver, *, total_seconds: float = 10.0) -> Outbound:
    """Return a client for which 127.0.0.1 is as good as public, and the rest of loopback is not."""
    return Outbound((HOME,), resolve, authority.client(), TimeLimits(5.0, total_seconds))


async def failure(client: Outbound, url: str) -> OutboundError:
    """Return how a request fails."""
    with pytest.raises(OutboundError) as caught:
        await client.get(url, limit_bytes=LIMIT)
    return caught.value


async def test_an_answer_is_taken(authority: Authority) -> None:
    """The name that was asked for stands in TLS and in Host, though the connection goes to an address."""
    names = Names(idp_example=[["127.0.0.1"]])
    async with listening(answer(b"<metadata/>"), tls=authority.server("idp.example")) as server:
        url = f"https://idp.example:{server.port}/metadata?x=1"
        body = await outbound(authority, names).get(url, limit_bytes=LIMIT, accept="application/xml")
    assert body == b"<metadata/>"
    assert server.names == ["idp.example"]
    line, *fields = server.heads[0].strip().split("\r\n")
    assert line == "GET /metadata?x=1 HTTP/1.1"
    sent = {name.lower(): value for name, value in (field.split(": ", 1) for field in fields)}
    assert sent.pop("user-agent").startswith("Musterbook/")
    assert sent == {
        "host": f"idp.example:{server.port}",
        "accept": "application/xml",
        "accept-encoding": "identity",
        "connection": "close",
    }


REFUSED = {
    "http://127.0.0.1": OutboundFailure.NOT_PUBLIC,
    "https://127.0.0.1": OutboundFailure.NOT_PUBLIC,
    "https://127.1": OutboundFailure.NOT_PUBLIC,
    "https://2130706433": OutboundFailure.NOT_PUBLIC,
    "https://0x7f000001": OutboundFailure.NOT_PUBLIC,
    "https://0x7f.0.0.1": OutboundFailure.NOT_PUBLIC,
    "https://0177.0.0.1": OutboundFailure.NOT_AN_ADDRESS,
    "https://017700000001": OutboundFailure.NOT_PUBLIC,
    "https://localhost": OutboundFailure.NOT_PUBLIC,
    "https://LOCALHOST": OutboundFailure.NOT_PUBLIC,
    "https://[::1]": OutboundFailure.NOT_PUBLIC,
    "https://[::]": OutboundFailure.NOT_PUBLIC,
    "https://[::ffff:7f00:1]": OutboundFailure.NOT_PUBLIC,
    "https://[::ffff:127.0.0.1]": OutboundFailure.NOT_PUBLIC,
    "https://[64:ff9b::7f00:1]": OutboundFailure.NOT_PUBLIC,
    "https://0.0.0.0": OutboundFailure.NOT_PUBLIC,
}


@pytest.mark.parametrize("origin", REFUSED)
async def test_loopback_is_not_reached_however_it_is_written(origin: str) -> None:
    """A decimal, octal, short or mapped form of 127.0.0.1 sends nothing to it."""
    async with listening(answer()) as canary:
        refused = await failure(Outbound(), f"{origin}:{canary.port}/")
    assert (refused.failure, canary.connections) == (REFUSED[origin], 0)


@pytest.mark.parametrize("host", ["localhost.", "①②⑦.⓪.⓪.①", "127。0。0。1", "ⓛocalhost"])
async def test_no_other_spelling_of_a_name_reaches_loopback(host: str) -> None:
    """A final full stop or letters that look alike are the same name, or none."""
    async with listening(answer()) as canary:
        refused = await failure(Outbound(), f"https://{host}:{canary.port}/")
    assert refused.failure in {
        OutboundFailure.NOT_PUBLIC,
        OutboundFailure.UNKNOWN_NAME,
        OutboundFailure.NOT_AN_ADDRESS,
    }
    assert canary.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "",
        "idp.example",
        "https://",
        "https:///metadata",
        "https://user@idp.example/",
        "https://user:password@idp.example/",
        "https://idp.example:99999/",
        "https://idp.example/" + "x" * 2048,
        "https://[::1",
        "\x00",
    ],
)
async def test_what_is_no_web_address_is_refused(authority: Authority, url: str) -> None:
    """Text that is no address, hides a user name or is very long is not even looked up."""
    names = Names()
    refused = await failure(outbound(authority, names), url)
    assert refused.failure in {OutboundFailure.NOT_AN_ADDRESS, OutboundFailure.NOT_HTTPS}
    assert names.asked == []


@pytest.mark.parametrize("url", ["ftp://idp.example/", "file:///etc/passwd", "gopher://idp.example/", "ws://a/"])
async def test_other_schemes_are_refused(authority: Authority, url: str) -> None:
    """Nothing but https is spoken."""
    names = Names()
    assert (await failure(outbound(authority, names), url)).failure in {
        OutboundFailure.NOT_HTTPS,
        OutboundFailure.NOT_AN_ADDRESS,
    }
    assert names.asked == []


async def test_plain_http_is_for_allowed_loopback() -> None:
    """Http is spoken to loopback where the operator allows loopback, and to nothing else."""
    names = Names(here_example=[["127.0.0.1"]], there_example=[["127.0.0.1", "10.0.0.1"]])
    allowed = Outbound((LOOPBACK, ip_network("10.0.0.0/8")), names)
    async with listening(answer()) as server:
        assert await allowed.get(f"http://here.example:{server.port}/", limit_bytes=LIMIT) == b"hello"
        refused = await failure(allowed, f"http://there.example:{server.port}/")
    assert (refused.failure, server.connections) == (OutboundFailure.NOT_HTTPS, 1)


async def test_every_address_of_a_name_must_be_allowed(authority: Authority) -> None:
    """One private address among the public ones refuses the name, wherever it stands; nobody hears of it."""
    names = Names(idp_example=[["127.0.0.1", "127.0.0.2"], ["127.0.0.2", "127.0.0.1"]])
    client = outbound(authority, names)
    async with listening(answer(), host="127.0.0.1") as server, listening(answer(), host="127.0.0.2") as canary:
        found = [await failure(client, f"https://idp.example:{port}/") for port in (server.port, canary.port)]
    assert [error.failure for error in found] == [OutboundFailure.NOT_PUBLIC] * 2
    assert (server.connections, canary.connections) == (0, 0)
    assert "127.0.0" not in "".join(error.detail for error in found)


async def test_a_name_that_changes_its_address_gains_nothing(authority: Authority) -> None:
    """DNS rebinding: the name is looked up once, and who connects goes to the address that was looked at."""
    names = Names(rebind_example=[["127.0.0.1"], ["127.0.0.2"]])
    client = outbound(authority, names)
    async with AsyncExitStack() as stack:
        tls = authority.server("rebind.example")
        server = await stack.enter_async_context(listening(answer(b"public"), tls=tls))
        canary = await stack.enter_async_context(listening(answer(), host="127.0.0.2", port=server.port, tls=tls))
        url = f"https://rebind.example:{server.port}/"
        assert await client.get(url, limit_bytes=LIMIT) == b"public"
        assert names.asked == ["rebind.example"]
        # The next request looks the name up anew, and sees what it has become.
        assert (await failure(client, url)).failure is OutboundFailure.NOT_PUBLIC
    assert (server.connections, canary.connections) == (1, 0)


async def test_a_redirect_is_not_followed(authority: Authority) -> None:
    """A redirect into the house is a failure; nobody goes there."""
    names = Names(idp_example=[["127.0.0.1"]])
    async with listening(answer(), host="127.0.0.2") as canary:
        location = f"Location: http://127.0.0.2:{canary.port}/"
        for status in ("301 Moved", "302 Found", "303 See Other", "307 Again", "308 For Good"):
            async with listening(answer(b"", location, status=status), tls=authority.server("idp.example")) as server:
                refused = await failure(outbound(authority, names), f"https://idp.example:{server.port}/")
            assert (refused.failure, server.connections) == (OutboundFailure.REDIRECT, 1)
    assert canary.connections == 0


async def test_a_proxy_of_the_environment_is_not_used(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that the environment names hears nothing."""
    names = Names(idp_example=[["127.0.0.1"]])
    async with listening(answer()) as proxy, listening(answer(), tls=authority.server("idp.example")) as server:
        for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "https_proxy"):
            monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
        url = f"https://idp.example:{server.port}/"
        assert await outbound(authority, names).get(url, limit_bytes=LIMIT) == b"hello"
    assert (proxy.connections, server.connections) == (0, 1)


BAD_ANSWERS: dict[str, tuple[Speak, OutboundFailure]] = {
    "not found": (answer(status="404 Not Found"), OutboundFailure.STATUS),
    "created": (answer(status="201 Created"), OutboundFailure.STATUS),
    "too long": (answer(bytes(LIMIT + 1)), OutboundFailure.TOO_LARGE),
    "endless": (endless, OutboundFailure.TOO_LARGE),
    "compressed": (answer(gzip.compress(b"x"), "Content-Encoding: gzip"), OutboundFailure.COMPRESSED),
    "cut off": (answer(b"half", length=100), OutboundFailure.NOT_HTTP),
    "no HTTP": (raw(b"220 mail.example ESMTP\r\n"), OutboundFailure.NOT_HTTP),
    "nothing": (raw(b""), OutboundFailure.NOT_HTTP),
    "a long head": (answer(b"", "X-Long: " + "x" * 200_000), OutboundFailure.NOT_HTTP),
}


@pytest.mark.parametrize("kind", BAD_ANSWERS)
async def test_a_bad_answer_is_not_taken(authority: Authority, kind: str) -> None:
    """Another status, too much of anything, compression, or what is no HTTP: each is a failure with a name."""
    speak, expected = BAD_ANSWERS[kind]
    names = Names(idp_example=[["127.0.0.1"]])
    async with listening(speak, tls=authority.server("idp.example")) as server:
        refused = await failure(outbound(authority, names), f"https://idp.example:{server.port}/")
    assert refused.failure is expected


async def test_an_answer_as_long_as_the_limit_is_taken(authority: Authority) -> None:
    """The limit itself is allowed."""
    names = Names(idp_example=[["127.0.0.1"]])
    async with listening(answer(bytes(LIMIT)), tls=authority.server("idp.example")) as server:
        url = f"https://idp.example:{server.port}/"
        assert await outbound(authority, names).get(url, limit_bytes=LIMIT) == bytes(LIMIT)


@pytest.mark.parametrize("names", [("other.example",), ("127.0.0.1",)])
async def test_a_certificate_for_another_name_is_refused(authority: Authority, names: tuple[str, ...]) -> None:
    """The certificate is compared with the name that was asked for, not with the address that is connected to."""
    resolve = Names(idp_example=[["127.0.0.1"]])
    async with listening(answer(), tls=authority.server(*names)) as server:
        refused = await failure(outbound(authority, resolve), f"https://idp.example:{server.port}/")
    assert (refused.failure, server.heads) == (OutboundFailure.NOT_TRUSTED, [])


async def test_an_unknown_authority_is_refused(authority: Authority) -> None:
    """What this machine does not believe is not believed."""
    names = Names(idp_example=[["127.0.0.1"]])
    async with listening(answer(), tls=authority.server("idp.example")) as server:
        refused = await failure(Outbound((HOME,), names), f"https://idp.example:{server.port}/")
    assert (refused.failure, server.heads) == (OutboundFailure.NOT_TRUSTED, [])


async def test_plain_http_behind_an_https_address_is_refused(authority: Authority) -> None:
    """A server without TLS is not spoken to."""
    names = Names(idp_example=[["127.0.0.1"]])
    async with listening(raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        refused = await failure(outbound(authority, names), f"https://idp.example:{server.port}/")
    assert refused.failure in {OutboundFailure.NOT_TRUSTED, OutboundFailure.UNREACHABLE}


async def test_a_silent_server_is_left(authority: Authority) -> None:
    """The whole exchange has a deadline, the look-up of the name included."""

    async def never(_host: str, _port: int) -> list[str]:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets the event")

    async with listening(silence, tls=authority.server("idp.example")) as server:
        names = Names(idp_example=[["127.0.0.1"]])
        client = outbound(authority, names, total_seconds=0.2)
        assert (await failure(client, f"https://idp.example:{server.port}/")).failure is OutboundFailure.TIME_OUT
    client = outbound(authority, never, total_seconds=0.1)
    assert (await failure(client, "https://idp.example/")).failure is OutboundFailure.TIME_OUT


async def test_a_server_that_dawdles_is_left(authority: Authority) -> None:
    """A byte now and then does not put the deadline off."""

    async def dawdle(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    names = Names(idp_example=[["127.0.0.1"]])
    async with listening(dawdle, tls=authority.server("idp.example")) as server:
        client = outbound(authority, names, total_seconds=0.3)
        assert (await failure(client, f"https://idp.example:{server.port}/")).failure is OutboundFailure.TIME_OUT


async def test_the_next_address_is_tried(authority: Authority) -> None:
    """Where one address of a name does not answer, the next one is asked."""
    names = Names(idp_example=[["127.0.0.2", "127.0.0.1"]])
    async with listening(answer(), tls=authority.server("idp.example")) as server:
        client = Outbound((LOOPBACK,), names, authority.client())
        assert await client.get(f"https://idp.example:{server.port}/", limit_bytes=LIMIT) == b"hello"
    assert (await failure(client, f"https://idp.example:{server.port}/")).failure is OutboundFailure.UNREACHABLE


async def test_a_name_without_an_address_is_refused(authority: Authority) -> None:
    """No look-up that fails is a yes."""

    async def fails(_host: str, _port: int) -> list[str]:
        raise OSError("no such name")

    async def empty(_host: str, _port: int) -> list[str]:
        return []

    found = [await failure(outbound(authority, resolve), "https://idp.example/") for resolve in (fails, empty)]
    assert [error.failure for error in found] == [OutboundFailure.UNKNOWN_NAME] * 2
    assert [error.detail for error in found] == ["No address was found for idp.example."] * 2


async def test_the_machine_resolves_names() -> None:
    """Without another resolver the machine's is asked."""
    assert set(await resolve_by_system("localhost", 443)) <= {"127.0.0.1", "::1"}
    assert await resolve_by_system("127.0.0.1", 443) == ["127.0.0.1"]


async def test_requests_do_not_share_connections(authority: Authority) -> None:
    """Two names at one address get a connection each: a certificate for one says nothing of the other."""
    names = Names(one_example=[["127.0.0.1"]], two_example=[["127.0.0.1"]])
    client = outbound(authority, names)
    async with listening(answer(), tls=authority.server("one.example")) as server:
        assert await client.get(f"https://one.example:{server.port}/", limit_bytes=LIMIT) == b"hello"
        refused = await failure(client, f"https://two.example:{server.port}/")
    assert (refused.failure, server.connections) == (OutboundFailure.NOT_TRUSTED, 1)
