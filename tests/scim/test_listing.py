"""Lists: what a request for one asks, and how its pages follow each other (RFC 7644 §3.4.2, RFC 9865)."""

from dataclasses import replace

import pytest

from musterbook.scim import Meta, StoredResource, Tolerance, group_type, user_type
from musterbook.scim.cursor import Cursor, Walk, read_cursor, write_cursor
from musterbook.scim.errors import InvalidCursorError, NotSupportedError
from musterbook.scim.listing import Listing, Reader, parse_list, resources_of, write_cursors
from musterbook.scim.operation import Page, Projection, Query, RootPage, SearchResources, SearchRoot
from musterbook.scim.query import parse_parameters
from musterbook.scim.service import describe_service
from musterbook.scim.sorting import NO_VALUE, Position

USER, GROUP = user_type(), group_type()
KEYS = (b"k" * 32,)
SERVICE = describe_service("https://example.com/scim/v2", [USER, GROUP], cursor_keys=KEYS)
READER = Reader("tenant", 1_800_000_000)
META = Meta("2026-11-23T09:00:00.000Z", "2026-11-23T09:00:00.000Z", 1)
ADA, BEA, CREW = (
    StoredResource(str(number), f'{{"userName":"{name}"}}', META) for number, name in enumerate(("Ada", "bea", "x"))
)


def parse(query: str, *, at_root: bool = False) -> Listing:
    """Return what a query string asks of users, or of everything."""
    return parse_list(parse_parameters(query), None if at_root else USER, SERVICE, Tolerance(), READER)


def cursors(listing: Listing, page: Page | RootPage) -> dict[str, Cursor]:
    """Return what the cursors of a page mean."""
    assert listing.walk is not None
    written = write_cursors(listing, page, SERVICE)
    return {name: read_cursor(text, listing.walk, READER.now, KEYS) for name, text in written.items()}


def test_a_list_by_index_has_no_cursors() -> None:
    """Without ``cursor`` nothing is signed, and a page has no cursors."""
    listing = parse("startIndex=2&count=3&attributes=userName")
    assert listing.operation == SearchResources(USER, Query(start_index=2, count=3), shows_related=False)
    assert (listing.walk, write_cursors(listing, Page(USER, 5, 2, [ADA], continues=True), SERVICE)) == (None, {})


def test_what_a_walk_is_bound_to() -> None:
    """The tenant, the endpoint, the count and every parameter that says which list is meant bind a cursor; those that
    say which page is meant do not.
    """
    assert parse("sortBy=title&cursor&count=3&startIndex=7&x=1").walk == Walk("tenant", ("User", "sortby=title"), 3)
    walk = parse("filter=title%20pr&cursor=&excludedAttributes=meta", at_root=True).walk
    assert walk == Walk("tenant", ("", "excludedattributes=meta", "filter=title pr"), 1000)


def test_the_cursors_of_a_page() -> None:
    """A page is followed by what lies behind its last resource and preceded by what lies before its first, by the keys
    of its order; the total goes along where it was counted.
    """
    first = parse("cursor&sortBy=userName&filter=userName%20pr")
    ada, bea = (Position((False, name), "User", number) for name, number in (("ada", "0"), ("bea", "1")))
    page = Page(USER, 7, 1, [ADA, BEA], continues=True)
    assert cursors(first, page) == {"nextCursor": Cursor(bea, total=7)}
    assert cursors(first, replace(page, continues=False)) == {}
    text = write_cursors(first, page, SERVICE)["nextCursor"]
    second = parse(f"cursor={text}&sortBy=userName&filter=userName%20pr")
    assert isinstance(second.operation, SearchResources)
    assert second.operation.query.cursor == Cursor(bea, total=7)
    assert cursors(second, page) == {
        "previousCursor": Cursor(ada, backward=True, total=7),
        "nextCursor": Cursor(bea, total=7),
    }
    # Everything that comes after has gone meanwhile.
    assert cursors(second, Page(USER, 7, 1, [])) == {}


def test_the_cursors_of_a_page_on_the_way_back() -> None:
    """Backward there is always a next page, and a previous one as long as the list goes on."""
    walk = parse("cursor").walk
    assert walk is not None
    text = write_cursor(Cursor(Position(NO_VALUE, "User", "2"), backward=True), walk, READER.now, KEYS)
    back = parse(f"cursor={text}")
    ada, bea = (Position(NO_VALUE, "User", number) for number in "01")
    page = Page(USER, 7, 1, [ADA, BEA], continues=True)
    assert cursors(back, page) == {"previousCursor": Cursor(ada, backward=True), "nextCursor": Cursor(bea)}
    assert cursors(back, replace(page, continues=False)) == {"nextCursor": Cursor(bea)}
    assert cursors(back, Page(USER, 7, 1, [])) == {"nextCursor": Cursor()}


def test_the_cursors_of_a_page_of_several_types() -> None:
    """In a list of several types a place says which type it is in, and has a key where the type has the attribute."""
    listing = parse("cursor&sortBy=userName", at_root=True)
    page = RootPage(3, 1, [(USER, ADA), (GROUP, CREW)], continues=True)
    assert resources_of(page) == page.resources
    assert cursors(listing, page) == {"nextCursor": Cursor(Position(NO_VALUE, "Group", "2"))}
    assert listing.projections == {"User": Projection(), "Group": Projection()}


@pytest.mark.parametrize("at_root", [False, True])
def test_what_an_order_by_memberships_reads(*, at_root: bool) -> None:
    """Where memberships decide the order they are read, though they are not shown: a cursor holds what decided."""
    hidden = parse("excludedAttributes=groups&sortBy=groups", at_root=at_root).operation
    plain = parse("excludedAttributes=groups&sortBy=userName", at_root=at_root).operation
    found = [item if isinstance(item, SearchResources) else item.searches[0] for item in (hidden, plain)]
    assert [search.shows_related for search in found] == [True, False]


def test_a_type_that_is_served_no_longer() -> None:
    """A cursor that leads to a type which is not searched any more is an invalid one."""
    walk = parse("cursor", at_root=True).walk
    assert walk is not None
    text = write_cursor(Cursor(Position(NO_VALUE, "Ship", "1")), walk, READER.now, KEYS)
    with pytest.raises(InvalidCursorError):
        parse(f"cursor={text}", at_root=True)
    held = write_cursor(Cursor(Position(NO_VALUE, "Group", "1")), walk, READER.now, KEYS)
    found = parse(f"cursor={held}", at_root=True).operation
    assert isinstance(found, SearchRoot)
    assert found.page.cursor == Cursor(Position(NO_VALUE, "Group", "1"))


def test_cursors_need_a_key() -> None:
    """A service without a key to sign with offers no cursors, and says so with 501."""
    bare = describe_service("https://example.com/scim/v2", [USER])
    with pytest.raises(NotSupportedError, match="Lists are not read by cursors here; use startIndex"):
        parse_list(parse_parameters("cursor"), USER, bare, Tolerance(), READER)
