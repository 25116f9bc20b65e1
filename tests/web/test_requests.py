"""What a SCIM request must look like before anybody's rule is asked: target, method, media type, size, transport."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.web.site import PEER, USER, Prepared, Site, call, open_site

MIB = 1024 * 1024
NO_SUCH_RESOURCE = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
    "status": "404",
    "detail": "There is no resource with this id.",
}


async def unread_body() -> AsyncIterator[bytes]:
    """Fail when the first part of the body is asked for."""
    for part in (b"x", b"y"):
        assert not part, "the body was read"
        yield part


class TestTarget:
    """Paths and queries (RFC 7644 §1.2, §3.13)."""

    @pytest.mark.parametrize(
        "path", ["/Users", "/Users/", "//Users", "/Users//", "/Users?", "/Users?filter=userName+eq+%22x%22&"]
    )
    async def test_slashes_and_empty_parameters_do_no_harm(self, client: httpx.AsyncClient, path: str) -> None:
        """OneLogin joins a base URL that ends in a slash with a path that begins with one, and ends queries with &."""
        answer = await client.get(f"http://directory.test/scim/v2{path}")
        assert (answer.status_code, answer.json()["totalResults"]) == (200, 0)

    @pytest.mark.parametrize(
        "target", ["/scim/v1/Users", "/scim/v3/Users", "/scim/Users", "/scim", "/scim/v22/Users", "/scim/v2x/Users"]
    )
    async def test_other_versions_are_not_found(self, client: httpx.AsyncClient, target: str) -> None:
        """RFC 7644 §3.13: a version that is not served is refused, as a SCIM error."""
        answer = await client.get(f"http://directory.test{target}")
        assert (answer.status_code, answer.json()["status"]) == (404, "404")
        assert answer.headers["Content-Type"] == "application/scim+json"

    @pytest.mark.parametrize(
        "id_",
        [
            "unknown",
            "01234567-89ab-7cde-8f01-23456789abcd",
            "%2F",
            "a%2fb",
            "%252F",
            "%00",
            "%ff%fe",
            "%ed%a0%80",
            "%F0%9F%91%A9",
            "a" * 5000,
            "'%20OR%201=1",
        ],
    )
    async def test_an_id_that_nobody_has_is_404(self, client: httpx.AsyncClient, id_: str) -> None:
        """Unknown and malformed ids get one and the same 404: escaped slashes, NUL, invalid UTF-8, whatever it is."""
        answer = await client.get(f"/Users/{id_}")
        assert (answer.status_code, answer.json()) == (404, NO_SUCH_RESOURCE)

    async def test_an_upper_cased_or_removed_id_is_404(self, client: httpx.AsyncClient) -> None:
        """Ids are compared exactly, and a removed person is as unknown as one who never was."""
        id_ = (await client.post("/Users", json=USER)).json()["id"]
        assert (await client.get(f"/Users/{id_}")).status_code == 200
        if id_.upper() != id_:
            assert (await client.get(f"/Users/{id_.upper()}")).json() == NO_SUCH_RESOURCE
        assert (await client.delete(f"/Users/{id_}")).status_code == 204
        assert (await client.get(f"/Users/{id_}")).json() == NO_SUCH_RESOURCE

    async def test_the_path_is_decoded_once(self, client: httpx.AsyncClient) -> None:
        """RFC 7644 §1.2: ``%2555`` stays ``%55`` and does not become a letter."""
        assert (await client.get("/%55sers")).status_code == 200
        assert (await client.get("/%2555sers")).status_code == 404

    async def test_a_request_line_over_64_kib_is_414(self, site: Site) -> None:
        """Design limit: 64 KiB of path and query are taken and not more, whichever ASGI server we run on."""
        fits = await call(site, "/scim/v2/Users", query=b"x=" + b"y" * (64 * 1024 - 16))
        over = await call(site, "/scim/v2/Users", query=b"x=" + b"y" * (64 * 1024 - 15))
        assert (fits.status, over.status) == (200, 414)


class TestMethod:
    """Methods (RFC 7644 §3.2)."""

    @pytest.mark.parametrize(
        "method,path,allowed",
        [
            ("HEAD", "/Users/.search", "POST"),
            ("OPTIONS", "/Users", "GET, HEAD, POST"),
            ("TRACE", "/Users", "GET, HEAD, POST"),
            ("PUT", "/Users", "GET, HEAD, POST"),
            ("DELETE", "/Users", "GET, HEAD, POST"),
            ("POST", "/Users/1", "GET, HEAD, PUT, PATCH, DELETE"),
            ("OPTIONS", "/Users/1", "GET, HEAD, PUT, PATCH, DELETE"),
            ("POST", "/Schemas", "GET, HEAD"),
            ("DELETE", "/ServiceProviderConfig", "GET, HEAD"),
            ("PROPFIND", "/Users", "GET, HEAD, POST"),
        ],
    )
    async def test_a_wrong_method_is_405_with_allow(
        self, client: httpx.AsyncClient, method: str, path: str, allowed: str
    ) -> None:
        """RFC 9110 §15.5.6: 405 names the methods that the path takes."""
        answer = await client.request(method, path)
        assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)

    @pytest.mark.parametrize("path", ["/Users", "/Users/1", "/ServiceProviderConfig", "/Nowhere", "/", "/Bulk"])
    async def test_head_is_get_without_content(self, client: httpx.AsyncClient, path: str) -> None:
        """RFC 9110 §9.3.2: HEAD is answered with the status and the header fields of a GET, and no content."""
        read, asked = await client.get(path), await client.head(path)
        changing = {"x-request-id"}
        assert asked.status_code == read.status_code
        assert {name: value for name, value in asked.headers.items() if name not in changing} == {
            name: value for name, value in read.headers.items() if name not in changing
        }
        assert asked.content == b""

    async def test_the_body_of_a_get_is_ignored(self, client: httpx.AsyncClient) -> None:
        """RFC 9110 §9.3.1: a body has no meaning for GET; some clients send one, and any Content-Type."""
        answer = await client.request("GET", "/Users", content=b"<xml/>", headers={"Content-Type": "text/xml"})
        assert answer.status_code == 200


class TestMediaType:
    """Media types in and out (RFC 7644 §3.8, §8.1)."""

    @pytest.mark.parametrize(
        "content_type",
        [
            None,
            "application/json",
            "application/scim+json",
            "application/scim+json; charset=utf-8",
            "application/json;charset=UTF-8",
            'Application/JSON; Charset="Utf-8"',
        ],
    )
    async def test_json_is_taken(self, client: httpx.AsyncClient, content_type: str | None) -> None:
        """JSON under both names, with charset=utf-8 in any case or without, and a body without a type."""
        headers = {} if content_type is None else {"Content-Type": content_type}
        body = b'{"userName": "ada@example.com"}'
        assert (await client.post("/Users", content=body, headers=headers)).status_code == 201

    @pytest.mark.parametrize(
        "headers",
        [
            [("Content-Type", "text/plain")],
            [("Content-Type", "application/x-www-form-urlencoded")],
            [("Content-Type", "application/json; charset=iso-8859-1")],
            [("Content-Type", "application/json; charset=utf-16")],
            [("Content-Type", "application/json"), ("Content-Type", "text/plain")],
            [("Content-Type", "application/json"), ("Content-Encoding", "gzip")],
            [("Content-Type", "application/json"), ("Content-Encoding", "identity, br")],
        ],
    )
    async def test_everything_else_is_415(self, client: httpx.AsyncClient, headers: list[tuple[str, str]]) -> None:
        """Another type or charset, several types, and every compression are refused; nothing is unpacked."""
        answer = await client.post("/Users", content=b'{"userName": "ada"}', headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (415, "415")
        assert (await client.get("/Users")).json()["totalResults"] == 0

    async def test_identity_is_no_compression(self, client: httpx.AsyncClient) -> None:
        """RFC 9110 §8.4.1: ``identity`` says that nothing was done to the body."""
        headers = {"Content-Type": "application/json", "Content-Encoding": "identity"}
        assert (await client.post("/Users", content=b'{"userName": "ada"}', headers=headers)).status_code == 201

    @pytest.mark.parametrize(
        "idp,accept,expected",
        [
            (None, None, "application/scim+json"),
            (None, "*/*", "application/scim+json"),
            (None, "application/json", "application/json"),
            (None, "application/json, application/scim+json", "application/scim+json"),
            ("onelogin", None, "application/json"),
            ("onelogin", "*/*", "application/json"),
            ("onelogin", "application/scim+json", "application/scim+json"),
            ("okta", None, "application/scim+json"),
        ],
    )
    async def test_the_answer_has_the_type_that_the_client_takes(
        self, site: Site, stranger: httpx.AsyncClient, idp: str | None, accept: str | None, expected: str
    ) -> None:
        """OneLogin documents application/json for every answer, errors too; RFC 7644 §3.8 decides for the others."""
        key = await site.services.keys.issue(site.acme.tenant.id, idp=idp)
        del stranger.headers["Accept"]
        headers = {"Authorization": f"Bearer {key.secret}"} | ({} if accept is None else {"Accept": accept})
        answers = [await stranger.get(path, headers=headers) for path in ("/Users", "/Users/1", "/Nowhere")]
        assert [(answer.status_code, answer.headers["Content-Type"]) for answer in answers] == [
            (200, expected),
            (404, expected),
            (404, expected),
        ]


class TestBody:
    """Bodies: what is not JSON, and what is too large."""

    @pytest.mark.parametrize(
        "body,scim_type",
        [
            (b"", "invalidSyntax"),
            (b"{", "invalidSyntax"),
            (b"[]", "invalidSyntax"),
            (b'"text"', "invalidSyntax"),
            (b"null", "invalidSyntax"),
            (b"\xff\xfe{}", "invalidSyntax"),
            (b'{"userName": "\xc3\x28"}', "invalidSyntax"),
            (b'{"userName": "\xed\xa0\x80"}', "invalidSyntax"),
            (b'{"userName": NaN}', "invalidSyntax"),
            (b'{"userName": "a", "x": 1e999}', "invalidSyntax"),
            (b'{"userName": "a\\u0000"}', "invalidValue"),
            (b'{"userName": "\\ud800"}', "invalidValue"),
            (b'{"a":' * 100 + b"1" + b"}" * 100, "invalidSyntax"),
            (b"[" * 100_000, "invalidSyntax"),
            (b'{"userName": "ada"} {}', "invalidSyntax"),
        ],
        ids=range(15),
    )
    async def test_what_is_no_json_object_is_400(self, client: httpx.AsyncClient, body: bytes, scim_type: str) -> None:
        """Broken JSON, broken UTF-8, NaN, NUL and depth are refused with a reason, and never with a 500."""
        answer = await client.post("/Users", content=body, headers={"Content-Type": "application/scim+json"})
        assert (answer.status_code, answer.json().get("scimType")) == (400, scim_type)

    async def test_a_body_over_its_limit_is_413(self, client: httpx.AsyncClient) -> None:
        """Design limit: 1 MiB for a user. At the limit it is read, over it not even begun."""
        start = b'{"userName": "ada", "x": "'
        fits = start + b"y" * (MIB - len(start) - 2) + b'"}'
        answers = [await client.post("/Users", content=body) for body in (fits, fits + b" ")]
        assert [answer.status_code for answer in answers] == [201, 413]
        assert answers[1].json()["detail"] == "The body is 1048577 bytes long; at most 1048576 bytes are taken here."

    async def test_a_body_of_unknown_length_is_cut_off(self, client: httpx.AsyncClient) -> None:
        """A body that does not announce its length is cut off as soon as it is over the limit."""
        sent = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal sent
            for _ in range(1000):
                sent += 64 * 1024
                yield b"x" * (64 * 1024)

        answer = await client.post("/Users", content=endless())
        assert answer.status_code == 413
        assert sent <= MIB + 2 * 64 * 1024

    @pytest.mark.parametrize("path,expected", [("/Nowhere", 404), ("/Users/1/2/3", 404), ("/Schemas", 405)])
    async def test_a_body_is_not_read_for_nothing(self, client: httpx.AsyncClient, path: str, expected: int) -> None:
        """Where no body is taken, none is read, of whatever type it is."""
        answer = await client.post(path, content=unread_body(), headers={"Content-Type": "text/plain"})
        assert answer.status_code == expected

    async def test_a_stranger_s_body_is_not_read(self, stranger: httpx.AsyncClient) -> None:
        """The key is checked before anything of a body is read."""
        assert (await stranger.post("/Users", content=unread_body())).status_code == 401


class TestTransport:
    """Plain http under an https base URL (RFC 7644 §7.2)."""

    async def test_plain_http_is_refused_when_the_base_url_is_https(self, prepared: Prepared, tmp_path: Path) -> None:
        """A key that crossed the network in the clear gets no data. Whose word counts is tests/web/test_proxy.py's."""
        settings = {"base_url": "https://directory.test", "trusted_proxies": ("198.51.100.0/24",)}
        async with open_site(prepared, tmp_path, **settings) as site:
            cases = [
                (PEER, "http", {}, 403),
                (PEER, "http", {"X-Forwarded-Proto": "https"}, 403),
                (PEER, "https", {}, 200),
                (("198.51.100.9", 1), "http", {"X-Forwarded-Proto": "https"}, 200),
                (("198.51.100.9", 1), "http", {"X-Forwarded-Proto": "http"}, 403),
                (("198.51.100.9", 1), "http", {"X-Forwarded-Proto": "https, http"}, 403),
                (("198.51.100.9", 1), "http", {}, 200),
            ]
            seen = []
            for peer, scheme, headers, _ in cases:
                async with site.client(peer=peer) as client:
                    answer = await client.get(f"{scheme}://directory.test/scim/v2/Users", headers=headers)
                    seen.append((peer, scheme, headers, answer.status_code))
            assert seen == cases

    async def test_the_refusal_is_a_scim_error_and_says_what_to_do(self, prepared: Prepared, tmp_path: Path) -> None:
        """The 403 tells an administrator that the key has to be replaced."""
        async with open_site(prepared, tmp_path, base_url="https://directory.test") as site, site.client() as http:
            answer = await http.get("http://directory.test/scim/v2/Users")
            assert answer.json() == {
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
                "status": "403",
                "detail": "This server is reached over https only. Replace the key: it was sent unprotected.",
            }


class TestAnswer:
    """Header fields that every answer has."""

    async def test_every_answer_says_how_it_may_be_used(self, client: httpx.AsyncClient) -> None:
        """No cache keeps an answer, no browser guesses its type, its length is right and its request has an id."""
        made = await client.post("/Users", json=USER)
        for answer in (made, await client.get("/Users"), await client.get("/Users/1"), await client.get("/Nowhere")):
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Content-Length"] == str(len(answer.content))
            assert len(answer.headers["X-Request-Id"]) == 36
            assert "Strict-Transport-Security" not in answer.headers
        assert made.headers["Location"] == f"http://directory.test/scim/v2/Users/{made.json()['id']}"

    async def test_an_empty_answer_has_no_length_and_no_type(self, client: httpx.AsyncClient) -> None:
        """RFC 9110 §8.6: a 204 carries no Content-Length."""
        id_ = (await client.post("/Users", json=USER)).json()["id"]
        answer = await client.delete(f"/Users/{id_}")
        assert (answer.status_code, answer.content) == (204, b"")
        assert not {"content-length", "content-type"} & set(answer.headers)

    async def test_strict_transport_is_asked_for_over_https(self, prepared: Prepared, tmp_path: Path) -> None:
        """RFC 6797: a server with an https base URL asks for https from then on, on errors and pages too."""
        async with open_site(prepared, tmp_path, base_url="https://directory.test") as site, site.client() as http:
            for path in ("/scim/v2/Users", "/scim/v2/Nowhere", "/healthz", "/setup/x"):
                answer = await http.get(f"https://directory.test{path}")
                assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"

    @pytest.mark.parametrize(
        "sent,is_kept",
        [
            ("abc-123_x.Y", True),
            ("a" * 128, True),
            ("a" * 129, False),
            ("", False),
            ("with space", False),
            ("tab\tbed", False),
            ("quote\"'", False),
            ("\u001b[31m", False),
            ("é", False),
        ],
    )
    async def test_a_safe_request_id_is_kept(
        self, client: httpx.AsyncClient, site: Site, sent: str, *, is_kept: bool
    ) -> None:
        """A client's request id is used where it cannot harm a log or a header; otherwise we make one."""
        answer = await client.get("/Users", headers=[(b"X-Request-Id", sent.encode())])
        used = answer.headers["X-Request-Id"]
        assert (used == sent) is is_kept
        assert site.log.requests[-1]["request_id"] == used

    async def test_ids_of_requests_differ(self, client: httpx.AsyncClient) -> None:
        """Each request without an id of its own gets another one."""
        ids = {(await client.get("/Users")).headers["X-Request-Id"] for _ in range(20)}
        assert len(ids) == 20
