"""Whose account a provider speaks of: found once by a name, bound from then on, and never across connections."""

from dataclasses import replace

import pytest

from musterbook.directory import operator_actor
from musterbook.directory.actor import sign_in_actor
from musterbook.identity.entry import NotLetInError
from musterbook.identity.subjects import Subject, Subjects
from musterbook.scim import Resource, user_type
from musterbook.scim.operation import DeleteResource, ReplaceResource
from tests.identity.saml.organization import add_person
from tests.web.site import Site

ADA = "ada@acme.example"
OPAQUE = Subject("saml-1", "opaque-7", ("opaque-7", ADA))
ADDRESS = Subject("saml-1", ADA, (ADA,), is_address=True)


async def recognise(site: Site, subject: Subject) -> str:
    """Return the id of the account that a subject enters, or the reason why it enters none."""
    subjects = Subjects(site.services.directory, site.services.database.identity.bindings, site.clock)
    try:
        return (await subjects.recognise(sign_in_actor(site.acme.tenant.id, "request-1"), subject)).account.id
    except NotLetInError as error:
        return error.reason


async def change(site: Site, person: str, user_name: str, *, active: bool = True) -> None:
    """Give a person another ``userName``, and no e-mail address."""
    resource = Resource(user_type(), {"userName": user_name, "active": active})
    actor = operator_actor(site.acme.tenant.id, "request-1")
    await site.services.directory.perform(actor, ReplaceResource(person, resource))


async def remove(site: Site, person: str) -> None:
    """Remove a person."""
    actor = operator_actor(site.acme.tenant.id, "request-1")
    await site.services.directory.perform(actor, DeleteResource(user_type(), person))


@pytest.mark.parametrize("subject", [OPAQUE, ADDRESS, replace(OPAQUE, names=("ADA@Acme.Example",))])
async def test_the_first_sign_in_finds_an_account_by_its_user_name_or_address(site: Site, subject: Subject) -> None:
    """Names are compared as the directory compares them; a user name counts before somebody else's address."""
    await add_person(site, "grace@acme.example", emails=[ADA])
    ada = await add_person(site, ADA)
    assert await recognise(site, subject) == ada


async def test_an_address_that_several_have_is_nobodys(site: Site) -> None:
    """Where an address does not say who is meant, nobody is let in; a single one says it."""
    first = await add_person(site, "ada", emails=[ADA])
    assert await recognise(site, ADDRESS) == first
    await add_person(site, "lovelace", emails=[ADA])
    assert [await recognise(site, subject) for subject in (OPAQUE, ADDRESS)] == ["ambiguous", "ambiguous"]


async def test_a_binding_counts_and_not_the_address(site: Site) -> None:
    """Who is bound stays so when the address changes, and who is given the address gets no account with it."""
    ada = await add_person(site, "ada", emails=[ADA])
    assert await recognise(site, OPAQUE) == ada
    await change(site, ada, "countess")
    assert await recognise(site, OPAQUE) == ada
    successor = replace(OPAQUE, key="opaque-8", names=("opaque-8", "countess"))
    assert await recognise(site, successor) == "bound-otherwise"


async def test_an_address_is_whose_it_is_now(site: Site) -> None:
    """A subject that is an address leaves an account that has it no longer, and enters the one that has."""
    ada = await add_person(site, ADA)
    assert await recognise(site, ADDRESS) == ada
    await change(site, ada, "countess@acme.example")
    assert await recognise(site, ADDRESS) == "unknown"
    successor = await add_person(site, ADA)
    assert await recognise(site, ADDRESS) == successor
    assert await recognise(site, Subject("saml-1", "c", ("countess@acme.example",), is_address=True)) == ada


async def test_a_binding_is_of_one_connection(site: Site) -> None:
    """The same subject of another connection is another subject: it is looked for anew."""
    ada = await add_person(site, ADA)
    assert await recognise(site, OPAQUE) == ada
    elsewhere = replace(OPAQUE, connection_id="saml-2", names=("opaque-7", "nobody@acme.example"))
    assert await recognise(site, elsewhere) == "unknown"


async def test_another_tenants_people_are_nobody(site: Site) -> None:
    """Whoever is in another tenant's directory alone is unknown here."""
    await add_person(site, ADA, tenant=site.globex.tenant)
    assert await recognise(site, ADDRESS) == "unknown"


async def test_break_glass_accounts_are_nobodys_subjects(site: Site) -> None:
    """The first administrator, who is no resource of the provider's, is found by no name that it sends."""
    name = site.acme.administrator_email
    assert await recognise(site, Subject("saml-1", name, (name,), is_address=True)) == "unknown"


@pytest.mark.parametrize("subject", [OPAQUE, ADDRESS])
async def test_a_suspended_person_is_refused_and_let_in_again(site: Site, subject: Subject) -> None:
    """Suspended is suspended, bound or not; the binding survives it."""
    ada = await add_person(site, ADA, active=False)
    assert await recognise(site, subject) == "suspended"
    await change(site, ada, ADA)
    assert await recognise(site, subject) == ada
    await change(site, ada, ADA, active=False)
    assert await recognise(site, subject) == "suspended"


@pytest.mark.parametrize("subject", [OPAQUE, ADDRESS])
async def test_a_removed_person_is_unknown_and_a_successor_is_somebody_else(site: Site, subject: Subject) -> None:
    """What was bound to a removed account is looked for anew."""
    ada = await add_person(site, ADA)
    assert await recognise(site, subject) == ada
    await remove(site, ada)
    assert await recognise(site, subject) == "unknown"
    again = await add_person(site, ADA)
    assert await recognise(site, subject) == again


async def test_using_a_binding_says_when(site: Site) -> None:
    """The last use is kept, exact to a minute."""
    ada = await add_person(site, ADA)
    bindings = site.services.database.identity.bindings
    for seconds, expected in ((0, "12:00:00"), (59, "12:00:00"), (2, "12:01:01")):
        site.clock.advance(seconds=seconds)
        assert await recognise(site, OPAQUE) == ada
        binding = await bindings.find(site.acme.tenant.id, "saml-1", "opaque-7")
        assert binding is not None
        assert (binding.last_used_at[11:19], binding.created_at[11:19]) == (expected, "12:00:00")
