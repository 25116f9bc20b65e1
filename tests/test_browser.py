"""The browser of the tests of pages: what they rely on."""

from tests.browser import chromium


async def test_a_page_runs_its_script() -> None:
    """A test sees what a person sees: the page after its script has run, not the text that was sent."""
    async with chromium() as browser:
        page = await browser.new_page()
        await page.set_content("<h1>sent</h1><script>document.querySelector('h1').textContent = 'seen'</script>")
        assert await page.inner_text("h1") == "seen"
