"""Lists over HTTP: filters, pages and what is shown of each resource (RFC 7644 §3.4.2, §3.9)."""

import json
from pathlib import Path

import httpx
import pytest

from tests.conformance.asking import ENTERPRISE, LIST_RESPONSE, USER, Json, create, found, read, refusal, without_meta
from tests.web.site import Site

FIGURE_2 = json.loads(
    (Path(__file__).parents[1] / "scim" / "rfc" / "rfc7644-3.4.2.2-figure-2.json").read_text(encoding="utf-8")
)


async def create_the_people_of_figure_2(client: httpx.AsyncClient, site: Site) -> None:
    """Create three people, of whom each filter of Figure 2 finds somebody, a day apart around the time it names."""
    site.clock.now = site.clock.now.replace(year=2011, month=5, day=12, hour=4, minute=42, second=34)
    await create(
        client,
        "bjensen",
        title="Tour Guide",
        userType="Employee",
        emails=[{"value": "bjensen@example.com", "type": "work"}, {"value": "babs@jensen.test", "type": "home"}],
    )
    site.clock.advance(days=1)
    await create(
        client,
        "omalley",
        name={"familyName": "O'Malley"},
        title="Captain",
        userType="Contractor",
        emails=[{"value": "grace@sea.test", "type": "work"}],
        **{ENTERPRISE: {"department": "Fleet", "manager": {"value": "26118915"}}},
    )
    site.clock.advance(days=1)
    await create(
        client,
        "jsmith",
        userType="Intern",
        emails=[{"value": "jsmith@example.org", "type": "home"}],
        ims=[{"value": "jsmith@foo.com", "type": "xmpp"}],
    )


async def test_the_filters_of_figure_2(client: httpx.AsyncClient, site: Site) -> None:
    """RFC 7644 §3.4.2.2, Figure 2: each of the 17 filters finds exactly whom it should, over HTTP."""
    await create_the_people_of_figure_2(client, site)
    assert len(FIGURE_2) == 17
    answers = {case["filter"]: await found(client, case["filter"]) for case in FIGURE_2}
    assert answers == {case["filter"]: sorted(case["matches"]) for case in FIGURE_2}


@pytest.fixture
async def crew(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """Return a client of a tenant with three people."""
    await create(
        client,
        "Ada",
        externalId="E-1",
        title="Countess",
        emails=[{"value": "ada@example.com", "type": "work"}, {"value": "ada@home.test", "type": "home"}],
        **{ENTERPRISE: {"department": "Engines", "manager": {"value": "26118915"}}},
    )
    await create(client, "bob%_", externalId="e-1", active=False)
    await create(client, "grace\\o'hopper", nickName='"Amazing"')
    return client


ALL = ["Ada", "bob%_", "grace\\o'hopper"]


@pytest.mark.parametrize(
    "filter_,expected",
    [
        ('USERNAME Eq "ADA"', ["Ada"]),
        ('externalId eq "E-1"', ["Ada"]),
        ('externalId eq "e-1"', ["bob%_"]),
        ('externalId co "-1" AND NOT (externalId sw "e")', ["Ada"]),
        ('externalId ne "E-1"', ["bob%_", "grace\\o'hopper"]),
        ('not (userName eq "ada")', ["bob%_", "grace\\o'hopper"]),
        ('not(userName eq "ada")', ["bob%_", "grace\\o'hopper"]),
        ('not (not (userName eq "ada"))', ["Ada"]),
        ('userName eq "ada" or title pr and active eq false', ["Ada"]),
        ('(userName eq "ada" or title pr) and active eq false', []),
        ("title pr", ["Ada"]),
        ("name pr", []),
        ("groups pr", []),
        ("title eq null", ["bob%_", "grace\\o'hopper"]),
        ("active eq true", ["Ada", "grace\\o'hopper"]),
        ("active eq false", ["bob%_"]),
        ('emails[type eq "work" and value eq "ada@home.test"]', []),
        ('emails.type eq "work" and emails.value eq "ada@home.test"', ["Ada"]),
        ('emails[not (type eq "work") and value sw "ada"] and title pr', ["Ada"]),
        ('emails co "HOME.test"', ["Ada"]),
        (f'{USER}:userName sw "a"', ["Ada"]),
        (f'{USER.upper()}:USERNAME sw "a"', ["Ada"]),
        (f'{ENTERPRISE}:manager.value eq "26118915"', ["Ada"]),
        (f'schemas eq "{ENTERPRISE}"', ["Ada"]),
        ('meta.resourceType eq "User"', ALL),
        ('id eq "no-such-id"', []),
        ('userName co "%"', ["bob%_"]),
        ('userName ew "_"', ["bob%_"]),
        ('userName sw "b%"', []),
        ('userName co "\\\\"', ["grace\\o'hopper"]),
        ('userName co "\'"', ["grace\\o'hopper"]),
        ('userName eq "\' OR 1=1 --"', []),
        ('nickName eq "\\"Amazing\\""', ["grace\\o'hopper"]),
        ('userName eq "\\u0041da"', ["Ada"]),
    ],
)
async def test_filters_over_http(crew: httpx.AsyncClient, filter_: str, expected: list[str]) -> None:
    """RFC 7644 §3.4.2.2, asked as clients ask: case, ``not``, precedence, presence, value paths, URNs, literals.

    Characters that mean something to SQL mean nothing here (§7.7).
    """
    assert await found(crew, filter_) == expected


@pytest.mark.parametrize(
    "filter_",
    [
        "",
        " ",
        "userName",
        'userName eq "ada" and',
        '(userName eq "ada"',
        'userName eq "ada")',
        'not userName eq "ada"',
        'userName regex "a"',
        "userName eq 'ada'",
        'userName eq "ada" trailing',
        'nonsense eq "x"',
        "active gt true",
        "active le false",
        'active eq "yes"',
        'x509Certificates.value gt "AAAA"',
        'name eq "x"',
        "meta.created gt 5",
        'meta.created gt "2011-05-13"',
        'password eq "x"',
        "password pr",
        'emails[type eq "work"',
        'emails[type eq "work"].nonsense eq "x"',
        'emails[userName eq "ada"]',
        "(" * 33 + "title pr" + ")" * 33,
        " or ".join(["title pr"] * 101),
        'userName eq "' + "x" * 16384 + '"',
    ],
    ids=lambda text: text[:40] or "empty",
)
async def test_what_is_no_filter_lists_nobody(crew: httpx.AsyncClient, filter_: str) -> None:
    """RFC 7644 §3.4.2.2: a filter that cannot be applied is 400 invalidFilter and never the unfiltered list."""
    answer = await crew.get("/Users", params={"filter": filter_})
    assert refusal(answer) == (400, "invalidFilter")


@pytest.mark.parametrize("filter_", ["userName eq ada", 'active eq "True"'])
async def test_what_only_some_clients_write_is_refused_to_others(
    crew: httpx.AsyncClient, strict: httpx.AsyncClient, filter_: str
) -> None:
    """DEVIATION(RFC 7644 §3.4.2.2): Entra's unquoted strings and quoted booleans are read, except by the RFC's word."""
    assert "Ada" in await found(crew, filter_)
    assert refusal(await strict.get("/Users", params={"filter": filter_})) == (400, "invalidFilter")


async def test_times_are_compared_as_instants(client: httpx.AsyncClient) -> None:
    """RFC 7644 §3.4.2.2: chronologically, across offsets and fractions; the clock of the server says 12:00 UTC."""
    await create(client, "ada")
    expected = {
        'meta.created eq "2026-11-23T14:00:00+02:00"': ["ada"],
        'meta.created eq "2026-11-23T12:00:00.000000Z"': ["ada"],
        'meta.created gt "2026-11-23T12:30:00+02:00"': ["ada"],
        'meta.created lt "2026-11-23T11:59:59-01:00"': ["ada"],
        'meta.created ge "2026-11-23T12:00:00.001Z"': [],
        'meta.lastModified gt "2026-11-23T23:00:00+12:00"': ["ada"],
    }
    assert {filter_: await found(client, filter_) for filter_ in expected} == expected


async def test_an_offset_sent_raw_is_repaired_or_refused(client: httpx.AsyncClient, strict: httpx.AsyncClient) -> None:
    """A ``+`` that was not percent-encoded arrives as a space: it is put back, or refused, and never mis-compared."""
    await create(client, "ada")
    query = "/Users?filter=meta.created+gt+%222026-11-23T13:30:00+02:00%22"
    assert (await client.get(query)).json()["totalResults"] == 1
    assert refusal(await strict.get(query)) == (400, "invalidFilter")


async def test_a_defaulted_value_is_found_as_it_was_returned(client: httpx.AsyncClient) -> None:
    """RFC 7644 §3.4.2.2: ``active``, which the client left out, is returned as true and found as true."""
    made = await create(client, "ada")
    assert made["active"] is True
    assert await found(client, "active eq true") == ["ada"]


class TestPages:
    """RFC 7644 §3.4.2.4."""

    async def test_pages_of_every_size_are_the_whole(self, client: httpx.AsyncClient) -> None:
        """Walked in pages of any size, a list that nobody changes shows every id once, and the same total each time."""
        ids = sorted([(await create(client, f"person{number}"))["id"] for number in range(7)])
        for size in range(1, 9):
            walked: list[str] = []
            while len(walked) < 7:
                page = (await client.get(f"/Users?startIndex={len(walked) + 1}&count={size}")).json()
                assert (page["totalResults"], page["startIndex"]) == (7, len(walked) + 1)
                assert page["itemsPerPage"] == len(page["Resources"]) == min(size, 7 - len(walked))
                walked += [resource["id"] for resource in page["Resources"]]
            assert sorted(walked) == ids

    @pytest.mark.parametrize(
        "query,expected",
        [
            ("", (3, 1, 3)),
            ("count=0", (3, 1, 0)),
            ("count=-1", (3, 1, 0)),
            ("count=2", (3, 1, 2)),
            ("startIndex=0&count=1", (3, 1, 1)),
            ("startIndex=-7", (3, 1, 3)),
            ("STARTINDEX=3&Count=9", (3, 3, 1)),
            ("startIndex=4", (3, 4, 0)),
            ("startIndex=99999999999999999999", (3, 2**53, 0)),
            ("count=5000", (3, 1, 3)),
            ("filter=title+pr&startIndex=2", (1, 2, 0)),
            ('filter=userName+eq+"nobody"', (0, 1, 0)),
        ],
    )
    async def test_a_list_says_what_part_it_is(
        self, crew: httpx.AsyncClient, query: str, expected: tuple[int, int, int]
    ) -> None:
        """``totalResults``, ``startIndex`` and ``itemsPerPage`` are always there, and ``Resources`` too, if empty."""
        answer = await crew.get(f"/Users?{query}")
        document = answer.json()
        resources = document.pop("Resources")
        names = ("totalResults", "startIndex", "itemsPerPage")
        assert (answer.status_code, len(resources)) == (200, expected[2])
        assert document == {"schemas": [LIST_RESPONSE], **dict(zip(names, expected, strict=True))}

    @pytest.mark.parametrize("query", ["count=ten", "startIndex=1.5", "count=1e2", "startIndex=%2B-1"])
    async def test_what_is_no_number_is_refused(self, crew: httpx.AsyncClient, query: str) -> None:
        """A page that cannot be told is 400 invalidValue."""
        assert refusal(await crew.get(f"/Users?{query}")) == (400, "invalidValue")

    async def test_parameters_without_a_meaning_change_nothing(self, crew: httpx.AsyncClient) -> None:
        """RFC 7644 §3.4.2: unknown parameters are ignored, Entra's flag and an empty one among them."""
        plain = (await crew.get("/Users")).json()
        for query in ("aadOptscim062020", "x=1&x=2", "&", "api-version=1&", "filtre=title pr"):
            assert (await crew.get(f"/Users?{query}")).json() == plain


class TestProjection:
    """RFC 7644 §3.9: ``attributes`` and ``excludedAttributes``."""

    @pytest.fixture
    async def ada(self, crew: httpx.AsyncClient) -> Json:
        """Return Ada's resource."""
        answer = await crew.get("/Users", params={"filter": 'userName eq "ada"'})
        return answer.json()["Resources"][0]

    @pytest.mark.parametrize(
        "query,shown",
        [
            ("attributes=userName", {"userName"}),
            ("attributes=USERNAME", {"userName"}),
            (f"attributes={USER}:userName", {"userName"}),
            ("attributes=id", set()),
            ("attributes=nonsense", set()),
            ("attributes=password", set()),
            (f"attributes={ENTERPRISE}", {ENTERPRISE}),
            ("attributes=emails,title", {"emails", "title"}),
            ("excludedAttributes=id,schemas,emails,externalId,title,active", {"userName", ENTERPRISE, "meta"}),
            (f"excludedAttributes={ENTERPRISE},meta,emails,title", {"userName", "externalId", "active"}),
        ],
    )
    async def test_what_is_named_is_shown(
        self, crew: httpx.AsyncClient, ada: Json, query: str, shown: set[str]
    ) -> None:
        """The minimum set, ``schemas`` and ``id``, is always there; beside it exactly what was asked for.

        ``schemas`` names the schemas of what is shown (RFC 7643 §3).
        """
        expected = {name: value for name, value in ada.items() if name in shown | {"schemas", "id"}}
        expected["schemas"] = [USER, *({ENTERPRISE} & shown)]
        assert (await crew.get(f"/Users/{ada['id']}?{query}")).json() == expected
        page = (await crew.get(f"/Users?filter=title+pr&{query}")).json()
        assert page["Resources"] == [expected]

    async def test_sub_attributes_can_be_named(self, crew: httpx.AsyncClient, ada: Json) -> None:
        """A sub-attribute is shown alone in every element; in an extension, too."""
        names = f"emails.value,{ENTERPRISE}:manager.value,meta.resourceType"
        assert (await crew.get(f"/Users/{ada['id']}?attributes={names}")).json() == {
            "schemas": [USER, ENTERPRISE],
            "id": ada["id"],
            "emails": [{"value": "ada@example.com"}, {"value": "ada@home.test"}],
            ENTERPRISE: {"manager": {"value": "26118915"}},
            "meta": {"resourceType": "User"},
        }

    async def test_both_at_once_are_refused(self, crew: httpx.AsyncClient) -> None:
        """``attributes`` and ``excludedAttributes`` exclude each other."""
        assert refusal(await crew.get("/Users?attributes=title&excludedAttributes=name")) == (400, "invalidValue")

    async def test_answers_to_writes_can_be_cut_too(self, client: httpx.AsyncClient) -> None:
        """RFC 7644 §3.9: POST, PUT and PATCH show what was asked for; PATCH is 200 then and always."""
        body = {"schemas": [USER], "userName": "ada", "title": "Countess"}
        made = await client.post("/Users?attributes=title", json=body)
        id_ = made.json()["id"]
        minimal = {"schemas": [USER], "id": id_}
        assert (made.status_code, made.json()) == (201, {**minimal, "title": "Countess"})
        put = await client.put(f"/Users/{id_}?attributes=userName", json=body)
        assert (put.status_code, put.json()) == (200, {**minimal, "userName": "ada"})
        message = {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "add", "path": "nickName", "value": "A"}],
        }
        patched = await client.patch(f"/Users/{id_}?excludedAttributes=userName,active,meta", json=message)
        assert (patched.status_code, patched.json()) == (200, {**minimal, "title": "Countess", "nickName": "A"})
        assert without_meta(await read(client, id_)) == {
            **minimal, "userName": "ada", "title": "Countess", "nickName": "A", "active": True
        }  # fmt: skip


async def test_sorting_is_offered(crew: httpx.AsyncClient) -> None:
    """RFC 7644 §3.4.2.3: sorting is said to be supported; an order alone, without an attribute, means nothing."""
    assert (await crew.get("/ServiceProviderConfig")).json()["sort"] == {"supported": True}
    shown = {}
    for query in ("sortBy=userName", "sortBy=userName&sortOrder=descending"):
        page = (await crew.get(f"/Users?{query}")).json()
        shown[query] = [resource["userName"] for resource in page["Resources"]]
    in_order = sorted(shown["sortBy=userName"], key=str.lower)
    assert list(shown.values()) == [in_order, in_order[::-1]]
    unsorted_page = (await crew.get("/Users?sortOrder=descending")).json()
    assert unsorted_page == (await crew.get("/Users")).json()
    ids = [resource["id"] for resource in unsorted_page["Resources"]]
    assert ids == sorted(ids)
