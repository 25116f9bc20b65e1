"""A page deep in a list reads what it shows, before and after statistics are gathered."""

import asyncpg
import pytest

from musterbook.scim import Tolerance, user_type
from musterbook.scim.filter_parser import parse_filter
from musterbook.scim.sorting import NO_VALUE, Position, parse_sort
from musterbook.storage.filter_sql import POSTGRES, compile_filter_sql
from musterbook.storage.postgres.search import FOUND, statement
from musterbook.storage.sort_sql import compile_sort_sql, within
from tests.contracts.sample import ACME
from tests.storage.postgres.test_plans import crowded, explain, indexes

__all__ = ["crowded"]

USER = user_type()
COUNT = 100
ORDERS = [
    (None, Position(NO_VALUE, "User", "z1500"), "resources_pkey"),
    ("userName", Position((False, "more1500"), "User", "z1500"), "resources_unique_key"),
]


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
@pytest.mark.parametrize("are_statistics_gathered", [False, True], ids=["first", "gathered"])
async def test_a_page_reads_what_it_shows(
    crowded: asyncpg.Connection, mode: str, *, are_statistics_gathered: bool
) -> None:
    """Behind a place in the middle of two thousand users, a page by id or by ``userName``, forth and back, reads about
    as many rows as it holds, from the index of its order.
    """
    if are_statistics_gathered:
        await crowded.execute("ANALYZE")
    # To read and sort what is left of so few is as cheap; of a hundred thousand it is not.
    await crowded.execute("SET enable_sort = off")
    for name, position, index in ORDERS:
        for direction in ("ascending", "descending"):
            order = compile_sort_sql(None if name is None else parse_sort(name, direction, USER), USER)
            assert order is not None
            for backward in (False, True):
                everything = compile_filter_sql(None, USER, POSTGRES)
                condition = within(everything, order.behind(position, backward=backward), POSTGRES)
                found = FOUND.replace("<offset>", "").replace("<order>", order.order_by(backward=backward))
                sql = statement(found, condition)
                plan = await explain(crowded, mode, sql, ACME, "User", *condition.parameters, COUNT)
                read = max(int(node["Actual Rows"]) for node in plan if node.get("Index Name") == index)
                assert (plan[0]["Actual Rows"], read <= COUNT + 2) == (COUNT, True), (name, direction, backward, read)


async def test_what_matches_often_is_not_sorted_for_every_page(crowded: asyncpg.Connection) -> None:
    """Written so that the planner does not take it for a range, a condition is checked along the ids."""
    compiled = compile_filter_sql(parse_filter('userName sw "more"', USER, Tolerance()), USER, POSTGRES)
    order = compile_sort_sql(None, USER)
    assert order is not None
    sql = FOUND.replace("<offset>", "").replace("<order>", order.order_by()).replace("(<condition>)", "<condition>")
    hidden = statement(sql.replace("<condition>", "((<condition>) IS TRUE)"), compiled)
    plan = await explain(crowded, "force_generic_plan", hidden, ACME, "User", *compiled.parameters, COUNT)
    assert indexes(plan) == {"resources_pkey"}
    assert max(int(node["Actual Rows"]) for node in plan) == COUNT
