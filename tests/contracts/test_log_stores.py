"""The ports for the log of sign-ins and for sign-in domains, on each engine."""

import asyncio

import pytest

from musterbook.directory import TenantStatus
from musterbook.identity.log_store import DomainTakenError, LogLimits
from musterbook.storage import Database
from tests.contracts.sample import ACME, GLOBEX, at, id_of
from tests.contracts.signing_in import account, log_row

LIMITS = LogLimits(first_id="", most=1000, forget_before="")


class TestLogStoreContract:
    """What every :class:`musterbook.identity.log_store.LogStore` keeps."""

    async def test_rows_are_listed_newest_first_in_pages(self, database: Database) -> None:
        """The rows of a tenant, or those about one account, in the order of time backwards; none of another's."""
        log = database.identity.log
        about = [log_row(2, of=account()), log_row(4, of=account())]
        for row in (log_row(1), about[0], log_row(3, of=account(2)), about[1], log_row(5, GLOBEX, of=account())):
            assert await log.add(row, LIMITS) is True
        assert await log.list(ACME) == [about[1], log_row(3, of=account(2)), about[0], log_row(1)]
        assert await log.list(ACME, before=about[1].id, limit=1) == [log_row(3, of=account(2))]
        assert await log.list_of(account()) == [about[1], about[0]]
        assert await log.list_of(account(), limit=1) == [about[1]]
        assert await log.list(ACME, before="\0") == []

    async def test_no_more_rows_than_the_limit(self, database: Database) -> None:
        """In one stretch at most so many rows with one outcome are written; others, and later ones, are."""
        log = database.identity.log
        limits = LogLimits(first_id=id_of(10), most=2, forget_before="")
        assert [await log.add(log_row(number), limits) for number in (9, 10, 11, 12)] == [True, True, True, False]
        assert await log.add(log_row(13, outcome="signed-in"), limits) is True
        assert await log.add(log_row(14, GLOBEX), limits) is True
        assert await log.add(log_row(20), LogLimits(first_id=id_of(20), most=2, forget_before="")) is True

    async def test_old_rows_go_when_others_come(self, database: Database) -> None:
        """A row that is written removes at most twenty that are older than what is kept; so does one that is not."""
        log = database.identity.log
        for number in range(1, 24):
            await log.add(log_row(number), LIMITS)
        await log.add(log_row(1, GLOBEX), LIMITS)
        await log.add(log_row(50), LogLimits("", 1000, forget_before=id_of(23)))
        assert [row.id for row in await log.list(ACME)] == [id_of(number) for number in (50, 23, 22, 21)]
        await log.add(log_row(51), LogLimits("", 0, forget_before=id_of(23)))
        assert [row.id for row in await log.list(ACME)] == [id_of(number) for number in (50, 23)]
        assert await log.list(GLOBEX) == [log_row(1, GLOBEX)]


class TestDomainStoreContract:
    """What every :class:`musterbook.identity.log_store.DomainStore` keeps."""

    async def test_a_domain_leads_to_its_tenant(self, database: Database) -> None:
        """A domain finds the tenant that has it, as it is; an unknown one, or a deleted tenant's, finds nothing."""
        domains = database.identity.domains
        await domains.set(ACME, ["b.example", "a.example"])
        assert await domains.list(ACME) == ["a.example", "b.example"]
        assert await domains.find("a.example") == await database.tenants.find("acme")
        assert [await domains.find(domain) for domain in ("", "example", "A.example", "\0", "\ud800")] == [None] * 5
        await database.tenants.set_status(ACME, TenantStatus.DELETED, at(5))
        assert await domains.find("a.example") is None

    async def test_a_tenant_has_exactly_the_domains_that_were_set(self, database: Database) -> None:
        """Setting replaces all; none may be set; another tenant's stay."""
        domains = database.identity.domains
        await domains.set(GLOBEX, ["globex.example"])
        for names in (["a.example", "b.example"], ["b.example", "c.example"], []):
            await domains.set(ACME, names)
            assert await domains.list(ACME) == names
        assert await domains.list(GLOBEX) == ["globex.example"]

    async def test_a_domain_is_one_tenants(self, database: Database) -> None:
        """A domain that another tenant has, also a deleted one, is refused, and nothing is changed."""
        domains = database.identity.domains
        await domains.set(GLOBEX, ["globex.example"])
        await domains.set(ACME, ["acme.example"])
        await database.tenants.set_status(GLOBEX, TenantStatus.DELETED, at(5))
        with pytest.raises(DomainTakenError, match=r"the domain globex\.example belongs to another") as caught:
            await domains.set(ACME, ["new.example", "globex.example"])
        assert caught.value.domain == "globex.example"
        assert await domains.list(ACME) == ["acme.example"]

    async def test_of_two_who_want_a_domain_one_gets_it(self, database: Database) -> None:
        """Two tenants that set the same domains at once: one has them all, the other is refused."""
        domains = database.identity.domains
        wanted = [f"{letter}.example" for letter in "abcdef"]
        results = await asyncio.gather(
            domains.set(ACME, wanted), domains.set(GLOBEX, wanted[::-1]), return_exceptions=True
        )
        assert sorted(type(result).__name__ for result in results) == ["DomainTakenError", "NoneType"]
        assert [*await domains.list(ACME), *await domains.list(GLOBEX)] == wanted
