"""Links to a password: what their holder sees, what they do, and how somebody asks for one."""

import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from musterbook.directory import break_glass_type, operator_actor
from musterbook.directory.actor import ResourceId
from musterbook.directory.operation import FindPerson
from musterbook.identity.accounts import AccountRef
from musterbook.identity.password_store import LinkPurpose
from tests.console.browser import Browser
from tests.console.passwords import ADMIN, PASSWORD, enrol, enter_password
from tests.identity.saml.organization import add_person
from tests.web.site import Prepared, open_site

ADA = "ada@acme.example"
CHOSEN = "canary in a row of words"


async def link_for(browser: Browser, person: str, purpose: LinkPurpose = LinkPurpose.RESET) -> str:
    """Make a link for a person of acme; return its path."""
    account = AccountRef(browser.site.acme.tenant.id, "User", ResourceId(person))
    issued = await browser.site.services.signing_in.links.issue(account, purpose)
    return issued.url.removeprefix(browser.base_url)


async def choose(browser: Browser, path: str, password: str, repeated: str | None = None) -> None:
    """Open a link and fill in its form."""
    await browser.open(path)
    await browser.submit(path, password=password, repeated=password if repeated is None else repeated)


async def test_the_first_administrator_sets_the_account_up_and_signs_in(browser: Browser) -> None:
    """The link that was made with the organization leads to a password, and the password to the second factor."""
    path = f"/setup/{browser.site.acme.setup_token}"
    await browser.open(path)
    assert (browser.page.status_code, browser.title) == (200, "Set up your account")
    assert f"<strong>{ADMIN}</strong> at Acme" in browser.page.text
    assert "This link works once, until 30 November 2026, 12:00 UTC." in browser.page.text
    await choose(browser, path, CHOSEN)
    assert browser.title == "Your password is set"
    assert "musterbook-session" not in browser.client.cookies
    await enter_password(browser, ADMIN, CHOSEN)
    assert browser.title == "Set up your authenticator app"


async def test_a_link_works_once(browser: Browser) -> None:
    """Who comes second, also with the page open already, is told so."""
    path = await link_for(browser, await add_person(browser.site, ADA), LinkPurpose.SET_UP)
    await browser.open(path)
    page = browser.page
    await browser.submit(path, password=CHOSEN, repeated=CHOSEN)
    assert browser.title == "Your password is set"
    browser.page = page
    await browser.submit(path, password="another good one", repeated="another good one")
    assert (browser.page.status_code, browser.title) == (404, "This link does not work")
    await enter_password(browser, ADA, CHOSEN)
    assert browser.title == "Your account"


async def test_a_reset_ends_every_session_and_leaves_the_second_factor(browser: Browser) -> None:
    """Whoever had the old password is out; whoever has the mailbox alone does not get in."""
    await enrol(browser)
    await browser.open("/me")
    assert browser.title == "Your account"
    actor = operator_actor(browser.site.acme.tenant.id, "request-1")
    admin = (await browser.site.services.directory.perform(actor, FindPerson(ADMIN))).person
    account = AccountRef(browser.site.acme.tenant.id, break_glass_type().name, admin.id)
    issued = await browser.site.services.signing_in.links.issue(account, LinkPurpose.RESET)
    other = Browser(browser.site)
    async with other.client:
        await choose(other, issued.url.removeprefix(browser.base_url), CHOSEN)
        assert other.title == "Your password is set"
        await browser.open("/me")
        assert browser.title == "Sign in"
        await enter_password(other, ADMIN, PASSWORD)
        assert other.title == "Sign in to Acme"
        await enter_password(other, ADMIN, CHOSEN)
        assert other.title == "Enter your code"


@pytest.mark.parametrize(
    "password, repeated, expected",
    [
        ("short", None, "Use at least 8 characters."),
        ("x" * 257, None, "Use at most 256 characters."),
        ("password1", None, "This password is on the lists that are tried first."),
        ("acme2026", None, "This is little more than a name"),
        (CHOSEN, CHOSEN + " ", "The two passwords differ."),
        ("", None, "Use at least 8 characters."),
    ],
)
async def test_what_is_wrong_with_a_password_is_told_at_its_field(
    browser: Browser, password: str, repeated: str | None, expected: str
) -> None:
    """The page says what to change; what was typed does not come back, and the link stays good."""
    path = await link_for(browser, await add_person(browser.site, ADA))
    await choose(browser, path, password, repeated)
    assert browser.page.status_code == 422
    field = "repeated" if repeated else "password"
    assert re.search(rf'id="{field}-error">{re.escape(expected)}', browser.page.text)
    assert not password or password not in browser.page.text
    await choose(browser, path, CHOSEN)
    assert browser.title == "Your password is set"


async def test_an_expired_link_is_gone(browser: Browser) -> None:
    """From its end on a link is 410: a set-up after a week, a reset after an hour."""
    reset = await link_for(browser, await add_person(browser.site, ADA))
    for path, passing in ((reset, {"hours": 1}), (f"/setup/{browser.site.acme.setup_token}", {"days": 7})):
        await browser.open(path)
        page = browser.page
        browser.site.clock.advance(**passing)
        assert ((await browser.open(path)).status_code, browser.title) == (410, "Your link has expired")
        browser.page = page
        assert (await browser.submit(path, password=CHOSEN, repeated=CHOSEN)).status_code == 410


@pytest.mark.parametrize("token", ["wrong", "x" * 5000, "%00", "%ff", "%3Cscript%3Ealert(1)%3C%2Fscript%3E", "..%2f"])
async def test_what_is_no_link_is_404_and_not_repeated(browser: Browser, token: str) -> None:
    """An unknown token gets a page that says so, and nothing of what was sent comes back."""
    page = await browser.open(f"/setup/{token}")
    assert page.status_code == 404
    assert "script" not in page.text


async def test_a_page_is_made_of_files_of_ours_alone(browser: Browser) -> None:
    """The page asks for a style sheet and a picture, which are there and kept for good under addresses that change with
    them; it has no style or script of its own.
    """
    page = (await browser.open(f"/setup/{browser.site.acme.setup_token}")).text
    loaded = sorted(set(re.findall(r'(?:href|src)="([^"]*)"', page)))
    assert [address.partition("?")[0] for address in loaded] == ["/assets/mark.svg", "/assets/musterbook.css"]
    assert re.findall(r"<(script|style)|style=", page) == []
    answers = [await browser.client.get(address) for address in loaded]
    assert [(answer.status_code, answer.headers["Content-Type"]) for answer in answers] == [
        (200, "image/svg+xml"),
        (200, "text/css; charset=utf-8"),
    ]
    assert {answer.headers["Cache-Control"] for answer in answers} == {"public, max-age=31536000, immutable"}
    digests = [hashlib.sha256(answer.content).hexdigest()[:12] for answer in answers]
    assert [address.partition("?")[2] for address in loaded] == digests


async def test_a_page_can_be_read_by_everybody(browser: Browser) -> None:
    """The page names its language, has one main part, one heading and a title that says the same, and labels fields."""
    page = (await browser.open(f"/setup/{browser.site.acme.setup_token}")).text
    assert page.startswith('<!doctype html>\n<html lang="en">')
    assert page.count("<h1>") == page.count("<main ") == 1
    assert "<title>Set up your account - Musterbook</title>" in page
    fields = re.findall(r'<input id="(\w+)"', page)
    assert [name for name in fields if f'<label for="{name}">' not in page] == []


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_other_methods_are_none(browser: Browser, method: str) -> None:
    """A page is seen by GET and its form sent by POST: every other method is 405, and says which there are."""
    answer = await browser.client.request(method, f"/setup/{browser.site.acme.setup_token}")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}


@pytest.fixture
async def with_mail(prepared: Prepared, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Browser]:
    """Yield a browser at a developer's own machine, where letters are printed, and captured from the beginning."""
    async with open_site(prepared, tmp_path, base_url="http://localhost:8000") as site:
        opened = Browser(site, "http://localhost:8000")
        async with opened.client:
            yield opened


async def test_somebody_who_forgot_the_password_gets_a_link(
    with_mail: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    """The letter goes to the address of the account; the page says the same where there is nobody."""
    ada = await add_person(with_mail.site, ADA)
    await choose(with_mail, await link_for(with_mail, ada), CHOSEN)
    pages = set()
    for email in (ADA, "nobody@acme.example"):
        await with_mail.open("/login/acme")
        assert 'href="/login/acme/forgot"' in with_mail.page.text
        await with_mail.open("/login/acme/forgot")
        page = await with_mail.submit("/login/acme/forgot", email=email)
        assert (page.status_code, with_mail.title) == (200, "Look into your mail")
        pages.add(page.text)
    assert len(pages) == 1
    printed = ""
    # The server writes letters by itself, while it answers.
    for _ in range(1000):
        await with_mail.open("/login/acme")
        printed += capsys.readouterr().err
        if printed.endswith("in any case.\n\n"):
            break
    letters = re.findall(r"http://localhost:8000(/setup/\S+)", printed)
    assert len(letters) == 1
    await choose(with_mail, letters[0], "some other words in a row")
    assert with_mail.title == "Your password is set"


async def test_who_asks_for_links_again_and_again_has_to_wait(with_mail: Browser) -> None:
    """A mailbox is not filled by whoever knows its address."""
    statuses = []
    for _ in range(3):
        await with_mail.open("/login/acme/forgot")
        statuses.append((await with_mail.submit("/login/acme/forgot", email="nobody@acme.example")).status_code)
    assert statuses == [200, 200, 429]


async def test_where_no_mail_is_sent_nobody_asks_for_a_link(browser: Browser) -> None:
    """The page is not offered, and is none."""
    await browser.open("/login/acme")
    assert "forgot" not in browser.page.text
    assert (await browser.open("/login/acme/forgot")).status_code == 404
    await browser.open("/login/acme")
    assert (await browser.submit("/login/acme/forgot", email=ADA)).status_code == 404
