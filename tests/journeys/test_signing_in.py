"""Signing in as a person does: with a browser, through the pages of a started server."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, expect
from pyotp import TOTP

from tests.browser import chromium
from tests.journeys.serving import Server, run_command

ADMIN = "admin@acme.example"
PASSWORD = "canary otter kitchen"


@pytest.fixture
def link(server: Server, tmp_path: Path) -> str:
    """Make the tenant acme; return the address of its set-up link."""
    made = run_command(
        "tenant", "create", "acme", "--name", "Acme", "--admin-email", ADMIN, "--database", server.database, "--json",
        folder=tmp_path,
    )  # fmt: skip
    setup_url: str = json.loads(made)["setup_url"]
    return server.address + urlsplit(setup_url).path


async def set_up(page: Page, address: str) -> None:
    """Choose a password by a set-up link."""
    await page.goto(address)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_label("The same password again").fill(PASSWORD)
    await page.get_by_role("button", name="Set the password").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your password is set")


async def enter_password(page: Page) -> None:
    """Fill in the form of acme's sign-in page."""
    await page.get_by_label("E-mail address").fill(ADMIN)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()


async def test_an_administrator_sets_up_signs_in_and_signs_out(server: Server, link: str) -> None:
    """From the set-up link to a password, a second factor and recovery codes; then by password and recovery code; each
    browser is seen in the list and can be signed out; signed out is signed out. All of it without a script.
    """
    async with chromium() as browser:
        first = await (await browser.new_context(java_script_enabled=False)).new_page()
        await set_up(first, link)
        await first.get_by_role("link", name="Sign in to Acme").click()
        await enter_password(first)
        await expect(first.get_by_role("heading", level=1)).to_have_text("Set up your authenticator app")
        key = (await first.locator(".key").inner_text()).replace(" ", "")
        await first.get_by_label("Six-digit code").fill(TOTP(key).now())
        await first.get_by_role("button", name="Confirm").click()
        recovery = await first.get_by_role("listitem").all_inner_texts()
        await first.get_by_role("link", name="I have kept them").click()
        await expect(first.get_by_role("heading", level=1)).to_have_text("Your account")
        await expect(first.get_by_text("Administrator, Member")).to_be_visible()

        second = await (await browser.new_context(java_script_enabled=False)).new_page()
        await second.goto(f"{server.address}/login/acme")
        await enter_password(second)
        await second.get_by_role("link", name="I cannot use my authenticator app").click()
        await second.get_by_label("Recovery code").fill(recovery[0])
        await second.get_by_role("button", name="Sign in").click()
        await expect(second.get_by_text("This browser", exact=True)).to_be_visible()

        await first.reload()
        await first.get_by_role("button", name=re.compile("^Sign out Chrome")).click()
        await expect(first.get_by_role("status")).to_have_text("That browser is signed out.")
        await second.reload()
        await expect(second.get_by_role("heading", level=1)).to_have_text("Sign in")

        await first.get_by_role("button", name="Sign out").click()
        await expect(first.get_by_role("status")).to_have_text("You are signed out.")
        await first.goto(f"{server.address}/me")
        await expect(first.get_by_role("heading", level=1)).to_have_text("Sign in")
