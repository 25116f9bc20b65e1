"""Reading bodies that come slowly, stop, or are cut off (RFC 9110 §15.5.9, §15.5.14)."""

import asyncio
import json
from collections.abc import Sequence

import pytest
from starlette.types import Message, Receive

from musterbook.scim.errors import PayloadTooLargeError
from musterbook.web import body as module
from musterbook.web.body import read_body
from musterbook.web.errors import ClientDisconnectedError, RequestTimeoutError
from tests.web.site import USER, Site, call

DISCONNECT: Message = {"type": "http.disconnect"}


def chunks(*parts: bytes, ends: bool = True) -> list[Message]:
    """Return the messages by which an ASGI server hands over a body in these parts."""
    last = len(parts) - 1
    return [
        {"type": "http.request", "body": part, "more_body": index < last or not ends}
        for index, part in enumerate(parts)
    ]


def receiving(messages: Sequence[Message], *, pause: float = 0.0) -> Receive:
    """Return a ``receive`` that hands these over with a pause before each, and then nothing ever."""
    waiting = iter(messages)

    async def receive() -> Message:
        await asyncio.sleep(pause)
        message = next(waiting, None)
        if message is None:
            await asyncio.Event().wait()
        assert message is not None
        return message

    return receive


@pytest.mark.parametrize("parts", [(b"",), (b"abc",), (b"a", b"b", b"c"), (b"", b"abc", b""), (b"ab", b"", b"c")])
async def test_a_body_is_what_its_parts_are(parts: tuple[bytes, ...]) -> None:
    """However a body is cut into parts, it is read whole, up to exactly its limit."""
    whole = b"".join(parts)
    assert await read_body(receiving(chunks(*parts)), len(whole)) == whole


@pytest.mark.parametrize("parts", [(b"abcd",), (b"ab", b"cd"), (b"a", b"b", b"c", b"d", b"e")])
async def test_a_body_over_its_limit_is_cut_off(parts: tuple[bytes, ...]) -> None:
    """What is over the limit is refused as soon as it comes, though more may follow."""
    with pytest.raises(PayloadTooLargeError):
        await read_body(receiving(chunks(*parts, ends=False)), 3)


async def test_a_body_whose_client_goes_away_is_not_acted_on() -> None:
    """Half a body is no body, even if it happens to be well-formed."""
    with pytest.raises(ClientDisconnectedError):
        await read_body(receiving([*chunks(b"{}", ends=False), DISCONNECT]), 10)


async def test_a_body_that_stops_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that does not go on is waited for until the time of grace is over."""
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.05)
    with pytest.raises(RequestTimeoutError):
        await read_body(receiving(chunks(b"a", ends=False)), 10)


async def test_a_body_that_keeps_up_the_rate_is_read_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the time of grace a body goes on as long as it has kept up the rate; one that has not is given up."""
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.05)
    monkeypatch.setattr(module, "MIN_BYTES_PER_SECOND", 1000)
    fast = [b"x" * 100] * 8
    assert await read_body(receiving(chunks(*fast), pause=0.02), 10_000) == b"x" * 800
    with pytest.raises(RequestTimeoutError):
        await read_body(receiving(chunks(*[b"x"] * 8), pause=0.02), 10_000)


async def test_no_body_takes_longer_than_the_longest_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much has come, there is an end."""
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.02)
    monkeypatch.setattr(module, "MAX_SECONDS", 0.1)
    with pytest.raises(RequestTimeoutError):
        await read_body(receiving(chunks(*[b"x" * 100_000] * 50), pause=0.02), 10_000_000)


async def test_a_slow_body_is_408_and_ends_the_connection(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client of a body that did not come is told so, as a SCIM error; what follows on the line is not a request."""
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.05)
    answer = await call(
        site, "/scim/v2/Users", method="POST", headers=((b"content-length", b"9"),), receive=receiving([])
    )
    assert (answer.status, answer.headers["connection"]) == (408, "close")
    assert json.loads(answer.body)["detail"] == "The body came too slowly."


async def test_nothing_is_done_for_a_client_that_went_away(site: Site) -> None:
    """A client that disconnects within its body is sent nothing, nothing is stored, and the log says 499."""
    text = json.dumps(USER).encode()
    length = (b"content-length", str(len(text) + 1).encode())
    messages = [*chunks(text, ends=False), DISCONNECT]
    answer = await call(site, "/scim/v2/Users", method="POST", headers=(length,), receive=receiving(messages))
    assert (answer.status, answer.body) == (0, b"")
    assert (site.log.requests[-1]["status"], site.log.requests[-1]["route"]) == (499, "/Users")
    assert json.loads((await call(site, "/scim/v2/Users")).body)["totalResults"] == 0
