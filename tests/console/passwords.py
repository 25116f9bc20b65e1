"""People with passwords, for tests of signing in by them."""

import re

from argon2 import PasswordHasher
from pyotp import TOTP

from musterbook.directory import ResourceId, break_glass_type, operator_actor
from musterbook.directory.operation import FindPerson, SetPassword
from musterbook.identity.passwords import prepare
from tests.console.browser import Browser
from tests.web.site import Site

PASSWORD = "canary horse battery staple"
ADMIN = "admin@acme.example"


async def give_password(site: Site, reference: str, password: str = PASSWORD) -> ResourceId:
    """Give a person of acme a password, or the break-glass account; return the id."""
    actor = operator_actor(site.acme.tenant.id, "request-1")
    person = (await site.services.directory.perform(actor, FindPerson(reference))).person
    # The parameters are in the hash, so a cheap one is cheap to check, too.
    made = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(prepare(password))
    await site.services.directory.perform(actor, SetPassword(person.resource_type, person.id, made))
    assert (person.resource_type is break_glass_type()) == (reference == ADMIN)
    return person.id


async def enter_password(browser: Browser, name: str, password: str = PASSWORD) -> None:
    """Fill in acme's form."""
    await browser.open("/login/acme")
    await browser.submit("/login/acme", email=name, password=password)


def key_on_page(browser: Browser) -> str:
    """Return the key that the page shows for typing it into an authenticator app."""
    found = re.search(r'<span class="code key">([A-Z2-7 ]+)</span>', browser.page.text)
    assert found is not None
    return found[1].replace(" ", "")


def code(browser: Browser, key: str) -> str:
    """Return the code that the app shows now."""
    return TOTP(key).at(browser.site.clock.now)


async def enrol(browser: Browser) -> str:
    """Sign in as the administrator and set up the second factor; return its key."""
    await give_password(browser.site, ADMIN)
    await enter_password(browser, ADMIN)
    key = key_on_page(browser)
    await browser.submit("/login/acme/second-factor", code=code(browser, key))
    return key
