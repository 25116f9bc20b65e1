"""The machine's Chromium, for the few tests that must see a page as a person does."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Yield a Chromium without a window; close it on the way out.

    Playwright's own download is not used: the browser is a package of the system, which `make test` looks after.
    """
    executable = shutil.which("chromium")
    assert executable is not None, "the tests of pages need Chromium: apt-get install chromium"
    # Chromium's sandbox does not start for root, as whom CI often runs; it sees our own pages alone.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=arguments)
        try:
            yield browser
        finally:
            await browser.close()
